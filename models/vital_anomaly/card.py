"""The text of the model's card, written by training with what was measured."""

from dataclasses import dataclass
from math import isnan

from models.card_text import beginning
from models.catalogue import Figure
from models.evaluation import Agreement
from models.vital_anomaly.features import FEATURES, VALUES
from models.vital_anomaly.figures import Watched
from models.vital_anomaly.recordings import BIDMC_TEST, MITDB_TEST, MITDB_TRAIN
from models.vital_anomaly.verdict import Thresholds

INTENDED_USE = (
    "Points a nurse to a minute of a monitored adult whose beats or vitals are far from ordinary: much ectopy, fibrillation, "
    "tachycardia, low or falling SpO2, fast or slow breathing, fever. It names no diagnosis and replaces no alarm of a bedside monitor."
)
LIMITS = (
    "Version 0: developed on 21 MIT-BIH and 30 BIDMC people, adults, of one hospital group in Boston; no home recording.",
    "The truth about vitals is a rule on the same numbers that go in: those figures say that the network kept the rule, no more.",
    "No shared recording has a temperature: every temperature it was trained and tested on was planted.",
    (
        "It sees intervals between beats, not their shape: pre-excitation, and any arrhythmia whose intervals are even and of ordinary rate, "
        "passes as ordinary."
    ),
    (
        "Beats of BIDMC are those of wfdb's gqrs, unchecked; where they disagree with the monitor, or are irregular, the truth is unknown and the "
        "minute counts in no figure but alerts per patient-day."
    ),
    "Ten test people: read the intervals, not the values. Beats are the annotators': a wearable that loses or doubles beats raises more.",
    (
        "Alerts per patient-day are extrapolated from half-hours of people chosen for their arrhythmia and from eight minutes in intensive care: "
        "an ordinary day at home has not been measured."
    ),
    "No personal baseline: a person who is always irregular is raised once and stays raised.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """All that a card tells about one training."""

    sha256: str
    seed: int
    thresholds: Thresholds
    figures: tuple[Figure, ...]
    simple_rule: float
    out_of_fold: float
    agreement: Agreement
    people: tuple[Watched, ...]


def written(trained: Trained) -> str:
    """Return the card as TOML."""
    lines = [
        *beginning("vital_anomaly", "models.vital_anomaly.train", trained.sha256, INTENDED_USE, LIMITS),
        "[[input]]",
        'name = "features"',
        'dtype = "float32"',
        f"shape = [-1, {FEATURES}]",
        "# each value, then for each of them 1 where it is present, else 0",
        "meaning = [",
        *(f'    "{value}",' for value in VALUES),
        *(f'    "present: {value.split(" (")[0]}",' for value in VALUES),
        "]",
        "",
        "[[output]]",
        'name = "score"',
        'dtype = "float32"',
        "shape = [-1, 1]",
        'meaning = ["0 (ordinary) to 1 (anomalous)"]',
        "",
        "[training]",
        'command = "python -m models.vital_anomaly.train --data ../shared/data --seed ' + f'{trained.seed}"',
        f"seed = {trained.seed}",
        'data = "MIT-BIH Arrhythmia Database 1.0.0 (doi:10.13026/C2F305), BIDMC PPG and Respiration (doi:10.13026/C2208R); both ODC-BY 1.0"',
        f'train = "MIT-BIH {" ".join(MITDB_TRAIN)}; BIDMC people not named below"',
        f'test = "MIT-BIH {" ".join(MITDB_TEST)}; BIDMC {" ".join(BIDMC_TEST)}"',
        'left_out = "MIT-BIH 201 (one person with 202, who is tested)"',
        'intervals = "95 %, 1000 draws of people with replacement"',
        f'AUROC_out_of_fold = "{trained.out_of_fold:.4f} (training people, five folds by person)"',
        f'AUROC_of_a_simple_rule = "{trained.simple_rule:.4f} (MIT-BIH test people, share of intervals over 20 % from the running median)"',
        f'int8_against_float = "{_agreement(trained.agreement)}"',
        "",
        "[thresholds]",
        *(f"{name} = {value:g}" for name, value in trained.thresholds.as_numbers().items()),
        "",
        "[people]",
        "# test people: judged windows, share abnormal, median score, alerts (in abnormal, ordinary, unknown minutes)",
        *(_person(person) for person in trained.people),
    ]
    for figure in trained.figures:
        lines += ["", "[[figure]]", f'name = "{figure.name}"', f'on = "{figure.on}"', f"value = {_number(figure.value)}"]
        lines += [f"low = {_number(figure.low)}", f"high = {_number(figure.high)}"]
    return "\n".join(lines) + "\n"


def _agreement(found: Agreement) -> str:
    differences = f"greatest difference {found.greatest_difference:.4f}, mean {found.mean_difference:.5f}"
    return f"{differences}, same side of the threshold {found.same_side:.3%} of the test windows"


def _number(value: float) -> str:
    return "nan" if isnan(value) else f"{value:.4f}"


def _person(person: Watched) -> str:
    alerts = [sum(alert is truth for alert in person.alerts) for truth in (True, False, None)]
    scores = sorted(person.scores.tolist())
    share = sum(truth is True for truth in person.truth) / len(scores)
    return f'"{person.id}" = "{len(scores)} windows, {share:.0%} abnormal, median score {scores[len(scores) // 2]:.3f}, alerts {alerts}"'

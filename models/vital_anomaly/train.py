"""Train the model from shared recordings: `python -m models.vital_anomaly.train --data ../shared/data --seed 0`.

Writes the artefact and its card. The threshold is chosen on training people that the scoring network has not seen; the test
people are scored once, by the int8 artefact as it ships.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import tracking
from models.catalogue import Figure
from models.evaluation import Agreement, Judged, auroc, compare, estimate, over_windows, sensitivity
from models.layers import compared
from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT
from models.quantization import quantize
from models.runner import Runner
from models.vital_anomaly.card import Trained, written
from models.vital_anomaly.features import RHYTHM, enough, vector
from models.vital_anomaly.figures import BOOTSTRAP_SEED, figures, watch, windows_of
from models.vital_anomaly.network import LAST, Standard, standard_of, train, write
from models.vital_anomaly.planting import PLANTS, varied
from models.vital_anomaly.recordings import Labelled, Recorded, people_in, vitals_abnormal
from models.vital_anomaly.verdict import Thresholds

HERE = Path(__file__).parent
ARTEFACT = "artefacts/vital_anomaly.onnx"
VARIATIONS = 3
FOLDS = 5
LEAST_SPECIFICITY = 0.97
"""Of windows of training people out of fold: what the threshold is chosen for."""
UNDECIDED = Thresholds(0.5, 0.25, 2, 6)
SIMPLE_RULE = RHYTHM.index("share of intervals over 20 % from the running median")

log = logging.getLogger("vital_anomaly.train")


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Training windows. features: (n, FEATURES). truth: (n,). person: (n,), index of the person each is of."""

    features: NDArray[np.float32]
    truth: NDArray[np.bool_]
    person: NDArray[np.int64]

    def of(self, chosen: NDArray[np.bool_]) -> "Windows":
        """Return the windows of the chosen ones, shape (n,)."""
        return Windows(self.features[chosen], self.truth[chosen], self.person[chosen])


def known(person: Recorded) -> list[Labelled]:
    """Return a person's minutes of known truth with beats enough."""
    return [each for each in person.minutes if each.abnormal is not None and enough(each.minute)]


def vary(people: Sequence[Recorded], seed: int) -> Windows:
    """Return VARIATIONS variations of every minute of known truth."""
    dice = np.random.default_rng(seed)
    donors = [each.minute for person in people for each in known(person) if len(each.minute.spo2) and not each.abnormal]
    rows = [
        (*varied(labelled, donors, dice), index)
        for index, person in enumerate(people)
        for labelled in known(person)
        for _ in range(VARIATIONS)
    ]
    return Windows(
        np.stack([vector(minute) for minute, _, _ in rows]), np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    )


def fit(windows: Windows, seed: int) -> tuple[bytes, Standard]:
    """Return the trained float network as ONNX, and its standard."""
    standard = standard_of(windows.features)
    return write(train(windows.features, windows.truth, standard, seed), standard), standard


def choose(people: Sequence[Recorded], windows: Windows, seed: int) -> tuple[Thresholds, float]:
    """Return the thresholds for LEAST_SPECIFICITY out of fold, and the area under the curve there."""
    fold = np.random.default_rng(seed).permutation(len(people)) % FOLDS
    scores, truth = list[NDArray[np.float64]](), list[NDArray[np.bool_]]()
    for held_out in range(FOLDS):
        network, _ = fit(windows.of(fold[windows.person] != held_out), seed)
        seen = [watch(people[i], OnnxRunner(network), UNDECIDED).known for i in np.flatnonzero(fold == held_out).tolist()]
        scores += [judged.scores for judged in seen]
        truth += [judged.truth for judged in seen]
        log.info("fold %d of %d", held_out + 1, FOLDS)
    all_scores, all_truth = np.concatenate(scores), np.concatenate(truth)
    raise_at = float(np.ceil(np.quantile(all_scores[~all_truth], LEAST_SPECIFICITY) * 100) / 100)
    return Thresholds(min(raise_at, 0.99), round(min(raise_at, 0.99) / 2, 2), 2, 6), auroc(all_scores, all_truth)


def planted(people: Sequence[Recorded], runner: Runner, raise_at: float, seed: int) -> list[Figure]:
    """Return the share found of each planted abnormality in the ordinary minutes of test people."""
    dice = np.random.default_rng(seed + 1)
    found = list[Figure]()
    for plant in PLANTS:
        seen = list[Judged]()
        for person in people:
            minutes = [plant(each.minute, dice) for each in known(person) if not each.abnormal]
            features = [vector(minute) for minute in minutes if vitals_abnormal(minute)]
            if features:
                seen.append(Judged(runner.run(np.stack(features))[:, 0].astype(np.float64), np.ones(len(features), dtype=np.bool_)))
        share = estimate(over_windows(sensitivity(raise_at)), seen, BOOTSTRAP_SEED)
        found.append(Figure("sensitivity", share.value, share.low, share.high, f"planted: {plant.__name__.replace('_', ' ')}"))
    return found


def simple_rule(people: Sequence[Recorded]) -> float:
    """Return the area under the curve of one feature alone, the share of deviating intervals: what a network must beat."""
    seen = [windows_of(person) for person in people]
    truth = np.concatenate([np.array(of, dtype=np.bool_) for _, of in seen])
    return auroc(np.concatenate([features[:, SIMPLE_RULE].astype(np.float64) for features, _ in seen]), truth)


def main() -> None:
    """Train, quantize, test, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ecg/mitdb and vitals/bidmc")
    tracking.add_arguments(parser, HERE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    learners, tested = people_in(arguments.data)
    windows = vary(learners, arguments.seed)
    log.info("%d training windows of %d people, %.1f %% abnormal", len(windows.truth), len(learners), 100 * windows.truth.mean())
    thresholds, out_of_fold = choose(learners, windows, arguments.seed)
    exact, _ = fit(windows, arguments.seed)
    calibration = windows.features[:: max(1, len(windows.features) // 2048)]
    artefact = quantize(exact, INPUT, calibration, LAST)
    trained = assess(tested, exact, artefact, thresholds, out_of_fold, arguments.seed)
    tracking.keep(arguments.out, ARTEFACT, artefact, written(trained), compared(exact, artefact, INPUT, calibration), arguments.tracking)


def assess(tested: Sequence[Recorded], exact: bytes, artefact: bytes, thresholds: Thresholds, out_of_fold: float, seed: int) -> Trained:
    """Score the test people once with the artefact as it ships, and the float network beside it."""
    runner, raise_at = OnnxRunner(artefact), thresholds.raise_at
    hearts = [person for person in tested if person.id.startswith("mitdb/")]
    monitors = [person for person in tested if person.id.startswith("bidmc/")]
    seen = {person.id: watch(person, runner, thresholds) for person in tested}
    agreement: Agreement = compare(OnnxRunner(exact), runner, np.concatenate([windows_of(person)[0] for person in tested]), raise_at)
    return Trained(
        sha256=sha256(artefact).hexdigest(),
        seed=seed,
        thresholds=thresholds,
        figures=(
            *figures([seen[person.id] for person in hearts], raise_at, "MIT-BIH test people"),
            *figures([seen[person.id] for person in monitors], raise_at, "BIDMC test people"),
            *planted(monitors, runner, raise_at, seed),
        ),
        simple_rule=simple_rule(hearts),
        out_of_fold=out_of_fold,
        agreement=agreement,
        people=tuple(seen.values()),
    )


if __name__ == "__main__":
    main()

"""How good is vital_anomaly on a folder of recordings? What `mediassist evaluate vital_anomaly` prints."""

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

from models.catalogue import open_model
from models.evaluation import Estimate, Unreadable, said
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.figures import Watched, figures, watch
from models.vital_anomaly.recordings import read_bidmc, read_mitdb
from models.vital_anomaly.verdict import thresholds_of

Say = Callable[[str], None]


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge the shipped network on the recordings of a folder: hearts (WFDB records with marks) and monitors (bidmc_NN.npz), each kind by itself.

    Raises:
        Unreadable: no recordings there, or damaged ones; or labels are given, which follow from the recordings.
    """
    if labels is not None:
        raise Unreadable("vital_anomaly reads its labels from the recordings: leave --labels out")
    hearts = [path.stem for path in sorted(data.glob("*.hea")) if path.with_suffix(".atr").exists()]
    monitors = [path.stem.removeprefix("bidmc_") for path in sorted(data.glob("bidmc_*.npz"))]
    if not hearts and not monitors:
        raise Unreadable(f"{data} holds no WFDB record with annotations (NAME.hea and NAME.atr) and no bidmc_NN.npz")
    model = open_model("vital_anomaly")
    runner, thresholds = PerceptronRunner(model.artefact), thresholds_of(model.card.thresholds)
    found: dict[str, float] = {}
    for kind, names, read in (("hearts", hearts, read_mitdb), ("monitors", monitors, read_bidmc)):
        people: list[Watched] = []
        for name in names:
            try:
                people.append(watch(read(data, name), runner, thresholds))
            except (ValueError, KeyError, OSError, IndexError, BadZipFile) as error:
                raise Unreadable(f"{name}: not read: {error}") from error
        if people:
            found[f"{kind}_people"] = float(len(people))
            say(f"{kind}: {len(people)} people")
            for figure in figures(people, thresholds.raise_at, kind):
                found |= said(f"{kind} {figure.name}", Estimate(figure.value, figure.low, figure.high), say)
    return found

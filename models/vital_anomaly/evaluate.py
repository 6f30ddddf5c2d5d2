"""How good is vital_anomaly on a folder of recordings? What `mediassist evaluate vital_anomaly` prints: of its minutes, and of its trends."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from models.catalogue import open_model
from models.evaluation import Estimate, Unreadable, estimate, said
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.figures import Watched, figures, watch
from models.vital_anomaly.recordings import read_bidmc, read_mitdb
from models.vital_anomaly.trend.figures import (
    Scorer,
    alerts_a_day,
    at_equal_sensitivity,
    by_early_warning,
    by_limits,
    by_network,
    hours_of,
    sensitivity,
    told_of_real,
)
from models.vital_anomaly.trend.figures import watch as watch_stream
from models.vital_anomaly.trend.recordings import Stream, streams_in
from models.vital_anomaly.trend.verdict import opened
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
    streams = streams_in(data)
    if not hearts and not streams:
        raise Unreadable(f"{data} holds no WFDB record with annotations (NAME.hea and NAME.atr), no bidmc_NN.npz and no SNN.npz")
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
    return found | (_trends(streams, say) if streams else {})


def _trends(streams: Sequence[Stream], say: Say) -> dict[str, float]:
    """Judge the trends of four minutes, as they are and with episodes planted, beside plain limits and NEWS2."""
    trend = opened()
    scorers: dict[str, Scorer] = {
        "trend": by_network(trend.runner.run, trend.people),
        "trend limits": by_limits,
        "trend NEWS2": by_early_warning,
    }
    found: dict[str, float] = {}
    for name, scorer in scorers.items():
        seen = [watch_stream(stream, scorer, trend.people) for stream in streams]
        if name == "trend":
            say(
                f"trends: {len(seen)} people, {hours_of(seen):.1f} hours in order, {sum(len(each.episodes) for each in seen)} planted episodes"
            )
            at = trend.thresholds.raise_at
            found |= said("trend, sensitivity", estimate(partial(sensitivity, raise_at=at), seen, 0), say)
            found |= said("trend, sensitivity to real stretches out of order", estimate(partial(told_of_real, raise_at=at), seen, 0), say)
            found |= said("trend, alerts a patient-day", estimate(partial(alerts_a_day, raise_at=at), seen, 0), say)
        for figure, value in at_equal_sensitivity(seen).items():
            found |= said(f"{name}, {figure}", value, say)
    return found

"""Train the network of classes: `python -m models.heart_rhythm.classes.train --data ../shared/data --seed 0`.

Fitted to DS1 of the MIT-BIH Arrhythmia Database, with the beats that the shipped detector finds in the first lead and the marks in the others. What is
said of DS1 is out of fold. Recordings beyond DS1 are read once, by the int8 artefact as it ships.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import tracking
from models.heart_rhythm.assess import pairs
from models.heart_rhythm.candidates import PEAK, Features, Places
from models.heart_rhythm.classes.assess import Table, table
from models.heart_rhythm.classes.card import Trained, written
from models.heart_rhythm.classes.classifier import CLASSES, Classifier, classify
from models.heart_rhythm.classes.network import LAST, train, write
from models.heart_rhythm.classes.shapes import EDGE, described
from models.heart_rhythm.finder import find, shipped
from models.heart_rhythm.fitting import Fitted, arguments, fitted, folds, log
from models.heart_rhythm.lead import RATE, Lead, ready
from models.heart_rhythm.recordings import DS1, Recording, between, read, records_in
from models.onnx_runner import OnnxRunner
from models.perceptron import standard_of
from models.perceptron_runner import PerceptronRunner

HERE = Path(__file__).parent
ARTEFACT = "artefacts/heart_rhythm_classes.onnx"
MIXES = 4
FACTORS = {"N": 1.0, "S": 0.25, "V": 0.7, "F": 0.3}
"""What undoes most of the weights of training: chosen on DS1 out of fold, for accuracy."""

Learnt = tuple[Features, NDArray[np.int64]]


def learn_from(folder: Path, names: Sequence[str], seed: int) -> dict[str, Learnt]:
    """Return what is learnt from each recording."""
    dice = np.random.default_rng(seed)
    found: dict[str, Learnt] = {}
    for name in names:
        first, second = read(folder / name, 0), read(folder / name, 1)
        parts = [as_found(first), *(as_marked(each) for each in (second, *(between(first, second, dice) for _ in range(MIXES))))]
        found[name] = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    return found


def as_found(recording: Recording) -> Learnt:
    """Return the beats that the detector finds, described, with the classes of their marks."""
    beats = find(recording.signal, recording.rate_hz, shipped()).at
    truth = np.full(len(beats), -1)
    for mark, beat in pairs(recording.beats, beats, recording.rate_hz):
        truth[beat] = CLASSES.find(recording.classes[mark])
    return _learnt(ready(recording.trace()), np.rint(beats * (RATE / recording.rate_hz)).astype(np.int64), truth)


def as_marked(recording: Recording) -> Learnt:
    """Return the marked beats, each at the greatest deflection near its mark, described, with their classes."""
    lead = ready(recording.trace())
    near = np.arange(-PEAK, PEAK + 1)
    at = np.clip(np.rint(recording.marks()).astype(np.int64), PEAK, len(lead.band) - PEAK - 1)
    at = at + near[np.abs(lead.band[at[:, None] + near]).argmax(axis=1)]
    return _learnt(lead, at, np.array([CLASSES.find(letter) for letter in recording.classes]))


def _learnt(lead: Lead, at: Places, truth: NDArray[np.int64]) -> Learnt:
    inside = (at >= EDGE) & (at < len(lead.band) - EDGE)
    features, truth = described(lead, at[inside]), truth[inside]
    return features[truth >= 0], truth[truth >= 0].astype(np.int64)


def fit(learnt: Sequence[Learnt], seed: int) -> Fitted:
    """Return the network that is fitted to some recordings."""
    features, truth = np.concatenate([each[0] for each in learnt]), np.concatenate([each[1] for each in learnt])
    standard = standard_of(features)
    return fitted(write(train(features, truth, standard, seed), standard), features, LAST)


def tables(folder: Path, names: Sequence[str], artefact: bytes) -> list[Table]:
    """Find and class the beats of the first lead of some recordings."""
    finder, classifier = shipped(), Classifier(PerceptronRunner(artefact), FACTORS)
    found: list[Table] = []
    for recording in (read(folder / name) for name in names):
        classed = classify(recording.signal, recording.rate_hz, finder, classifier)
        found.append(table(recording, classed.found.at, classed.letters))
    return found


def out_of_fold(folder: Path, learnt: dict[str, Learnt], seed: int) -> list[Table]:
    """Class each recording's beats by a network that has not seen it."""
    found: list[Table] = []
    for held_out in folds(seed):
        network = fit([each for name, each in learnt.items() if name not in held_out], seed)
        found += tables(folder, held_out, network.artefact)
        log.info("told of %s", " ".join(held_out))
    return sorted(found, key=lambda each: each.name)


def agreement(network: Fitted) -> float:
    """Return the share of beats that the float and the int8 network class alike."""
    one, other = OnnxRunner(network.exact).run(network.calibration), PerceptronRunner(network.artefact).run(network.calibration)
    return float((one.argmax(axis=1) == other.argmax(axis=1)).mean())


def main() -> None:
    """Train, quantize, test, write."""
    given = arguments(__doc__, HERE)
    learnt = learn_from(given.folder, DS1, given.seed)
    log.info("%d beats of %d recordings", sum(len(each[1]) for each in learnt.values()), len(DS1))
    seen = out_of_fold(given.folder, learnt, given.seed)
    network = fit([*learnt.values()], given.seed)
    new = [path.name for path in records_in(given.folder) if path.name not in DS1]
    unseen = tables(given.folder, new, network.artefact)
    trained = Trained(network.sha256, given.seed, FACTORS, tuple(seen), tuple(unseen), agreement(network))
    tracking.keep(given.out, ARTEFACT, network.artefact, written(trained), network.layers(), given.tracking)


if __name__ == "__main__":
    main()

"""Train the network of classes: `python -m models.heart_rhythm.classes.train --data ../shared/data --seed 0`.

Fitted to DS1 of the MIT-BIH Arrhythmia Database, with the beats that the shipped detector finds in the first lead and the marks in the others. What is
said of DS1 is out of fold. Recordings beyond DS1 are read once, by the int8 artefact as it ships.
"""

import argparse
import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.assess import pairs
from models.heart_rhythm.candidates import PEAK, Features, Places
from models.heart_rhythm.classes.assess import Table, table
from models.heart_rhythm.classes.card import Trained, written
from models.heart_rhythm.classes.classifier import CLASSES, Classifier, classify
from models.heart_rhythm.classes.network import LAST, train, write
from models.heart_rhythm.classes.shapes import EDGE, described
from models.heart_rhythm.finder import find, shipped
from models.heart_rhythm.lead import RATE, Lead, ready
from models.heart_rhythm.recordings import DS1, Recording, between, read, records_in
from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT, standard_of
from models.perceptron_runner import PerceptronRunner
from models.quantization import quantize

HERE = Path(__file__).parent
ARTEFACT = "artefacts/heart_rhythm_classes.onnx"
FOLDS = 6
MIXES = 4
FACTORS = {"N": 1.0, "S": 0.25, "V": 0.7, "F": 0.3}
"""What undoes most of the weights of training: chosen on DS1 out of fold, for accuracy."""

log = logging.getLogger("heart_rhythm.classes.train")

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


def fit(learnt: Sequence[Learnt], seed: int) -> tuple[bytes, Features]:
    """Return the float network as ONNX, and what its int8 form is calibrated on."""
    features, truth = np.concatenate([each[0] for each in learnt]), np.concatenate([each[1] for each in learnt])
    standard = standard_of(features)
    return write(train(features, truth, standard, seed), standard), features[:: max(1, len(features) // 4096)]


def shipping(network: bytes, calibration: Features) -> bytes:
    """Return the int8 network."""
    return quantize(network, INPUT, calibration, LAST)


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
    order = np.random.default_rng(seed).permutation(len(DS1)) % FOLDS
    found: list[Table] = []
    for fold in range(FOLDS):
        held_out = [name for name, of in zip(DS1, order.tolist(), strict=True) if of == fold]
        network, calibration = fit([each for name, each in learnt.items() if name not in held_out], seed)
        found += tables(folder, held_out, shipping(network, calibration))
        log.info("fold %d of %d", fold + 1, FOLDS)
    return sorted(found, key=lambda each: each.name)


def agreement(network: bytes, artefact: bytes, features: Features) -> float:
    """Return the share of beats that the float and the int8 network class alike."""
    one, other = (runner.run(features).argmax(axis=1) for runner in (OnnxRunner(network), PerceptronRunner(artefact)))
    return float((one == other).mean())


def main() -> None:
    """Train, quantize, test, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ecg/mitdb")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for card.toml and artefacts/ (default: this package)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = arguments.data / "ecg" / "mitdb"
    learnt = learn_from(folder, DS1, arguments.seed)
    log.info("%d beats of %d recordings", sum(len(each[1]) for each in learnt.values()), len(DS1))
    seen = out_of_fold(folder, learnt, arguments.seed)
    network, calibration = fit([*learnt.values()], arguments.seed)
    artefact = shipping(network, calibration)
    new = [path.name for path in records_in(folder) if path.name not in DS1]
    trained = Trained(
        sha256=sha256(artefact).hexdigest(),
        seed=arguments.seed,
        factors=FACTORS,
        out_of_fold=tuple(seen),
        unseen=tuple(tables(folder, new, artefact)),
        alike=agreement(network, artefact, calibration),
    )
    arguments.out.joinpath("artefacts").mkdir(parents=True, exist_ok=True)
    arguments.out.joinpath(ARTEFACT).write_bytes(artefact)
    arguments.out.joinpath("card.toml").write_text(written(trained), "utf-8")
    log.info("%s: %d bytes, SHA-256 %s", ARTEFACT, len(artefact), trained.sha256)


if __name__ == "__main__":
    main()

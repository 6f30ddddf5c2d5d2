"""Train the network: `python -m models.heart_rhythm.train --data ../shared/data --seed 0`.

Fitted to DS1 of the MIT-BIH Arrhythmia Database and to signals without a heart. Every figure of DS1 is out of fold: of a network that has
not seen the recording. Recordings beyond DS1 are read once, by the int8 artefact as it ships.
"""

import argparse
import logging
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.evaluation import compare
from models.heart_rhythm.assess import Count, count
from models.heart_rhythm.candidates import NAMES, Features, candidates_of
from models.heart_rhythm.card import Trained, written
from models.heart_rhythm.finder import find
from models.heart_rhythm.lead import ready
from models.heart_rhythm.network import LAST, train, write
from models.heart_rhythm.recordings import DS1, Recording, beatless, read, records_in, truth, varied
from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT, standard_of
from models.perceptron_runner import PerceptronRunner
from models.quantization import quantize

HERE = Path(__file__).parent
ARTEFACT = "artefacts/heart_rhythm.onnx"
FOLDS = 6
BEATLESS_MINUTES = 280

log = logging.getLogger("heart_rhythm.train")

Learnt = tuple[Features, NDArray[np.bool_]]


def learn_from(folder: Path, names: Sequence[str], seed: int) -> dict[str, Learnt]:
    """Return what is learnt from each recording, and from signals without a heart under the name ""."""
    dice = np.random.default_rng(seed)
    found: dict[str, Learnt] = {}
    for name in names:
        parts = [_learnt(each) for each in varied(read(folder / name, 0), read(folder / name, 1), dice)]
        found[name] = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    noise = np.concatenate([candidates_of(ready(trace)).features for trace in beatless(dice, BEATLESS_MINUTES)])
    return {**found, "": (noise, np.zeros(len(noise), dtype=np.bool_))}


def _learnt(recording: Recording) -> Learnt:
    candidates = candidates_of(ready(recording.trace()))
    beat, clear = truth(recording, candidates.at, candidates.features[:, NAMES.index("level")])
    return candidates.features[clear], beat[clear]


def fit(learnt: Sequence[Learnt], seed: int) -> tuple[bytes, Features]:
    """Return the float network as ONNX, and what its int8 form is calibrated on."""
    features, beat = np.concatenate([each[0] for each in learnt]), np.concatenate([each[1] for each in learnt])
    standard = standard_of(features)
    return write(train(features, beat, standard, seed), standard), features[:: max(1, len(features) // 4096)]


def shipping(network: bytes, calibration: Features) -> bytes:
    """Return the int8 network."""
    return quantize(network, INPUT, calibration, LAST)


def counted(folder: Path, names: Sequence[str], artefact: bytes) -> list[Count]:
    """Find the beats of the first lead of some recordings, and count them."""
    runner = PerceptronRunner(artefact)
    recordings = [read(folder / name) for name in names]
    return [count(each, find(each.signal, each.rate_hz, runner).at) for each in recordings]


def out_of_fold(folder: Path, learnt: dict[str, Learnt], seed: int) -> list[Count]:
    """Count each recording's beats by a network that has not seen it; 201 and 202 are one person, and 202 is in no fold."""
    order = np.random.default_rng(seed).permutation(len(DS1)) % FOLDS
    counts: list[Count] = []
    for fold in range(FOLDS):
        held_out = [name for name, of in zip(DS1, order.tolist(), strict=True) if of == fold]
        network, calibration = fit([each for name, each in learnt.items() if name not in held_out], seed)
        counts += counted(folder, held_out, shipping(network, calibration))
        log.info("fold %d of %d", fold + 1, FOLDS)
    return sorted(counts, key=lambda each: each.name)


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
    log.info("%d candidates of %d recordings", sum(len(each[1]) for each in learnt.values()), len(DS1))
    seen = out_of_fold(folder, learnt, arguments.seed)
    network, calibration = fit([*learnt.values()], arguments.seed)
    artefact = shipping(network, calibration)
    new = [path.name for path in records_in(folder) if path.name not in DS1]
    trained = Trained(
        sha256=sha256(artefact).hexdigest(),
        seed=arguments.seed,
        out_of_fold=tuple(seen),
        unseen=tuple(counted(folder, new, artefact)),
        agreement=compare(OnnxRunner(network), PerceptronRunner(artefact), calibration, 0.5),
    )
    arguments.out.joinpath("artefacts").mkdir(parents=True, exist_ok=True)
    arguments.out.joinpath(ARTEFACT).write_bytes(artefact)
    arguments.out.joinpath("card.toml").write_text(written(trained), "utf-8")
    log.info("%s: %d bytes, SHA-256 %s", ARTEFACT, len(artefact), trained.sha256)


if __name__ == "__main__":
    main()

"""Train the network: `python -m models.heart_rhythm.train --data ../shared/data --seed 0`.

Fitted to DS1 of the MIT-BIH Arrhythmia Database and to signals without a heart. Every figure of DS1 is out of fold: of a network that has
not seen the recording. Recordings beyond DS1 are read once, by the int8 artefact as it ships.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import tracking
from models.evaluation import compare
from models.heart_rhythm.assess import Count, count
from models.heart_rhythm.candidates import NAMES, Features, candidates_of
from models.heart_rhythm.card import Trained, written
from models.heart_rhythm.finder import find
from models.heart_rhythm.fitting import Fitted, arguments, fitted, folds, log
from models.heart_rhythm.lead import ready
from models.heart_rhythm.network import LAST, train, write
from models.heart_rhythm.recordings import DS1, Recording, beatless, read, records_in, truth, varied
from models.onnx_runner import OnnxRunner
from models.perceptron import standard_of
from models.perceptron_runner import PerceptronRunner

HERE = Path(__file__).parent
ARTEFACT = "artefacts/heart_rhythm.onnx"
BEATLESS_MINUTES = 280

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


def fit(learnt: Sequence[Learnt], seed: int) -> Fitted:
    """Return the network that is fitted to some recordings."""
    features, beat = np.concatenate([each[0] for each in learnt]), np.concatenate([each[1] for each in learnt])
    standard = standard_of(features)
    return fitted(write(train(features, beat, standard, seed), standard), features, LAST)


def counted(folder: Path, names: Sequence[str], artefact: bytes) -> list[Count]:
    """Find the beats of the first lead of some recordings, and count them."""
    runner = PerceptronRunner(artefact)
    recordings = [read(folder / name) for name in names]
    return [count(each, find(each.signal, each.rate_hz, runner).at) for each in recordings]


def out_of_fold(folder: Path, learnt: dict[str, Learnt], seed: int) -> list[Count]:
    """Count each recording's beats by a network that has not seen it."""
    counts: list[Count] = []
    for held_out in folds(seed):
        network = fit([each for name, each in learnt.items() if name not in held_out], seed)
        counts += counted(folder, held_out, network.artefact)
        log.info("told of %s", " ".join(held_out))
    return sorted(counts, key=lambda each: each.name)


def main() -> None:
    """Train, quantize, test, write."""
    given = arguments(__doc__, HERE)
    learnt = learn_from(given.folder, DS1, given.seed)
    log.info("%d candidates of %d recordings", sum(len(each[1]) for each in learnt.values()), len(DS1))
    seen = out_of_fold(given.folder, learnt, given.seed)
    network = fit([*learnt.values()], given.seed)
    new = [path.name for path in records_in(given.folder) if path.name not in DS1]
    trained = Trained(
        sha256=network.sha256,
        seed=given.seed,
        out_of_fold=tuple(seen),
        unseen=tuple(counted(given.folder, new, network.artefact)),
        agreement=compare(OnnxRunner(network.exact), PerceptronRunner(network.artefact), network.calibration, 0.5),
    )
    tracking.keep(given.out, ARTEFACT, network.artefact, written(trained), network.layers(), given.tracking)


if __name__ == "__main__":
    main()

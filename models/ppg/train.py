"""Train the network of breaths: `python -m models.ppg.train --data ../shared/data --seed 0`.

Learnt from windows of BIDMC every 4 s, as they are and played slower or faster. What is said is out of fold, by people; the artefact has seen them all.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import lr_scheduler

from models import tracking
from models.layers import compared
from models.onnx_runner import OnnxRunner
from models.perceptron import INPUT, layers, standard_of, written
from models.perceptron_runner import PerceptronRunner
from models.ppg.assess import Told, told
from models.ppg.breath import GRID, NAMES, SECONDS, Features, described
from models.ppg.card import Trained, text_of
from models.ppg.recordings import Recording, annotated, cut, read
from models.ppg.wave import RATE, UnusableWave, ready
from models.quantization import quantize

HERE = Path(__file__).parent
ARTEFACT = "artefacts/ppg.onnx"
FOLDS, STEP_S, STRETCH = 10, 4.0, 0.3
HIDDEN = (64, 32)
LAST = f"gemm{len(HIDDEN)}"
EPOCHS, BATCH, PACE, DECAY, DROPOUT = 25, 64, 2e-3, 1e-3, 0.2
SOFT = 1.0
"""Breaths a minute: how far around the truth a rate counts as right, a little."""
log = logging.getLogger("ppg.train")


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Windows of one person. features: (n, len(GRID), len(NAMES)). rate: breaths a minute, (n,)."""

    features: Features
    rate: NDArray[np.float64]


def learn_from(recording: Recording, dice: np.random.Generator) -> Learnt:
    """Return windows of a recording, each as it is and at another speed."""
    features: list[Features] = []
    rates: list[float] = []
    length = len(recording.ppg) / recording.rate_hz
    for start in np.arange(0, length - SECONDS, STEP_S).tolist():
        for speed in (1.0, float(np.exp(dice.uniform(-STRETCH, STRETCH)))):
            rate = annotated(recording, start, SECONDS * speed) * speed
            if start + SECONDS * speed > length or not GRID[0] <= rate <= GRID[-1]:
                continue
            part = cut(recording, start, SECONDS * speed)
            try:
                wave = ready(
                    np.interp(np.arange(round(SECONDS * RATE)) * speed * recording.rate_hz / RATE, np.arange(len(part)), part), RATE
                )
            except UnusableWave:
                continue
            features.append(described(wave))
            rates.append(rate)
    return Learnt(np.array(features, dtype=np.float32).reshape(-1, len(GRID), len(NAMES)), np.array(rates))


def fit(people: Sequence[Learnt], seed: int) -> tuple[bytes, Features]:
    """Return the network fitted to some people, ONNX, and rows to measure the int8 form's ranges on."""
    features = np.concatenate([each.features for each in people])
    rate = np.concatenate([each.rate for each in people])
    weight = np.concatenate([np.full(len(each.rate), 1 / max(1, len(each.rate))) for each in people])
    rows = features.reshape(-1, len(NAMES))
    standard = standard_of(rows)
    net = trained(standard.of(features), rate, weight / weight.mean(), seed)
    opening, held = standard.opening()
    return written("ppg", net, opening, held, len(NAMES)), rows[:: max(1, len(rows) // 4096)]


def trained(seen: Features, rate: NDArray[np.float64], weight: NDArray[np.float64], seed: int) -> nn.Sequential:
    """Fit the network: the odds of the rates of the grid, together, are to be those of the truth."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(len(NAMES), HIDDEN, DROPOUT)
    near = np.exp(-(((GRID[None, :] - rate[:, None]) / SOFT) ** 2) / 2)
    x, y = torch.from_numpy(seen), torch.from_numpy((near / near.sum(axis=1, keepdims=True)).astype(np.float32))
    of = torch.from_numpy(weight.astype(np.float32))
    optimiser = torch.optim.AdamW(net.parameters(), lr=PACE, weight_decay=DECAY)
    pace = lr_scheduler.OneCycleLR(optimiser, PACE, EPOCHS * -(-len(x) // BATCH))
    dice = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=dice).split(BATCH):
            logits = net(x[batch])[:, :, 0]
            loss = -(of[batch] * (y[batch] * torch.log_softmax(logits, 1)).sum(1)).mean() + 1e-3 * logits.mean(1).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            pace.step()
    return net.eval()


def main() -> None:
    """Train, quantize, test, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds vitals/bidmc")
    tracking.add_arguments(parser, HERE)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recordings = read(given.data / "vitals" / "bidmc")
    dice = np.random.default_rng(given.seed)
    learnt = [learn_from(each, dice) for each in recordings]
    log.info("%d windows of %d people", sum(len(each.rate) for each in learnt), len(learnt))
    order = dice.permutation(len(recordings)) % FOLDS
    small: list[Told] = []
    exact: list[Told] = []
    for fold in range(FOLDS):
        network, rows = fit([each for each, of in zip(learnt, order.tolist(), strict=True) if of != fold], given.seed)
        of_fold = [recordings[place] for place in np.flatnonzero(order == fold).tolist()]
        small += [told(each, PerceptronRunner(quantize(network, INPUT, rows, LAST))) for each in of_fold]
        exact += [told(each, OnnxRunner(network)) for each in of_fold]
        log.info("told of fold %d", fold)
    network, rows = fit(learnt, given.seed)
    artefact = quantize(network, INPUT, rows, LAST)
    by_name = sorted(small, key=lambda each: each.name)
    card = text_of(Trained(sha256(artefact).hexdigest(), given.seed, tuple(by_name), tuple(sorted(exact, key=lambda each: each.name))))
    tracking.keep(given.out, ARTEFACT, artefact, card, compared(network, artefact, INPUT, rows), given.tracking)


if __name__ == "__main__":
    main()

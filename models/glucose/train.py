"""Train the network of forecasts: `python -m models.glucose.train --data ../shared/data --seed 0`.

Learnt from the earlier part of each person of five public sets, told of the later part: the last day of HUPA-UCM's people, the last fifth of the others'. One
network for all. Beside it one that has not seen a fifth of the people says how much knowing a person is worth.
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
from torch import Tensor, nn
from torch.optim import lr_scheduler

from models import tracking
from models.glucose.assess import AHEAD, Told, told
from models.glucose.card import Trained, text_of
from models.glucose.forecaster import ANSWERS, MINUTES, PARTS, UNIT
from models.glucose.history import LAGS, NAMES, Features, described
from models.glucose.readings import Person, read, rows_of, tables_in
from models.layers import compared
from models.perceptron import INPUT, layers, standard_of, written
from models.perceptron_runner import PerceptronRunner
from models.quantization import quantize

HERE = Path(__file__).parent
ARTEFACT = "artefacts/glucose.onnx"
LAST_DAY = frozenset({"HUPA-UCM"})
HIDDEN = (128, 128, 64)
LAST = f"gemm{len(HIDDEN)}"
EPOCHS, BATCH, PACE, DECAY, SQUARES = 14, 2048, 3e-3, 1e-4, 0.5
STRANGERS = 5
"""Every so manieth person is a stranger to the network beside."""
log = logging.getLogger("glucose.train")


def learn_from(people: Sequence[Person]) -> tuple[Features, NDArray[np.float32]]:
    """Return what is learnt: features, and the changes to come in UNIT, (n, len(MINUTES)), NaN where they are not known or are tested."""
    features: list[Features] = []
    changes: list[NDArray[np.float32]] = []
    for person in people:
        rows = rows_of(person.grid, AHEAD)
        early = rows.at + AHEAD[-1] < person.later
        history = rows.history[early]
        features.append(described(history.reshape(-1, LAGS)))
        changes.append(((rows.target[early] - history[:, -1:]) / UNIT).astype(np.float32))
    return np.concatenate(features), np.concatenate(changes)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A network. exact: ONNX, float. artefact: its int8 form. calibration: rows that its ranges were measured on."""

    exact: bytes
    artefact: bytes
    calibration: Features


def fit(people: Sequence[Person], seed: int) -> Fitted:
    """Return the network that is fitted to some people."""
    features, changes = learn_from(people)
    standard = standard_of(features)
    net = trained(standard.of(features), changes, seed)
    opening, held = standard.opening()
    exact = written("glucose", net, opening, held, len(NAMES))
    calibration = features[:: max(1, len(features) // 8192)]
    return Fitted(exact, quantize(exact, INPUT, calibration, LAST), calibration)


def trained(seen: Features, changes: NDArray[np.float32], seed: int) -> nn.Sequential:
    """Fit the network: its mean by squares, its quantiles by the pinball loss."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(len(NAMES), HIDDEN, 0.0, len(MINUTES) * len(ANSWERS))
    x, y = torch.from_numpy(seen), torch.from_numpy(np.nan_to_num(changes))
    known = torch.from_numpy(np.isfinite(changes).astype(np.float32))
    optimiser = torch.optim.AdamW(net.parameters(), lr=PACE, weight_decay=DECAY)
    pace = lr_scheduler.OneCycleLR(optimiser, PACE, EPOCHS * -(-len(x) // BATCH))
    dice = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=dice).split(BATCH):
            optimiser.zero_grad()
            loss_of(net(x[batch]), y[batch], known[batch]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            pace.step()
    return net.eval()


def loss_of(said: Tensor, so: Tensor, known: Tensor) -> Tensor:
    """Return how far answers, (n, len(MINUTES) * len(ANSWERS)), are from what is so, (n, len(MINUTES)), where it is known (1)."""
    answers = said.view(-1, len(MINUTES), len(ANSWERS))
    parts = torch.tensor(PARTS)
    off = so[:, :, None] - answers[:, :, 1:]
    pinball = torch.maximum(parts * off, (parts - 1) * off).mean(2)
    return ((pinball + SQUARES * (so - answers[:, :, 0]).square()) * known).sum() / known.sum()


def main() -> None:
    """Train, quantize, test, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds vitals/cgm")
    tracking.add_arguments(parser, HERE)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    people = [
        person for path in tables_in(given.data / "vitals" / "cgm") for person in read(path, last_day=path.name.split(".")[0] in LAST_DAY)
    ]
    log.info("%d people", len(people))
    strangers = people[::STRANGERS]
    beside = PerceptronRunner(fit([each for place, each in enumerate(people) if place % STRANGERS], given.seed).artefact)
    network = fit(people, given.seed)
    runner = PerceptronRunner(network.artefact)
    seen: dict[str, tuple[Told, ...]] = {}
    for table in sorted({person.table for person in people}):
        seen[table] = tuple(told(person, runner) for person in people if person.table == table)
    unknown = tuple(told(person, beside) for person in strangers)
    card = text_of(
        Trained(sha256(network.artefact).hexdigest(), given.seed, seen, unknown, tuple(told(person, runner) for person in strangers))
    )
    tracking.keep(
        given.out, ARTEFACT, network.artefact, card, compared(network.exact, network.artefact, INPUT, network.calibration), given.tracking
    )


if __name__ == "__main__":
    main()

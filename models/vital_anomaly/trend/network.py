"""Two rivals that say a course again after seeing it through a bottleneck: a convolutional autoencoder and an LSTM. Training only.

The convolutional one is written as the matrices that its layers are over a course of fixed length, so that the runner that is exact on every
processor takes it. An LSTM multiplies what it has made by itself, step after step: no int8 form of it is exact.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import relu

from models.perceptron import Matrix, masked_opening, written_matrices
from models.vital_anomaly.trend.course import FEATURES, STEPS, VITALS
from models.vital_anomaly.trend.strangeness import CLIP, People

WIDTH, BOTTLENECK = 24, 8
LAST = "gemm5"
"""Name of the written network's last layer."""
EPOCHS, BATCH, PACE, DECAY = 12, 128, 2e-3, 1e-3
MISSING_VITAL, MISSING_STEP, NOISE, SMALL = 0.3, 0.15, 0.2, 0.02
"""While it learns: chance of a vital and of a value to be hidden, noise on the others, how dear a large bottleneck is."""
_VALUES = STEPS * len(VITALS)


class Rival(Protocol):
    """What says a course again; x: (n, STEPS, 2 * vitals), standardised values and presence."""

    def narrow(self, x: Tensor) -> Tensor:
        """Return the bottleneck, (n, BOTTLENECK), >= 0."""
        ...

    def widen(self, narrow: Tensor) -> Tensor:
        """Return the course again, (n, STEPS, vitals)."""
        ...

    def parameters(self) -> Iterator[Tensor]:
        """Return what is fitted."""
        ...


Made = TypeVar("Made", bound=Rival)


class ConvAutoencoder(nn.Module):
    """Two strided convolutions, a bottleneck, and the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2 * len(VITALS), WIDTH, 5, 2, 2)
        self.second = nn.Conv1d(WIDTH, WIDTH, 5, 2, 2)
        self.closes = nn.Linear(WIDTH * STEPS // 4, BOTTLENECK)
        self.opens = nn.Linear(BOTTLENECK, WIDTH * STEPS // 4)
        self.back = nn.ConvTranspose1d(WIDTH, WIDTH, 4, 2, 1)
        self.last = nn.ConvTranspose1d(WIDTH, len(VITALS), 4, 2, 1)

    def narrow(self, x: Tensor) -> Tensor:
        """Return the bottleneck."""
        return relu(self.closes(relu(self.second(relu(self.first(x.permute(0, 2, 1))))).flatten(1)))

    def widen(self, narrow: Tensor) -> Tensor:
        """Return the course again."""
        opened = relu(self.opens(narrow)).view(-1, WIDTH, STEPS // 4)
        return self.last(relu(self.back(opened))).permute(0, 2, 1)


class LstmAutoencoder(nn.Module):
    """An LSTM that reads the course into a bottleneck, and one that writes it from there."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = nn.LSTM(2 * len(VITALS), WIDTH, batch_first=True)
        self.closes = nn.Linear(WIDTH, BOTTLENECK)
        self.writes = nn.LSTM(BOTTLENECK, WIDTH, batch_first=True)
        self.says = nn.Linear(WIDTH, len(VITALS))

    def narrow(self, x: Tensor) -> Tensor:
        """Return the bottleneck."""
        return relu(self.closes(self.reads(x)[0][:, -1]))

    def widen(self, narrow: Tensor) -> Tensor:
        """Return the course again."""
        steps = narrow.view(-1, 1, BOTTLENECK).expand(len(narrow), STEPS, BOTTLENECK)
        return self.says(self.writes(steps)[0])


def standardised(features: NDArray[np.float32], people: People) -> NDArray[np.float32]:
    """Return courses as the networks take them, (n, STEPS, 2 * vitals), from inputs (n, FEATURES), as the written network does it."""
    values = features[:, :_VALUES].reshape(-1, STEPS, len(VITALS))
    present = features[:, _VALUES:].reshape(-1, STEPS, len(VITALS))
    mean, spread = np.array(people.mean, dtype=np.float32), np.array(people.spread(), dtype=np.float32)
    return np.concatenate([np.clip((values - mean) / spread, -CLIP, CLIP) * present, present], axis=2)


def fit(net: Rival, courses: NDArray[np.float32], dice: torch.Generator) -> None:
    """Fit a rival to ordinary courses, (n, STEPS, 2 * vitals)."""
    torch.set_num_threads(1)
    optimiser = torch.optim.AdamW(net.parameters(), lr=PACE, weight_decay=DECAY)
    values, present = (torch.from_numpy(each.copy()) for each in np.split(courses, 2, axis=2))
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(values), generator=dice).split(BATCH):
            x, there = values[batch], present[batch]
            asked = there * (torch.rand(len(batch), 1, len(VITALS), generator=dice) > MISSING_VITAL).float()
            shown = asked * (torch.rand(*x.shape, generator=dice) > MISSING_STEP).float()
            narrow = net.narrow(torch.cat([(x + NOISE * torch.randn(*x.shape, generator=dice)) * shown, shown], dim=2))
            loss = ((net.widen(narrow) - x).square() * asked).sum() / asked.sum().clamp(min=1) + SMALL * narrow.square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def fitted(make: Callable[[], Made], courses: NDArray[np.float32], seed: int) -> Made:
    """Return a rival fitted to ordinary courses: the same arguments give the same weights on the same machine."""
    torch.manual_seed(seed)
    net = make()
    fit(net, courses, torch.Generator().manual_seed(seed))
    return net


def again(net: Rival, courses: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a rival says of courses, (n, STEPS, 2 * vitals) -> (n, STEPS * vitals)."""
    with torch.no_grad():
        return net.widen(net.narrow(torch.from_numpy(courses))).numpy().reshape(len(courses), -1)


def write(net: ConvAutoencoder, people: People) -> bytes:
    """Return the trained convolutional network as ONNX of matrices: features (n, FEATURES) -> the course again, standardised."""
    vitals, half, quarter = len(VITALS), STEPS // 2, STEPS // 4
    matrices = [
        _matrix(net.first, (2 * vitals, STEPS)),
        _matrix(net.second, (WIDTH, half)),
        _matrix(net.closes, (WIDTH * quarter,)),
        _matrix(net.opens, (BOTTLENECK,)),
        _matrix(net.back, (WIDTH, quarter)),
        _matrix(net.last, (WIDTH, half)),
    ]
    # what comes in is step by step, values before presences, and so it goes out; a convolution has channel by channel
    comes = np.arange(FEATURES).reshape(2, vitals, STEPS).transpose(0, 2, 1).reshape(-1)
    goes = np.arange(_VALUES).reshape(vitals, STEPS).T.reshape(-1)
    matrices[0] = matrices[0][0][:, comes], matrices[0][1]
    matrices[-1] = matrices[-1][0][goes], matrices[-1][1][goes]
    mean, spread = (np.tile(np.array(each, dtype=np.float32), STEPS) for each in (people.mean, people.spread()))
    held: dict[str, NDArray[np.generic]] = {
        "mean": mean,
        "spread": spread,
        "low": np.array(-CLIP, dtype=np.float32),
        "high": np.array(CLIP, dtype=np.float32),
        "cut": np.array([_VALUES, FEATURES - _VALUES], dtype=np.int64),
    }
    return written_matrices("vital_trend", matrices, masked_opening(), held, FEATURES)


def _matrix(layer: nn.Module, shape: tuple[int, ...]) -> Matrix:
    """Return a layer over inputs of one shape as a matrix and a bias over them flattened."""
    with torch.no_grad():
        asked = np.concatenate([np.zeros((1, prod(shape))), np.eye(prod(shape))]).astype(np.float32)
        said = layer(torch.from_numpy(asked.reshape(-1, *shape))).flatten(1).numpy()
    return (said[1:] - said[0]).T.copy(), said[0].copy()

"""The network: a small perceptron over the standardised feature vector; trained in torch, written as ONNX.

Standardising, clipping and masking are part of the network, in float: what goes in is the vector in its own units.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.perceptron import layers, masked_opening, written
from models.vital_anomaly.features import FEATURES, VALUES

HIDDEN = (32, 16)
CLIP = 4.0
LAST = f"gemm{len(HIDDEN)}"
"""Name of the last layer's node: 17 weights, whose sum int8 would make coarse."""
EPOCHS, BATCH, RATE, DECAY, DROPOUT = 40, 256, 2e-3, 1e-3, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Mean and spread of each value where it is present, shape (VALUES,) each."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]


def standard_of(features: NDArray[np.float32]) -> Standard:
    """Measure the standard over windows, shape (n, FEATURES)."""
    values = np.where(features[:, len(VALUES) :] > 0, features[:, : len(VALUES)], np.nan).astype(np.float64)
    mean, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    return Standard(mean.astype(np.float32), np.maximum(spread, 1e-3).astype(np.float32))


def standardise(features: NDArray[np.float32], standard: Standard) -> NDArray[np.float32]:
    """Return what the first layer sees: as the written network does it."""
    values, present = features[:, : len(VALUES)], features[:, len(VALUES) :]
    return np.concatenate([np.clip((values - standard.mean) / standard.spread, -CLIP, CLIP) * present, present], axis=1)


def train(features: NDArray[np.float32], truth: NDArray[np.bool_], standard: Standard, seed: int) -> nn.Sequential:
    """Fit the network: the same arguments give the same weights on the same machine."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(FEATURES, HIDDEN, DROPOUT)
    x = torch.from_numpy(standardise(features, standard))
    y = torch.from_numpy(truth.astype(np.float32))[:, None]
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    dice = torch.Generator().manual_seed(seed)
    loss = nn.BCEWithLogitsLoss()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=dice).split(BATCH):
            optimiser.zero_grad()
            loss(net(x[batch]), y[batch]).backward()
            optimiser.step()
    return net.eval()


def write(net: nn.Sequential, standard: Standard) -> bytes:
    """Return the trained network as ONNX: features (n, FEATURES) -> score (n, 1), float32."""
    held: dict[str, NDArray[np.generic]] = {
        "mean": standard.mean,
        "spread": standard.spread,
        "low": np.array(-CLIP, dtype=np.float32),
        "high": np.array(CLIP, dtype=np.float32),
        "cut": np.array([len(VALUES), FEATURES - len(VALUES)], dtype=np.int64),
    }
    return written("vital_anomaly", net, masked_opening(), held, FEATURES)

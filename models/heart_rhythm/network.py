"""The network that says of a candidate how likely it is a beat; trained in torch, written as ONNX. Standardising is part of it."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import helper
from torch import nn
from torch.optim import lr_scheduler

from models.heart_rhythm.candidates import NAMES, Features
from models.perceptron import FIRST, INPUT, layers, written

HIDDEN = (48, 24)
LAST = f"gemm{len(HIDDEN)}"
CLIP = 4.0
EPOCHS, BATCH, RATE, DECAY, DROPOUT = 10, 1024, 3e-3, 1e-3, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Mean and spread of each feature, shape (len(NAMES),) each."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]


def standard_of(features: Features) -> Standard:
    """Measure the standard over candidates, shape (n, len(NAMES))."""
    exact = features.astype(np.float64)
    return Standard(exact.mean(axis=0).astype(np.float32), np.maximum(exact.std(axis=0), 1e-3).astype(np.float32))


def train(features: Features, beat: NDArray[np.bool_], standard: Standard, seed: int) -> nn.Sequential:
    """Fit the network: the same arguments give the same weights on the same machine."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(len(NAMES), HIDDEN, DROPOUT)
    x = torch.from_numpy(np.clip((features - standard.mean) / standard.spread, -CLIP, CLIP).astype(np.float32))
    y = torch.from_numpy(beat.astype(np.float32))[:, None]
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    pace = lr_scheduler.OneCycleLR(optimiser, RATE, EPOCHS * -(-len(x) // BATCH))
    dice = torch.Generator().manual_seed(seed)
    loss = nn.BCEWithLogitsLoss()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=dice).split(BATCH):
            optimiser.zero_grad()
            loss(net(x[batch]), y[batch]).backward()
            optimiser.step()
            pace.step()
    return net.eval()


def write(net: nn.Sequential, standard: Standard) -> bytes:
    """Return the trained network as ONNX: features (n, len(NAMES)) -> score (n, 1), float32."""
    held: dict[str, NDArray[np.generic]] = {
        "mean": standard.mean,
        "spread": standard.spread,
        "low": np.array(-CLIP, dtype=np.float32),
        "high": np.array(CLIP, dtype=np.float32),
    }
    opening = [
        helper.make_node("Sub", [INPUT, "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "spread"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], [FIRST]),
    ]
    return written("heart_rhythm", net, opening, held, len(NAMES))

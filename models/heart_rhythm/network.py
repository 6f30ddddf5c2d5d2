"""The network that says of a candidate how likely it is a beat; trained in torch, written as ONNX. Standardising is part of it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import lr_scheduler

from models.heart_rhythm.candidates import NAMES, Features
from models.perceptron import Standard, layers, written

HIDDEN = (48, 24)
LAST = f"gemm{len(HIDDEN)}"
EPOCHS, BATCH, RATE, DECAY, DROPOUT = 10, 1024, 3e-3, 1e-3, 0.1


def train(features: Features, beat: NDArray[np.bool_], standard: Standard, seed: int) -> nn.Sequential:
    """Fit the network: the same arguments give the same weights on the same machine."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(len(NAMES), HIDDEN, DROPOUT)
    x = torch.from_numpy(standard.of(features))
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
    opening, held = standard.opening()
    return written("heart_rhythm", net, opening, held, len(NAMES))

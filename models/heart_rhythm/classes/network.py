"""The network that classes a beat; trained in torch, written as ONNX with a logit a class. Standardising is part of it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import lr_scheduler

from models.heart_rhythm.candidates import Features
from models.heart_rhythm.classes.classifier import CLASSES
from models.heart_rhythm.classes.shapes import NAMES
from models.perceptron import Standard, layers, written

HIDDEN = (64, 32)
LAST = f"gemm{len(HIDDEN)}"
EPOCHS, BATCH, RATE, DECAY, DROPOUT, NOISE = 8, 1024, 3e-3, 1e-2, 0.25, 0.1
WEIGHTS = {"N": 1.0, "S": 4.0, "V": 1.5, "F": 4.0}
"""What a mistake about a beat of a class costs in training: there are fifty ordinary beats to an early one."""


def train(features: Features, truth: NDArray[np.int64], standard: Standard, seed: int) -> nn.Sequential:
    """Fit the network: the same arguments give the same weights on the same machine. truth: places in CLASSES, shape (n,)."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    net = layers(len(NAMES), HIDDEN, DROPOUT, len(CLASSES))
    x, y = torch.from_numpy(standard.of(features)), torch.from_numpy(truth)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    pace = lr_scheduler.OneCycleLR(optimiser, RATE, EPOCHS * -(-len(x) // BATCH))
    dice = torch.Generator().manual_seed(seed)
    loss = nn.CrossEntropyLoss(torch.from_numpy(np.array([WEIGHTS[each] for each in CLASSES], dtype=np.float32)))
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x), generator=dice).split(BATCH):
            seen = x[batch] + torch.randn(len(batch), len(NAMES), generator=dice) * NOISE
            optimiser.zero_grad()
            loss(net(seen), y[batch]).backward()
            optimiser.step()
            pace.step()
    return net.eval()


def write(net: nn.Sequential, standard: Standard) -> bytes:
    """Return the trained network as ONNX: features (n, len(NAMES)) -> logits (n, len(CLASSES)), float32."""
    opening, held = standard.opening()
    return written("heart_rhythm_classes", net, opening, held, len(NAMES))

"""The network that grades a photograph of the retina, in plain torch: EfficientNet-Lite, begun from weights learnt on ImageNet.

Architecture: Tan and Le, "EfficientNet", ICML 2019, and its Lite form (no squeeze-and-excitation, ReLU6, fixed stem and head). The heads are ordinal:
one logit for each step of a scale that is reached (Cao et al., Pattern Recognition Letters 140:325, 2020).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

STEPS_DR, STEPS_DME, LESIONS = 4, 2, 5
"""Logits: grade >= 1, 2, 3, 4; DME risk >= 1, 2; microaneurysm, haemorrhage, hard exudate, soft exudate, optic disc on a grid of MAP_STRIDE."""
MAP_STRIDE = 8
_BLOCKS = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
"""Repeats, kernel, stride, expansion, channels."""
_STEM, _HEAD, _EPSILON = 32, 1280, 1e-3


@dataclass(frozen=True, slots=True)
class Size:
    """How wide and deep, beside Lite0."""

    width: float
    depth: float


SIZES: Mapping[str, Size] = {"lite0": Size(1.0, 1.0), "lite1": Size(1.0, 1.1), "lite2": Size(1.1, 1.2)}


class Conv(nn.Sequential):
    """Convolution with the padding that TensorFlow calls "same", normalisation, and ReLU6 unless it is linear."""

    def __init__(self, taken: int, given: int, kernel: int, stride: int = 1, groups: int = 1, *, linear: bool = False) -> None:
        extra = kernel - stride if stride > 1 else kernel - 1
        parts: list[nn.Module] = []
        if extra % 2:
            before = extra // 2
            parts += [nn.ZeroPad2d((before, extra - before, before, extra - before))]
        parts += [
            nn.Conv2d(taken, given, kernel, stride, 0 if extra % 2 else extra // 2, groups=groups, bias=False),
            nn.BatchNorm2d(given, eps=_EPSILON, momentum=0.01),
        ]
        super().__init__(*parts, *([] if linear else [nn.ReLU6()]))


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, taken: int, given: int, kernel: int, stride: int, expansion: int, drop: float) -> None:
        super().__init__()
        inside = taken * expansion
        expand = [Conv(taken, inside, 1)] if expansion > 1 else []
        self.parts = nn.Sequential(*expand, Conv(inside, inside, kernel, stride, inside), Conv(inside, given, 1, linear=True))
        self.residual, self.drop = stride == 1 and taken == given, drop

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, given, h / stride, w / stride)."""
        y: Tensor = self.parts(x)
        if not self.residual:
            return y
        if self.training and self.drop:
            y = y * (torch.rand(len(y), 1, 1, 1, device=y.device) >= self.drop) / (1 - self.drop)
        return x + y


class RetinaNetwork(nn.Module):
    """Photographs (n, 3, h, w), -1..1, h and w multiples of 32 -> logits (n, STEPS_DR + STEPS_DME) and a map of lesions (n, LESIONS, h / 8, w / 8)."""

    def __init__(self, size: str = "lite0", dropout: float = 0.3) -> None:
        super().__init__()
        width, depth = SIZES[size].width, SIZES[size].depth
        number = sum(_repeats(place, row[0], depth) for place, row in enumerate(_BLOCKS))
        self.stem = Conv(3, _STEM, 3, 2)
        stages: list[nn.Sequential] = []
        channels, done = _STEM, 0
        for place, (repeats, kernel, stride, expansion, given) in enumerate(_BLOCKS):
            blocks: list[nn.Module] = []
            for repeat in range(_repeats(place, repeats, depth)):
                blocks.append(Block(channels, _rounded(given * width), kernel, 1 if repeat else stride, expansion, 0.2 * done / number))
                channels, done = _rounded(given * width), done + 1
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.head = Conv(channels, _HEAD, 1)
        self.dropout = nn.Dropout(dropout)
        self.grade = nn.Linear(_HEAD, STEPS_DR + STEPS_DME)
        fine, coarse = _rounded(_BLOCKS[2][4] * width), _rounded(_BLOCKS[4][4] * width)
        self.fine, self.coarse = nn.Conv2d(fine, LESIONS, 1), nn.Conv2d(coarse, LESIONS, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the steps, and of the lesions."""
        x = self.stem(x)
        seen: list[Tensor] = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        pooled = self.head(x).mean((2, 3))
        coarse = self.coarse(seen[4])
        n, c, h, w = coarse.shape
        wide = coarse[:, :, :, None, :, None].expand(n, c, h, 2, w, 2).reshape(n, c, 2 * h, 2 * w)
        return self.grade(self.dropout(pooled)), self.fine(seen[2]) + wide


def begin_from(network: RetinaNetwork, weights: Mapping[str, Tensor]) -> None:
    """Take the trunk's weights from a state of the same net that was learnt on ImageNet: by order, each of the same shape.

    Raises:
        ValueError: it is no state of this net.
    """
    names = [
        name for name in network.state_dict() if name.startswith(("stem", "stages", "head")) and not name.endswith("num_batches_tracked")
    ]
    given = [value for name, value in weights.items() if not name.startswith("_fc") and not name.endswith("num_batches_tracked")]
    state = network.state_dict()
    if len(names) != len(given) or any(state[name].shape != value.shape for name, value in zip(names, given, strict=True)):
        raise ValueError("these weights are of another network")
    network.load_state_dict({**state, **dict(zip(names, given, strict=True))})


def _repeats(place: int, repeats: int, depth: float) -> int:
    return repeats if place in {0, len(_BLOCKS) - 1} else math.ceil(depth * repeats)


def _rounded(channels: float) -> int:
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near

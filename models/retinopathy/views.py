"""Photographs for training, turned, stretched and recoloured, with their labels; all on one device, so that a view costs nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.retinopathy.network import LESIONS, MAP_STRIDE, STEPS_DME, STEPS_DR


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Photographs and what is known of them.

    pixels: (n, 3, side, side), uint8. steps: (n, STEPS_DR + STEPS_DME), 0..1, the share of graders that say it is reached. lesions: (n, LESIONS, side, side),
    bool; known: (n,), whether lesions were drawn.
    """

    pixels: Tensor
    steps: Tensor
    lesions: Tensor
    known: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def to(self, device: str) -> "Labelled":
        """Return the same on a device."""
        return Labelled(self.pixels.to(device), self.steps.to(device), self.lesions.to(device), self.known.to(device))

    def of(self, which: Tensor) -> "Labelled":
        """Return some of them."""
        return Labelled(self.pixels[which], self.steps[which], self.lesions[which], self.known[which])


def steps_of(grade: Tensor, risk: Tensor) -> Tensor:
    """Return which steps grades (0..4) and risks (0..2) reach: (n,) each -> (n, STEPS_DR + STEPS_DME)."""
    dr = grade[:, None] > torch.arange(STEPS_DR, device=grade.device)
    dme = risk[:, None] > torch.arange(STEPS_DME, device=risk.device)
    return torch.cat([dr, dme], dim=1).float()


def normalised(pixels: Tensor) -> Tensor:
    """Return pixels 0..255 as the network takes them."""
    return (pixels.float() - 127.0) / 128.0


def plain(batch: Labelled, side: int) -> Tensor:
    """Return photographs as they are, at another size."""
    pixels = functional.interpolate(batch.pixels.float(), size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    return normalised(pixels)


def varied(batch: Labelled, side: int, dice: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a view of each photograph, (n, 3, side, side), and of its lesions, (n, LESIONS, side / 8, side / 8), turned alike."""
    count, device = len(batch), batch.pixels.device

    def drawn(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand((count, *shape), generator=dice, device=device)

    angle, grown = drawn(-torch.pi, torch.pi), torch.exp(drawn(-0.15, 0.15))
    mirror = torch.where(drawn(0, 1) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) / grown, torch.sin(angle) / grown
    moved = drawn(-0.06, 0.06, 2)
    turn = torch.stack([torch.stack([cos * mirror, -sin, moved[:, 0]], 1), torch.stack([sin * mirror, cos, moved[:, 1]], 1)], 1)
    grid = functional.affine_grid(turn, [count, 3, side, side], align_corners=False)
    pixels = functional.grid_sample(batch.pixels.float() / 255, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    lesions = functional.grid_sample(batch.lesions.float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    pixels = pixels.clamp(1e-4, 1) ** torch.exp(drawn(-0.3, 0.3, 1, 1, 1))
    pixels = pixels * torch.exp(drawn(-0.2, 0.2, 1, 1, 1)) * torch.exp(drawn(-0.1, 0.1, 3, 1, 1))
    middle = pixels.mean((2, 3), keepdim=True)
    pixels = (pixels - middle) * torch.exp(drawn(-0.2, 0.2, 1, 1, 1)) + middle
    soft = functional.avg_pool2d(pixels, 3, 1, 1)
    pixels = torch.where(drawn(0, 1, 1, 1, 1) < 0.2, soft, pixels) + 0.01 * torch.randn(pixels.shape, generator=dice, device=device)
    return normalised(pixels.clamp(0, 1) * 255), functional.max_pool2d(lesions, MAP_STRIDE)[:, :LESIONS]

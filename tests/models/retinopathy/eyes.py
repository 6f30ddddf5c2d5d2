"""Made photographs of a retina: a lit, reddish disc on black, with vessels and grain; and real ones where they are at hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

IDRID = Path(__file__).parents[4] / "shared" / "data" / "fundus" / "idrid"
HAS_IDRID = IDRID.is_dir()
needs_idrid = pytest.mark.skipif(not HAS_IDRID, reason="shared/data/fundus/idrid (IDRiD photographs) is not here")


def retina(side: int = 700, light: float = 1.0, seed: int = 0) -> np.ndarray:
    """Return a picture, (side, side * 4 // 3, 3), uint8."""
    dice, wide = np.random.default_rng(seed), side * 4 // 3
    y, x = np.mgrid[:side, :wide].astype(np.float64)
    radius = np.hypot(y - side / 2, x - wide / 2) / (side * 0.47)
    disc = radius < 1
    tissue = 1 - 0.3 * radius**2
    vessels = np.zeros((side, wide))
    for _ in range(24):
        angle, bend = dice.uniform(0, 2 * np.pi), dice.uniform(-1, 1)
        along = np.linspace(0, 1.0, 4 * side)
        row = side / 2 + side * 0.47 * along * np.sin(angle + bend * along)
        column = wide / 2 + side * 0.47 * along * np.cos(angle + bend * along)
        vessels[row.astype(int).clip(0, side - 1), column.astype(int).clip(0, wide - 1)] = 1
    vessels = np.asarray(Image.fromarray((255 * vessels).astype(np.uint8)).filter(ImageFilter.MaxFilter(5)), dtype=np.float64) / 255
    grain = np.asarray(
        Image.fromarray(dice.integers(0, 255, (side, wide), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(1)), dtype=np.float64
    )
    tone = (tissue * (1 - 0.45 * vessels) + (grain - 127) / 500) * disc
    return (np.stack([170 * tone, 85 * tone, 40 * tone], axis=2) * light).clip(0, 255).astype(np.uint8)


def cat(side: int = 600) -> np.ndarray:
    """Return a picture that is bright to its corners, brown and grey, with edges."""
    dice = np.random.default_rng(1)
    small = dice.integers(60, 220, (12, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))

"""Is this photograph gradable? And: photograph -> what the network takes. Pure.

The disc of the retina is found by what is not black, cut out, padded to a square and made SIDE wide; everything is said of that square, so that the size
of the picture and its black border do not matter.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""Shape (h, w, 3), red, green, blue, 0..255."""

SIDE = 512
SMALLEST = 256
"""px: the shorter side of a disc that can be graded; microaneurysms are a few thousandths of it."""
_DARK = 14
"""The brightest of the three colours of what is no retina is below this."""
_RIM = 0.93
"""The share of the disc's radius that is looked at: its rim is often blurred or overexposed."""


class Unusable(StrEnum):
    """Why a photograph cannot be graded, in words for whoever took it."""

    TOO_SMALL = "the picture, or the disc in it, is too small: take it at 256 pixels and more across the retina"
    NO_RETINA = "no retina is seen: a lit, reddish disc on black is expected"
    FIELD = "too little of the field is seen: centre the pupil, and open the lids"
    DARK = "too dark: more flash, or a wider pupil"
    BRIGHT = "overexposed: less flash"
    BLURRED = "out of focus, or the eye moved: focus again, and clean the lens"


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of a square. field: share of the circle that is lit. rim: share of the corners that is lit. light: median of green, 0..255.

    burnt, hidden: shares of the disc that are white, black. redness: median of red by green. detail: fine contrast, by the coarse, of green.
    """

    field: float
    rim: float
    light: float
    burnt: float
    hidden: float
    redness: float
    detail: float


LEAST_FIELD, MOST_RIM = 0.60, 0.35
DARKEST, BRIGHTEST = 14.0, 170.0
MOST_BURNT, MOST_HIDDEN = 0.10, 0.45
LEAST_RED = 1.2
LEAST_DETAIL = 0.18
"""What the photographs that are graded keep to, with room: see `docs/models.md`."""


def square(picture: Pixels, side: int = SIDE) -> Pixels | Unusable:
    """Cut the disc out, pad it to a square with black, and make it `side` wide."""
    lit = picture.max(axis=2) > _DARK
    rows, columns = (np.flatnonzero(lit.mean(axis=axis) > 0.02) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return Unusable.NO_RETINA
    disc = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = disc.shape[:2]
    if min(height, width) < SMALLEST:
        return Unusable.TOO_SMALL
    wide = max(height, width)
    padded = np.zeros((wide, wide, 3), dtype=np.uint8)
    top, left = (wide - height) // 2, (wide - width) // 2
    padded[top : top + height, left : left + width] = disc
    if wide == side:
        return padded
    return np.asarray(Image.fromarray(padded).resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0))


def quality(pixels: Pixels) -> Quality:
    """Measure a square of `square`."""
    side = len(pixels)
    across = (np.arange(side) + 0.5) / side * 2 - 1
    radius = np.hypot(across[:, None], across[None, :])
    inside, corners = radius < _RIM, radius > 1.06
    lit = pixels.max(axis=2) > _DARK
    disc = inside & lit
    if not disc.any():
        return Quality(0.0, float(lit[corners].mean()), 0.0, 0.0, 1.0, 0.0, 0.0)
    green = pixels[:, :, 1].astype(np.float32)
    seen = pixels[disc].astype(np.float32)
    deep = inside & _eroded(lit)
    fine, coarse = green - _mean(green, 2), _mean(green, 2) - _mean(green, 12)
    detail = float(fine[deep].std() / (coarse[deep].std() + 1.0)) if deep.any() else 0.0
    return Quality(
        field=float(lit[inside].mean()),
        rim=float(lit[corners].mean()),
        light=float(np.median(seen[:, 1])),
        burnt=float((seen.min(axis=1) > 235).mean()),
        hidden=float((seen.max(axis=1) < 40).mean()),
        redness=float(np.median((seen[:, 0] + 1) / (seen[:, 1] + 1))),
        detail=detail,
    )


def judged(measured: Quality) -> Unusable | None:
    """Say why a photograph cannot be graded; None: it can."""
    if measured.rim > MOST_RIM or (measured.field > 0.2 and measured.redness < LEAST_RED):
        return Unusable.NO_RETINA
    if measured.light < DARKEST or measured.hidden > MOST_HIDDEN:
        return Unusable.DARK
    if measured.light > BRIGHTEST or measured.burnt > MOST_BURNT:
        return Unusable.BRIGHT
    if measured.field < LEAST_FIELD:
        return Unusable.FIELD
    return Unusable.BLURRED if measured.detail < LEAST_DETAIL else None


def normalised(pixels: Pixels) -> NDArray[np.float32]:
    """Return a square as the network takes it, (3, side, side), -1..1."""
    return np.ascontiguousarray(((pixels.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1))


def _mean(image: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the mean of the square of `reach` on all sides of each pixel."""
    width = 2 * reach + 1
    for axis in (0, 1):
        edges = [(reach + 1, reach) if each == axis else (0, 0) for each in (0, 1)]
        total = np.cumsum(np.pad(image, edges, mode="edge"), axis=axis, dtype=np.float64)
        count = image.shape[axis]
        image = ((total.take(range(width, width + count), axis) - total.take(range(count), axis)) / width).astype(np.float32)
    return image


def _eroded(lit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return _mean(lit.astype(np.float32), 13) > 0.999

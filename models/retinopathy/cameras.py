"""What other cameras would have made of a photograph: softer, bluer, redder, darker, of a narrower field, smaller and badly compressed. Pure."""

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from models.retinopathy.photograph import Pixels

SMALL, COARSE = 480, 60
"""px, and the quality of JPEG, of the small one."""


def _soft(picture: Pixels, part: float) -> Pixels:
    """Blur by a part of the picture's width."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(part * picture.shape[1])))


def _toned(picture: Pixels, *gains: float) -> Pixels:
    return (picture * np.array(gains)).clip(0, 255).astype(np.uint8)


def _darker(picture: Pixels) -> Pixels:
    return (255 * (picture / 255.0) ** 1.4).astype(np.uint8)


def _narrower(picture: Pixels) -> Pixels:
    """Keep what a field of 45 degrees has of one of 50: the middle nine tenths, in a circle."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2) < 0.45 * min(height, width)
    return picture * inside[:, :, None].astype(np.uint8)


def _small(picture: Pixels) -> Pixels:
    image, held = Image.fromarray(picture), BytesIO()
    image.resize((SMALL, round(SMALL * image.height / image.width))).save(held, "JPEG", quality=COARSE)
    return np.asarray(Image.open(held).convert("RGB"))


CAMERAS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "a little soft": lambda picture: _soft(picture, 0.001),
    "soft": lambda picture: _soft(picture, 0.002),
    "out of focus": lambda picture: _soft(picture, 0.008),
    "bluer": lambda picture: _toned(picture, 0.85, 1.0, 1.25),
    "redder": lambda picture: _toned(picture, 1.15, 0.9, 0.8),
    "darker": _darker,
    "narrower": _narrower,
    "small and coarse": _small,
}

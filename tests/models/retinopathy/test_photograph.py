"""A photograph is cut to the disc, and one that cannot be graded is told from one that can."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from models.retinopathy.grader import picture_of
from models.retinopathy.photograph import SIDE, Unusable, judged, normalised, quality, square
from tests.models.retinopathy.eyes import IDRID, cat, needs_idrid, retina


def told(picture: np.ndarray) -> Unusable | None:
    pixels = square(picture)
    return pixels if isinstance(pixels, Unusable) else judged(quality(pixels))


def changed(picture: np.ndarray, blur: float) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(blur)))


def test_the_disc_is_cut_out_whatever_lies_around_it() -> None:
    picture = retina()
    wide = np.zeros((1000, 1600, 3), dtype=np.uint8)
    wide[150:850, 300 : 300 + picture.shape[1]] = picture
    near, far = square(picture), square(wide)
    assert isinstance(near, np.ndarray)
    assert isinstance(far, np.ndarray)
    assert near.shape == (SIDE, SIDE, 3)
    assert np.abs(near.astype(int) - far.astype(int)).mean() < 1
    assert normalised(near).shape == (3, SIDE, SIDE)
    assert -1 <= normalised(near).min() <= normalised(near).max() <= 1


def test_a_good_photograph_is_gradable_from_every_side() -> None:
    for turned in range(4):
        assert told(np.rot90(retina(), turned)) is None
        assert told(np.rot90(retina(), turned)[:, ::-1]) is None


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((600, 800, 3), dtype=np.uint8), Unusable.NO_RETINA),
        (np.full((600, 800, 3), 255, dtype=np.uint8), Unusable.NO_RETINA),
        (np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8), Unusable.NO_RETINA),
        (cat(), Unusable.NO_RETINA),
        (retina(light=0.12), Unusable.DARK),
        (retina(light=6.0), Unusable.BRIGHT),
        (changed(retina(), 9), Unusable.BLURRED),
        (retina(side=200), Unusable.TOO_SMALL),
        (retina() * (np.arange(933)[None, :, None] < 420).astype(np.uint8), Unusable.FIELD),
    ],
)
def test_what_cannot_be_graded_is_told_and_why(picture: np.ndarray, reason: Unusable) -> None:
    assert told(picture) in {reason, Unusable.NO_RETINA if reason is Unusable.BRIGHT else reason}


def test_every_reason_says_what_to_do() -> None:
    assert all(":" in reason or "small" in reason for reason in Unusable)


@needs_idrid
def test_real_photographs_are_gradable_and_blurred_ones_are_not() -> None:
    for path in sorted((IDRID / "train").glob("*.jpg"))[::40]:
        picture = picture_of(path.read_bytes())
        assert told(picture) is None, path.name
        assert told(changed(picture, 12)) is Unusable.BLURRED, path.name
        assert told((picture * 0.1).astype(np.uint8)) in {Unusable.DARK, Unusable.NO_RETINA}, path.name

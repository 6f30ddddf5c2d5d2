"""Other cameras change what they say they change, and nothing of the picture's form."""

import numpy as np
import pytest

from models.retinopathy.cameras import CAMERAS, SMALL
from models.retinopathy.photograph import Unusable, judged, quality, square
from tests.models.retinopathy.eyes import retina


@pytest.mark.parametrize("name", sorted(CAMERAS))
def test_a_picture_stays_a_picture(name: str) -> None:
    before = retina()
    after = CAMERAS[name](before)
    assert after.dtype == np.uint8
    assert after.shape == before.shape or after.shape[1] == SMALL
    assert after.shape != before.shape or not np.array_equal(after, before)


def test_tone_light_and_focus_go_where_they_should() -> None:
    found = {}
    for name in CAMERAS:
        pixels = square(CAMERAS[name](retina()))
        assert not isinstance(pixels, Unusable)
        found[name] = quality(pixels)
    assert found["redder"].redness > found["bluer"].redness
    assert found["darker"].light < found["redder"].light
    assert found["out of focus"].detail < found["soft"].detail < found["a little soft"].detail
    assert judged(found["out of focus"]) is Unusable.BLURRED

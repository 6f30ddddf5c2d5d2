"""Grades photographs of the retina by the network that ships; what cannot be graded is said, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from models.catalogue import open_model
from models.onnx_runner import OnnxRunner
from models.retinopathy.photograph import SIDE, Pixels, Unusable, judged, normalised, quality, square
from models.retinopathy.verdict import LESIONS, STEPS, Verdict, verdict_of
from models.runner import Runner

MOST_PIXELS = 64_000_000
"""A larger picture is refused before it is decoded."""
GRID = SIDE // 8
_ENOUGH = 1024
"""px: a JPEG that is larger is decoded at a half, a quarter, ... of its size, down to this."""


class NoPicture(Exception):
    """These bytes are no picture that can be read: the message says what was wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """A verdict, and where it comes from: the map, (len(LESIONS), GRID, GRID), 0..1, of the square that was cut out."""

    verdict: Verdict
    map: NDArray[np.float32]


class Grader:
    """The network, opened once."""

    def __init__(self, runner: Runner, temperatures: Mapping[str, float], *, mirrored: bool = True) -> None:
        """Grade by a network; mirrored: ask it of each picture's mirror image too, and take the mean."""
        self._runner, self._temperatures, self._mirrored = runner, temperatures, mirrored

    def grade(self, picture: Pixels) -> Graded | Unusable:
        """Grade a picture, (h, w, 3), uint8; or say why not."""
        pixels = square(picture)
        if isinstance(pixels, Unusable):
            return pixels
        reason = judged(quality(pixels))
        return reason or self.ask(pixels)

    def ask(self, pixels: Pixels) -> Graded:
        """Grade a square of SIDE without a look at its quality."""
        answers = self._answers(pixels)
        seen = answers[0, len(STEPS) :].reshape(len(LESIONS), GRID, GRID)
        return Graded(verdict_of(_logits(answers), self._temperatures), (1 / (1 + np.exp(-seen))).astype(np.float32))

    def logits(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return what the network says of a square of SIDE, (len(STEPS),)."""
        return _logits(self._answers(pixels))

    def _answers(self, pixels: Pixels) -> NDArray[np.float32]:
        views = [normalised(pixels)]
        if self._mirrored:
            views.append(np.ascontiguousarray(views[0][:, :, ::-1]))
        return np.concatenate([self._runner.run(view[np.newaxis]) for view in views])


def _logits(answers: NDArray[np.float32]) -> NDArray[np.float64]:
    return answers[:, : len(STEPS)].astype(np.float64).mean(axis=0)


def shipped() -> Grader:
    """Open the network that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    model = open_model(Path(__file__).parent)
    return Grader(OnnxRunner(model.artefact), model.card.thresholds)


def picture_of(data: bytes) -> Pixels:
    """Decode a picture (JPEG, PNG, TIFF, ...), no larger than it needs to be.

    Raises:
        NoPicture: it cannot be decoded, or is larger than MOST_PIXELS.
    """
    try:
        with Image.open(BytesIO(data)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoPicture(f"{opened.width} x {opened.height} pixels are more than {MOST_PIXELS:,}")
            opened.draft("RGB", (_ENOUGH, _ENOUGH))
            return np.asarray(opened.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPicture(f"no picture that can be read: {error}") from error

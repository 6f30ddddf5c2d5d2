"""The network that ships grades real photographs, says where it looked, and refuses what is no photograph."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediassist.__main__ import main
from models.catalogue import open_model
from models.evaluation import Unreadable
from models.retinopathy import evaluate, grader
from models.retinopathy.grader import MOST_PIXELS, Graded, NoPicture, picture_of
from models.retinopathy.photograph import SIDE, Unusable, square
from models.retinopathy.verdict import LESIONS, STEPS
from tests.models.retinopathy.eyes import IDRID, cat, needs_idrid, retina

GRADER = grader.shipped()


def encoded(picture: np.ndarray, form: str = "PNG") -> bytes:
    held = BytesIO()
    Image.fromarray(picture).save(held, form, quality=92)
    return held.getvalue()


def test_the_card_says_what_the_network_takes_and_gives() -> None:
    card = open_model(Path(grader.__file__).parent).card
    assert card.inputs[0].shape == (1, 3, SIDE, SIDE)
    assert card.outputs[0].meaning == STEPS
    assert card.outputs[0].shape == (1, len(STEPS) + len(LESIONS) * grader.GRID**2)
    assert card.figure("quadratic weighted kappa", "IDRiD training half, out of fold, int8").value > 0.8
    assert set(card.thresholds) == set(STEPS)


def test_a_verdict_has_a_map_and_is_the_same_again() -> None:
    pixels = square(retina())
    assert isinstance(pixels, np.ndarray)
    first, second = GRADER.ask(pixels), GRADER.ask(pixels)
    assert first.verdict == second.verdict
    assert first.map.shape == (len(LESIONS), grader.GRID, grader.GRID)
    assert ((first.map >= 0) & (first.map <= 1)).all()
    assert sum(first.verdict.grades) == pytest.approx(1)


@pytest.mark.parametrize("picture", [np.zeros((600, 600, 3), np.uint8), np.full((600, 600, 3), 255, np.uint8), cat(), retina(light=0.1)])
def test_no_finding_in_what_is_no_photograph_of_a_retina(picture: np.ndarray) -> None:
    assert isinstance(GRADER.grade(picture), Unusable)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP"])
def test_pictures_are_decoded(form: str) -> None:
    assert picture_of(encoded(retina(), form)).shape[2] == 3


def test_a_large_jpeg_is_decoded_no_larger_than_it_needs_to_be() -> None:
    large = np.asarray(Image.fromarray(retina()).resize((4288, 2848)))
    assert min(picture_of(encoded(large, "JPEG")).shape[:2]) in range(1024, 2848)


@pytest.mark.parametrize("data", [b"", b"nonsense", encoded(retina())[:2000], encoded(retina(), "JPEG")[:50]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NoPicture, match="no picture"):
        picture_of(data)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    held = BytesIO()
    Image.new("1", (MOST_PIXELS // 5000 + 1, 5000)).save(held, "PNG")
    with pytest.raises(NoPicture, match="more than"):
        picture_of(held.getvalue())


def test_a_folder_is_judged_and_what_is_wrong_with_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "eye.png").write_bytes(encoded(retina()))
    (tmp_path / "cat.png").write_bytes(encoded(cat()))
    assert main(["evaluate", "retinopathy", "--data", str(tmp_path)]) == 2
    assert "--labels" in capsys.readouterr().err
    (tmp_path / "labels.csv").write_text("image,dr_grade,dme_risk\neye,0,0\ncat,2,0\n")
    assert main(["evaluate", "retinopathy", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "1 not graded: no retina is seen" in said
    assert "accuracy" in said
    (tmp_path / "cat.png").write_bytes(b"nonsense")
    with pytest.raises(Unreadable, match=r"cat\.png"):
        evaluate.evaluate(tmp_path, None, print)
    (tmp_path / "labels.csv").write_text("image,dr_grade\n")
    assert main(["evaluate", "retinopathy", "--data", str(tmp_path)]) == 2


@needs_idrid
def test_real_photographs_turned_and_mirrored_have_nearly_the_same_score() -> None:
    for name in ("IDRiD_010", "IDRiD_200"):
        picture = picture_of((IDRID / "train" / f"{name}.jpg").read_bytes())
        answers = [GRADER.grade(np.ascontiguousarray(view)) for view in (picture, picture[:, ::-1], picture[::-1, ::-1])]
        scores = [each.verdict.referable for each in answers if isinstance(each, Graded)]
        assert len(scores) == 3
        assert max(scores) - min(scores) < 0.35

"""A model opens only when the bytes that will run are the bytes its card describes."""

from pathlib import Path
from shutil import copytree

import pytest

from models.catalogue import HERE, ModelRefused, open_model, read_card
from models.onnx_runner import OnnxRunner
from models.vital_anomaly.features import FEATURES
from models.vital_anomaly.verdict import thresholds_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = {"__pycache__"}
    return Path(copytree(HERE / "vital_anomaly", tmp_path / "vital_anomaly", ignore=lambda _, names: ignored & set(names)))


def test_the_committed_model_opens_by_name_and_by_folder(folder: Path) -> None:
    by_name = open_model("vital_anomaly")
    assert by_name == open_model(folder)
    assert by_name.card.name == "vital_anomaly"
    assert by_name.card.inputs[0].shape == (-1, FEATURES)
    assert len(by_name.card.inputs[0].meaning) == FEATURES
    assert thresholds_of(by_name.card.thresholds).raise_at > 0.5
    OnnxRunner(by_name.artefact)


def test_a_tampered_artefact_is_refused(folder: Path) -> None:
    artefact = folder / "artefacts" / "vital_anomaly.onnx"
    data = bytearray(artefact.read_bytes())
    data[len(data) // 2] ^= 1
    artefact.write_bytes(data)
    with pytest.raises(ModelRefused, match=r"its card says .* install it again"):
        open_model(folder)


def test_a_missing_artefact_is_refused(folder: Path) -> None:
    (folder / "artefacts" / "vital_anomaly.onnx").unlink()
    with pytest.raises(ModelRefused, match="cannot read its artefact"):
        open_model(folder)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="no model card"):
        open_model(tmp_path)


@pytest.mark.parametrize(("text", "why"), [("name = ", "not readable"), ('name = "x"', "lacks 'version'"), ("\xff", "not readable")])
def test_a_broken_card_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "card.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelRefused, match=why):
        read_card(tmp_path / "card.toml")


def test_every_figure_of_the_card_can_be_looked_up() -> None:
    card = open_model("vital_anomaly").card
    for figure in card.figures:
        assert card.figure(figure.name, figure.on).low <= figure.value <= figure.high
    with pytest.raises(KeyError, match="no figure 'luck'"):
        card.figure("luck", "anybody")

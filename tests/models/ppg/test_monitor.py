"""The network that ships counts breaths and pulses, says how sure it is, and says nothing of what is no pulse wave."""

from pathlib import Path

import numpy as np
import pytest

from mediassist.__main__ import main
from models.catalogue import open_model
from models.onnx_runner import OnnxRunner
from models.ppg import monitor, peers, quality
from models.ppg.breath import GRID, NAMES
from models.ppg.monitor import likely, measure, shipped
from models.ppg.wave import UnusableWave, ready
from tests.models.ppg.hearts import BIDMC, beating, needs_bidmc

RUNNER = shipped()
MODEL = open_model(Path(monitor.__file__).parent)


@pytest.mark.parametrize("breaths", [12.0, 16.0, 20.0, 26.0])
def test_breath_and_pulse_of_a_made_wave(breaths: float) -> None:
    found = measure(beating(32, 76, breaths), 125.0, RUNNER)
    assert found.pulse == pytest.approx(76, abs=1)
    assert found.quality > quality.GOOD
    assert found.breath is not None
    assert found.breath.rate == pytest.approx(breaths, abs=1.5)
    assert found.breath.low <= found.breath.rate <= found.breath.high


def test_a_short_wave_has_a_pulse_and_no_breath_and_a_long_one_that_of_its_end() -> None:
    assert measure(beating(12, 76, 15), 125.0, RUNNER).breath is None
    both = np.concatenate([beating(40, 76, 24), beating(36, 76, 12)])
    found = measure(both, 125.0, RUNNER).breath
    assert found is not None
    assert found.rate == pytest.approx(12, abs=2)


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(4000),
        np.full(4000, np.nan),
        np.random.default_rng(0).normal(0, 1, 4000),
        np.clip(beating(32, 76, 15), 2.0, 2.1),
        np.random.default_rng(1).normal(0, 1, 4000).cumsum(),
    ],
)
def test_nothing_is_said_of_what_is_no_pulse_wave(signal: np.ndarray) -> None:
    with pytest.raises(UnusableWave):
        measure(signal, 125.0, RUNNER)


def test_quality_falls_with_noise() -> None:
    found = [peers.index(beating(32, 76, 15, noise=noise), 125.0) for noise in (0.01, 0.6, 3.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[-1] < 0.5


def test_plug_ins_and_runtimes_say_the_same() -> None:
    wave = beating(32, 76, 15)
    found = measure(wave, 125.0, RUNNER)
    assert found.breath is not None
    assert peers.breaths(wave, 125.0) == found.breath.rate
    assert peers.pulse(wave, 125.0) == found.pulse
    features = np.random.default_rng(0).normal(0, 2, (5000, len(NAMES))).astype(np.float32)
    assert RUNNER.run(features).tobytes() == OnnxRunner(MODEL.artefact).run(features).tobytes()
    assert MODEL.card.inputs[0].meaning == NAMES
    assert likely(features[: len(GRID)], RUNNER).sum() == pytest.approx(1)
    assert np.isnan(peers.breaths(beating(10, 76, 15), 125.0))


@needs_bidmc
def test_recordings_are_judged_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("bidmc_01", "bidmc_10"):
        (tmp_path / f"{name}.npz").write_bytes((BIDMC / f"{name}.npz").read_bytes())
    assert main(["evaluate", "ppg", "--data", str(tmp_path), "--report", str(tmp_path / "r.json")]) == 0
    said = capsys.readouterr().out
    assert "breaths, mean error against annotators" in said
    assert "pulse, mean error" in said


def test_what_cannot_be_judged_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "ppg", "--data", str(tmp_path)]) == 2
    assert "holds no bidmc_NN.npz" in capsys.readouterr().err
    (tmp_path / "bidmc_01.npz").write_bytes(b"nonsense")
    assert main(["evaluate", "ppg", "--data", str(tmp_path)]) == 2
    assert "bidmc_01.npz is no recording" in capsys.readouterr().err
    assert main(["evaluate", "ppg", "--data", str(tmp_path), "--labels", "x.csv"]) == 2


def test_wave_of_a_finger_that_is_read_again_gives_the_same() -> None:
    wave = beating(32, 76, 15)
    assert measure(wave, 125.0, RUNNER) == measure(wave.copy(), 125.0, RUNNER)
    assert ready(wave, 125.0).regular == ready(wave, 125.0).regular

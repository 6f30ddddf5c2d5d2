"""The network that ships forecasts better than "as now", says its bounds in order, and refuses what is no history."""

from pathlib import Path

import numpy as np
import pytest

from mediassist.__main__ import main
from models.catalogue import open_model
from models.glucose import forecaster, peers
from models.glucose.forecaster import ANSWERS, LOW, MINUTES, UnusableHistory, forecast, forecasts, warned
from models.glucose.history import HIGHEST, LAGS, LOWEST, NAMES, described
from models.glucose.shipped import opened
from models.onnx_runner import OnnxRunner
from tests.models.glucose.courses import course, write

RUNNER = opened().runner
MODEL = open_model(Path(forecaster.__file__).parent)
CGM = Path(__file__).parents[4] / "shared" / "data" / "vitals" / "cgm"
HAS_CGM = CGM.is_dir()


def test_a_fall_is_carried_on_and_warned_of() -> None:
    falling = np.concatenate([np.full(12, 150.0), np.linspace(150, 82, 12)])
    said = forecast(falling, RUNNER)
    assert [each.minutes for each in said] == list(MINUTES)
    assert said[0].median < 80
    assert warned(forecasts(falling[np.newaxis], RUNNER), falling[-1:]).all()
    level = np.full(LAGS, 140.0) + np.random.default_rng(0).normal(0, 1, LAGS)
    assert abs(forecast(level, RUNNER)[1].median - 140) < 12
    assert not warned(forecasts(level[np.newaxis], RUNNER), level[-1:]).any()


def test_what_is_low_already_is_not_warned_of() -> None:
    low = np.linspace(150, LOW - 1, LAGS)
    assert not warned(forecasts(low[np.newaxis], RUNNER), low[-1:]).any()


def test_bounds_are_in_order_and_within_what_a_sensor_says() -> None:
    histories = np.random.default_rng(0).uniform(40, 400, (500, LAGS))
    said = forecasts(histories, RUNNER)
    assert said.shape == (500, len(MINUTES), len(ANSWERS))
    assert (np.diff(said[:, :, 1:], axis=2) >= 0).all()
    assert LOWEST <= said.min() <= said.max() <= HIGHEST


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (np.full(LAGS - 1, 100.0), "24 readings"),
        (np.full((2, LAGS), 100.0), "24 readings"),
        (np.where(np.arange(LAGS) == 5, np.nan, 100.0), "missing"),
        (np.full(LAGS, 5.0), "outside 20 to 600"),
        (np.full(LAGS, np.inf), "outside"),
    ],
)
def test_what_is_no_history_is_refused(history: np.ndarray, said: str) -> None:
    with pytest.raises(UnusableHistory, match=said):
        forecast(history, RUNNER)


def test_runtimes_and_plug_in_say_the_same() -> None:
    histories = np.random.default_rng(1).uniform(60, 300, (2000, LAGS))
    features = described(histories)
    assert RUNNER.run(features).tobytes() == OnnxRunner(MODEL.artefact).run(features).tobytes()
    assert peers.fit([], 6)(histories).tolist() == forecasts(histories, RUNNER)[:, 1, 3].tolist()
    assert MODEL.card.inputs[0].meaning == NAMES
    assert len(MODEL.card.outputs[0].meaning) == len(MINUTES) * len(ANSWERS)


def test_tables_are_judged_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "A.csv", {"one": course(3), "two": course(3, 1, low=90)})
    assert main(["evaluate", "glucose", "--data", str(tmp_path), "--report", str(tmp_path / "r.json")]) == 0
    said = capsys.readouterr().out
    assert "A: 2 people" in said
    assert "30 min, as now, mean absolute error" in said
    assert main(["evaluate", "glucose", "--data", str(tmp_path / "none")]) == 2
    assert main(["evaluate", "glucose", "--data", str(tmp_path), "--labels", "x.csv"]) == 2


@pytest.mark.skipif(not HAS_CGM, reason="shared/data/vitals/cgm (glucose readings) is not here")
def test_real_readings_keep_the_cards_figures() -> None:
    assess = pytest.importorskip("models.glucose.assess")
    readings = pytest.importorskip("models.glucose.readings")
    people = [assess.told(person, RUNNER) for person in readings.read(CGM / "HUPA-UCM.csv.gz", last_day=True)]
    name = "30 min, mean absolute error"
    assert assess.figures()[name](people) == pytest.approx(MODEL.card.figure(name, "HUPA-UCM, later part").value, abs=1e-3)

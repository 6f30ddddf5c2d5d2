"""A training is noted with what went in, what was measured, its card and its artefact; each anew, beside those before."""

from pathlib import Path

import pytest

mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed: it is of requirements/train.lock")

from models.catalogue import HERE, read_card  # noqa: E402
from models.tracking import DATABASE, measured, track  # noqa: E402


@pytest.mark.filterwarnings("ignore")
def test_a_training_is_noted_and_found_again(tmp_path: Path) -> None:
    model = HERE / "heart_rhythm"
    card = read_card(model / "card.toml")
    runs = [track(model, tmp_path / "runs") for _ in range(2)]
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'runs' / DATABASE}")
    experiment = client.get_experiment_by_name(card.name)
    assert {run.info.run_id for run in client.search_runs([experiment.experiment_id])} == set(runs)
    run = client.get_run(runs[0])
    assert run.data.params["sha256"] == card.sha256
    assert run.data.params["seed"] == str(card.seed)
    assert run.data.metrics == pytest.approx(measured(card))
    assert {each.path for each in client.list_artifacts(runs[0])} == {"card.toml", Path(card.artefact).name}


def test_no_name_has_what_mlflow_refuses_and_no_figure_is_missing_a_number() -> None:
    for folder in ("heart_rhythm", "ppg", "glucose", "retinopathy", "vital_anomaly"):
        found = measured(read_card(HERE / folder / "card.toml"))
        assert found
        assert all("," not in name and "%" not in name and value == value for name, value in found.items())  # noqa: PLR0124

"""The card's figures are reproduced from the committed artefact on the recordings it names."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from models.catalogue import Model, open_model
from models.onnx_runner import OnnxRunner
from models.vital_anomaly.features import Minute
from models.vital_anomaly.figures import Watched, figures, watch, windows_of
from models.vital_anomaly.recordings import MITDB_TEST, Labelled, Recorded, beats_at, read_mitdb
from models.vital_anomaly.verdict import Thresholds, thresholds_of

MITDB = Path(__file__).parents[4] / "shared" / "data" / "ecg" / "mitdb"
HAS_MITDB = MITDB.is_dir()
needs_mitdb = pytest.mark.skipif(not HAS_MITDB, reason="shared/data/ecg/mitdb (MIT-BIH records) is not here")
ON = "MIT-BIH test people"


@cache
def shipped() -> tuple[Model, dict[str, Watched]]:
    model = open_model("vital_anomaly")
    thresholds = thresholds_of(model.card.thresholds)
    people = [read_mitdb(MITDB, record) for record in MITDB_TEST]
    return model, {person.id: watch(person, OnnxRunner(model.artefact), thresholds) for person in people}


@needs_mitdb
def test_the_cards_headline_is_what_the_artefact_does() -> None:
    model, people = shipped()
    for found in figures(list(people.values()), thresholds_of(model.card.thresholds).raise_at, ON, draws=50):
        stated = model.card.figure(found.name, ON)
        assert found.value == pytest.approx(stated.value, rel=2e-3), found.name
        # Fifty draws for the card's thousand: the interval's place, not its last digit.
        assert found.low == pytest.approx(stated.low, rel=0.05, abs=8.0 if "alerts" in found.name else 0.03), found.name


@needs_mitdb
@pytest.mark.parametrize("record", ["100", "105", "113", "117"])
def test_a_calm_record_raises_no_alert(record: str) -> None:
    assert shipped()[1][f"mitdb/{record}"].alerts == ()


@needs_mitdb
def test_ventricular_bigeminy_scores_anomalous() -> None:
    person = shipped()[1]["mitdb/200"]
    assert True in person.alerts
    assert np.median(person.scores) > 0.9


class Rising:
    """A runner that scores each window higher than the last."""

    def run(self, features: np.ndarray) -> np.ndarray:
        return np.linspace(0, 1, len(features), dtype=np.float32)[:, None]


def person(truth: list[bool | None]) -> Recorded:
    minute = Minute(beats=beats_at(np.arange(75) * 800.0))
    return Recorded("somebody", tuple(Labelled(minute, rhythm=False, abnormal=each) for each in truth))


def test_minutes_of_unknown_truth_count_in_no_figure_but_alerts() -> None:
    seen = watch(person([False] * 5 + [None] * 5), Rising(), Thresholds(0.6, 0.3, 1, 1))
    assert seen.alerts == (None,)
    assert len(seen.known.scores) == 5
    found = {figure.name: figure.value for figure in figures([seen], 0.6, "nobody")}
    assert found["specificity"] == 1.0
    assert found["alerts per patient-day"] == 1728.0
    assert found["false alerts per ordinary patient-day"] == 0.0
    assert np.isnan(found["AUROC"])


def test_minutes_without_beats_enough_are_not_judged() -> None:
    short = Labelled(Minute(beats=beats_at(np.arange(5) * 800.0)), rhythm=False, abnormal=False)
    features, truth = windows_of(Recorded("somebody", (*person([False]).minutes, short)))
    assert len(features) == len(truth) == 1

"""What training writes is a card that the catalogue reads."""

from pathlib import Path

import numpy as np

from models.catalogue import Figure, read_card
from models.evaluation import Agreement
from models.vital_anomaly.card import LIMITS, Trained, written
from models.vital_anomaly.features import FEATURES
from models.vital_anomaly.figures import Watched
from models.vital_anomaly.verdict import Thresholds, thresholds_of


def test_a_written_card_is_read_back(tmp_path: Path) -> None:
    figure = Figure("AUROC", 0.9, 0.8, 0.95, "somebody")
    thresholds = Thresholds(0.9, 0.45, 2, 6)
    watched = Watched("mitdb/100", np.array([0.1, 0.2, 0.9]), (False, None, True), (True,))
    trained = Trained("0" * 64, 3, thresholds, (figure,), 0.7, 0.8, Agreement(0.1, 0.01, 0.999), (watched,))
    path = tmp_path / "card.toml"
    path.write_text(written(trained), "utf-8")
    card = read_card(path)
    assert (card.name, card.version, card.sha256, card.seed) == ("vital_anomaly", "0", "0" * 64, 3)
    assert card.limits == LIMITS
    assert card.figures == (figure,)
    assert thresholds_of(card.thresholds) == thresholds
    assert len(card.inputs[0].meaning) == FEATURES
    assert "--seed 3" in card.training["command"]
    assert "3 windows, 33% abnormal, median score 0.200, alerts [1, 0, 0]" in path.read_text("utf-8")

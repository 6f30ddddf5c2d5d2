"""The rivals learn what goes together; the one that ships is written as matrices that say the same."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: `pip install torch==2.13.0` after requirements/train.lock")
pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")
pytest.importorskip("mlflow", reason="mlflow is not installed: `pip install -r requirements/train.lock`")

from models.catalogue import read_card
from models.evaluation import Agreement
from models.onnx_runner import OnnxRunner
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.trend.card import Trained, text_of
from models.vital_anomaly.trend.network import ConvAutoencoder, LstmAutoencoder, Rival, again, fitted, standardised, write
from models.vital_anomaly.trend.strangeness import people_of
from models.vital_anomaly.trend.train import SHIPS, chosen, learnt_from, out_of_fold, quantized
from models.vital_anomaly.trend.train import people_of as measured
from tests.models.vital_anomaly.trend.people import person

PEOPLE = [person(number, steps=60) for number in range(8)]


@pytest.mark.parametrize("make", [ConvAutoencoder, LstmAutoencoder])
def test_a_rival_says_what_it_has_seen_better_than_what_it_has_not(make: type[Rival]) -> None:
    seen = standardised(learnt_from(PEOPLE), measured(PEOPLE))
    strange = seen.copy()
    strange[:, ::3, 0] += 4
    net = fitted(make, seen, 0)
    off, far = (float(np.square(again(net, each) - each[:, :, :4].reshape(len(each), -1)).mean()) for each in (seen, strange))
    assert off < 0.7
    assert far > 2 * off


def test_the_written_matrices_say_what_the_network_says() -> None:
    people, features = measured(PEOPLE), learnt_from(PEOPLE)
    net = fitted(ConvAutoencoder, standardised(features, people), 0)
    exact, artefact = quantized(net, people, features)
    assert exact == write(net, people)
    expected = again(net, standardised(features[::20], people))
    assert np.abs(OnnxRunner(exact).run(features[::20]) - expected).max() < 1e-4
    small = PerceptronRunner(artefact).run(features[::20])
    assert small.tobytes() == OnnxRunner(artefact).run(features[::20]).tobytes()
    assert np.abs(small - expected).mean() < 0.1


def test_the_same_seed_gives_the_same_network() -> None:
    people = measured(PEOPLE)
    seen = standardised(learnt_from(PEOPLE), people)
    once, twice, other = (write(fitted(ConvAutoencoder, seen, seed), people) for seed in (1, 1, 2))
    assert once == twice != other


def test_a_training_from_people_to_card(tmp_path: Path) -> None:
    seen = out_of_fold(PEOPLE, 0)
    assert all(len(each) == len(PEOPLE) for each in seen.values())
    trained = Trained("0" * 64, 0, measured(PEOPLE), chosen(seen[SHIPS]), SHIPS, seen, Agreement(0.1, 0.01, 1.0), 10)
    path = tmp_path / "card.toml"
    path.write_text(text_of(trained), "utf-8")
    card = read_card(path)
    assert people_of(card.thresholds) == measured(PEOPLE)
    assert any(figure.on.endswith("LSTM") for figure in card.figures)
    assert 0 <= card.figure("sensitivity, planted", "people not seen, as used").value <= 1

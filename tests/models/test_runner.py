"""What every runner keeps: one score a window, the same answer to the same question, whatever stands beside it in the batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue import open_model
from models.onnx_runner import OnnxRunner
from models.runner import Runner
from models.vital_anomaly.features import FEATURES

RUNNERS = {"onnx": OnnxRunner(open_model("vital_anomaly").artefact)}


@pytest.fixture(params=sorted(RUNNERS), scope="module")
def runner(request: pytest.FixtureRequest) -> Runner:
    return RUNNERS[request.param]


@given(seed=st.integers(0, 2**31), rows=st.integers(1, 20))
def test_scores_are_repeatable_and_do_not_depend_on_the_batch(runner: Runner, seed: int, rows: int) -> None:
    features = np.random.default_rng(seed).normal(0, 50, (rows, FEATURES)).astype(np.float32)
    scores = runner.run(features)
    assert scores.shape == (rows, 1)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores.tobytes() == runner.run(features).tobytes()
    assert scores.tobytes() == np.concatenate([runner.run(features[k : k + 1]) for k in range(rows)]).tobytes()

"""The gateway's own evaluation of its small networks says what ONNX Runtime says, bit for bit, and opens nothing else."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue import ModelRefused, open_model
from models.onnx_runner import OnnxRunner
from models.perceptron_runner import PerceptronRunner
from models.vital_anomaly.features import FEATURES, VALUES

ARTEFACT = open_model("vital_anomaly").artefact


@pytest.mark.parametrize("spread", [0.1, 3.0, 100.0, 1e6])
def test_it_says_what_onnx_runtime_says(spread: float) -> None:
    dice = np.random.default_rng(3)
    values = dice.normal(0, spread, (20_000, len(VALUES)))
    features = np.concatenate([values, dice.integers(0, 2, values.shape)], axis=1).astype(np.float32)
    assert PerceptronRunner(ARTEFACT).run(features).tobytes() == OnnxRunner(ARTEFACT).run(features).tobytes()


def test_a_row_scores_alone_as_among_others() -> None:
    features = np.random.default_rng(4).normal(0, 50, (50, FEATURES)).astype(np.float32)
    runner = PerceptronRunner(ARTEFACT)
    assert runner.run(features).tobytes() == b"".join(runner.run(row[None]).tobytes() for row in features)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_network_or_refused(data: bytes) -> None:
    with pytest.raises(ModelRefused):
        PerceptronRunner(data)


@given(st.integers(0, len(ARTEFACT) - 1), st.integers(0, 255))
def test_a_damaged_network_is_refused_or_opened(place: int, byte: int) -> None:
    with suppress(ModelRefused):
        PerceptronRunner(ARTEFACT[:place] + bytes([byte]) + ARTEFACT[place + 1 :])


def test_a_network_that_is_cut_off_is_refused() -> None:
    for end in range(0, len(ARTEFACT), 97):
        with pytest.raises(ModelRefused):
            PerceptronRunner(ARTEFACT[:end])


def test_operators_that_only_a_runtime_knows_are_named() -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")
    info = onnx.helper.make_tensor_value_info
    ends = [[info(name, onnx.TensorProto.FLOAT, [1])] for name in "xy"]
    model = onnx.helper.make_model(onnx.helper.make_graph([onnx.helper.make_node("Erf", ["x"], ["y"])], "g", *ends))
    with pytest.raises(ModelRefused, match="only a runtime knows: Erf"):
        PerceptronRunner(model.SerializeToString())
    twice = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", ends[0] * 2, ends[1])
    with pytest.raises(ModelRefused, match="2 inputs and 1 outputs"):
        PerceptronRunner(onnx.helper.make_model(twice).SerializeToString())


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_whole_numbers_of_a_tensor_are_read_one_by_one_packed_and_raw(number: int) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: `pip install -r requirements/train.lock`")
    info, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    ends = [info("x", kinds.INT64, [1])], [info("y", kinds.FLOAT, [1])]
    for raw in (False, True):
        held = onnx.helper.make_tensor("n", kinds.INT64, [1], np.array([number]).tobytes() if raw else [number], raw=raw)
        graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "n"], ["y"])], "g", *ends, [held])
        said = PerceptronRunner(onnx.helper.make_model(graph).SerializeToString()).run(np.array([0]))
        assert said == np.float32(number)

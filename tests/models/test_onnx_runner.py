"""ONNX Runtime opens what is a network with one input and one output, and nothing else."""

import pytest

from models.catalogue import ModelRefused
from models.onnx_runner import OnnxRunner


@pytest.mark.parametrize("artefact", [b"", b"no network", b"\x08\x09" * 50])
def test_bytes_that_are_no_network_are_refused(artefact: bytes) -> None:
    with pytest.raises(ModelRefused, match="cannot open the artefact"):
        OnnxRunner(artefact)


def test_a_network_with_two_outputs_is_refused() -> None:
    # Two identities of one input, written by hand: ir_version 8, opset 13, graph {x -> y, x -> z}, float tensors of shape (1,).
    def field(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    def node(output: bytes) -> bytes:
        return field(1, field(1, b"x") + field(2, output) + field(4, b"Identity"))

    def tensor(name: bytes) -> bytes:
        shape = field(2, field(1, b"\x08\x01"))
        return field(1, name) + field(2, field(1, b"\x08\x01" + shape))

    graph = node(b"y") + node(b"z") + field(2, b"g") + field(11, tensor(b"x")) + field(12, tensor(b"y")) + field(12, tensor(b"z"))
    network = b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d")
    with pytest.raises(ModelRefused, match="1 inputs and 2 outputs"):
        OnnxRunner(network)

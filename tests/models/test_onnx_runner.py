"""ONNX Runtime opens what is a network with one input and one output, and nothing else."""

import pytest

from models.catalogue import ModelRefused
from models.onnx_runner import OnnxRunner


@pytest.mark.parametrize("artefact", [b"", b"no network", b"\x08\x09" * 50])
def test_bytes_that_are_no_network_are_refused(artefact: bytes) -> None:
    with pytest.raises(ModelRefused, match="cannot open the artefact"):
        OnnxRunner(artefact)

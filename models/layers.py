"""What int8 costs, layer by layer: how far the weights and what comes out of each layer are from the float network's. Training only.

Measured by ONNX Runtime's own comparison (`onnxruntime.quantization.qdq_loss_debug`): the ratio of the float values to their differences, in decibels;
6 dB are one bit. A layer that stands out is the one to keep float.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization.qdq_loss_debug import (
    collect_activations,
    compute_activation_error,
    compute_signal_to_quantization_noice_ratio,
    compute_weight_error,
    create_activation_matching,
    create_weight_matching,
    modify_model_output_intermediate_tensors,
)

from models.catalogue import Layer
from models.onnx_runner import OnnxRunner
from models.quantization import Rows

OUTPUT = "output"


def compared(exact: bytes, small: bytes, name: str, rows: NDArray[np.float32], at_once: int = 256) -> tuple[Layer, ...]:
    """Compare a float network with its int8 form on rows that they are asked: weights, then values in the order of the network, then its output.

    Args:
        exact: ONNX, float32.
        small: ONNX, as `models.quantization` made it of that one.
        name: of their one input.
        rows: shape (n, ...).
        at_once: how many rows go in together.
    """
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        before.write_bytes(exact)
        after.write_bytes(small)
        weights = compute_weight_error(create_weight_matching(str(before), str(after)))
        seen: list[dict[str, list[NDArray[np.float32]]]] = []
        for path in (before, after):
            told = path.with_suffix(".told.onnx")
            modify_model_output_intermediate_tensors(path, told)
            seen.append(collect_activations(str(told), Rows(name, rows, at_once)))
    matched = create_activation_matching(seen[1], seen[0])
    for each, factor in _units(small).items():
        matched[each]["post_qdq"] = [factor * part for part in matched[each]["post_qdq"]]
    values = {each: found["xmodel_err"] for each, found in compute_activation_error(matched).items() if "xmodel_err" in found}
    one, other = (
        [OnnxRunner(network).run(rows[place : place + at_once]) for place in range(0, len(rows), at_once)] for network in (exact, small)
    )
    graph = onnx.load_model_from_string(exact).graph
    made = [*(each.name for each in graph.input), *(name for node in graph.node for name in node.output)]
    return (
        *(Layer(each.name, "weights", weights[each.name]) for each in graph.initializer if each.name in weights),
        *(Layer(each, "values", values[each]) for each in made if each in values),
        Layer(OUTPUT, "values", compute_signal_to_quantization_noice_ratio(one, other)),
    )


def _units(small: bytes) -> dict[str, float]:
    """Return what to multiply values by that leave a pair of QuantizeLinear and DequantizeLinear in other units than they went in.

    Such is the last layer's input: `models.exact_head` counts it in whole numbers.
    """
    graph = onnx.load_model_from_string(small).graph
    held = {each.name: onnx.numpy_helper.to_array(each).astype(np.float64) for each in graph.initializer}
    back = {node.input[0]: held[node.input[1]] for node in graph.node if node.op_type == "DequantizeLinear"}
    scales = {node.input[0]: (held[node.input[1]], back[node.output[0]]) for node in graph.node if node.op_type == "QuantizeLinear"}
    return {name: there.item() / again.item() for name, (there, again) in scales.items() if there.size == 1 and there != again}


def lines(layers: tuple[Layer, ...]) -> list[str]:
    """Return them as a card has them."""
    found: list[str] = []
    for each in layers:
        found += ["", "[[layer]]", f'name = "{each.name}"', f'kind = "{each.kind}"', f"decibels = {each.decibels:.1f}"]
    return found

"""What every card says in the same form: how it begins (which model, which artefact, for what, what it cannot do), what a row is, and figures."""

from collections.abc import Mapping, Sequence

from models.evaluation import Estimate


def beginning(name: str, training: str, sha256: str, intended_use: str, limits: Sequence[str]) -> list[str]:
    """Return the first lines of a card. training: the module that wrote it. sha256: of the artefact, which bears the model's name."""
    return [
        f"# Written by `python -m {training}`; what is said here was measured on the artefact of this hash.",
        f'name = "{name}"',
        'version = "0"',
        f'artefact = "artefacts/{name}.onnx"',
        f'sha256 = "{sha256}"',
        f'intended_use = "{intended_use}"',
        "limits = [",
        *(f'    "{limit}",' for limit in limits),
        "]",
        "",
    ]


def inputs(name: str, columns: Sequence[str], comment: str) -> list[str]:
    """Return the lines of an input of rows of features."""
    return [
        "[[input]]",
        f'name = "{name}"',
        'dtype = "float32"',
        f"shape = [-1, {len(columns)}]",
        f"# {comment}",
        "meaning = [",
        *(f'    "{column}",' for column in columns),
        "]",
        "",
    ]


def figures(found: Mapping[str, Estimate], on: str, decimals: int = 5) -> list[str]:
    """Return the lines of some figures with their intervals; on: which people and windows."""
    lines: list[str] = []
    for name, each in found.items():
        lines += ["", "[[figure]]", f'name = "{name}"', f'on = "{on}"', f"value = {each.value:.{decimals}f}"]
        lines += [f"low = {each.low:.{decimals}f}", f"high = {each.high:.{decimals}f}"]
    return lines

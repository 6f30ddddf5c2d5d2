"""How every card begins: which model, which artefact, for what, and what it cannot do."""

from collections.abc import Sequence


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

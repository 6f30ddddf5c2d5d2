from collections.abc import Sequence
from io import BytesIO

from torch import Tensor, nn

def export(
    model: nn.Module,
    args: tuple[Tensor, ...],
    f: BytesIO,
    *,
    dynamo: bool,
    opset_version: int,
    input_names: Sequence[str],
    output_names: Sequence[str],
) -> None: ...

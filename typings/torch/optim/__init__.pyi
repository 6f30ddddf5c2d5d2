from collections.abc import Iterable
from typing import TypedDict

from torch import Tensor
from torch.optim import lr_scheduler as lr_scheduler

class _Group(TypedDict):
    params: list[Tensor]
    lr: float

class AdamW:
    param_groups: list[_Group]
    def __init__(self, params: Iterable[Tensor] | list[_Group], lr: float = ..., *, weight_decay: float = ...) -> None: ...
    def zero_grad(self, set_to_none: bool = ...) -> None: ...
    def step(self) -> None: ...

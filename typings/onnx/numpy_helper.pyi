import numpy as np
from numpy.typing import NDArray

from onnx import TensorProto

def from_array(array: NDArray[np.generic], name: str) -> TensorProto: ...
def to_array(tensor: TensorProto) -> NDArray[np.generic]: ...

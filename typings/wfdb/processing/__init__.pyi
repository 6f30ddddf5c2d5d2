from numpy import float64, int64
from numpy.typing import NDArray

def gqrs_detect(*, sig: NDArray[float64], fs: float, threshold: float = 1.0) -> NDArray[int64]: ...

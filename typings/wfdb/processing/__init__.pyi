from numpy import float64, int64
from numpy.typing import NDArray

def gqrs_detect(*, sig: NDArray[float64], fs: float) -> NDArray[int64]: ...

import numpy as np
from numpy.typing import NDArray

class CalibrationDataReader:
    def get_next(self) -> dict[str, NDArray[np.float32]] | None: ...

"""The port to a runtime that evaluates a trained network."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runner(Protocol):
    """One opened network, ready to answer; the same input gives the same output, bit for bit; on any processor if `models.quantization` made it."""

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Evaluate a batch.

        Args:
            features: shape (n, f) with f as the card says.

        Returns:
            The network's output, shape (n, outputs).
        """
        ...

"""What both trainings share: their arguments, their folds, and the int8 form of what they fitted."""

import argparse
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import tracking
from models.catalogue import Layer
from models.heart_rhythm.candidates import Features
from models.heart_rhythm.recordings import DS1
from models.layers import compared
from models.perceptron import INPUT
from models.quantization import quantize

FOLDS = 6
CALIBRATION = 4096
"""Rows, about, that the ranges of the int8 network are measured on."""

log = logging.getLogger("heart_rhythm.train")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Of a training. folder: of the records. out: where card.toml and artefacts/ go. tracking: where it is noted."""

    folder: Path
    seed: int
    out: Path
    tracking: Path


def arguments(description: str | None, here: Path) -> Arguments:
    """Read the command line; `here` is the package, where the result goes unless it is said otherwise."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ecg/mitdb")
    tracking.add_arguments(parser, here)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return Arguments(given.data / "ecg" / "mitdb", given.seed, given.out, given.tracking)


def folds(seed: int) -> list[list[str]]:
    """Return DS1 in FOLDS parts of recordings."""
    order = np.random.default_rng(seed).permutation(len(DS1)) % FOLDS
    return [[name for name, of in zip(DS1, order.tolist(), strict=True) if of == fold] for fold in range(FOLDS)]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A network. exact: ONNX, float. artefact: its int8 form. calibration: rows that its ranges were measured on."""

    exact: bytes
    artefact: bytes
    calibration: Features

    @property
    def sha256(self) -> str:
        """Return the hash of the artefact."""
        return sha256(self.artefact).hexdigest()

    def layers(self) -> tuple[Layer, ...]:
        """Return what int8 cost, layer by layer."""
        return compared(self.exact, self.artefact, INPUT, self.calibration)


def fitted(exact: bytes, features: NDArray[np.float32], last: str) -> Fitted:
    """Return a float network with its int8 form. features: what it was fitted to. last: the name of its last Gemm."""
    calibration = features[:: max(1, len(features) // CALIBRATION)]
    return Fitted(exact, quantize(exact, INPUT, calibration, last), calibration)

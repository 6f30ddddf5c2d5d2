"""What both trainings share: their arguments, their folds, the int8 form of what they fitted, and where it goes."""

import argparse
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Features
from models.heart_rhythm.recordings import DS1
from models.perceptron import INPUT
from models.quantization import quantize

FOLDS = 6
CALIBRATION = 4096
"""Rows, about, that the ranges of the int8 network are measured on."""

log = logging.getLogger("heart_rhythm.train")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Of a training. folder: of the records. out: where card.toml and artefacts/ go."""

    folder: Path
    seed: int
    out: Path


def arguments(description: str | None, here: Path) -> Arguments:
    """Read the command line; `here` is the package, where the result goes unless it is said otherwise."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ecg/mitdb")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=here, help="folder for card.toml and artefacts/ (default: this package)")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return Arguments(given.data / "ecg" / "mitdb", given.seed, given.out)


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


def fitted(exact: bytes, features: NDArray[np.float32], last: str) -> Fitted:
    """Return a float network with its int8 form. features: what it was fitted to. last: the name of its last Gemm."""
    calibration = features[:: max(1, len(features) // CALIBRATION)]
    return Fitted(exact, quantize(exact, INPUT, calibration, last), calibration)


def keep(out: Path, name: str, network: Fitted, card: str) -> None:
    """Write an artefact and its card."""
    out.joinpath("artefacts").mkdir(parents=True, exist_ok=True)
    out.joinpath(name).write_bytes(network.artefact)
    out.joinpath("card.toml").write_text(card, "utf-8")
    log.info("%s: %d bytes, SHA-256 %s", name, len(network.artefact), network.sha256)

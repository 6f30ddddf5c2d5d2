"""What trained models there are, what each is for, and the only way to open one: after its hash was checked.

A model is a folder with `card.toml` and the artefact that the card names. The bytes that were hashed are the bytes that run.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

HERE = Path(__file__).parent


class ModelRefused(Exception):
    """This model must not run: the card is not readable, or the artefact is not the one it describes. Install it again."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What goes in or comes out. shape: -1 stands for any number of windows. meaning: names and units of the columns."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    meaning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with its 95 % interval (people drawn with replacement). on: which people and windows."""

    name: str
    value: float
    low: float
    high: float
    on: str


@dataclass(frozen=True, slots=True)
class Layer:
    """What int8 cost one tensor. kind: "weights", or "values" that come out of a layer. decibels: of signal to quantization noise."""

    name: str
    kind: str
    decibels: float


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about a model. sha256: of the artefact, hex. thresholds: name -> value, as used by its verdict.

    layers: in the order of the network; none where the training did not compare them.
    """

    name: str
    version: str
    artefact: str
    sha256: str
    intended_use: str
    limits: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    training: Mapping[str, str]
    seed: int
    thresholds: Mapping[str, float]
    figures: tuple[Figure, ...]
    layers: tuple[Layer, ...]

    def figure(self, name: str, on: str) -> Figure:
        """Look a figure up.

        Raises:
            KeyError: the card has no such figure.
        """
        for figure in self.figures:
            if (figure.name, figure.on) == (name, on):
                return figure
        raise KeyError(f"{self.name}: no figure {name!r} on {on!r}")


@dataclass(frozen=True, slots=True)
class Model:
    """A card and the checked bytes of its artefact."""

    card: Card
    artefact: bytes


def open_model(model: str | Path) -> Model:
    """Open a model by its name in this package ("vital_anomaly") or by its folder.

    Raises:
        ModelRefused: no card, a card that lacks something, or an artefact whose SHA-256 is not the card's.
    """
    folder = model if isinstance(model, Path) else HERE / model
    card = read_card(folder / "card.toml")
    try:
        artefact = (folder / card.artefact).read_bytes()
    except OSError as error:
        raise ModelRefused(f"model {card.name} {card.version}: cannot read its artefact {card.artefact}: {error.strerror}") from error
    found = sha256(artefact).hexdigest()
    if found != card.sha256:
        raise ModelRefused(
            f"model {card.name} {card.version}: {card.artefact} has SHA-256 {found}, its card says {card.sha256}; install it again"
        )
    return Model(card, artefact)


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        ModelRefused: not there, not TOML, or something is missing.
    """
    try:
        return _card(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ModelRefused(f"no model card at {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise ModelRefused(f"model card {path} is not readable: {error}") from error
    except KeyError as error:
        raise ModelRefused(f"model card {path} lacks {error}") from error


def _card(table: dict[str, Any]) -> Card:
    return Card(
        name=str(table["name"]),
        version=str(table["version"]),
        artefact=str(table["artefact"]),
        sha256=str(table["sha256"]),
        intended_use=str(table["intended_use"]),
        limits=tuple(str(limit) for limit in table["limits"]),
        inputs=tuple(_tensor(each) for each in table["input"]),
        outputs=tuple(_tensor(each) for each in table["output"]),
        training=MappingProxyType({str(key): str(value) for key, value in table["training"].items()}),
        seed=int(table["training"]["seed"]),
        thresholds=MappingProxyType({str(key): float(value) for key, value in table["thresholds"].items()}),
        figures=tuple(Figure(str(f["name"]), float(f["value"]), float(f["low"]), float(f["high"]), str(f["on"])) for f in table["figure"]),
        layers=tuple(Layer(str(each["name"]), str(each["kind"]), float(each["decibels"])) for each in table.get("layer", ())),
    )


def _tensor(table: dict[str, Any]) -> Tensor:
    return Tensor(
        str(table["name"]), str(table["dtype"]), tuple(int(size) for size in table["shape"]), tuple(str(word) for word in table["meaning"])
    )

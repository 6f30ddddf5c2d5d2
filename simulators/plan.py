"""What the simulators' process is to pretend: homes, their wearables and what the people in them live through.

As JSON: {"homes": [{"bus": "unix:path=…", "patient": "<uuid>", "source": {"kind": "physiology", "seed": 1, "story": "calm_day"} |
{"kind": "recording", "path": "…"}, "wearables": [{"id", "kind", "address", "name", "hand_over"?, "pairing"?, "passkey"?, "often"?}],
"bonds"?: "<path>"}], "produced": "<path>"}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

from simulators.pairing import WAYS, HowToPair
from simulators.physiology import STORIES
from simulators.sensors import KINDS

_MOST_PASSKEY = 999_999
_SELDOM, _OFTEN = 0.1, 20.0


class PlanError(ValueError):
    """The plan cannot be followed; the message says where it is wrong."""


@dataclass(frozen=True, slots=True)
class PhysiologySource:
    """A person who is not there. story: a key of `physiology.STORIES`."""

    seed: int
    story: str


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """A recording that is lived again."""

    path: Path


@dataclass(frozen=True, slots=True)
class PlannedWearable:
    """One wearable. address: Bluetooth device address. hand_over: whether it numbers and remembers its records.

    pairing: how it must be paired before it says anything, None: it need not be. passkey: what it shows, 0..999999.
    often: how many times as often as such wearables do a belt or an oximeter measures, 0.1..20.
    """

    id: UUID
    kind: str
    address: str
    name: str
    hand_over: bool = True
    pairing: HowToPair | None = None
    passkey: int = 0
    often: float = 1.0


@dataclass(frozen=True, slots=True)
class PlannedHome:
    """One home: a bus on which org.bluez is to be served, one patient, some wearables. bonds: the file of the radios' keys, None: in memory."""

    bus: str
    patient: UUID
    source: PhysiologySource | RecordingSource
    wearables: tuple[PlannedWearable, ...]
    bonds: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything. produced: the journal of what went on the air."""

    homes: tuple[PlannedHome, ...]
    produced: Path


def parse_plan(text: str) -> Plan:
    """Read a plan.

    Raises:
        PlanError: it is none.
    """
    try:
        plan = _mapping(json.loads(text), "plan")
        homes = tuple(_home(_mapping(home, f"homes[{i}]"), f"homes[{i}]") for i, home in enumerate(_list(plan, "homes", "plan")))
    except json.JSONDecodeError as error:
        raise PlanError(f"the plan is no JSON: {error}") from error
    return Plan(homes, Path(_text(plan, "produced", "plan")))


def _home(home: Mapping[str, object], where: str) -> PlannedHome:
    wearables = tuple(
        _wearable(_mapping(wearable, f"{where}.wearables[{i}]"), f"{where}.wearables[{i}]")
        for i, wearable in enumerate(_list(home, "wearables", where))
    )
    source = _source(_mapping(home.get("source"), f"{where}.source"), f"{where}.source")
    bonds = Path(_text(home, "bonds", where)) if "bonds" in home else None
    return PlannedHome(_text(home, "bus", where), _uuid(home, "patient", where), source, wearables, bonds)


def _source(source: Mapping[str, object], where: str) -> PhysiologySource | RecordingSource:
    match _text(source, "kind", where):
        case "physiology":
            seed, story = source.get("seed"), _text(source, "story", where)
            if not isinstance(seed, int) or seed < 0:
                raise PlanError(f"{where}.seed is {seed!r}, not a whole number from 0 on")
            if story not in STORIES:
                raise PlanError(f"{where}.story is {story!r}; there are {', '.join(STORIES)}")
            return PhysiologySource(seed, story)
        case "recording":
            return RecordingSource(Path(_text(source, "path", where)))
        case other:
            raise PlanError(f"{where}.kind is {other!r}, neither 'physiology' nor 'recording'")


def _wearable(wearable: Mapping[str, object], where: str) -> PlannedWearable:
    kind = _text(wearable, "kind", where)
    if kind not in KINDS:
        raise PlanError(f"{where}.kind is {kind!r}; there are {', '.join(KINDS)}")
    hand_over = wearable.get("hand_over", True)
    if not isinstance(hand_over, bool):
        raise PlanError(f"{where}.hand_over is {hand_over!r}, neither true nor false")
    pairing, passkey = wearable.get("pairing"), wearable.get("passkey", 0)
    if pairing is not None and pairing not in WAYS:
        raise PlanError(f"{where}.pairing is {pairing!r}; there are {', '.join(WAYS)}")
    if not isinstance(passkey, int) or not 0 <= passkey <= _MOST_PASSKEY:
        raise PlanError(f"{where}.passkey is {passkey!r}, not a number of at most six digits")
    often = wearable.get("often", 1.0)
    if not isinstance(often, int | float) or not _SELDOM <= often <= _OFTEN:
        raise PlanError(f"{where}.often is {often!r}, not a number from {_SELDOM:g} to {_OFTEN:g}")
    how: HowToPair | None = next((way for way in WAYS if way == pairing), None)
    id_, address, name = _uuid(wearable, "id", where), _text(wearable, "address", where), _text(wearable, "name", where)
    return PlannedWearable(id_, kind, address, name, hand_over, how, passkey, float(often))


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise PlanError(f"{where} is no object")
    return cast("Mapping[str, object]", value)


def _list(owner: Mapping[str, object], key: str, where: str) -> list[object]:
    value = owner.get(key)
    if not isinstance(value, list):
        raise PlanError(f"{where}.{key} is no list")
    return cast("list[object]", value)


def _text(owner: Mapping[str, object], key: str, where: str) -> str:
    value = owner.get(key)
    if not isinstance(value, str) or not value:
        raise PlanError(f"{where}.{key} is {value!r}, not a text")
    return value


def _uuid(owner: Mapping[str, object], key: str, where: str) -> UUID:
    text = _text(owner, key, where)
    try:
        return UUID(text)
    except ValueError:
        raise PlanError(f"{where}.{key} is {text!r}, no UUID") from None

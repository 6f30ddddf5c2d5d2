"""Who lives with this gateway: the file that adoption writes, read strictly."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from edge.firmware_bridge.wearable import KnownWearable
from provisioning import secret_files

NOT_READY = 78
"""With which a gateway's process ends that has no identity or no household: EX_CONFIG of sysexits.h. Starting it again changes nothing."""
_FLAGS = ("delete_stored", "bonded", "adopted_here")


class HouseholdError(Exception):
    """`household.json` cannot be used; the message says what is wrong in it."""


def read_household(path: Path) -> list[KnownWearable]:
    """Read `{"wearables": [{"id", "patient", "address", "kind", "delete_stored"?, "bonded"?, "adopted_here"?, "removed_at"?}]}`.

    Raises:
        HouseholdError: not there, not of that form, or a wearable twice.
    """
    try:
        table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        wearables = [_wearable(wearable) for wearable in table["wearables"]]
    except OSError as error:
        raise HouseholdError(f"{path} cannot be read ({error.strerror}): adopt this gateway first") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HouseholdError(f"{path} is not a household: {error!r}") from error
    for names in ([w.id for w in wearables], [w.address.upper() for w in wearables if w.removed_at is None]):
        if len(set(names)) != len(names):
            raise HouseholdError(f"{path} lists a wearable twice")
    return wearables


def write_household(path: Path, wearables: Sequence[KnownWearable]) -> None:
    """Write it, at once and durably, as `read_household` reads it."""
    table = [{**asdict(wearable), "id": str(wearable.id), "patient": str(wearable.patient)} for wearable in wearables]
    secret_files.replace(path, json.dumps({"wearables": table}).encode())


def paired(known: Iterable[KnownWearable], address: str, kind: str, patient: UUID, new_id: Callable[[], UUID]) -> KnownWearable:
    """Return a wearable that a person has just paired as it belongs here: a new one, or the one of that address, paired anew."""
    ours = next((each for each in known if each.removed_at is None and each.address.upper() == address.upper()), None)
    return replace(ours or KnownWearable(new_id(), patient, address, kind, adopted_here=True), bonded=True)


def _wearable(table: dict[str, Any]) -> KnownWearable:
    flags = [table.get(name, False) for name in _FLAGS]
    for name, flag in zip(_FLAGS, flags, strict=True):
        if not isinstance(flag, bool):
            raise TypeError(f"{name} is {flag!r}, neither true nor false")
    removed_at = table.get("removed_at")
    if removed_at is not None and (isinstance(removed_at, bool) or not isinstance(removed_at, int)):
        raise TypeError(f"removed_at is {removed_at!r}, no moment")
    return KnownWearable(
        UUID(table["id"]), UUID(table["patient"]), str(table["address"]), str(table["kind"]), *flags, removed_at=removed_at
    )

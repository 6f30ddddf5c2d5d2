"""Who lives with this gateway: the file that adoption writes, read strictly."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from edge.firmware_bridge.wearable import KnownWearable


class HouseholdError(Exception):
    """`household.json` cannot be used; the message says what is wrong in it."""


def read_household(path: Path) -> list[KnownWearable]:
    """Read `{"wearables": [{"id", "patient", "address", "kind", "delete_stored"?}]}`.

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
    for names in ([w.id for w in wearables], [w.address.upper() for w in wearables]):
        if len(set(names)) != len(names):
            raise HouseholdError(f"{path} lists a wearable twice")
    return wearables


def _wearable(table: dict[str, Any]) -> KnownWearable:
    delete_stored = table.get("delete_stored", False)
    if not isinstance(delete_stored, bool):
        raise TypeError(f"delete_stored is {delete_stored!r}, neither true nor false")
    return KnownWearable(UUID(table["id"]), UUID(table["patient"]), str(table["address"]), str(table["kind"]), delete_stored)

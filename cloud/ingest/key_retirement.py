"""When an ingest key may be destroyed: only once nothing can arrive any more that needs it (pure).

A destroyed key makes every opening sealed to it unreadable for ever. So a key goes only when each of these holds:

* it was succeeded, and 90 days have passed since: no backup that is still restored from can ask for its openings again;
* the last epoch of every enrolled gateway is sealed to a newer key (or to one of the other suite): none seals to the old one any more;
* every epoch sealed to it is whole, or was declared lost by a person;
* no epoch is named as a predecessor whose opening never came, since that one may be sealed to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

OVERLAP = timedelta(days=90)

Epoch = tuple[UUID, bytes]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of one ingest key.

    behind: enrolled gateways whose last epoch is not sealed to a newer key. unfinished: epochs sealed to it, neither whole nor declared lost.
    unheard: epochs that a successor names, whose opening is not stored and which were not declared lost.
    """

    behind: Sequence[UUID]
    unfinished: Sequence[Epoch]
    unheard: Sequence[Epoch]


def holds(succeeded_at: datetime | None, standing: Standing, now: datetime) -> list[str]:
    """Return what holds an ingest key back, a line each; none: it may be destroyed. succeeded_at: None for a current key."""
    if succeeded_at is None:
        return ["it is the current key of its suite: rotate first"]
    lines: list[str] = []
    if now < succeeded_at + OVERLAP:
        lines.append(
            f"it was succeeded at {succeeded_at:%Y-%m-%d}, less than {OVERLAP.days} days ago: wait until {succeeded_at + OVERLAP:%Y-%m-%d}"
        )
    lines += [f"gateway {gateway.hex} has not moved on to a newer key" for gateway in standing.behind]
    lines += [f"gateway {gateway.hex}: epoch {epoch.hex()} is not whole" for gateway, epoch in standing.unfinished]
    lines += [f"gateway {gateway.hex}: the opening of epoch {epoch.hex()} never came" for gateway, epoch in standing.unheard]
    return lines

"""The alarms of a home: what is raised, what is put off and until when, what somebody has seen. Pure.

Priorities follow the meaning of IEC 60601-1-8; nothing is silenced for good: putting off ends by itself, and one that was seen sounds
again when the same kind is found anew.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from edge.gateway.watch_finding import Priority, WatchFinding

QUIET_MS: dict[Priority, int] = {"high": 2 * 60_000, "medium": 10 * 60_000, "low": 60 * 60_000}
"""How long an alarm is put off."""
KEEP_MS = 24 * 3_600_000
"""How long one that was seen is still shown."""
MOST = 200
_RANK: dict[Priority, int] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. at: ms UTC, the judged moment. quiet_until, seen_at: ms UTC or None.

    about: a wearable, None: the person. metric: of which one vital (code), None: of none in particular.
    """

    id: UUID
    patient: UUID
    kind: str
    priority: Priority
    at: int
    explanation: str
    quiet_until: int | None = None
    seen_at: int | None = None
    about: UUID | None = None
    metric: int | None = None

    def sounds(self, now: int) -> bool:
        """Say whether it is to be heard."""
        return self.seen_at is None and (self.quiet_until is None or self.quiet_until <= now)


Alarms = tuple[Alarm, ...]
"""Newest first."""


def found(alarms: Alarms, finding: WatchFinding) -> Alarms:
    """Return the alarms with what was found; the same finding twice is one, and a newer one of its kind takes an open one's place."""
    metric = int(finding.thresholds["metric"]) if "metric" in finding.thresholds else None
    new = Alarm(finding.id, finding.patient, finding.kind, finding.priority, finding.at, finding.explanation, metric=metric)
    return raised(alarms, new)


def raised(alarms: Alarms, new: Alarm) -> Alarms:
    """Return the alarms with a new one; the same one twice is one, and a newer one of its kind and subject takes an open one's place."""
    if any(alarm.id == new.id for alarm in alarms):
        return alarms
    others = [a for a in alarms if a.seen_at is not None or _subject(a) != _subject(new) or a.at > new.at]
    return tuple(sorted([*others, new], key=lambda alarm: -alarm.at))[:MOST]


def _subject(alarm: Alarm) -> tuple[UUID, str, UUID | None, int | None]:
    return alarm.patient, alarm.kind, alarm.about, alarm.metric


def put_off(alarms: Alarms, which: UUID, now: int) -> Alarms:
    """Return the alarms with one quiet for QUIET_MS; one that is unknown or seen changes nothing."""
    return tuple(
        replace(a, quiet_until=now + QUIET_MS[a.priority]) if a.id == which and a.seen_at is None and a.sounds(now) else a for a in alarms
    )


def seen(alarms: Alarms, which: UUID, now: int) -> Alarms:
    """Return the alarms with one seen; one that is unknown, or seen already, changes nothing."""
    return tuple(replace(a, seen_at=now) if a.id == which and a.seen_at is None else a for a in alarms)


def over(alarms: Alarms, kind: str, about: UUID | None, now: int) -> Alarms:
    """Return the alarms with the open ones of a kind about a wearable, or about no wearable, no longer open: what they were raised for has ended."""
    return tuple(replace(a, seen_at=now) if (a.kind, a.about) == (kind, about) and a.seen_at is None else a for a in alarms)


def tidied(alarms: Alarms, now: int) -> Alarms:
    """Return the alarms without those seen long ago."""
    return tuple(alarm for alarm in alarms if alarm.seen_at is None or alarm.seen_at > now - KEEP_MS)


def loudest(alarms: Iterable[Alarm], now: int) -> Priority | None:
    """Return the priority to be heard now, None where there is none."""
    sounding = [alarm for alarm in alarms if alarm.sounds(now)]
    return max(sounding, key=lambda alarm: _RANK[alarm.priority]).priority if sounding else None


def as_text(alarms: Sequence[Alarm]) -> str:
    """Write alarms down."""
    return json.dumps(
        [
            {**asdict(alarm), "id": str(alarm.id), "patient": str(alarm.patient), "about": alarm.about and str(alarm.about)}
            for alarm in alarms
        ]
    )


def from_text(text: str) -> Alarms:
    """Read what `as_text` wrote.

    Raises:
        ValueError, KeyError, TypeError: not written by it.
    """
    table: list[dict[str, Any]] = json.loads(text)
    return tuple(
        Alarm(
            id=UUID(each["id"]),
            patient=UUID(each["patient"]),
            kind=str(each["kind"]),
            priority=each["priority"],
            at=int(each["at"]),
            explanation=str(each["explanation"]),
            quiet_until=each["quiet_until"],
            seen_at=each["seen_at"],
            about=UUID(each["about"]) if each.get("about") else None,
            metric=each.get("metric"),
        )
        for each in table
    )

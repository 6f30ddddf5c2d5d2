"""The life of an alert as a pure step: what may follow what, who is to be told, and when time itself moves it on.

An alert is raised, and level 0 of its organisation's ladder is told; whoever acknowledges it owns it. Unless somebody does, the next level is
told after a while, and the last again and again: an alert never falls silent by itself. A snooze ends by itself. Priorities have the meaning
that IEC 60601-1-8 gives them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from protocol.findings import Priority


class State(StrEnum):
    """Where an alert is in its life."""

    RAISED = "raised"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"


CLOSED = frozenset({State.RESOLVED, State.FALSE_ALARM})
ASKING = frozenset({State.RAISED, State.ESCALATED})
EPISODE = timedelta(hours=1)
"""A finding that comes so long after the last one asks for people again although somebody had acknowledged the alert."""

LONGEST_SNOOZE: Mapping[Priority, timedelta] = {
    Priority.HIGH: timedelta(minutes=30),
    Priority.MEDIUM: timedelta(hours=4),
    Priority.LOW: timedelta(hours=24),
}
USUAL_LADDER: Mapping[Priority, tuple[timedelta, ...]] = {
    Priority.HIGH: (timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10)),
    Priority.MEDIUM: (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1)),
    Priority.LOW: (timedelta(hours=1), timedelta(hours=4)),
}
"""For an organisation that has written none of its own."""

_RANKS = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
SHORTEST_NOTE = 3


class NotPossible(Exception):
    """The event cannot follow: the message says why, and what can be done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands.

    level: up to which level of the ladder people were told; -1: nobody yet. due_at: when time moves it on; None: never. owner: who
    acknowledged it. occurrences: findings in this episode. last_at: of the newest finding. version: counts the changes.
    """

    state: State
    priority: Priority
    level: int
    due_at: datetime | None
    owner: UUID | None
    occurrences: int
    last_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Found:
    """Another finding of the same patient and kind."""

    at: datetime
    priority: Priority


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person takes it."""

    at: datetime
    by: UUID


@dataclass(frozen=True, slots=True)
class Snoozed:
    """A person wants to hear of it again at `until`."""

    at: datetime
    by: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person says that it is over."""

    at: datetime
    by: UUID


@dataclass(frozen=True, slots=True)
class CalledFalse:
    """A person says that there was nothing; the note says what it was."""

    at: datetime
    by: UUID
    note: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `at`."""

    at: datetime


Event = Found | Acknowledged | Snoozed | Resolved | CalledFalse | TimePassed
Ladder = Mapping[Priority, Sequence[timedelta]]


def raised(at: datetime, priority: Priority) -> Standing:
    """Return how an alert stands when its first finding comes: level 0 is to be told at once."""
    return Standing(State.RAISED, priority, -1, at, None, 1, at, 1)


def step(standing: Standing, event: Event, ladder: Ladder = USUAL_LADDER) -> tuple[Standing, int | None]:
    """Return how the alert stands after an event, and the level of the ladder that is to be told of it, if any.

    An event that changes nothing returns `standing` itself.

    Raises:
        NotPossible: the event cannot follow.
    """
    if standing.state in CLOSED:
        if isinstance(event, TimePassed):
            return standing, None
        raise NotPossible(f"the alert is closed ({standing.state}): a new finding raises a new one")
    after, level = _follow(standing, event, ladder)
    return (standing if after == standing else replace(after, version=standing.version + 1)), level


def _follow(standing: Standing, event: Event, ladder: Ladder) -> tuple[Standing, int | None]:
    match event:
        case Found(at, priority):
            return _found(standing, at, priority), None
        case Acknowledged(_, by):
            return replace(standing, state=State.ACKNOWLEDGED, owner=by, due_at=None), None
        case Snoozed(at, by, until):
            longest = LONGEST_SNOOZE[standing.priority]
            if not at < until <= at + longest:
                raise NotPossible(f"a {standing.priority} alert can be snoozed for at most {longest.total_seconds() / 60:g} minutes")
            return replace(standing, state=State.SNOOZED, owner=by, due_at=until), None
        case Resolved(_, by):
            return replace(standing, state=State.RESOLVED, owner=by, due_at=None), None
        case CalledFalse(_, by, note):
            if len(note.strip()) < SHORTEST_NOTE:
                raise NotPossible("say in a few words what it was instead: false alarms are what detectors learn from")
            return replace(standing, state=State.FALSE_ALARM, owner=by, due_at=None), None
        case TimePassed(at):
            return _time_passed(standing, at, ladder[standing.priority])
        case _:
            assert_never(event)


def _found(standing: Standing, at: datetime, priority: Priority) -> Standing:
    graver = _RANKS.index(priority) > _RANKS.index(standing.priority)
    again = graver or (standing.state is State.ACKNOWLEDGED and at - standing.last_at >= EPISODE)
    last_at = max(standing.last_at, at)
    joined = replace(
        standing,
        occurrences=standing.occurrences + 1,
        last_at=last_at,
        priority=priority if graver else standing.priority,
    )
    return replace(joined, state=State.RAISED, level=-1, due_at=last_at) if again else joined


def _time_passed(standing: Standing, at: datetime, steps: Sequence[timedelta]) -> tuple[Standing, int | None]:
    if standing.due_at is None or at < standing.due_at:
        return standing, None
    if standing.state is State.SNOOZED:
        standing = replace(standing, state=State.RAISED, level=-1)
    last = len(steps) - 1
    level = min(standing.level + 1, last)
    state = State.RAISED if standing.level < 0 else State.ESCALATED
    return replace(standing, state=state, level=level, due_at=at + steps[level]), level

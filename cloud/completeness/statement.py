"""How complete is an epoch, and how complete a patient's day? Pure: from what the ledger holds to what can be said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Statement:
    """What can be said of one epoch at any time.

    complete_to: everything up to it is stored, except `given_up`. missing: counters not heard of, up to the last heard or stated.
    whole_at: the number of messages it has in all, when its one successor states it and all of it is folded; None: not yet.
    forked: two successors, or a counter at or past the stated end: a clone or an old image.
    """

    complete_to: int
    given_up: tuple[int, ...]
    missing: tuple[int, ...]
    whole_at: int | None
    forked: bool


def stated(done_upto: int, rows: Sequence[tuple[int, str]], ends: Sequence[int], broken_at: int | None) -> Statement:
    """State how complete an epoch is. rows: (counter, status) of its ledger. ends: the count that each successor states."""
    after = {counter for counter, _ in rows if counter > done_upto}
    given_up = tuple(sorted(counter for counter, status in rows if status == "gap"))
    heard = max(after, default=done_upto)
    forked = len(ends) > 1 or broken_at is not None or any(heard >= count for count in ends)
    upto = max([heard, *(count - 1 for count in ends)])
    missing = tuple(counter for counter in range(done_upto + 1, upto + 1) if counter not in after)
    whole = ends[0] if len(ends) == 1 and done_upto >= ends[0] - 1 and not forked else None
    return Statement(done_upto, given_up, missing, whole, forked)


class DayState(StrEnum):
    """What can be said of a patient's day.

    COMPLETE: every message of it is stored. EXCEPT: all but what a gateway gave up, named. INCOMPLETE: messages are known to be missing, and
    may still come. FORKED: two copies of a gateway spoke: a person must look. OPEN: nothing was heard since the day ended.
    """

    COMPLETE = "complete"
    EXCEPT = "complete_except"
    INCOMPLETE = "incomplete"
    FORKED = "forked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class EpochFact:
    """An epoch that may hold messages of the day. lost: why a person declared that it will never be whole."""

    opened_at: datetime
    statement: Statement
    lost: str | None


def day_state(epochs: Iterable[EpochFact], ends: datetime, heard_at: datetime | None, given_up: int) -> DayState:
    """Say how complete a day is that ended at `ends`.

    epochs: of the patient's gateways. heard_at: the time of the newest message of any of them. given_up: how many gaps reach into the day.
    A missing message has no time: it counts against every day on which its epoch was open.
    """
    of_day = [epoch for epoch in epochs if epoch.opened_at < ends]
    if any(epoch.statement.forked for epoch in of_day):
        return DayState.FORKED
    if any(epoch.statement.missing or epoch.lost for epoch in of_day):
        return DayState.INCOMPLETE
    if heard_at is None or heard_at < ends:
        return DayState.OPEN
    return DayState.EXCEPT if given_up else DayState.COMPLETE


def ranges(counters: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending counters as ranges (first, last)."""
    found: list[tuple[int, int]] = []
    for counter in counters:
        if found and found[-1][1] == counter - 1:
            found[-1] = (found[-1][0], counter)
        else:
            found.append((counter, counter))
    return found

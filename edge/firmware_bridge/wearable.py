"""The port to wearables: what a driver delivers to the gateway, and what the gateway may tell a wearable to forget."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KnownWearable:
    """A wearable that a person adopted: what the gateway may connect to.

    address: Bluetooth device address, "C0:11:22:33:00:01". patient: who wears it (an id, never a name).
    delete_stored: whether a meter is told to forget the records that are durable here. bonded: whether it was paired with keys of its own, and
    is refused without them. adopted_here: by a person at this gateway, which tells the cloud. removed_at: ms UTC, when a person at this gateway
    parted with it; it is known still, so that the cloud is told, and so that who lives here is.
    """

    id: UUID
    patient: UUID
    address: str
    kind: str
    delete_stored: bool = False
    bonded: bool = False
    adopted_here: bool = False
    removed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One value as it came off the air.

    characteristic: 128-bit UUID, lower case. arrived_at: ms UTC, this gateway's clock.
    session, sequence: from a wearable that numbers its records, else None.
    ticks_ms: milliseconds of the wearable's own clock since its session began (hand-over service), else None.
    taken_at: ms UTC when it was measured, from one that stamps measurements with its own watch, else None. timeless: its own clock was set back
    since it measured, and when that was cannot be told.
    """

    wearable: UUID
    characteristic: str
    value: bytes
    arrived_at: int
    session: int | None = None
    sequence: int | None = None
    ticks_ms: int | None = None
    taken_at: int | None = None
    timeless: bool = False


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What a wearable's clock showed when it was asked, before the records of its link.

    A gateway that has never heard this session can time a backlog by it: old records tell only that they came late.
    ticks_ms: ms since `session` began, by the wearable. arrived_at: ms UTC, this gateway's clock. next: number of the record that it takes next:
    those before it were taken by then.
    """

    wearable: UUID
    session: int
    ticks_ms: int
    arrived_at: int
    next: int = 0


class RadioGone(Exception):
    """The platform's radio service ended, and what is known of its links with it: only a new process begins with it anew."""


@dataclass(frozen=True, slots=True)
class ChangedBond:
    """Something at a bonded wearable's address does not have its keys: it was reset, or is another. at: ms UTC. Nothing is taken from it."""

    wearable: UUID
    at: int


Said = Notification | ClockReading | ChangedBond


class Wearables(Protocol):
    """All adopted wearables of one gateway, connected and kept connected."""

    def notifications(self) -> AsyncIterator[Said]:
        """Yield what wearables say, for ever; connects, recovers and renews subscriptions by itself.

        A wearable that tells its clock is asked at each connection, and that comes before the connection's records.
        """
        ...

    async def keep(self, wearable: UUID, session: int, sequence: int) -> None:
        """Tell a wearable that everything up to and including `sequence` is durable here: it may forget it.

        Never raises for a wearable that is away: it will send again, and what is known is dropped.
        """
        ...

    async def adopt(self, wearable: KnownWearable) -> None:
        """Listen to one more wearable from now on, or to one that was paired anew."""
        ...

    async def part(self, wearable: UUID) -> None:
        """Listen to a wearable no more, and forget its keys; one that is not listened to is none."""
        ...

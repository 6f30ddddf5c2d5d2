"""The port to the cloud: what carries sealed bytes up, and what comes back. It is never asked whether anything is stored."""

from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Connected:
    """The link is up (again): what was sent before may not have arrived."""


@dataclass(frozen=True, slots=True)
class Said:
    """The cloud said something. what: `channels.RECEIPTS`, `channels.UNKNOWN` or `channels.ORDERS`."""

    what: str
    data: bytes


Arrival = Connected | Said


class Uplink(Protocol):
    """One gateway's link."""

    @property
    def connected(self) -> bool:
        """Whether the link is up, as far as is known."""
        ...

    def send(self, what: str, data: bytes) -> Future[bool]:
        """Hand bytes over for `channels.OPENINGS`, `channels.MESSAGES` or `channels.STANDINGS`.

        The result says whether a carrier took them (True: flow control only, no promise) or surely did not (False).
        """
        ...

    def arrivals(self) -> AsyncIterator[Arrival]:
        """Yield what comes back, for ever; reconnects by itself."""
        ...

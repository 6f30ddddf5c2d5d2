"""What a carrier delivers to the worker, and the port by which the worker listens and answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, eq=False)
class Arrival:
    """Bytes from a topic. settle(True) tells the carrier that it may forget them; settle(False) that it may not.

    Not frozen, since one is made for every message: that takes three times as long.
    """

    topic: str
    data: bytes
    settle: Callable[[bool], None]


class Inlet(Protocol):
    """The worker's side of the carrier."""

    def listen(self, take: Callable[[Arrival], None]) -> Awaitable[None]:
        """Give each arrival to `take`, for ever; reconnects and subscribes by itself."""
        ...

    def leave(self) -> None:
        """Ask for nothing more; what was handed over is still to be settled."""
        ...

    def answer(self, gateway: bytes, what: str, data: bytes) -> None:
        """Say something to a gateway (its id, 16 bytes), once, without a promise; nothing happens while the link is down."""
        ...

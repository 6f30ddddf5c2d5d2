"""What must come about when faults stop: everything is receipted, and every message is stored, or given up by name, or went with its disk."""

from contextlib import suppress

from cloud.ingest.arrival import Arrival
from protocol.errors import UnknownEpoch
from tests.support.delivery_home import Home
from tests.support.delivery_model import Replay
from tests.support.gateway import NOON

MOST_ROUNDS = 12
LAST_SERIAL = 100


async def settle(replay: Replay) -> int:
    """Let each gateway make one more message and send in rounds what the drain would send; return how many rounds it took.

    Receipts of before are lost, open transactions roll back; the line works as it does in production, without a halt.
    """
    for worker in replay.workers:
        await worker.roll_back()
        worker.rest()
        worker.halting = False
    for number, home in enumerate(replay.homes):
        home.make(LAST_SERIAL + number, "data")
        home.outbox.telling = True
        replay.register.note(home)
        replay.register.serials[LAST_SERIAL + number] = next(
            name for name, made in replay.register.made.items() if (made.kind, made.body) == ("data", LAST_SERIAL + number)
        )
    for rounds in range(1, MOST_ROUNDS + 1):
        for number, home in enumerate(replay.homes):
            for arrival in sending(replay, home):
                await replay.workers[(rounds + number) % 2].line._settle([arrival])
                hear(replay)
        if not any(home.outbox.depth() for home in replay.homes):
            return rounds
    raise AssertionError(f"after {MOST_ROUNDS} rounds something is still queued")


def sending(replay: Replay, home: Home) -> list[Arrival]:
    """Return what a reconnect sends: all that is queued, and before it the opening of each of its epochs."""
    waiting = home.outbox.waiting(1000)
    openings = [(0, home.outbox.opening(epoch)) for epoch in sorted({w.epoch for w in waiting})]
    messages = [(w.counter, home.outbox.bytes_of(w)) for w in waiting if w.counter]
    return [replay.arrival(counter, data) for counter, data in [*openings, *messages] if data is not None]


def hear(replay: Replay) -> None:
    """Give every receipt to every gateway: clones share their broker's topic."""
    for receipt in replay.answers():
        for home in replay.homes:
            with suppress(UnknownEpoch):
                home.outbox.receive(receipt, NOON)
            replay.register.note(home)


async def unaccounted(replay: Replay) -> list[tuple[int, int]]:
    """Fold all there is; return the messages that are neither stored nor given up and did not go with a disk either."""
    for (epoch,) in replay.rows("select epoch from epoch"):
        await replay.fold(bytes(epoch))
    stored = {(epoch, counter) for epoch, counter, _ in (await replay.cloud())["stored"]}
    given_up = {(replay.register.number(bytes(e)), c) for e, c in replay.rows("select epoch, counter from ledger where status = 'gap'")}
    assert not stored & given_up, "said missing, is stored"
    return sorted(replay.register.made.keys() - stored - given_up - replay.wiped)

"""A fleet in a process of its own, told what to do through a pipe."""

import gc
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from provisioning.certificates import certificate_id
from provisioning.sealing_keys import load_public
from simulators.fleet_gateway import METRICS, SECONDS, FleetGateway, open_gateway
from simulators.fleet_load import Load, Sender
from simulators.gateway_fleet import Fleet, Sealed, Tally

SESSION = 7
SOON = 0.05
"""Seconds until a load begins."""


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """Who plays: gateways with the file of key and certificates each, the broker, and the cloud's ingest key (raw).

    start: of the first readings, ms UTC.
    """

    identities: tuple[tuple[UUID, Path], ...]
    port: int
    authority: Path
    ingest_key: bytes
    start: int


@dataclass(frozen=True, slots=True)
class Made:
    """How much a fleet has made since its beginning."""

    readings: int
    strips: int


class FleetProcess:
    """The other end of the pipe. A call waits for its answer; `begin` does not, `answer` does."""

    def __init__(self, plan: FleetPlan) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(plan, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(20)
        self._process.kill()

    @property
    def pid(self) -> int:
        """Return the process's id."""
        assert self._process.pid is not None
        return self._process.pid

    def connect(self, seconds: float) -> None:
        """Connect everybody and see every epoch opened."""
        self.begin("connect", seconds)
        self.answer()

    def play(self, load: Load) -> Tally:
        """Send a load; return what was seen meanwhile."""
        self.begin("play", load)
        tally: Tally = self.answer()
        return tally

    def catch_up(self, rate: float, most: int) -> Tally:
        """Send what waited: of each gateway another number of messages, at most `most`, `rate` a second; return what was seen meanwhile."""
        self.begin("catch_up", rate, most)
        tally: Tally = self.answer()
        return tally

    def seal(self, load: Load) -> None:
        """Seal a load ahead: nothing else may be played before it."""
        self.begin("seal", load)
        self.answer()

    def play_sealed(self) -> Tally:
        """Send what was sealed ahead; return what was seen meanwhile."""
        self.begin("play_sealed")
        tally: Tally = self.answer()
        return tally

    def settle(self, seconds: float) -> int:
        """Wait for the missing receipts; return how many messages have none in the end."""
        self.begin("settle", seconds)
        unreceipted: int = self.answer()
        return unreceipted

    def tally(self) -> Tally:
        """Return what was seen since the last load began, what came after it included: a percentile without the slowest would flatter."""
        self.begin("tally")
        tally: Tally = self.answer()
        return tally

    def shout(self, rate: float, seconds: float) -> int:
        """Publish JSON for a plain bridge; return how many messages."""
        self.begin("shout", rate, seconds)
        sent: int = self.answer()
        return sent

    def made(self) -> Made:
        """Return how much was made."""
        self.begin("made")
        made: Made = self.answer()
        return made

    def begin(self, what: str, *arguments: object) -> None:
        """Say what to do."""
        self._pipe.send((what, *arguments))

    def answer(self) -> Any:
        """Wait until it is done.

        Raises:
            Exception: what the fleet's process raised.
        """
        try:
            done, value = self._pipe.recv()
        except EOFError as error:
            raise RuntimeError("the fleet's process has ended") from error
        if not done:
            raise RuntimeError(value)
        return value


def _live(plan: FleetPlan, pipe: Connection) -> None:
    fleet = Fleet([(_gateway(plan, gateway, path), path) for gateway, path in plan.identities], ("localhost", plan.port), plan.authority)
    sender = Sender(len(fleet.links), plan.start, SESSION, np.random.default_rng(1))
    pool: list[Sealed] = []
    jobs: dict[str, Callable[..., object]] = {
        "connect": fleet.connect,
        "play": lambda load: fleet.play(fleet.sealed(sender.items(load)), time.monotonic() + SOON),
        "catch_up": lambda rate, most: fleet.play(fleet.sealed(sender.backlog(rate, most)), time.monotonic() + SOON),
        "seal": lambda load: pool.extend(fleet.sealed(sender.items(load))),
        "play_sealed": lambda: _play_sealed(fleet, pool),
        "settle": fleet.settle,
        "tally": lambda: fleet.tally,
        "made": lambda: Made(sum(link.gateway.records for link in fleet.links) * len(METRICS), sender.strips),
        "shout": lambda rate, seconds: _shout(fleet, rate, seconds),
    }
    try:
        while True:
            what, *arguments = pipe.recv()
            try:
                pipe.send((True, jobs[what](*arguments)))
            except Exception as error:  # noqa: BLE001  (it is raised again where it was asked for)
                pipe.send((False, f"{type(error).__name__}: {error}"))
    except (EOFError, KeyboardInterrupt):
        fleet.close()


def _play_sealed(fleet: Fleet, pool: list[Sealed]) -> Tally:
    gc.freeze()  # some hundred thousand messages, which no collection need look at
    try:
        return fleet.play(pool, time.monotonic() + SOON)
    finally:
        pool.clear()
        gc.unfreeze()


def _shout(fleet: Fleet, rate: float, seconds: float) -> int:
    """Publish readings as rows of JSON, neither sealed nor receipted; return how many messages were sent. What a plain bridge is fed with."""
    begin = time.monotonic() + 0.05
    start = int(time.time() * 1000)
    total = int(rate * seconds)
    for number in range(total):
        link = fleet.links[number % len(fleet.links)]
        rows = [
            {
                "wearable": link.gateway.id.hex,
                "metric": metric.name,
                "at": start + 1000 * second,
                "value": 72.0,
                "record": number * SECONDS + second,
            }
            for second in range(SECONDS)
            for metric in METRICS
        ]
        fleet.wait_until(begin + number / rate)
        fleet.shout(link, json.dumps(rows).encode())
    fleet.wait_until(time.monotonic() + 1.0)
    return total


def _gateway(plan: FleetPlan, gateway: UUID, identity: Path) -> FleetGateway:
    pem = identity.read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    ingest_key = load_public(plan.ingest_key)
    return open_gateway(
        gateway,
        ingest_key.seal,
        ingest_key.id,
        certificate_id(x509.load_pem_x509_certificate(pem)),
        lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())),
        os.urandom,
        int(datetime.now(UTC).timestamp() * 1000),
    )

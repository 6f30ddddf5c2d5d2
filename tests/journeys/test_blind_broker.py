"""The broker learns nothing: its memory and its disk, while it holds messages of living patients, show no vital sign, name or key."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.ingest import key_encryption
from cloud.ingest.sorting import _SECRET
from deploy.local.people import Home
from protocol import channels
from protocol.batches import encode_batch
from protocol.samples import SampleBatch
from provisioning.authority import Authority
from provisioning.keystore import FileKeystore
from tests.support.broker import Link, open_client
from tests.support.process_memory import dump
from tests.support.stack import Stack, eventually, whole_stack

RUN = 3
"""That many neighbouring float64 of a message's column of values are a vital sign; one alone may be a coincidence."""

Needles = dict[str, set[bytes]]


@pytest.mark.timeout(180)
@pytest.mark.xdist_group("stack")
def test_the_broker_s_memory_and_disk_show_no_vital_name_or_key_and_what_is_planted_there_is_found(tmp_path: Path) -> None:
    with whole_stack(patients=2) as stack:
        stack.stored(40)
        with worker_away(stack):
            produced = stack.balance()[0].produced
            eventually(lambda: stack.balance()[0].produced > produced + 60, 60, "the broker holds messages that nobody takes")
            eventually(lambda: all(topic in on_disk(stack) for topic in topics(stack)), 20, "its messages are saved")
            memory, disk = dump(stack.site.processes.pids()["broker"]), on_disk(stack)
            assert [topic for topic in topics(stack) if topic not in memory] == []

            planted = plaintext(stack)
            plant(stack, tmp_path, planted)
            eventually(lambda: planted[-64:] in on_disk(stack), 20, "the planted message is saved")
            with_plant, disk_with_plant = dump(stack.site.processes.pids()["broker"]), on_disk(stack)
        stack.settle()
        needles = what_must_stay_secret(stack)
        assert all(needles.values()), {kind: len(some) for kind, some in needles.items()}
        assert len(needles["vitals"]) > 50
        assert found(needles, memory) == {}
        assert found(needles, disk) == {}
        assert found(needles, with_plant).keys() == needles.keys()
        assert found(needles, disk_with_plant).keys() == needles.keys()


@contextmanager
def worker_away(stack: Stack) -> Iterator[None]:
    """Kill the worker so that the broker keeps what is for it; start it again at the end."""
    processes = stack.site.processes
    program = processes._running["worker"].program
    os.kill(processes.pids()["worker"], signal.SIGKILL)
    processes.stop("worker")
    yield
    processes.start(program, seconds=30)


def topics(stack: Stack) -> list[bytes]:
    return [channels.upward(UUID(home.gateway), channels.MESSAGES).encode() for home in stack.site.people.homes]


def on_disk(stack: Stack) -> bytes:
    kept = stack.site.broker.folder / "kept" / "mosquitto.db"
    return kept.read_bytes() if kept.exists() else b""


def rows(stack: Stack, query: str) -> list[tuple]:
    """Return what a query finds in each organisation, in the order in which the rows were written."""
    with psycopg.connect(stack.database_url) as connection:
        found = []
        for home in stack.site.people.homes:
            connection.execute("select set_config('mediassist.organisation', %s, true)", [str(home.organisation)])
            found += connection.execute(query, [home.patient]).fetchall()
        return found


def readings(stack: Stack) -> list[float]:
    query = "select r.value from reading r join series s on s.id = r.series_id where s.patient_id = %s order by r.tableoid, r.ctid"
    return [np.nan if value is None else value for (value,) in rows(stack, query)]


def strips(stack: Stack) -> list[bytes]:
    query = "select w.bytes from waveform w join series s on s.id = w.series_id where s.patient_id = %s and length(w.bytes) > 64"
    return [bytes(packed) for (packed,) in rows(stack, query)]


def runs(values: list[float]) -> set[bytes]:
    """Return each run of neighbouring values as it stands in a typed array; flat runs, which could be anything, are left out."""
    column = np.array(values, dtype="<f8")
    each = [column[at : at + RUN] for at in range(len(column) - RUN + 1)]
    return {run.tobytes() for run in each if len(set(run.tolist())) == RUN and not np.isnan(run).any()}


def key_forms(folder: Path) -> list[bytes]:
    """Return a private key as it stands in memory: the number, either end first, and its DER."""
    key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = key.private_numbers().private_value.to_bytes(32, "big")
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return [number, number[::-1], der]


def keys(stack: Stack) -> set[bytes]:
    cloud = stack.site.cloud.folder
    secret = [path.read_bytes()[:32] for path in (cloud / "keys").glob("*.key")]
    folders = [cloud / "identity", *(household.folder / "identity" for household in stack.site.households)]
    return {*secret, *epoch_secrets(stack), *(form for folder in folders for form in key_forms(folder))}


def epoch_secrets(stack: Stack) -> list[bytes]:
    """Return the secrets under which the messages are sealed, as the cloud keeps them."""
    cipher = key_encryption.open_key(stack.site.cloud.folder / "keys")
    query = """select e.gateway_id, e.epoch, e.wrapped_secret from epoch e join wearable w on w.gateway_id = e.gateway_id
               where w.patient_id = %s and e.wrapped_secret is not null"""
    return [cipher.unwrap(bytes(wrapped), _SECRET + gateway.bytes + bytes(epoch)) for gateway, epoch, wrapped in rows(stack, query)]


def identifiers(home: Home) -> set[bytes]:
    forms: set[bytes] = set()
    for device in home.wearables:
        number = UUID(device.id)
        forms |= {number.bytes, number.hex.encode(), str(number).encode(), device.address.encode()}
    patient = UUID(home.patient)
    return forms | {patient.bytes, patient.hex.encode(), str(patient).encode()}


def what_must_stay_secret(stack: Stack) -> Needles:
    homes = stack.site.people.homes
    return {
        "vitals": runs(readings(stack)),
        "waveforms": {packed[:64] for packed in strips(stack)},
        "names": {home.name.encode() for home in homes} | {home.born.encode() for home in homes},
        "identifiers": set().union(*(identifiers(home) for home in homes)),
        "keys": keys(stack),
    }


def found(needles: Needles, haystack: bytes) -> dict[str, int]:
    """Return how many of each kind stand in `haystack`; kinds of which there are none are left out."""
    counts = {kind: sum(needle in haystack for needle in some) for kind, some in needles.items()}
    return {kind: count for kind, count in counts.items() if count}


def plaintext(stack: Stack) -> bytes:
    """Return one of each secret as a program that does not seal would send it: a batch as protocol/batches writes it, and words."""
    home = stack.site.people.homes[0]
    values = np.array(readings(stack)[:200])
    n = len(values)
    batch = SampleBatch(
        wearables=tuple(UUID(device.id) for device in home.wearables),
        wearable=np.zeros(n, dtype=np.uint8),
        metric=np.ones(n, dtype=np.uint16),
        at=np.arange(n, dtype=np.int64),
        value=values,
        absence=np.zeros(n, dtype=np.uint8),
        record=np.arange(n, dtype=np.int64),
        clocks=(),
    )
    words = json.dumps({"name": home.name, "born": home.born}).encode()
    return encode_batch(batch) + strips(stack)[0] + min(keys(stack)) + words + os.urandom(64)


def plant(stack: Stack, folder: Path, message: bytes) -> None:
    """Publish a message by QoS 1 through the broker, for the worker's session, which is away."""
    authority = Authority.open(stack.site.plan.state / "authority")
    gateway = uuid4()
    device = FileKeystore.make(folder / gateway.hex)
    device.take(authority.sign_request(device.request(gateway.hex), gateway.hex, datetime.now(UTC)), authority.root)
    client = open_client(Link(stack.site.broker.port, folder / gateway.hex), gateway.hex)
    try:
        assert client.publish(channels.upward(gateway, channels.MESSAGES), message) == 0
    finally:
        client.close()

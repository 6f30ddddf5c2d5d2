"""Sensors over CoAP: every record by OSCORE, in order and once asked for again; and what anybody without the keys gets: nothing."""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiocoap
import cbor2
import pytest

from edge.firmware_bridge.coap_wearable import CoapWearables
from edge.firmware_bridge.measurements import readings_of
from edge.firmware_bridge.profiles import identifiers
from edge.firmware_bridge.wearable import ClockReading, KnownWearable, Notification, Said
from provisioning import oscore_context
from simulators.coap_sensor import MOST_AT_ONCE, CoapSensor

SENSOR, PATIENT = UUID(int=0xC0A9), UUID(int=1)
HEART_RATE = 0x2A37
BEGAN = time.monotonic()


def ticks() -> int:
    return int((time.monotonic() - BEGAN) * 1000)


def free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asked:
        asked.bind(("::1", 0))
        return int(asked.getsockname()[1])


def heart_rate(sequence: int) -> bytes:
    return bytes([0, 60 + sequence % 40])


class Room:
    """A sensor, and the gateway's code that listens to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        gateway, sensor = oscore_context.new_pair()
        oscore_context.write(folder / "gateway" / str(SENSOR), gateway)
        oscore_context.write(folder / "sensor", sensor)
        self.known = KnownWearable(SENSOR, PATIENT, f"coap://[::1]:{self.port}", "heart_rate_belt")
        self.sensor = self.new_sensor(7)

    def new_sensor(self, session: int) -> CoapSensor:
        return CoapSensor(session, self.folder / "sensor", ticks)

    def measure(self, count: int) -> None:
        for _ in range(count):
            self.sensor.measure(HEART_RATE, heart_rate(self.sensor.memory.next))

    def wearables(self) -> CoapWearables:
        return CoapWearables([self.known], self.folder / "gateway", lambda: int(time.time() * 1000), dice=lambda: 0.0)

    async def start(self) -> None:
        await self.sensor.start("::1", self.port)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    try:
        made = Room(tmp_path)
    except OSError:
        pytest.skip("there is no IPv6 loopback here")
    await made.start()
    yield made
    await made.sensor.stop()


@asynccontextmanager
async def heard(wearables: CoapWearables) -> AsyncIterator[list[Said]]:
    got: list[Said] = []

    async def listen() -> None:
        async with aclosing(wearables.notifications()) as said:
            async for one in said:
                got.append(one)  # noqa: PERF401

    task = asyncio.ensure_future(listen())
    try:
        yield got
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def records(got: list[Said]) -> list[Notification]:
    return [one for one in got if isinstance(one, Notification) and one.sequence is not None]


def sequences(got: list[Said]) -> list[int]:
    return [one.sequence for one in records(got) if one.sequence is not None]


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_backlog_comes_block_by_block_and_then_what_is_measured_at_once(room: Room) -> None:
    room.measure(3 * MOST_AT_ONCE)
    async with heard(room.wearables()) as got:
        await until(lambda: len(sequences(got)) == 3 * MOST_AT_ONCE)
        began = time.monotonic()
        room.measure(1)
        await until(lambda: len(sequences(got)) == 3 * MOST_AT_ONCE + 1)
        assert time.monotonic() - began < 5, "it was told, and did not wait for its next look"
    assert sequences(got) == list(range(3 * MOST_AT_ONCE + 1))
    assert isinstance(got[0], ClockReading)
    assert (got[0].session, got[0].next) == (7, 3 * MOST_AT_ONCE)
    first = records(got)[0]
    assert (first.session, first.characteristic) == (7, identifiers.HEART_RATE_MEASUREMENT)
    [reading] = readings_of(first, 0)
    assert reading.record == 7 << 32
    assert [n.value for n in got if isinstance(n, Notification) and n.characteristic == identifiers.BATTERY_LEVEL] == [b"\x64"]


async def test_what_is_kept_is_forgotten_and_the_next_gateway_begins_after_it(room: Room) -> None:
    room.measure(10)
    first = room.wearables()
    async with heard(first) as got:
        await until(lambda: len(sequences(got)) == 10)
        await first.keep(SENSOR, 7, 4)
        await until(lambda: room.sensor.memory.oldest == 5)
        await first.keep(SENSOR, 6, 9)
        await asyncio.sleep(1.5)
        assert room.sensor.memory.oldest == 5, "a word about another session keeps nothing"
    second = room.wearables()
    await second.keep(SENSOR, 7, 6)
    async with heard(second) as again:
        await until(lambda: len(sequences(again)) == 3)
        await until(lambda: room.sensor.memory.oldest == 7)
    assert sequences(again) == [7, 8, 9]
    assert first.about[SENSOR].model == "Simulated sensor"


async def test_a_sensor_that_was_away_is_heard_again_and_a_new_session_begins_anew(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.firmware_bridge.coap_wearable.LOOK_S", 0.3)
    monkeypatch.setattr("edge.firmware_bridge.coap_wearable.ANSWER_S", 1.0)
    room.measure(3)
    async with heard(room.wearables()) as got:
        await until(lambda: len(sequences(got)) == 3)
        await room.sensor.stop()
        memory = room.sensor.memory
        room.sensor = room.new_sensor(7)
        room.sensor.memory = memory
        room.measure(2)
        await asyncio.sleep(1.5)
        await room.start()
        await until(lambda: set(sequences(got)) == set(range(5)), 40)
        await room.sensor.stop()
        room.sensor = room.new_sensor(8)
        room.measure(2)
        await room.start()
        await until(lambda: [(n.session, n.sequence) for n in records(got)][-2:] == [(8, 0), (8, 1)], 40)


async def closed(client: aiocoap.Context) -> None:
    """Close a client, and its contexts: left to the garbage collector they write into a folder that is gone."""
    await client.shutdown()
    for keys in client.client_credentials.values():
        keys._destroy()


class Relay:
    """A stranger between the two who writes down what goes by."""

    def __init__(self, port: int) -> None:
        self.port, self.seen, self._behind = free_port(), list[bytes](), port

    async def start(self) -> None:
        loop, seen, behind = asyncio.get_running_loop(), self.seen, self._behind
        backward: dict[int, asyncio.DatagramTransport] = {}
        forwarding: set[asyncio.Task[None]] = set()

        class Front(asyncio.DatagramProtocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport

            def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
                seen.append(data)
                forwarding.add(asyncio.ensure_future(forward(self.transport, data, source)))

        async def forward(front: asyncio.BaseTransport, data: bytes, source: tuple[str, int]) -> None:
            if source[1] not in backward:

                class Back(asyncio.DatagramProtocol):
                    def datagram_received(self, answer: bytes, _source: tuple[str, int]) -> None:
                        seen.append(answer)
                        front.sendto(answer, source)

                transport, _ = await loop.create_datagram_endpoint(Back, remote_addr=("::1", behind))
                backward[source[1]] = transport
            backward[source[1]].sendto(data)

        self._front, _ = await loop.create_datagram_endpoint(Front, local_addr=("::1", self.port))
        self._backward = backward

    def stop(self) -> None:
        for transport in (self._front, *self._backward.values()):
            transport.close()


async def test_whoever_stands_between_sees_no_value(room: Room) -> None:
    relay = Relay(room.port)
    await relay.start()
    room.known = KnownWearable(SENSOR, PATIENT, f"coap://[::1]:{relay.port}", "heart_rate_belt")
    marked = b"\x16\x48MARKED"
    room.sensor.measure(HEART_RATE, marked)
    async with heard(room.wearables()) as got:
        await until(lambda: len(sequences(got)) == 1)
        assert records(got)[0].value == marked
    relay.stop()
    assert len(relay.seen) > 5
    assert b"MARKED" not in b"".join(relay.seen)
    assert b"records" not in b"".join(relay.seen), "nor what was asked for"


async def test_aiocoaps_own_client_without_keys_or_with_wrong_ones_gets_nothing(room: Room, tmp_path: Path) -> None:
    room.measure(1)
    base = f"coap://[::1]:{room.port}"
    stranger = await aiocoap.Context.create_client_context()
    for code, path in ((aiocoap.GET, "state"), (aiocoap.GET, "records?from=0"), (aiocoap.GET, "about"), (aiocoap.POST, "kept")):
        answer = await stranger.request(aiocoap.Message(code=code, uri=f"{base}/{path}", payload=bytes(8))).response
        assert (answer.code, answer.payload) == (aiocoap.UNAUTHORIZED, b"")
    observed = await stranger.request(aiocoap.Message(code=aiocoap.GET, uri=f"{base}/state", observe=0)).response
    assert observed.code == aiocoap.UNAUTHORIZED
    oscore_context.write(tmp_path / "wrong", oscore_context.new_pair()[0])
    stranger.client_credentials.load_from_dict({f"{base}/*": {"oscore": {"basedir": f"{tmp_path / 'wrong'}/"}}})
    with pytest.raises(aiocoap.error.Error):
        async with asyncio.timeout(10):
            await stranger.request(aiocoap.Message(code=aiocoap.GET, uri=f"{base}/state")).response_raising
    await closed(stranger)
    assert room.sensor.memory.oldest == 0
    assert room.sensor.refused >= 5


async def test_aiocoaps_own_client_with_the_keys_reads_what_the_guide_says(room: Room, tmp_path: Path) -> None:
    room.measure(600)
    shutil.copytree(room.folder / "gateway" / str(SENSOR), tmp_path / "own")
    base = f"coap://[::1]:{room.port}"
    client = await aiocoap.Context.create_client_context()
    client.client_credentials.load_from_dict({f"{base}/*": {"oscore": {"basedir": f"{tmp_path / 'own'}/"}}})
    answer = await client.request(aiocoap.Message(code=aiocoap.GET, uri=f"{base}/records?from=590")).response_raising
    assert [int.from_bytes(record[:4], "little") for record in cbor2.loads(answer.payload)] == list(range(590, 600))
    whole = await client.request(aiocoap.Message(code=aiocoap.GET, uri=f"{base}/records")).response_raising
    assert len(cbor2.loads(whole.payload)) == MOST_AT_ONCE
    for payload, code in ((bytes(3), aiocoap.BAD_REQUEST), ((9).to_bytes(4, "little") + bytes(4), aiocoap.CONFLICT)):
        said = await client.request(aiocoap.Message(code=aiocoap.POST, uri=f"{base}/kept", payload=payload)).response
        assert said.code == code
    wrong = await client.request(aiocoap.Message(code=aiocoap.GET, uri=f"{base}/records?from=x")).response
    assert wrong.code == aiocoap.BAD_REQUEST
    await closed(client)


async def test_libcoaps_client_discovers_it_by_small_blocks_and_reads_nothing_else(room: Room) -> None:
    client = shutil.which("coap-client-notls") or shutil.which("coap-client")
    if client is None:
        pytest.skip("coap-client is missing (Debian package libcoap3-bin)")

    async def ask(*words: str) -> bytes:
        process = await asyncio.create_subprocess_exec(client, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        async with asyncio.timeout(20):
            output, _ = await process.communicate()
        return output

    room.measure(5)
    listed = await ask("-b", "16", f"coap://[::1]:{room.port}/.well-known/core")
    for name in ("state", "records", "kept", "about"):
        assert f'</{name}>;rt="mediassist.{name}"'.encode() in listed
    assert b'rt="mediassist.state";obs' in listed
    for name in ("state", "records", "about"):
        assert b"4.01" in await ask(f"coap://[::1]:{room.port}/{name}")


@pytest.mark.parametrize(
    "listed",
    [b"\xff", cbor2.dumps({}), cbor2.dumps([1]), cbor2.dumps([b"short"]), cbor2.dumps([bytes(12)] * 3000), cbor2.dumps([bytes(12)])],
)
async def test_a_hostile_sensor_is_refused_counted_and_disturbs_no_other(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: bytes
) -> None:
    other = Room(tmp_path / "other")
    await other.start()
    other.measure(3)
    room.sensor.memory.next = 5
    monkeypatch.setattr(room.sensor, "records", lambda _since: listed)
    second = UUID(int=2)
    shutil.move(other.folder / "gateway" / str(SENSOR), room.folder / "gateway" / str(second))
    honest = KnownWearable(second, PATIENT, other.known.address, "heart_rate_belt")
    wearables = CoapWearables([room.known, honest], room.folder / "gateway", lambda: 0, dice=lambda: 0.0)
    await wearables.keep(SENSOR, 7, 3)
    async with heard(wearables) as got:
        await until(lambda: wearables.malformed >= 2)
        await until(lambda: len(sequences(got)) == 3)
    assert {n.wearable for n in records(got)} == {second}
    await other.sensor.stop()


@pytest.mark.parametrize("settings", [None, "{", "{}", '{"secret_hex": "x"}'])
async def test_without_its_keys_a_sensor_is_not_asked_and_the_others_are(room: Room, settings: str | None) -> None:
    room.measure(2)
    if settings is not None:
        (room.folder / "gateway" / str(UUID(int=3))).mkdir()
        (room.folder / "gateway" / str(UUID(int=3)) / "settings.json").write_text(settings)
    nobody = KnownWearable(UUID(int=3), PATIENT, "coap://[::1]:9", "thermometer")
    wearables = CoapWearables([nobody, room.known], room.folder / "gateway", lambda: 0, dice=lambda: 0.0)
    async with heard(wearables) as got:
        await until(lambda: len(sequences(got)) == 2)


async def test_a_sensor_is_adopted_and_parted_with_while_the_gateway_runs(room: Room) -> None:
    wearables = CoapWearables([], room.folder / "gateway", lambda: 0, dice=lambda: 0.0)
    room.measure(2)
    async with heard(wearables) as got:
        await asyncio.sleep(0.1)
        await wearables.adopt(room.known)
        await until(lambda: len(sequences(got)) == 2)
        await wearables.part(SENSOR)
        room.measure(2)
        await asyncio.sleep(0.5)
        assert len(sequences(got)) == 2
    assert not (room.folder / "gateway" / str(SENSOR)).exists(), "its keys are gone"

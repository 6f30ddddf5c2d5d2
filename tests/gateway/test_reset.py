"""A gateway that changes hands: a last try to send, then nothing is left of its people or its own."""

import asyncio
from concurrent.futures import Future
from pathlib import Path

import pytest

from edge.firmware_bridge.wearable import KnownWearable, Notification
from edge.gateway.assembly import assembled
from edge.gateway.commands import gateway
from edge.gateway.household import write_household
from edge.gateway.reset import send_what_waits, unsent
from edge.gateway.settings import GatewaySettings
from edge.gateway.uplink import Said
from protocol import channels
from protocol.envelope import EpochKeys, read_header, read_opening
from protocol.receipts import Receipt, ranges_of, write_receipt
from provisioning.ingest_keys import PrivateKey
from tests.support.gateway import BELT, GATEWAY, NOON, PATIENT, FakeUplink, FakeWearables, a_gateways_folder, an_ingest_key

HEART_RATE = "00002a37-0000-1000-8000-00805f9b34fb"
SECRET = b"a stranger's file"


class Cloud(FakeUplink):
    """An uplink to a cloud that stores and confirms everything."""

    def __init__(self, key: PrivateKey) -> None:
        super().__init__()
        self.key = key
        self.epochs: dict[bytes, EpochKeys] = {}
        self.stored: set[tuple[bytes, int]] = set()

    def send(self, what: str, data: bytes) -> Future[bool]:
        if what == channels.OPENINGS:
            sealed = read_opening(data)
            epoch, counter = sealed.opening.epoch, 0
            self.epochs[epoch] = EpochKeys(self.key.open(sealed.sealed_secret, sealed.opening.info()))
        else:
            header = read_header(data)
            epoch, counter = header.epoch, header.counter
        self.stored.add((epoch, counter))
        receipt = Receipt(GATEWAY, epoch, 5, ranges_of([counter]), ())
        self.queue.put_nowait(Said(channels.RECEIPTS, write_receipt(receipt, self.epochs[epoch].receipt_key)))
        return super().send(what, data)


@pytest.fixture
def home(tmp_path: Path) -> tuple[GatewaySettings, Cloud]:
    """A gateway with an identity and a household, and the cloud that it talks to."""
    cloud = Cloud(an_ingest_key())
    state = a_gateways_folder(tmp_path / "state", cloud.key)
    (state / "notes.txt").write_bytes(SECRET)
    return GatewaySettings(state=state, fold_seconds=600), cloud


async def with_readings(settings: GatewaySettings) -> None:
    """Let a belt say three heart rates to a gateway that is cut off."""
    belt, cut_off = FakeWearables(), FakeUplink()
    cut_off.connected = False
    async with assembled(settings, wearables=belt, uplink=cut_off) as line:
        work = asyncio.create_task(line.run())
        for number in range(3):
            at = NOON + 1000 * number
            belt.queue.put_nowait(Notification(BELT, HEART_RATE, bytes([0, 70 + number]), at, 1, number + 1, 1000 * number))
        async with asyncio.timeout(20):
            while unsent(settings.state) < 3:
                await asyncio.sleep(0.02)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_what_waits_is_sent_before_it_is_wiped(home: tuple[GatewaySettings, Cloud]) -> None:
    settings, cloud = home
    await with_readings(settings)
    assert await send_what_waits(settings, 20, cloud) == 0
    assert len(cloud.stored) == 2  # the opening, and one message of three readings


async def test_without_a_link_it_gives_up_in_time_and_says_what_is_lost(home: tuple[GatewaySettings, Cloud]) -> None:
    settings, cloud = home
    await with_readings(settings)
    cloud.connected = False
    assert await send_what_waits(settings, 0.5, cloud) > 0


def test_the_command_wipes_a_gateway_that_never_measured_anything(
    home: tuple[GatewaySettings, Cloud], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, _ = home
    monkeypatch.setenv("GATEWAY_STATE", str(settings.state))
    with pytest.raises(SystemExit):
        gateway(["reset"])
    assert (settings.state / "identity" / "key.pem").exists()
    assert gateway(["reset", "--yes"]) == 0
    assert "identity/key.pem" in capsys.readouterr().out
    assert not (settings.state / "identity" / "key.pem").exists()


def test_the_radio_forgets_what_was_paired_and_a_radio_that_cannot_is_said(
    home: tuple[GatewaySettings, Cloud], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, _ = home
    monkeypatch.setenv("GATEWAY_STATE", str(settings.state))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={settings.state / 'no-bus'}")
    worn = KnownWearable(BELT, PATIENT, "C0:11:22:33:00:01", "heart_rate_belt", bonded=True)
    write_household(settings.state / "household.json", [worn])
    assert gateway(["reset", "--yes"]) == 0
    told = capsys.readouterr()
    assert "bluetoothctl remove" in told.err
    assert "household.json" in told.out, "it is wiped all the same"
    assert not (settings.state / "household.json").exists()

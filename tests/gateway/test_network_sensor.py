"""A home whose only device is a sensor on the network: its keys are made in the shell, and its readings are sealed in the outbox."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.assembly import CONTEXTS, assembled
from edge.gateway.commands import gateway
from edge.gateway.household import write_household
from edge.gateway.reset import unsent
from edge.gateway.settings import GatewaySettings
from simulators.coap_sensor import CoapSensor
from tests.firmware_bridge.test_coap_wearable import HEART_RATE, SENSOR, free_port, heart_rate, ticks
from tests.support.gateway import PATIENT, FakeUplink, a_gateways_folder


def keys(state: Path, out: Path, wearable: UUID = SENSOR) -> int:
    return gateway(["sensor-keys", "--wearable", str(wearable), "--out", str(out), "--state", str(state)])


async def test_its_readings_are_kept_and_it_may_forget_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        port = free_port()
    except OSError:
        pytest.skip("there is no IPv6 loopback here")
    state = a_gateways_folder(tmp_path / "state")
    write_household(state / "household.json", [KnownWearable(SENSOR, PATIENT, f"coap://[::1]:{port}", "heart_rate_belt")])
    (tmp_path / "sensor").mkdir()
    assert await asyncio.to_thread(keys, state, tmp_path / "sensor" / "settings.json") == 0
    assert (state / CONTEXTS / str(SENSOR) / "settings.json").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    sensor = CoapSensor(7, tmp_path / "sensor", ticks)
    await sensor.start("::1", port)
    for number in range(20):
        sensor.measure(HEART_RATE, heart_rate(number))
    cut_off = FakeUplink()
    cut_off.connected = False
    try:
        async with assembled(GatewaySettings(state=state, fold_seconds=600), uplink=cut_off) as line:
            work = asyncio.create_task(line.run())
            async with asyncio.timeout(20):
                while unsent(state) < 21 or sensor.memory.oldest < 20:
                    await asyncio.sleep(0.05)
            assert line.board.shown[SENSOR].battery == 100
            assert line.board.about[SENSOR].model == "Simulated sensor"
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    finally:
        await sensor.stop()
    capsys.readouterr()


def test_keys_are_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = a_gateways_folder(tmp_path / "state")
    assert keys(state, tmp_path / "one.json") == 0
    before = (state / CONTEXTS / str(SENSOR) / "settings.json").read_text()
    assert keys(state, tmp_path / "two.json") == 1
    assert "has its keys already" in capsys.readouterr().err
    assert keys(state, tmp_path / "one.json", UUID(int=5)) == 1
    assert "is there already" in capsys.readouterr().err
    assert (state / CONTEXTS / str(SENSOR) / "settings.json").read_text() == before
    assert not (tmp_path / "two.json").exists()
    assert not (state / CONTEXTS / str(UUID(int=5))).exists()

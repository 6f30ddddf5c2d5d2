"""A private bus starts, serves, and leaves nothing behind."""

from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus

from simulators.bus import BusError, private_bus
from tests.firmware_bridge.air import dbus_daemon


async def test_a_bus_answers_and_is_gone_afterwards(tmp_path):
    (tmp_path / "bus.sock").touch()
    with private_bus(Path(dbus_daemon()), tmp_path) as bus:
        client = await MessageBus(bus_address=bus.address).connect()
        assert client.unique_name
        client.disconnect()
        await client.wait_for_disconnect()
    assert not (tmp_path / "bus.sock").exists()
    assert not Path(f"/proc/{bus.process}").exists()


def test_a_missing_daemon_is_named(tmp_path):
    with pytest.raises(BusError, match="install the Debian package dbus"), private_bus(tmp_path / "none"):
        pass


def test_a_folder_too_deep_for_a_socket_is_refused(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with pytest.raises(BusError, match="too long"), private_bus(Path("/bin/true"), deep):
        pass


def test_a_daemon_that_ends_at_once_is_reported(tmp_path):
    with pytest.raises(BusError, match="ended at once"), private_bus(Path("/bin/false"), tmp_path):
        pass

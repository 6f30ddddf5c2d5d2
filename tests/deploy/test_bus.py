"""A home's bus answers on its own socket and leaves none behind."""

from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus

from deploy.local.bus import Bus
from deploy.local.processes import Supervisor
from deploy.local.system_programs import ProgramMissing

CACHE = Path(__file__).resolve().parents[2] / ".cache"


def bus(folder: Path) -> Bus:
    try:
        return Bus("bus-1", folder, CACHE)
    except ProgramMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("folder", ["short", "long" * 30])
async def test_a_radio_can_be_served_on_it(tmp_path: Path, folder: str) -> None:
    home = bus(tmp_path / folder)
    home.prepare()
    with Supervisor(tmp_path / "logs") as processes:
        processes.start(home.program, seconds=10)
        connection = await MessageBus(bus_address=home.address).connect()
        assert (await connection.request_name("org.bluez")).name == "PRIMARY_OWNER"
        connection.disconnect()
    home.forget()
    assert not list(tmp_path.rglob("*.sock"))


def test_a_socket_left_by_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    home = bus(tmp_path / "home")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "bus.sock").touch()
    home.prepare()
    with Supervisor(tmp_path / "logs") as processes:
        processes.start(home.program, seconds=10)

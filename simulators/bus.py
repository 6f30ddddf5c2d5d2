"""A private dbus-daemon that stands in for a home's system bus; never the machine's own."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CONFIGURATION = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""
_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 5.0
_LONGEST_SOCKET_PATH = 100


class BusError(Exception):
    """The bus could not be started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Bus:
    """A running bus. address: for DBUS_SYSTEM_BUS_ADDRESS."""

    address: str
    process: int


@contextmanager
def private_bus(dbus_daemon: Path, folder: Path | None = None) -> Generator[Bus]:
    """Run a bus in `folder` (default: a temporary one) until the context ends.

    dbus_daemon: where the binary is.

    Raises:
        BusError: the daemon did not start.
    """
    with tempfile.TemporaryDirectory(prefix="bus-") as temporary:
        place = folder or Path(temporary)
        path = place / "bus.sock"
        if len(str(path)) > _LONGEST_SOCKET_PATH:
            raise BusError(f"{path} is too long for a socket's path: choose a shorter folder")
        path.unlink(missing_ok=True)  # a stale socket looks like a running bus
        configuration = place / "bus.conf"
        configuration.write_text(_CONFIGURATION.format(socket=path))
        try:
            daemon = subprocess.Popen(  # noqa: S603
                [dbus_daemon, f"--config-file={configuration}", "--nofork", "--nopidfile"], stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise BusError(f"dbus-daemon cannot be run ({error}): install the Debian package dbus") from error
        try:
            _await_socket(daemon, path)
            yield Bus(f"unix:path={path}", daemon.pid)
        finally:
            daemon.terminate()
            try:
                daemon.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
            if daemon.stderr is not None:
                daemon.stderr.close()
            path.unlink(missing_ok=True)


def _await_socket(daemon: subprocess.Popen[bytes], path: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not _listens(path):
        if daemon.poll() is not None:
            said = daemon.stderr.read().decode(errors="replace").strip() if daemon.stderr is not None else ""
            raise BusError(f"dbus-daemon ended at once: {said or daemon.returncode}")
        if time.monotonic() > deadline:
            raise BusError(f"dbus-daemon did not listen within {_START_TIMEOUT_S:g} s")
        time.sleep(0.02)


def _listens(path: Path) -> bool:
    """Say whether somebody takes connections there: the file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True

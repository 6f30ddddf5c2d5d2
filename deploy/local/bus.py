"""A home's radio bus: a private dbus-daemon that stands in for the system bus, one for each home, never the machine's own."""

import shutil
import socket
import tempfile
from pathlib import Path

from deploy.local import system_programs
from deploy.local.processes import Program

PACKAGES = ("dbus-daemon", "dbus")
_LONGEST_SOCKET = 100
_RULES = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """One private bus: `prepare` writes its rules, `program` runs it, `address` is where bleak and the simulators find it."""

    def __init__(self, name: str, folder: Path, cache: Path) -> None:
        """Find dbus-daemon.

        Raises:
            ProgramMissing: none here, and none to be had.
        """
        self.name = name
        self._folder = folder.absolute()
        self._daemon = system_programs.find("dbus-daemon", PACKAGES, cache)
        self._short: Path | None = None

    def prepare(self) -> None:
        """Write the bus's rules and remove a socket that a killed run left."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._rules.write_text(_RULES.format(socket=self._socket))

    @property
    def address(self) -> str:
        """Return the bus's D-Bus address."""
        return f"unix:path={self._socket}"

    @property
    def program(self) -> Program:
        """Return the daemon, for a supervisor."""
        return Program(
            name=self.name,
            command=(str(self._daemon.path), f"--config-file={self._rules}", "--nofork", "--nopidfile", "--nosyslog"),
            environment=self._daemon.environment,
            ready=self._answers,
        )

    def forget(self) -> None:
        """Remove the socket, once the daemon has stopped."""
        self._socket.unlink(missing_ok=True)
        if self._short is not None:
            shutil.rmtree(self._short, ignore_errors=True)
            self._short = None

    @property
    def _rules(self) -> Path:
        return self._folder / "bus.conf"

    @property
    def _socket(self) -> Path:
        beside = self._folder / "bus.sock"
        if len(str(beside)) <= _LONGEST_SOCKET:
            return beside
        if self._short is None:
            self._short = Path(tempfile.mkdtemp(prefix="mediassist-"))
        return self._short / "bus.sock"

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as caller:
            return caller.connect_ex(str(self._socket)) == 0

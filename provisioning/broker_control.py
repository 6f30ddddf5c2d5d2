"""Whom a running mosquitto keeps out: its revocation list replaced without a moment in which a revoked certificate passes, live links cut.

The order is: check the list, write it beside, check what was written, rename, SIGHUP, see that a certificate which only the new list revokes is
refused and that a good one passes, then cut the live links. A list that fails the check never gets the file's name.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from provisioning import broker_rules, crl_check
from provisioning.broker_door import BrokerDoor
from provisioning.crl_check import Freshness, ListRefused

_PATIENCE_SECONDS, _LOOK_SECONDS = 20.0, 0.1


class NotInForce(Exception):
    """The broker does not do as its revocation list says: restart it (it starts with a sound list or not at all), and look at its log."""


@dataclass(frozen=True, slots=True)
class BrokerControl:
    """One broker's folder and door, and the identity that may cut links (a folder with key, certificate, authority)."""

    folder: Path
    door: BrokerDoor
    identity: Path

    def publish(self, lists: bytes, issuers: Sequence[x509.Certificate], probe: Path, now: datetime, cut: tuple[str, ...] = ()) -> None:
        """Put new revocation lists (PEM) in force and cut the live links of the names in `cut`.

        probe: an identity that these lists revoke and, for a proof that they are read, the present ones do not.

        Raises:
            ListRefused: nothing has changed.
            NotInForce, NoAnswer, ControlRefused: the file is in place, but the broker does not act on it, or a live link may remain.
        """
        put(self.folder / broker_rules.REVOKED, lists, issuers, now)
        if _serial(probe) not in crl_check.check(lists, issuers, None, now):
            raise NotInForce("the probe's certificate is not revoked by this list: nothing can be seen with it")
        self.read_again()
        _eventually(lambda: not self.door.admits(probe), "it lets a revoked certificate in")
        _eventually(lambda: self.door.admits(self.identity), "it refuses a good certificate")
        if cut:
            self.door.cut(self.identity, cut)

    def read_again(self) -> None:
        """Make the broker read its revocation list (SIGHUP).

        Raises:
            NotInForce: it does not run, or says nowhere as which process.
        """
        try:
            process = int((self.folder / broker_rules.PID).read_text())
            name = Path(f"/proc/{process}/comm")
            if name.exists() and "mosquitto" not in name.read_text():
                raise NotInForce(f"process {process} is no mosquitto: the broker in {self.folder} was killed, start it again")
            os.kill(process, signal.SIGHUP)
        except (FileNotFoundError, ValueError, ProcessLookupError) as error:
            raise NotInForce(f"no running broker in {self.folder}: {error}") from error

    def check(self, probe: Path, now: datetime) -> Freshness:
        """Return how fresh the list in place is, having seen that the broker refuses a revoked certificate.

        Raises:
            NotInForce: it does not.
        """
        freshness = crl_check.crl_alarm(self.present(), now)
        if self.door.admits(probe):
            raise NotInForce("it lets a revoked certificate in")
        return freshness

    def present(self) -> bytes:
        """Return the lists in place (PEM), b"" where there are none."""
        return present(self.folder / broker_rules.REVOKED) or b""


def put(path: Path, lists: bytes, issuers: Sequence[x509.Certificate], now: datetime) -> None:
    """Put lists (PEM) in place of those in `path`, if they may be; durable, and owned by whoever owns the folder.

    Raises:
        ListRefused: they may not; `path` is as it was.
    """
    before = present(path)
    crl_check.check(lists, issuers, before, now)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "wb") as file:
            file.write(lists)
            file.flush()
            os.fsync(file.fileno())
        owner = path.parent.stat()
        if os.geteuid() == 0:
            os.chown(beside, owner.st_uid, owner.st_gid)
        crl_check.check(beside.read_bytes(), issuers, before, now)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def present(path: Path) -> bytes | None:
    """Return the lists (PEM) that stand in a file, None where there are none or what stands there is none."""
    try:
        lists = path.read_bytes()
        crl_check.read(lists)
    except (FileNotFoundError, ListRefused):
        return None
    return lists


def _serial(identity: Path) -> int:
    return x509.load_pem_x509_certificate((identity / "cert.pem").read_bytes()).serial_number


def _eventually(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise NotInForce(otherwise)
        time.sleep(_LOOK_SECONDS)

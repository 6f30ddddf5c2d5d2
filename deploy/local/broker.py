"""The demonstration's broker: mosquitto on a loopback port, mutual TLS, every client known by its certificate."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from deploy.local import ports, system_programs, unprivileged
from deploy.local.processes import Program
from deploy.local.system_programs import ProgramMissing
from provisioning import broker_control, broker_rules, certificates, secret_files
from provisioning.authority import Authority
from provisioning.broker_control import BrokerControl
from provisioning.broker_door import BrokerDoor
from provisioning.broker_revocation import issuers
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore

_PLUGIN = "mosquitto_dynamic_security.so"
HOSTS = ("localhost", "127.0.0.1")
_LIST_LIFE = timedelta(days=30)
"""The demonstration signs its lists anew at each start."""
_RENEW_BEFORE = timedelta(days=14)


class Broker:
    """One mosquitto in one folder: `prepare` gives it an identity and its rules, `program` runs it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Find mosquitto, and a free port.

        Raises:
            ProgramMissing: no mosquitto here, and none to be had.
        """
        self.folder = folder.absolute()
        self.port = ports.free_port(self.folder.parent / "broker.port")
        self._mosquitto = system_programs.find("mosquitto", ("mosquitto",), cache)
        self._plugin = find_plugin(self._mosquitto.path)
        self._user = unprivileged.find_user("mosquitto", reach=(self._mosquitto.path, self.folder))

    @property
    def control(self) -> BrokerControl:
        """Return what puts revocation lists in force here and cuts links; its identity lies beside the broker's folder."""
        return BrokerControl(self.folder, BrokerDoor("127.0.0.1", self.port), self.folder.with_name("broker-control"))

    def prepare(self, authority: Authority, workers: tuple[str, ...]) -> None:
        """Write the broker's identity (renewed when it would end within 14 days), configuration, access list and new revocation lists.

        Raises:
            MayNotEnter: the server's user may not enter the folder.
            ListRefused: newer lists than the authority signs are in place: they are another authority's, or the clock was put back.
        """
        unprivileged.check_may_enter(self._mosquitto.path, self._user)
        unprivileged.give(self.folder, self._user)
        unprivileged.give(self.folder / "kept", self._user)
        identity = unprivileged.give(self.folder / "identity", self._user)
        now = datetime.now(UTC)
        keystore = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
        if ends_before(identity / CERTIFICATE, now + _RENEW_BEFORE):
            keystore.take(authority.sign_server(keystore.public_key, HOSTS, now), authority.root)
        control = self.control.identity
        controlling = FileKeystore.open(control) if (control / KEY).exists() else FileKeystore.make(control)
        if ends_before(control / CERTIFICATE, now + _RENEW_BEFORE):
            request = controlling.request(broker_rules.CONTROL)
            controlling.take(authority.sign_request(request, broker_rules.CONTROL, now, certificates.PROGRAM_LIFE), authority.root)
        (self.folder / broker_rules.CONFIGURATION).write_text(
            broker_rules.configuration(self.port, str(self.folder), str(identity), str(self._plugin))
        )
        access, plugin_state = self.folder / broker_rules.ACCESS, self.folder / broker_rules.PLUGIN_STATE
        access.write_text(broker_rules.access_list(workers))
        access.chmod(0o600)
        with suppress(FileExistsError):
            secret_files.write_once(plugin_state, broker_rules.plugin_state().encode())
        broker_control.put(self.folder / broker_rules.REVOKED, authority.revocation_list(now, _LIST_LIFE), issuers(authority, now), now)
        if self._user and not self._user.masked:
            for path in (access, plugin_state, *identity.iterdir()):
                os.chown(path, self._user.uid, self._user.gid)

    @property
    def program(self) -> Program:
        """Return mosquitto, for a supervisor."""
        return Program(
            name="broker",
            command=(str(self._mosquitto.path), "-c", str(self.folder / "mosquitto.conf")),
            environment=self._mosquitto.environment,
            ready=lambda: ports.answers(self.port),
            restart=True,
            user=self._user,
            folder=self.folder,
        )


def find_plugin(mosquitto: Path) -> Path:
    """Find the dynamic-security plugin that belongs to a mosquitto, installed or unpacked.

    Raises:
        ProgramMissing: it is not there; mosquitto's packages before 2.0 had none.
    """
    root = mosquitto.resolve().parents[1]
    for place in (root / "lib", root / "lib64"):
        for depth in ("", "*/"):
            if found := sorted(place.glob(depth + _PLUGIN)):
                return found[0]
    raise ProgramMissing(
        f"mosquitto's {_PLUGIN} is not under {root}/lib: install mosquitto 2.0 or later (Debian, Ubuntu: apt install mosquitto)"
    )


def ends_before(certificate: Path, moment: datetime) -> bool:
    """Return whether the certificate (PEM) in a file is absent or ends before `moment`."""
    return not certificate.exists() or x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc < moment

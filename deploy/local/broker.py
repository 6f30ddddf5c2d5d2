"""The demonstration's broker: mosquitto on a loopback port, mutual TLS, every client known by its certificate."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from deploy.local import ports, system_programs, unprivileged
from deploy.local.processes import Program
from provisioning import broker_rules
from provisioning.authority import Authority
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore

HOSTS = ("localhost", "127.0.0.1")
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
        self._user = unprivileged.find_user("mosquitto", reach=(self._mosquitto.path, self.folder))

    def prepare(self, authority: Authority, workers: tuple[str, ...]) -> None:
        """Write the broker's identity (renewed when it would end within 14 days), configuration and access list.

        Raises:
            MayNotEnter: the server's user may not enter the folder.
        """
        unprivileged.check_may_enter(self._mosquitto.path, self._user)
        unprivileged.give(self.folder, self._user)
        unprivileged.give(self.folder / "kept", self._user)
        identity = unprivileged.give(self.folder / "identity", self._user)
        now = datetime.now(UTC)
        keystore = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
        if ends_before(identity / CERTIFICATE, now + _RENEW_BEFORE):
            keystore.take(authority.sign_server(keystore.public_key, HOSTS, now), authority.root)
        (self.folder / "mosquitto.conf").write_text(broker_rules.configuration(self.port, str(self.folder), str(identity)))
        access = self.folder / "access.txt"
        access.write_text(broker_rules.access_list(workers))
        access.chmod(0o600)
        if self._user and not self._user.masked:
            for path in (access, *identity.iterdir()):
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


def ends_before(certificate: Path, moment: datetime) -> bool:
    """Return whether the certificate (PEM) in a file is absent or ends before `moment`."""
    return not certificate.exists() or x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc < moment

"""The cloud's processes on this machine: the ingest worker with its identity and keys, and the web application."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from cloud.completeness import certificate
from cloud.ingest import key_encryption
from deploy.local import ports
from deploy.local.broker import ends_before
from deploy.local.processes import Program
from provisioning import ingest_keys, order_key, secret_files
from provisioning.authority import Authority
from provisioning.ingest_keys import PublicKey
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore

WORKER = "ingest-1"
_RENEW_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Cloud:
    """The data centre's folder and ports on this machine."""

    folder: Path
    port: int
    metrics_port: int
    watch_port: int

    @property
    def address(self) -> str:
        """Return where browsers find the application."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, authority: Authority) -> PublicKey:
        """Make the worker's identity and the cloud's keys where they are not there yet; return the ingest key's public half."""
        identity, keys = self.folder / "identity", self.folder / "keys"
        now = datetime.now(UTC)
        worker = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
        if ends_before(identity / CERTIFICATE, now + _RENEW_BEFORE):
            worker.take(authority.sign_request(worker.request(WORKER), WORKER, now, timedelta(days=90)), authority.root)
        key = ingest_keys.load_private(keys) if (keys / ingest_keys.PRIVATE).exists() else ingest_keys.generate(keys)
        if not (keys / key_encryption.FILE).exists():
            key_encryption.make_key(keys, os.urandom(32))
        if not (keys / order_key.PRIVATE).exists():
            order_key.make(keys)
        if not (keys / certificate.PRIVATE).exists():
            certificate.make_key(keys)
        if not (keys / "group").exists():
            secret_files.write_once(keys / "group", secrets.token_hex(16).encode())
        return key.public

    @property
    def signer(self) -> bytes:
        """Return the public half of the key that signs orders to gateways; after `prepare`."""
        return (self.folder / "keys" / order_key.PUBLIC).read_bytes()

    def worker(self, database: str, broker_port: int, environment: Mapping[str, str]) -> Program:
        """Return the ingest worker, for a supervisor."""
        return Program(
            name="worker",
            command=(sys.executable, "-m", "cloud.worker"),
            environment={
                **environment,
                "CLOUD_DATABASE_URL": database,
                "CLOUD_BROKER_HOST": "localhost",
                "CLOUD_BROKER_PORT": str(broker_port),
                "CLOUD_IDENTITY": str(self.folder / "identity"),
                "CLOUD_KEYS": str(self.folder / "keys"),
                "CLOUD_GROUP": (self.folder / "keys" / "group").read_text(),
                "CLOUD_METRICS_PORT": str(self.metrics_port),
            },
            ready=lambda: ports.answers(self.metrics_port),
            restart=True,
        )

    def watch(self, database: str, environment: Mapping[str, str]) -> Program:
        """Return the process that watches over what is stored, for a supervisor."""
        return Program(
            name="watch",
            command=(sys.executable, "-m", "cloud.watch"),
            environment={**environment, "CLOUD_DATABASE_URL": database, "CLOUD_METRICS_PORT": str(self.watch_port)},
            ready=lambda: ports.answers(self.watch_port),
            restart=True,
        )

    def app(self, database: str, environment: Mapping[str, str]) -> Program:
        """Return the web application, for a supervisor."""
        return Program(
            name="app",
            command=(sys.executable, "-m", "cloud.app"),
            environment={
                **environment,
                "CLOUD_DATABASE_URL": database,
                "CLOUD_KEYS": str(self.folder / "keys"),
                "CLOUD_HOST": "127.0.0.1",
                "CLOUD_PORT": str(self.port),
            },
            ready=self._healthy,
            restart=True,
        )

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.address}/api/health", timeout=2).is_success
        except httpx.HTTPError:
            return False


def cloud_in(state: Path, preferred_port: int | None = None) -> Cloud:
    """Lay the cloud out under the state folder, on the ports of the last run where they are free."""
    app = ports.free_port(state / "app.port", preferred_port)
    return Cloud((state / "cloud").absolute(), app, ports.free_port(state / "worker.port"), ports.free_port(state / "watch.port"))

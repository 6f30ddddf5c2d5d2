"""A patient's home on this machine: the gateway's folder, its enrolment, its radio bus and its process."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from deploy.local.broker import ends_before
from deploy.local.bus import Bus
from deploy.local.people import Home
from deploy.local.processes import Program
from provisioning import ingest_keys, secret_files
from provisioning.authority import Authority
from provisioning.ingest_keys import PublicKey
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore

_RENEW_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Household:
    """One home's place: `folder` is its gateway's state, `bus` its radio; number counts from 1."""

    number: int
    home: Home
    folder: Path
    bus: Bus

    @property
    def name(self) -> str:
        """Return what its gateway's process is called."""
        return f"gateway-{self.number}"

    def enrol(self, authority: Authority, ingest: PublicKey) -> str:
        """Give the gateway its identity (renewed when it would end within 7 days) and its household; return its certificate (PEM).

        The key is made in the gateway's folder and stays there; the authority sees the request alone.
        """
        identity = secret_files.make_folder(self.folder) / "identity"
        now = datetime.now(UTC)
        device = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
        if ends_before(identity / CERTIFICATE, now + _RENEW_BEFORE):
            name = UUID(self.home.gateway).hex
            device.take(authority.sign_request(device.request(name), name, now), authority.root)
        secret_files.make_folder(self.folder / "ingest")
        secret_files.replace(self.folder / "ingest" / "public.bin", ingest_keys.public_bytes(ingest))
        wearables = [
            {"id": device.id, "patient": self.home.patient, "address": device.address, "kind": device.kind}
            for device in self.home.wearables
        ]
        secret_files.replace(self.folder / "household.json", json.dumps({"wearables": wearables}).encode())
        return (identity / CERTIFICATE).read_text()

    def gateway(self, broker_port: int, environment: Mapping[str, str]) -> Program:
        """Return the gateway's process, for a supervisor."""
        return Program(
            name=self.name,
            command=(sys.executable, "-m", "edge.gateway"),
            environment={
                **environment,
                "GATEWAY_STATE": str(self.folder),
                "GATEWAY_BROKER_HOST": "localhost",
                "GATEWAY_BROKER_PORT": str(broker_port),
                "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address,
            },
            restart=True,
        )


def household(number: int, home: Home, state: Path, cache: Path) -> Household:
    """Lay out home `number` (from 1) under the state folder.

    Raises:
        ProgramMissing: there is no dbus-daemon, and none to be had.
    """
    folder = (state / "homes" / UUID(home.gateway).hex[:8]).absolute()
    return Household(number, home, folder, Bus(f"bus-{number}", folder / "bus", cache))

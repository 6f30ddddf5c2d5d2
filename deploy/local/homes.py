"""A patient's home on this machine: the gateway's folder, its enrolment, its radio and its process."""

import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local import ports
from deploy.local.broker import ends_before
from deploy.local.bus import Bus
from deploy.local.people import ZONE, Home
from deploy.local.processes import Program
from deploy.local.system_programs import ProgramMissing
from edge.gateway.household import NOT_READY
from edge.gateway.hub.access import setup_code, spoken
from provisioning import ingest_keys, order_key, secret_files
from provisioning.authority import Authority
from provisioning.ingest_keys import PublicKey
from provisioning.keystore import CERTIFICATE, KEY, FileKeystore

_RENEW_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Household:
    """One home's place: `folder` is its gateway's state; number counts from 1. hub_port: of its page, metrics_port: of its meters, on this machine alone.

    bus: its radio; None where the radio is in the gateway's own process, and the wearables with it.
    """

    number: int
    home: Home
    folder: Path
    bus: Bus | None
    hub_port: int
    metrics_port: int

    @property
    def hub(self) -> str:
        """Return the address of its page."""
        return f"http://localhost:{self.hub_port}"

    @property
    def code(self) -> str:
        """Return the set-up code of its page, as it is printed."""
        return spoken(setup_code(self.folder / "hub", secrets.token_bytes))

    @property
    def name(self) -> str:
        """Return what its gateway's process is called; where the wearables share it, after the whole home."""
        return f"gateway-{self.number}" if self.bus else f"home-{self.number}"

    @property
    def plan(self) -> Path:
        """Return where an in-process radio's wearables are told what to pretend."""
        return self.folder / "simulators.json"

    @property
    def journal(self) -> Path:
        """Return where an in-process radio's wearables write what went on the air."""
        return self.folder / "produced.jsonl"

    def enrol(self, authority: Authority, ingest: PublicKey, signer: bytes) -> str:
        """Give the gateway its identity (renewed when it would end within 7 days) and its household; return its certificate (PEM).

        The key is made in the gateway's folder and stays there; the authority sees the request alone. signer: public half of the cloud's order key.
        """
        identity = secret_files.make_folder(self.folder) / "identity"
        now = datetime.now(UTC)
        device = FileKeystore.open(identity) if (identity / KEY).exists() else FileKeystore.make(identity)
        if ends_before(identity / CERTIFICATE, now + _RENEW_BEFORE):
            name = UUID(self.home.gateway).hex
            device.take(authority.sign_request(device.request(name), name, now), authority.root)
        secret_files.make_folder(self.folder / "ingest")
        secret_files.replace(self.folder / "ingest" / "public.bin", ingest_keys.public_bytes(ingest))
        secret_files.replace(self.folder / "ingest" / order_key.PUBLIC, signer)
        wearables = [
            {"id": device.id, "patient": self.home.patient, "address": device.address, "kind": device.kind}
            for device in self.home.wearables
        ]
        household = self.folder / "household.json"
        before: list[dict[str, Any]] = json.loads(household.read_bytes())["wearables"] if household.exists() else []
        changed = {each["id"]: each for each in before if each.get("adopted_here") or each.get("removed_at") is not None}
        given = [wearable for wearable in wearables if wearable["id"] not in changed]
        secret_files.replace(household, json.dumps({"wearables": [*given, *changed.values()]}).encode())
        return (identity / CERTIFICATE).read_text()

    def gateway(self, broker_port: int, environment: Mapping[str, str], log: Callable[[str], str]) -> Program:
        """Return the gateway's process, for a supervisor. log: what a process has written, by its name."""
        settings = {
            **environment,
            "GATEWAY_STATE": str(self.folder),
            "GATEWAY_BROKER_HOST": "localhost",
            "GATEWAY_BROKER_PORT": str(broker_port),
            "GATEWAY_ZONE": ZONE,
            "GATEWAY_HUB_PORT": str(self.hub_port),
            "GATEWAY_METRICS_PORT": str(self.metrics_port),
        }
        if self.bus:
            settings["DBUS_SYSTEM_BUS_ADDRESS"] = self.bus.address
            return Program(self.name, (sys.executable, "-m", "edge.gateway"), settings, restart=True, done=NOT_READY)
        return Program(
            name=self.name,
            command=(sys.executable, "-m", "deploy.local.home_in_one"),
            environment={**settings, "SIMULATOR_PLAN": str(self.plan)},
            ready=lambda: "ready" in log(self.name).splitlines(),
            restart=True,
        )


def lay_out(places: Sequence[Home], state: Path, cache: Path, tell: Callable[[str], None], *, buses: bool) -> tuple[Household, ...]:
    """Give every home its folder under `state`, and its radio bus.

    tell: is told in one line when radios are in the gateways' processes: not `buses`, or there is no dbus-daemon and none to be had.
    """
    why = "as asked for"
    if buses:
        try:
            return tuple(_household(number, home, state, cache) for number, home in enumerate(places, 1))
        except ProgramMissing as missing:
            why = str(missing)
    tell(f"each gateway shares a process with its wearables instead of a radio bus: {why}")
    return tuple(_household(number, home, state, None) for number, home in enumerate(places, 1))


def _household(number: int, home: Home, state: Path, cache: Path | None) -> Household:
    folder = (state / "homes" / UUID(home.gateway).hex[:8]).absolute()
    secret_files.make_folder(folder)
    bus = Bus(f"bus-{number}", folder / "bus", cache) if cache else None
    return Household(number, home, folder, bus, ports.free_port(folder / "hub.port"), ports.free_port(folder / "metrics.port"))

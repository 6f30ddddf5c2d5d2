"""The gateway's household in the shell, for whoever installs one: what belongs to it, how it stands, and a device added without a screen."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from cryptography import x509

from edge.firmware_bridge.pairing import Nearby
from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.household import paired, read_household, write_household
from edge.gateway.reset import unsent
from provisioning.keystore import CERTIFICATE

LOOK_SECONDS = 20.0
_NO_GATEWAY = "no certificate: enrol it first (mediassist gateway enrol)"


def devices(state: Path) -> list[str]:
    """Return a line for each device that belongs to a gateway, and a heading.

    Raises:
        HouseholdError: the household cannot be read.
    """
    known = [wearable for wearable in read_household(state / "household.json") if wearable.removed_at is None]
    heard = _heard(state)
    lines = [f"{w.kind:22} {w.address}  {_how(w):18} {heard.get(w.id, 'not heard yet'):28} {w.id}" for w in known]
    return [f"{'kind':22} {'address':17}  {'added':18} {'heard last':28} id", *lines] if known else ["no device belongs to this gateway"]


def status(state: Path, now: datetime) -> list[str]:
    """Return how a gateway stands, from its folder alone, whether or not it runs."""
    path = state / "identity" / CERTIFICATE
    if not path.exists():
        return [_NO_GATEWAY]
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    name = str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
    left = (certificate.not_valid_after_utc - now).days
    return [
        f"gateway      {UUID(hex=name)}",
        f"certificate  until {certificate.not_valid_after_utc:%Y-%m-%d} ({left} days)",
        f"household    {_household(state)}",
        f"waiting      {unsent(state)} readings and messages that the cloud has not confirmed",
    ]


def _household(state: Path) -> str:
    if not (state / "household.json").exists():
        return "none: the clinic adopts this gateway"
    known = read_household(state / "household.json")
    here = [wearable for wearable in known if wearable.removed_at is None]
    return f"{len({w.patient for w in known})} people, {len(here)} devices"


def _how(wearable: KnownWearable) -> str:
    by = "here" if wearable.adopted_here else "by the clinic"
    return f"{by}, paired" if wearable.bonded else by


def _heard(state: Path) -> dict[UUID, str]:
    """Return when each wearable was heard last, as far as its newest readings are still here."""
    if not (state / "gateway.sqlite").exists():
        return {}
    link = sqlite3.connect(f"file:{state / 'gateway.sqlite'}?mode=ro", uri=True)
    try:
        rows = link.execute("select wearable, max(arrived_at) from spool group by wearable").fetchall()
    except sqlite3.OperationalError:
        return {}
    finally:
        link.close()
    return {UUID(bytes=wearable): f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" for wearable, at in rows}


@dataclass(frozen=True, slots=True)
class Terminal:
    """Whoever pairs, at a terminal. say: shows a line. ask: shows a question and returns what was typed."""

    say: Callable[[str], None]
    ask: Callable[[str], str]

    async def passkey(self) -> int | None:
        """Return the six digits that the wearable shows, None to give up."""
        typed = "".join((await asyncio.to_thread(self.ask, "six digits on the device (nothing: give up): ")).split())
        return int(typed) if typed.isascii() and typed.isdecimal() else None

    async def same(self, number: int) -> bool:
        """Say whether the wearable shows this number."""
        typed = await asyncio.to_thread(self.ask, f"does the device show {number:06}? (yes/no): ")
        return typed.strip().lower() in ("y", "yes")

    def type_there(self, number: int) -> None:
        """Be told the number that is to be typed on the wearable."""
        self.say(f"type {number:06} on the device")

    async def chosen(self, nearby: list[Nearby]) -> Nearby | None:
        """Return which one is wanted."""
        for number, one in enumerate(nearby, 1):
            self.say(f"{number:3}  {one.kind:22} {one.address}  {one.signal} dBm  {one.name}")
        typed = (await asyncio.to_thread(self.ask, "which one (nothing: none): ")).strip()
        return nearby[int(typed) - 1] if typed.isdecimal() and 1 <= int(typed) <= len(nearby) else None

    async def wearer(self, patients: list[UUID]) -> UUID | None:
        """Return whose it is to be."""
        if len(patients) == 1:
            return patients[0]
        for number, patient in enumerate(patients, 1):
            self.say(f"{number:3}  {patient}")
        typed = (await asyncio.to_thread(self.ask, "who wears it (nothing: nobody): ")).strip()
        return patients[int(typed) - 1] if typed.isdecimal() and 1 <= int(typed) <= len(patients) else None


async def pair(state: Path, terminal: Terminal, look_seconds: float = LOOK_SECONDS) -> str:
    """Look around, pair the device that a person chooses, and write it down: a gateway that is stopped tells the cloud when it starts.

    Returns:
        A line that says what came of it.

    Raises:
        HouseholdError: the household cannot be read. PairingFailed: the device was not paired. BleakError, OSError: the radio cannot listen.
    """
    from edge.firmware_bridge.bleak_wearable import BleakWearables  # noqa: PLC0415  (the other words need no radio)

    path = state / "household.json"
    known = read_household(path)
    patients = list(dict.fromkeys(wearable.patient for wearable in known))
    if not patients:
        return "nobody lives here yet: the clinic adds the first device"
    pairing = BleakWearables([], lambda: 0).pairing
    assert pairing is not None
    async with pairing.window():
        terminal.say(f"looking around for {look_seconds:g} s: put the device on, or switch it on")
        await asyncio.sleep(look_seconds)
        nearby = pairing.nearby()
        if not nearby:
            return "nothing that measures was heard"
        one, patient = await terminal.chosen(nearby), None
        if one is not None:
            patient = await terminal.wearer(patients)
        if one is None or patient is None:
            return "nothing was added"
        vouched = await pairing.pair(one.address, terminal)
    new = paired(known, one.address, one.kind, patient, uuid4)
    write_household(path, [*(wearable for wearable in known if wearable.id != new.id), new])
    return f"added {new.kind} {new.address} as {new.id}" + ("" if vouched else "; it asked for no number")

"""What a home's page shows: of each wearable the newest values and when it was last heard, and the alarms; kept over a restart."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid5

import structlog

from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway import alarms
from edge.gateway.alarms import Alarm, Alarms
from edge.gateway.disk import DiskThread
from edge.gateway.watch_finding import Priority, WatchFinding
from protocol.errors import SealBroken
from protocol.metrics import BATTERY, RR_INTERVAL
from protocol.samples import Reading, WaveformPiece
from provisioning import secret_files
from provisioning.keystore import Keystore

log = structlog.get_logger()

CONTINUOUS = frozenset({"heart_rate_belt", "pulse_oximeter", "thermometer", "ecg_patch", "glucose_sensor"})
"""Kinds of wearables that are silent when they say nothing; the others are used now and then."""
SILENT_MS, SLOWLY_SILENT_MS = 5 * 60_000, 20 * 60_000
SILENCE = "silence"
"""The kind of the alarm that is raised then."""
MUTE_MS = 15 * 60_000
MUTE_CLOUD = "mute_cloud"
"""The kind of the alarm that is raised when messages wait and the cloud has receipted none for so long."""
_SLOW = "glucose_sensor"
_NOT_SHOWN = frozenset({RR_INTERVAL.code, BATTERY.code})
_ABOUT = b"alarms of this home"


@dataclass(slots=True)
class Shown:
    """One wearable. heard_at: ms UTC, None before it was ever heard. battery: %. latest: metric code -> its newest reading."""

    wearable: KnownWearable
    heard_at: int | None = None
    battery: int | None = None
    latest: dict[int, Reading] = field(default_factory=dict[int, Reading])

    def silent(self, now: int) -> bool:
        """Say whether a wearable that should speak has not."""
        if self.wearable.kind not in CONTINUOUS or self.heard_at is None:
            return False
        return now - self.heard_at > (SLOWLY_SILENT_MS if self.wearable.kind == _SLOW else SILENT_MS)


class Board:
    """One home's. about: what wearables say of themselves.

    connected, waiting, receipted_at: of the way to the cloud: messages that are not stored there yet, and when it last said that some are,
    ms UTC, or else when this process began. now: ms UTC.
    """

    def __init__(
        self,
        known: Sequence[KnownWearable],
        folder: Path,
        keystore: Keystore,
        now: Callable[[], int],
        about: Mapping[UUID, DeviceInformation],
        connected: Callable[[], bool],
        waiting: Callable[[], Awaitable[int]],
        receipted_at: Callable[[], int],
        on_disk: DiskThread,
    ) -> None:
        self.now, self.about, self.connected, self.waiting, self._receipted_at = now, about, connected, waiting, receipted_at
        self.shown = {wearable.id: Shown(wearable) for wearable in known if wearable.removed_at is None}
        self.patients = list(dict.fromkeys(wearable.patient for wearable in known))
        """Who lives here, whether or not they have a device now."""
        self._file, self._keystore, self._on_disk = folder / "alarms.bin", keystore, on_disk
        self._alarms = self._read()

    @property
    def alarms(self) -> Alarms:
        """The alarms, newest first."""
        return self._alarms

    def loudest(self) -> Priority | None:
        """Return the priority to be heard now, None where there is none."""
        return alarms.loudest(self._alarms, self.now())

    def heard(self, measured: Sequence[Reading | WaveformPiece], arrived_at: int) -> None:
        """Take what a wearable said."""
        for one in measured:
            shown = self.shown.get(one.wearable)
            if shown is None:
                continue
            shown.heard_at = max(arrived_at, shown.heard_at or 0)
            if not isinstance(one, Reading):
                continue
            if one.metric == BATTERY.code and not one.absence:
                shown.battery = round(one.value)
            newest = shown.latest.get(one.metric)
            if one.metric not in _NOT_SHOWN and (newest is None or newest.at <= one.at):
                shown.latest[one.metric] = one

    async def found(self, finding: WatchFinding) -> None:
        """Raise an alarm."""
        await self._take(alarms.found(self._alarms, finding))

    async def changed_bond(self, wearable: UUID, at: int) -> None:
        """Raise an alarm: something at a wearable's address does not have its keys. at: ms UTC."""
        shown = self.shown.get(wearable)
        if shown is not None:
            known = shown.wearable
            why = f"The {known.kind.replace('_', ' ')} at {known.address} does not have the keys it was paired with; nothing is taken from it."
            alarm = Alarm(uuid5(wearable, str(at)), known.patient, "changed_bond", "medium", at, why, about=wearable)
            await self._take(alarms.raised(self._alarms, alarm))

    async def notice_silence(self) -> None:
        """Raise an alarm for each wearable that should speak and does not, once a silence; it is over by itself when the wearable is heard."""
        now, new = self.now(), self._alarms
        for shown in self.shown.values():
            known = shown.wearable
            if shown.silent(now):
                why = f"The {known.kind.replace('_', ' ')} at {known.address} should speak and does not."
                new = alarms.raised(
                    new, Alarm(uuid5(known.id, f"silence {shown.heard_at}"), known.patient, SILENCE, "low", now, why, about=known.id)
                )
            elif shown.heard_at is not None:
                new = alarms.over(new, SILENCE, known.id, now)
        for gone in {alarm.about for alarm in new if alarm.kind == SILENCE} - self.shown.keys():
            if gone is not None:
                new = alarms.over(new, SILENCE, gone, now)
        await self._take(new)

    async def notice_mute_cloud(self) -> None:
        """Raise an alarm when what waits here is not taken; it is over by itself when the cloud takes something."""
        now, new, since = self.now(), self._alarms, self._receipted_at()
        if now - since <= MUTE_MS or not await self.waiting():
            await self._take(alarms.over(new, MUTE_CLOUD, None, now))
            return
        why = f"The cloud has taken nothing for {(now - since) // 60_000} minutes."
        for patient in self.patients:
            new = alarms.raised(new, Alarm(uuid5(patient, f"mute {since}"), patient, MUTE_CLOUD, "low", now, why))
        await self._take(new)

    def add(self, wearable: KnownWearable) -> None:
        """Show one more wearable, or what became of it when it was paired anew."""
        shown = self.shown.setdefault(wearable.id, Shown(wearable))
        shown.wearable = wearable

    def remove(self, which: UUID) -> None:
        """Show a wearable no more."""
        self.shown.pop(which, None)

    async def put_off(self, which: UUID) -> None:
        """Make an alarm quiet for a while."""
        await self._take(alarms.put_off(self._alarms, which, self.now()))

    async def seen(self, which: UUID) -> None:
        """Note that somebody has seen an alarm."""
        await self._take(alarms.seen(self._alarms, which, self.now()))

    async def _take(self, new: Alarms) -> None:
        new = alarms.tidied(new, self.now())
        if new != self._alarms:
            self._alarms = new
            await self._on_disk(self._write, new)

    def _write(self, new: Alarms) -> None:
        secret_files.make_folder(self._file.parent)
        secret_files.replace(self._file, self._keystore.wrap(alarms.as_text(new).encode(), _ABOUT))

    def _read(self) -> Alarms:
        try:
            return alarms.from_text(self._keystore.unwrap(self._file.read_bytes(), _ABOUT).decode())
        except FileNotFoundError:
            return ()
        except (SealBroken, ValueError, KeyError, TypeError) as error:
            log.error("alarms.unreadable", error=type(error).__name__)
            return ()

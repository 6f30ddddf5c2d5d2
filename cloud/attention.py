"""What does one watcher still have to be told, and when? Coalesces without bound on what arrives, with a bound on what is kept."""

from dataclasses import dataclass, field
from uuid import UUID

PUSH_EVERY_S = 0.2
TOUCH_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """What to fetch and tell now. touched: patients, not watched, of whom something new was stored."""

    alerts: bool = False
    readings: bool = False
    waveforms: bool = False
    touched: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return self.alerts or self.readings or self.waveforms or bool(self.touched)


@dataclass(slots=True)
class Attention:
    """One watcher's marks. Times are seconds of any one clock that does not jump.

    Alerts are due at once; the watched patient's readings and waveforms at most every `PUSH_EVERY_S`; other patients' names at
    most every `TOUCH_EVERY_S` each. Kept at most: three marks, and one a patient of the organisation.
    """

    watched: UUID | None = None
    _alerts: bool = False
    _readings: bool = False
    _waveforms: bool = False
    _pushed_at: float = float("-inf")
    _touched: set[UUID] = field(default_factory=set[UUID])
    _told_at: dict[UUID, float] = field(default_factory=dict[UUID, float])

    def watch(self, patient: UUID | None) -> None:
        """Watch this patient from now on, whose newest is due at the next push."""
        self.watched = patient
        self._readings = self._waveforms = patient is not None
        if patient is not None:
            self._touched.discard(patient)

    def note(self, patient: UUID, kinds: frozenset[str]) -> None:
        """Something of a patient was stored; kinds: reading, waveform, alert, others mean nothing."""
        self._alerts |= "alert" in kinds
        if patient == self.watched:
            self._readings |= "reading" in kinds
            self._waveforms |= "waveform" in kinds
        elif kinds & {"reading", "waveform", "alert"}:
            self._touched.add(patient)

    def note_all(self) -> None:
        """Anything may have been stored unheard: the announcements were away for a while."""
        self._alerts = True
        self._readings = self._waveforms = self.watched is not None

    def take(self, now: float) -> Due:
        """Return what is due, and count it as told."""
        push = self._push_in(now) <= 0
        touched = tuple(sorted(patient for patient in self._touched if self._touch_in(patient, now) <= 0))
        due = Due(self._alerts, push and self._readings, push and self._waveforms, touched)
        self._alerts = False
        if due.readings or due.waveforms:
            self._readings = self._waveforms = False
            self._pushed_at = now
        self._told_at = {patient: at for patient, at in self._told_at.items() if now - at < TOUCH_EVERY_S} | dict.fromkeys(touched, now)
        self._touched.difference_update(touched)
        return due

    def wait(self, now: float) -> float | None:
        """Return in how many seconds (>= 0) something marked is due; None = nothing is marked."""
        waits = [0.0] if self._alerts else []
        if self._readings or self._waveforms:
            waits.append(self._push_in(now))
        waits.extend(self._touch_in(patient, now) for patient in self._touched)
        return max(0.0, min(waits)) if waits else None

    def _push_in(self, now: float) -> float:
        return self._pushed_at + PUSH_EVERY_S - now

    def _touch_in(self, patient: UUID, now: float) -> float:
        return self._told_at.get(patient, float("-inf")) + TOUCH_EVERY_S - now

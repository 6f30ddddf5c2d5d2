"""May this claim make a device? The life of a claim, and how often one may be wrong, decided here and carried out elsewhere (pure).

made -> used         its secret is presented by a key in time: that key's device is made, and no other ever
made -> expired      its time is over: it never makes a device
used -> quarantined  its secret is presented again by another key: somebody has a copy of the label, and nobody can say which of the two
                     is the device; both are locked out until a person has looked

The same key may ask again while the claim is used: its answer was lost on the way. It gets the same certificate; nothing new is made.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import assert_never
from uuid import UUID

PREFIX_LETTERS = 4
"""So many letters of a claim's number count as one in the brake: whoever tries neighbours is slowed as one."""


class Phase(StrEnum):
    """Where a claim is in its life."""

    MADE = "made"
    USED = "used"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """Why an enrolment was refused: the word for the audit, and for the device's screen."""

    WRONG_CLAIM = "wrong_claim"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as the factory keeps it.

    number: 5 bytes. secret_sha256: 32 bytes, all that is kept of the secret. key_sha256: of the public key (DER) that used it, once used.
    """

    number: bytes
    gateway: UUID
    secret_sha256: bytes
    expires_at: datetime
    phase: Phase = Phase.MADE
    key_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """Somebody shows a secret (by its SHA-256) and a request of the key whose public half (DER) has this SHA-256."""

    secret_sha256: bytes
    key_sha256: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """The factory looks at its list."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A person locks the device out."""


Event = Presented | Looked | Quarantine


@dataclass(frozen=True, slots=True)
class Issue:
    """Sign the request of this gateway, and of no other."""

    gateway: UUID


@dataclass(frozen=True, slots=True)
class Repeat:
    """Give the certificate that this claim was given, again."""

    gateway: UUID


@dataclass(frozen=True, slots=True)
class Refuse:
    """Give nothing, and say why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class LockOut:
    """Revoke every certificate of this gateway and renew none."""

    gateway: UUID


@dataclass(frozen=True, slots=True)
class Audit:
    """Write what happened, with ids alone. what: "enrolled", "repeated", "refused.expired" .."""

    what: str


Effect = Issue | Repeat | Refuse | LockOut | Audit


def step(claim: Claim, event: Event, now: datetime) -> tuple[Claim, list[Effect]]:
    """Return what becomes of a claim, and what is to be done for it, in this order."""
    match event:
        case Presented():
            if not compare_digest(claim.secret_sha256, event.secret_sha256):
                return claim, _refusal(Reason.WRONG_CLAIM)
            return _presented(claim, event, now)
        case Looked():
            expired = claim.phase is Phase.MADE and now >= claim.expires_at
            return (replace(claim, phase=Phase.EXPIRED), [Audit("expired")]) if expired else (claim, [])
        case Quarantine():
            if claim.phase is Phase.QUARANTINED:
                return claim, []
            return replace(claim, phase=Phase.QUARANTINED), [LockOut(claim.gateway), Audit("quarantined")]
        case _:
            assert_never(event)


def _presented(claim: Claim, event: Presented, now: datetime) -> tuple[Claim, list[Effect]]:
    match claim.phase:
        case Phase.MADE if now < claim.expires_at:
            used = replace(claim, phase=Phase.USED, key_sha256=event.key_sha256)
            return used, [Issue(claim.gateway), Audit("enrolled")]
        case Phase.MADE | Phase.EXPIRED:
            return replace(claim, phase=Phase.EXPIRED), _refusal(Reason.EXPIRED)
        case Phase.USED if event.key_sha256 == claim.key_sha256:
            return claim, [Repeat(claim.gateway), Audit("repeated")]
        case Phase.USED:
            return replace(claim, phase=Phase.QUARANTINED), [LockOut(claim.gateway), *_refusal(Reason.REPLAYED)]
        case Phase.QUARANTINED:
            return claim, _refusal(Reason.QUARANTINED)
        case _:
            assert_never(claim.phase)


def _refusal(reason: Reason) -> list[Effect]:
    return [Refuse(reason), Audit(f"refused.{reason}")]


class Throttle:
    """Slows whoever is wrong too often, by address and by the first letters of the claim's number.

    wrongs: so many within `window` are answered; then the next waits. most_keys: how many are remembered, the oldest forgotten first.
    """

    def __init__(self, *, wrongs: int = 10, window: timedelta = timedelta(minutes=5), most_keys: int = 10_000) -> None:
        self._wrongs = wrongs
        self._window = window
        self._most_keys = most_keys
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait_s(self, address: str, claim: str, now: datetime) -> float:
        """Return in how many seconds this address may try this claim; 0.0 is now."""
        return max(self._wait_of(key, now) for key in _keys(address, claim))

    def wrong(self, address: str, claim: str, now: datetime) -> None:
        """Count one wrong try."""
        for key in _keys(address, claim):
            times = self._seen.setdefault(key, deque(maxlen=self._wrongs))
            self._seen.move_to_end(key)
            times.append(now)
        while len(self._seen) > self._most_keys:
            self._seen.popitem(last=False)

    def _wait_of(self, key: str, now: datetime) -> float:
        times = self._seen.get(key)
        if times is None or len(times) < self._wrongs:
            return 0.0
        return max(0.0, (times[0] + self._window - now).total_seconds())


def _keys(address: str, claim: str) -> tuple[str, str]:
    return f"address {address}", f"claim {claim[:PREFIX_LETTERS]}"

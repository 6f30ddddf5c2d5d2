"""When is a certificate to be renewed, and which moment may a gateway believe whose own clock is behind? Pure.

A gateway's clock may start in 1970. Its own certificate, and the server's, are then "not valid yet", and it would never enrol. So a clock that
is behind is set aside for one try: the moment that the server says is used to look at the server's certificate, if it is later than all that
the gateway knows to have passed. It only ever moves the moment forward, into the certificate's own time: a certificate that is over by the
gateway's clock, by what it knows, or by the moment of what the authority has just signed, is never accepted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

RENEW_FROM = 2 / 3
JITTER = 1 / 12
EARLIER = timedelta(minutes=10)
"""How long before its making a certificate is valid (provisioning/certificates.py)."""


class NotNow(Exception):
    """The server's certificate is not to be believed at any moment that this gateway may assume: do not talk to it."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate holds, UTC."""

    since: datetime
    until: datetime


def due_at(own: Validity, dice: float) -> datetime:
    """Return when to renew: from 2/3 of the life on, spread over a twelfth of it. dice: 0 to 1, the same for the same certificate."""
    return own.since + (own.until - own.since) * (RENEW_FROM + JITTER * dice)


def is_due(own: Validity, dice: float, clock: datetime) -> bool:
    """Say whether to renew. A clock before the certificate's own time is wrong and says nothing: then the server's answer will."""
    return clock < own.since or clock >= due_at(own, dice)


def moment_to_try(server: Validity, clock: datetime, passed: datetime, said: datetime | None) -> datetime:
    """Return the moment at which the server's certificate is to be judged.

    clock: the gateway's. passed: what it knows to be over: the start of its own or its authority's certificate. said: the server's Date.

    Raises:
        NotNow: over, or not to be believed yet; the message says which.
    """
    latest = max(clock, passed)
    if latest >= server.until:
        raise NotNow(f"the server's certificate ended at {server.until:%Y-%m-%d %H:%M}; this gateway's clock says {clock:%Y-%m-%d %H:%M}")
    if latest >= server.since:
        return latest
    if said is None or not max(latest, server.since) <= said < server.until:
        raise NotNow("this gateway's clock is behind, and what the server says does not fit its certificate: set the clock")
    return said


def check_still_valid(server: Validity, issued: Validity) -> None:
    """Check the server's certificate against the moment at which the authority has just signed ours: nobody else can forge that one.

    Raises:
        NotNow: the server's had ended by then; somebody answers with an old key of the server's.
    """
    if issued.since + EARLIER >= server.until:
        raise NotNow("the server's certificate had ended when ours was signed: whoever answered is not the server any more")

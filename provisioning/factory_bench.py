"""The factory's bench: makes claims, and the QR codes that are printed on labels.

The secret is made here, goes onto the label and is forgotten; what is kept is its hash.
"""

import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno

from provisioning.claims import NUMBER_BYTES, SECRET_BYTES, ClaimCode, secret_sha256
from provisioning.enrolment import Claim


@dataclass(frozen=True, slots=True)
class Label:
    """A new claim: what is printed (`code`, and its adoption code), and what the factory keeps (the rest)."""

    code: ClaimCode
    claim: Claim
    adoption_sha256: bytes


def make_labels(count: int, life: timedelta, now: datetime) -> list[Label]:
    """Make `count` claims that may be used until `now` + `life`.

    Raises:
        ValueError: no claims, or none that could ever be used.
    """
    if count < 1 or life <= timedelta(0):
        raise ValueError("a claim must be wanted, and must be usable for some time")
    labels: list[Label] = []
    for _ in range(count):
        code = ClaimCode(secrets.token_bytes(NUMBER_BYTES), secrets.token_bytes(SECRET_BYTES))
        claim = Claim(code.number, code.gateway, secret_sha256(code.secret), now + life)
        labels.append(Label(code, claim, secret_sha256(code.adoption.proof)))
    return labels


def qr_terminal(code: ClaimCode) -> str:
    """Return the code's QR code as lines of half blocks, for a terminal."""
    out = io.StringIO()
    segno.make(code.text, error="m", micro=False).terminal(out, compact=True)
    return out.getvalue()


def qr_svg(code: ClaimCode) -> str:
    """Return the code's QR code as an SVG picture, for a label's printer."""
    return segno.make(code.text, error="m", micro=False).svg_inline(scale=4)

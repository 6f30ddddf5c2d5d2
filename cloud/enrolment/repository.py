"""SQL of claims, of the certificates they were given, and of the audit of enrolment. As mediassist_enrolment, but for `add_claims`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud.database import Connection, value_of
from provisioning.enrolment import Claim, Phase


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A certificate that was given to a device. id: 8 bytes. der: the whole certificate."""

    id: bytes
    gateway: UUID
    der: bytes
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the audit: ids and the network address alone. what: "enrolled", "refused.replayed" .."""

    what: str
    address: str
    claim: bytes | None = None
    gateway: UUID | None = None
    certificate_id: bytes | None = None


async def add_claims(connection: Connection, claims: Sequence[tuple[Claim, bytes]], now: datetime) -> None:
    """Add the factory's new claims, each with the SHA-256 of its adoption code's proof, all or none. As the owner, in a transaction."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """insert into claim (number, gateway_id, secret_sha256, adoption_sha256, made_at, expires_at)
               values (%s, %s, %s, %s, %s, %s)""",
            [(claim.number, claim.gateway, claim.secret_sha256, adoption, now, claim.expires_at) for claim, adoption in claims],
        )


async def claim_for_update(connection: Connection, number: bytes) -> Claim | None:
    """Return a claim, held until the transaction ends: of several that present it at once, one comes first."""
    cursor = await connection.execute(
        "select gateway_id, secret_sha256, expires_at, phase, key_sha256 from claim where number = %s for update", [number]
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    gateway, secret, expires_at, phase, key = row
    return Claim(number, gateway, bytes(secret), expires_at, Phase(phase), None if key is None else bytes(key))


async def save_claim(connection: Connection, claim: Claim) -> None:
    """Write where a claim is in its life."""
    await connection.execute(
        "update claim set phase = %s, key_sha256 = %s where number = %s", [claim.phase, claim.key_sha256, claim.number]
    )


async def add_certificate(connection: Connection, enrolled: Enrolled) -> None:
    """Keep a certificate that was just signed; an organisation that has adopted its gateway gets it at once."""
    await connection.execute(
        "insert into enrolled_certificate (id, gateway_id, certificate, issued_at) values (%s, %s, %s, %s)",
        [enrolled.id, enrolled.gateway, enrolled.der, enrolled.issued_at],
    )
    await connection.execute("select hand_on_certificate(%s)", [enrolled.id])


async def newest_certificate(connection: Connection, gateway: UUID) -> bytes | None:
    """Return the certificate (DER) that a gateway was given last and that is not revoked."""
    cursor = await connection.execute(
        "select certificate from enrolled_certificate where gateway_id = %s and revoked_at is null order by issued_at desc limit 1",
        [gateway],
    )
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])


async def standing(connection: Connection, certificate_id: bytes) -> str:
    """Say whether a certificate is "good", "revoked" or "unknown"."""
    return str(await value_of(connection, "select certificate_standing(%s)", [certificate_id]))


async def lock_out(connection: Connection, gateway: UUID, now: datetime) -> None:
    """Revoke every certificate of a gateway for compromise: nothing that it signs is believed any more."""
    await connection.execute("select lock_out_gateway(%s, %s, 'compromise')", [gateway, now])


async def write(connection: Connection, entry: Entry, now: datetime) -> None:
    """Write one line of the audit."""
    await connection.execute(
        "insert into enrolment_audit (at, what, address, claim, gateway_id, certificate_id) values (%s, %s, %s, %s, %s, %s)",
        [now, entry.what, entry.address, entry.claim, entry.gateway, entry.certificate_id],
    )

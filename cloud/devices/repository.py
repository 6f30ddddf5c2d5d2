"""SQL of gateways, their certificates and wearables, in the organisation's transaction; each may run again.

The first three also run as the owner, where a file plants organisations.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud.database import Connection, value_of


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate issued to a gateway. id: 8 bytes. der: the whole certificate."""

    id: bytes
    gateway: UUID
    der: bytes
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Wearable:
    """A wearable that a person adopted to a gateway for a patient. address: "C0:11:22:33:00:01"."""

    id: UUID
    gateway: UUID
    patient: UUID
    kind: str
    address: str


async def adopt_gateway(connection: Connection, organisation: int, gateway: UUID, name: str) -> None:
    """Add a gateway to the organisation, or rename it."""
    await connection.execute(
        "insert into gateway (id, organisation_id, name) values (%s, %s, %s) on conflict (id) do update set name = excluded.name",
        [gateway, organisation, name],
    )


async def add_certificate(connection: Connection, organisation: int, certificate: Certificate) -> None:
    """Let openings signed by this certificate's key be accepted; one that is known stays as it is, revoked or not."""
    await connection.execute(
        """insert into gateway_certificate (id, gateway_id, organisation_id, certificate, issued_at) values (%s, %s, %s, %s, %s)
           on conflict (id) do nothing""",
        [certificate.id, certificate.gateway, organisation, certificate.der, certificate.issued_at],
    )


async def adopt_wearable(connection: Connection, organisation: int, wearable: Wearable) -> None:
    """Add a wearable, or bring its gateway, patient and address up to date."""
    await connection.execute(
        """insert into wearable (id, organisation_id, gateway_id, patient_id, kind, address) values (%s, %s, %s, %s, %s, %s)
           on conflict (id) do update
               set gateway_id = excluded.gateway_id, patient_id = excluded.patient_id, address = excluded.address""",
        [wearable.id, organisation, wearable.gateway, wearable.patient, wearable.kind, wearable.address],
    )


async def adopt_enrolled(connection: Connection, number: bytes, proof_sha256: bytes, name: str) -> str:
    """Give an enrolled gateway to the organisation. number, proof_sha256: of its adoption code.

    Returns "adopted"; "unknown"; "elsewhere", where another organisation has it; or the claim's phase, where it has made no device.
    """
    return str(await value_of(connection, "select adopt_gateway(%s, %s, %s)", [number, proof_sha256, name]))


async def release(connection: Connection, gateway: UUID) -> bool:
    """End a gateway's certificates for a reset; say whether the organisation has it. Its rows and epochs stay."""
    return bool(await value_of(connection, "select release_gateway(%s)", [gateway]))


async def has(connection: Connection, gateway: UUID, patient: UUID) -> bool:
    """Say whether the organisation has both this gateway and this patient."""
    found = await value_of(
        connection, "select exists (select from gateway where id = %s) and exists (select from patient where id = %s)", [gateway, patient]
    )
    return bool(found)

"""Which row of `finding` sealed evidence belongs to."""

from uuid import UUID

from cloud.data_keys.data_key import row


def place_of_evidence(finding: UUID) -> bytes:
    """Return a finding's identity, to be bound to its evidence."""
    return row("finding", finding.bytes)

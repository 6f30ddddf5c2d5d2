"""Who wears a wearable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wearer:
    """Who wears a wearable, in which organisation, and through which gateway it speaks. Ids are the 16 bytes as they travel."""

    wearable: bytes
    organisation: int
    patient: bytes
    gateway: bytes

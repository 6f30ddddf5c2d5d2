"""A wearable's side of pairing: what it can show, what its wearer does with it, and which keys it keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bumble.device import Connection, Device
from bumble.pairing import PairingConfig, PairingDelegate

HowToPair = Literal["passkey", "numeric", "just_works"]
WAYS: tuple[HowToPair, ...] = ("passkey", "numeric", "just_works")
_CAPABILITIES = {
    "passkey": PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY,
    "numeric": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "just_works": PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT,
}


@dataclass(frozen=True, slots=True)
class Display:
    """What a wearable has to pair with. passkey: 0..999999, what one with how == "passkey" shows. shown: told what stands on its display."""

    how: HowToPair
    passkey: int
    shown: Callable[[int], None]


class _Wearer(PairingDelegate):
    """Somebody who looks at the display, and presses yes when a number stands there."""

    def __init__(self, display: Display) -> None:
        super().__init__(_CAPABILITIES[display.how])
        self._display = display

    async def generate_passkey(self) -> int:
        return self._display.passkey

    async def display_number(self, number: int, digits: int) -> None:  # noqa: ARG002  (bumble's signature)
        self._display.shown(number)

    async def compare_numbers(self, number: int, digits: int) -> bool:  # noqa: ARG002
        self._display.shown(number)
        return True


def make_pairable(device: Device, display: Display) -> None:
    """Have a device pair by LE Secure Connections as its display allows."""
    config = PairingConfig(sc=True, mitm=display.how != "just_works", bonding=True, delegate=_Wearer(display))

    def of_connection(_connection: Connection) -> PairingConfig:
        return config

    device.pairing_config_factory = of_connection


async def forget_bonds(device: Device) -> None:
    """Lose all keys, as after a reset of the wearable."""
    if device.keystore is not None:
        await device.keystore.delete_all()

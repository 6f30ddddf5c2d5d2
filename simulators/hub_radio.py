"""The radio in the home's hub: its Bluetooth controller, and the org.bluez in front of it; both go with the hub's power."""

import asyncio
from pathlib import Path

from bumble.controller import Controller

from simulators.bluez.daemon import VirtualBlueZ
from simulators.radio import RadioLink, central, central_controller

_OFF_S = 3.0
"""Longer than a link's supervision time-out: every wearable has noticed."""


class HubRadio:
    """One hub's. bus: address of a dbus-daemon on which the name org.bluez is free. bonds: the file of its keys, None: they end with the process."""

    def __init__(self, link: RadioLink, bus: str, bonds: Path | None = None) -> None:
        self._link, self._bus, self._bonds = link, bus, bonds
        self._controller: Controller | None = None
        self._daemon: VirtualBlueZ | None = None

    async def start(self) -> None:
        """Switch on, and serve org.bluez.

        Raises:
            RuntimeError, OSError: the bus is not there, or somebody else owns the name.
        """
        self._controller = central_controller(self._link)
        self._daemon = VirtualBlueZ(await central(self._link, bonds=self._bonds, controller=self._controller), self._bus)
        await self._daemon.start()

    async def stop(self) -> None:
        """Leave the bus."""
        if self._daemon is not None:
            daemon, self._daemon = self._daemon, None
            await daemon.stop()

    async def cut_power(self) -> None:
        """Fall silent at once, on the air and on the bus; be there again after 3 s, knowing nothing but the keys in the file."""
        if self._controller is None or self._daemon is None:
            return
        controller, self._controller = self._controller, None
        self._link.walk_away(controller)
        await self.stop()
        await asyncio.sleep(_OFF_S)
        self._link.remove_controller(controller)
        await self.start()

"""org.bluez.GattCharacteristic1: reads, writes and subscriptions that become ATT procedures."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from bumble.core import ProtocolError
from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy
from dbus_fast import Variant

from simulators.bluez.object_tree import CHARACTERISTIC, ObjectTree
from simulators.bluez.replies import BlueZError
from simulators.remote_gatt import end_subscription

T = TypeVar("T")
_SUBSCRIBABLE = Characteristic.Properties.NOTIFY | Characteristic.Properties.INDICATE
_UNTIL_SENT_S = 1.0


class Link(Protocol):
    """What a characteristic needs of its device's link."""

    async def procedure(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run an ATT procedure while the link is up."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the link is up."""
        ...


class RemoteCharacteristic:
    """One characteristic of one wearable; it outlives a link, `proxy` is the present link's."""

    def __init__(self, link: Link, tree: ObjectTree, path: str, proxy: CharacteristicProxy[bytes]) -> None:
        self.proxy = proxy
        self._link = link
        self._tree = tree
        self._path = path
        self._clients: set[str] = set()
        self._pipe: socket.socket | None = None
        self._writing = False

    async def read(self) -> bytes:
        """Read the value; BlueZ also signals a read as a change."""
        value = bytes(await self._link.procedure(self.proxy.read_value))
        self._tree.change(self._path, CHARACTERISTIC, {"Value": Variant("ay", value)})
        return value

    async def write(self, value: bytes, how: str | None) -> None:
        """Write the value; BlueZ has one write with response per characteristic and does not queue."""
        with_response = how != "command" if how else bool(self.proxy.properties & Characteristic.Properties.WRITE)
        if self._writing:
            raise BlueZError("InProgress", "Operation already in progress")
        self._writing = with_response
        try:
            await self._link.procedure(lambda: self.proxy.write_value(value, with_response=with_response))
        finally:
            self._writing = False

    async def start_notify(self, client: str) -> None:
        """Subscribe for a bus client; values come as changes of the property Value."""
        if self._pipe is not None:
            raise BlueZError("NotPermitted", "Notify acquired")
        if client in self._clients:
            raise BlueZError("Failed", "Already notifying")
        if not self._clients:
            await self._subscribe()
            self._tree.change(self._path, CHARACTERISTIC, {"Notifying": Variant("b", True)})
        self._clients.add(client)

    async def acquire_notify(self, client: str, when_closed: Callable[[str], None]) -> int:
        """Subscribe for one bus client alone; return the descriptor from which it reads the values.

        when_closed: told the client when it has closed its end.
        """
        if self._pipe is not None or self._clients:
            raise BlueZError("NotPermitted", "Notify acquired")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._pipe = ours
        self._clients.add(client)
        try:
            await self._subscribe()
        except BaseException:
            theirs.close()
            self._forget_clients()
            raise
        if ours.fileno() < 0:  # the link was lost meanwhile
            theirs.close()
            raise BlueZError("Failed", "Not connected")
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, self._on_pipe_readable, client, when_closed)
        self._tree.change(self._path, CHARACTERISTIC, {"NotifyAcquired": Variant("b", True)})
        descriptor = theirs.detach()
        loop.call_later(_UNTIL_SENT_S, os.close, descriptor)
        return descriptor

    async def stop_notify(self, client: str) -> None:
        """End a bus client's subscription; the last one's end is told to the wearable."""
        if client not in self._clients:
            raise BlueZError("Failed", "No notify session started")
        self._clients.discard(client)
        if self._clients:
            return
        acquired = self._forget_clients()
        if self._link.connected:
            with suppress(ProtocolError, BlueZError, TimeoutError):
                await self._link.procedure(lambda: end_subscription(self.proxy, self._on_value))
        self._tree.change(self._path, CHARACTERISTIC, {acquired: Variant("b", False)})

    def serves(self, client: str) -> bool:
        """Say whether a bus client has a subscription here."""
        return client in self._clients

    def link_lost(self) -> None:
        """End all subscriptions, since the link that carried them is gone."""
        if self._clients:
            self._tree.change(self._path, CHARACTERISTIC, {self._forget_clients(): Variant("b", False)})

    async def _subscribe(self) -> None:
        if not self.proxy.properties & _SUBSCRIBABLE:
            raise BlueZError("NotSupported", "Operation is not supported")
        await self._link.procedure(lambda: self.proxy.subscribe(self._on_value))

    def _on_value(self, value: bytes) -> None:
        if self._pipe is None:
            self._tree.change(self._path, CHARACTERISTIC, {"Value": Variant("ay", bytes(value))})
            return
        with suppress(OSError):  # full: bluetoothd drops too when its reader is slow. closed: the reader side tells.
            self._pipe.send(value)

    def _on_pipe_readable(self, client: str, when_closed: Callable[[str], None]) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
        when_closed(client)

    def _forget_clients(self) -> str:
        """Drop clients and pipe; return the property that said so."""
        self._clients.clear()
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return "Notifying"
        asyncio.get_running_loop().remove_reader(pipe)
        pipe.close()
        return "NotifyAcquired"

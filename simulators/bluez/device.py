"""org.bluez.Device1: one wearable as the adapter knows it, with or without a link."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from bumble import att, hci
from bumble.core import ProtocolError
from bumble.device import Advertisement, Connection
from dbus_fast import Variant

from simulators.bluez.characteristic import RemoteCharacteristic
from simulators.bluez.gatt_table import GattTable
from simulators.bluez.object_tree import DEVICE, ObjectTree, Properties
from simulators.bluez.replies import BlueZError
from simulators.remote_gatt import advertised_name, advertised_services, explore

T = TypeVar("T")
_CONNECT_TIMEOUT_S = 20.0
_WHY = {
    hci.HCI_CONNECTION_TIMEOUT_ERROR: "Timeout",
    hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR: "Remote",
    hci.HCI_AUTHENTICATION_FAILURE_ERROR: "Authentication",
}
_UNLIKELY = "Operation failed with ATT error: 0x0e"
_WANTS_SECURITY = (att.ErrorCode.INSUFFICIENT_AUTHENTICATION, att.ErrorCode.INSUFFICIENT_ENCRYPTION)


class AdapterRadio(Protocol):
    """What a device needs of its adapter."""

    @property
    def path(self) -> str:
        """The adapter's object path."""
        ...

    @property
    def discovering(self) -> bool:
        """Whether any bus client is in discovery."""
        ...

    async def open_link(self, device: "RemoteDevice") -> Connection:
        """Wait until the device advertises, then connect."""
        ...

    async def forget_keys(self, address: hci.Address) -> None:
        """Forget a bond."""
        ...

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something in the background."""
        ...


class RemoteDevice:
    """One wearable. heard: set at each advertisement."""

    def __init__(self, radio: AdapterRadio, tree: ObjectTree, path: str, address: hci.Address, *, bonded: bool = False) -> None:
        self.address = address
        self.path = path
        self.heard = asyncio.Event()
        self._radio = radio
        self._tree = tree
        self._table = GattTable(self, tree, path)
        self._connection: Connection | None = None
        self._pending: asyncio.Task[Connection] | None = None
        self._ended_here = self._unauthentic = False
        self._bonding = asyncio.Lock()
        self._was_bonded = bonded

    @property
    def bonded(self) -> bool:
        """Whether keys are kept for it."""
        return bool((self._tree.get(self.path, DEVICE) or {"Bonded": Variant("b", False)})["Bonded"].value)

    @property
    def connected(self) -> bool:
        """Whether the link is up."""
        return self._connection is not None

    @property
    def mtu(self) -> int:
        """The MTU agreed on."""
        return self._table.mtu

    @property
    def characteristics(self) -> dict[str, RemoteCharacteristic]:
        """Characteristics by object path."""
        return self._table.characteristics

    def on_advertisement(self, advertisement: Advertisement, *, repeats: bool) -> None:
        """Show what was heard. repeats: whether an unchanged advertisement is worth a signal."""
        self.heard.set()
        if not self._radio.discovering:
            return
        said: Properties = {"RSSI": Variant("n", advertisement.rssi)}
        if name := advertised_name(advertisement.data):
            said |= {"Name": Variant("s", name), "Alias": Variant("s", name)}
        services = advertised_services(advertisement.data)
        known = self._tree.get(self.path, DEVICE)
        if known is None:
            self._tree.add(self.path, DEVICE, self._new_properties() | said | {"UUIDs": Variant("as", services)})
            return
        said["UUIDs"] = Variant("as", sorted({*services, *known["UUIDs"].value}))
        news = {key: value for key, value in said.items() if repeats or known.get(key) != value}
        self._tree.change(self.path, DEVICE, news)

    def discovery_ended(self) -> None:
        """Drop what is only known while listening."""
        if "RSSI" in (self._tree.get(self.path, DEVICE) or {}):
            self._tree.change(self.path, DEVICE, {}, ("RSSI",))

    async def connect(self) -> None:
        """Open the link; the table is read afterwards, and ServicesResolved says when that is done."""
        if self._pending is not None:
            raise BlueZError("InProgress", "Operation already in progress")
        if self._connection is not None:
            return
        self._pending = asyncio.ensure_future(asyncio.wait_for(self._radio.open_link(self), _CONNECT_TIMEOUT_S))
        try:
            connection = await self._pending
        except asyncio.CancelledError:
            raise BlueZError("Failed", "br-connection-canceled") from None
        except TimeoutError:
            raise BlueZError("Failed", "le-connection-abort-by-local") from None
        finally:
            self._pending = None
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnected)
        self._tree.change(self.path, DEVICE, {"Connected": Variant("b", True)})
        self._radio.spawn(self._resolve(connection))

    async def disconnect(self) -> None:
        """End the link, or the attempt to open one."""
        if self._pending is not None:
            self._pending.cancel()
        if self._connection is not None:
            self._ended_here = True
            with suppress(ProtocolError, TimeoutError):
                await self._connection.disconnect()

    async def pair(self) -> None:
        """Connect, and pair by what the agent can do.

        Raises:
            BlueZError: paired already, or it failed: the link is ended.
        """
        if self.bonded:
            raise BlueZError("AlreadyExists", "Already Exists")
        await self.connect()
        try:
            await self._bond()
        except (ProtocolError, TimeoutError, asyncio.CancelledError):
            await self.disconnect()
            raise BlueZError("AuthenticationFailed", "Authentication Failed") from None

    def trust(self, *, trusted: bool) -> None:
        """Take note of what a client thinks of it."""
        self._tree.change(self.path, DEVICE, {"Trusted": Variant("b", trusted)})

    def remove(self) -> None:
        """Take all its objects away."""
        self._table.clear()
        self._tree.remove(self.path)

    async def procedure(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run an ATT procedure; it fails when the link falls. One that wants security has the link paired first, as Linux does."""
        try:
            return await self._procedure(start)
        except att.ATT_Error as error:
            if error.error_code not in _WANTS_SECURITY or self._connection is None:
                raise
        try:
            await self._bond()
        except (ProtocolError, TimeoutError, asyncio.CancelledError):
            raise BlueZError("Failed", _UNLIKELY) from None
        return await self._procedure(start)

    async def _procedure(self, start: Callable[[], Awaitable[T]]) -> T:
        connection = self._connection
        if connection is None:
            raise BlueZError("Failed", "Not connected")
        try:
            return await connection.cancel_on_disconnection(start())
        except asyncio.CancelledError:
            if self._connection is connection:
                raise
            raise BlueZError("Failed", _UNLIKELY) from None

    async def _bond(self) -> None:
        async with self._bonding:
            connection = self._connection
            if connection is None:
                raise BlueZError("Failed", "Not connected")
            if not self.bonded:
                await connection.cancel_on_disconnection(connection.pair())
                self._tree.change(self.path, DEVICE, {"Paired": Variant("b", True), "Bonded": Variant("b", True)})

    async def _encrypted(self, connection: Connection) -> bool:
        """Encrypt the link with the keys of the bond; where the wearable has others, end it and say why."""
        try:
            await connection.cancel_on_disconnection(connection.encrypt())
        except (ProtocolError, TimeoutError, asyncio.CancelledError):
            self._unauthentic = True
            told: list[object] = ["org.bluez.Reason.Authentication", "Connection terminated due to authentication failure"]
            self._tree.signal(self.path, DEVICE, "Disconnected", "ss", told)
            await self.disconnect()
            return False
        return True

    async def _resolve(self, connection: Connection) -> None:
        if self.bonded and not await self._encrypted(connection):
            return
        try:
            mtu, services = await connection.cancel_on_disconnection(explore(connection))
        except (ProtocolError, TimeoutError, asyncio.CancelledError):
            await self.disconnect()
            return
        if connection is not self._connection:
            return
        self._table.show(mtu, services)
        self._tree.change(self.path, DEVICE, {"UUIDs": Variant("as", self._table.uuids), "ServicesResolved": Variant("b", True)})

    def _on_disconnected(self, reason: int) -> None:
        """Tell of the end, and why (org.bluez.Device1.Disconnected, BlueZ 5.82); a failed authentication was told where it failed."""
        if not (self._ended_here and self._unauthentic):
            why = "Local" if self._ended_here else _WHY.get(reason, "Unknown")
            self._tree.signal(self.path, DEVICE, "Disconnected", "ss", [f"org.bluez.Reason.{why}", f"HCI status {reason:#04x}"])
        self._unauthentic = False
        self._connection = None
        down: Properties = {"Connected": Variant("b", False)}
        unresolved: Properties = {"ServicesResolved": Variant("b", False)}
        if self._ended_here:  # bluetoothd tells a local end in two signals, a remote one in one
            self._tree.change(self.path, DEVICE, unresolved)
            self._tree.change(self.path, DEVICE, down)
        else:
            self._tree.change(self.path, DEVICE, down | unresolved)
        self._ended_here = False
        for characteristic in self.characteristics.values():
            characteristic.link_lost()

    def _new_properties(self) -> Properties:
        address = self.address.to_string(with_type_qualifier=False)
        return {
            "Address": Variant("s", address),
            "AddressType": Variant("s", "public" if self.address.is_public else "random"),
            "Alias": Variant("s", address.replace(":", "-")),
            "Paired": Variant("b", self._was_bonded),
            "Bonded": Variant("b", self._was_bonded),
            "Trusted": Variant("b", False),
            "Blocked": Variant("b", False),
            "LegacyPairing": Variant("b", False),
            "Connected": Variant("b", False),
            "ServicesResolved": Variant("b", False),
            "Adapter": Variant("o", self._radio.path),
        }

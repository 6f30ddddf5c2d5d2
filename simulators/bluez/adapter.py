"""org.bluez.Adapter1: discovery for bus clients, and the one radio that all devices share."""

import asyncio
from collections.abc import Awaitable

from bumble import hci
from bumble.core import PhysicalTransport
from bumble.core import TimeoutError as NoAnswerError
from bumble.device import Advertisement, Connection, Device
from bumble.pairing import PairingConfig
from dbus_fast import Variant

from simulators.bluez.agent import AgentManager
from simulators.bluez.device import RemoteDevice
from simulators.bluez.object_tree import ADAPTER, ObjectTree
from simulators.bluez.replies import BlueZError

_ATTEMPT_S = 2.0


class Adapter:
    """The gateway's adapter hci0. discovery filters: by bus client; `discovering` while any client scans. most_pending: connects at once."""

    path = "/org/bluez/hci0"

    def __init__(self, central: Device, tree: ObjectTree, agents: AgentManager, most_pending: int | None = None) -> None:
        self.devices: dict[str, RemoteDevice] = {}
        self._central = central
        self._most_pending = most_pending
        self._agents = agents
        self._bonds: set[str] = set()
        central.pairing_config_factory = self._pairing
        self._tree = tree
        self._repeats: dict[str, bool] = {}
        self._scanning: set[str] = set()
        self._listening: set[RemoteDevice] = set()
        self._connecting = asyncio.Lock()
        self._switching = asyncio.Lock()
        self._tasks: set[asyncio.Future[None]] = set()
        central.on(Device.EVENT_ADVERTISEMENT, self._on_advertisement)

    @property
    def discovering(self) -> bool:
        """Whether any bus client is in discovery."""
        return bool(self._scanning)

    async def read_bonds(self) -> None:
        """Learn which devices were paired before this process."""
        if self._central.keystore is not None:
            self._bonds = {name for name, _ in await self._central.keystore.get_all()}

    def show(self) -> None:
        """Show the adapter on the bus."""
        address = self._central.random_address.to_string(with_type_qualifier=False)
        properties = {
            "Address": Variant("s", address),
            "AddressType": Variant("s", "random"),
            "Name": Variant("s", "gateway"),
            "Alias": Variant("s", "gateway"),
            "Powered": Variant("b", True),
            "Discovering": Variant("b", False),
            "UUIDs": Variant("as", []),
            "Roles": Variant("as", ["central"]),
        }
        self._tree.add(self.path, ADAPTER, properties)

    def set_filter(self, client: str, *, repeats: bool) -> None:
        """Take a client's discovery filter. repeats: it wants unchanged advertisements too (DuplicateData)."""
        self._repeats[client] = repeats

    async def start_discovery(self, client: str) -> None:
        """Scan for a client; BlueZ allows each client one discovery."""
        if client in self._scanning:
            raise BlueZError("InProgress", "Operation already in progress")
        self._scanning.add(client)
        await self._tune()
        self._tree.change(self.path, ADAPTER, {"Discovering": Variant("b", True)})

    async def stop_discovery(self, client: str) -> None:
        """End a client's scan."""
        if client not in self._scanning:
            raise BlueZError("Failed", "No discovery started")
        self._scanning.discard(client)
        await self._tune()
        if not self._scanning:
            for device in self.devices.values():
                device.discovery_ended()
            self._tree.change(self.path, ADAPTER, {"Discovering": Variant("b", False)})

    async def client_gone(self, client: str) -> None:
        """End what a bus client had begun; its links stay up, as BlueZ leaves them."""
        self._repeats.pop(client, None)
        self._agents.gone(client)
        if client in self._scanning:
            await self.stop_discovery(client)
        served = [c for device in self.devices.values() for c in device.characteristics.values() if c.serves(client)]
        for characteristic in served:
            await characteristic.stop_notify(client)

    async def open_link(self, device: RemoteDevice) -> Connection:
        """Listen until the device advertises and only then connect, so that one out of range holds up no other."""
        if self._most_pending is not None and len(self._listening) >= self._most_pending:
            raise BlueZError("InProgress", "Operation already in progress")
        device.heard.clear()
        self._listening.add(device)
        try:
            await self._tune()
            while True:
                await device.heard.wait()
                async with self._connecting:
                    try:
                        return await self._central.connect(device.address, transport=PhysicalTransport.LE, timeout=_ATTEMPT_S)
                    except NoAnswerError:
                        device.heard.clear()
        finally:
            self._listening.discard(device)
            self.spawn(self._tune())

    async def remove(self, path: str) -> None:
        """Forget a device: its link, its bond, its objects.

        Raises:
            BlueZError: there is no such device.
        """
        device = self.devices.pop(path, None)
        if device is None:
            raise BlueZError("DoesNotExist", "Does Not Exist")
        await device.disconnect()
        await self.forget_keys(device.address)
        device.remove()

    async def forget_keys(self, address: hci.Address) -> None:
        """Forget a bond."""
        self._bonds.discard(str(address))
        if self._central.keystore is not None and await self._central.keystore.get(str(address)) is not None:
            await self._central.keystore.delete(str(address))

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what runs in the background."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end_subscriptions(self) -> None:
        """Close what clients read values from: nobody is on the bus any more."""
        for device in self.devices.values():
            for characteristic in device.characteristics.values():
                characteristic.link_lost()

    async def _tune(self) -> None:
        """Listen while a client scans or a connect waits, and not otherwise."""
        async with self._switching:
            wanted = bool(self._scanning or self._listening)
            if wanted and not self._central.is_scanning:
                await self._central.start_scanning(filter_duplicates=False)
            elif not wanted and self._central.is_scanning:
                await self._central.stop_scanning()

    def _pairing(self, connection: Connection) -> PairingConfig:
        delegate = self._agents.delegate(self._path_of(connection.peer_address))
        return PairingConfig(sc=True, mitm=True, bonding=True, delegate=delegate)

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        path = self._path_of(advertisement.address)
        if path not in self.devices:
            self.devices[path] = RemoteDevice(
                self, self._tree, path, advertisement.address, bonded=str(advertisement.address) in self._bonds
            )
        repeats = any(self._repeats.get(client, True) for client in self._scanning)
        self.devices[path].on_advertisement(advertisement, repeats=repeats)

    def _path_of(self, address: hci.Address) -> str:
        return f"{self.path}/dev_{address.to_string(with_type_qualifier=False).replace(':', '_')}"

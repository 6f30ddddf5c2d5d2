"""The GATT objects of one device: what was read over the air, shown as BlueZ shows it."""

from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy, ServiceProxy
from dbus_fast import Variant

from simulators.bluez.characteristic import Link, RemoteCharacteristic
from simulators.bluez.object_tree import CHARACTERISTIC, SERVICE, ObjectTree, Properties
from simulators.remote_gatt import flags_of, uuid_text

_GENERIC_ACCESS = "00001800-0000-1000-8000-00805f9b34fb"
"""bluetoothd keeps this service to itself."""


class GattTable:
    """Services and characteristics of one device; descriptors are not shown, since subscribing is BlueZ's own matter. They stay when the link falls, as a cache."""

    def __init__(self, link: Link, tree: ObjectTree, device_path: str) -> None:
        self.mtu = 23
        self.uuids: list[str] = []
        self.characteristics: dict[str, RemoteCharacteristic] = {}
        self._link = link
        self._tree = tree
        self._device_path = device_path
        self._shown: list[tuple[str, str]] = []

    def show(self, mtu: int, services: list[ServiceProxy]) -> None:
        """Show a table just read: the objects of before serve again where it is the same one, and are replaced where not."""
        self.mtu = mtu
        self.uuids = sorted({uuid_text(service.uuid) for service in services})
        shown = [service for service in services if uuid_text(service.uuid) != _GENERIC_ACCESS]
        shape = [(self._service_path(service), uuid_text(service.uuid)) for service in shown] + [
            (self._characteristic_path(service, c), uuid_text(c.uuid)) for service in shown for c in service.characteristics
        ]
        if shape == self._shown:
            for service in shown:
                for proxy in service.characteristics:
                    self.characteristics[self._characteristic_path(service, proxy)].proxy = proxy
            return
        self.clear()
        self._shown = shape
        for service in shown:
            self._add_service(service)

    def clear(self) -> None:
        """Take all objects away."""
        for path in [*self.characteristics, *(path for path, _ in self._shown)]:
            self._tree.remove(path)
        self.characteristics.clear()
        self._shown = []

    def _add_service(self, service: ServiceProxy) -> None:
        path = self._service_path(service)
        properties: Properties = {
            "UUID": Variant("s", uuid_text(service.uuid)),
            "Device": Variant("o", self._device_path),
            "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        }
        self._tree.add(path, SERVICE, properties)
        for proxy in service.characteristics:
            self._add_characteristic(path, self._characteristic_path(service, proxy), proxy)

    def _add_characteristic(self, service_path: str, path: str, proxy: CharacteristicProxy[bytes]) -> None:
        properties: Properties = {
            "UUID": Variant("s", uuid_text(proxy.uuid)),
            "Service": Variant("o", service_path),
            "Value": Variant("ay", b""),
            "Flags": Variant("as", flags_of(proxy.properties)),
            "MTU": Variant("q", self.mtu),
        }
        if proxy.properties & (Characteristic.Properties.NOTIFY | Characteristic.Properties.INDICATE):
            properties["Notifying"] = Variant("b", False)
        if proxy.properties & Characteristic.Properties.NOTIFY:
            properties["NotifyAcquired"] = Variant("b", False)
        self.characteristics[path] = RemoteCharacteristic(self._link, self._tree, path, proxy)
        self._tree.add(path, CHARACTERISTIC, properties)

    def _service_path(self, service: ServiceProxy) -> str:
        return f"{self._device_path}/service{service.handle:04x}"

    def _characteristic_path(self, service: ServiceProxy, proxy: CharacteristicProxy[bytes]) -> str:
        return f"{self._service_path(service)}/char{proxy.handle - 1:04x}"

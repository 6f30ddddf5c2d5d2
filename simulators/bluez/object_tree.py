"""The objects that org.bluez shows: paths, interfaces and properties, with the signals that go with every change."""

from collections.abc import Callable, Sequence

from dbus_fast import Message, MessageType, Variant

Properties = dict[str, Variant]

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
ADAPTER = "org.bluez.Adapter1"
AGENT_MANAGER = "org.bluez.AgentManager1"
DEVICE = "org.bluez.Device1"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"


class ObjectTree:
    """Objects by path; `send` takes each signal to the bus."""

    def __init__(self, send: Callable[[Message], object]) -> None:
        self._send = send
        self._objects: dict[str, dict[str, Properties]] = {}
        self._closed = False

    def add(self, path: str, interface: str, properties: Properties) -> None:
        """Show an interface."""
        self._objects.setdefault(path, {})[interface] = properties
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, {interface: properties}])

    def remove(self, path: str) -> None:
        """Take an object away, if it is there."""
        if (interfaces := self._objects.pop(path, None)) is not None:
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, list(interfaces)])

    def change(self, path: str, interface: str, changed: Properties, invalidated: Sequence[str] = ()) -> None:
        """Set properties and say so; nothing happens where the object is gone."""
        properties = self.get(path, interface)
        if properties is None or not (changed or invalidated):
            return
        properties.update(changed)
        for name in invalidated:
            properties.pop(name, None)
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changed, list(invalidated)])

    def get(self, path: str, interface: str) -> Properties | None:
        """Return an interface's properties, None where there is none."""
        return self._objects.get(path, {}).get(interface)

    def has(self, path: str) -> bool:
        """Say whether there is such an object."""
        return path in self._objects

    def signal(self, path: str, interface: str, member: str, signature: str, body: list[object]) -> None:
        """Send a signal of an interface's own."""
        self._signal(path, interface, member, signature, body)

    def close(self) -> None:
        """Say nothing any more: nobody is on the bus."""
        self._closed = True

    def managed(self) -> dict[str, dict[str, Properties]]:
        """Return everything, as GetManagedObjects does."""
        return self._objects

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[object]) -> None:
        if self._closed:
            return
        self._send(Message(message_type=MessageType.SIGNAL, path=path, interface=interface, member=member, signature=signature, body=body))

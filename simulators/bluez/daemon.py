"""org.bluez on a bus: which method call goes where, and what comes back."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bumble import att
from bumble.core import ProtocolError
from bumble.device import Device
from dbus_fast import Message, MessageType, RequestNameReply, Variant
from dbus_fast.aio import MessageBus

from simulators.bluez.adapter import Adapter
from simulators.bluez.agent import AgentManager
from simulators.bluez.characteristic import RemoteCharacteristic
from simulators.bluez.device import RemoteDevice
from simulators.bluez.object_tree import ADAPTER, AGENT_MANAGER, CHARACTERISTIC, DEVICE, OBJECT_MANAGER, PROPERTIES, ObjectTree
from simulators.bluez.replies import NOTHING, BlueZError, Reply, of_att_error

_BUS = "org.freedesktop.DBus"
_OWNERS = f"type='signal',interface='{_BUS}',member='NameOwnerChanged'"


class _Sender(Protocol):
    """The part of a bus connection that sends."""

    def send(self, msg: Message) -> Awaitable[object]:
        """Send a message; what comes back is done when it is sent."""
        ...


def _sender(bus: _Sender) -> _Sender:
    return bus


class VirtualBlueZ:
    """The daemon of one home. bus_address: of a dbus-daemon on which the name org.bluez is free.

    most_pending: how many connects it lets wait at once before it answers InProgress; None: as many as there are devices.
    """

    def __init__(self, central: Device, bus_address: str, most_pending: int | None = None) -> None:
        self._bus = MessageBus(bus_address=bus_address, negotiate_unix_fd=True)
        self._sender = _sender(self._bus)
        self._tree = ObjectTree(self._sender.send)
        self._agents = AgentManager(self._bus.call)
        self._adapter = Adapter(central, self._tree, self._agents, most_pending)
        self._methods: dict[tuple[str, str], Callable[[Message], Awaitable[Reply]]] = {
            (OBJECT_MANAGER, "GetManagedObjects"): self._get_managed_objects,
            (PROPERTIES, "GetAll"): self._get_all,
            (PROPERTIES, "Get"): self._get,
            (PROPERTIES, "Set"): self._set,
            (AGENT_MANAGER, "RegisterAgent"): self._register_agent,
            (AGENT_MANAGER, "RequestDefaultAgent"): self._request_default_agent,
            (AGENT_MANAGER, "UnregisterAgent"): self._unregister_agent,
            (ADAPTER, "SetDiscoveryFilter"): self._set_discovery_filter,
            (ADAPTER, "StartDiscovery"): self._start_discovery,
            (ADAPTER, "StopDiscovery"): self._stop_discovery,
            (ADAPTER, "RemoveDevice"): self._remove_device,
            (DEVICE, "Connect"): self._connect,
            (DEVICE, "Disconnect"): self._disconnect,
            (DEVICE, "Pair"): self._pair,
            (CHARACTERISTIC, "ReadValue"): self._read_value,
            (CHARACTERISTIC, "WriteValue"): self._write_value,
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "StopNotify"): self._stop_notify,
            (CHARACTERISTIC, "AcquireNotify"): self._acquire_notify,
        }

    async def start(self) -> None:
        """Take the name org.bluez and show the adapter.

        Raises:
            RuntimeError: somebody else owns the name.
        """
        await self._bus.connect()
        self._bus.add_message_handler(self._on_message)
        await self._bus.call(
            Message(destination=_BUS, path="/org/freedesktop/DBus", interface=_BUS, member="AddMatch", signature="s", body=[_OWNERS])
        )
        if await self._bus.request_name("org.bluez") is not RequestNameReply.PRIMARY_OWNER:
            raise RuntimeError("org.bluez is already served on this bus: give the simulators a bus of their own")
        self._tree.add("/org/bluez", AGENT_MANAGER, {})
        await self._adapter.read_bonds()
        self._adapter.show()

    async def stop(self) -> None:
        """Leave the bus."""
        await self._adapter.stop()
        self._tree.close()
        self._adapter.end_subscriptions()
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            if message.member == "NameOwnerChanged" and not message.body[2]:
                self._adapter.spawn(self._adapter.client_gone(message.body[0]))
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        method = self._methods.get((message.interface or "", message.member or ""))
        if method is None or not self._has(message):
            known = self._tree.has(message.path or "") or message.path == "/"
            name = "UnknownMethod" if known else "UnknownObject"
            return Message.new_error(message, f"{_BUS}.Error.{name}", f"no {message.interface}.{message.member} at {message.path}")
        self._adapter.spawn(self._answer(method, message))
        return True

    def _has(self, message: Message) -> bool:
        if message.interface in (OBJECT_MANAGER, PROPERTIES):
            return True
        return self._tree.get(message.path or "", message.interface or "") is not None

    async def _answer(self, method: Callable[[Message], Awaitable[Reply]], message: Message) -> None:
        try:
            reply = await method(message)
        except BlueZError as error:
            answer = Message.new_error(message, error.name, error.text)
        except att.ATT_Error as error:
            failed = of_att_error(error)
            answer = Message.new_error(message, failed.name, failed.text)
        except (ProtocolError, TimeoutError, OSError) as error:
            answer = Message.new_error(message, "org.bluez.Error.Failed", str(error) or type(error).__name__)
        else:
            answer = Message.new_method_return(message, reply.signature, reply.body, reply.descriptors)
        await self._sender.send(answer)

    async def _get_managed_objects(self, _message: Message) -> Reply:
        return Reply("a{oa{sa{sv}}}", [self._tree.managed()])

    async def _get_all(self, message: Message) -> Reply:
        return Reply("a{sv}", [self._tree.get(message.path or "", message.body[0]) or {}])

    async def _get(self, message: Message) -> Reply:
        interface, name = message.body
        properties = self._tree.get(message.path or "", interface) or {}
        if name not in properties:
            raise BlueZError(f"{_BUS}.Error.InvalidArgs", f"no property {name!r}")
        return Reply("v", [properties[name]])

    async def _set(self, message: Message) -> Reply:
        interface, name, value = message.body
        if (interface, name) != (DEVICE, "Trusted"):
            raise BlueZError(f"{_BUS}.Error.PropertyReadOnly", f"{name!r} cannot be set")
        self._device_of(message).trust(trusted=bool(value.value))
        return NOTHING

    async def _register_agent(self, message: Message) -> Reply:
        path, capability = message.body
        self._agents.register(message.sender or "", path, capability)
        return NOTHING

    async def _request_default_agent(self, _message: Message) -> Reply:
        return NOTHING

    async def _unregister_agent(self, message: Message) -> Reply:
        self._agents.gone(message.sender or "")
        return NOTHING

    async def _remove_device(self, message: Message) -> Reply:
        await self._adapter.remove(message.body[0])
        return NOTHING

    async def _pair(self, message: Message) -> Reply:
        await self._device_of(message).pair()
        return NOTHING

    async def _set_discovery_filter(self, message: Message) -> Reply:
        wanted: dict[str, Variant] = message.body[0]
        self._adapter.set_filter(message.sender or "", repeats=wanted["DuplicateData"].value if "DuplicateData" in wanted else True)
        return NOTHING

    async def _start_discovery(self, message: Message) -> Reply:
        await self._adapter.start_discovery(message.sender or "")
        return NOTHING

    async def _stop_discovery(self, message: Message) -> Reply:
        await self._adapter.stop_discovery(message.sender or "")
        return NOTHING

    async def _connect(self, message: Message) -> Reply:
        await self._device_of(message).connect()
        return NOTHING

    async def _disconnect(self, message: Message) -> Reply:
        await self._device_of(message).disconnect()
        return NOTHING

    async def _read_value(self, message: Message) -> Reply:
        return Reply("ay", [await self._characteristic_of(message).read()])

    async def _write_value(self, message: Message) -> Reply:
        value, options = message.body
        how: str | None = options["type"].value if "type" in options else None
        await self._characteristic_of(message).write(bytes(value), how)
        return NOTHING

    async def _start_notify(self, message: Message) -> Reply:
        await self._characteristic_of(message).start_notify(message.sender or "")
        return NOTHING

    async def _stop_notify(self, message: Message) -> Reply:
        await self._characteristic_of(message).stop_notify(message.sender or "")
        return NOTHING

    async def _acquire_notify(self, message: Message) -> Reply:
        characteristic = self._characteristic_of(message)
        descriptor = await characteristic.acquire_notify(message.sender or "", lambda client: self._closed(characteristic, client))
        return Reply("hq", [0, self._device_of(message).mtu], [descriptor])

    def _closed(self, characteristic: RemoteCharacteristic, client: str) -> None:
        if characteristic.serves(client):
            self._adapter.spawn(characteristic.stop_notify(client))

    def _device_of(self, message: Message) -> RemoteDevice:
        return self._adapter.devices[(message.path or "").partition("/service")[0]]

    def _characteristic_of(self, message: Message) -> RemoteCharacteristic:
        return self._device_of(message).characteristics[message.path or ""]

"""Ends the bonds of wearables in BlueZ, whose keys lie outside our folder: for a gateway that changes hands."""

from collections.abc import Collection
from typing import Any

from dbus_fast import Message, MessageType

from edge.firmware_bridge import bluez_agent

_SERVICE, _DEVICE, _ADAPTER = "org.bluez", "org.bluez.Device1", "org.bluez.Adapter1"


async def forget(addresses: Collection[str]) -> list[str]:
    """Have BlueZ forget wearables, keys and all; return the addresses that it knew, in capitals. Each may be forgotten again.

    Raises:
        OSError: there is no bus, no BlueZ on it, or it refuses.
    """
    wanted = {address.upper() for address in addresses}
    bus = await bluez_agent.system_bus()

    async def call(path: str, interface: str, member: str, signature: str = "", *body: object) -> list[Any]:
        message = Message(destination=_SERVICE, path=path, interface=interface, member=member, signature=signature, body=[*body])
        answer = await bus.call(message)
        if answer.message_type is not MessageType.METHOD_RETURN:
            raise OSError(f"BlueZ answered {answer.error_name} to {member}")
        return answer.body

    try:
        [objects] = await call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        devices = {path: interfaces[_DEVICE] for path, interfaces in objects.items() if _DEVICE in interfaces}
        known = {path: str(device["Address"].value).upper() for path, device in devices.items()}
        found = {path: address for path, address in known.items() if address in wanted}
        for path in found:
            await call(str(devices[path]["Adapter"].value), _ADAPTER, "RemoveDevice", "o", path)
        return sorted(found.values())
    finally:
        bus.disconnect()

"""What a central finds on a wearable: its services and characteristics, read over the air."""

from collections.abc import Callable
from typing import Protocol

from bumble import core
from bumble.device import Connection, Peer
from bumble.gatt import Characteristic
from bumble.gatt_client import ServiceProxy

_FLAGS = (
    (Characteristic.Properties.BROADCAST, "broadcast"),
    (Characteristic.Properties.READ, "read"),
    (Characteristic.Properties.WRITE_WITHOUT_RESPONSE, "write-without-response"),
    (Characteristic.Properties.WRITE, "write"),
    (Characteristic.Properties.NOTIFY, "notify"),
    (Characteristic.Properties.INDICATE, "indicate"),
    (Characteristic.Properties.AUTHENTICATED_SIGNED_WRITES, "authenticated-signed-writes"),
    (Characteristic.Properties.EXTENDED_PROPERTIES, "extended-properties"),
)
_LARGEST_MTU = 517


def uuid_text(uuid: core.UUID) -> str:
    """Return a UUID as 128 bits, lower case, with dashes."""
    digits = bytes(reversed(uuid.to_bytes(force_128=True))).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def flags_of(properties: Characteristic.Properties) -> list[str]:
    """Return the words that BlueZ and bleak use for a characteristic's properties."""
    return [word for bit, word in _FLAGS if properties & bit]


async def explore(connection: Connection) -> tuple[int, list[ServiceProxy]]:
    """Agree on an MTU and read the whole table; return both."""
    peer = Peer(connection)
    mtu = await peer.request_mtu(_LARGEST_MTU)
    await peer.discover_services()
    for service in peer.services:
        await peer.discover_characteristics(service=service)
    return mtu, list(peer.services)


def advertised_services(data: core.AdvertisingData) -> list[str]:
    """Return the UUIDs that an advertisement lists."""
    lists = (
        core.AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        core.AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        core.AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        core.AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    found: set[str] = set()
    for kind in lists:
        width = 2 if "16_BIT" in kind.name else 16
        for octets in data.get_all(kind, raw=True):
            found |= {uuid_text(core.UUID.from_bytes(octets[i : i + width])) for i in range(0, len(octets), width)}
    return sorted(found)


def advertised_name(data: core.AdvertisingData) -> str | None:
    """Return the name that an advertisement gives, if any."""
    octets = data.get(core.AdvertisingData.Type.COMPLETE_LOCAL_NAME, raw=True)
    return octets.decode(errors="replace") if octets else None


class Subscription(Protocol):
    """The part of a characteristic that ends a subscription."""

    async def unsubscribe(self, subscriber: Callable[[bytes], None] | None = None) -> None:
        """End the subscription of `subscriber`."""
        ...


async def end_subscription(subscription: Subscription, subscriber: Callable[[bytes], None]) -> None:
    """Unsubscribe."""
    await subscription.unsubscribe(subscriber)

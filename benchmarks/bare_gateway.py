"""The gateway that a user would write: bleak notifications, one JSON message a record, published by paho at QoS 1. Keeps nothing.

`python -m benchmarks.bare_gateway`, in the place of the gateway of `make bench-gateway`; says its count of records on SIGTERM.
"""

import asyncio
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud.worker import tls_context
from edge.firmware_bridge.profiles.identifiers import HAND_OVER_SERVICE, RECORD

FIND_SECONDS, SCAN_SECONDS = 60.0, 2.0


class BareGateway:
    """From notifications to the broker."""

    def __init__(self, gateway: str, identity: Path, port: int) -> None:
        self.count = 0
        self._topic = f"g/{gateway}/up/message"
        self._mqtt = Client(CallbackAPIVersion.VERSION2, client_id=gateway, protocol=MQTTProtocolVersion.MQTTv5)
        self._mqtt.tls_set_context(tls_context(identity))
        self._mqtt.connect("localhost", port)
        self._mqtt.loop_start()

    def on_record(self, address: str, _characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
        """Publish one record."""
        self.count += 1
        self._mqtt.publish(self._topic, json.dumps({"wearable": address, "value": value.hex()}), qos=1)

    async def listen(self, device: BLEDevice) -> BleakClient:
        """Connect and subscribe."""
        client = BleakClient(device)
        await client.connect()
        await client.start_notify(RECORD, partial(self.on_record, device.address), bluez={"use_start_notify": False})
        return client


async def main() -> None:
    """Run until SIGTERM."""
    addresses = set(os.environ["BARE_ADDRESSES"].split(","))
    gateway = BareGateway(os.environ["BARE_GATEWAY"], Path(os.environ["BARE_IDENTITY"]), int(os.environ["BARE_PORT"]))
    found: dict[str, BLEDevice] = {}
    adapter = await BleakAdapter.get()
    async with asyncio.timeout(FIND_SECONDS):
        while not addresses <= found.keys():  # those whose links outlived the gateway before do not advertise
            found |= {device.address: device for device in await adapter.get_connected_devices([HAND_OVER_SERVICE])}
            found |= {device.address: device for device in await BleakScanner.discover(SCAN_SECONDS)}
    clients = [await gateway.listen(found[address]) for address in sorted(addresses)]
    print("ready", flush=True)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: print(f"count {gateway.count}", flush=True))
    await told.wait()
    for client in clients:
        await client.disconnect()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""The air between wearables and a gateway's radio: range, link loss, signal strength; and the gateway's controller."""

import asyncio
from pathlib import Path

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.device import Device, DeviceConfiguration
from bumble.link import LocalLink

_ACL_OCTETS = 251
_RSSI_DBM = -58
_UNWANTED_FEATURES = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING


class RadioLink(LocalLink):
    """bumble's virtual air of one home, with controllers that can walk out of range.

    Advertisements reach only those who listen; upstream each one reaches everybody, which costs n^2.
    """

    def __init__(self, supervision_timeout_s: float = 2.0) -> None:
        super().__init__()
        self._supervision_timeout_s = supervision_timeout_s
        self._out_of_range: set[Controller] = set()

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Carry an advertisement to the scanners and initiators in range."""
        if sender_controller in self._out_of_range:
            return
        to_all = not isinstance(packet, ll.AdvInd | ll.AdvExtInd)
        for listener in self.controllers - self._out_of_range - {sender_controller}:
            if to_all or listener.le_scan_enable or listener.pending_le_connection:
                asyncio.get_running_loop().call_soon(listener.on_ll_advertising_pdu, packet)

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Carry data over a connection, from the address that the connection was made with."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is None or receiver is None or self._out_of_range & {sender_controller, receiver}:
            return
        asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def walk_away(self, controller: Controller) -> None:
        """Take a controller out of range: its links are noticed to be lost after the supervision timeout."""
        self._out_of_range.add(controller)
        asyncio.get_running_loop().call_later(self._supervision_timeout_s, self._lose_links, controller)

    def come_back(self, controller: Controller) -> None:
        """Bring a controller back into range."""
        self._out_of_range.discard(controller)

    def _lose_links(self, controller: Controller) -> None:
        if controller not in self._out_of_range:
            return
        for connection in list(controller.le_connections.values()):
            other = self.find_le_controller(connection.peer_address)
            if other is not None and (back := other.le_connections.get(connection.self_address)) is not None:
                other.on_le_disconnected(back, hci.HCI_CONNECTION_TIMEOUT_ERROR)
            controller.on_le_disconnected(connection, hci.HCI_CONNECTION_TIMEOUT_ERROR)


class _GatewayController(Controller):
    """A controller that gives up a pending connection when it is told to; upstream's stays pending for ever."""

    def on_hci_le_create_connection_cancel_command(self, _command: object) -> hci.HCI_StatusReturnParameters:
        """Report the pending connection as failed, then answer."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            failed = hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=pending.peer_address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
            asyncio.get_running_loop().call_soon(self.send_hci_packet, failed)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Pass an event to the host, with a believable signal strength in advertising reports."""
        if isinstance(packet, hci.HCI_LE_Advertising_Report_Event):
            for report in packet.reports:
                report.rssi = _RSSI_DBM
            packet = hci.HCI_LE_Advertising_Report_Event(packet.reports)
        super().send_hci_packet(packet)


def keystore(bonds: Path | None) -> str | None:
    """Return where a device keeps its keys, in bumble's words; several may share a file."""
    return None if bonds is None else f"JsonKeyStore:{bonds}"


def new_device(controller: Controller, configuration: DeviceConfiguration) -> Device:
    """Return a host on a controller, with link-layer packets as long as real ones."""
    controller.le_acl_data_packet_length = _ACL_OCTETS
    controller.total_num_le_acl_data_packets = 255
    controller.supported_max_tx_octets = controller.supported_max_rx_octets = _ACL_OCTETS
    controller.le_features &= ~_UNWANTED_FEATURES
    return Device.from_config_with_hci(configuration, controller, controller)


def peripheral_controller(name: str, link: RadioLink) -> Controller:
    """Return a wearable's controller."""
    return Controller(name, link=link)


def central_controller(link: RadioLink) -> Controller:
    """Return the controller of a gateway's radio."""
    return _GatewayController("gateway", link=link)


async def central(
    link: RadioLink, address: str = "F0:F1:F2:F3:F4:F5", bonds: Path | None = None, controller: Controller | None = None
) -> Device:
    """Return the gateway's radio, powered on. bonds: the file of its keys, None: they end with the process."""
    configuration = DeviceConfiguration(name="gateway", address=hci.Address(address), gatt_service_enabled=False, keystore=keystore(bonds))
    device = new_device(controller or central_controller(link), configuration)
    await device.power_on()
    return device

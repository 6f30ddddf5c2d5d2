"""BlueZ's questions to a person while a wearable is paired (org.bluez.Agent1), why it says that links ended, and that it left.

bleak pairs, but has no agent; this is one on a bus connection of its own, there only while a person pairs: at any other time nobody
answers, and a wearable that wants to be paired anew is refused. Interfaces: doc/org.bluez.Agent.rst and org.bluez.Device.rst of BlueZ.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, cast

import structlog
from bleak.backends.device import BLEDevice
from dbus_fast import AuthError, BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

log = structlog.get_logger(__name__)

WRONG_KEYS = "org.bluez.Reason.Authentication"
_SERVICE, _MANAGER, _DEVICE, _AGENT = "org.bluez", "org.bluez.AgentManager1", "org.bluez.Device1", "org.bluez.Agent1"
_PATH = "/mediassist/agent"
_CAPABILITY = "KeyboardDisplay"
_BUS = "org.freedesktop.DBus"
_WATCHED = (
    f"type='signal',interface='{_DEVICE}',member='Disconnected'",
    f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{_SERVICE}'",
)
_AGAIN_S = 30.0


class Person(Protocol):
    """Whoever pairs a wearable: sees what stands on its display, and answers."""

    async def passkey(self) -> int | None:
        """Return the six digits that the wearable shows, None to give up."""
        ...

    async def same(self, number: int) -> bool:
        """Say whether the wearable shows this number."""
        ...

    def type_there(self, number: int) -> None:
        """Be told the number that is to be typed on the wearable."""
        ...


class _Sender(Protocol):
    """The part of a bus connection that sends."""

    def send(self, msg: Message) -> Awaitable[object]:
        """Send a message; what comes back is done when it is sent."""
        ...


@asynccontextmanager
async def answering(person: Person, address: str) -> AsyncGenerator[None]:
    """Take BlueZ's questions about the wearable of one address to a person, while the context lasts. About others the answer is no.

    Raises:
        OSError: there is no bus, or no BlueZ on it.
    """
    bus = await system_bus()
    tasks: set[asyncio.Task[None]] = set()
    suffix = address.upper().replace(":", "_")

    def on_message(message: Message) -> bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != _AGENT:
            return None
        ours = not message.body or str(message.body[0]).upper().endswith(suffix)
        task = asyncio.ensure_future(_answer(bus, message, person if ours else None))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return True

    try:
        bus.add_message_handler(on_message)
        await _call(bus, "RegisterAgent", "os", [_PATH, _CAPABILITY])
        await _call(bus, "RequestDefaultAgent", "o", [_PATH])
        yield
    finally:
        for task in tasks:
            task.cancel()
        bus.disconnect()


async def watch(ended: Callable[[str, str], None], gone: Callable[[], None]) -> None:
    """Tell, for ever, why BlueZ says that a link ended (address in capitals, reason), and that BlueZ itself left the bus.

    BlueZ before 5.82 says nothing of ends.
    """
    while True:
        try:
            bus = await system_bus()
        except OSError as error:
            log.warning("bluez.unheard", reason=str(error))
            await asyncio.sleep(_AGAIN_S)
            continue
        try:
            bus.add_message_handler(lambda message: _signalled(message, ended, gone))
            for rule in _WATCHED:
                add = Message(destination=_BUS, path="/org/freedesktop/DBus", interface=_BUS, member="AddMatch", signature="s", body=[rule])
                await bus.call(add)
            await bus.wait_for_disconnect()
        except (OSError, EOFError, DBusError) as error:
            log.warning("bluez.unheard", reason=str(error))
        finally:
            bus.disconnect()
        await asyncio.sleep(_AGAIN_S)


def is_bonded(device: BLEDevice) -> bool | None:
    """Say whether BlueZ has the keys of a device that it found, None where it does not say; bleak hands its properties through in `details`."""
    details = cast("Mapping[str, Mapping[str, object]]", device.details or {})
    properties = details.get("props", {})
    said = properties.get("Bonded", properties.get("Paired"))
    return None if said is None else bool(said)


def _signalled(message: Message, ended: Callable[[str, str], None], gone: Callable[[], None]) -> None:
    if message.message_type is not MessageType.SIGNAL:
        return
    if (message.interface, message.member) == (_DEVICE, "Disconnected"):
        ended((message.path or "").rpartition("/dev_")[2].replace("_", ":").upper(), str(message.body[0]))
    elif (message.interface, message.member) == (_BUS, "NameOwnerChanged"):
        name, before, _after = message.body
        if name == _SERVICE and before:
            gone()


async def system_bus() -> MessageBus:
    """Return a connection of its own to the system bus.

    Raises:
        OSError: there is none.
    """
    try:
        return await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (OSError, EOFError, AuthError) as error:
        raise OSError(f"no system bus: {error}") from error


async def _call(bus: MessageBus, member: str, signature: str, body: list[object]) -> None:
    answer = await bus.call(
        Message(destination=_SERVICE, path="/org/bluez", interface=_MANAGER, member=member, signature=signature, body=body)
    )
    if answer.message_type is not MessageType.METHOD_RETURN:
        raise OSError(f"BlueZ takes no agent: {answer.error_name}")


async def _answer(bus: _Sender, message: Message, person: Person | None) -> None:
    signature, body = "", list[object]()
    match message.member:
        case _ if person is None:
            refused = True
        case "RequestPasskey":
            number = await person.passkey()
            refused = number is None
            if number is not None:
                signature, body = "u", [number]
        case "RequestConfirmation":
            refused = not await person.same(int(message.body[1]))
        case "DisplayPasskey":
            person.type_there(int(message.body[1]))
            refused = False
        case "RequestAuthorization" | "AuthorizeService" | "Cancel" | "Release":
            refused = False
        case _:
            refused = True
    if refused:
        await bus.send(Message.new_error(message, "org.bluez.Error.Rejected", "not by this gateway's person"))
    else:
        await bus.send(Message.new_method_return(message, signature, body))

"""The agent answers BlueZ about the one device that a person pairs, and about no other; without BlueZ that is said."""

from pathlib import Path

import pytest
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from edge.firmware_bridge import bluez_agent
from simulators.bus import private_bus
from tests.firmware_bridge.air import dbus_daemon, living_home
from tests.firmware_bridge.test_pairing import ADDRESS, PASSKEY, Somebody

OURS, ANOTHERS = (f"/org/bluez/hci0/dev_{address.replace(':', '_')}" for address in (ADDRESS, "C0:99:99:99:99:99"))


async def asked(stranger: MessageBus, agent: str, member: str, signature: str, *body: object) -> Message:
    call = Message(
        destination=agent, path="/mediassist/agent", interface="org.bluez.Agent1", member=member, signature=signature, body=[*body]
    )
    answer = await stranger.call(call)
    assert answer is not None
    return answer


async def test_about_another_device_the_answer_is_no(monkeypatch):
    async with living_home("bluez", monkeypatch):
        stranger = await MessageBus(bus_type=BusType.SYSTEM).connect()
        before = await names(stranger)
        person = Somebody(types=PASSKEY)
        async with bluez_agent.answering(person, ADDRESS):
            [agent] = await names(stranger) - before
            answer = await asked(stranger, agent, "RequestPasskey", "o", OURS)
            assert (answer.message_type, answer.body) == (MessageType.METHOD_RETURN, [PASSKEY])
            await asked(stranger, agent, "DisplayPasskey", "ouq", OURS, 77, 0)
            assert person.asked == ["passkey", ("type", 77)]
            for member, signature, *body in (
                ("RequestPasskey", "o", ANOTHERS),
                ("RequestConfirmation", "ou", ANOTHERS, 5),
                ("RequestPinCode", "o", OURS),
            ):
                answer = await asked(stranger, agent, member, signature, *body)
                assert (answer.message_type, answer.error_name) == (MessageType.ERROR, "org.bluez.Error.Rejected")
            assert person.asked == ["passkey", ("type", 77)]
        assert await names(stranger) == before, "the agent is there only while somebody pairs"
        stranger.disconnect()


async def names(bus: MessageBus) -> set[str]:
    call = Message(destination="org.freedesktop.DBus", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus", member="ListNames")
    answer = await bus.call(call)
    assert answer is not None
    return set(answer.body[0])


async def test_without_bluez_or_a_bus_that_is_said(monkeypatch):
    with private_bus(Path(dbus_daemon())) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        with pytest.raises(OSError, match="BlueZ takes no agent"):
            async with bluez_agent.answering(Somebody(), ADDRESS):
                pass
    with pytest.raises(OSError, match="no system bus"):
        async with bluez_agent.answering(Somebody(), ADDRESS):
            pass

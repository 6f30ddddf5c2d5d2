"""org.bluez.AgentManager1: the one agent that a bus client registered, and the questions of a pairing that go to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bumble.pairing import PairingDelegate
from dbus_fast import Message, MessageType

AGENT = "org.bluez.Agent1"
_CAPABILITIES = {
    "DisplayOnly": PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY,
    "DisplayYesNo": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "KeyboardOnly": PairingDelegate.IoCapability.KEYBOARD_INPUT_ONLY,
    "NoInputNoOutput": PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT,
    "KeyboardDisplay": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
    "": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
}


@dataclass(frozen=True, slots=True)
class _Agent:
    client: str
    path: str
    capability: str


class AgentManager:
    """Who is asked. call: takes a method call to the bus and returns the answer."""

    def __init__(self, call: Callable[[Message], Awaitable[Message | None]]) -> None:
        self._call = call
        self._agent: _Agent | None = None

    def register(self, client: str, path: str, capability: str) -> None:
        """Take an agent; a later one takes its place."""
        self._agent = _Agent(client, path, capability)

    def gone(self, client: str) -> None:
        """Forget a client's agent."""
        if self._agent is not None and self._agent.client == client:
            self._agent = None

    def delegate(self, device: str) -> PairingDelegate:
        """Return what answers for a device's pairing; without an agent a pairing has neither keys nor a display."""
        return _Delegate(self, device, _CAPABILITIES[self._agent.capability if self._agent else "NoInputNoOutput"])

    async def ask(self, member: str, signature: str, body: list[object]) -> list[object] | None:
        """Ask the agent; None where there is none, or it says no."""
        agent = self._agent
        if agent is None:
            return None
        call = Message(destination=agent.client, path=agent.path, interface=AGENT, member=member, signature=signature, body=body)
        answer = await self._call(call)
        return answer.body if answer is not None and answer.message_type is MessageType.METHOD_RETURN else None


class _Delegate(PairingDelegate):
    """Takes the questions of the Security Manager to the agent. A "just works" that is begun here is asked of nobody, as in BlueZ."""

    def __init__(self, manager: AgentManager, device: str, capability: PairingDelegate.IoCapability) -> None:
        super().__init__(capability)
        self._manager, self._device = manager, device

    async def get_number(self) -> int | None:
        answer = await self._manager.ask("RequestPasskey", "o", [self._device])
        return answer[0] if answer and isinstance(answer[0], int) else None

    async def compare_numbers(self, number: int, digits: int) -> bool:  # noqa: ARG002  (bumble's signature)
        return await self._manager.ask("RequestConfirmation", "ou", [self._device, number]) is not None

    async def display_number(self, number: int, digits: int) -> None:  # noqa: ARG002
        await self._manager.ask("DisplayPasskey", "ouq", [self._device, number, 0])

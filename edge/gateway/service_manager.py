"""Tells the service manager how the gateway is: sd_notify(3) of systemd, one datagram a word. Without a manager nothing is said.

READY=1 once what a crash left is picked up; WATCHDOG=1 for as long as the loop turns and the disk answers, three times within the time that
the manager allows; STOPPING=1 when it was told to stop.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

_SOCKET, _WATCHDOG, _WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class ServiceManager:
    """Whoever started this process, as its environment says."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get(_SOCKET, "")
        ours = environment.get(_WATCHED, "") in ("", str(os.getpid()))
        allowed = environment.get(_WATCHDOG, "")
        self.watchdog_s = int(allowed) / 1e6 if ours and allowed.isdigit() else None
        """Within how long it wants to hear from us again, seconds; None: it does not watch."""

    def say(self, word: str) -> None:
        """Say one word, "READY=1"; a manager that does not listen is not insisted on."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            try:
                manager.sendto(word.encode(), address)
            except OSError:
                return

    async def keep_told(self, ready: Awaitable[object], alive: Callable[[], Awaitable[object]]) -> None:
        """Say that we are ready once we are, and then that we live for as long as `alive` comes back; for ever."""
        await ready
        self.say("READY=1")
        if self.watchdog_s is None:
            await asyncio.Event().wait()
        else:
            while True:
                await alive()
                self.say("WATCHDOG=1")
                await asyncio.sleep(self.watchdog_s / 3)

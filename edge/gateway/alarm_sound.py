"""Makes alarms heard: a command of this machine (a player, a lamp) is run again and again while something sounds."""

import asyncio
import os
import shlex
from collections.abc import Callable
from contextlib import suppress

import structlog

from edge.gateway.watch_finding import Priority

log = structlog.get_logger()

EVERY_SECONDS: dict[Priority, float] = {"high": 5.0, "medium": 15.0, "low": 60.0}
LOOK_SECONDS = 0.5
COMMAND_SECONDS = 30.0


class AlarmSound:
    """Runs `command` (as a shell splits it, but without a shell) with ALARM_PRIORITY in its environment. loudest: what is to be heard now."""

    def __init__(self, command: str, loudest: Callable[[], Priority | None], monotonic: Callable[[], float]) -> None:
        self._command, self._loudest, self._monotonic = shlex.split(command), loudest, monotonic

    async def run(self) -> None:
        """Sound for ever; at once when something louder is found."""
        sounded_at, before = -float("inf"), None
        while True:
            now, priority = self._monotonic(), self._loudest()
            if priority is not None and (priority != before or now - sounded_at >= EVERY_SECONDS[priority]):
                sounded_at = now
                await self._sound(priority)
            before = priority
            await asyncio.sleep(LOOK_SECONDS)

    async def _sound(self, priority: Priority) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, env={**os.environ, "ALARM_PRIORITY": priority}, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            log.error("alarm.not_sounded", error=error.strerror)
            return
        with suppress(TimeoutError):
            try:
                async with asyncio.timeout(COMMAND_SECONDS):
                    await process.wait()
            finally:  # a gateway that stops leaves nothing sounding
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode:
            log.error("alarm.not_sounded", status=process.returncode)

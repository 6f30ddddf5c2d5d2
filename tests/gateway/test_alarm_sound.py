"""An alarm is heard by a real command, at once when it is louder, and a missing command ends nothing."""

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edge.gateway import alarm_sound
from edge.gateway.alarm_sound import AlarmSound
from edge.gateway.watch_finding import Priority


async def heard(command: str, told: list[Priority | None], file: Path, count: int) -> list[str]:
    sound = asyncio.create_task(AlarmSound(command, lambda: told[0], time.monotonic).run())
    try:
        async with asyncio.timeout(20):
            while not file.exists() or len(file.read_text().splitlines()) < count:
                await asyncio.sleep(0.02)
                if file.exists() and told[0] == "low":
                    told[0] = "high"
    finally:
        sound.cancel()
        with suppress(asyncio.CancelledError):
            await sound
    return file.read_text().splitlines()


async def test_it_sounds_and_at_once_louder(tmp_path: Path) -> None:
    file = tmp_path / "heard"
    script = tmp_path / "sound.py"
    script.write_text(f"import os\nopen({str(file)!r}, 'a').write(os.environ['ALARM_PRIORITY'] + '\\n')\n")
    began = time.monotonic()
    assert await heard(f"{sys.executable} {script}", ["low"], file, 2) == ["low", "high"]
    assert time.monotonic() - began < alarm_sound.EVERY_SECONDS["high"]


async def test_a_command_that_is_not_there_or_fails_ends_nothing() -> None:
    for command in ("/nowhere/player", f"{sys.executable} -c 'raise SystemExit(3)'"):
        sound = asyncio.create_task(AlarmSound(command, lambda: "high", time.monotonic).run())
        await asyncio.sleep(0.8)
        assert not sound.done()
        sound.cancel()
        with suppress(asyncio.CancelledError):
            await sound


async def test_a_gateway_that_stops_leaves_nothing_sounding(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = tmp_path / "sound.py"
    script.write_text(f"import os, time\nopen({str(file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    sound = asyncio.create_task(AlarmSound(f"{sys.executable} {script}", lambda: "high", time.monotonic).run())
    async with asyncio.timeout(20):
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.02)
    sound.cancel()
    with suppress(asyncio.CancelledError):
        await sound
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)

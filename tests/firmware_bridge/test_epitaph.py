"""What is said of a link that has ended, by itself and over the virtual air."""

import asyncio
from uuid import UUID

import pytest
import structlog

from edge.firmware_bridge.epitaph import Epitaph
from tests.firmware_bridge.air import listen, living_home, sequences


def test_a_link_that_was_up_is_described() -> None:
    epitaph = Epitaph(UUID(int=1), [-58, -70, -81])
    epitaph.begin(100.0)
    epitaph.records += 7
    with structlog.testing.capture_logs() as said:
        epitaph.write("org.bluez.Reason.Timeout", 112.34)
    assert said == [
        {
            "event": "wearable.disconnected",
            "log_level": "info",
            "wearable": str(UUID(int=1)),
            "reason": "org.bluez.Reason.Timeout",
            "lasted_s": 12.3,
            "records": 7,
            "signals": [-58, -70, -81],
            "trend_db": -23,
        }
    ]


@pytest.mark.parametrize(("signals", "trend"), [([], None), ([-60], None), ([-80, -60], 20)])
def test_a_trend_takes_two(signals: list[int], trend: int | None) -> None:
    assert Epitaph(UUID(int=1), signals).trend_db == trend


def test_nothing_is_said_of_a_link_that_never_was() -> None:
    with structlog.testing.capture_logs() as said:
        Epitaph(UUID(int=1)).write(None, 5.0)
    assert said == []


async def test_a_link_that_a_wearable_ends_has_one(monkeypatch):
    async with living_home("bluez", monkeypatch, "ecg_patch") as air:
        drops: list[asyncio.Task[None]] = []

        def drop_once(notification):
            if notification.sequence == 10 and not drops:
                drops.append(asyncio.ensure_future(air.home.drop_links()))

        with structlog.testing.capture_logs() as said:
            await listen(air.wearables(), lambda got: max(sequences(got, air.known[0].id), default=0) > 30, drop_once)
    first = next(each for each in said if each["event"] == "wearable.disconnected")
    assert first["reason"] == "org.bluez.Reason.Remote"
    assert first["records"] >= 10
    assert first["signals"]
    assert all(signal < 0 for signal in first["signals"])

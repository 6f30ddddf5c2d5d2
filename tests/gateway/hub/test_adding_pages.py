"""The page on which a device is added: it says what is asked, takes only what was asked for, and shows the first reading."""

import asyncio
from uuid import UUID

import pytest

from protocol.metrics import SPO2
from protocol.samples import Reading
from tests.gateway.hub.test_pages import Hub, hub, on_disk
from tests.gateway.test_adding import OXIMETER, PASSKEY, THERMOMETER
from tests.gateway.test_alarms import NOW

__all__ = ["hub", "on_disk"]


async def shown(hub: Hub, text: str) -> str:
    """Read the part that changes until a text stands there."""
    async with asyncio.timeout(5):
        while text not in (page := (await hub.browser.get("/add/now")).text):
            await asyncio.sleep(0.01)
    return page


async def test_a_device_is_added_by_its_passkey_and_its_first_reading_is_shown(hub: Hub) -> None:
    await hub.open()
    assert "Add a device" in (await hub.browser.get("/")).text
    assert "Look for devices" in (await hub.browser.get("/add")).text
    assert "<title>Add a device</title>" in (await hub.press("/add")).text
    page = await shown(hub, "Finger sensor")
    for text in (
        "It calls itself Nonin. It is close.",
        "It is near.",
        "It belongs to this hub: add it again only after a reset.",
        "far away",
    ):
        assert text in page
    await hub.press("/add/choose", address=OXIMETER.address, person="0")
    await shown(hub, "shows six digits")
    await hub.press("/add/passkey", passkey="not six")
    await shown(hub, "shows six digits")
    await hub.press("/add/passkey", passkey="000 124")
    await shown(hub, "That was not the number on the device")
    await hub.press("/add/choose", address=OXIMETER.address, person="0")
    await shown(hub, "shows six digits")
    await hub.press("/add/passkey", passkey=f"{PASSKEY:06}")
    await shown(hub, "Waiting for its first reading.")
    hub.board.heard([Reading(UUID(int=42), SPO2.code, NOW, 97.0)], NOW)
    page = await shown(hub, "First reading")
    assert "97 %" in page
    assert "97 %" in (await hub.browser.get("/")).text


async def test_a_number_is_compared(hub: Hub) -> None:
    await hub.open()
    await hub.press("/add")
    await shown(hub, "Thermometer")
    await hub.press("/add/choose", address=THERMOMETER.address, person="0")
    assert "000007" in await shown(hub, "Does the Thermometer show this number?")
    await hub.press("/add/same", same="yes")
    await shown(hub, "belongs to this hub now")


@pytest.mark.parametrize("path", ["/add", "/add/close", "/add/choose", "/add/passkey", "/add/same"])
async def test_without_the_code_or_from_a_foreign_page_nothing_is_added(hub: Hub, path: str) -> None:
    assert (await hub.press(path)).status_code == 403
    assert (await hub.browser.get("/add/now")).status_code == 403
    assert "Set-up code" in (await hub.browser.get("/add")).text
    await hub.open()
    assert (await hub.press(path, csrf="guessed")).status_code == 403
    assert hub.pairing.windows == 0


async def test_a_choice_of_nobody_changes_nothing_and_back_closes_the_window(hub: Hub) -> None:
    await hub.open()
    await hub.press("/add")
    await shown(hub, "Finger sensor")
    for person in ("7", "-1", "²"):
        await hub.press("/add/choose", address=OXIMETER.address, person=person)
        await shown(hub, "What is found is listed here")
    assert "Your hub" in (await hub.press("/add/close")).text
    assert hub.pairing.windows == 0

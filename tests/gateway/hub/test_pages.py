"""The hub's page: closed without the code, deaf to foreign pages, and plain about what is measured, silent and alarming."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from edge.firmware_bridge.profiles.device_information import DeviceInformation
from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway.adding import Adding
from edge.gateway.board import SILENT_MS, Board
from edge.gateway.disk import DiskThread
from edge.gateway.hub import words
from edge.gateway.hub.access import Access
from edge.gateway.hub.pages import HERE, MOST_FORM_BYTES, Place, pages
from edge.gateway.hub.parting_pages import Parting
from protocol.metrics import BATTERY, DIASTOLIC_PRESSURE, HEART_RATE, SYSTOLIC_PRESSURE
from protocol.samples import Reading
from provisioning.keystore import FileKeystore
from tests.gateway.test_adding import FakePairing
from tests.gateway.test_alarms import NOW, finding

CODE = "ABCD2345"
PATIENT = UUID(int=9)
BELT = KnownWearable(UUID(int=1), PATIENT, "C0:00:00:00:00:01", "heart_rate_belt")
CUFF = KnownWearable(UUID(int=2), PATIENT, "C0:00:00:00:00:02", "blood_pressure_cuff")


@dataclass
class Hub:
    """A page in a home whose time and way to the cloud are set by hand."""

    browser: httpx.AsyncClient
    board: Board
    pairing: FakePairing
    now: int = NOW
    connected: bool = True
    waiting: int = 0
    parted: list[UUID] = field(default_factory=list[UUID])
    resets: list[int] = field(default_factory=list[int])

    async def open(self, code: str = CODE) -> httpx.Response:
        return await self.browser.post("/sign-in", data={"code": code})

    async def press(self, path: str, csrf: str | None = None, **fields: str) -> httpx.Response:
        if csrf is None:
            found = re.search(r'name="csrf" value="([^"]+)"', (await self.browser.get("/")).text)
            csrf = "" if found is None else found[1]
        return await self.browser.post(path, data={"csrf": csrf, **fields})


@pytest.fixture
def on_disk() -> Iterator[DiskThread]:
    with DiskThread() as thread:
        yield thread


@pytest.fixture
async def hub(tmp_path: Path, on_disk: DiskThread) -> AsyncIterator[Hub]:
    count = iter(range(1_000_000))
    keystore = FileKeystore.make(tmp_path / "identity")
    about = {BELT.id: DeviceInformation(model="H10 <b>")}

    async def waiting() -> int:
        return opened.waiting

    board = Board(
        [BELT, CUFF], tmp_path / "hub", keystore, lambda: opened.now, about, lambda: opened.connected, waiting, lambda: opened.now, on_disk
    )
    access = Access(CODE, lambda: f"secret-{next(count)}", lambda: opened.now / 1000)
    pairing = FakePairing()

    async def adopt(wearable: KnownWearable) -> None:
        board.add(wearable)

    adding = Adding(pairing, board, adopt, lambda: UUID(int=42))

    async def part(which: UUID) -> None:
        board.remove(which)
        opened.parted.append(which)

    parting = Parting(part, lambda: opened.resets.append(opened.now))
    app = pages(board, access, Place(ZoneInfo("Europe/Berlin"), ("hub.home",), secure=False), parting, adding)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.home", follow_redirects=True) as browser:
        opened = Hub(browser, board, pairing)
        yield opened
    await adding.close()


async def test_without_the_code_nothing_is_told(hub: Hub) -> None:
    await hub.board.found(finding(1, "high"))
    answer = await hub.browser.get("/")
    assert "Set-up code" in answer.text
    assert "vital signs" not in answer.text
    assert (await hub.browser.get("/now")).status_code == 403
    assert (await hub.press("/alarms/00000000-0000-0000-0000-000000000001/seen")).status_code == 403
    assert hub.board.alarms[0].seen_at is None


async def test_a_wrong_code_is_explained_and_the_sixth_waits(hub: Hub) -> None:
    for _ in range(5):
        answer = await hub.open("AAAA-AAAA")
        assert answer.status_code == 403
        assert "not the code on the label" in answer.text
    answer = await hub.open()
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 200
    assert "try again in" in answer.text


async def test_the_page_says_what_is_measured_and_who_is_silent(hub: Hub) -> None:
    hub.board.heard([Reading(BELT.id, HEART_RATE.code, NOW, 71.0), Reading(BELT.id, BATTERY.code, NOW, 15.0)], NOW)
    pressures = (Reading(CUFF.id, SYSTOLIC_PRESSURE.code, NOW, 142.0), Reading(CUFF.id, DIASTOLIC_PRESSURE.code, NOW, 91.0))
    hub.board.heard(pressures, NOW)
    assert (await hub.open("abcd-2345")).status_code == 200
    page = (await hub.browser.get("/")).text
    for text in ("Chest belt", "71 a minute", "142 over 91 mmHg", "Battery 15 %", "Charge it soon", "No alarm", "is connected"):
        assert text in page
    hub.now, hub.connected, hub.waiting = NOW + SILENT_MS + 60_000, False, 3
    page = (await hub.browser.get("/now")).text
    assert "Nothing heard since 6 minutes ago" in page
    assert page.count("Nothing heard since") == 1
    assert "No connection to your care team" in page
    assert "3 messages wait" in page


async def test_an_alarm_is_put_off_seen_and_then_listed_as_seen(hub: Hub) -> None:
    await hub.board.found(finding(1, "high"))
    await hub.open()
    page = (await hub.browser.get("/")).text
    assert "Call your care team now" in page
    assert "<title>Alarm: your hub</title>" in page
    page = (await hub.press(f"/alarms/{UUID(int=1)}/quiet")).text
    assert "It will sound again" in page
    assert hub.board.loudest() is None
    page = (await hub.press(f"/alarms/{UUID(int=1)}/seen")).text
    assert "Seen in the last day" in page
    assert "No new alarm" in page


async def test_a_form_of_a_foreign_page_does_nothing(hub: Hub) -> None:
    await hub.board.found(finding(1))
    await hub.open()
    assert (await hub.press(f"/alarms/{UUID(int=1)}/seen", csrf="guessed")).status_code == 403
    foreign = await hub.browser.post("/sign-in", data={"code": CODE}, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert (await hub.browser.get("/", headers={"host": "evil.example"})).status_code == 400
    assert hub.board.alarms[0].seen_at is None


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"code=" + b"A" * MOST_FORM_BYTES, {"content-type": "application/x-www-form-urlencoded"}),
        (b"code=\xff", {"content-type": "application/x-www-form-urlencoded"}),
        (b"&".join(b"a=1" for _ in range(50)), {"content-type": "application/x-www-form-urlencoded"}),
        (b'{"code": "ABCD2345"}', {"content-type": "application/json"}),
        (b"", {}),
    ],
)
async def test_what_is_no_form_is_refused(hub: Hub, content: bytes, headers: dict[str, str]) -> None:
    assert (await hub.browser.post("/sign-in", content=content, headers=headers)).status_code == 403


async def test_the_cookie_and_the_page_keep_to_themselves(hub: Hub) -> None:
    answer = await hub.browser.post("/sign-in", data={"code": CODE}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = await hub.browser.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<b>" not in page.text
    signed_out = await hub.press("/sign-out")
    assert "Set-up code" in signed_out.text


async def test_a_device_is_removed_after_a_person_was_asked(hub: Hub) -> None:
    path = f"/devices/{BELT.id}/remove"
    assert "Set-up code" in (await hub.browser.get(path)).text
    await hub.open()
    assert f'href="{path}"' in (await hub.browser.get("/")).text
    assert "Remove the heart belt" in (await hub.browser.get(path)).text or "Remove the" in (await hub.browser.get(path)).text
    assert hub.parted == [], "looking removes nothing"
    assert (await hub.press(path, csrf="another")).status_code == 403
    after = await hub.press(path)
    assert (hub.parted, path in after.text) == ([BELT.id], False)
    assert (await hub.press(path)).status_code == 200
    assert (await hub.browser.get(path)).url.path == "/", "what is gone is asked for in vain"
    assert hub.parted == [BELT.id]
    last = await hub.press(f"/devices/{CUFF.id}/remove")
    assert "No device belongs to you now." in last.text
    assert "Add a device" in last.text, "whoever lives here still does"


async def test_a_hub_is_reset_by_whoever_types_the_code_once_more(hub: Hub) -> None:
    await hub.open()
    hub.waiting, hub.connected = 3, False
    asked = (await hub.browser.get("/reset")).text
    assert "3 messages" in asked
    assert "no connection now" in asked
    wrong = await hub.press("/reset", code="AAAA-AAAA")
    assert (wrong.status_code, hub.resets) == (403, [])
    assert "Nothing was removed" in wrong.text
    assert (await hub.press("/reset", csrf="another", code=CODE)).status_code == 403
    right = await hub.press("/reset", code=CODE)
    assert (right.status_code, len(hub.resets)) == (200, 1)
    assert "about a minute" in right.text


async def test_wrong_codes_for_a_reset_close_it_as_they_close_the_door(hub: Hub) -> None:
    await hub.open()
    for _ in range(5):
        await hub.press("/reset", code="AAAA-AAAA")
    assert "Too many wrong codes" in (await hub.press("/reset", code=CODE)).text
    assert hub.resets == []


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


async def test_everything_that_the_page_loads_is_here(hub: Hub) -> None:
    await hub.open()
    links = _Links()
    links.feed((await hub.browser.get("/")).text)
    assert len(links.found) >= 4
    for link in links.found:
        assert (await hub.browser.get(link)).status_code == 200, link
    assert all((HERE / "static" / f"{kind}.svg").is_file() for kind in words.KINDS)

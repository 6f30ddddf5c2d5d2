"""What the shell says of a gateway, and a device that is added at a terminal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from edge.firmware_bridge.pairing import PairingFailed
from edge.firmware_bridge.wearable import KnownWearable
from edge.gateway import shell
from edge.gateway.alone import alone_in
from edge.gateway.commands import gateway
from edge.gateway.disk import Disk
from edge.gateway.household import HouseholdError, read_household, write_household
from edge.gateway.shell import Terminal
from edge.gateway.spool import Spool
from provisioning.keystore import FileKeystore
from tests.firmware_bridge.air import PASSKEY, living_home
from tests.gateway.test_spool import a_notification
from tests.support.gateway import BELT, GATEWAY, NOON, PATIENT, a_gateways_folder

OTHER = UUID(int=8)


class Typist:
    """Somebody at a terminal."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.seen = list(answers), list[str]()

    def terminal(self) -> Terminal:
        return Terminal(self.seen.append, self.ask)

    def ask(self, question: str) -> str:
        self.seen.append(question)
        return self.answers.pop(0)


def test_it_says_how_a_gateway_stands_and_what_belongs_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = a_gateways_folder(tmp_path / "state")
    disk = Disk(state / "gateway.sqlite")
    Spool(disk, FileKeystore.open(state / "identity")).keep([(NOON, a_notification(1))])
    disk.close()
    [belt] = read_household(state / "household.json")
    gone = replace(belt, id=UUID(int=3), removed_at=NOON)
    write_household(
        state / "household.json", [belt, gone, KnownWearable(UUID(int=4), OTHER, "C0:11:22:33:00:09", "thermometer", bonded=True)]
    )
    assert gateway(["status", "--state", str(state)]) == 0
    told = capsys.readouterr().out
    assert str(GATEWAY) in told
    assert "2 people, 2 devices" in told
    assert "waiting      1 reading" in told
    assert gateway(["devices", "--state", str(state)]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.startswith("kind")
    assert str(BELT) in first
    assert "2027-01-15 08:00:00 UTC" in first
    assert "by the clinic, paired" in second
    assert "not heard yet" in second


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gateway(["status", "--state", str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert shell.status(tmp_path, datetime.now(UTC)) == ["no certificate: enrol it first (mediassist gateway enrol)"]
    assert gateway(["devices", "--state", str(tmp_path)]) == 1
    assert "adopt this gateway first" in capsys.readouterr().err
    state = a_gateways_folder(tmp_path / "state")
    write_household(state / "household.json", [])
    assert shell.devices(state) == ["no device belongs to this gateway"]
    (state / "household.json").unlink()
    assert "none: the clinic adopts this gateway" in "\n".join(shell.status(state, datetime.now(UTC)))


@pytest.mark.parametrize("words", [["pair", "--state"], ["reset", "--yes"]])
def test_while_the_gateway_runs_nobody_else_has_its_radio_or_wipes_it(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = a_gateways_folder(tmp_path / "state")
    monkeypatch.setenv("GATEWAY_STATE", str(state))
    with alone_in(state):
        assert gateway([*words, str(state)] if words[-1] == "--state" else words) == 1
    assert "stop it first" in capsys.readouterr().err
    assert (state / "household.json").exists()


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("1", "2", f"{PASSKEY:06}"), "added pulse_oximeter"),
        (("",), "nothing was added"),
        (("7",), "nothing was added"),
        (("1", ""), "nothing was added"),
    ],
)
async def test_a_device_is_added_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: tuple[str, ...], outcome: str
) -> None:
    async with living_home("bluez", monkeypatch, "pulse_oximeter", pairing="passkey", bonds=tmp_path / "bonds.json"):
        before = [
            KnownWearable(BELT, PATIENT, "C0:99:11:33:00:01", "heart_rate_belt"),
            KnownWearable(OTHER, OTHER, "C0:99:11:33:00:02", "thermometer"),
        ]
        write_household(tmp_path / "household.json", before)
        typist = Typist(*answers)
        told = await shell.pair(tmp_path, typist.terminal(), look_seconds=2.0)
        assert told.startswith(outcome), typist.seen
        known = read_household(tmp_path / "household.json")
        if outcome.startswith("added"):
            new = known[-1]
            assert (new.patient, new.kind, new.bonded, new.adopted_here) == (OTHER, "pulse_oximeter", True, True)
            again = Typist("1", "1", f"{PASSKEY:06}")
            await shell.pair(tmp_path, again.terminal(), look_seconds=2.0)
            assert read_household(tmp_path / "household.json") == known, "paired anew it is the one that it was"
        else:
            assert known == before


async def test_a_wrong_number_adds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with living_home("bluez", monkeypatch, "pulse_oximeter", pairing="passkey"):
        before = [KnownWearable(BELT, PATIENT, "C0:99:11:33:00:01", "heart_rate_belt")]
        write_household(tmp_path / "household.json", before)
        with pytest.raises(PairingFailed):
            await shell.pair(tmp_path, Typist("1", "111111").terminal(), look_seconds=2.0)
        assert read_household(tmp_path / "household.json") == before


async def test_where_nobody_lives_or_nothing_is_heard_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with living_home("bluez", monkeypatch):
        with pytest.raises(HouseholdError):
            await shell.pair(tmp_path, Typist().terminal(), look_seconds=0.1)
        write_household(tmp_path / "household.json", [])
        assert (await shell.pair(tmp_path, Typist().terminal(), look_seconds=0.1)).startswith("nobody lives here yet")
        write_household(tmp_path / "household.json", [KnownWearable(BELT, PATIENT, "C0:99:11:33:00:01", "heart_rate_belt")])
        assert await shell.pair(tmp_path, Typist().terminal(), look_seconds=0.1) == "nothing that measures was heard"


@pytest.mark.parametrize(("typed", "meant"), [("271 828", 271_828), ("", None), ("abc", None), ("٣", None)])
async def test_what_is_typed_for_a_number(typed: str, meant: int | None) -> None:
    assert await Typist(typed).terminal().passkey() == meant


@pytest.mark.parametrize(("typed", "meant"), [("yes", True), ("Y", True), ("no", False), ("", False)])
async def test_what_is_typed_for_a_comparison(typed: str, meant: bool) -> None:  # noqa: FBT001
    typist = Typist(typed)
    assert await typist.terminal().same(42) is meant
    assert "000042" in typist.seen[0]


def test_a_number_to_be_typed_there_is_shown() -> None:
    typist = Typist()
    show: Callable[[int], None] = typist.terminal().type_there
    show(7)
    assert typist.seen == ["type 000007 on the device"]

"""An ingest key's life by its commands: rotated while everything runs, and destroyed only once every gateway is drained of it."""

import asyncio
from pathlib import Path

import pytest

from cloud.ingest import commands
from cloud.ingest.adoption import Adoption
from cloud.ingest.folding import fold
from cloud.ingest.ingest_key_folder import KEEP_SECONDS, IngestKeyFolder
from cloud.ingest.ingest_line import IngestLine
from cloud.ingest.sorting import Sorting
from protocol.envelope import read_opening
from provisioning import ingest_keys
from tests.cloud.ingest.test_ingest_line import vitals
from tests.support.gateway import GATEWAY, NOON
from tests.support.ingest import DATA_KEYS, KEK, Exchange


@pytest.fixture
def folder(wire: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's folder of keys, with the one to which the gateway seals."""
    folder = tmp_path / "keys"
    wire.rig.ingest_key = ingest_keys.generate(folder)
    wire.rig.restart()
    monkeypatch.setenv("CLOUD_KEYS", str(folder))
    monkeypatch.setenv("CLOUD_DATABASE_URL", wire.addresses.ingest)
    return folder


async def run(*words: str) -> int:
    """Run the command as a process would: with an event loop of its own."""
    return await asyncio.to_thread(commands.keys, words)


def worker(wire: Exchange, folder: Path, seconds: list[float]) -> None:
    keys = IngestKeyFolder(folder, lambda: seconds[0])
    wire.line = IngestLine(wire.database, wire.inlet, Sorting(wire.database, Adoption(wire.database), keys, KEK), DATA_KEYS)


async def send(wire: Exchange) -> bytes:
    """Make a message in an epoch of its own, carry all that waits, and take the receipts; return the epoch."""
    wire.rig.outbox.end_epoch()
    wire.rig.outbox.put([vitals()], NOON)
    arrivals = wire.queued()
    await wire.carry(*arrivals)
    wire.bring_back()
    epoch = arrivals[0].data[17:33]
    async with wire.database.transaction(None) as connection:
        for (each,) in wire.rows("select epoch from epoch"):
            await fold(connection, [GATEWAY.bytes + bytes(each)])
    return epoch


def aged(folder: Path) -> None:
    """Let the rotation have been long ago."""
    (path,) = (folder / "retiring").glob("*.key")
    path.rename(path.with_name("20200101T000000Z-" + path.name.split("-")[1]))


async def test_a_key_is_rotated_in_operation_and_destroyed_once_its_gateways_are_drained(
    wire: Exchange, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = [0.0]
    worker(wire, folder, seconds)
    old = wire.rig.ingest_key
    first = await send(wire)
    assert await run("rotate") == 0
    new = ingest_keys.load_private(folder)
    assert new.id.hex() in capsys.readouterr().out

    assert await run("retire", old.id.hex()) == 1
    held = capsys.readouterr().err
    assert "less than 90 days ago" in held
    assert f"gateway {GATEWAY.hex} has not moved on" in held
    assert f"gateway {GATEWAY.hex}: epoch {first.hex()} is not whole" in held
    aged(folder)
    assert await run("retire", old.id.hex()) == 1, "age alone destroys nothing"
    assert len(ingest_keys.load_all(folder)) == 2

    late = await send(wire)
    assert read_opening(wire.rig.outbox.opening(late) or b"").opening.ingest_key_id == old.id, "it opens what is still sealed to it"
    wire.rig.ingest_key = new
    seconds[0] += KEEP_SECONDS + 1
    newest = await send(wire)
    assert read_opening(wire.rig.outbox.opening(newest) or b"").opening.ingest_key_id == new.id
    assert wire.rows("select count(*) from reading") == [(3,)]
    assert wire.rig.outbox.depth() == 0

    assert await run("retire", old.id.hex()) == 0
    assert [stored.key.id for stored in ingest_keys.load_all(folder)] == [new.id]
    capsys.readouterr()
    assert await run("list") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split("  ")[0] == new.id.hex()
    assert "1 gateways, 1 epochs" in said[0]
    assert (old.id.hex() in said[1], "not here" in said[1], "2 epochs" in said[1]) == (True, True, True)


async def test_an_epoch_that_never_ends_holds_the_key_until_a_person_declares_it_lost(
    wire: Exchange, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worker(wire, folder, [0.0])
    old = wire.rig.ingest_key
    wire.rig.outbox.put([vitals(), vitals()], NOON)
    opening, first, _ = wire.queued()
    await wire.carry(opening, first)
    wire.rows("delete from epoch_end")
    wire.rows("update gateway_certificate set revoked_at = now(), revoked_for = 'stolen'")
    assert await run("rotate") == 0
    aged(folder)
    epoch = opening.data[17:33].hex()
    assert await run("retire", old.id.hex()) == 1
    assert [line for line in capsys.readouterr().err.splitlines() if "gateway" in line] == [
        f"  gateway {GATEWAY.hex}: epoch {epoch} is not whole"
    ], "a gateway without a valid certificate need not move on"
    assert await run("declare-lost", GATEWAY.hex, epoch, "--reason", "stolen with its home") == 0
    assert await run("declare-lost", GATEWAY.hex, epoch, "--reason", "said again") == 0
    assert wire.rows("select reason from lost_epoch") == [("stolen with its home",)]
    assert await run("retire", old.id.hex()) == 0


async def test_an_epoch_that_was_only_heard_of_may_be_sealed_to_the_key_and_holds_it(
    wire: Exchange, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worker(wire, folder, [0.0])
    old = wire.rig.ingest_key
    wire.rig.outbox.put([vitals()], NOON)
    unheard = wire.queued()[0].data[17:33]
    assert await run("rotate") == 0
    aged(folder)
    wire.rig.ingest_key = ingest_keys.load_private(folder)
    worker(wire, folder, [0.0])
    wire.rig.outbox.end_epoch()
    wire.rig.outbox.put([vitals()], NOON)
    await wire.carry(*wire.queued()[2:])
    assert await run("retire", old.id.hex()) == 1
    assert f"gateway {GATEWAY.hex}: the opening of epoch {unheard.hex()} never came" in capsys.readouterr().err
    await wire.carry(*wire.queued()[:2])
    async with wire.database.transaction(None) as connection:
        await fold(connection, [GATEWAY.bytes + unheard])
    assert await run("retire", old.id.hex()) == 0


async def test_a_gateway_that_never_spoke_may_have_sealed_offline_and_holds_the_key(
    wire: Exchange, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("rotate") == 0
    aged(folder)
    assert await run("retire", wire.rig.ingest_key.id.hex()) == 1
    assert f"gateway {GATEWAY.hex} has not moved on" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
async def test_what_is_not_there_is_named(wire: Exchange, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("retire", "00" * 8) == 1
    assert "holds no key 0000000000000000" in capsys.readouterr().err
    assert await run("retire", wire.rig.ingest_key.id.hex()) == 1
    assert "it is the current key of its suite: rotate first" in capsys.readouterr().err
    assert await run("declare-lost", GATEWAY.hex, "00" * 16, "--reason", "never was") == 1
    assert "has no epoch" in capsys.readouterr().err


def test_without_settings_the_command_names_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CLOUD_KEYS", raising=False)
    monkeypatch.delenv("CLOUD_DATABASE_URL", raising=False)
    assert commands.keys(["list"]) == 2
    assert "CLOUD_KEYS" in capsys.readouterr().err

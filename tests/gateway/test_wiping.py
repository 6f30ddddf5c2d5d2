"""A factory reset leaves nothing, takes the keys first, and the gateway can begin anew."""

import os
from pathlib import Path

import pytest

from edge.gateway import wiping
from edge.gateway.outbox import Parcel
from edge.gateway.spool import Spool
from protocol.envelope import NO_EPOCH, read_opening
from protocol.samples import Reading, batch_of
from tests.gateway.test_at_rest import Home
from tests.support.gateway import BELT, NOON, Rig, everything


@pytest.fixture
def state(tmp_path: Path) -> Path:
    home = Home(tmp_path / "state")
    home.rig.disk.close()
    (tmp_path / "state" / "ingest").mkdir()
    (tmp_path / "state" / "ingest" / "public.bin").write_bytes(b"public")
    return tmp_path / "state"


def test_keys_queue_spool_and_household_are_gone(state: Path) -> None:
    gone = wiping.wipe(state)
    assert {"identity/key.pem", "household.json", "gateway.sqlite", "ingest/public.bin"} <= set(gone)
    assert list(state.iterdir()) == []
    assert wiping.wipe(state) == []


def test_the_keys_go_first(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(path: Path) -> None:
        if path.name == "gateway.sqlite":
            raise OSError("the power is cut")
        os.truncate(path, 0)

    with monkeypatch.context() as cut:
        cut.setattr(wiping, "_overwrite", power_cut)
        with pytest.raises(OSError, match="power"):
            wiping.wipe(state)
    assert not (state / "identity" / "key.pem").exists()
    assert (state / "gateway.sqlite").exists(), "still there, and nobody can open it"
    wiping.wipe(state)
    assert list(state.iterdir()) == []


def test_a_file_is_overwritten_before_it_is_removed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    truncate = os.ftruncate

    def look(handle: int, length: int) -> None:
        seen.append(Path(f"/proc/self/fd/{handle}").read_bytes())
        truncate(handle, length)

    os.link(state / "identity" / "key.pem", state.parent / "another name of the key")
    monkeypatch.setattr(os, "ftruncate", look)
    gone = wiping.wipe(state)
    assert len(seen) == len(gone)
    assert all(data == bytes(len(data)) for data in seen)
    assert (state.parent / "another name of the key").read_bytes() == b""


def test_links_are_removed_and_never_followed(state: Path) -> None:
    outside = state.parent / "outside"
    outside.write_bytes(b"not ours")
    (state / "link").symlink_to(outside)
    (state / "broken").symlink_to(state / "nowhere")
    wiping.wipe(state)
    assert outside.read_bytes() == b"not ours"
    assert list(state.iterdir()) == []


def test_a_gateway_that_was_reset_begins_anew(state: Path) -> None:
    wiping.wipe(state)
    rig = Rig(state)
    assert everything(Spool(rig.disk, rig.keystore)) == []
    assert rig.rows() == []
    rig.outbox.put([Parcel(batch_of([Reading(BELT, 1, NOON, 70.0, 1)]), NOON, NOON)], NOON)
    opening = rig.rows()[0][2]
    assert read_opening(opening).opening.previous == NO_EPOCH, "the old epoch's end stays open"

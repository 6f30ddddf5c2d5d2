"""A stolen disk: a copy of a gateway's state without its key file says nothing of anybody and opens nothing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.firmware_bridge.profiles.identifiers import HEART_RATE_MEASUREMENT, WAVEFORM
from edge.firmware_bridge.wearable import Notification
from edge.gateway.disk import Disk
from edge.gateway.outbox import Parcel
from edge.gateway.spool import Heard, Memory, Spool
from protocol.errors import SealBroken
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.message import Waveforms
from protocol.samples import Reading, WaveformPiece, batch_of
from protocol.waveform import encode_samples
from provisioning.keystore import KEY, FileKeystore
from tests.support.gateway import BELT, NOON, PATIENT, Keys, Rig, everything

RATE = 143.0625
NOTIFIED = b"\x06\x8f and more of a belt's own bytes"
SAMPLES = np.arange(-500, 500, 4, dtype=np.int16)
MEMORY = '{"early_warning": "seven since noon"}'


class Home:
    """A gateway that has heard a reading, a waveform and raised a finding, none of it receipted."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        spool = Spool(self.rig.disk, self.rig.keystore)
        heard = [(NOON, Notification(BELT, kind, NOTIFIED, NOON, 77, n, n)) for n, kind in enumerate((HEART_RATE_MEASUREMENT, WAVEFORM))]
        spool.keep(heard)
        spool.tidy(NOON, {BELT: Heard(77, 1, "{}")}, {PATIENT: Memory(2, MEMORY)})
        reading = Reading(BELT, 1, NOON, RATE, 1)
        strip = WaveformPiece(BELT, 20, NOON, 125.0, 0.005, 0, SAMPLES)
        finding = Finding(
            BELT, PATIENT, "early_warning", Priority.HIGH, NOON, 0, NOON, 7.0, f"heart rate {RATE}", Detector("news2", "2017", "ab"),
            {}, {}, BELT, 1, encode_evidence([reading], [strip]),
        )  # fmt: skip
        parcels = [Parcel(batch_of([reading]), NOON, NOON), Parcel(Waveforms((strip,)), NOON, NOON), Parcel(finding, 0, NOON)]
        self.rig.outbox.put(parcels, NOON)
        household = {"wearables": [{"id": str(BELT), "patient": str(PATIENT), "address": "C0:11:22:33:00:01", "kind": "heart_rate_belt"}]}
        (folder / "household.json").write_text(json.dumps(household))

    def secrets(self) -> dict[str, bytes]:
        """Return what must not be found, by what it is."""
        key = serialization.load_pem_private_key((self.rig.folder / "identity" / KEY).read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        epoch = self.rig.rows()[0][0]
        pem_body = (self.rig.folder / "identity" / KEY).read_bytes().splitlines()[1]
        return {
            "a notification": NOTIFIED,
            "a value as the wearable says it": NOTIFIED[:8],
            "a value, little-endian": np.float64(RATE).tobytes(),
            "a value, big-endian": np.array([RATE], ">f8").tobytes(),
            "a value as text": str(RATE).encode(),
            "a waveform": SAMPLES.tobytes()[:64],
            "a packed waveform": encode_samples(SAMPLES)[8:72],
            "what a watch remembers": b"seven since",
            "the explanation": b"heart rate",
            "the private key": key.private_numbers().private_value.to_bytes(32, "big"),
            "the private key as PEM": pem_body,
            "a receipt key": self.rig.keys(epoch).receipt_key,
        }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "state")


def stolen(home: Home, folder: Path) -> Path:
    """Copy the state, the key file left out, as it lies on the disk while the gateway runs."""
    return shutil.copytree(home.rig.folder, folder, ignore=shutil.ignore_patterns(KEY))


def found(folder: Path, secrets: dict[str, bytes]) -> list[str]:
    said = b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    assert len(said) > 10_000
    return [name for name, secret in secrets.items() if secret in said]


def test_a_stolen_disk_without_the_key_shows_no_vital_no_words_and_no_key(home: Home, tmp_path: Path) -> None:
    thief = stolen(home, tmp_path / "stolen")
    assert (thief / "gateway.sqlite").stat().st_size or (thief / "gateway.sqlite-wal").stat().st_size
    assert found(thief, home.secrets()) == []


@pytest.mark.parametrize("where", ["gateway.sqlite", "gateway.sqlite-wal", "household.json"])
def test_the_same_search_finds_what_is_planted(home: Home, tmp_path: Path, where: str) -> None:
    thief = stolen(home, tmp_path / "stolen")
    secrets = home.secrets()
    with (thief / where).open("ab") as file:
        for secret in secrets.values():
            file.write(b"|" + secret)
    assert found(thief, secrets) == list(secrets)


def test_a_stolen_disk_opens_under_no_other_devices_key(home: Home, tmp_path: Path) -> None:
    thief = stolen(home, tmp_path / "stolen")
    spool = Spool(Disk(thief / "gateway.sqlite"), Keys.make(tmp_path / "thief"))
    with pytest.raises(SealBroken):
        everything(spool)
    with pytest.raises(SealBroken):
        spool.memories()
    own = Spool(home.rig.disk, FileKeystore.open(home.rig.folder / "identity"))
    assert own.memories() == {PATIENT: Memory(2, MEMORY)}
    assert [spooled.notification.value for spooled in everything(own)] == [NOTIFIED, NOTIFIED]


def test_all_that_a_stolen_disk_names_are_random_ids_and_a_radio_address(home: Home, tmp_path: Path) -> None:
    [wearable] = json.loads((stolen(home, tmp_path / "stolen") / "household.json").read_text())["wearables"]
    assert set(wearable) == {"id", "patient", "address", "kind"}


def test_what_an_earlier_program_remembered_in_the_clear_is_read_and_wrapped_when_written_again(home: Home) -> None:
    spool = Spool(home.rig.disk, home.rig.keystore)
    with home.rig.disk.transaction() as link:
        link.execute("update watch set memory = ?", ("as it was",))
    assert spool.memories()[PATIENT].text == "as it was"
    spool.tidy(NOON, {}, {PATIENT: Memory(3, "as it is")})
    [(stored,)] = home.rig.disk.read().execute("select memory from watch").fetchall()
    assert isinstance(stored, bytes)
    assert spool.memories() == {PATIENT: Memory(3, "as it is")}

"""Data keys over a real database and the real ingest line: who reads what, renewal, rotation, shredding."""

import asyncio
import os
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
import pytest

from cloud.data_keys.data_key import row
from cloud.data_keys.data_keys import DataKeys
from cloud.ingest.key_encryption import KeyEncryption
from cloud.key_commands import data_keys
from edge.gateway.outbox import Parcel
from protocol.errors import SealBroken
from protocol.findings import Detector, Finding, Priority, encode_evidence
from protocol.message import Waveforms
from protocol.metrics import BY_NAME
from protocol.samples import Reading, WaveformPiece, batch_of
from protocol.waveform import encode_samples
from tests.cloud.conftest import wire
from tests.support.clinics import DATA_KEYS, EPOCH, FAST, KEYS, MS, PASSWORD, Clinic, application, running, sign_in
from tests.support.gateway import BELT, GATEWAY, NOON, PATIENT
from tests.support.ingest import STRANGER, Exchange

__all__ = ["wire"]

NURSE = Clinic(1, "nurse@north.example", [])
SAMPLES = np.arange(125, dtype=np.int16)
STRIP = WaveformPiece(BELT, BY_NAME["ecg"].code, NOON, 125.0, 0.005, 0, SAMPLES)
EVIDENCE = encode_evidence([Reading(BELT, BY_NAME["heart_rate"].code, NOON, 143.0, 1)], [STRIP])
SHRED = ["shred", "1", "--yes"]


def a_finding(number: int = 9) -> Parcel:
    detector = Detector("news2", "2017", "ab")
    made = Finding(
        UUID(int=number), PATIENT, "early_warning", Priority.HIGH, NOON, 0, NOON, 7.0, "rate 143", detector, {}, {}, BELT, 3, EVIDENCE
    )
    return Parcel(made, 0, NOON)


async def fill(wire: Exchange) -> None:
    """Bring in a strip, a finding, a reading, and a message about a wearable of nobody here."""
    reading = batch_of([Reading(BELT, BY_NAME["heart_rate"].code, NOON, 143.0, 1)])
    strange = batch_of([Reading(STRANGER, BY_NAME["heart_rate"].code, NOON, 143.0, 1)])
    parcels = [Parcel(Waveforms((STRIP,)), NOON, NOON), a_finding(), Parcel(reading, NOON, NOON), Parcel(strange, NOON, NOON)]
    wire.rig.outbox.put(parcels, NOON)
    await wire.carry(*wire.queued())
    wire.bring_back()
    if not wire.rows("select 1 from account"):
        wire.rows("insert into account values (%s, 1, %s, 'A Nurse', 'nurse', %s)", uuid4(), NURSE.email, FAST.hash(PASSWORD))


async def ask(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
    """Ask for the waveform and for the alert."""
    at = EPOCH + NOON * MS
    window = {"from": at.isoformat(), "to": (at + timedelta(seconds=30)).isoformat(), "metric": "ecg"}
    [alert] = (await client.get("/api/alerts")).json()
    return await client.get(f"/api/patients/{PATIENT}/waveforms", params=window), await client.get(f"/api/alerts/{alert['id']}")


async def command(wire: Exchange, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run `mediassist data-keys`."""
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", wire.addresses.superuser)
    monkeypatch.setenv("CLOUD_KEYS", str(KEYS))
    return await asyncio.to_thread(data_keys, arguments)


async def test_what_was_measured_lies_sealed_and_the_application_opens_it(wire: Exchange) -> None:
    await fill(wire)
    packed = encode_samples(SAMPLES)
    [(strip, version)] = wire.rows("select bytes, key_version from waveform")
    [(evidence,)] = wire.rows("select evidence from finding")
    [(kept,)] = wire.rows("select bytes from undecoded")
    assert version == 1
    assert len(strip) == len(packed) + 28
    assert len(evidence) == len(EVIDENCE) + 28
    assert packed not in strip
    assert EVIDENCE not in evidence
    assert GATEWAY.bytes not in kept, "the clear header of a message is sealed too"
    async with running(application(wire.addresses)) as client:
        await sign_in(client, NURSE)
        waveform, alert = await ask(client)
    assert waveform.json()[0]["values"] == pytest.approx([0.005 * n for n in range(125)])
    assert alert.json()["evidence"][0]["value"] == [143.0]


async def test_what_is_kept_sealed_opens_for_its_very_row(wire: Exchange) -> None:
    await fill(wire)
    [(epoch, counter, kept, version)] = wire.rows("select epoch, counter, bytes, key_version from undecoded")
    async with wire.database.transaction(None) as connection:
        ring = await DATA_KEYS.for_reading(connection, [version])
    opened = ring.open(version, kept, row("undecoded", GATEWAY.bytes, epoch, counter))
    assert opened in [data for state in ("held", "queued") for _, _, data in wire.rig.rows(state)]
    with pytest.raises(SealBroken):
        ring.open(version, kept, row("undecoded", GATEWAY.bytes, epoch, counter + 1))


async def test_the_database_alone_opens_nothing(wire: Exchange) -> None:
    await fill(wire)
    async with wire.database.transaction(None) as connection:
        with pytest.raises(SealBroken):
            await DataKeys(KeyEncryption(b"j" * 32), os.urandom).for_reading(connection, [1])


async def test_rows_from_before_there_were_keys_are_still_read(wire: Exchange) -> None:
    await fill(wire)
    wire.rows("update waveform set bytes = %s, key_version = null", encode_samples(SAMPLES))
    wire.rows("update finding set evidence = %s, key_version = null", EVIDENCE)
    async with running(application(wire.addresses)) as client:
        await sign_in(client, NURSE)
        waveform, alert = await ask(client)
    assert len(waveform.json()[0]["values"]) == 125
    assert alert.json()["evidence"][0]["value"] == [143.0]


async def test_a_row_put_in_anothers_place_is_not_shown(wire: Exchange) -> None:
    await fill(wire)
    wire.rows("update waveform set at = at + interval '1 second'")
    async with running(application(wire.addresses)) as client:
        await sign_in(client, NURSE)
        with pytest.raises(SealBroken):
            await ask(client)


async def test_keys_are_renewed_by_age_and_by_command_and_old_ones_still_read(
    wire: Exchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(wire)
    wire.rows("update organisation_key set made_at = made_at - interval '8 days'")
    wire.rig.outbox.put([a_finding(10)], NOON)
    await wire.carry(*wire.queued())
    assert await command(wire, monkeypatch, "rotate", "1") == 0
    wire.rig.outbox.put([a_finding(11)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select key_version from finding order by id") == [(1,), (2,), (3,)]
    assert await command(wire, monkeypatch, "list", "1") == 0
    assert capsys.readouterr().out.count("in use") == 3
    async with running(application(wire.addresses)) as client:
        await sign_in(client, NURSE)
        for alert in (await client.get("/api/alerts")).json():
            assert (await client.get(f"/api/alerts/{alert['id']}")).json()["evidence"][0]["value"] == [143.0]


async def test_a_key_that_was_rolled_back_seals_nothing(wire: Exchange) -> None:
    async def fail() -> None:
        async with wire.database.transaction(None) as connection:
            await DATA_KEYS.for_writing(connection, [1])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert wire.rows("select 1 from organisation_key") == []
    async with wire.database.transaction(None) as connection:
        made = await DATA_KEYS.for_writing(connection, [1])
    assert made[1].version == 1


async def test_two_workers_agree_on_one_key(wire: Exchange) -> None:
    async def once() -> bytes:
        async with wire.database.transaction(None) as connection:
            key = (await DATA_KEYS.for_writing(connection, [1]))[1]
            await asyncio.sleep(0)
            return key.seal(b"same key", b"place")

    sealed = await asyncio.gather(once(), once(), once())
    async with wire.database.transaction(None) as connection:
        ring = await DATA_KEYS.for_reading(connection, [1])
    assert [ring.open(1, data, b"place") for data in sealed] == [b"same key"] * 3
    assert wire.rows("select count(*) from organisation_key") == [(1,)]


async def test_shredding_makes_one_organisations_data_unreadable_at_once(
    wire: Exchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(wire)
    wire.rows("insert into organisation values (2, 'South')")
    async with wire.database.transaction(None) as connection:
        await DATA_KEYS.for_writing(connection, [2])
    async with running(application(wire.addresses)) as client:
        await sign_in(client, NURSE)
        assert [answer.status_code for answer in await ask(client)] == [200, 200]
        assert await command(wire, monkeypatch, "shred", "1") == 1
        assert "--yes" in capsys.readouterr().err
        assert await command(wire, monkeypatch, *SHRED) == 0
        assert capsys.readouterr().out.startswith("1 keys destroyed, 1 readings deleted, 0 rows in the clear wiped")
        answers = await ask(client)
        assert [answer.status_code for answer in answers] == [410, 410]
        assert all(answer.json()["detail"].startswith("destroyed") for answer in answers)
    assert wire.rows("select 1 from reading") == []
    assert wire.rows("select explanation from finding") == [("destroyed",)]
    assert wire.rows("select organisation_id, wrapped_key is null from organisation_key order by 1") == [(1, True), (2, False)]


async def test_shredding_wipes_what_no_key_protects(wire: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(wire)
    wire.rows("update waveform set key_version = null")
    wire.rows("update finding set evidence = %s, key_version = null", EVIDENCE)
    wire.rows("update undecoded set key_version = null")
    assert await command(wire, monkeypatch, *SHRED) == 0
    assert wire.rows("select 1 from waveform") == wire.rows("select 1 from undecoded") == []
    assert wire.rows("select evidence, key_version from finding") == [(b"", 0)]


async def test_what_comes_after_a_shredding_lies_under_a_new_key(wire: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(wire)
    assert await command(wire, monkeypatch, *SHRED) == 0
    wire.rig.outbox.put([a_finding(12)], NOON)
    await wire.carry(*wire.queued())
    assert wire.rows("select key_version from finding order by id") == [(1,), (2,)]


async def test_nobody_shreds_while_a_batch_is_being_stored(wire: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(wire)
    async with wire.database.transaction(None) as connection:
        await DATA_KEYS.for_writing(connection, [1])
        shredding = asyncio.create_task(command(wire, monkeypatch, *SHRED))
        waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(wire.rows, waiting):
                await asyncio.sleep(0.01)
        assert not shredding.done()
        assert (await DATA_KEYS.for_reading(connection, [1])).has(1)
    assert await shredding == 0


async def test_the_application_neither_makes_nor_destroys_keys_and_sees_its_own_organisations_alone(wire: Exchange) -> None:
    wire.rows("insert into organisation values (2, 'South')")
    async with wire.database.transaction(None) as connection:
        await DATA_KEYS.for_writing(connection, [1, 2])
    with psycopg.connect(wire.addresses.app) as connection:
        connection.execute("select set_config('mediassist.organisation', '2', false)")
        assert connection.execute("select organisation_id from organisation_key").fetchall() == [(2,)]
        connection.commit()
        for statement in ("delete from organisation_key", "update organisation_key set wrapped_key = null, destroyed_at = now()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
    with psycopg.connect(wire.addresses.ingest) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("update organisation_key set wrapped_key = null, destroyed_at = now()")

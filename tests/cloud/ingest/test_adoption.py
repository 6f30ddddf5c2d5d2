"""Who wears what is asked again: a wearable that changed its wearer is not taken for the old one's."""

from uuid import uuid4

from cloud.ingest.adoption import KEEP_SECONDS, Adoption
from tests.support.gateway import BELT, GATEWAY, PATIENT
from tests.support.ingest import STRANGER, Exchange


async def test_a_change_of_wearer_is_seen_within_ten_seconds(wire: Exchange) -> None:
    seconds = [0.0]
    adoption = Adoption(wire.database, lambda: seconds[0])
    assert await adoption.organisations([GATEWAY.bytes, STRANGER.bytes]) == {GATEWAY.bytes: 1}
    assert (await adoption.wearers([BELT.bytes, STRANGER.bytes]))[BELT.bytes].patient == PATIENT.bytes
    other = uuid4()
    wire.rows("insert into patient values (%s, 1, 'Q', '1950-01-01', 'UTC')", other)
    wire.rows("update wearable set patient_id = %s", other)
    assert (await adoption.wearers([BELT.bytes]))[BELT.bytes].patient == PATIENT.bytes
    seconds[0] += KEEP_SECONDS + 0.1
    await adoption.organisations([GATEWAY.bytes])
    assert (await adoption.wearers([BELT.bytes]))[BELT.bytes].patient == other.bytes


async def test_a_new_adoption_works_at_once(wire: Exchange) -> None:
    adoption = Adoption(wire.database)
    assert await adoption.wearers([STRANGER.bytes]) == {}
    wire.rows("update wearable set id = %s", STRANGER)
    assert (await adoption.wearers([STRANGER.bytes]))[STRANGER.bytes].gateway == GATEWAY.bytes

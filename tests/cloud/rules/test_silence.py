"""Who is silent depends on what they say: a cuff is used now and then, a glucose sensor speaks every five minutes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.database import Database
from cloud.rules.duties import find_silence
from cloud.vitals.roll_up import roll_up
from tests.support.clinics import Planter, now_ms
from tests.support.postgres import Addresses

NOW = now_ms()
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


async def test_a_cuff_is_never_silent_and_a_sensor_only_after_twenty_minutes(database: Addresses, watch: Database) -> None:
    plant = Planter(database)
    cuff, sensor = plant.clinic(21).patients[:2]
    plant.readings(cuff, "systolic_pressure", [(NOW - 60 * MINUTE, 142.0)])
    plant.readings(cuff, "pulse_rate", [(NOW - 60 * MINUTE, 77.0)])
    plant.readings(sensor, "interstitial_glucose", [(NOW - 15 * MINUTE, 110.0)])
    await roll_up(watch, NOW + 20 * MINUTE)

    def silent() -> set[str]:
        rows = plant.run("select patient_id from alert where kind = 'silence' and patient_id = any(%s)", [[cuff.id, sensor.id]])
        return {str(patient) for (patient,) in rows}

    await find_silence(watch, NOW)
    assert silent() == set()
    await find_silence(watch, NOW + 10 * MINUTE)
    assert silent() == {str(sensor.id)}

"""Who is silent depends on what they say: a cuff is used now and then, a glucose sensor speaks every five minutes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.database import Database
from cloud.rules.duties import find_silence, find_silent_homes
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


async def test_a_hub_that_says_no_more_how_it_stands_is_found_for_each_of_its_people_once_an_hour(
    database: Addresses, watch: Database
) -> None:
    plant = Planter(database)
    silent, speaking, removed, gone = plant.clinic(22, patients=4).patients
    for patient, minutes in ((silent, 31), (speaking, 29), (removed, 31), (gone, 3 * 24 * 60)):
        plant.run("insert into gateway_standing values (%s, 1, '\\x01', %s)", [patient.gateway, NOW - minutes * MINUTE])
    plant.run("update wearable set removed_at = now() where patient_id = %s", [removed.id])
    later = NOW + timedelta(days=400)  # the watch's own clock may be a demonstration's
    assert await find_silent_homes(watch, later, NOW) == 1
    assert await find_silent_homes(watch, later, NOW + 5 * MINUTE) == 1, "the one that spoke is silent by now, too"
    assert await find_silent_homes(watch, later, NOW + 20 * MINUTE) == 0
    assert await find_silent_homes(watch, later, NOW + 40 * MINUTE) == 2, "an hour later both are found again, and join their alerts"
    rows = plant.run(
        "select a.patient_id, a.occurrences, f.explanation from alert a join finding f on f.id = a.finding_id where a.kind = 'silent_home'"
    )
    assert sorted(rows, key=str) == sorted(
        [
            (silent.id, 2, "the hub at home has said nothing for 31 minutes"),
            (speaking.id, 2, "the hub at home has said nothing for 34 minutes"),
        ],
        key=str,
    )

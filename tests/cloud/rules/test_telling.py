"""What a nurse sets and what the cloud learns of a person is watched at the person's home: sealed, signed, once, and again when it changes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cloud.database import Database
from cloud.rules import repository
from cloud.rules.duties import TELL_AGAIN_AFTER, check_baselines, learn_baselines, tell_homes
from cloud.rules.repository import Threshold
from cloud.vitals.roll_up import roll_up
from protocol.findings import Priority
from protocol.metrics import HEART_RATE
from protocol.patient_rules import PatientRules, PersonalThreshold
from tests.cloud.test_orders import Orders
from tests.support.clinics import Clinic, Planter, application, now_ms, running, sign_in
from tests.support.gateway import PATIENT
from tests.support.ingest import Exchange
from tests.support.postgres import Addresses

NOW = now_ms()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMIT = PersonalThreshold(HEART_RATE.code, 45.0, 100.5, 60, Priority.MEDIUM)


@pytest.fixture
async def watch(database: Addresses) -> AsyncIterator[Database]:
    async with Database(database.watch) as opened:
        yield opened


@pytest.fixture
def orders(wire: Exchange, tmp_path: Path) -> Orders:
    return Orders(wire, tmp_path)


async def set_rules(wire: Exchange, *limits: PersonalThreshold, spo2_scale: int | None = None) -> None:
    nurse = wire.rows("select id from account")
    if not nurse:
        wire.rows("insert into account values (gen_random_uuid(), 1, 'n@clinic.example', 'N', 'nurse', 'x') returning id")
        nurse = wire.rows("select id from account")
    rows = [Threshold(PATIENT, each.metric, each.low, each.high, each.for_seconds, str(each.priority)) for each in limits]
    async with Database(wire.addresses.app) as database, database.transaction(1) as connection:
        await repository.put_thresholds(connection, 1, PATIENT, rows, nurse[0][0], NOW)
        if spo2_scale is not None:
            await repository.changed(connection, 1, PATIENT, spo2_scale)


async def obey_all(orders: Orders) -> int:
    """Let the home do what is due and answer; return how many orders there were."""
    done = 0
    while said := await orders.said():
        for order in said:
            orders.inbox.obey(order)
            done += 1
        await orders.stand()
    return done


async def test_rules_reach_the_home_once_and_again_when_they_change(orders: Orders, watch: Database) -> None:
    await set_rules(orders.wire, LIMIT)
    assert await tell_homes(watch, NOW) == 0, "nobody knows the gateway's key yet"
    await orders.stand()
    assert await tell_homes(watch, NOW) == 1
    assert await tell_homes(watch, NOW) == 0
    assert await obey_all(orders) == 1
    assert orders.rules.all() == {PATIENT: PatientRules(PATIENT, 1, (LIMIT,))}
    await set_rules(orders.wire, spo2_scale=2)
    assert await tell_homes(watch, NOW) == 1
    await set_rules(orders.wire, LIMIT)
    assert await tell_homes(watch, NOW) == 0, "one that is not answered waits to be"
    assert await obey_all(orders) == 1
    assert orders.rules.all() == {PATIENT: PatientRules(PATIENT, 2)}
    assert await tell_homes(watch, NOW) == 1
    assert await obey_all(orders) == 1
    assert orders.rules.all() == {PATIENT: PatientRules(PATIENT, 2, (LIMIT,))}


async def test_a_home_that_may_have_lost_them_is_told_again(orders: Orders, watch: Database) -> None:
    await set_rules(orders.wire, LIMIT)
    await orders.stand()
    assert await tell_homes(watch, NOW) == 1
    assert await obey_all(orders) == 1
    assert await tell_homes(watch, NOW + TELL_AGAIN_AFTER - HOUR) == 0
    assert await tell_homes(watch, NOW + TELL_AGAIN_AFTER + HOUR) == 1
    assert await obey_all(orders) == 1
    orders.wire.rows("update gateway_standing set receiving_key = '\\x01' returning 1")
    assert await tell_homes(watch, NOW + TELL_AGAIN_AFTER + HOUR) == 1, "a hub that was reset has a new key, and no rules"


async def test_a_removed_wearables_home_is_told_nothing(orders: Orders, watch: Database) -> None:
    await set_rules(orders.wire, LIMIT)
    await orders.stand()
    orders.wire.rows("update wearable set removed_at = now() returning 1")
    assert await tell_homes(watch, NOW) == 0


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    return Planter(database).clinic(31, patients=3)


async def test_what_is_usual_is_learnt_from_two_weeks_and_a_departure_from_it_is_found(
    database: Addresses, watch: Database, clinic: Clinic
) -> None:
    plant, (known, new, _) = Planter(database), clinic.patients
    noon = NOW.replace(minute=0, second=0, microsecond=0)
    means = 62.0 + 8.0 * np.sin(np.arange(10 * 24) / 24 * 2 * np.pi)
    plant.readings(known, "heart_rate", [(noon - (n + 1) * HOUR, float(mean)) for n, mean in enumerate(means)])
    plant.readings(known, "heart_rate", [(noon - 20 * DAY - n * HOUR, 150.0) for n in range(100)], known.patch)
    plant.readings(new, "heart_rate", [(noon - (n + 1) * HOUR, 62.0) for n in range(71)])
    await roll_up(watch, NOW)
    assert await learn_baselines(watch, NOW) >= 3
    assert await learn_baselines(watch, NOW + HOUR) == 0
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        [usual] = (await client.get(f"/api/patients/{known.id}/baselines")).json()
        assert (usual["metric"], usual["hours"]) == ("heart_rate", 240)
        assert usual["median"] == pytest.approx(np.median(means))
        assert usual["spread"] == pytest.approx(1.4826 * np.median(np.abs(means - np.median(means))))
        assert (await client.get(f"/api/patients/{new.id}/baselines")).json() == [], "71 hours are too few"
        later = NOW + timedelta(minutes=30)
        fast = [(later - timedelta(seconds=n), 120.0) for n in range(700)]
        plant.readings(known, "heart_rate", fast)
        plant.readings(new, "heart_rate", fast)
        await roll_up(watch, later)
        assert await check_baselines(watch, later) == 1
        assert await check_baselines(watch, later + timedelta(seconds=10)) == 0, "found once an hour"
        [alert] = (await client.get("/api/alerts", params={"patient": str(known.id)})).json()
    assert (alert["kind"], alert["priority"]) == ("baseline", "low")
    assert alert["explanation"].startswith("heart_rate 120 /min over 10 minutes, usually 62 ± ")
    assert await learn_baselines(watch, NOW + DAY + HOUR) >= 3


async def test_the_scale_is_a_clinicians_word(database: Addresses, clinic: Clinic) -> None:
    async with running(application(database)) as client:
        await sign_in(client, clinic)
        path = f"/api/patients/{clinic.patients[2].id}/early-warning"
        assert (await client.get(path)).json() == {"spo2_scale": 1}
        assert (await client.put(path, json={"spo2_scale": 3})).status_code == 422
        assert (await client.put(path, json={"spo2_scale": 2})).json() == {"spo2_scale": 2}
        assert (await client.get(path)).json() == {"spo2_scale": 2}
        stranger = Planter(database).clinic(32).patients[0].id
        for call in (client.get(f"/api/patients/{stranger}/early-warning"), client.get(f"/api/patients/{stranger}/baselines")):
            assert (await call).status_code == 404
        assert (await client.put(f"/api/patients/{stranger}/early-warning", json={"spo2_scale": 2})).status_code == 404

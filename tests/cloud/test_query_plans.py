"""Every query of the repositories, explained as the application role: none reads reading, waveform or alert from end to end."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection, AsyncCursor

from cloud.alerts import repository as alerts
from cloud.completeness import repository as completeness
from cloud.database import Database, enter_organisation
from cloud.early_warning import repository as early_warning
from cloud.escalation import repository as escalation
from cloud.patients import repository as patients
from cloud.rules import repository as rules
from cloud.vitals import repository as vitals
from cloud.vitals.roll_up import roll_up
from tests.support.clinics import DATA_KEYS, Clinic, Planter, now_ms
from tests.support.postgres import Addresses

NOW = now_ms()
SECOND = timedelta(seconds=1)
LARGE = (
    "reading",
    "reading_by",
    "coverage",
    "waveform",
    "_hyper_",
    "alert",
    "finding",
    "clock_evidence",
)  # _hyper_: chunks of the first two under TimescaleDB


@pytest.fixture(scope="module")
def clinic(database: Addresses) -> Clinic:
    """Two clinics with 20,000 readings, 10,000 waveform pieces and 10,000 alerts and findings each."""
    plant = Planter(database)
    found = [plant.clinic(number) for number in (1, 2)]
    for clinic in found:
        one, other = clinic.patients
        for patient in (one, other):
            series = plant.series(patient, patient.belt, "heart_rate")
            plant.run(
                """insert into reading (organisation_id, series_id, at, value, record)
                   select %s, %s, %s::timestamptz - n * interval '1 second', 70, n from generate_series(1, 10000) n""",
                [clinic.id, series, NOW],
            )
            plant.run(
                "insert into coverage select %s, %s, %s::date - n, 1440, 86400, 0, null from generate_series(3, 5000) n",
                [clinic.id, series, NOW],
            )
            for grain in ("hour", "day"):
                plant.run(
                    cast(
                        "LiteralString",
                        f"""insert into reading_by_{grain}
                            select %s, %s, date_bin('1 {grain}', %s::timestamptz, 'epoch') - n * interval '1 {grain}', 60, 0, 60, 80, 4200
                            from generate_series(20, 5000) n""",
                    ),
                    [clinic.id, series, NOW],
                )
            ecg = plant.series(patient, patient.patch, "ecg")
            plant.run(
                """insert into waveform
                   select %s, %s, %s::timestamptz - n * interval '1 second', 125, 1, n, 1, 'none', '' from generate_series(1, 5000) n""",
                [clinic.id, ecg, NOW],
            )
            plant.run(
                """with made as (
                       insert into finding
                       select gen_random_uuid(), %(o)s, %(p)s, %(g)s, '', n, 'k', 'low', %(t)s::timestamptz - n * interval '1 minute', %(t)s,
                              %(t)s, 1, null, null, '{}', '{}', '{}', '""', '' from generate_series(1, 5000) n returning id, at)
                   insert into alert (id, organisation_id, patient_id, finding_id, kind, priority, raised_at, changed_at)
                   select gen_random_uuid(), %(o)s, %(p)s, id, 'k', 'low', at, at from made""",
                {"o": clinic.id, "p": patient.id, "g": patient.gateway, "t": NOW},
            )
            plant.run(
                "insert into clock_evidence select %s, %s, %s::timestamptz - n * interval '1 second', 0, 0, 0 from generate_series(1, 5000) n",
                [clinic.id, patient.belt, NOW],
            )
    asyncio.run(added_up(database))
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return found[0]


async def added_up(database: Addresses) -> None:
    async with Database(database.watch) as watch:
        assert await roll_up(watch, NOW)


class Explaining(AsyncCursor[Any]):
    """Explains what it is asked, then runs it."""

    plans: list[tuple[str, str]]

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        text = query if isinstance(query, str) else query.as_string(self.connection)
        async with AsyncCursor(self.connection) as beside:
            await beside.execute(cast("Any", f"explain {text}"), params)
            plan = "\n".join(row[0] for row in await beside.fetchall())
        Explaining.plans.append((str(query), plan))
        return await super().execute(query, params, **options)


@asynccontextmanager
async def explaining(url: str, organisation: int) -> AsyncIterator[AsyncConnection[Any]]:
    async with await AsyncConnection.connect(url) as connection:
        await enter_organisation(connection, organisation)
        Explaining.plans = []
        connection.cursor_factory = Explaining
        yield connection


def assert_no_large_scan() -> None:
    assert Explaining.plans
    for query, plan in Explaining.plans:
        scanned = [
            name for name in LARGE if re.search(rf"Seq Scan on {name}(?!.*cost=0\.00\.\.0\.00 )", plan)
        ]  # an empty partition costs 0
        assert not scanned, f"{query}\n{plan}"


async def test_patients(database: Addresses, clinic: Clinic) -> None:
    ids = [patient.id for patient in clinic.patients]
    async with explaining(database.app, clinic.id) as connection:
        await patients.patients(connection)
        await patients.patient(connection, ids[0])
        await patients.wearables(connection, ids[0])
        assert len(await patients.latest(connection, ids)) == 2
        assert len(await patients.waveforms_heard(connection, ids)) == 2
        assert await patients.open_alerts(connection) == dict.fromkeys(ids, 5000)
    assert_no_large_scan()


async def test_vitals(database: Addresses, clinic: Clinic) -> None:
    patient, since = clinic.patients[0].id, NOW - 100 * SECOND
    async with explaining(database.app, clinic.id) as connection:
        keys = await vitals.series_keys(connection, patient, [1])
        strips = await vitals.series_keys(connection, patient, [20])
        assert len(await vitals.points(connection, keys, since, NOW, 5001)) == 100
        assert len(await vitals.thinned_points(connection, keys, since, NOW, 10)) == 10
        assert len(await vitals.strips(connection, DATA_KEYS, strips, since, NOW)) == 160
        newest = await vitals.newest_readings(connection, keys)
        assert len(await vitals.readings_since(connection, {series: at - 5 * SECOND for series, at in newest.items()}, 100)) == 6
        pieces = await vitals.newest_strips(connection, strips)
        assert (
            len(await vitals.strips_since(connection, DATA_KEYS, strips, {series: at - 5 * SECOND for series, at in pieces.items()}, 100))
            == 6
        )
        assert await vitals.has_patient(connection, patient)
        for grain in ("minute", "hour", "day"):
            assert await vitals.outlines(connection, keys, grain, NOW - timedelta(hours=2), NOW - timedelta(minutes=2))
        assert await vitals.rolled_up_until(connection) > since - timedelta(days=1)
        assert await vitals.coverage(connection, patient, (NOW - timedelta(days=1)).date(), (NOW + timedelta(days=1)).date())
        assert await vitals.zone_of(connection, patient) == "Europe/Vienna"
    assert_no_large_scan()


async def test_alerts(database: Addresses, clinic: Clinic) -> None:
    patient: UUID = clinic.patients[0].id
    async with explaining(database.app, clinic.id) as connection:
        newest = await alerts.alerts(connection, None, (), None, 200)
        assert len(newest) == 200
        assert len(await alerts.alerts(connection, patient, ("raised",), None, 200)) == 200
        assert await alerts.alert(connection, newest[0].id)
        assert await alerts.finding(connection, newest[0].id)
        assert await alerts.newest_change(connection) is not None
        assert await alerts.changed_since(connection, NOW - timedelta(minutes=3), {})
        assert len(await alerts.clocks(connection, patient, NOW)) == 1
        assert await alerts.standing_for_update(connection, newest[0].id)
        await alerts.events(connection, newest[0].id)
        await alerts.findings(connection, newest[0].id)
    assert_no_large_scan()


async def test_completeness_rules_and_escalation(database: Addresses, clinic: Clinic) -> None:
    patient = clinic.patients[0]
    async with explaining(database.app, clinic.id) as connection:
        assert await completeness.has_gateway(connection, patient.gateway)
        await completeness.epochs(connection, patient.gateway)
        assert await completeness.patient(connection, patient.id)
        assert await completeness.heard_at(connection, patient.id)
        await completeness.given_up(connection, patient.gateway, NOW - timedelta(days=1), NOW)
        await rules.thresholds(connection, patient.id)
        await rules.baselines(connection, patient.id)
        assert await rules.spo2_scale(connection, patient.id) == 1
        assert await early_warning.spo2_scale(connection, patient.id) == 1
        assert await early_warning.readings(connection, patient.id, NOW, own=True)
        await escalation.steps(connection)
        assert await escalation.people(connection)
        await escalation.roster(connection, NOW)
    assert_no_large_scan()


async def test_the_watch(database: Addresses, clinic: Clinic) -> None:
    patient = clinic.patients[0]
    async with explaining(database.watch, clinic.id) as connection:
        await escalation.due_alerts(connection, NOW, 200)
        await escalation.ladder(connection, clinic.id)
        assert await escalation.whom_to_tell(connection, clinic.id, 0, NOW)
        await escalation.next_untold(connection, NOW)
        await rules.left_thresholds(connection, NOW)
        await rules.odd_baselines(connection, NOW - 600 * SECOND)
        await early_warning.candidates(connection, NOW)
        assert await early_warning.readings(connection, patient.id, NOW)
        assert await rules.patients_without_baselines(connection, NOW, 10)
        await rules.make_baselines(connection, [patient.id], NOW)
        await rules.untold(connection, NOW, 100)
        await rules.silent_homes(connection, NOW - timedelta(days=2), NOW)
        assert len(await rules.recent(connection, patient.id, 1, NOW - 60 * SECOND, NOW)) == 60
        assert await rules.silent(connection, NOW, timedelta(seconds=-1), timedelta(seconds=-1)) != []
    assert_no_large_scan()

"""What may follow what in the life of an alert; and that the database's function joins findings exactly as the step does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, cast
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.alerts.life_cycle import (
    ASKING,
    CLOSED,
    LONGEST_SNOOZE,
    USUAL_LADDER,
    Acknowledged,
    CalledFalse,
    Event,
    Found,
    NotPossible,
    Resolved,
    Snoozed,
    Standing,
    State,
    TimePassed,
    raised,
    step,
)
from protocol.findings import Priority
from tests.support.clinics import Planter
from tests.support.postgres import Addresses

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
ANOTHER_FINDING: LiteralString = """
    insert into finding
    select %s, organisation_id, patient_id, gateway_id, epoch, counter, kind, priority, at, window_from, window_to, score, trigger_record,
           trigger_wearable, detector, thresholds, coverage, explanation, evidence from finding limit 1"""
ANN, BOB = UUID(int=1), UUID(int=2)
MINUTE = timedelta(minutes=1)
PRIORITIES = st.sampled_from(list(Priority))


def after(*events: Event, priority: Priority = Priority.MEDIUM) -> Standing:
    standing = raised(NOON, priority)
    for event in events:
        standing, _ = step(standing, event)
    return standing


def test_an_alert_is_told_at_once_and_then_up_the_ladder_and_never_falls_silent() -> None:
    standing, told, now = raised(NOON, Priority.HIGH), [], NOON
    for _ in range(6):
        standing, level = step(standing, TimePassed(now))
        told.append(level)
        assert standing.due_at is not None
        now = standing.due_at
    assert told == [0, 1, 2, 2, 2, 2]
    assert standing.state is State.ESCALATED
    assert now - NOON == timedelta(minutes=2 + 5 + 4 * 10)


def test_nothing_happens_before_it_is_due() -> None:
    standing = after(TimePassed(NOON))
    assert step(standing, TimePassed(NOON + 9 * MINUTE)) == (standing, None)
    assert step(standing, TimePassed(NOON + 10 * MINUTE))[1] == 1


def test_who_acknowledges_owns_it_and_nobody_is_told_any_more() -> None:
    standing = after(TimePassed(NOON), Acknowledged(NOON + MINUTE, ANN))
    assert (standing.state, standing.owner, standing.due_at) == (State.ACKNOWLEDGED, ANN, None)
    assert step(standing, TimePassed(NOON + timedelta(days=9))) == (standing, None)
    assert step(standing, Acknowledged(NOON + MINUTE, BOB))[0].owner == BOB


def test_a_snooze_ends_by_itself_and_begins_at_the_foot_of_the_ladder() -> None:
    standing = after(TimePassed(NOON), TimePassed(NOON + 10 * MINUTE), Snoozed(NOON + 11 * MINUTE, ANN, NOON + 41 * MINUTE))
    assert step(standing, TimePassed(NOON + 40 * MINUTE)) == (standing, None)
    woken, level = step(standing, TimePassed(NOON + 41 * MINUTE))
    assert (woken.state, level) == (State.RAISED, 0)


@pytest.mark.parametrize("priority", list(Priority))
def test_a_snooze_has_an_end_that_the_priority_limits(priority: Priority) -> None:
    longest = LONGEST_SNOOZE[priority]
    assert after(Snoozed(NOON, ANN, NOON + longest), priority=priority).state is State.SNOOZED
    for until in (NOON, NOON + longest + MINUTE):
        with pytest.raises(NotPossible, match="at most"):
            after(Snoozed(NOON, ANN, until), priority=priority)


def test_a_false_alarm_says_what_it_was() -> None:
    assert after(CalledFalse(NOON, ANN, "the belt had slipped")).state is State.FALSE_ALARM
    with pytest.raises(NotPossible, match="what it was"):
        after(CalledFalse(NOON, ANN, " ?"))


@pytest.mark.parametrize("closing", [Resolved(NOON, ANN), CalledFalse(NOON, ANN, "slipped")])
def test_what_is_closed_stays_closed(closing: Event) -> None:
    standing = after(closing)
    assert step(standing, TimePassed(NOON + MINUTE)) == (standing, None)
    for event in (Acknowledged(NOON, ANN), Resolved(NOON, ANN), Found(NOON, Priority.HIGH)):
        with pytest.raises(NotPossible, match="closed"):
            step(standing, event)


def test_a_graver_finding_asks_again_and_another_one_only_after_an_hour() -> None:
    standing = after(TimePassed(NOON), Acknowledged(NOON, ANN), Found(NOON + 59 * MINUTE, Priority.MEDIUM))
    assert (standing.state, standing.occurrences) == (State.ACKNOWLEDGED, 2)
    assert step(standing, Found(NOON + 60 * MINUTE, Priority.HIGH))[0].state is State.RAISED
    again = step(standing, Found(NOON + 119 * MINUTE, Priority.LOW))[0]
    assert (again.state, again.level, again.priority) == (State.RAISED, -1, Priority.MEDIUM)
    assert step(again, TimePassed(NOON + 120 * MINUTE))[1] == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300), PRIORITIES), max_size=30))
def test_an_open_alert_always_has_an_owner_or_a_next_time(told: list[tuple[int, int, Priority]]) -> None:
    standing, now = raised(NOON, Priority.LOW), NOON
    for which, minutes, priority in told:
        now += minutes * MINUTE
        events: list[Event] = [
            Found(now, priority), Acknowledged(now, ANN), Snoozed(now, BOB, now + minutes * MINUTE), Resolved(now, ANN),
            CalledFalse(now, ANN, "slipped"), TimePassed(now),
        ]  # fmt: skip
        try:
            following, level = step(standing, events[which])
        except NotPossible:
            continue
        assert following.version == standing.version + (following != standing)
        assert level is None or 0 <= level < len(USUAL_LADDER[following.priority])
        standing = following
        if standing.state in ASKING or standing.state is State.SNOOZED:
            assert standing.due_at is not None
        elif standing.state not in CLOSED:
            assert standing.owner is not None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([State.RAISED, State.ESCALATED, State.ACKNOWLEDGED, State.SNOOZED]),
    PRIORITIES,
    st.lists(st.tuples(st.integers(-90, 200), PRIORITIES), max_size=4),
)
def test_the_database_joins_a_finding_as_the_step_does(
    database: Addresses, state: State, priority: Priority, findings: list[tuple[int, Priority]]
) -> None:
    plant = Planter(database)
    if not plant.run("select 1 from organisation where id = 1"):
        plant.clinic(1)
    patient = plant.patient(1)
    alert = plant.alert(patient, NOON)
    owner = plant.run("select id from account where organisation_id = 1 limit 1")[0][0]
    assert isinstance(owner, UUID)
    asking = state in ASKING
    standing = Standing(state, priority, 1 if asking else -1, NOON + MINUTE, None if asking else owner, 1, NOON, 1)
    plant.run(
        "update alert set state = %s, priority = %s, level = %s, due_at = %s, owner_id = %s, last_at = %s where id = %s",
        [state, priority, standing.level, standing.due_at, standing.owner, NOON, alert],
    )
    for minutes, of_priority in findings:
        finding = uuid4()
        plant.run(ANOTHER_FINDING, [finding])
        with psycopg.connect(database.ingest) as worker:
            said = worker.execute(
                "select raise_alert(%s, 1, %s, %s, 'early_warning', %s, %s)",
                [uuid4(), patient.id, finding, str(of_priority), NOON + minutes * MINUTE],
            ).fetchone()
        assert said == (alert,)
        standing, _ = step(standing, Found(NOON + minutes * MINUTE, of_priority))
    [row] = plant.run("select state, priority, level, due_at, owner_id, occurrences, last_at, version from alert where id = %s", [alert])
    state_now, priority_now, *rest = cast("tuple[Any, ...]", row)
    found = Standing(State(str(state_now)), Priority(str(priority_now)), *rest)
    assert found == replace(standing)
    counted = plant.run("select count(*) from alert_finding where alert_id = %s", [alert])
    assert counted == [(len(findings),)]


def test_a_finding_raises_a_new_alert_once_the_old_one_is_closed(database: Addresses) -> None:
    plant = Planter(database)
    if not plant.run("select 1 from organisation where id = 1"):
        plant.clinic(1)
    patient = plant.patient(1)
    alert = plant.alert(patient, NOON)
    plant.run("update alert set state = 'resolved' where id = %s", [alert])
    [(finding,)] = plant.run("select finding_id from alert where id = %s", [alert])
    with psycopg.connect(database.ingest) as worker:
        new = uuid4()
        said = worker.execute("select raise_alert(%s, 1, %s, %s, 'early_warning', 'low', %s)", [new, patient.id, finding, NOON]).fetchone()
    assert said == (new,)
    assert plant.run("select state, level, due_at from alert where id = %s", [new]) == [("raised", -1, NOON)]

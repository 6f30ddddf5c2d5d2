"""What the page says is said in the words of people at home, in their own time."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from edge.gateway.board import CONTINUOUS
from edge.gateway.hub import words
from protocol.metrics import BODY_TEMPERATURE, DIASTOLIC_PRESSURE, HEART_RATE, MEAN_PRESSURE, SPO2, SYSTOLIC_PRESSURE, Absence
from protocol.samples import Reading

BERLIN = ZoneInfo("Europe/Berlin")
NOW = int(datetime(2026, 11, 26, 12, 0, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000


def said(metric: int, value: float, absence: Absence = Absence.PRESENT, at: int = NOW) -> Reading:
    return Reading(UUID(int=1), metric, at, value, 0, absence)


@pytest.mark.parametrize(
    ("ago_ms", "text"),
    [
        (0, "now"),
        (-5000, "now"),
        (45_000, "45 seconds ago"),
        (60_000, "1 minute ago"),
        (59 * 60_000, "59 minutes ago"),
        (2 * HOUR, "today at 11:00"),
        (14 * HOUR, "on 25 November at 23:00"),
    ],
)
def test_how_long_ago(ago_ms: int, text: str) -> None:
    assert words.ago(NOW - ago_ms, NOW, BERLIN) == text
    assert words.ago(None, NOW, BERLIN) == "never"


def test_a_pressure_has_both_its_numbers_in_one() -> None:
    latest = {r.metric: r for r in (said(SYSTOLIC_PRESSURE.code, 142), said(DIASTOLIC_PRESSURE.code, 91), said(MEAN_PRESSURE.code, 108))}
    assert words.values(latest) == [("Blood pressure", "142 over 91 mmHg", NOW)]
    older = {**latest, DIASTOLIC_PRESSURE.code: said(DIASTOLIC_PRESSURE.code, 80, at=NOW - HOUR)}
    assert words.values(older) == [("Blood pressure", "142 mmHg", NOW)]


def test_a_missing_number_says_why() -> None:
    latest = {
        SPO2.code: said(SPO2.code, float("nan"), Absence.OFF_BODY),
        HEART_RATE.code: said(HEART_RATE.code, float("nan"), Absence.NAN),
        BODY_TEMPERATURE.code: said(BODY_TEMPERATURE.code, 37.25),
    }
    assert [text for _, text, _ in words.values(latest)] == ["no value", "not on the body", "37.2 °C"]


def test_every_kind_of_device_has_a_name_and_every_priority_an_advice() -> None:
    assert set(words.KINDS) >= CONTINUOUS
    assert words.kind_text("smart_insole") == "Smart insole"
    assert words.alarm_text("early_warning") != words.alarm_text("some_new_kind") == "Some new kind"
    assert all(words.advice("glucose", priority) for priority in ("high", "medium", "low"))

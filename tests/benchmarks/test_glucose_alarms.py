"""The evaluation of glucose alarms counts what it says it counts."""

import gzip
from pathlib import Path
from uuid import UUID

from benchmarks.glucose_alarms import EVERY_MS, figures, lows, people, watch
from protocol.metrics import INTERSTITIAL_GLUCOSE
from protocol.samples import Reading


def track(values: list[float]) -> list[Reading]:
    return [Reading(UUID(int=1), INTERSTITIAL_GLUCOSE.code, n * EVERY_MS, value, n) for n, value in enumerate(values)]


CALM = [120.0] * 12
FALLS = [110.0, 98.0, 86.0, 74.0, 66.0, 60.0, 58.0, 62.0, 66.0]
UP = [90.0, 100.0, 110.0, 110.0]


def test_a_low_lasts_fifteen_minutes_and_a_dip_is_none() -> None:
    assert lows(track([*CALM, 66, 100, *CALM])) == []
    first = len(CALM) + 4
    assert lows(track([*CALM, *FALLS, *UP])) == [(first * EVERY_MS, (first + 4) * EVERY_MS)]
    assert len(lows(track([*CALM, *FALLS, *UP, *CALM, *FALLS]))) == 2


def test_two_lows_with_less_than_a_quarter_of_an_hour_between_are_one() -> None:
    assert len(lows(track([*CALM, 66, 65, 64, 72, 73, 66, 65, 64, *UP]))) == 1


def test_what_was_found_before_it_came_has_a_lead() -> None:
    seen = watch(track([*CALM, *FALLS, *UP, *CALM]))
    assert (seen.found, seen.missed, seen.wrong) == (1, 0, 0)
    assert seen.right == 1
    assert seen.leads[0] >= 5
    assert seen.plain == 1


def test_figures_have_their_intervals_and_people_are_read(tmp_path: Path) -> None:
    file = tmp_path / "SET.csv.gz"
    rows = [
        f"{person},2026-01-01 {minute // 60:02d}:{minute % 60:02d}:00,{value}"
        for person in "ab"
        for minute, value in zip(range(0, 1000, 5), [*CALM, *FALLS, *UP, *CALM], strict=False)
    ]
    file.write_bytes(gzip.compress("\n".join(["person_id,timestamp,glucose_mg_dl", *rows]).encode()))
    everybody = list(people(file))
    assert [name for name, _ in everybody] == ["a", "b"]
    found = figures("SET", [watch(readings) for _, readings in everybody])
    assert (found["SET people"], found["SET hypoglycaemias"]) == (2, 2)
    assert found["SET sensitivity low"] <= found["SET sensitivity"] == 1.0 <= found["SET sensitivity high"]

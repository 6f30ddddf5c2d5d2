"""The report says what was lost, what came twice, and how long alerts took."""

from dataclasses import replace

import pytest

from deploy.local.balance import Balance
from deploy.local.journal import Produced
from deploy.local.report import Run, balanced, quantile, report
from deploy.local.rows import StoredAlert

GOOD = Run(
    started=100.0,
    produced=[Produced("b", 1, 110.0, {"heart_rate": 1}), Produced("b", 2, 111.0, {"heart_rate": 1})],
    readings=Balance(2, 2, 0, 0, 0),
    samples=Balance(0, 0, 0, 0, 0),
    alerts=[StoredAlert("a", "early_warning", "rule 1", 111.25, "b", 2)],
    seen={"a": 111.5},
    first_stored_at=110.5,
    memory={"worker": 50.0},
    starts={"worker": 1},
)


def test_a_good_run_misses_no_goal() -> None:
    said = report(GOOD, {"speed": 4})
    figures = said["figures"]
    assert isinstance(figures, dict)
    assert said["missed"] == []
    assert balanced(GOOD)
    assert figures["air_to_row_p99_ms"] == 250
    assert figures["air_to_screen_p50_ms"] == 500
    assert (figures["start_to_first_reading_s"], figures["start_to_first_alert_s"]) == (10.5, 11.25)
    assert (figures["wearables"], figures["produced"], figures["resident_worker_mib"]) == (1, 2, 50)
    assert said["context"] == {"speed": 4, "alerts_by_detector": {"early_warning by rule 1": 1}, "starts": {"worker": 1}}


@pytest.mark.parametrize(
    ("broken", "missed"),
    [
        (replace(GOOD, readings=Balance(2, 1, 1, 0, 0)), "lost"),
        (replace(GOOD, readings=Balance(2, 3, 0, 1, 0)), "duplicated"),
        (replace(GOOD, samples=Balance(2, 1, 1, 0, 0)), "lost_samples"),
        (replace(GOOD, samples=Balance(2, 3, 0, 0, 1)), "invented_samples"),
    ],
)
def test_a_loss_or_a_repeat_fails_the_run(broken: Run, missed: str) -> None:
    assert report(broken, {})["missed"] == [missed]
    assert not balanced(broken)


def test_a_late_or_absent_alert_misses_its_goal_but_loses_nothing() -> None:
    late = replace(GOOD, alerts=[replace(GOOD.alerts[0], stored_at=113.0)])
    absent = replace(GOOD, alerts=[], seen={})
    assert report(late, {})["missed"] == ["air_to_row_p99_ms"]
    assert report(absent, {})["missed"] == ["alerts", "air_to_row_p99_ms", "air_to_screen_p99_ms"]
    assert balanced(late)
    assert balanced(absent)


def test_a_run_that_produced_nothing_proves_nothing() -> None:
    nothing = replace(GOOD, produced=[], readings=Balance(0, 0, 0, 0, 0), alerts=[], seen={})
    assert not balanced(nothing)
    assert "produced" in report(nothing, {})["missed"]


def test_quantiles_are_nearest_ranks() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert [quantile(hundred, share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert quantile([7.0], 0.99) == 7
    assert quantile([], 0.5) is None

"""Every detector and each runtime of its network can be measured."""

import pytest

from benchmarks import detectors


@pytest.mark.parametrize("name", sorted(set(detectors.tasks()) - {"heart_rhythm_gqrs_minute", "retinopathy_photograph"}))
def test_a_task_is_measured(name: str) -> None:
    found = detectors.measured(name, 2)
    assert set(found) == {f"{name}_{figure}" for figure in ("p50_ms", "p99_ms", "a_second", "rss_mb")}
    assert all(value > 0 for value in found.values())


def test_every_goal_is_of_something_that_is_measured() -> None:
    named = {f"{name}_{figure}" for name in detectors.tasks() for figure in ("p50_ms", "rss_mb")}
    assert set(detectors.GOALS) <= named

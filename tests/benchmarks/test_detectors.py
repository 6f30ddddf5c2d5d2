"""Every detector and each runtime of its network can be measured."""

import pytest

from benchmarks import detectors

SLOW = {"heart_rhythm_gqrs_minute", "retinopathy_photograph"}
BESIDE = {"pytorch": "torch", "sleepecg": "sleepecg", "neurokit2": "neurokit2"}
"""What only some machines have: a part of the task's name -> the package."""
OURS = sorted(name for name in set(detectors.tasks()) - SLOW if not any(part in name for part in BESIDE))


def check(name: str) -> None:
    found = detectors.measured(name, 2)
    assert set(found) == {f"{name}_{figure}" for figure in ("p50_ms", "p99_ms", "a_second", "rss_mb")}
    assert all(value > 0 for value in found.values())


@pytest.mark.parametrize("name", OURS)
def test_a_task_is_measured(name: str) -> None:
    check(name)


@pytest.mark.parametrize("part", sorted(BESIDE))
def test_what_stands_beside_is_measured(part: str) -> None:
    pytest.importorskip(BESIDE[part], reason=f"{BESIDE[part]} is not installed: extras train and peers")
    for name in sorted(detectors.tasks()):
        if part in name:
            check(name)


def test_every_goal_is_of_something_that_is_measured() -> None:
    named = {f"{name}_{figure}" for name in detectors.tasks() for figure in ("p50_ms", "rss_mb")}
    assert set(detectors.GOALS) <= named

"""What is told of a strip: what deserves it, with how much urgency, and nothing of its unsettled ends."""

import numpy as np
import pytest

from models.heart_rhythm.verdict import LEARNING_S, SETTLING_S, Telling, judge, opened
from tests.models.heart_rhythm.hearts import MITDB, beating, needs_mitdb, steady

NETWORKS, RATE = opened(), 250.0


def told(times: np.ndarray, seconds: float = 150, odd: slice = slice(0, 0)) -> tuple[Telling, ...]:
    """Judge a made strip; the beats of `odd` are wide and the other way up."""
    ordinary = np.delete(times, odd)
    lead, at = beating(ordinary, seconds, RATE), np.arange(int(seconds * RATE)) / RATE
    for beat in times[odd]:
        lead -= 1.6 * np.exp(-(((at - beat) / 0.045) ** 2) / 2) - 0.5 * np.exp(-(((at - beat - 0.2) / 0.06) ** 2) / 2)
    return judge(lead, RATE, NETWORKS)


def with_run(first: float, count: int, interval: float) -> tuple[np.ndarray, slice]:
    before, start = steady(150), int(np.searchsorted(steady(150), first))
    run = before[start - 1] + interval * np.arange(1, count + 1)
    after = steady(150 - run[-1] - 1) + run[-1] + 0.6
    return np.concatenate([before[:start], run, after]), slice(start, start + count)


def test_a_steady_heart_and_single_ventricular_beats_are_not_told() -> None:
    assert told(steady(150)) == ()
    for count in (1, 2, 3):
        times, odd = with_run(70, count, 0.45)
        assert told(times, odd=odd) == ()


@pytest.mark.parametrize(("count", "priority"), [(6, "medium"), (30, "high")])
def test_a_run_of_ventricular_beats_is_told(count: int, priority: str) -> None:
    times, odd = with_run(70, count, 0.4)
    found = [each for each in told(times, odd=odd) if each.kind == "ventricular_tachycardia"]
    assert [each.priority for each in found] == [priority]
    assert found[0].score == pytest.approx(150, abs=8)
    assert found[0].first == pytest.approx(times[odd][0], abs=0.6)
    assert "ventricular beats in a row" in found[0].explanation


@pytest.mark.parametrize(("length", "priority"), [(4.0, "medium"), (7.0, "high")])
def test_a_pause_is_told_and_where(length: float, priority: str) -> None:
    before = steady(80)
    times = np.concatenate([before, steady(66 - length) + before[-1] + length - 0.4])
    found = told(times)
    assert [(each.kind, each.priority) for each in found] == [("pause", priority)]
    assert found[0].score == pytest.approx(np.diff(times).max(), abs=0.05)


@pytest.mark.parametrize("start", [LEARNING_S - 10, 150 - SETTLING_S + 0.5])
def test_what_lies_at_the_ends_is_not_told(start: float) -> None:
    times = steady(150)
    assert told(times[(times < start) | (times > start + 4)]) == ()


def test_both_artefacts_and_the_rules_are_named_by_one_hash() -> None:
    assert len(NETWORKS.sha256) == 64
    assert opened().sha256 == NETWORKS.sha256


@needs_mitdb
@pytest.mark.parametrize(
    ("name", "kind"), [("202", "atrial_fibrillation"), ("205", "ventricular_tachycardia"), ("100", None), ("228", None)]
)
def test_real_recordings_are_told_of_as_they_are(name: str, kind: str | None) -> None:
    recordings = pytest.importorskip("models.heart_rhythm.recordings", reason="wfdb is not installed: `pip install 'mediassist[demo]'`")
    assess = pytest.importorskip("models.heart_rhythm.rhythm_assess")
    found = assess.alarms(recordings.read(MITDB / name), NETWORKS)
    assert {each for each, alarms in found.items() if alarms.told} == ({kind} if kind else set())
    assert sum(alarms.false for alarms in found.values()) == 0

"""A finding is raised when the score crosses a threshold for good: once, again on getting worse, and the same after a crash."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gateway.early_warning_watch import CLEAR_MS, EarlyWarningWatch, Memory, memory_from_text
from edge.gateway.watch_finding import WatchFinding
from edge.gateway.window import PatientWindow
from models.early_warning import score_again
from protocol.metrics import HEART_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC_PRESSURE
from protocol.samples import Reading

PATIENT, OXIMETER, BELT, PATCH, CUFF = (UUID(int=number) for number in range(1, 6))


def spo2(second: int, value: float) -> Reading:
    return Reading(OXIMETER, SPO2.code, second * 1000, value, second)


def pulse(second: int, value: float) -> Reading:
    return Reading(BELT, HEART_RATE.code, second * 1000, value, second)


def breaths(second: int, value: float) -> Reading:
    return Reading(PATCH, RESPIRATORY_RATE.code, second * 1000, value, second)


def watched(readings: Iterable[Reading], watch: EarlyWarningWatch | None = None, window: PatientWindow | None = None) -> list[WatchFinding]:
    watch, window = watch or EarlyWarningWatch(PATIENT), window or PatientWindow()
    return [finding for reading in readings if window.push(reading) for finding in watch.look(window, reading)]


def steady(spo2_value: float, seconds: range, pulse_value: float = 70) -> list[Reading]:
    return [reading for second in seconds for reading in (spo2(second, spo2_value), pulse(second, pulse_value))]


def test_a_lasting_desaturation_is_raised_once() -> None:
    (found,) = watched(steady(97, range(60)) + steady(88, range(60, 300)))
    assert (found.kind, found.priority, found.score, found.score_low) == ("early_warning", "medium", 3.0, 3.0)
    assert found.score_high == 17.0
    assert 70_000 <= found.at <= 76_000
    assert "spo2 88 gives 3" in found.explanation
    assert "respiratory_rate (not measured)" in found.explanation
    assert found.coverage["spo2"] > 0.95
    assert found.coverage["respiratory_rate"] == 0.0
    assert found.trigger in (spo2(found.at // 1000, 88), pulse(found.at // 1000, 70))


def test_what_a_cuff_says_is_raised_at_once_for_it_measures_once() -> None:
    crisis = Reading(CUFF, SYSTOLIC_PRESSURE.code, 60_000, 224.0)
    (found,) = watched([*steady(97, range(60)), crisis, *steady(97, range(61, 120))])
    assert (found.priority, found.at, found.trigger) == ("medium", 60_000, crisis)
    assert "systolic_pressure 224 gives 3" in found.explanation
    assert score_again(found.evidence, found.at) == (found.score_low, found.score_high)


def test_a_pressure_that_raised_falls_only_when_it_is_measured_again() -> None:
    def cuff(second: int, value: float) -> Reading:
        return Reading(CUFF, SYSTOLIC_PRESSURE.code, second * 1000, value)

    low_again = [cuff(0, 84), *steady(97, range(1, 1200)), cuff(1200, 86)]
    assert len(watched(low_again)) == 1
    assert len(watched([*low_again, cuff(1210, 125), *steady(97, range(1211, 1400)), cuff(1400, 88)])) == 2


def test_a_dip_shorter_than_it_takes_is_not_raised() -> None:
    assert watched(steady(97, range(60)) + steady(85, range(60, 68)) + steady(97, range(68, 200))) == []


def test_single_slips_never_add_up() -> None:
    slipping = [spo2(second, 60 if second % 7 == 0 else 98) for second in range(300)]
    assert watched(slipping) == []


def test_getting_worse_is_raised_again_and_higher() -> None:
    readings = steady(97, range(60)) + steady(88, range(60, 120)) + steady(88, range(120, 200), pulse_value=135)
    readings += [breaths(second, 22) for second in range(120, 200, 5)]
    found = watched(sorted(readings, key=lambda r: r.at))
    assert [f.priority for f in found] == ["medium", "high"]
    assert found[1].score == 8.0


def test_it_is_raised_anew_only_after_it_had_cleared_for_good() -> None:
    short = steady(88, range(30)) + steady(97, range(30, 60)) + steady(88, range(60, 120))
    assert len(watched(short)) == 1
    cleared = 30 + CLEAR_MS // 1000 + 20
    long = steady(88, range(30)) + steady(97, range(30, cleared)) + steady(88, range(cleared, cleared + 60))
    assert len(watched(long)) == 2


def test_a_sensor_that_falls_silent_is_no_recovery() -> None:
    readings = steady(88, range(30)) + [pulse(second, 70) for second in range(30, 330)] + steady(88, range(330, 400))
    assert len(watched(readings)) == 1


def test_silence_in_between_does_not_count_as_lasting() -> None:
    assert watched([*steady(88, range(3)), *steady(88, range(200, 203))]) == []


def test_missing_vitals_alone_raise_nothing() -> None:
    assert watched(pulse(second, 70) for second in range(300)) == []


def test_an_hour_handed_over_late_is_judged_in_its_own_time() -> None:
    readings = [pulse(second, 70) for second in range(3600, 3700)]
    late = steady(97, range(60))[::2] + [spo2(second, 86) for second in range(60, 120)]
    (found,) = watched(readings + late)
    assert 70_000 <= found.at <= 76_000


def test_a_wearable_that_catches_up_does_not_raise_the_same_again() -> None:
    live = [pulse(second, 70) for second in range(1000)]
    late = [spo2(second, 86) for second in range(900, 1000)]
    now = steady(86, range(1000, 1100))
    assert len(watched(live + late + now)) == 1


def test_the_evidence_gives_the_score_again() -> None:
    (found,) = watched(steady(97, range(60)) + steady(88, range(60, 300)))
    assert tuple(float(bound) for bound in score_again(found.evidence, found.at)) == (found.score_low, found.score_high)


story = st.lists(
    st.tuples(st.sampled_from(["spo2", "pulse", "breaths"]), st.sampled_from([85, 90, 93, 97, 120, 140]), st.integers(5, 60)),
    min_size=1,
    max_size=8,
)


def told(parts: Sequence[tuple[str, int, int]], swaps: Sequence[int]) -> list[Reading]:
    """Tell a story second by second, some readings arriving later than they should."""
    readings: list[Reading] = []
    second = 0
    for name, value, lasts in parts:
        for _ in range(lasts):
            second += 1
            readings += [spo2(second, value if name == "spo2" else 97), pulse(second, value if name == "pulse" else 70)]
            readings.append(breaths(second, 26 if name == "breaths" else 16))
    for swap in swaps:
        late = readings.pop(swap % len(readings))
        readings.insert((swap * 7) % len(readings), late)
    return readings


@settings(deadline=None, max_examples=25)
@given(story, st.lists(st.integers(0, 10_000), max_size=20))
def test_the_same_readings_give_the_same_findings(parts: list[tuple[str, int, int]], swaps: list[int]) -> None:
    readings = told(parts, swaps)
    assert watched(readings) == watched(readings)


@settings(deadline=None, max_examples=25)
@given(story, st.lists(st.integers(0, 10_000), max_size=20), st.integers(0, 1000))
def test_a_crash_neither_loses_nor_doubles_a_finding(parts: list[tuple[str, int, int]], swaps: list[int], crash: int) -> None:
    readings = told(parts, swaps)
    crash %= len(readings)
    watch = EarlyWarningWatch(PATIENT)
    before = watched(readings[:crash], watch)
    window = PatientWindow()
    for reading in readings[:crash]:
        window.push(reading)
    restarted = EarlyWarningWatch(PATIENT, memory=memory_from_text(watch.memory.as_text()))
    assert before + watched(readings[crash:], restarted, window) == watched(readings)


def test_what_is_remembered_survives_being_written_down() -> None:
    watch = EarlyWarningWatch(PATIENT)
    watched([*steady(88, range(30)), *steady(88, range(100, 150)), spo2(95, 86)], watch)
    assert watch.memory.behind
    assert memory_from_text(watch.memory.as_text()) == watch.memory
    assert memory_from_text(Memory().as_text()) == Memory()


def test_within_what_is_handed_over_late_time_only_goes_on() -> None:
    watch = EarlyWarningWatch(PATIENT)
    watched([*(pulse(second, 70) for second in range(3600, 3610)), spo2(100, 97), spo2(90, 80)], watch)
    assert watch.memory.behind[OXIMETER].at == 100_000

"""What a watcher still has to be told, and when."""

import itertools
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cloud.attention import PUSH_EVERY_S, TOUCH_EVERY_S, Attention, Due

WATCHED, OTHER = uuid4(), uuid4()


def watching() -> Attention:
    attention = Attention()
    attention.watch(WATCHED)
    attention.take(0.0)
    return attention


def test_nothing_is_due_at_first() -> None:
    assert not Attention().take(0.0)
    assert Attention().wait(0.0) is None


def test_an_alert_is_due_at_once_whoever_it_is_about() -> None:
    attention = watching()
    attention.note(OTHER, frozenset({"alert"}))
    assert attention.wait(0.01) == 0.0
    assert attention.take(0.01).alerts


def test_many_readings_within_a_push_become_one() -> None:
    attention = watching()
    pushes = 0
    for tick in range(1, 1001):
        attention.note(WATCHED, frozenset({"reading", "waveform"}))
        pushes += bool(attention.take(tick / 1000))
    assert 4 <= pushes <= 5


def test_another_patient_is_named_at_most_once_a_second() -> None:
    attention = watching()
    attention.note(OTHER, frozenset({"reading"}))
    assert attention.take(0.1) == Due(touched=(OTHER,))
    attention.note(OTHER, frozenset({"reading"}))
    assert not attention.take(0.5)
    wait = attention.wait(0.5)
    assert wait is not None
    assert abs(wait - 0.6) < 1e-9
    assert attention.take(1.1 + 1e-9) == Due(touched=(OTHER,))


def test_watching_somebody_makes_their_newest_due() -> None:
    attention = Attention()
    attention.watch(WATCHED)
    assert attention.take(0.0) == Due(readings=True, waveforms=True)
    attention.watch(None)
    attention.note(WATCHED, frozenset({"reading"}))
    assert attention.take(1.0) == Due(touched=(WATCHED,))


def test_a_kind_not_known_here_means_nothing() -> None:
    attention = watching()
    attention.note(OTHER, frozenset({"moon phase"}))
    assert attention.wait(0.0) is None


def test_after_a_break_everything_is_looked_at() -> None:
    attention = watching()
    attention.note_all()
    assert attention.take(PUSH_EVERY_S) == Due(alerts=True, readings=True, waveforms=True)


NOTES = st.tuples(
    st.floats(0.001, 0.7), st.sampled_from([WATCHED, OTHER, uuid4()]), st.sets(st.sampled_from(["reading", "waveform", "alert"]))
)


@given(st.lists(NOTES, max_size=40))
def test_nothing_noted_is_forgotten_and_nothing_comes_too_often(notes: list[tuple[float, UUID, set[str]]]) -> None:
    """Told as `wait` says, everything noted is told, pushes keep their distance, names keep theirs."""
    attention, now = watching(), 0.0
    owed: set[str] = set()
    pushed: list[float] = []
    named: dict[UUID, float] = {}

    def tell() -> None:
        due = attention.take(now)
        owed.difference_update(
            name for name, told in (("alert", due.alerts), ("reading", due.readings), ("waveform", due.waveforms)) if told
        )
        owed.difference_update(str(patient) for patient in due.touched)
        pushed.extend([now] if due.readings or due.waveforms else [])
        for patient in due.touched:
            assert now - named.get(patient, -10.0) >= TOUCH_EVERY_S - 1e-9
            named[patient] = now

    for pause, patient, kinds in notes:
        attention.note(patient, frozenset(kinds))
        owed |= kinds if patient == WATCHED else {str(patient) for _ in kinds} | kinds & {"alert"}
        tell()
        now += pause
    while (wait := attention.wait(now)) is not None:
        now += wait + 1e-9
        tell()
    assert not owed
    assert all(later - earlier >= PUSH_EVERY_S - 1e-9 for earlier, later in itertools.pairwise(pushed))

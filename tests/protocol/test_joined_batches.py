"""Bodies read together are the bodies read one by one, and one that is refused alone is refused among others, for the same reason."""

from uuid import UUID

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.batches import batch_from, batch_map
from protocol.cbor import load_map
from protocol.errors import Malformed
from protocol.joined_batches import BatchReader, Rows
from protocol.metrics import Absence
from protocol.samples import ClockEvidence, Reading, batch_of
from protocol.typed_arrays import typed_array
from tests.support.gateway import BELT, GATEWAY, NOON

WEARABLES = [BELT, GATEWAY]
present = st.builds(Reading, st.sampled_from(WEARABLES), st.just(3), st.integers(0, NOON), st.floats(0, 100), st.integers(-1, 1 << 40))
absent = st.builds(
    Reading,
    *(st.sampled_from(WEARABLES), st.sampled_from([1, 5]), st.integers(0, NOON), st.just(float("nan")), st.just(7)),
    st.sampled_from([reason for reason in Absence if reason]),
)
clocks = st.builds(ClockEvidence, st.sampled_from(WEARABLES), st.integers(0, NOON), *([st.floats(0, 9)] * 3))
batches = st.builds(batch_of, st.lists(present | absent, max_size=9), st.lists(clocks, max_size=2))


def damaged(columns: dict[str, object], how: int) -> dict[str, object]:
    n = len(columns["at"].value) // 8
    wrong: list[dict[str, object]] = [
        {"metric": typed_array(np.full(n, 20, np.uint16))},
        {"value": typed_array(np.full(n, 1000.0))},
        {"value": typed_array(np.full(n, np.nan))},
        {"at": typed_array(np.full(n, -1, np.int64))},
        {"absence": typed_array(np.full(n, 99, np.uint8))},
        {"wearable": typed_array(np.full(n, 200, np.uint8))},
        {"record": typed_array(np.zeros(n + 1, np.int64))},
        {"wearables": [b"short"]},
        {"clocks": [{"wearable": bytes(16), "at": 1, "offset_ms": float("nan"), "drift_ppm": 0.0, "uncertainty_ms": 0.0}]},
    ]
    return columns | wrong[how]


def alone(body: bytes) -> str | None:
    try:
        batch_from(load_map(body))
    except Malformed as error:
        return str(error)
    return None


@given(st.lists(st.tuples(batches, st.integers(-3, 8)), max_size=9), st.binary(max_size=4))
def test_together_is_one_by_one(made: list, noise: bytes) -> None:
    bodies = [cbor2.dumps(batch_map(batch) if how < 0 else damaged(batch_map(batch), how)) for batch, how in made] + [noise]
    joined = BatchReader().join(bodies)
    reasons = [alone(body) for body in bodies]
    assert set(joined.unfit) == {number for number, reason in enumerate(reasons) if reason}
    assert [body is None for body in joined.bodies] == [reason is not None for reason in reasons]
    for number, body in enumerate(bodies):
        rows = joined.bodies[number]
        if rows is None:
            assert number not in joined.number
            continue
        batch = batch_from(load_map(body))
        mine = joined.number == number
        for name in ("wearable", "metric", "at", "value", "absence", "record"):
            assert np.array_equal(getattr(joined, name)[mine], getattr(batch, name), equal_nan=name == "value"), name
        assert rows == Rows(number, tuple(wearable.bytes for wearable in batch.wearables))
        of_it = [ClockEvidence(UUID(bytes=clock.wearable), *clock[2:]) for clock in joined.clocks if clock.number == number]
        assert tuple(of_it) == batch.clocks


@pytest.mark.parametrize("how", [0, 1, 2, 3, 4, 5])
def test_the_reason_is_that_of_the_body_alone(how: int) -> None:
    body = cbor2.dumps(damaged(batch_map(batch_of([Reading(BELT, 1, NOON, 70.0, 1)])), how))
    assert BatchReader().join([body]).unfit == {0: alone(body)}

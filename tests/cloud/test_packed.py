"""What is packed is what PostgreSQL reads."""

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud import packed
from tests.support.postgres import Addresses

PACKED = {
    "uuid[]": (packed.uuids, st.uuids(), lambda value: value.bytes),
    "bytea[]": (lambda values: packed.byteas(values, 5), st.binary(min_size=5, max_size=5), lambda value: value),
    "int8[]": (packed.bigints, st.integers(-(1 << 63), (1 << 63) - 1), lambda value: value),
    "int4[]": (packed.ints, st.integers(-(1 << 31), (1 << 31) - 1), lambda value: value),
    "int2[]": (packed.smallints, st.integers(-(1 << 15), (1 << 15) - 1), lambda value: value),
    "float8[]": (packed.floats, st.floats(allow_nan=False), lambda value: value),
}


@pytest.mark.parametrize("kind", PACKED)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_packed_array_is_the_array(database: Addresses, kind: str, data: st.DataObject) -> None:
    pack, values_of, raw = PACKED[kind]
    values = data.draw(st.lists(values_of, max_size=20))
    with psycopg.connect(database.app) as connection:
        row = connection.execute("select %s, pg_typeof(%s)::text", [pack([raw(value) for value in values])] * 2).fetchone()
    assert row is not None
    assert list(row[0]) == values
    assert row[1] == {"int8[]": "bigint[]", "int4[]": "integer[]", "int2[]": "smallint[]", "float8[]": "double precision[]"}.get(kind, kind)


def test_moments_are_utc(database: Addresses) -> None:
    with psycopg.connect(database.app) as connection:
        row = connection.execute("select extract(epoch from m) * 1000 from unnest(%s) m", [packed.moments(np.array([1_780_000_000_123]))])
        assert row.fetchall() == [(1_780_000_000_123,)]

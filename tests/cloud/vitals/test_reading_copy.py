"""What is packed for COPY is what the table then holds, whatever is absent or unnumbered."""

import numpy as np
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.packed import postgres_microseconds
from cloud.vitals.reading_copy import COPY_READINGS, ReadingColumns, binary_copy
from protocol.samples import NO_RECORD
from tests.support.postgres import Addresses

TABLE = """create temp table reading (place int generated always as identity, organisation_id int, series_id int, at timestamptz, value float8,
           absence smallint, record bigint)"""
values = st.tuples(st.floats(-1e9, 1e9), st.just(0)) | st.tuples(st.just(float("nan")), st.integers(1, 8))
rows = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 1 << 42), values, st.just(NO_RECORD) | st.integers(0, 1 << 60))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=30))
def test_the_table_holds_what_was_packed(database: Addresses, made: list) -> None:
    columns = ReadingColumns(
        organisation=np.array([row[0] for row in made], np.int32),
        series=np.array([row[1] for row in made], np.int32),
        at=np.array([row[2] for row in made], np.int64),
        value=np.array([row[3][0] for row in made], np.float64),
        absence=np.array([row[3][1] for row in made], np.uint8),
        record=np.array([row[4] for row in made], np.int64),
    )
    with psycopg.connect(database.superuser) as connection:
        connection.execute(TABLE)
        with connection.cursor().copy(COPY_READINGS) as copy:
            copy.write(binary_copy(columns))
        held = connection.execute(
            "select organisation_id, series_id, (extract(epoch from at) * 1000)::bigint, value, absence, record from reading"
        ).fetchall()
    expected = [
        (org, series, at, None if why else value, why or None, None if record == NO_RECORD else record)
        for org, series, at, (value, why), record in made
    ]
    assert sorted(held, key=str) == sorted(expected, key=str)


def test_the_rows_of_a_series_are_neighbours_in_their_order() -> None:
    one = np.ones(6, np.int32)
    columns = ReadingColumns(
        one, np.array([2, 1, 2, 1, 2, 1], np.int32), np.arange(6), np.zeros(6), np.zeros(6, np.uint8), np.arange(6, dtype=np.int64)
    )
    stream = binary_copy(columns)
    places = [stream.index(int(at).to_bytes(8, "big", signed=True)) for at in postgres_microseconds(np.array([1, 3, 5, 0, 2, 4]))]
    assert places == sorted(places)

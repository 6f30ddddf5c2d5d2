"""A cursor is a place, and nothing else is one."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import Unacceptable
from cloud.pages_of_lists import read_cursor, write_cursor


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back(at: datetime, item: UUID) -> None:
    assert read_cursor(write_cursor(at, item)) == (at, item)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Unacceptable, match="no cursor"):
        read_cursor(text)


def test_a_time_without_a_zone_is_no_place() -> None:
    with pytest.raises(Unacceptable):
        read_cursor(write_cursor(datetime(2027, 1, 1), uuid4()))

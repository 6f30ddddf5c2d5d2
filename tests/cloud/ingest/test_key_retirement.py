"""An ingest key is destroyed only once nothing can arrive that needs it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from cloud.ingest.key_retirement import OVERLAP, Standing, holds

GATEWAY = UUID(int=10)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
DRAINED = Standing((), (), ())


def test_a_key_that_everybody_left_goes_after_ninety_days_and_not_a_second_before() -> None:
    assert holds(THEN, DRAINED, THEN + OVERLAP) == []
    assert holds(THEN, DRAINED, THEN + OVERLAP - timedelta(seconds=1)) == [
        "it was succeeded at 2026-01-01, less than 90 days ago: wait until 2026-04-01"
    ]


def test_a_current_key_is_never_destroyed() -> None:
    assert holds(None, DRAINED, THEN + 10 * OVERLAP) == ["it is the current key of its suite: rotate first"]


def test_age_alone_never_destroys_a_key_and_each_gateway_that_holds_it_back_is_named() -> None:
    standing = Standing([GATEWAY], [(GATEWAY, b"\xaa" * 16)], [(GATEWAY, b"\xbb" * 16)])
    said = holds(THEN, standing, THEN + 10 * OVERLAP)
    assert len(said) == 3
    assert all(line.startswith(f"gateway {GATEWAY.hex}") for line in said)
    assert [word in line for word, line in zip(("moved on", "aa" * 16, "bb" * 16), said, strict=True)] == [True] * 3

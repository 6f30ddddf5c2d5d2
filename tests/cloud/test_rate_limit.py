"""Each session has a share of its own, and it comes back with time."""

import pytest

from cloud.errors import TooManyRequests
from cloud.rate_limit import RateLimit


def test_each_session_has_its_own_share() -> None:
    limit = RateLimit(3)
    for _ in range(3):
        limit.count("one", "192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        limit.count("one", "192.0.2.1")
    assert 1 <= refused.value.retry_after_s <= 60
    limit.count("other", "192.0.2.1")
    limit.count(None, "192.0.2.1")

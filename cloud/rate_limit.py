"""How often may one caller ask? A moving window a session; who has none is known by the address."""

import hashlib
from datetime import UTC, datetime

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from cloud.errors import TooManyRequests


class RateLimit:
    """Counts requests of this process. a_minute: how many one caller may make within any 60 seconds."""

    def __init__(self, a_minute: int) -> None:
        self._item = RateLimitItemPerMinute(a_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, token: str | None, address: str) -> None:
        """Count a request. A token is remembered by its hash alone.

        Raises:
            TooManyRequests: one too many; the error says when the next one may come.
        """
        key = hashlib.sha256(token.encode()).hexdigest() if token else address
        if not self._limiter.hit(self._item, key):
            reset = self._limiter.get_window_stats(self._item, key).reset_time
            now = datetime.now(UTC).timestamp()
            raise TooManyRequests("more requests than one session may make: slow down", max(1.0, reset - now))

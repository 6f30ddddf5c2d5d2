"""How often may one address fail to sign in to one account?"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta


class Brake:
    """Counts attempts by (address, e-mail) within a window; an attempt counts until `released`.

    attempts: how many may fail within `window`. most_keys: how many pairs are remembered, the oldest forgotten first.
    """

    def __init__(self, *, attempts: int = 10, window: timedelta = timedelta(minutes=5), most_keys: int = 10_000) -> None:
        self._attempts = attempts
        self._window = window
        self._most_keys = most_keys
        self._seen: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def attempt(self, address: str, email: str, now: datetime) -> float:
        """Count one attempt; return 0.0 when it may go on, else in how many seconds the next one may (and count nothing)."""
        key = (address, email)
        times = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._attempts:
            return (times[0] + self._window - now).total_seconds()
        times.append(now)
        while len(self._seen) > self._most_keys:
            self._seen.popitem(last=False)
        return 0.0

    def release(self, address: str, email: str) -> None:
        """Forget the attempts of a pair: it has signed in."""
        self._seen.pop((address, email), None)

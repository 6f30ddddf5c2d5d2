"""How surprising is the newest value of a course of values? Pure; no training, three microseconds a value.

Values are put into LEVELS of a range. How likely the newest level is, is counted in three contexts: all that came, what followed this
previous level, and what followed it at this mean of the RECENT values before; each count leans on the one before it where it knows
little (interpolated, as the blending of Bell, Cleary and Witten, Text Compression, 1990, ch. 6). The surprise is -log2 of that, in bits.
An alarm is a surprise of ALARM_BITS or more, after which it is silent for a while: what goes on has been said.
"""

from collections import deque
from math import floor, isfinite, log2

LEVELS = 7
RECENT = 38
"""The second context's mean is of so many values before the previous one."""
LEAN = 0.5
"""So many counts' weight has the shorter context."""
ALARM_BITS = 9.5
SILENT_SHARE, SILENT_PAST = 0.2, 0.03
"""After an alarm it is silent for this part of the learning part, or this part of all that came, whichever is longer."""
FARTHEST = 3 * LEVELS
"""Values outside the range have levels of their own, up to so many beyond; farther ones are taken for those."""
MARGIN = 0.5

_Context = tuple[int, ...]


def widened(low: float, high: float) -> tuple[float, float]:
    """Return a range for a course of which only the first part is known: MARGIN of its span wider on either side."""
    margin = MARGIN * (high - low)
    return low - margin, high + margin


class Course:
    """One course of values, as it comes."""

    def __init__(self, low: float, high: float, learning: int) -> None:
        """Watch values that are mostly between `low` and `high`; the first `learning` of them raise no alarm.

        Raises:
            ValueError: the range is empty the wrong way round, or not of finite numbers.
        """
        if not (isfinite(low) and isfinite(high) and low <= high):
            raise ValueError(f"a range from {low} to {high}: its ends are finite, and the low one comes first")
        self._low, self._high = low, high
        self._width = (high - low) / LEVELS or 1.0
        self._learning = learning
        self._counts: tuple[dict[_Context, dict[int, int]], ...] = ({}, {}, {})
        self._past = deque[float](maxlen=RECENT + 1)
        self._sum = 0.0
        self._seen = 0
        self._silent_until = 0

    def step(self, value: float) -> float:
        """Take the newest value, NaN where none was measured; return its surprise in bits, >= 0, of what is missing or a first value 0."""
        if not isfinite(value):
            return 0.0
        place = self._place(value)
        bits = self._surprise(place) if self._past else 0.0
        self._remember(place)
        return bits

    def alarm(self, value: float) -> float:
        """Take the newest value as `step` does; return its surprise where an alarm is raised, else 0."""
        bits = self.step(value)
        if bits < ALARM_BITS or self._seen <= self._learning or self._seen < self._silent_until:
            return 0.0
        self._silent_until = self._seen + floor(max(SILENT_SHARE * self._learning, SILENT_PAST * self._seen))
        return bits

    def _surprise(self, place: float) -> float:
        previous = self._past[-1]
        older = len(self._past) - 1
        mean = (self._sum - previous) / older if older else previous
        contexts = (), (floor(previous),), (floor(previous), floor(mean))
        level, likely = floor(place), 1.0 / LEVELS
        for counts, context in zip(self._counts, contexts, strict=True):
            followed = counts.setdefault(context, {})
            likely = (followed.get(level, 0) + LEAN * likely) / (sum(followed.values()) + LEAN)
            followed[level] = followed.get(level, 0) + 1
        return -log2(likely)

    def _remember(self, place: float) -> None:
        if len(self._past) == self._past.maxlen:
            self._sum -= self._past[0]
        self._past.append(place)
        self._sum += place
        self._seen += 1

    def _place(self, value: float) -> float:
        """Return where a value lies, in levels from the range's low end."""
        place = min(max((value - self._low) / self._width, -FARTHEST), LEVELS + FARTHEST)
        return _TOP if value <= self._high and place >= LEVELS else place


_TOP = LEVELS - 2.0**-20

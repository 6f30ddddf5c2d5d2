"""Beats of a lead and their classes, followed as the lead comes: those that the whole recording would give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heart_rhythm.candidates import Places
from models.heart_rhythm.classes.classifier import CLASSES, UNTOLD, Classifier, shares, whole
from models.heart_rhythm.classes.shapes import AHEAD, MEMORY, described
from models.heart_rhythm.finder import Follower
from models.heart_rhythm.lead import RATE, ready
from models.runner import Runner

KEPT = MEMORY + 2
"""Beats before one on which what is said of it depends: the usual shape of the one before it."""
PATIENCE_S = 10.0
"""A beat after which none comes for so long is classed without the ones after it."""
LONGEST_S = 180.0
"""Beats longer ago than this are forgotten."""
_ROOM = 400
"""Samples of RATE beside a beat that its description looks at, and the filters before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Beat:
    """at: sample of the lead's own rate since the first push. letter: its class. certainty: 0..1, of UNTOLD 0."""

    at: int
    letter: str
    certainty: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    at: int
    whole: bool


class ClassFollower:
    """Follows one lead as it comes, and classes its beats once AHEAD more have come, 5 to 10 s after them."""

    def __init__(self, rate_hz: float, finder: Runner, classifier: Classifier) -> None:
        """Follow a lead of `rate_hz` samples a second, 100 to 2,000.

        Raises:
            UnusableLead: of another rate.
        """
        self._follower = Follower(rate_hz, finder, keep_s=LONGEST_S)
        self._classifier = classifier
        self._factor = rate_hz / RATE
        self._known = np.zeros(0, dtype=np.int64)  # whole beats, samples of RATE, those asked about and KEPT before them
        self._waiting: list[_Waiting] = []

    @property
    def certain_s(self) -> float:
        """Return up to when all beats have been found, s since the first push."""
        return self._follower.certain / RATE

    def push(self, signal: NDArray[np.generic]) -> list[Beat]:
        """Take more samples, mV or any multiple of it, NaN where nothing was measured; return the beats that are certain and classed now."""
        self._arrive(self._follower.follow(signal))
        ready_now = self._answerable()
        answer, self._waiting = self._answered(self._waiting[:ready_now]), self._waiting[ready_now:]
        oldest = next((each.at for each in self._waiting if each.whole), self._follower.certain)
        self._known = self._known[max(0, int(np.searchsorted(self._known, oldest)) - KEPT) :]
        self._known = self._known[self._known >= self._follower.trace_start + _ROOM]
        return answer

    def _arrive(self, at: Places) -> None:
        if not len(at):
            return
        start = max(self._follower.trace_start, int(at[0]) - _ROOM)
        told = whole(at - start, ready(self._follower.trace(start)).measured)
        self._waiting += [_Waiting(place, bool(is_whole)) for place, is_whole in zip(at.tolist(), told, strict=True)]
        self._known = np.concatenate([self._known, at[told]])

    def _answerable(self) -> int:
        """Return how many of those that wait, from the first on, have all that they need."""
        late = self._follower.certain - PATIENCE_S * RATE
        for place, each in enumerate(self._waiting):
            after = len(self._known) - int(np.searchsorted(self._known, each.at, side="right"))
            if each.whole and after < AHEAD and self._waiting[-1].at > late:
                return place
        return len(self._waiting)

    def _answered(self, asked: Sequence[_Waiting]) -> list[Beat]:
        wanted = [each.at for each in asked if each.whole]
        share = np.zeros((0, len(CLASSES)), dtype=np.float32)
        if wanted:
            first = max(0, int(np.searchsorted(self._known, wanted[0])) - KEPT)
            beats = self._known[first : int(np.searchsorted(self._known, wanted[-1])) + AHEAD + 1]
            start = max(self._follower.trace_start, int(beats[0]) - _ROOM)
            features = described(ready(self._follower.trace(start)), beats - start)
            share = shares(self._classifier, features[np.searchsorted(beats, wanted)])
        best: list[int] = share.argmax(axis=1).tolist()
        certainty: list[float] = share.max(axis=1).tolist()
        told = iter(zip(best, certainty, strict=True))
        answers: list[Beat] = []
        for each in asked:
            at = round(each.at * self._factor)
            if each.whole:
                place, sure = next(told)
                answers.append(Beat(at, CLASSES[place], sure))
            else:
                answers.append(Beat(at, UNTOLD, 0.0))
        return answers

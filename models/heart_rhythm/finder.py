"""Beats of a lead: found in a whole recording, or followed as it comes, the same ones.

What is said of a moment depends on the half minute before it and the four seconds after it, and on nothing else; so a lead that comes
piece by piece gives the beats that the whole gives, some seconds later.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.catalogue import open_model
from models.heart_rhythm.beats import chosen
from models.heart_rhythm.candidates import BLOCK, LONG_BEFORE, Places, candidates_of
from models.heart_rhythm.lead import RATE, Samples, UnusableLead, at_rate, between, ready
from models.perceptron_runner import PerceptronRunner
from models.runner import Runner

BLOCKS_BEFORE, BLOCKS_AFTER = LONG_BEFORE + 2, 4
"""What the answer for a block depends on: 32 s before it, 5 s after it."""
AT_ONCE = 250
"""Blocks of a whole recording that are judged at once, five minutes."""
SEEN = 0.95
"""The share of a stretch that must be measured for its having no beat to be the heart's."""
BLIND_S = 3.0
"""Longer than this without a beat is said: a heart that stands still, or a lead on which no beat can be seen."""


__all__ = ["Follower", "Found", "UnusableLead", "find", "shipped"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Beats of a lead. at: their samples of the lead's own rate, ascending, shape (n,). score: how likely each is one, 0..1, shape (n,).

    blind: (first, last) samples between which BLIND_S and more have no beat; measured: of each, the share that was measured, 0..1.
    """

    at: Places
    score: NDArray[np.float32]
    blind: tuple[tuple[int, int], ...]
    measured: tuple[float, ...]

    def unseen(self, rate_hz: float) -> tuple[tuple[float, float], ...]:
        """Return those of `blind` in which a beat may have been missed, since not nearly all was measured, in s."""
        return tuple(
            (first / rate_hz, last / rate_hz) for (first, last), share in zip(self.blind, self.measured, strict=True) if share < SEEN
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    at: Places
    score: NDArray[np.float32]
    measured: NDArray[np.bool_]


def shipped() -> Runner:
    """Open the network that ships.

    Raises:
        ModelRefused: it is not the one that its card describes.
    """
    return PerceptronRunner(open_model("heart_rhythm").artefact)


def find(signal: NDArray[np.generic], rate_hz: float, runner: Runner) -> Found:
    """Find the beats of a lead.

    Args:
        signal: shape (n,), mV or any multiple of it, NaN or infinite where nothing was measured.
        rate_hz: samples a second, 100 to 2,000.
        runner: the network, by the card's inputs and output.

    Raises:
        UnusableLead: not of one dimension, or of another rate.
    """
    trace = at_rate(signal, rate_hz)
    pieces = [_judged(trace, first, AT_ONCE, runner) for first in range(0, -(-len(trace) // BLOCK), AT_ONCE)]
    at = np.concatenate([piece.at for piece in pieces]) if pieces else np.zeros(0, dtype=np.int64)
    score = np.concatenate([piece.score for piece in pieces]) if pieces else np.zeros(0, dtype=np.float32)
    measured = np.concatenate([piece.measured for piece in pieces]) if pieces else np.zeros(0, dtype=np.bool_)
    ends = np.concatenate([[0], at, [len(trace)]])
    blind = [(int(a), int(b)) for a, b in itertools.pairwise(ends) if b - a >= BLIND_S * RATE]
    factor = rate_hz / RATE
    return Found(
        np.rint(at * factor).astype(np.int64),
        score,
        tuple((round(a * factor), round(b * factor)) for a, b in blind),
        tuple(float(measured[a:b].mean()) for a, b in blind),
    )


def _judged(trace: Samples, first: int, blocks: int, runner: Runner, offset: int = 0) -> _Piece:
    """Judge some blocks from the `first` on of a trace that begins at block `offset`."""
    start = max(offset, first - BLOCKS_BEFORE)
    window = trace[(start - offset) * BLOCK : (first + blocks + BLOCKS_AFTER - offset) * BLOCK]
    lead = ready(window)
    measured = lead.measured[(first - start) * BLOCK : (first + blocks - start) * BLOCK]
    candidates = candidates_of(lead)
    if not len(candidates.at):
        return _Piece(candidates.at, np.zeros(0, dtype=np.float32), measured)
    score = runner.run(candidates.features)[:, 0]
    beats = chosen(candidates.at, score)
    at = candidates.at[beats] + start * BLOCK
    inside = (at >= first * BLOCK) & (at < (first + blocks) * BLOCK)
    return _Piece(at[inside], score[beats][inside], measured)


class Follower:
    """Follows one lead as it comes."""

    def __init__(self, rate_hz: float, runner: Runner, keep_s: float = 0.0) -> None:
        """Follow a lead of `rate_hz` samples a second, 100 to 2,000; its last `keep_s` can be looked at again.

        Raises:
            UnusableLead: of another rate.
        """
        at_rate(np.zeros(0), rate_hz)
        self._rate_hz, self._runner = rate_hz, runner
        self._kept = max(BLOCKS_BEFORE, int(np.ceil(keep_s * RATE / BLOCK)))
        self._raw = np.zeros(0)
        self._raw_start = 0
        self._trace = np.zeros(0)
        self._next = 0
        self.trace_start = 0
        """The first sample of RATE, since the first push, that is still here."""

    @property
    def certain(self) -> int:
        """Return up to where all beats have been found, samples of RATE since the first push."""
        return self._next * BLOCK

    def trace(self, start: int) -> Samples:
        """Return the lead from a sample of RATE on, which is not before `trace_start`."""
        return self._trace[start - self.trace_start :]

    def push(self, signal: NDArray[np.generic]) -> Places:
        """Take more samples, as `find` takes them; return the beats that are certain now, by samples since the first push.

        A beat is certain 5 to 6 seconds after it.
        """
        return np.rint(self.follow(signal) * (self._rate_hz / RATE)).astype(np.int64)

    def follow(self, signal: NDArray[np.generic]) -> Places:
        """Take more samples; return the beats that are certain now, by samples of RATE since the first push."""
        self._raw = np.concatenate([self._raw, np.asarray(signal, dtype=np.float64)])
        self._take()
        found: list[Places] = []
        while (blocks := min(AT_ONCE, (self.trace_start + len(self._trace)) // BLOCK - BLOCKS_AFTER - self._next)) > 0:
            before = max(self.trace_start // BLOCK, self._next - BLOCKS_BEFORE)
            found.append(_judged(self.trace(before * BLOCK), self._next, blocks, self._runner, before).at)
            self._next += blocks
        keep = max(0, self._next - self._kept) * BLOCK
        self._trace = self._trace[keep - self.trace_start :]
        self.trace_start = keep
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _take(self) -> None:
        """Bring what came to RATE, as far as both neighbours of a sample are there."""
        step = self._rate_hz / RATE
        first = self.trace_start + len(self._trace)
        last = int((self._raw_start + len(self._raw) - 1) / step)
        if last < first or not len(self._raw):
            return
        new = between(self._raw, np.arange(first, last + 1) * step - self._raw_start)
        self._trace = np.concatenate([self._trace, new])
        gone = int((last + 1) * step) - self._raw_start
        self._raw, self._raw_start = self._raw[gone:], self._raw_start + gone

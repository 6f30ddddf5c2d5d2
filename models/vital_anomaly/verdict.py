"""Scores in, verdict out: raised after several high scores in a row, cleared after several low ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Thresholds:
    """raise_at, clear_at: scores, 0..1, clear_at <= raise_at. raise_after, clear_after: scores in a row, >= 1."""

    raise_at: float
    clear_at: float
    raise_after: int
    clear_after: int

    def as_numbers(self) -> dict[str, float]:
        """Return name -> value, as a finding and a card hold them."""
        return {name: float(value) for name, value in asdict(self).items()}


def thresholds_of(numbers: Mapping[str, float]) -> Thresholds:
    """Read what `as_numbers` gave.

    Raises:
        KeyError: one is missing.
    """
    return Thresholds(numbers["raise_at"], numbers["clear_at"], int(numbers["raise_after"]), int(numbers["clear_after"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the hysteresis stands. above: high scores in a row so far. below: low ones in a row since it was raised."""

    raised: bool = False
    above: int = 0
    below: int = 0


CALM = Verdict()


def step(verdict: Verdict, score: float, thresholds: Thresholds) -> tuple[Verdict, bool]:
    """Take the next score; return the new verdict and whether this score raised it."""
    if verdict.raised:
        below = verdict.below + 1 if score < thresholds.clear_at else 0
        return (CALM if below >= thresholds.clear_after else replace(verdict, below=below)), False
    above = verdict.above + 1 if score >= thresholds.raise_at else 0
    if above >= thresholds.raise_after:
        return Verdict(raised=True, above=above), True
    return replace(verdict, above=above), False

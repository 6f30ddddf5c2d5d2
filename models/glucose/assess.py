"""How well is glucose forecast? Errors of people beside "as now", how often the truth lies between the bounds, and warnings of what is low."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Estimate, estimate
from models.glucose.forecaster import ANSWERS, LOW, MINUTES, forecasts, warned
from models.glucose.history import STEP_MINUTES, Values
from models.glucose.readings import Person, filled_in, rows_of
from models.runner import Runner

AHEAD = tuple(minutes // STEP_MINUTES for minutes in MINUTES)
LEAST_AHEAD = 10
"""Minutes before glucose is low that a warning must come to count."""
WARNING_LASTS = 60
"""Minutes that a warning holds: another within them is the same one; if nothing is low within them it was false."""
WELL_MINUTES = 15


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One person's tested rows. said: (n, len(MINUTES), len(ANSWERS)). now: (n,). target: (n, len(MINUTES)), NaN: none. real: (n,), now is a reading.

    lows, warned, false: hypoglycaemic episodes, those warned of in time, and warnings of nothing. days: how long was watched.
    """

    name: str
    said: Values
    now: Values
    target: Values
    real: NDArray[np.bool_]
    lows: int
    warned: int
    false: int
    days: float


def told(person: Person, runner: Runner, first: int | None = None) -> Told:
    """Forecast a person's rows whose target lies from `first` on (None: from where testing begins)."""
    start = person.later if first is None else first
    rows = rows_of(person.grid, AHEAD)
    target = np.where(rows.at[:, None] + np.array(AHEAD) >= start, rows.target, np.nan)
    inside = np.isfinite(target).any(axis=1)
    history, at, target = rows.history[inside], rows.at[inside], target[inside]
    said = forecasts(history, runner) if len(history) else np.zeros((0, len(MINUTES), len(ANSWERS)))
    counts = warnings(person.grid, at, warned(said, history[:, -1]))
    return Told(person.name, said, history[:, -1], target, ~filled_in(person.grid)[at], *counts, len(at) * STEP_MINUTES / 1440)


def warnings(grid: Values, at: NDArray[np.int64], risky: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Return (episodes of low glucose, those warned of at least LEAST_AHEAD before, warnings that nothing low followed).

    An episode begins with WELL_MINUTES of readings below LOW; at: places that were judged, ascending; risky: where low was foretold and is not yet.
    """
    least, lasts = LEAST_AHEAD // STEP_MINUTES, WARNING_LASTS // STEP_MINUTES
    begins = _episodes(grid, int(at[0]), int(at[-1])) if len(at) else []
    given: list[int] = []
    for place in at[risky].tolist():
        if not given or place - given[-1] > lasts:
            given.append(place)
    spoken = at[risky]
    known = set(at.tolist())
    judged = [begin for begin in begins if any(place in known for place in range(begin - lasts, begin - least + 1))]
    timely = sum(bool(((spoken >= begin - lasts) & (spoken <= begin - least)).any()) for begin in judged)
    ends = np.array(begins)
    false = sum(not (((ends >= place) & (ends <= place + lasts)).any() if len(ends) else False) for place in given)
    return len(judged), timely, false


def _episodes(grid: Values, first: int, last: int) -> list[int]:
    """Return where stretches of WELL_MINUTES and more below LOW begin."""
    need, found, run, well = WELL_MINUTES // STEP_MINUTES, list[int](), 0, WELL_MINUTES
    for place in range(first, min(last + 1 + 12, len(grid))):
        low = bool(grid[place] < LOW)
        if low:
            run += 1
            if run == need and well >= need:
                found.append(place - need + 1)
                well = 0
        else:
            run = 0
            well += bool(np.isfinite(grid[place]))
    return found


def error(place: int, answer: str | None, *, squared: bool = False, real: bool = False) -> Callable[[Sequence[Told]], float]:
    """Return a figure: the mean over people of each one's error at MINUTES[place]. answer: of ANSWERS, None: as now. real: only where now is a reading."""

    def figure(people: Sequence[Told]) -> float:
        values: list[float] = []
        for each in people:
            said = each.now if answer is None else each.said[:, place, ANSWERS.index(answer)]
            off = (said - each.target[:, place])[each.real] if real else said - each.target[:, place]
            off = off[np.isfinite(off)]
            if len(off):
                values.append(float(np.sqrt((off**2).mean())) if squared else float(np.abs(off).mean()))
        return float(np.mean(values)) if values else nan

    return figure


def between(place: int) -> Callable[[Sequence[Told]], float]:
    """Return a figure: the share of rows whose truth lies between the 5 % and the 95 % bound."""

    def figure(people: Sequence[Told]) -> float:
        inside = [(each.target[:, place] >= each.said[:, place, 1]) & (each.target[:, place] <= each.said[:, place, -1]) for each in people]
        known = [np.isfinite(each.target[:, place]) for each in people]
        number = sum(int(each.sum()) for each in known)
        return sum(int((a & b).sum()) for a, b in zip(inside, known, strict=True)) / number if number else nan

    return figure


def sensitivity(people: Sequence[Told]) -> float:
    """Return the share of episodes that were warned of in time; NaN without any."""
    lows = sum(each.lows for each in people)
    return sum(each.warned for each in people) / lows if lows else nan


def false_a_day(people: Sequence[Told]) -> float:
    """Return warnings of nothing a day of readings."""
    days = sum(each.days for each in people)
    return sum(each.false for each in people) / days if days else nan


def figures() -> dict[str, Callable[[Sequence[Told]], float]]:
    """Return the figures by name."""
    found: dict[str, Callable[[Sequence[Told]], float]] = {}
    for minutes in (30, 60):
        place = MINUTES.index(minutes)
        found |= {
            f"{minutes} min, mean absolute error": error(place, "50 %"),
            f"{minutes} min, as now, mean absolute error": error(place, None),
            f"{minutes} min, root mean square error": error(place, "mean", squared=True),
            f"{minutes} min, as now, root mean square error": error(place, None, squared=True),
            f"{minutes} min from real readings, mean absolute error": error(place, "50 %", real=True),
            f"{minutes} min from real readings, as now, mean absolute error": error(place, None, real=True),
            f"{minutes} min, share between the bounds": between(place),
        }
    return {**found, "low, warned of 10 minutes before and more": sensitivity, "low, false warnings a day": false_a_day}


def estimates(people: Sequence[Told]) -> dict[str, Estimate]:
    """Return each figure that is defined here, with its 95 % interval by people."""
    found = {name: estimate(figure, people, 0) for name, figure in figures().items()}
    return {name: each for name, each in found.items() if not isnan(each.value)}

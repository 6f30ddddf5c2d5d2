"""How many alerts does a patient-day have at how much sensitivity? Plain limits, NEWS2 and the rivals, on the same streams and the same planted episodes.

Each person's first half says what is usual for them; the second half is watched, as it is (a person with anything out of order there is left out)
and with each possible episode planted into it. An episode is told if an alert is raised between its beginning and LASTS steps later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models import early_warning
from models.evaluation import DAY_MS, Estimate, estimate
from models.vital_anomaly.trend.course import CODES, STEP_MS, STEPS, vector
from models.vital_anomaly.trend.planting import EPISODES, LASTS, planted, possible
from models.vital_anomaly.trend.recordings import LIMITS, Stream, Values, courses, out_of_order
from models.vital_anomaly.trend.strangeness import People, Usual, strangeness, usual_for
from models.vital_anomaly.verdict import CALM, Thresholds, step

Scores = NDArray[np.float64]
Scorer = Callable[[Values, Usual], Scores]
"""Courses, (n, STEPS, vitals), and what is usual for the person -> a score each, (n,)."""
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Inputs, (n, FEATURES) -> the courses again, standardised, (n, STEPS * vitals)."""

OFTEN = 3
"""Plantings of each episode into a long stream."""
LONG = 150
EARLIEST = 12
"""An episode begins so many steps after the first, and later."""
SETTLED = 3
"""Limits and NEWS2 look at the median of so many steps."""
LEAST_OWN = 4
"""A person's own median is known from so many ordinary steps of theirs."""
LEAST_REAL, BESIDE = 6, 12
"""A real stretch has so many steps out of order; so many ordinary ones between two do not part them, and are looked at beside it."""
TARGETS = (0.8, 0.9, 0.95)
AS_MUCH_ABOVE = 0.6
"""A score clears below this part of what raises."""
RAISE_AFTER, CLEAR_AFTER = 2, 6


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """One person as one scorer saw them. calm: scores of the second half, empty if anything is out of order there. episodes: (name, scores) each.

    real: scores of each recorded stretch in which something was out of order, from two minutes before it began to two after it ended.
    """

    id: str
    calm: Scores
    episodes: tuple[tuple[str, Scores], ...]
    real: tuple[Scores, ...] = ()


def medians_of(stream: Stream) -> dict[int, float]:
    """Return a person's own medians by metric (code), of the ordinary steps of their first half."""
    half = Stream(stream.id, stream.values[: len(stream.values) // 2]).ordinary()
    return {code: float(np.nanmedian(half[:, v])) for v, code in enumerate(CODES) if int(np.isfinite(half[:, v]).sum()) >= LEAST_OWN}


def watch(stream: Stream, scorer: Scorer, people: People) -> Watched:
    """Watch a person's second half, as it is and with episodes planted; the same episodes for every scorer."""
    usual = usual_for(people, medians_of(stream))
    values = stream.values[max(0, len(stream.values) // 2 - STEPS + 1) :]
    off = out_of_order(values)
    calm = scorer(courses(values), usual) if not off.any() else np.zeros(0)
    episodes: list[tuple[str, Scores]] = []
    dice = np.random.default_rng(list(stream.id.encode()))
    last = len(values) - LASTS
    if off.mean() <= 0.1 and last >= EARLIEST:
        for name in EPISODES:
            for _ in range((OFTEN if len(values) > LONG else 1) if possible(stream, name) else 0):
                start = int(dice.integers(EARLIEST, last + 1))
                changed = planted(values, name, start, dice)
                episodes.append((name, scorer(courses(changed[max(0, start - STEPS + 1) : start + LASTS]), usual)))
    real = tuple(scorer(courses(stream.values[first:last]), usual) for first, last in real_stretches(stream.values))
    return Watched(stream.id, calm, tuple(episodes), real)


def real_stretches(values: Values) -> list[tuple[int, int]]:
    """Return (first, last) steps of what is looked at of each stretch of LEAST_REAL steps out of order and more, short breaks included."""
    off = np.flatnonzero(out_of_order(values))
    if not len(off):
        return []
    parts = np.split(off, np.flatnonzero(np.diff(off) > BESIDE) + 1)
    return [
        (max(0, int(part[0]) - STEPS - BESIDE + 1), min(len(values), int(part[-1]) + BESIDE + 1))
        for part in parts
        if len(part) >= LEAST_REAL
    ]


def alerts(scores: Scores, raise_at: float) -> int:
    """Return how many alerts a run of scores raises."""
    thresholds, verdict, count = Thresholds(raise_at, AS_MUCH_ABOVE * raise_at, RAISE_AFTER, CLEAR_AFTER), CALM, 0
    for score in scores.tolist():
        verdict, raised = step(verdict, score, thresholds)
        count += raised
    return count


def sensitivity(people: Sequence[Watched], raise_at: float, of: str | None = None) -> float:
    """Return the share of episodes (of one name, or of all) in which an alert is raised; NaN without any."""
    told = [alerts(scores, raise_at) > 0 for person in people for name, scores in person.episodes if of in (None, name)]
    return float(np.mean(told)) if told else float("nan")


def told_of_real(people: Sequence[Watched], raise_at: float) -> float:
    """Return the share of real stretches out of order in which an alert is raised; NaN without any."""
    told = [alerts(scores, raise_at) > 0 for person in people for scores in person.real]
    return float(np.mean(told)) if told else float("nan")


def alerts_a_day(people: Sequence[Watched], raise_at: float) -> float:
    """Return alerts a patient-day of ordinary streams; NaN without any."""
    steps = sum(len(person.calm) for person in people)
    if np.isnan(raise_at):
        return float("nan")
    return sum(alerts(person.calm, raise_at) for person in people) * DAY_MS / (steps * STEP_MS) if steps else float("nan")


def raise_at_for(people: Sequence[Watched], target: float) -> float:
    """Return the highest threshold with at least this sensitivity."""
    peaks = np.sort([_second_run(scores) for person in people for _, scores in person.episodes])
    if not len(peaks):
        return float("nan")
    return float(peaks[len(peaks) - int(np.ceil(target * len(peaks) - 1e-9))])


def _second_run(scores: Scores) -> float:
    """Return the highest threshold at which an alert would be raised: RAISE_AFTER scores in a row lie at or above it."""
    if len(scores) < RAISE_AFTER:
        return float("-inf")
    return float(np.lib.stride_tricks.sliding_window_view(scores, RAISE_AFTER).min(axis=1).max())


def at_equal_sensitivity(people: Sequence[Watched]) -> dict[str, Estimate]:
    """Return alerts a patient-day at each of TARGETS, with intervals by people."""
    return {
        f"alerts a patient-day at sensitivity {target:g}": estimate(partial(alerts_a_day, raise_at=raise_at_for(people, target)), people, 0)
        for target in TARGETS
    }


def by_limits(values: Values, _: Usual) -> Scores:
    """Score courses by how near a vital's median is to its limit: 1 at the limit, 0 in the middle of what is in order."""
    low, high = np.array(LIMITS).T
    middle = np.where(np.isfinite(high), (low + high) / 2, 99.0)
    now = _settled(values)
    score = np.maximum((middle - now) / (middle - low), np.where(np.isfinite(high), (now - middle) / (high - middle), -np.inf))
    return np.nan_to_num(score, nan=0.0, neginf=0.0).max(axis=1)


def by_early_warning(values: Values, _: Usual) -> Scores:
    """Score courses by NEWS2 of what is measured; what is missing brings no points."""
    bands = ("pulse", "respiratory_rate", "spo2_scale_1", "temperature")
    rows = _settled(values).tolist()
    return np.array(
        [sum(early_warning.points(band, v) for band, v in zip(bands, row, strict=True) if np.isfinite(v)) for row in rows], dtype=np.float64
    )


def _settled(values: Values) -> Values:
    newest = values[:, -SETTLED:]
    found = np.full((len(values), newest.shape[2]), np.nan)
    known = np.isfinite(newest).any(axis=1)
    rows, columns = np.nonzero(known)
    found[rows, columns] = np.nanmedian(newest[rows, :, columns], axis=1)
    return found


def by_network(network: Network, people: People, *, alone: bool = False) -> Scorer:
    """Return the scorer of a rival. alone: by the network's residual, without the departure."""

    def scorer(values: Values, usual: Usual) -> Scores:
        if not len(values):
            return np.zeros(0)
        said = network(np.stack([vector(course) for course in values]))
        found = [strangeness(course, each, people, usual) for course, each in zip(values, said, strict=True)]
        return np.array([0.0 if each is None else each.residual if alone else each.score for each in found])

    return scorer


def by_departure(people: People) -> Scorer:
    """Return the scorer that asks no network: the greatest departure from the usual."""

    def scorer(values: Values, usual: Usual) -> Scores:
        nothing = np.zeros(STEPS * len(CODES), dtype=np.float32)
        found = [strangeness(course, nothing, people, usual) for course in values]
        return np.array([0.0 if each is None else each.score - each.residual for each in found])

    return scorer


def hours_of(people: Sequence[Watched]) -> float:
    """Return how long ordinary streams were watched."""
    return sum(len(person.calm) for person in people) * STEP_MS / 3_600_000


def without(scorer: Scorer, hidden: Mapping[str, Sequence[int]]) -> dict[str, Scorer]:
    """Return the scorer with some vitals hidden from it, by name."""

    def hiding(columns: Sequence[int]) -> Scorer:
        def scorer_of(values: Values, usual: Usual) -> Scores:
            seen = values.copy()
            seen[:, :, list(columns)] = np.nan
            return scorer(seen, usual)

        return scorer_of

    return {name: hiding(columns) for name, columns in hidden.items()}

"""Was everything that was produced stored, each exactly once? (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.local.journal import Produced

Key = tuple[str, int, str]
"""wearable (UUID in text), record, metric."""
Place = tuple[str, int, str]
"""wearable, session, metric: where samples are counted from 0."""
Piece = tuple[int, int]
"""first sample, number of samples."""


@dataclass(frozen=True, slots=True)
class Balance:
    """produced = stored - duplicated - invented + lost. invented: stored under a record that was never produced, or more than it held."""

    produced: int
    stored: int
    lost: int
    duplicated: int
    invented: int


def of_readings(produced: Iterable[Produced], stored: Mapping[Key, int]) -> Balance:
    """Compare values: for each record and metric, how many were made and how many rows there are.

    More rows than values of a record that was produced are duplicates; rows of a record that was not are invented.
    """
    wanted: Counter[Key] = Counter()
    for record in produced:
        for metric, count in record.values.items():
            wanted[record.wearable, record.record, metric] += count
    return Balance(
        produced=sum(wanted.values()),
        stored=sum(stored.values()),
        lost=sum(max(0, count - stored.get(key, 0)) for key, count in wanted.items()),
        duplicated=sum(max(0, count - wanted[key]) for key, count in stored.items() if key in wanted),
        invented=sum(count for key, count in stored.items() if key not in wanted),
    )


def of_samples(produced: Iterable[Produced], stored: Mapping[Place, Iterable[Piece]]) -> Balance:
    """Compare waveform samples: which numbers of each session were made, and how often each is stored."""
    made: dict[Place, list[Piece]] = {}
    for record in produced:
        if record.samples:
            made.setdefault((record.wearable, record.session, record.waveform), []).append((record.first_sample, record.samples))
    total = Balance(0, 0, 0, 0, 0)
    for place in made.keys() | stored.keys():
        total = _sum(total, _of_place(made.get(place, ()), stored.get(place, ())))
    return total


def _of_place(made: Iterable[Piece], stored: Iterable[Piece]) -> Balance:
    """Sweep over both sets of pieces by their ends: depth of what was made and of what is stored between two ends."""
    steps: list[tuple[int, int, int]] = []
    for pieces, made_step, stored_step in ((made, 1, 0), (stored, 0, 1)):
        for first, samples in pieces:
            steps += [(first, made_step, stored_step), (first + samples, -made_step, -stored_step)]
    produced = kept = lost = duplicated = invented = 0
    depth_made = depth_stored = at = 0
    for place, made_step, stored_step in sorted(steps):
        width, at = place - at, place
        produced += width * depth_made
        kept += width * depth_stored
        lost += width * max(0, depth_made - depth_stored)
        surplus = width * max(0, depth_stored - depth_made)
        duplicated, invented = (duplicated + surplus, invented) if depth_made else (duplicated, invented + surplus)
        depth_made += made_step
        depth_stored += stored_step
    return Balance(produced, kept, lost, duplicated, invented)


def _sum(one: Balance, two: Balance) -> Balance:
    return Balance(
        one.produced + two.produced,
        one.stored + two.stored,
        one.lost + two.lost,
        one.duplicated + two.duplicated,
        one.invented + two.invented,
    )

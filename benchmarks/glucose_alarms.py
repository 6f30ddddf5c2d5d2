"""How good are the home's glucose alarms? `make evaluate`; DATA=../shared/data SETS=HUPA-UCM,AZT1D REPORT=.

The watch of the gateway itself is led through people's recordings of continuous glucose, reading by reading. A hypoglycaemia is 15 minutes
below 70 mg/dL, over after 15 minutes at or above it (Battelino et al., Diabetes Care 42:1593, 2019); it is found when an alarm of low glucose
came in the half hour before it or while it lasted. An alarm that low is ahead is right when a value below 70 follows within 30 minutes. The
rule has no part that was learnt from these people. 95 % intervals: 1,000 draws of people with replacement.
"""

import gzip
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from csv import DictReader
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median
from uuid import UUID, uuid5

import numpy as np

from benchmarks import evidence
from edge.gateway.glucose_watch import LOW, GlucoseWatch
from edge.gateway.window import PatientWindow
from models.glucose.shipped import opened
from protocol.metrics import INTERSTITIAL_GLUCOSE
from protocol.samples import Reading

MINUTE_MS = 60_000
EVERY_MS = 5 * MINUTE_MS
LASTS_MS, BEFORE_MS, FOLLOWS_MS = 15 * MINUTE_MS, 30 * MINUTE_MS, 30 * MINUTE_MS
LARGEST_GAP_MS = 30 * MINUTE_MS
DRAWS = 1000
_NAMES = UUID("6f1c2f5e-6f0e-4a4e-8a43-0d9a3c1b7f01")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the watch said of one person. days: measured. found, missed: hypoglycaemias; leads: minutes before each that was found.

    right, wrong: alarms that low is ahead. alarms: of every kind. plain: how often a plain threshold at 70 would have sounded.
    """

    days: float
    found: int
    missed: int
    leads: tuple[float, ...]
    right: int
    wrong: int
    alarms: int
    plain: int


def people(file: Path) -> Iterator[tuple[str, list[Reading]]]:
    """Yield each person's readings by time."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        for person, rows in groupby(DictReader(text), key=lambda row: row["person_id"]):
            wearable = uuid5(_NAMES, f"{file.name} {person}")
            at = {int(datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp() * 1000): row for row in rows}
            yield (
                person,
                [
                    Reading(wearable, INTERSTITIAL_GLUCOSE.code, ms, float(at[ms]["glucose_mg_dl"]), number)
                    for number, ms in enumerate(sorted(at))
                    if at[ms]["glucose_mg_dl"]
                ],
            )


def lows(readings: Sequence[Reading]) -> list[tuple[int, int]]:
    """Return (start, end), ms, of each hypoglycaemia; a gap ends it."""
    found: list[tuple[int, int]] = []
    run: list[int] = []  # moments below LOW of the one that lasts
    above = 0  # readings at or above since
    before = 0
    for reading in readings:
        if reading.at - before > LARGEST_GAP_MS or above * EVERY_MS >= LASTS_MS:
            found += _lasting(run)
            run, above = [], 0
        if reading.value < LOW:
            run.append(reading.at)
        above = 0 if reading.value < LOW else above + 1
        before = reading.at
    return found + _lasting(run)


def _lasting(run: Sequence[int]) -> list[tuple[int, int]]:
    return [(run[0], run[-1])] if run and run[-1] - run[0] >= LASTS_MS - EVERY_MS else []


def watch(readings: Sequence[Reading]) -> Seen:
    """Lead the gateway's watch through one person's readings."""
    window, watching = PatientWindow(), GlucoseWatch(UUID(int=1), opened())
    alarms = [finding for reading in readings if window.push(reading) for finding in watching.look(window, reading)]
    of_low = [finding.at for finding in alarms if "above" not in finding.explanation]
    leads = [
        (start - min(near)) / MINUTE_MS if (near := [at for at in of_low if start - BEFORE_MS <= at <= end]) else None
        for start, end in lows(readings)
    ]
    low_at = np.array([reading.at for reading in readings if reading.value < LOW], dtype=np.int64)
    ahead = np.array([finding.at for finding in alarms if "minutes" in finding.explanation], dtype=np.int64)
    follows = np.searchsorted(low_at, ahead + FOLLOWS_MS, side="right") > np.searchsorted(low_at, ahead, side="right")
    values = np.array([reading.value for reading in readings])
    return Seen(
        days=len(readings) * EVERY_MS / 86_400_000,
        found=sum(lead is not None for lead in leads),
        missed=sum(lead is None for lead in leads),
        leads=tuple(lead for lead in leads if lead is not None),
        right=int(follows.sum()),
        wrong=int((~follows).sum()),
        alarms=len(alarms),
        plain=int(((values[1:] < LOW) & (values[:-1] >= LOW)).sum()),
    )


FIGURES: dict[str, Callable[[Sequence[Seen]], float]] = {
    "sensitivity": lambda seen: sum(one.found for one in seen) / max(1, sum(one.found + one.missed for one in seen)),
    "median_lead_minutes": lambda seen: median([lead for one in seen for lead in one.leads] or [float("nan")]),
    "right_when_low_is_ahead": lambda seen: sum(one.right for one in seen) / max(1, sum(one.right + one.wrong for one in seen)),
    "alarms_per_patient_day": lambda seen: sum(one.alarms for one in seen) / sum(one.days for one in seen),
    "plain_threshold_per_patient_day": lambda seen: sum(one.plain for one in seen) / sum(one.days for one in seen),
}


def figures(name: str, seen: Sequence[Seen]) -> dict[str, float]:
    """Return each figure of one set with its interval."""
    dice = np.random.default_rng(0)
    draws = [[seen[i] for i in dice.integers(0, len(seen), len(seen))] for _ in range(DRAWS)]
    said: dict[str, float] = {f"{name} people": len(seen), f"{name} hypoglycaemias": sum(one.found + one.missed for one in seen)}
    for what, of in FIGURES.items():
        low, high = np.nanpercentile([of(draw) for draw in draws], [2.5, 97.5])
        said |= {
            f"{name} {what}": round(of(seen), 3),
            f"{name} {what} low": round(float(low), 3),
            f"{name} {what} high": round(float(high), 3),
        }
    return said


def main() -> int:
    """Print the report; 2 where a set is not here."""
    folder = Path(os.environ.get("DATA") or "../shared/data") / "vitals" / "cgm"
    found: dict[str, float] = {}
    for name in (os.environ.get("SETS") or "HUPA-UCM,AZT1D").split(","):
        file = folder / f"{name}.csv.gz"
        if not file.is_file():
            print(f"{file} is not here: say with DATA= where vitals/cgm/{name}.csv.gz is", file=sys.stderr)
            return 2
        found |= figures(name, [watch(readings) for _, readings in people(file)])
    return evidence.report(found, {}, {"intervals": f"95 %, {DRAWS} draws of people with replacement", "low_mg_dl": LOW})


if __name__ == "__main__":
    sys.exit(main())

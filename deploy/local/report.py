"""What a run showed, as numbers: the balance of what was produced and stored, delays, memory, versions (pure).

Form: {"figures": {name: number or null}, "goals": {name: [operator, number]}, "missed": [name], "context": {...}}. A goal whose figure is
null (no alert, so no delay) is missed. All delays are wall time, whatever the pace.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.local.balance import Balance
from deploy.local.journal import Produced
from deploy.local.rows import StoredAlert

Figures = dict[str, float | int | None]
GOALS: dict[str, tuple[str, float]] = {
    "produced": (">=", 1),
    "lost": ("==", 0),
    "duplicated": ("==", 0),
    "invented": ("==", 0),
    "lost_samples": ("==", 0),
    "duplicated_samples": ("==", 0),
    "invented_samples": ("==", 0),
    "alerts": (">=", 1),
    "air_to_row_p99_ms": ("<", 1000),
    "air_to_screen_p99_ms": ("<", 1000),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one run. started, first_stored_at: wall clock, Unix seconds.

    seen: alert id -> arrival at a WebSocket client, Unix seconds. memory: MiB by process. starts: by process.
    """

    started: float
    produced: Sequence[Produced]
    readings: Balance
    samples: Balance
    alerts: Sequence[StoredAlert]
    seen: Mapping[str, float]
    first_stored_at: float | None
    memory: Mapping[str, float]
    starts: Mapping[str, int]


def report(run: Run, context: Mapping[str, object]) -> dict[str, object]:
    """Return the report, ready for JSON."""
    figures = _figures(run)
    return {
        "figures": figures,
        "goals": {name: list(goal) for name, goal in GOALS.items()},
        "missed": [name for name, (operator, number) in GOALS.items() if not _met(figures[name], operator, number)],
        "context": {
            **context,
            "alerts_by_detector": dict(Counter(f"{alert.kind} by {alert.detector}" for alert in run.alerts)),
            "starts": dict(run.starts),
        },
    }


def balanced(run: Run) -> bool:
    """Return whether something was produced, all of it is stored exactly once, and nothing else is."""
    return run.readings.produced > 0 and all(part.lost == part.duplicated == part.invented == 0 for part in (run.readings, run.samples))


def quantile(numbers: Iterable[float], share: float) -> float | None:
    """Return the smallest number that at least this share of them does not exceed (nearest rank); None of none."""
    ordered = sorted(numbers)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _figures(run: Run) -> Figures:
    on_air = {(record.wearable, record.record): record.on_air for record in reversed(run.produced)}
    to_row = [1000 * (alert.stored_at - on_air[key]) for alert in run.alerts if (key := _trigger(alert)) in on_air]
    to_screen = [
        1000 * (run.seen[alert.id] - on_air[key]) for alert in run.alerts if (key := _trigger(alert)) in on_air and alert.id in run.seen
    ]
    figures: Figures = {
        "wearables": len({record.wearable for record in run.produced}),
        "records": len(run.produced),
        **_balance("", run.readings),
        **_balance("_samples", run.samples),
        "alerts": len(run.alerts),
        "alerts_on_screen": len(to_screen),
        **_delays("air_to_row", to_row),
        **_delays("air_to_screen", to_screen),
        "start_to_first_reading_s": _since(run.started, run.first_stored_at),
        "start_to_first_alert_s": _since(run.started, min((alert.stored_at for alert in run.alerts), default=None)),
    }
    return figures | {f"resident_{name}_mib": round(mib, 1) for name, mib in run.memory.items()}


def _balance(what: str, balance: Balance) -> Figures:
    return {
        f"produced{what}": balance.produced,
        f"stored{what}": balance.stored,
        f"lost{what}": balance.lost,
        f"duplicated{what}": balance.duplicated,
        f"invented{what}": balance.invented,
    }


def _delays(name: str, delays: list[float]) -> Figures:
    found = {f"{name}_p{round(100 * share)}_ms": quantile(delays, share) for share in (0.5, 0.95, 0.99)}
    return {figure: None if delay is None else round(delay, 1) for figure, delay in found.items()}


def _trigger(alert: StoredAlert) -> tuple[str, int]:
    return alert.wearable, alert.record


def _since(started: float, moment: float | None) -> float | None:
    return None if moment is None else round(moment - started, 2)


def _met(figure: float | None, operator: str, number: float) -> bool:
    if figure is None:
        return False
    return {"==": figure == number, "<": figure < number, ">=": figure >= number}[operator]

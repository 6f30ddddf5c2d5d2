"""How good are the streaming detectors on a folder? What `mediassist evaluate stream_anomaly` prints."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.evaluation import Judged, Unreadable, auprc, auroc, estimate, said
from models.heart_rhythm.lead import UnusableLead
from models.stream_anomaly.alarm_score import PROFILES, Alarmed, learning, score
from models.stream_anomaly.course import Course, widened
from models.stream_anomaly.courses import Labelled, Table, leads_in, tables_in
from models.stream_anomaly.ectopy import Ectopy

Say = Callable[[str], None]
FIRST_S = 10.0
"""So much of a lead is looked at before it is judged, from its first sample on."""
SEED = 0


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge tables of values by their alarms and leads by each sample; return the figures, and say them.

    Raises:
        Unreadable: neither is there, or a file is damaged.
    """
    tables, leads = tables_in(data, labels), leads_in(data)
    if not tables and not leads:
        raise Unreadable(
            f"{data} holds no labels/combined_windows.json beside data/, no .npz with value, label and fs, and no WFDB record with marks"
        )
    return (_of_tables(tables, say) if tables else {}) | (_of_leads(leads, say) if leads else {})


def _of_tables(tables: Sequence[Table], say: Say) -> dict[str, float]:
    rows = sum(len(table.values) for table in tables)
    say(f"{len(tables)} tables, {rows} rows, {sum(len(table.windows) for table in tables)} windows")
    figures = {"tables": float(len(tables))}
    for known in (True, False):
        began = time.process_time()
        alarmed = [alarmed_of(table, known) for table in tables]
        spent = 1e6 * (time.process_time() - began) / max(1, rows)
        say(f"range {'of the whole table known' if known else 'learnt from the first part'}: {spent:.1f} us of a core a row")
        for name, profile in PROFILES.items():
            found = estimate(partial(score, profile=profile), alarmed, SEED)
            figures |= said(f"{name}, range {'known' if known else 'learnt'}", found, say)
    return figures


def alarmed_of(table: Table, known: bool) -> Alarmed:  # noqa: FBT001  (two ways of one question)
    """Return the alarms of one table. known: the range of all its values is told beforehand, else that of the first part is looked at."""
    first = learning(len(table.values))
    seen = table.values if known else table.values[: max(1, first)]
    seen = seen[np.isfinite(seen)]
    ends = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 0.0)
    course = Course(*(ends if known else widened(*ends)), first)
    return Alarmed(np.array([course.alarm(value) > 0 for value in table.values.tolist()], dtype=np.bool_), table.windows)


def _of_leads(leads: Sequence[Labelled], say: Say) -> dict[str, float]:
    judged: list[Judged] = []
    figures = {"leads": float(len(leads))}
    for lead in leads:
        began = time.process_time()
        try:
            step = Ectopy(lead.signal[: int(FIRST_S * lead.rate_hz)], lead.rate_hz).step
        except UnusableLead as error:
            raise Unreadable(f"{lead.name}: {error}") from error
        one = Judged(np.array([step(value) for value in lead.signal.tolist()]), lead.strange)
        spent = 1e6 * (time.process_time() - began) / max(1, len(lead.signal))
        share = float(lead.strange.mean())
        under_precision, under_curve = auprc(one.scores, one.truth), auroc(one.scores, one.truth)
        say(
            f"{lead.name}: AUC-PR {under_precision:.3f} (by chance {share:.3f}), AUROC {under_curve:.3f}, {spent:.1f} us of a core a sample"
        )
        if one.truth.any():
            figures[f"{lead.name.lower()}_auc_pr"] = under_precision
            judged.append(one)
    for name, measure in (("AUC-PR, mean", auprc), ("AUROC, mean", auroc)):
        if judged:
            values = [measure(one.scores, one.truth) for one in judged]
            figures |= said(f"{name} of {len(judged)} leads", estimate(_mean, values, SEED), say)
    return figures


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))

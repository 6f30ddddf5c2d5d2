"""How good is heart_rhythm on a folder of WFDB recordings? What `mediassist evaluate heart_rhythm` prints."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.evaluation import Judged, Unreadable, auroc, estimate, over_windows, said
from models.heart_rhythm import assess, finder, verdict
from models.heart_rhythm import rhythm_assess as rhythms
from models.heart_rhythm.classes import assess as classes
from models.heart_rhythm.classes import classifier
from models.heart_rhythm.recordings import Recording, read, records_in
from models.heart_rhythm.rhythm import Beats, Rhythm, episodes

Say = Callable[[str], None]


@dataclass(slots=True)
class _Seen:
    """What was seen of all recordings so far."""

    counts: list[assess.Count] = field(default_factory=list)
    tables: list[classes.Table] = field(default_factory=list)
    durations: list[dict[Rhythm, rhythms.Duration]] = field(default_factory=list)
    windows: list[Judged] = field(default_factory=list)
    alarms: list[dict[verdict.Kind, rhythms.Alarms]] = field(default_factory=list)
    spent_s: float = 0.0
    minutes: float = 0.0


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge the shipped networks on the recordings of a folder; return the figures, and say them and each recording's.

    Raises:
        Unreadable: no recordings there, or damaged ones; or labels are given, which these recordings carry themselves.
    """
    if labels is not None:
        raise Unreadable("heart_rhythm reads its labels from the recordings (.atr): leave --labels out")
    paths = records_in(data)
    if not paths:
        raise Unreadable(f"{data} holds no WFDB record with annotations (NAME.hea, NAME.dat and NAME.atr)")
    networks, seen = verdict.opened(), _Seen()
    for path in paths:
        try:
            recording = read(path)
            began = time.process_time()
            classed = classifier.classify(recording.signal, recording.rate_hz, networks.finder, networks.classifier)
            seen.spent_s += time.process_time() - began
        except (ValueError, finder.UnusableLead) as error:
            raise Unreadable(f"{path.name}: not read: {error}") from error
        _note(seen, recording, classed)
        seen.alarms.append(rhythms.alarms(recording, networks))
        last = seen.counts[-1]
        say(f"{last.name:12} {last.beats:6} beats, {last.beats - last.found:4} missed, {last.extra:4} extra, F1 {100 * last.f1:.2f} %")
    figures = {"recordings": float(len(paths)), "beats": float(sum(each.beats for each in seen.counts))}
    figures |= _beats(seen.counts, say) | _classes(seen.tables, say) | _rhythms(seen, say)
    figures["core_ms_per_minute"] = 1000 * seen.spent_s / max(seen.minutes, 1e-9)
    say(f"{figures['core_ms_per_minute']:.1f} ms of a core a minute of one lead")
    return figures


def _note(seen: _Seen, recording: Recording, classed: classifier.Classed) -> None:
    at = classed.found.at
    beats = Beats(at / recording.rate_hz, classed.letters, classed.found.unseen(recording.rate_hz))
    seen.minutes += len(recording.signal) / recording.rate_hz / 60
    seen.counts.append(assess.count(recording, at))
    seen.tables.append(classes.table(recording, at, classed.letters))
    seen.durations.append(rhythms.durations(recording, episodes(beats)))
    seen.windows.append(rhythms.windows(recording, beats))


def _beats(counts: Sequence[assess.Count], say: Say) -> dict[str, float]:
    figures = {"worst_f1": min(each.f1 for each in counts)}
    for name, measure in (("sensitivity", assess.sensitivity), ("positive predictive value", assess.predictive_value), ("f1", assess.f1)):
        figures |= said(name, assess.estimate(measure, counts), say)
    return figures


def _classes(tables: Sequence[classes.Table], say: Say) -> dict[str, float]:
    say("classes, a line a class, by what they were called: N, S, V, F, not found")
    for letter, row in zip(classifier.CLASSES, classes.together(tables).tolist(), strict=True):
        say(f"{letter}  {'  '.join(f'{number:6}' for number in row)}")
    figures: dict[str, float] = {}
    for name, measure in classes.MEASURES.items():
        figures |= said(f"classes {name}", classes.estimate(measure, tables), say)
    return figures


def _rhythms(seen: _Seen, say: Say) -> dict[str, float]:
    figures: dict[str, float] = {}
    for rhythm in rhythms.MARKS:
        each = [recording[rhythm] for recording in seen.durations]
        key = f"rhythm_{rhythm.replace(' ', '_')}"
        if not any(one.marked for one in each):
            continue
        figures[f"{key}_marked_s"] = sum(one.marked for one in each)
        figures |= said(f"rhythm {rhythm} sensitivity", estimate(rhythms.duration_sensitivity, each, 0), say)
        figures |= said(f"rhythm {rhythm} positive predictive value", estimate(rhythms.duration_predictive_value, each, 0), say)
    figures |= said("fibrillation windows AUROC", estimate(over_windows(auroc), seen.windows, 0), say)
    for kind in seen.alarms[0]:
        each = [recording[kind] for recording in seen.alarms]
        figures |= {f"alarms_{kind}_ill": float(sum(one.ill for one in each))}
        figures |= said(f"alarms {kind} share told", estimate(rhythms.share_told, each, 0), say)
        figures |= said(f"alarms {kind} false a day", estimate(rhythms.false_a_day, each, 0), say)
    return figures

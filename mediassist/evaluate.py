"""How good is a detector on your recordings? `mediassist evaluate MODEL --data FOLDER [--report FILE]`.

heart_rhythm   WFDB records (.hea, .dat) with beats marked in .atr: sensitivity, positive predictive value and F1 of the first lead's R peaks,
               at most 150 ms from the mark, each with its 95 % interval by recordings, every recording's misses and extras, and what it cost;
               and of the classes N, S, V, F of ANSI/AAMI EC57: accuracy, mean sensitivity, j-kappa, and both figures of each class.

The artefact that ships is what is asked. It needs the package wfdb (extra `demo` or `train`). Exit status 2: nothing to read there.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from math import isnan
from pathlib import Path

MODELS = ("heart_rhythm",)


def evaluate(arguments: Sequence[str]) -> int:
    """Run `mediassist evaluate`; 0: done, 2: it cannot be."""
    parser = argparse.ArgumentParser(prog="mediassist evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--data", type=Path, required=True, help="the folder of recordings")
    parser.add_argument("--report", type=Path, help="write the figures here, as JSON")
    given = parser.parse_args(arguments)
    try:
        from models.heart_rhythm import assess, finder, recordings  # noqa: PLC0415  (wfdb is in no role that runs in a home or a data centre)
        from models.heart_rhythm.classes import assess as classes  # noqa: PLC0415
        from models.heart_rhythm.classes import classifier  # noqa: PLC0415
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed: `pip install 'mediassist[demo]'`", file=sys.stderr)
        return 2
    folder: Path = given.data
    paths = recordings.records_in(folder)
    if not paths:
        print(f"{folder} holds no WFDB record with annotations (NAME.hea, NAME.dat and NAME.atr)", file=sys.stderr)
        return 2
    runner, classer = finder.shipped(), classifier.shipped()
    counts: list[assess.Count] = []
    tables: list[classes.Table] = []
    spent = minutes = 0.0
    for path in paths:
        try:
            one = recordings.read(path)
            began = time.process_time()
            classed = classifier.classify(one.signal, one.rate_hz, runner, classer)
            spent, minutes = spent + time.process_time() - began, minutes + len(one.signal) / one.rate_hz / 60
            counts.append(assess.count(one, classed.found.at))
            tables.append(classes.table(one, classed.found.at, classed.letters))
        except (ValueError, finder.UnusableLead) as error:
            print(f"{path.name}: not read: {error}", file=sys.stderr)
            return 2
        last = counts[-1]
        print(f"{last.name:12} {last.beats:6} beats, {last.beats - last.found:4} missed, {last.extra:4} extra, F1 {100 * last.f1:.2f} %")
    figures: dict[str, float] = {"recordings": len(counts), "beats": sum(each.beats for each in counts)}
    for name, measure in (("sensitivity", assess.sensitivity), ("positive_predictive_value", assess.predictive_value), ("f1", assess.f1)):
        share = assess.estimate(measure, counts)
        figures |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
        print(f"{name.replace('_', ' ')}: {100 * share.value:.3f} % [{100 * share.low:.3f}, {100 * share.high:.3f}]")
    print("classes, a line a class, by what they were called: N, S, V, F, not found")
    for letter, row in zip(classifier.CLASSES, classes.together(tables).tolist(), strict=True):
        print(f"{letter}  {'  '.join(f'{number:6}' for number in row)}")
    for name, value in classes.MEASURES.items():
        share = classes.estimate(value, tables)
        if not isnan(share.value):
            key = f"classes_{name.replace(' ', '_').replace('-', '_')}"
            figures |= {key: share.value, f"{key}_low": share.low, f"{key}_high": share.high}
            print(f"{name}: {share.value:.4f} [{share.low:.4f}, {share.high:.4f}]")
    figures |= {"worst_f1": min(each.f1 for each in counts), "core_ms_per_minute": 1000 * spent / max(minutes, 1e-9)}
    print(f"{figures['core_ms_per_minute']:.1f} ms of a core a minute of one lead")
    _write(given.report, figures)
    return 0


def _write(report: Path | None, figures: dict[str, float]) -> None:
    context = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    if report is not None:
        report.write_text(json.dumps({"figures": figures, "goals": {}, "missed": [], "context": context}, indent=2) + "\n", "utf-8")

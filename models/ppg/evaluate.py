"""How good is ppg on a folder of recordings? What `mediassist evaluate ppg` prints."""

import time
from collections.abc import Callable
from pathlib import Path

from models.evaluation import Unreadable, said
from models.ppg.assess import estimates, told
from models.ppg.monitor import shipped
from models.ppg.recordings import read

Say = Callable[[str], None]


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge the shipped network on the recordings of a folder; return the figures, and say them.

    Raises:
        Unreadable: no recordings there, or damaged ones; or labels are given, which these recordings carry themselves.
    """
    if labels is not None:
        raise Unreadable("ppg reads its labels from the recordings: leave --labels out")
    recordings, runner = read(data), shipped()
    began = time.process_time()
    people = [told(each, runner) for each in recordings]
    spent = time.process_time() - began
    number = sum(len(each.breath) for each in people)
    figures = {"recordings": float(len(people)), "windows": float(number), "core_ms_a_window": 1000 * spent / max(1, number)}
    for name, found in estimates(people).items():
        figures |= said(name, found, say)
    say(f"{figures['core_ms_a_window']:.1f} ms of a core a window of 32 s")
    return figures

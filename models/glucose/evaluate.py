"""How good is glucose on a folder of tables of readings? What `mediassist evaluate glucose` prints."""

import time
from collections.abc import Callable
from pathlib import Path

from models.evaluation import Unreadable, said
from models.glucose.assess import estimates, told
from models.glucose.readings import read, tables_in
from models.glucose.shipped import opened

Say = Callable[[str], None]
WHOLE = 0


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge the shipped network on all rows of the tables of a folder; return the figures, and say them table by table.

    Raises:
        Unreadable: no tables there, or damaged ones; or labels are given, which readings are themselves.
    """
    if labels is not None:
        raise Unreadable("what is forecast are the readings themselves: leave --labels out")
    paths, runner, figures = tables_in(data), opened().runner, dict[str, float]()
    for path in paths:
        people = read(path)
        began = time.process_time()
        answers = [told(person, runner, WHOLE) for person in people]
        spent, number = time.process_time() - began, sum(len(each.now) for each in answers)
        table = path.name.split(".")[0]
        say(f"{table}: {len(people)} people, {number} rows, {1e6 * spent / max(1, number):.0f} us of a core a row")
        for name, found in estimates(answers).items():
            figures |= said(f"{table} {name}", found, say)
    return figures

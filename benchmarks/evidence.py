"""The form in which a command of evidence reports: figures, goals, what was missed, and where it was measured."""

import json
import operator
import os
import platform
from collections.abc import Mapping
from pathlib import Path

_HOLDS = {"<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt}


def report(figures: Mapping[str, float], goals: Mapping[str, tuple[str, float]], context: Mapping[str, object]) -> int:
    """Print the report, keep it where REPORT says, and return the exit status: 1 when a goal is missed. A goal without its figure is missed."""
    missed = [name for name, (holds, number) in goals.items() if name not in figures or not _HOLDS[holds](figures[name], number)]
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    made = {"figures": figures, "goals": goals, "missed": missed, "context": {**context, **machine}}
    text = json.dumps(made, indent=2)
    print(text)
    if os.environ.get("REPORT"):
        Path(os.environ["REPORT"]).write_text(text + "\n")
    return 1 if missed else 0

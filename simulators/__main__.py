"""`python -m simulators`: pretend what the file named by SIMULATOR_PLAN says, at the pace of MEDIASSIST_PACE."""

import asyncio
import logging
import os
import random
import sys
from pathlib import Path

from protocol.errors import Malformed
from protocol.pace import parse_pace
from simulators.plan import Plan, PlanError, parse_plan
from simulators.process import run_plan
from simulators.recording import RecordingError


def main() -> int:
    """Run until SIGTERM; return the exit status: 2 for a plan that cannot be followed."""
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of every packet that was under way when a link fell
    try:
        pace = parse_pace(os.environ.get("MEDIASSIST_PACE", ""), demonstration=os.environ.get("MEDIASSIST_DEMO") == "1")
        plan = _plan()
        asyncio.run(run_plan(plan, pace, random.Random()))
    except (PlanError, RecordingError, Malformed, OSError, RuntimeError) as error:
        sys.stderr.write(f"simulators: {error}\n")
        return 2
    return 0


def _plan() -> Plan:
    path = os.environ.get("SIMULATOR_PLAN")
    if path is None:
        raise PlanError("set SIMULATOR_PLAN to the plan's path")
    return parse_plan(Path(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m deploy.local`: the demonstration, from options or from the environment (`make demo` sets the latter)."""

import argparse
import os
import sys
from pathlib import Path

import psycopg

from cloud.migrate import MigrationRefused
from deploy.local import recordings
from deploy.local.demo import Wish, show
from deploy.local.people import MOST_PATIENTS
from deploy.local.processes import ProcessFailed
from deploy.local.recordings import NoRecording
from deploy.local.site import ROOT, Plan, Taken
from deploy.local.system_programs import ProgramMissing
from deploy.local.unprivileged import MayNotEnter
from protocol.pace import FASTEST
from simulators.physiology import STORIES

RADIOS = ("bus", "in-process")

APP_PORT = 8080
"""Where the pages are, if that port is free; tests take any."""


def main() -> int:
    """Run the demonstration; return 0 when all went well, 1 when data were lost or stored twice, 2 when it cannot run."""
    wish = _wish(_parser().parse_args())
    if isinstance(wish, str):
        return _cannot(wish)
    try:
        return show(wish)
    except (Taken, ProgramMissing, MayNotEnter, ProcessFailed, MigrationRefused, psycopg.Error) as error:
        return _cannot(str(error))
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    def env(name: str) -> str | None:
        return os.environ.get(name) or None

    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--recording", default=env("RECORDING"), help="files or folders to replay, separated by commas (RECORDING)")
    parser.add_argument(
        "--story", choices=sorted(STORIES), default=env("STORY"), help="what all patients live; without it each another (STORY)"
    )
    parser.add_argument("--speed", type=float, default=env("SPEED") or "1", help="1..10, how fast time runs (SPEED)")
    parser.add_argument("--patients", type=int, default=env("PATIENTS") or "4", help="how many patients (PATIENTS)")
    parser.add_argument("--duration", type=float, default=env("DURATION"), help="seconds to measure; without it until Ctrl-C (DURATION)")
    parser.add_argument("--report", type=Path, default=env("REPORT"), help="file to write the report to (REPORT)")
    parser.add_argument(
        "--radio",
        choices=RADIOS,
        default=env("MEDIASSIST_RADIO") or RADIOS[0],
        help="bus: a private D-Bus with a virtual BlueZ for each home; in-process: each gateway and its wearables in one process, "
        "also chosen where no dbus-daemon is to be had (MEDIASSIST_RADIO)",
    )
    parser.add_argument("--state", type=Path, default=env("STATE") or ROOT / ".mediassist", help="folder of all that stays (STATE)")
    return parser


def _wish(given: argparse.Namespace) -> Wish | str:
    """Return what was asked for, or why it cannot be."""
    if not 1 <= given.speed <= FASTEST:
        return f"SPEED={given.speed:g} is outside 1..{FASTEST:g}"
    if not 1 <= given.patients <= MOST_PATIENTS:
        return f"PATIENTS={given.patients} is outside 1..{MOST_PATIENTS}"
    if given.duration is not None and given.duration <= 0:
        return f"DURATION={given.duration:g} is not above 0"
    if given.story is not None and given.story not in STORIES:
        return f"STORY={given.story} is none: there are {', '.join(sorted(STORIES))}"
    if given.radio not in RADIOS:
        return f"MEDIASSIST_RADIO={given.radio} is neither {' nor '.join(RADIOS)}"
    try:
        records = recordings.find(given.recording) if given.recording else []
    except NoRecording as error:
        return str(error)
    plan = Plan(
        state=given.state.absolute(),
        cache=ROOT / ".cache",
        patients=min(given.patients, len(records)) if records else given.patients,
        records=records,
        story=given.story,
        speed=given.speed,
        buses=given.radio == RADIOS[0],
        app_port=APP_PORT,
        database_url=os.environ.get("MEDIASSIST_DATABASE_URL") or None,
    )
    return Wish(plan, given.duration, given.report)


def _cannot(why: str) -> int:
    print(f"the demonstration cannot run: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

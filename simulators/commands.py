"""`mediassist datasets`: list public recordings, and fetch them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.datasets import DATASETS, DatasetError, fetch, records_of

_PLACE = Path(".cache") / "recordings"


def datasets(arguments: Sequence[str]) -> int:
    """Run `mediassist datasets`; return the exit status."""
    chosen = _parser().parse_args(list(arguments))
    if chosen.action == "list":
        for dataset in DATASETS.values():
            print(f"{dataset.name}  {dataset.about} ({dataset.licence})\n    {dataset.address}\n    {' '.join(records_of(dataset))}")
        return 0
    into: Path = chosen.into or _PLACE / chosen.name
    try:
        found = fetch(DATASETS[chosen.name], into, chosen.record, chosen.source)
    except (DatasetError, OSError) as error:
        print(f"datasets: {error}", file=sys.stderr)
        return 1
    print(f"{len(found)} files in {into}: make demo RECORDING={into}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mediassist datasets", description="Public recordings for the simulators.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="name the data sets and their records")
    fetching = actions.add_parser("fetch", help="download records, or take them from a folder, checking every byte")
    fetching.add_argument("name", choices=sorted(DATASETS))
    fetching.add_argument("--record", action="append", default=[], help="only this record; may be given again")
    fetching.add_argument("--from", dest="source", type=Path, help="a folder that holds the files, instead of the download")
    fetching.add_argument("--into", type=Path, help=f"where they go (default: {_PLACE}/NAME)")
    return parser

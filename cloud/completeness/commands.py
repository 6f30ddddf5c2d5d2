"""The commands for certificates of completeness.

mediassist certificate make-key FOLDER                      the application's key for them, in its CLOUD_KEYS; certificate.pub is for whoever checks
mediassist certificate check FILE --key certificate.pub     is it the cloud's word, unaltered? 0: yes, and what it says; 1: no
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cloud.completeness.certificate import PUBLIC, NotGenuine, check_file, make_key


def certificate(arguments: Sequence[str]) -> int:
    """Run `mediassist certificate make-key|check`."""
    parser = argparse.ArgumentParser(prog="mediassist certificate")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("make-key").add_argument("folder", type=Path)
    checking = commands.add_parser("check")
    checking.add_argument("file", type=Path)
    checking.add_argument("--key", type=Path, required=True, help="the cloud's certificate.pub")
    given = parser.parse_args(arguments)
    if given.what == "make-key":
        return _make_key(given.folder)
    try:
        statement = check_file(given.file, given.key)
    except (NotGenuine, OSError) as error:
        print(f"not genuine: {error}", file=sys.stderr)
        return 1
    print(f"patient {statement.get('patient')}, {statement.get('day')}: {statement.get('state')}")
    print(f"stated at {statement.get('stated_at')}; messages missing: {statement.get('missing')}; gaps: {statement.get('given_up')}")
    return 0


def _make_key(folder: Path) -> int:
    try:
        make_key(folder)
    except (FileExistsError, OSError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    print(f"made; give {folder / PUBLIC} to whoever checks certificates")
    return 0

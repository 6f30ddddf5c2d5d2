"""The command for certificates of completeness.

mediassist certificate check FILE --key order.pub     is it the cloud's word, unaltered? 0: yes, and what it says; 1: no
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cloud.completeness.certificate import NotGenuine, check_file


def certificate(arguments: Sequence[str]) -> int:
    """Run `mediassist certificate check`."""
    parser = argparse.ArgumentParser(prog="mediassist certificate")
    parser.add_argument("what", choices=["check"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the cloud's order.pub")
    given = parser.parse_args(arguments)
    try:
        statement = check_file(given.file, given.key)
    except (NotGenuine, OSError) as error:
        print(f"not genuine: {error}", file=sys.stderr)
        return 1
    print(f"patient {statement.get('patient')}, {statement.get('day')}: {statement.get('state')}")
    print(f"stated at {statement.get('stated_at')}; messages missing: {statement.get('missing')}; gaps: {statement.get('given_up')}")
    return 0

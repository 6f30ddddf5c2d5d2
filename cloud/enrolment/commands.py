"""The factory's command.

mediassist factory claims --count N --life DAYS [--labels FOLDER]    make claims; print their codes once, or write labels
                                                                     (one SVG with the QR code a claim, and codes.txt)

It reaches the database by MEDIASSIST_DATABASE_URL (a superuser or mediassist_owner). A code cannot be printed again: only its hash is kept.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloud.database import Rejected, single_connection
from cloud.enrolment import repository
from cloud.migrate import MigrationRefused, owning
from cloud.settings import OwnerSettings, WrongSetting, read
from provisioning import secret_files
from provisioning.factory_bench import Label, make_labels, qr_svg, qr_terminal

MOST = 10_000


def factory(arguments: Sequence[str]) -> int:
    """Run `mediassist factory claims`."""
    parser = argparse.ArgumentParser(prog="mediassist factory")
    parser.add_argument("what", choices=["claims"])
    parser.add_argument("--count", type=int, default=1, help=f"how many, 1 to {MOST}")
    parser.add_argument("--life", type=float, default=365.0, help="days within which a device must enrol (default 365)")
    parser.add_argument("--labels", type=Path, help="a folder for the labels, instead of the terminal")
    given = parser.parse_args(arguments)
    if not 1 <= given.count <= MOST or not 0 < given.life <= 3650:
        return _refused(ValueError(f"--count is 1 to {MOST}, --life more than 0 and at most 3650 days"))
    now = datetime.now(UTC)
    labels = make_labels(given.count, timedelta(days=given.life), now)
    try:
        asyncio.run(keep(read(OwnerSettings).database_url.get_secret_value(), labels, now))
    except (WrongSetting, MigrationRefused, Rejected) as error:
        return _refused(error)
    if given.labels:
        _write(labels, given.labels)
    else:
        for label in labels:
            print(
                f"gateway {label.code.gateway.hex}\nclaim {label.code.text}\nadoption {label.code.adoption.text}\n{qr_terminal(label.code)}"
            )
    return 0


async def keep(url: str, labels: Sequence[Label], now: datetime) -> None:
    """Write the claims of new labels into the database at `url`, all or none."""
    async with single_connection(url) as connection, owning(connection), connection.transaction():
        await repository.add_claims(connection, [(label.claim, label.adoption_sha256) for label in labels], now)


def _write(labels: Sequence[Label], folder: Path) -> None:
    secret_files.make_folder(folder)
    for label in labels:
        secret_files.replace(folder / f"{label.code.name}.svg", qr_svg(label.code).encode())
    codes = "".join(f"{label.code.name} {label.code.gateway.hex} {label.code.text} {label.code.adoption.text}\n" for label in labels)
    secret_files.replace(folder / "codes.txt", codes.encode())
    print(f"written: {len(labels)} labels in {folder}")


def _refused(error: Exception) -> int:
    print(f"refused: {error}", file=sys.stderr)
    return 1

"""The cloud's commands. Each takes its arguments and returns an exit status.

mediassist database migrate     make roles, apply missing migrations, make partitions ahead
mediassist database info        what the server is, which migrations it has, and how readings lie there
mediassist openapi [FILE]       write the HTTP API's description (default cloud/dashboard/openapi.json)
mediassist accounts add         one account; its password comes from standard input, or is made and printed
mediassist cloud plant FILE     organisations, accounts, patients, gateways, wearables from JSON (form: cloud/planting.py)

All but `openapi` reach the database by MEDIASSIST_DATABASE_URL (a superuser or mediassist_owner); `migrate` also reads
CLOUD_APP_PASSWORD, CLOUD_INGEST_PASSWORD, CLOUD_ENROLMENT_PASSWORD and CLOUD_WATCH_PASSWORD.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cloud import migrate, planting
from cloud.access.account import Account, Organisation, Role
from cloud.access.passwords import Passwords
from cloud.database import Rejected
from cloud.settings import OwnerSettings, WrongSetting, read

SHORTEST_PASSWORD = 12


def database(arguments: Sequence[str]) -> int:
    """Run `mediassist database migrate|info`."""
    parser = argparse.ArgumentParser(prog="mediassist database")
    parser.add_argument("what", choices=["migrate", "info"])
    what: str = parser.parse_args(arguments).what
    settings = _settings()
    if settings is None:
        return 2
    url = settings.database_url.get_secret_value()
    try:
        if what == "migrate":
            passwords = settings.passwords()
            for name in migrate.migrate(
                url,
                datetime.now(UTC),
                app_password=passwords["app"],
                ingest_password=passwords["ingest"],
                enrolment_password=passwords["enrolment"],
                watch_password=passwords["watch"],
            ):
                print(f"applied {name}")
        standing = migrate.standing(url)
    except (migrate.MigrationRefused, Rejected) as error:
        return _refused(error)
    print(f"{standing.server}, {'with' if standing.timescaledb else 'without'} timescaledb")
    print(f"applied: {', '.join(standing.applied) or 'nothing'}; pending: {', '.join(standing.pending) or 'nothing'}")
    parts = f"{standing.parts} chunks, {standing.in_columns} of them in columns" if standing.timescaledb else f"{standing.parts} partitions"
    print(f"readings: {parts}")
    return 0


def accounts(arguments: Sequence[str]) -> int:
    """Run `mediassist accounts add`."""
    parser = argparse.ArgumentParser(prog="mediassist accounts")
    parser.add_argument("what", choices=["add"])
    parser.add_argument("--organisation", type=int, required=True)
    parser.add_argument("--organisation-name", required=True, help="the organisation is made, or renamed, when need be")
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", choices=[str(role) for role in Role], required=True)
    parser.add_argument("--password-from-stdin", action="store_true")
    given = parser.parse_args(arguments)
    settings = _settings()
    if settings is None:
        return 2
    password = sys.stdin.readline().rstrip("\n") if given.password_from_stdin else secrets.token_urlsafe(15)
    if len(password) < SHORTEST_PASSWORD:
        return _refused(ValueError(f"a password needs at least {SHORTEST_PASSWORD} characters"))
    organisation = Organisation(given.organisation, given.organisation_name)
    account = Account(uuid4(), given.name, given.email.lower(), Role(given.role), organisation)
    clinic = planting.Clinic(organisation, (planting.NewAccount(account, password),), (), (), ())
    status = _plant(settings, [clinic])
    if status == 0 and not given.password_from_stdin:
        print(f"password: {password}")
    return status


def cloud(arguments: Sequence[str]) -> int:
    """Run `mediassist cloud plant FILE`."""
    parser = argparse.ArgumentParser(prog="mediassist cloud")
    parser.add_argument("what", choices=["plant"])
    parser.add_argument("file", type=Path)
    file: Path = parser.parse_args(arguments).file
    settings = _settings()
    if settings is None:
        return 2
    try:
        clinics = planting.read_clinics(file.read_text())
    except (OSError, planting.NotPlantable) as error:
        return _refused(error)
    return _plant(settings, clinics)


def openapi(arguments: Sequence[str]) -> int:
    """Run `mediassist openapi [FILE]`."""
    from cloud.openapi import STANDARD_PLACE, description  # noqa: PLC0415  (the other commands load no web framework)

    parser = argparse.ArgumentParser(prog="mediassist openapi")
    parser.add_argument("file", type=Path, nargs="?", default=STANDARD_PLACE)
    file: Path = parser.parse_args(arguments).file
    file.write_text(description())
    print(f"written: {file}")
    return 0


def _plant(settings: OwnerSettings, clinics: list[planting.Clinic]) -> int:
    try:
        asyncio.run(planting.plant(settings.database_url.get_secret_value(), clinics, Passwords()))
    except (LookupError, migrate.MigrationRefused, Rejected) as error:
        return _refused(error)
    return 0


def _settings() -> OwnerSettings | None:
    try:
        return read(OwnerSettings)
    except WrongSetting as wrong:
        print(f"{wrong} (the database's address, as superuser or mediassist_owner)", file=sys.stderr)
        return None


def _refused(error: Exception) -> int:
    print(f"refused: {error}", file=sys.stderr)
    return 1

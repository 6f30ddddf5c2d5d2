"""The command of data keys.

mediassist data-keys list ORGANISATION      its keys: version, made, destroyed
mediassist data-keys rotate ORGANISATION    make a new key; what is stored from now on lies under it, old keys still read
mediassist data-keys shred ORGANISATION --yes    destroy every key: raw windows, waveforms and kept-sealed messages are unreadable at once;
                                            numeric readings, which are searched and so not encrypted, are deleted

It reaches the database by MEDIASSIST_DATABASE_URL (a superuser or mediassist_owner); `rotate` also needs CLOUD_KEYS, the folder of kek.key.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from cloud.data_keys import repository
from cloud.data_keys.data_keys import DataKeys, KeyEncryption
from cloud.data_keys.repository import KeyStanding, Shredded
from cloud.database import Rejected, enter_organisation, single_connection
from cloud.ingest.key_encryption import open_key
from cloud.migrate import MigrationRefused, owning
from cloud.settings import KeySettings, OwnerSettings, WrongSetting, read


def data_keys(arguments: Sequence[str]) -> int:
    """Run `mediassist data-keys list|rotate|shred ORGANISATION`."""
    parser = argparse.ArgumentParser(prog="mediassist data-keys")
    parser.add_argument("what", choices=["list", "rotate", "shred"])
    parser.add_argument("organisation", type=int)
    parser.add_argument("--yes", action="store_true", help="shred without it does nothing: it cannot be undone")
    given = parser.parse_args(arguments)
    what: str = given.what
    organisation: int = given.organisation
    if what == "shred" and not given.yes:
        return _refused(f"shredding organisation {organisation} cannot be undone: say --yes")
    try:
        url = read(OwnerSettings).database_url.get_secret_value()
        if what == "rotate":
            version = asyncio.run(rotate(url, open_key(read(KeySettings).keys), organisation))
            sys.stdout.write(f"organisation {organisation} writes with key {version}\n")
        elif what == "shred":
            _tell(asyncio.run(shred(url, organisation)))
        else:
            for key in asyncio.run(standing(url, organisation)):
                sys.stdout.write(f"{key.version:5}  made {key.made_at:%Y-%m-%d %H:%M:%S%z}  {_end(key)}\n")
    except (WrongSetting, MigrationRefused, Rejected, OSError, ValueError) as error:
        return _refused(str(error))
    return 0


async def standing(url: str, organisation: int) -> list[KeyStanding]:
    """Return an organisation's keys, oldest first."""
    async with single_connection(url) as connection, owning(connection), connection.transaction():
        await enter_organisation(connection, organisation)
        return await repository.standing(connection)


async def rotate(url: str, key_encryption: KeyEncryption, organisation: int) -> int:
    """Make an organisation's next key; return its version."""
    async with single_connection(url) as connection, owning(connection), connection.transaction():
        await enter_organisation(connection, organisation)
        await repository.share(connection, [organisation])
        newest = await repository.newest(connection, [organisation])
        return await DataKeys(key_encryption, os.urandom).renew(connection, organisation, newest.get(organisation))


async def shred(url: str, organisation: int) -> Shredded:
    """Destroy an organisation's keys and delete what they do not protect, in one transaction."""
    async with single_connection(url) as connection, owning(connection):
        async with connection.transaction():
            await enter_organisation(connection, organisation)
            shredded = await repository.shred(connection, organisation)
        await repository.forget_old_rows(connection)
        return shredded


def _end(key: KeyStanding) -> str:
    return "in use" if key.destroyed_at is None else f"destroyed {key.destroyed_at:%Y-%m-%d %H:%M:%S%z}"


def _tell(shredded: Shredded) -> None:
    sys.stdout.write(f"{shredded.keys} keys destroyed, {shredded.readings} readings deleted, {shredded.cleared} rows in the clear wiped\n")
    sys.stdout.write("backups and archived WAL made before still hold the wrapped keys: let them expire, or destroy them\n")


def _refused(why: str) -> int:
    sys.stderr.write(f"refused: {why}\n")
    return 1

"""Transactions that see one organisation."""

from pathlib import Path

import pytest

from cloud.database import Away, Database
from tests.support.clinics import Planter
from tests.support.postgres import Addresses


async def test_a_transaction_leaves_no_organisation_behind(database: Addresses) -> None:
    Planter(database).clinic(1)
    async with Database(database.app, connections=1) as opened:
        for organisation, seen in ((1, 2), (None, 0), (1, 2), (2, 0)):
            async with opened.transaction(organisation) as connection:
                cursor = await connection.execute("select count(*) from patient")
                assert await cursor.fetchone() == (seen,)


async def test_what_raises_is_rolled_back(database: Addresses) -> None:
    async with Database(database.ingest) as opened:

        async def fails() -> None:
            async with opened.transaction(None) as connection:
                await connection.execute("insert into dead_letter (reason) values ('never')")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fails()
        async with opened.transaction(None) as connection:
            cursor = await connection.execute("select count(*) from dead_letter")
            assert await cursor.fetchone() == (0,)


async def test_the_server_says_what_it_is(database: Addresses) -> None:
    async with Database(database.app) as opened:
        found = await opened.capabilities()
    assert found.server.split()[0] == "postgresql"
    assert int(found.server.split()[1].split(".")[0]) >= 15


async def test_an_absent_server_is_away(tmp_path: Path) -> None:
    opened = Database(f"host={tmp_path} user=x dbname=x", wait_seconds=0.2)
    await opened._pool.open(wait=False)
    with pytest.raises(Away):
        async with opened.transaction(None):
            pass
    await opened._pool.close()

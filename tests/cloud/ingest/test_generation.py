"""A new server, or a new timeline, is a new generation; the same one is not."""

from cloud.ingest.generation import claim
from tests.support.ingest import Exchange


async def test_the_generation_stays_and_grows_after_a_restore(wire: Exchange) -> None:
    async with wire.database.transaction(None) as connection:
        assert await claim(connection, 99) == 1000
    wire.rows("update store set system_identifier = 'another server'")
    async with wire.database.transaction(None) as connection:
        assert await claim(connection, 99) == 1001, "greater than the one before, whatever the clock says"
    wire.rows("update store set timeline_id = 77")
    async with wire.database.transaction(None) as connection:
        assert await claim(connection, 5000) == 5000

"""One exchange a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ingest import Exchange, exchange
from tests.support.postgres import Addresses


@pytest.fixture
async def wire(database: Addresses, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(database, tmp_path) as made:
        yield made

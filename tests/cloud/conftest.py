"""Fixtures of the cloud's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ingest import Exchange, exchange
from tests.support.postgres import Addresses, database, empty_database, migrated_template, postgres_server

__all__ = ["database", "empty_database", "migrated_template", "postgres_server"]


@pytest.fixture
async def wire(database: Addresses, tmp_path: Path) -> AsyncIterator[Exchange]:
    """Make one exchange a test."""
    async with exchange(database, tmp_path) as made:
        yield made

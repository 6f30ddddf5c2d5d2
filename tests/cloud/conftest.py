"""Fixtures of the cloud's tests."""

from tests.support.postgres import database, empty_database, migrated_template, postgres_server

__all__ = ["database", "empty_database", "migrated_template", "postgres_server"]

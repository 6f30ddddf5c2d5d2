"""Fixtures of the vitals' tests."""

from tests.cloud.ingest.conftest import wire

__all__ = ["wire"]

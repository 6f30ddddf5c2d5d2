"""Fixtures of the vitals' tests."""

from tests.cloud.conftest import wire

__all__ = ["wire"]

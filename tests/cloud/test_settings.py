"""The application's settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from cloud.settings import CloudSettings

URL = "postgresql:///x"
KEYS = Path("/keys")


def test_loopback_names_are_one_origin() -> None:
    origins = CloudSettings(database_url=URL, keys=KEYS, port=8123).origins()
    assert origins == {"http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123"}


def test_a_public_origin_is_the_only_one() -> None:
    assert CloudSettings(database_url=URL, keys=KEYS, origin="https://monitor.clinic.example/").origins() == {
        "https://monitor.clinic.example"
    }


def test_scaled_time_is_refused_outside_a_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIASSIST_PACE", "1700000000.0,4.0")
    with pytest.raises(ValidationError, match="only a demonstration"):
        CloudSettings(database_url=URL, keys=KEYS)
    monkeypatch.setenv("MEDIASSIST_DEMO", "1")
    assert CloudSettings(database_url=URL, keys=KEYS).pace_of_time().speed == 4.0


def test_a_database_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUD_DATABASE_URL", raising=False)
    with pytest.raises(ValidationError):
        CloudSettings.model_validate({})

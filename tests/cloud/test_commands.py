"""The cloud's commands."""

import io
import re
from pathlib import Path

import pytest

from cloud import commands
from cloud.migrate import migrations
from tests.support.postgres import Addresses


def test_migrate_and_info_say_what_they_did(
    empty_database: Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", empty_database.superuser)
    assert commands.database(["migrate"]) == 0
    applied = "".join(f"applied {file.name}\n" for file in migrations())
    assert capsys.readouterr().out.startswith(f"{applied}postgresql ")
    assert commands.database(["info"]) == 0
    said = capsys.readouterr().out
    assert "applied: 0001_first" in said
    assert "pending: nothing" in said
    assert re.search(r"\nreadings: (\d+ partitions|0 chunks, 0 of them in columns)\n$", said)


def test_without_an_address_a_command_names_the_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MEDIASSIST_DATABASE_URL", raising=False)
    assert commands.database(["info"]) == 2
    assert "MEDIASSIST_DATABASE_URL" in capsys.readouterr().err


def test_a_database_that_is_away_is_a_refusal_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", f"host={tmp_path} user=x dbname=x")
    assert commands.database(["info"]) == 1
    assert capsys.readouterr().err.startswith("refused: ")


def test_a_short_password_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", "postgresql:///never-asked")
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    given = ["add", "--organisation", "1", "--organisation-name", "X", "--email", "a@b", "--name", "A", "--role", "nurse"]
    assert commands.accounts([*given, "--password-from-stdin"]) == 1
    assert "12 characters" in capsys.readouterr().err

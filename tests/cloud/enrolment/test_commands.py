"""The factory's command."""

from pathlib import Path

import pytest

from cloud.enrolment.commands import factory
from provisioning.claims import read_adoption, read_code, secret_sha256
from tests.support.clinics import Planter
from tests.support.postgres import Addresses


def test_claims_are_printed_once_and_only_their_hashes_are_kept(
    database: Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", database.superuser)
    assert factory(["claims", "--count", "2", "--life", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    codes = [read_code(line.removeprefix("claim ")) for line in lines if line.startswith("claim ")]
    adoptions = [read_adoption(line.removeprefix("adoption ")) for line in lines if line.startswith("adoption ")]
    assert adoptions == [code.adoption for code in codes]
    rows = Planter(database).run("select secret_sha256, adoption_sha256, expires_at - made_at = interval '30 days' from claim")
    assert sorted(rows) == sorted((secret_sha256(code.secret), secret_sha256(code.adoption.proof), True) for code in codes)


def test_labels_are_written_for_the_printer_and_for_nobody_else(
    database: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIASSIST_DATABASE_URL", database.superuser)
    assert factory(["claims", "--labels", str(tmp_path / "labels")]) == 0
    (line,) = (tmp_path / "labels" / "codes.txt").read_text().splitlines()
    name, gateway, claim, _ = line.split()
    assert read_code(claim).gateway.hex == gateway
    assert (tmp_path / "labels" / f"{name}.svg").stat().st_mode & 0o077 == 0
    assert claim not in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--count", "0"], ["--count", "10001"], ["--life", "0"], ["--life", "4000"]])
def test_what_cannot_be_made_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert factory(["claims", *wrong]) == 1
    assert "refused" in capsys.readouterr().err

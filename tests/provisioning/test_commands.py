"""The operator's commands do what they say, say what is due, and refuse with a reason."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from mediassist.__main__ import main
from provisioning import certificates
from provisioning.authority import Authority
from provisioning.certificates import certificate_id
from provisioning.file_signing_keys import FileSigningKeys
from tests.support.softhsm import PIN, TOKEN, pkcs11_library

PASSPHRASE = "a passphrase of 32 random bytes!"
GATEWAY = UUID(int=7).hex
Operates = Callable[..., tuple[int, str, str]]


@pytest.fixture
def operates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operates:
    """Return what runs a command on one authority: its status, what it printed, what it said was wrong."""
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n")
    secret.chmod(0o600)

    def run(word: str, *further: str, opens: bool = True) -> tuple[int, str, str]:
        given = ["--secret-file", str(secret)] if opens and word != "status" else []
        status = main(["authority", word, "--folder", str(tmp_path / "authority"), *given, *further])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def enrol(tmp_path: Path) -> str:
    """Give the gateway a certificate; return its id."""
    authority = Authority.open(tmp_path / "authority", FileSigningKeys(tmp_path / "authority", PASSPHRASE.encode()))
    request = certificates.request(ec.generate_private_key(ec.SECP256R1()), GATEWAY)
    chain = authority.sign_request(request, GATEWAY, datetime.now(UTC))
    return certificate_id(x509.load_pem_x509_certificates(chain)[0]).hex()


def test_an_authority_s_whole_life(tmp_path: Path, operates: Operates) -> None:
    lists = tmp_path / "lists.pem"
    assert operates("init")[0] == 0
    assert operates("status")[0] == 0
    certificate = enrol(tmp_path)
    assert operates("status", certificate)[0] == operates("status", GATEWAY)[0] == 0
    assert operates("revoke", GATEWAY, "keyCompromise")[0] == 0
    status, said, _ = operates("status", certificate)
    assert (status, "taken back" in said, "keyCompromise" in said) == (1, True, True)
    status, said, _ = operates("status")
    assert (status, "due: sign the list of issuing" in said) == (1, True)
    assert operates("crl", "--out", str(lists), "--if-due") == (0, f"{lists}: 2 lists\n", "")
    assert operates("status")[0] == 0
    assert operates("rotate")[0] == 0
    assert operates("crl", "--out", str(lists)) == (0, f"{lists}: 3 lists\n", "")
    assert lists.stat().st_mode & 0o777 == 0o644
    status, said, _ = operates("status")
    assert re.findall(r"^(\S+): [0-9a-f]{16}", said, re.MULTILINE) == ["root", "issuing", "issuing-2"]


def test_a_timer_signs_nothing_that_is_not_due(tmp_path: Path, operates: Operates) -> None:
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    operates("init")
    operates("crl", "--out", str(first))
    assert operates("crl", "--out", str(second), "--if-due", opens=False)[0] == 0
    assert first.read_bytes() == second.read_bytes()


def test_one_certificate_is_taken_back_by_its_id(tmp_path: Path, operates: Operates) -> None:
    operates("init")
    stolen, kept = enrol(tmp_path), enrol(tmp_path)
    assert operates("revoke", stolen, "superseded")[0] == 0
    assert [operates("status", who)[0] for who in (stolen, kept)] == [1, 0]
    assert operates("revoke", stolen, "keyCompromise")[1].count("superseded") == 1


def test_an_authority_is_not_made_over_another(tmp_path: Path, operates: Operates) -> None:
    operates("init")
    status, _, wrong = operates("init")
    assert (status, wrong) == (2, f"refused: there is an authority in {tmp_path}/authority already\n")


def test_what_is_unknown_is_said_so(operates: Operates) -> None:
    operates("init")
    assert operates("status", "0" * 16) == (1, f"{'0' * 16}: unknown\n", "")
    status, _, wrong = operates("revoke", GATEWAY, "superseded")
    assert (status, "no certificate of ours" in wrong) == (2, True)


def test_no_authority_no_secret_and_a_wrong_one_are_refused(operates: Operates, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "root.pem is missing" in operates("status")[2]
    operates("init")
    assert "MEDIASSIST_AUTHORITY_SECRET" in operates("rotate", opens=False)[2]
    monkeypatch.setenv("MEDIASSIST_AUTHORITY_SECRET", PASSPHRASE[::-1])
    assert "another passphrase" in operates("rotate", opens=False)[2]
    monkeypatch.setenv("MEDIASSIST_AUTHORITY_SECRET", PASSPHRASE)
    assert operates("rotate", opens=False)[0] == 0


def test_a_passphrase_beside_its_keys_or_open_to_others_is_refused(tmp_path: Path, operates: Operates) -> None:
    operates("init")
    for place, mode, says in ((tmp_path / "authority/secret", 0o600, "lies beside"), (tmp_path / "open", 0o644, "read by others")):
        place.write_text(PASSPHRASE)
        place.chmod(mode)
        status, _, wrong = operates("rotate", "--secret-file", str(place), opens=False)
        assert (status, says in wrong) == (2, True)


def test_the_root_s_key_on_another_disk(tmp_path: Path, operates: Operates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIASSIST_AUTHORITY_ROOT_SECRET", PASSPHRASE[::-1])
    assert operates("init", "--root-keys", str(tmp_path / "disk"))[0] == 0
    assert (tmp_path / "disk/root.key").exists()
    assert operates("crl", "--out", str(tmp_path / "lists.pem"))[0] == 0
    assert operates("rotate")[0] == 2
    assert operates("rotate", "--root-keys", str(tmp_path / "disk"))[0] == 0


def test_keys_without_a_passphrase_must_be_asked_for(operates: Operates) -> None:
    assert operates("init", opens=False)[0] == 2
    assert operates("init", "--bare-keys", opens=False)[0] == 0


def test_keys_in_a_token(tmp_path: Path, operates: Operates, monkeypatch: pytest.MonkeyPatch) -> None:
    token = ["--pkcs11-module", str(pkcs11_library()), "--pkcs11-token", TOKEN]
    monkeypatch.setenv("MEDIASSIST_AUTHORITY_SECRET", PIN)
    assert operates("init", *token, opens=False)[0] == 0
    assert operates("crl", "--out", str(tmp_path / "lists.pem"), *token, opens=False)[0] == 0
    assert list((tmp_path / "authority").glob("*.key")) == []

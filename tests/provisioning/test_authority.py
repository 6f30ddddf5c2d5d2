"""The authority signs what the policy lets through, and its list knows every certificate and refusal."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification

from provisioning import certificates
from provisioning.authority import Authority, AuthorityBroken
from provisioning.keystore import FileKeystore, KeystoreError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
GATEWAY = UUID(int=7).hex


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "authority", NOW)


def lines(tmp_path: Path) -> list[dict[str, str]]:
    """Return the audit list without its first line, the issuing authority's own."""
    return [json.loads(line) for line in (tmp_path / "authority" / "issued.jsonl").read_text().splitlines()[1:]]


def test_a_gateway_enrols_with_a_key_that_stays_at_home(tmp_path: Path, authority: Authority) -> None:
    device = FileKeystore.make(tmp_path / "gateway")
    chain = authority.sign_request(device.request(GATEWAY), GATEWAY, NOW)
    device.take(chain, authority.root)
    leaf, issuing = x509.load_pem_x509_certificates(chain)
    roots = verification.Store([x509.load_pem_x509_certificate(authority.root)])
    verified = verification.PolicyBuilder().store(roots).time(NOW).build_client_verifier
    assert leaf.issuer == issuing.subject
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.root))
    assert verified is not None
    assert FileKeystore.open(tmp_path / "gateway").certificate_id == certificates.certificate_id(leaf)
    assert [(line["name"], line["certificate"]) for line in lines(tmp_path)] == [(GATEWAY, device.certificate_id.hex())]


def test_the_broker_s_certificate_verifies_as_localhost(authority: Authority) -> None:
    leaf, issuing = x509.load_pem_x509_certificates(
        authority.sign_server(ec.generate_private_key(ec.SECP256R1()).public_key(), ("localhost", "127.0.0.1"), NOW)
    )
    roots = verification.Store([x509.load_pem_x509_certificate(authority.root)])
    verifier = verification.PolicyBuilder().store(roots).time(NOW).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(leaf, [issuing])[0] == leaf


def test_a_refusal_is_on_the_list_with_its_reason(tmp_path: Path, authority: Authority) -> None:
    stranger = FileKeystore.make(tmp_path / "stranger")
    with pytest.raises(certificates.Refused):
        authority.sign_request(stranger.request(UUID(int=9).hex), GATEWAY, NOW)
    assert [(line["name"], line["refused"]) for line in lines(tmp_path)] == [(GATEWAY, "other_name")]


def test_it_opens_again_as_the_same_authority(tmp_path: Path, authority: Authority) -> None:
    assert Authority.open(tmp_path / "authority").root == authority.root


def test_a_second_one_is_not_made_over_it(tmp_path: Path, authority: Authority) -> None:
    before = authority.root
    with pytest.raises(FileExistsError):
        Authority.make(tmp_path / "authority", NOW)
    assert Authority.open(tmp_path / "authority").root == before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuthorityBroken, match=r"root\.pem"):
        Authority.open(tmp_path)


def test_every_file_is_its_owner_s_alone(tmp_path: Path, authority: Authority) -> None:
    authority.sign_server(ec.generate_private_key(ec.SECP256R1()).public_key(), ("localhost",), NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "authority").iterdir()} == {0o600}


def test_a_certificate_for_another_key_is_not_taken(tmp_path: Path, authority: Authority) -> None:
    one, two = FileKeystore.make(tmp_path / "one"), FileKeystore.make(tmp_path / "two")
    chain = authority.sign_request(one.request(GATEWAY), GATEWAY, NOW)
    with pytest.raises(KeystoreError, match="another key"):
        two.take(chain, authority.root)

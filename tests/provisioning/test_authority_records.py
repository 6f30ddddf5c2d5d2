"""The records tell what was given out and taken back, without any key."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import certificates
from provisioning.authority import Authority
from provisioning.authority_records import AuthorityBroken, AuthorityRecords
from provisioning.certificates import certificate_id
from provisioning.revocation import RevocationReason

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
GATEWAY = UUID(int=7).hex
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path, NOW)


def issue(authority: Authority, at: datetime = NOW) -> bytes:
    chain = authority.sign_request(certificates.request(KEY, GATEWAY), GATEWAY, at)
    return certificate_id(x509.load_pem_x509_certificates(chain)[0])


def test_a_gateway_s_living_certificates_are_found_by_its_name(tmp_path: Path, authority: Authority) -> None:
    ended, taken_back, living = issue(authority, NOW - timedelta(days=40)), issue(authority), issue(authority)
    authority.revoke(taken_back, RevocationReason.SUPERSEDED, NOW)
    records = AuthorityRecords(tmp_path)
    assert [known.id for known in records.of_name(GATEWAY, NOW)] == [living]
    assert {ended, taken_back, living} <= {known.id for known in records.issued()}
    assert [revoked.certificate.id for revoked in records.revocations()] == [taken_back]


def test_lines_from_before_there_were_several_issuing_authorities_are_the_first_one_s(tmp_path: Path, authority: Authority) -> None:
    certificate = issue(authority)
    line = json.loads((tmp_path / "issued.jsonl").read_text().splitlines()[-1])
    del line["issuer"]
    (tmp_path / "issued.jsonl").write_text(json.dumps(line) + "\n")
    known = AuthorityRecords(tmp_path).find(certificate)
    assert known is not None
    assert known.issuer == certificate_id(authority.records.issuing["issuing"])


@pytest.mark.parametrize("lost", ["revoked.jsonl", "issuing.crl"])
def test_a_lost_file_forgets_no_revocation(tmp_path: Path, authority: Authority, lost: str) -> None:
    taken_back = issue(authority)
    authority.revoke(taken_back, RevocationReason.SUPERSEDED, NOW)
    (tmp_path / lost).unlink()
    assert [revoked.certificate.id for revoked in AuthorityRecords(tmp_path).revocations()] == [taken_back]
    assert b"BEGIN X509 CRL" in Authority.open(tmp_path).revocation_list(NOW)
    assert AuthorityRecords(tmp_path).lists_due(NOW) == []


def test_a_list_is_due_at_half_its_life_and_at_each_revocation(tmp_path: Path, authority: Authority) -> None:
    certificate = issue(authority)
    records = AuthorityRecords(tmp_path)
    assert (records.lists_due(NOW), records.lists_due(NOW + timedelta(days=4))) == ([], ["issuing"])
    authority.revoke(certificate, RevocationReason.SUPERSEDED, NOW)
    records.refresh()
    assert records.lists_due(NOW) == ["issuing"]
    assert authority.revocation_list(NOW) == records.kept_lists(NOW)


@pytest.mark.parametrize(("name", "content"), [("revoked.jsonl", "{}\n"), ("issued.jsonl", "?\n"), ("issuing.pem", "?")])
def test_a_damaged_file_is_named(tmp_path: Path, authority: Authority, name: str, content: str) -> None:
    issue(authority)
    (tmp_path / name).write_text(content)
    with pytest.raises(AuthorityBroken, match=str(tmp_path)):
        AuthorityRecords(tmp_path)


def test_a_damaged_revocation_list_is_named(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "issuing.crl").write_text("?")
    with pytest.raises(AuthorityBroken, match=r"issuing\.crl"):
        authority.revocation_list(NOW)

"""Only a sound, newer list of our own authority takes the place of the present one; an old one is told in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from provisioning.authority import Authority
from provisioning.crl_check import Fault, Freshness, ListRefused, check, crl_alarm, read
from tests.support.broker import WEEK, revocation_lists

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a") / "authority"
    Authority.make(folder, NOW)
    return folder


@pytest.fixture(scope="module")
def issuers(folder: Path) -> tuple[x509.Certificate, ...]:
    return (Authority.open(folder).records.issuing["issuing"],)


def test_a_newer_list_of_our_own_is_taken_and_says_who_is_revoked(folder: Path, issuers) -> None:
    present = revocation_lists(folder, [7], 3, NOW)
    assert check(present, issuers, None, NOW) == {7}
    assert check(revocation_lists(folder, [7, 8], 4, NOW), issuers, present, NOW) == {7, 8}
    assert check(present, issuers, present, NOW) == {7}


def refusal(pem: bytes, issuers, present: bytes | None = None, now: datetime = NOW) -> Fault:
    with pytest.raises(ListRefused) as refused:
        check(pem, issuers, present, now)
    return refused.value.fault


def test_what_may_not_be_put_in_place(folder: Path, issuers, tmp_path: Path) -> None:
    good = revocation_lists(folder, [7], 3, NOW)
    Authority.make(tmp_path / "stranger", NOW)
    stranger = revocation_lists(tmp_path / "stranger", [7], 9, NOW)
    assert refusal(stranger, issuers) is Fault.STRANGER
    assert refusal(good + stranger, issuers) is Fault.STRANGER
    assert refusal(good, issuers, now=NOW + WEEK) is Fault.EXPIRED
    assert refusal(good, issuers, now=NOW - timedelta(seconds=1)) is Fault.EXPIRED
    assert refusal(revocation_lists(folder, [], 2, NOW), issuers, good) is Fault.OLDER
    for broken in (b"", good[:-40], good[:60] + b"!!!!" + good[64:], good + b"-----BEGIN CERTIFICATE-----"):
        assert refusal(broken, issuers) is Fault.UNREADABLE


def test_each_issuer_in_use_has_a_list_and_one_whose_certificates_have_ended_may_go(folder: Path, issuers, tmp_path: Path) -> None:
    Authority.make(tmp_path / "root", NOW)
    root = x509.load_pem_x509_certificate((tmp_path / "root" / "root.pem").read_bytes())
    ours, theirs = revocation_lists(folder, [7], 3, NOW), revocation_lists(tmp_path / "root", [9], 5, NOW, name="root")
    both = (*issuers, root)
    assert refusal(ours, both) is Fault.LESS
    assert check(ours + theirs, both, ours, NOW) == {7, 9}
    assert check(ours, issuers, ours + theirs, NOW) == {7}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_unreadable(data: bytes) -> None:
    for text in (data, b"-----BEGIN X509 CRL-----" + data + b"-----END X509 CRL-----"):
        with pytest.raises(ListRefused) as refused:
            read(text)
        assert refused.value.fault is Fault.UNREADABLE


def test_a_list_is_an_alarm_after_two_thirds_of_its_life(folder: Path) -> None:
    pem = revocation_lists(folder, [], 1, NOW, timedelta(days=6))
    days = [NOW + timedelta(days=day) for day in (0, 1.9, 2, 3.9, 4, 5.9, 6, 60)]
    fresh, ageing, expired = Freshness.FRESH, Freshness.AGEING, Freshness.EXPIRED
    assert [crl_alarm(pem, day) for day in days] == [fresh, fresh, fresh, fresh, ageing, ageing, expired, expired]


def test_the_oldest_list_in_a_file_counts_and_an_unreadable_file_is_expired(folder: Path) -> None:
    fresh, old = (revocation_lists(folder, [], 1, NOW, timedelta(days=days)) for days in (6, 2))
    assert crl_alarm(fresh + old, NOW + timedelta(days=3)) is Freshness.EXPIRED
    assert crl_alarm(b"nothing", NOW) is Freshness.EXPIRED

"""Wherever a signing key lives, it is made once, found again, signs, and is never shown: one contract, run on each place."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning import certificates
from provisioning.file_signing_keys import FileSigningKeys
from provisioning.signing_key import KeyExists, KeyMissing, SigningKeys, X509Key, make_or_open
from tests.support.softhsm import PIN, TOKEN, pkcs11_library

PASSPHRASE = b"a passphrase of 32 random bytes!"
Opens = Callable[[], SigningKeys]


@pytest.fixture(params=["file", "pkcs11"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opens]:
    """Return what opens the same place for keys, as often as it is called."""
    if request.param == "file":
        yield lambda: FileSigningKeys(tmp_path, PASSPHRASE)
        return
    library = pkcs11_library()
    from provisioning.pkcs11_signing_keys import Pkcs11SigningKeys  # noqa: PLC0415

    opened: list[Pkcs11SigningKeys] = []

    def again() -> Pkcs11SigningKeys:
        opened.append(Pkcs11SigningKeys(library, TOKEN, PIN, prefix=f"{tmp_path.name}-"))
        return opened[-1]

    yield again
    for keys in opened:
        keys.close()


def test_a_key_signs_and_is_found_again(opens: Opens) -> None:
    made, found = opens().make("root"), opens().open("root")
    assert made.public_key == found.public_key
    assert isinstance(made.public_key.curve, ec.SECP256R1)
    made.public_key.verify(found.sign(b"words"), b"words", ec.ECDSA(hashes.SHA256()))


def test_a_key_is_never_made_over_another(opens: Opens) -> None:
    first = opens().make("root").public_key
    with pytest.raises(KeyExists):
        opens().make("root")
    assert opens().open("root").public_key == first


def test_a_missing_key_is_named(opens: Opens) -> None:
    opens().make("root")
    with pytest.raises(KeyMissing, match="issuing"):
        opens().open("issuing")


def test_an_interrupted_attempt_s_key_is_taken(opens: Opens) -> None:
    assert make_or_open(opens(), "issuing").public_key == make_or_open(opens(), "issuing").public_key


def test_it_signs_a_certificate_and_shows_nothing(opens: Opens) -> None:
    key = X509Key(opens().make("root"))
    root = certificates.root(key.public_key(), datetime(2026, 5, 4, tzinfo=UTC), 7).sign(key, hashes.SHA256())
    x509.load_der_x509_certificate(root.public_bytes(serialization.Encoding.DER)).verify_directly_issued_by(root)
    with pytest.raises(UnsupportedAlgorithm):
        key.private_numbers()
    with pytest.raises(UnsupportedAlgorithm):
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(UnsupportedAlgorithm):
        key.exchange(ec.ECDH(), root.public_key())
    with pytest.raises(UnsupportedAlgorithm):
        key.sign(b"words", ec.ECDSA(hashes.SHA512()))

"""A token's key cannot be read out of it, and a wrong token or PIN is named."""

from pathlib import Path

import pytest

from provisioning.signing_key import KeyUnusable
from tests.support.softhsm import PIN, TOKEN, pkcs11_library

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
from provisioning.pkcs11_signing_keys import Pkcs11SigningKeys  # noqa: E402


def test_the_private_half_cannot_be_read(tmp_path: Path) -> None:
    keys = Pkcs11SigningKeys(pkcs11_library(), TOKEN, PIN, prefix=f"{tmp_path.name}-")
    keys.make("root")
    with pkcs11.lib(str(pkcs11_library())).get_token(token_label=TOKEN).open() as session:
        private = session.get_key(label=f"{tmp_path.name}-root", object_class=pkcs11.ObjectClass.PRIVATE_KEY)
        assert (private[pkcs11.Attribute.SENSITIVE], private[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        with pytest.raises(pkcs11.AttributeSensitive):
            private[pkcs11.Attribute.VALUE]
    keys.close()


def test_a_wrong_pin_token_or_library_is_named(tmp_path: Path) -> None:
    library = pkcs11_library()
    with pytest.raises(KeyUnusable, match="PIN"):
        Pkcs11SigningKeys(library, TOKEN, "9999999")
    with pytest.raises(KeyUnusable, match="there is no token 'other'"):
        Pkcs11SigningKeys(library, "other", PIN)
    with pytest.raises(KeyUnusable, match="does not open"):
        Pkcs11SigningKeys(tmp_path / "absent.so", TOKEN, PIN)

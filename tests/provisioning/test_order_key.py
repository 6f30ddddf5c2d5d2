"""The order key signs for the cloud; its file is its owner's alone."""

from pathlib import Path

import pytest

from protocol.errors import Malformed, SealBroken
from provisioning import order_key
from provisioning.order_key import NoOrderKey


def test_what_the_stored_key_signs_is_known_by_the_half_that_gateways_have(tmp_path: Path) -> None:
    order_key.make(tmp_path)
    signature = order_key.open_key(tmp_path).sign(b"order")
    public = order_key.load_public((tmp_path / "order.pub").read_bytes())
    order_key.check(public, signature, b"order")
    with pytest.raises(SealBroken):
        order_key.check(public, signature, b"another")
    with pytest.raises(SealBroken):
        order_key.check(public, b"junk", b"order")


def test_the_key_is_never_overwritten_and_a_missing_or_open_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoOrderKey, match="no order key"):
        order_key.open_key(tmp_path)
    order_key.make(tmp_path)
    with pytest.raises(FileExistsError):
        order_key.make(tmp_path)
    (tmp_path / "order.key").chmod(0o644)
    with pytest.raises(NoOrderKey, match="read by others"):
        order_key.open_key(tmp_path)
    (tmp_path / "order.key").write_bytes(b"junk")
    (tmp_path / "order.key").chmod(0o600)
    with pytest.raises(NoOrderKey, match="no private key"):
        order_key.open_key(tmp_path)


def test_junk_is_no_public_half() -> None:
    with pytest.raises(Malformed):
        order_key.load_public(b"junk")

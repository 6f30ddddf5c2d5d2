"""Both suites keep the same promises: what is sealed to a key is opened by it alone, about the same thing alone."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed, SealBroken
from provisioning.sealing_keys import PRIVATE_BYTES, PUBLIC_BYTES, PrivateKey, Suite, load_public

KEYS = {suite: PrivateKey.generate(suite) for suite in Suite}
SEALED_BYTES = {Suite.HYBRID: 1168, Suite.X25519: 80}
suites = pytest.mark.parametrize("suite", list(Suite))


@suites
def test_a_secret_comes_back_from_the_bytes_of_both_halves(suite: Suite) -> None:
    sealed = load_public(KEYS[suite].public.raw).seal(b"s" * 32, b"epoch 1")
    assert len(sealed) == SEALED_BYTES[suite]
    again = PrivateKey(KEYS[suite].secret_bytes())
    assert again.open(sealed, b"epoch 1") == b"s" * 32
    assert (again.suite, again.id) == (suite, KEYS[suite].public.id)
    assert (len(again.public.raw), len(again.secret_bytes())) == (PUBLIC_BYTES[suite], PRIVATE_BYTES[suite])


@suites
def test_it_opens_nothing_bound_to_something_else_and_nothing_sealed_to_another(suite: Suite) -> None:
    sealed = KEYS[suite].public.seal(b"secret", b"epoch 1")
    with pytest.raises(SealBroken):
        KEYS[suite].open(sealed, b"epoch 2")
    with pytest.raises(SealBroken):
        PrivateKey.generate(suite).open(sealed, b"epoch 1")


def test_one_suite_does_not_open_the_other_s_even_with_the_same_curve_key() -> None:
    alone = PrivateKey(KEYS[Suite.HYBRID].secret_bytes()[64:])
    with pytest.raises(SealBroken):
        alone.open(KEYS[Suite.HYBRID].public.seal(b"secret", b""), b"")
    assert alone.id != KEYS[Suite.HYBRID].id


@suites
@given(junk=st.binary(max_size=1300))
def test_any_bytes_are_a_broken_seal(suite: Suite, junk: bytes) -> None:
    with pytest.raises(SealBroken):
        KEYS[suite].open(junk, b"")


@suites
@given(data=st.data())
def test_one_changed_bit_breaks_the_seal(suite: Suite, data: st.DataObject) -> None:
    sealed = bytearray(KEYS[suite].public.seal(b"secret", b""))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(SealBroken):
        KEYS[suite].open(bytes(sealed), b"")


@given(st.binary(max_size=1300) | st.binary(min_size=32, max_size=32) | st.binary(min_size=1216, max_size=1216))
def test_any_bytes_are_a_public_key_or_malformed(junk: bytes) -> None:
    with suppress(Malformed):
        load_public(junk).seal(b"secret", b"")


def test_halves_of_a_wrong_length_are_named() -> None:
    with pytest.raises(Malformed, match=r"public half has 1216 \(mlkem768-x25519\) or 32 \(x25519\) bytes, not 33"):
        load_public(bytes(33))
    with pytest.raises(Malformed, match=r"private half .* not 95"):
        PrivateKey(bytes(95))


def test_a_point_of_small_order_is_named() -> None:
    with pytest.raises(Malformed, match="small order"):
        load_public(bytes(32)).seal(b"secret", b"")

"""The code on a label."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.claims import ClaimCode, WrongCode, claim_name, gateway_of, read_code, read_name, read_password

CODES = st.builds(ClaimCode, st.binary(min_size=5, max_size=5), st.binary(min_size=16, max_size=16))
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(CODES)
def test_a_code_is_read_back_as_it_was_printed(code: ClaimCode) -> None:
    assert read_code(code.text) == code
    assert ClaimCode(read_name(code.name), read_password(code.password)) == code
    assert [len(group) for group in code.text.split("-")] == [5] * 7


@given(CODES)
def test_people_may_type_it_in_small_letters_with_spaces_and_look_alikes(code: ClaimCode) -> None:
    typed = code.text.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_code(f"  {typed}\n") == code


@given(CODES, st.integers(0, 34), st.sampled_from(LETTERS))
def test_one_wrong_letter_is_found_before_anything_is_sent(code: ClaimCode, place: int, letter: str) -> None:
    letters = code.text.replace("-", "")
    wrong = letters[:place] + letter + letters[place + 1 :]
    if wrong != letters:
        with pytest.raises(WrongCode, match="check letter"):
            read_code(wrong)


@given(st.text(alphabet=string.printable, max_size=40))
def test_any_text_is_a_code_or_a_named_error_that_does_not_repeat_it(text: str) -> None:
    said = ""
    try:
        read_code(text)
    except WrongCode as wrong:
        said = str(wrong)
    assert len(text) < 12 or text not in said


def test_other_lengths_and_stray_bits_are_refused() -> None:
    with pytest.raises(WrongCode, match="8 letters"):
        read_name("ABC")
    with pytest.raises(WrongCode, match="26 letters"):
        read_password("A" * 25)
    with pytest.raises(WrongCode, match="26 letters"):
        read_password("0" * 25 + "1")
    with pytest.raises(WrongCode, match="35 letters"):
        read_code("ABCDE")


@given(st.binary(min_size=5, max_size=5), st.binary(min_size=5, max_size=5))
def test_each_claim_names_one_gateway(one: bytes, other: bytes) -> None:
    assert (gateway_of(one) == gateway_of(other)) == (one == other)
    assert read_name(claim_name(one)) == one

"""What is printed on a device's label: codes that people can type (pure).

The claim's code enrols the device and does nothing else. The adoption code gives the enrolled device to an organisation and does nothing
else: it is made from the secret by a one-way function, so whoever adopts a device learns nothing with which to enrol one.

A claim's code has 35 letters in 7 groups of 5, Crockford's base 32: 8 letters of number (40 bits), 26 of secret (128 bits, padded by two zero bits)
and one check letter over all before it. An adoption code has 25: the same number, 16 of proof (80 bits), one check letter. `I` and `L` are read as 1, `O` as 0; case, spaces and hyphens do not matter. The check letter finds
any single wrong letter, and nearly any two exchanged neighbours, before a claim is sent anywhere.
Source: https://www.crockford.com/base32.html; the check letter is Luhn's modulo 32, for Crockford's own needs signs that shells read.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid5

NUMBER_BYTES, SECRET_BYTES = 5, 16
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)} | {"I": 1, "L": 1, "O": 0}
PROOF_BYTES = 10
_NUMBER, _SECRET, _PROOF, _GROUP = 8, 26, 16, 5
_ADOPTION = b"mediassist adoption 1"
_GATEWAYS = UUID("6f0c7a52-3c0e-5b57-9a1f-6d6564690002")
"""Name space of the gateways that claims make."""


class WrongCode(ValueError):
    """The text is no claim's code: the message says what is wrong with it, never what was in it. Look at the label again."""


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A claim as its device knows it. number: 5 bytes, public. secret: 16 bytes, known to the label alone."""

    number: bytes
    secret: bytes

    @property
    def name(self) -> str:
        """The number as 8 letters: how the claim is called in tables, logs and HTTP's user name."""
        return claim_name(self.number)

    @property
    def gateway(self) -> UUID:
        """The id of the gateway that this claim will make."""
        return gateway_of(self.number)

    @property
    def password(self) -> str:
        """The secret as 26 letters: HTTP's password."""
        return _encode(int.from_bytes(self.secret, "big") << 2, _SECRET)

    @property
    def text(self) -> str:
        """The code as it is printed."""
        return _printed(self.name + self.password)

    @property
    def adoption(self) -> "AdoptionCode":
        """The other code of the same label."""
        return AdoptionCode(self.number, hashlib.sha256(_ADOPTION + self.secret).digest()[:PROOF_BYTES])


@dataclass(frozen=True, slots=True)
class AdoptionCode:
    """What an administrator types to adopt a gateway. number: 5 bytes, the claim's. proof: 10 bytes, known to the label alone."""

    number: bytes
    proof: bytes

    @property
    def text(self) -> str:
        """The code as it is printed."""
        return _printed(claim_name(self.number) + _encode(int.from_bytes(self.proof, "big"), _PROOF))


def read_code(text: str) -> ClaimCode:
    """Read a code as a person typed it or a camera read it.

    Raises:
        WrongCode: of another length, with a letter that no code has, or mistyped.
    """
    letters = _checked(text, _NUMBER + _SECRET, "a claim's code")
    return ClaimCode(read_name(letters[:_NUMBER]), read_password(letters[_NUMBER:]))


def read_adoption(text: str) -> AdoptionCode:
    """Read an adoption code as a person typed it.

    Raises:
        WrongCode: of another length (a claim's code, too), with a letter that no code has, or mistyped.
    """
    letters = _checked(text, _NUMBER + _PROOF, "an adoption code")
    return AdoptionCode(read_name(letters[:_NUMBER]), _decode(letters[_NUMBER:]).to_bytes(PROOF_BYTES, "big"))


def claim_name(number: bytes) -> str:
    """Return a claim's number (5 bytes) as 8 letters."""
    return _encode(int.from_bytes(number, "big"), _NUMBER)


def read_name(text: str) -> bytes:
    """Read what `claim_name` wrote.

    Raises:
        WrongCode: not 8 letters of a code.
    """
    letters = _letters(text)
    if len(letters) != _NUMBER:
        raise WrongCode(f"a claim's number has {_NUMBER} letters")
    return _decode(letters).to_bytes(NUMBER_BYTES, "big")


def read_password(text: str) -> bytes:
    """Read a secret's 26 letters.

    Raises:
        WrongCode: not 26 letters of a code, or bits beyond the 128.
    """
    letters = _letters(text)
    value = _decode(letters)
    if len(letters) != _SECRET or value & 0b11:
        raise WrongCode(f"a claim's secret has {_SECRET} letters")
    return (value >> 2).to_bytes(SECRET_BYTES, "big")


def gateway_of(number: bytes) -> UUID:
    """Return the id of the gateway that a claim makes: whoever holds the label can name it, and no two claims name the same."""
    return uuid5(_GATEWAYS, claim_name(number))


def secret_sha256(secret: bytes) -> bytes:
    """Return all that is stored of a secret, or of a proof. So many random bits need no slow hash."""
    return hashlib.sha256(secret).digest()


def _letters(text: str) -> str:
    letters = text.upper().replace("-", "").replace(" ", "").strip()
    if any(letter not in _VALUES for letter in letters):
        raise WrongCode("the code holds a character that no code has")
    return "".join(_LETTERS[_VALUES[letter]] for letter in letters)


def _checked(text: str, length: int, what: str) -> str:
    letters = _letters(text)
    if len(letters) != length + 1:
        raise WrongCode(f"{what} has {length + 1} letters and digits, this has {len(letters)}")
    if _check(letters[:-1]) != letters[-1]:
        raise WrongCode("the code's check letter does not fit: a letter is wrong, or two are exchanged")
    return letters[:-1]


def _printed(letters: str) -> str:
    letters += _check(letters)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _check(letters: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(letters)):
        doubled = _VALUES[letter] * (1 if place % 2 else 2)
        total += doubled // 32 + doubled % 32
    return _LETTERS[-total % 32]


def _encode(value: int, letters: int) -> str:
    return "".join(_LETTERS[value >> 5 * place & 31] for place in reversed(range(letters)))


def _decode(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value << 5 | _VALUES[letter]
    return value

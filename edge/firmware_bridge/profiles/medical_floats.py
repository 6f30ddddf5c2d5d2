"""Decimal numbers of IEEE 11073-20601: SFLOAT (16 bit) and FLOAT (32 bit), and their special values.

Both are little-endian on the air: a signed mantissa in the low bits, a signed exponent of ten in the high bits. Five
mantissas with exponent 0 are no numbers; they become an `Absence`, never a float that somebody could average.
"""

import math
from dataclasses import dataclass

from protocol.errors import Malformed
from protocol.metrics import Absence


@dataclass(frozen=True, slots=True)
class MedicalNumber:
    """A number, or why there is none. value: NaN exactly when `absence` is not PRESENT."""

    value: float
    absence: Absence = Absence.PRESENT


@dataclass(frozen=True, slots=True)
class _Form:
    """How wide a form is. largest: the largest mantissa that is a number."""

    name: str
    octets: int
    mantissa_bits: int

    @property
    def half(self) -> int:
        return 1 << (self.mantissa_bits - 1)

    @property
    def largest(self) -> int:
        return self.half - 3

    @property
    def lowest_exponent(self) -> int:
        return -(1 << (8 * self.octets - self.mantissa_bits - 1))

    @property
    def specials(self) -> dict[int, Absence]:
        """Raw value (unsigned, exponent 0) of each special value."""
        return {
            self.half - 1: Absence.NAN,
            self.half: Absence.NRES,
            self.half - 2: Absence.POSITIVE_INFINITY,
            self.half + 2: Absence.NEGATIVE_INFINITY,
            self.half + 1: Absence.RESERVED,
        }


_SFLOAT = _Form("SFLOAT", 2, 12)
_FLOAT = _Form("FLOAT", 4, 24)
_SPECIALS = {form: form.specials for form in (_SFLOAT, _FLOAT)}
_RAW_OF_SPECIAL = {form: {absence: raw for raw, absence in form.specials.items()} for form in (_SFLOAT, _FLOAT)}


def parse_sfloat(data: bytes) -> MedicalNumber:
    """Read 2 bytes.

    Raises:
        Malformed: not 2 bytes.
    """
    return _parse(_SFLOAT, data)


def parse_float(data: bytes) -> MedicalNumber:
    """Read 4 bytes.

    Raises:
        Malformed: not 4 bytes.
    """
    return _parse(_FLOAT, data)


def write_sfloat(number: MedicalNumber, decimals: int = 0) -> bytes:
    """Write 2 bytes, rounded to `decimals` (0..8) places behind the point.

    Raises:
        Malformed: the rounded number needs a mantissa outside +-2045.
    """
    return _write(_SFLOAT, number, decimals)


def write_float(number: MedicalNumber, decimals: int = 0) -> bytes:
    """Write 4 bytes, rounded to `decimals` (0..128) places behind the point.

    Raises:
        Malformed: the rounded number needs a mantissa outside +-8388605.
    """
    return _write(_FLOAT, number, decimals)


def _parse(form: _Form, data: bytes) -> MedicalNumber:
    if len(data) != form.octets:
        raise Malformed(f"{form.name} has {form.octets} bytes, not {len(data)}")
    raw = int.from_bytes(data, "little")
    absence = _SPECIALS[form].get(raw)
    if absence is not None:
        return MedicalNumber(math.nan, absence)
    mantissa = raw & (2 * form.half - 1)
    if mantissa >= form.half:
        mantissa -= 2 * form.half
    exponent = int.from_bytes(data, "little", signed=True) >> form.mantissa_bits
    # A decimal literal rounds once; multiplying by a power of ten would round twice (36.700000000000003).
    return MedicalNumber(float(f"{mantissa}e{exponent}"))


def _write(form: _Form, number: MedicalNumber, decimals: int) -> bytes:
    if number.absence is not Absence.PRESENT:
        raw = _RAW_OF_SPECIAL[form].get(number.absence, form.half - 1)
        return raw.to_bytes(form.octets, "little")
    if not 0 <= decimals <= -form.lowest_exponent:
        raise Malformed(f"{form.name} has 0..{-form.lowest_exponent} decimals, not {decimals}")
    if not math.isfinite(number.value):
        raise Malformed(f"{number.value} is no number: say why by an absence")
    mantissa = round(number.value * 10**decimals)
    if not -form.largest <= mantissa <= form.largest:
        raise Malformed(f"{number.value} with {decimals} decimals does not fit {form.name} (mantissa within +-{form.largest})")
    raw = (-decimals << form.mantissa_bits) | (mantissa & (2 * form.half - 1))
    return (raw & ((1 << (8 * form.octets)) - 1)).to_bytes(form.octets, "little")

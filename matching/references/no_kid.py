"""Norwegian customer identification (KID): 2 to 25 digits, the last a check digit, modulus 10 or modulus 11.

Source: Mastercard Payment Services (Nets), system specification OCR giro: which modulus holds is agreed between the
creditor and the bank, so both are accepted here; in modulus 11 a hyphen stands for check value 10.
"""

from collections.abc import Iterator

from stdnum import luhn

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    Strength,
    find_digits,
    require_digits,
    weighted_sum,
    without,
    wrong_check_digit,
)

NAME = "KID"
TYPES = ("KID", "KIDNR")
# Modulus 11 alone misses nothing; but a text does not say which modulus was agreed, so the weaker one counts.
STRENGTH = Strength(single_undetected=0.1, transposed_undetected=0.12, enough_alone=False)

_LENGTHS_IN_TEXT = frozenset(range(7, 26))


def compact(text: str) -> str:
    """Digits, and the hyphen only where it ends the number as check value 10.

    >>> compact("1234 5678 2"), compact("123456-")
    ('123456782', '123456-')
    """
    joined = without(text, ".")
    return joined.rstrip("-").replace("-", "") + ("-" if joined.endswith("-") else "")


def check_digit_modulus_11(digits: str) -> str:
    """Weights 2 to 7 from the right, completed to the next eleven; check value 10 is written as a hyphen.

    >>> check_digit_modulus_11("12345678"), check_digit_modulus_11("0000006")
    ('5', '-')
    """
    value = -weighted_sum(digits, (2, 3, 4, 5, 6, 7)) % 11
    return "-" if value == 10 else str(value)


def is_valid_modulus_10(text: str) -> bool:
    """Whether the number obeys modulus 10, the commoner of the two rules."""
    reference = compact(text)
    return reference.isascii() and reference.isdigit() and 2 <= len(reference) <= 25 and bool(luhn.is_valid(reference))


def is_valid_modulus_11(text: str) -> bool:
    """Whether the number obeys modulus 11, which misses neither a wrong nor a swapped digit."""
    reference = compact(text)
    body = reference[:-1]
    fits = body.isascii() and body.isdigit() and 2 <= len(reference) <= 25
    return fits and check_digit_modulus_11(body) == reference[-1]


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("2345676")
    '2345676'
    >>> is_valid_modulus_10("2345676"), is_valid("2345677")
    (True, False)
    """
    reference = compact(text)
    require_digits(reference[:-1] if reference.endswith("-") else reference, NAME, 1 if "-" in reference else 2, 25)
    if not (is_valid_modulus_10(reference) or is_valid_modulus_11(reference)):
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a KID under either modulus."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Numbers of seven digits or more with a fitting check digit; nearly one number in five fits by chance.

    >>> [found.reference for found in find("KID: 2345676")]
    ['2345676']
    """
    yield from find_digits(text, NAME, is_valid, _LENGTHS_IN_TEXT)

"""Swedish OCR reference: 2 to 25 digits ending in a modulus 10 check digit, before it often a length digit.

Source: Bankgirot, OCR reference check, user manual: "soft" and "hard" level check the last digit (Luhn); with variable
length the last but one is the total length modulo 10; with fixed length one or two lengths are agreed.
"""

from collections.abc import Iterator

from stdnum import luhn

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    Strength,
    find_digits,
    require_digits,
    without,
    wrong_check_digit,
)

NAME = "OCR"
TYPES = ("OCR", "SEBGOCR", "BGOCR")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.022, enough_alone=False)

_LENGTHS_IN_TEXT = frozenset(range(7, 26))


def compact(text: str) -> str:
    """The digits.

    >>> compact("# 1234 5682 #")
    '12345682'
    """
    return without(text, "#-.")


def has_length_digit(text: str) -> bool:
    """Whether the last but one digit is the length modulo 10, the hard check that excludes lost digits too.

    >>> has_length_digit("1212121212121271"), has_length_digit("12121212121264")
    (False, False)
    >>> has_length_digit("123466")
    True
    """
    reference = compact(text)
    return len(reference) >= 3 and reference[-2] == str(len(reference) % 10)


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("12345674")
    '12345674'
    >>> is_valid("12345675")
    False
    """
    reference = compact(text)
    require_digits(reference, NAME, 2, 25)
    if not luhn.is_valid(reference):
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a Swedish OCR reference."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Numbers of seven digits or more with a fitting check digit; one number in ten fits by chance.

    >>> [found.reference for found in find("OCR 12345674 TACK")]
    ['12345674']
    """
    yield from find_digits(text, NAME, is_valid, _LENGTHS_IN_TEXT)

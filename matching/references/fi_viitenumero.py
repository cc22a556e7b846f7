"""Finnish reference number (viitenumero): 3 to 19 digits and a check digit with the weights 7, 3, 1.

Source: Finance Finland, structure of the national reference number: multiply from right to left by 7, 3, 1 in turn;
the check digit completes the sum to the next ten. Printed in groups of five from the right.
"""

from collections.abc import Iterator

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

NAME = "viitenumero"
TYPES = ("VIITE", "FIVIITE", "RPF", "SPY")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.113, enough_alone=False)

_LENGTHS_IN_TEXT = frozenset(range(7, 21))


def compact(text: str) -> str:
    """The digits without the zeros banks put in front.

    >>> compact("00000 12345 67894")
    '1234567894'
    """
    return without(text, "-.").lstrip("0")


def check_digit(digits: str) -> str:
    """What completes the weighted sum to the next ten.

    >>> check_digit("123456789")
    '7'
    """
    return str(-weighted_sum(digits, (7, 3, 1)) % 10)


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("12 34567 897")[-1] == check_digit("123456789")
    True
    >>> is_valid("1234567896")
    False
    """
    reference = compact(text)
    require_digits(reference, NAME, 4, 20)
    if check_digit(reference[:-1]) != reference[-1]:
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a Finnish reference number."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Numbers of seven digits or more with a fitting check digit; one number in ten fits by chance.

    >>> [found.reference for found in find("VIITE 12345 67897 KIITOS")]
    ['1234567897']
    """
    for found in find_digits(text, NAME, is_valid, _LENGTHS_IN_TEXT):
        yield Found(scheme=NAME, reference=compact(found.reference), start=found.start, end=found.end)

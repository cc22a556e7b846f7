"""Dutch payment reference (betalingskenmerk): a check digit first, then often a length digit, then the number.

Source: Betaalvereniging Nederland, specification of the betalingskenmerk: 7 digits without any check; 9 to 14 digits
with check digit and length digit; 16 digits with a check digit only. Check digit by weighted modulus 11, weights 2, 4,
8, 5, 10, 9, 7, 3, 6, 1 from the right; check value 10 is written 1, 11 is written 0.
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

NAME = "betalingskenmerk"
TYPES = ("CUR", "NLBK", "BETALINGSKENMERK")
# Two check values share the digit 1, so a few slips get through; the seven-digit form has no check at all.
STRENGTH = Strength(single_undetected=0.018, transposed_undetected=0.018, enough_alone=False)

_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
_WITH_LENGTH_DIGIT = range(9, 15)
_LENGTHS_IN_TEXT = frozenset({*_WITH_LENGTH_DIGIT, 16})


def compact(text: str) -> str:
    """The digits.

    >>> compact("5000 0567 8901 2345")
    '5000056789012345'
    """
    return without(text, "-.")


def check_digit(digits: str) -> str:
    """The digit that stands first, worked out from the rest.

    >>> check_digit("000056789012345")
    '5'
    """
    value = 11 - weighted_sum(digits, _WEIGHTS) % 11
    return {10: "1", 11: "0"}.get(value, str(value))


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("12 2345 3462 2567"), validate("5000056789012345")
    ('12234534622567', '5000056789012345')
    >>> is_valid("5000056789012354"), is_valid("12345678")
    (False, False)
    """
    reference = compact(text)
    require_digits(reference, NAME, 7, 16)
    if len(reference) in {8, 15}:
        message = f"{reference!r} is no {NAME}: {len(reference)} digits where 7, 9 to 14 or 16 are allowed"
        raise InvalidReferenceError(message)
    if len(reference) in _WITH_LENGTH_DIGIT and int(reference[1]) != (len(reference) - 2) % 10:
        message = f"{reference!r} is no {NAME}: its second digit does not tell how many digits follow"
        raise InvalidReferenceError(message)
    if len(reference) != 7 and check_digit(reference[1:]) != reference[0]:
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a betalingskenmerk, the unchecked form of seven digits included."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """References that carry a check digit; the seven-digit form cannot be told from any other number.

    >>> [found.reference for found in find("Betalingskenmerk 5000 0567 8901 2345")]
    ['5000056789012345']
    """
    yield from find_digits(text, NAME, is_valid, _LENGTHS_IN_TEXT)

"""Swiss QR reference (QRR) and its predecessor, the ESR/ISR reference: up to 26 digits and a recursive check digit.

Source: SIX, Swiss Implementation Guidelines QR-bill, annex B (modulo 10 recursive). Printed as 2 and then groups of 5
digits; leading zeros may be left out.
"""

from collections.abc import Iterator

from stdnum.ch import esr

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    Strength,
    find_digits,
    require_digits,
    without,
    wrong_check_digit,
)

NAME = "QRR"
TYPES = ("QRR", "ISR", "ESR", "BESR", "VESR")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.021, enough_alone=False)

# The lengths that slips and files carry; shorter ones (zeros left out) cannot be told from any other number.
_LENGTHS_IN_TEXT = frozenset({16, 26, 27})


def compact(text: str) -> str:
    """Twenty-seven digits, filled with zeros.

    >>> compact("21 00000 00003 13947 14300 09017")
    '210000000003139471430009017'
    """
    return without(text, "-.").zfill(27)


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("18 78583")
    '000000000000000000001878583'
    >>> is_valid("210000000003139471430009016")
    False
    """
    reference = compact(text)
    require_digits(reference, NAME, 27, 27)
    if not reference.strip("0"):
        message = f"{reference!r} is no {NAME} reference: it is zero"
        raise InvalidReferenceError(message)
    if not esr.is_valid(reference):
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a Swiss QR or ESR reference."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """QR references in a free text, in groups or in one, at their full printed length.

    >>> [found.reference for found in find("Ref. 21 00000 00003 13947 14300 09017")]
    ['210000000003139471430009017']
    """
    for found in find_digits(text, NAME, is_valid, _LENGTHS_IN_TEXT):
        yield Found(scheme=NAME, reference=compact(found.reference), start=found.start, end=found.end)

"""Danish joint payment form (FIK): form type, payment id with a modulus 10 check digit, creditor number.

Source: Finans Danmark / Nets, FIK code line: +71 carries a payment id of 15 digits, +75 one of 16, +04 and +15 one of
16 (giro), +73 none (the payer writes a text). The line reads ``+71<123456789012345+81234567<``.
"""

import re
from collections.abc import Iterator

from stdnum import luhn

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    Strength,
    require_digits,
    without,
    wrong_check_digit,
)

NAME = "FIK"
TYPES = ("FIK", "FIK71", "FIK75", "GIK04", "GIK15")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.022, enough_alone=False)

_ID_LENGTH = {"71": 15, "75": 16, "04": 16, "15": 16}
_LINE = re.compile(r"\+\s?(71|75|04|15)\s?<?\s?((?:\d\s?){15,16}(?!\d))(?:\+\s?(\d{8})\s?<?)?", re.ASCII)
_BARE = re.compile(r"(?<![0-9A-Za-z])\d{15,16}(?![0-9A-Za-z])", re.ASCII)


def compact(text: str) -> str:
    """The payment id alone, filled with zeros to 15 digits where it is shorter.

    >>> compact("+71<000000001234566+81234567<"), compact("1234566")
    ('000000001234566', '000000001234566')
    """
    line = _LINE.fullmatch(text.strip())
    return without(line.group(2) if line else text, "-.").zfill(15)


def validate(text: str) -> str:
    """The compact payment id. Raises InvalidReferenceError.

    >>> validate("+71<000000001234566+81234567<")
    '000000001234566'
    >>> validate("+75<000000001234566+81234567<")
    Traceback (most recent call last):
    matching.references._shared.InvalidReferenceError: '000000001234566' is no FIK reference: form +75 wants 16 digits
    """
    reference = compact(text)
    require_digits(reference, NAME, 15, 16)
    line = _LINE.fullmatch(text.strip())
    if line and len(reference) != _ID_LENGTH[line.group(1)]:
        wanted = _ID_LENGTH[line.group(1)]
        message = f"{reference!r} is no {NAME} reference: form +{line.group(1)} wants {wanted} digits"
        raise InvalidReferenceError(message)
    if not luhn.is_valid(reference) or not reference.strip("0"):
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a FIK payment line or its payment id."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Payment lines, and bare payment ids of full length, in a free text.

    >>> [found.reference for found in find("Betaling +71<000000001234566+81234567<")]
    ['000000001234566']
    """
    for pattern in (_LINE, _BARE):
        for match in pattern.finditer(text):
            inside_a_line = pattern is _BARE and text[: match.start()].rstrip("< ").endswith(
                ("+71", "+75", "+04", "+15")
            )
            if not inside_a_line and is_valid(match.group()):
                yield Found(scheme=NAME, reference=compact(match.group()), start=match.start(), end=match.end())

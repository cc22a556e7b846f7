"""ISO 11649 creditor reference: the international one, "RF", two check digits, up to 21 characters of the creditor's.

Source: ISO 11649:2009; check digits after ISO/IEC 7064 mod 97-10. Printed in groups of four.
"""

import re
from collections.abc import Iterator

from stdnum import iso11649
from stdnum.exceptions import InvalidChecksum, ValidationError

from matching.references._shared import Found, InvalidReferenceError, Strength, without, wrong_check_digit

NAME = "ISO 11649"
TYPES = ("SCOR", "RF", "ISO11649")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.0, enough_alone=True)

_LONGEST = 25
_SEPARATORS = "-.,/:"
# "RF", its check digits, then groups as people print them; trailing words are cut off while checking.
_CANDIDATE = re.compile(r"(?<![0-9A-Za-z])[Rr][Ff][ \-]?\d\d(?:[  \-./]?[0-9A-Za-z]+)*", re.ASCII)
_PIECE = re.compile(r"[0-9A-Za-z]+", re.ASCII)


def compact(text: str) -> str:
    """Upper case, without blanks and separators.

    >>> compact("rf18 5390 0754 7034")
    'RF18539007547034'
    """
    return without(text, _SEPARATORS)


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("RF18 5390 0754 7034")
    'RF18539007547034'
    >>> validate("RF18 5390 0754 7043")
    Traceback (most recent call last):
    matching.references._shared.InvalidReferenceError: 'RF18539007547043' is no ISO 11649 reference: the check digit \
does not fit, a digit may be mistyped
    """
    reference = compact(text)
    try:
        if not reference.isascii() or not reference.isalnum() or not reference[2:4].isdigit():
            raise ValidationError  # noqa: TRY301 -- the same answer as for any other wrong shape
        iso11649.validate(reference)
    except InvalidChecksum:
        raise wrong_check_digit(reference, NAME) from None
    except ValidationError:
        message = f"{reference!r} is no {NAME} reference: 'RF', two check digits and 1 to 21 letters or digits expected"
        raise InvalidReferenceError(message) from None
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is an ISO 11649 reference.

    >>> is_valid("RF18 5390 0754 70Y"), is_valid("RF00")
    (True, False)
    """
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """The RF references of a free text, grouped or not; of several readings from one place the longest valid one.

    >>> [(found.reference, found.start) for found in find("Invoice RF18 5390 0754 7034 thank you")]
    [('RF18539007547034', 8)]
    """
    for match in _CANDIDATE.finditer(text):
        best: Found | None = None
        reading = ""
        for piece in _PIECE.finditer(text, match.start(), match.end()):
            reading += piece.group()
            if len(reading) > _LONGEST:
                break
            if is_valid(reading):
                best = Found(scheme=NAME, reference=reading.upper(), start=match.start(), end=piece.end())
        if best:
            yield best

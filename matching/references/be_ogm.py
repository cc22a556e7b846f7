"""Belgian structured communication (OGM / VCS): ten digits and two check digits, printed +++123/4567/89012+++.

Source: Febelfin, banking standards for online banking: the check digits are the first ten digits modulo 97, and 97
where that gives 0. Also printed with asterisks instead of plus signs.
"""

import re
from collections.abc import Iterator

from stdnum.be import ogm_vcs

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    Strength,
    find_digits,
    require_digits,
    without,
    wrong_check_digit,
)

NAME = "OGM-VCS"
TYPES = ("OGM", "VCS", "BBA", "OGM-VCS")
STRENGTH = Strength(single_undetected=0.0, transposed_undetected=0.0, enough_alone=True)

_PRINTED = re.compile(r"(?<!\d)\d{3}\s?/\s?\d{4}\s?/\s?\d{5}(?!\d)", re.ASCII)


def compact(text: str) -> str:
    """Twelve digits.

    >>> compact("+++090/9337/55493+++")
    '090933755493'
    """
    return without(text, "+*/.-")


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("***090/9337/55493***")
    '090933755493'
    >>> is_valid("+++090/9337/55439+++")
    False
    """
    reference = compact(text)
    require_digits(reference, NAME, 12, 12)
    if not ogm_vcs.is_valid(reference):
        raise wrong_check_digit(reference, NAME)
    return reference


def is_valid(text: str) -> bool:
    """Whether the text is a Belgian structured communication."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Structured communications in a free text, with or without their plus signs and slashes.

    >>> [found.reference for found in find("REF 090/9337/55493 en 090933755493")]
    ['090933755493', '090933755493']
    """
    for match in _PRINTED.finditer(text):
        if is_valid(match.group()):
            yield Found(scheme=NAME, reference=compact(match.group()), start=match.start(), end=match.end())
    yield from find_digits(text, NAME, is_valid, frozenset({12}))

"""A structured reference that the ERP has not stored, but whose check digits hold: what number stands inside it?

Many ERPs print a reference that is built from their numbers (``RF`` + check digits + invoice number, customer number +
invoice number + check digit) and keep no record of it.
"""

from matching.grades import Reference
from matching.index import LedgerIndex
from matching.mentions import Mention
from matching.numbers.series import DIGITS, digit_key
from matching.references import Scheme, all_schemes, scheme_of_type
from matching.text.normal import compact

_SHORTEST = 6
"""Fewer digits at the end of a reference are hit by chance."""
_CHECKED_BY_TWO = frozenset({"OGM-VCS"})


def named_inside(kind: str, reference: str, index: LedgerIndex) -> Mention | None:
    """The document whose whole number ends the body of a valid reference; None for an invalid one.

    ``kind`` is the bank's type code, as far as it gives one. The longest number that fits is meant.
    """
    text = compact(reference[:70])
    own = _scheme(kind, text)
    for one in all_schemes() if own is None else (own,):
        if one.is_valid(text):
            found = _inside(text, 2 if one.NAME in _CHECKED_BY_TWO else 1, index)
            if found is not None:
                return found
    return None


def is_broken(kind: str, reference: str) -> bool:
    """Whether a reference is of a scheme that is known, and its check digits do not hold.

    >>> is_broken("SCOR", "RF18 5390 0754 7034"), is_broken("SCOR", "RF19 5390 0754 7034"), is_broken("", "4711")
    (False, True, False)
    """
    text = compact(reference[:70])
    own = _scheme(kind, text)
    return own is not None and not own.is_valid(text)


def _scheme(kind: str, text: str) -> Scheme | None:
    """The scheme that the reference says it is of. Banks deliver national references as SCOR too."""
    if text[:2] == "RF" and text[2:4].isdigit():
        return scheme_of_type("RF")
    found = scheme_of_type(kind)
    return None if found is scheme_of_type("RF") else found


def _inside(text: str, check_digits: int, index: LedgerIndex) -> Mention | None:
    body = text[4:] if text.startswith("RF") else text[:-check_digits]
    if text.startswith("RF"):
        exact = tuple(index.numbers.by_text(body)), tuple(index.closed_numbers.by_text(body))
        if any(exact):
            return Mention(0, 0, body, Reference.FULL, *exact, text)
    digits = "".join(DIGITS.findall(body))
    for length in sorted((length for length in index.numbers.lengths if length >= _SHORTEST), reverse=True):
        part = digits[-length:]
        if len(part) == length:
            items = tuple(index.numbers.full.get(digit_key(part)))
            closed = tuple(index.closed_numbers.full.get(digit_key(part)))
            if items or closed:
                return Mention(0, 0, part, Reference.DIGITS, items, closed, text)
    return None

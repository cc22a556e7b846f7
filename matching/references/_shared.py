"""What every reference scheme shares: the find, the error, the strength note, and digits as people print them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class InvalidReferenceError(ValueError):
    """A text that does not obey the rules of its scheme; the message names the scheme and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A valid reference seen in free text: the scheme's NAME, the compact form, and where it stands (half open)."""

    scheme: str
    reference: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How far a valid check digit can be trusted, as the share of typing slips that it does not notice.

    ``single_undetected``: one digit typed wrong; ``transposed_undetected``: two neighbours swapped. Where
    ``enough_alone`` is false, the reference still needs the amount or the payer to agree before anything is posted.
    """

    single_undetected: float
    transposed_undetected: float
    enough_alone: bool


# A run of digits, possibly in printed groups: one blank, no-break space, dot or hyphen between two groups.
_GROUPED = re.compile(r"(?<![0-9A-Za-z])\d+(?:[  .\-]\d+)*(?![0-9A-Za-z])", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_LONGEST = 27


def digit_windows(text: str, shortest: int, longest: int) -> Iterator[tuple[str, int, int]]:
    """Every way to read neighbouring groups of digits as one number of allowed length: (digits, start, end).

    Bounded: from each group at most ``longest`` digits are looked at, so the time is linear in the text.

    >>> list(digit_windows("KID 12 345", 3, 5))
    [('12345', 4, 10), ('345', 7, 10)]
    """
    for run in _GROUPED.finditer(text):
        groups = [(match.group(), run.start() + match.start()) for match in _GROUP.finditer(run.group())]
        for first, (_, start) in enumerate(groups):
            digits = ""
            for group, at in groups[first:]:
                digits += group
                if len(digits) > longest:
                    break
                if len(digits) >= shortest:
                    yield digits, start, at + len(group)


def find_digits(text: str, scheme: str, is_valid: Callable[[str], bool], lengths: frozenset[int]) -> Iterator[Found]:
    """The valid references among the digit groups of a text, for schemes printed without a prefix of their own.

    Windows that overlap are all offered: which one is meant is for the open items to say.
    """
    for digits, start, end in digit_windows(text, min(lengths), max(lengths)):
        if len(digits) in lengths and is_valid(digits):
            yield Found(scheme=scheme, reference=digits, start=start, end=end)


def require_digits(compacted: str, scheme: str, shortest: int, longest: int) -> None:
    """Raise InvalidReferenceError unless the text is digits only and of allowed length."""
    if not (compacted.isascii() and compacted.isdigit()):
        message = f"{compacted!r} is no {scheme} reference: it holds something other than digits"
        raise InvalidReferenceError(message)
    if not shortest <= len(compacted) <= longest:
        allowed = str(longest) if shortest == longest else f"{shortest} to {longest}"
        message = f"{compacted!r} is no {scheme} reference: {len(compacted)} digits where {allowed} are allowed"
        raise InvalidReferenceError(message)


def wrong_check_digit(compacted: str, scheme: str) -> InvalidReferenceError:
    """The error for a reference of the right shape whose check digit does not fit."""
    message = f"{compacted!r} is no {scheme} reference: the check digit does not fit, a digit may be mistyped"
    return InvalidReferenceError(message)


def weighted_sum(digits: str, weights: tuple[int, ...]) -> int:
    """The sum of digit times weight from right to left, the weights repeating.

    >>> weighted_sum("123", (7, 3, 1))
    28
    """
    return sum(int(digit) * weights[place % len(weights)] for place, digit in enumerate(reversed(digits)))


def without(text: str, separators: str) -> str:
    """The text in upper case without the separators people print (blanks of any kind always among them)."""
    return "".join(sign for sign in text.upper() if not sign.isspace() and sign not in separators)


def check_digit_modulus_11_folded(digits: str) -> str:
    """Modulus 11, weights 2, 3, 4, ... from the right, where the remainders 0 and 1 both give check digit 0.

    Slovenia and Croatia inherited this rule together; the fold is what lets 1 slip in 55 or so through.

    >>> check_digit_modulus_11_folded("1234")
    '3'
    """
    remainder = sum(int(digit) * weight for weight, digit in enumerate(reversed(digits), start=2)) % 11
    return "0" if remainder <= 1 else str(11 - remainder)

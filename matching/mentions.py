"""What stands in a text and is named there: digit groups, the mentions read from them, and what is no document.

Dates, amounts, account numbers, and numbers that a word in front says are a customer's or a telephone's.

Bounds: the first 240 digit groups and 80 mentions of a text are read.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from matching.grades import Reference
from matching.index import LedgerIndex
from matching.numbers.series import DIGITS

MOST_GROUPS = 240
MOST_MENTIONS = 80
_SEVERAL = 3
_WIDEST_GAP = 4
_WIDEST_LABEL_GAP = 6
_GAP = re.compile(r"[^A-Z0-9]{0,4}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKS = "".join(sign for sign in map(chr, range(128)) if not sign.isalnum())
_WIDEST_BEFORE = 3
MOST_LETTERS = 24
_LONGEST_GLUED = 8
_NO_DOCUMENT = re.compile(
    r"(?:\b(?:KD|KDN|KUNDEN?|KND|KLANT|KLANTEN|DEB|DEBITOR|DEBITEUR(?:EN)?|CLIENT|CUST|CUSTOMER"
    r"|KONTRAHENT|KLIENT|KUND|MANDANT"
    r"|VERTRAG|CONTRACT|CONTRAT|UMOWA|MANDAT|MANDATE)[^A-Z0-9]{0,3}(?:N|NR|NO|NUM|NUMMER|NUMER|NUMBER|ID|CODE)?"
    r"|KDNR|KUNDENNUMMER|KUNDENNR|KLANTNR|KLANTNUMMER|DEBNR|CUSTNO|CUSTOMERNO|TEL|TELEFON|TELEFOON"
    r"|PHONE|FAX|IBAN|BIC|KONTO|BLZ|PLZ|NIP"
    r"|VAT|BTW|UST|USTID|KVK|SIRET|SIREN|KNR)[^A-Z0-9]{0,3}$"
)
_LABELS_END = """
KD KDN KUNDE KUNDEN KND KLANT KLANTEN DEB DEBITOR DEBITEUR DEBITEUREN CLIENT CUST CUSTOMER KONTRAHENT KLIENT KUND
MANDANT VERTRAG CONTRACT CONTRAT UMOWA MANDAT MANDATE N NR NO NUM NUMMER NUMER NUMBER ID CODE TEL TELEFON TELEFOON
PHONE FAX IBAN BIC KONTO BLZ PLZ NIP VAT BTW UST KVK SIRET SIREN
"""
_LABEL_ENDINGS = frozenset(word[-2:] for word in _LABELS_END.split())
"""How the words of ``_NO_DOCUMENT`` end: a text that does not end so needs no pattern run over it."""
_DATE_OR_AMOUNT = re.compile(
    r"(?<![0-9])(?:(?:0?[1-9]|[12][0-9]|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:20)?[0-9]{2}"
    r"|20[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[.' ]?[0-9]{3})*,[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[,' ]?[0-9]{3})*\.[0-9]{2}(?![0-9.])"
    r"|(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])"
)
_LONGEST_DATE = 10
_CALENDAR = re.compile(r"(?:(?:0?[1-9]|[12][0-9]|3[01])[./-])?(?:0?[1-9]|1[0-2])[./-]20[0-9]{2}")


_new = tuple.__new__
"""Makes a named tuple of fields in their order, at once; a text has many groups."""


class Mention(NamedTuple):
    """A place in the text that names documents: what was read, how well, and which items it may be, open or closed.

    ``text`` is what was looked up, ``shown`` how it stands on the statement.
    """

    start: int
    end: int
    text: str
    grade: Reference
    items: tuple[int, ...]
    closed: tuple[int, ...]
    shown: str = ""

    @property
    def names_something(self) -> bool:
        """Whether it tells open items apart: the number of a shop that stands in all of its numbers does not."""
        return bool(self.items) and (self.grade > Reference.PART or len(self.items) <= _SEVERAL)


class Group(NamedTuple):
    """A run of digits in the text."""

    start: int
    end: int
    digits: str


def digit_groups(text: str) -> list[Group]:
    """The runs of digits of a text, at most 240 of them."""
    return [_new(Group, (*match.span(), match[0])) for match in islice(DIGITS.finditer(text), MOST_GROUPS)]


def close_by(text: str, before: int, start: int) -> bool:
    """Whether at most four marks or blanks, and no letters, stand between two digit groups."""
    width = start - before
    if width == 1:
        return not text[before].isalnum()
    return width <= _WIDEST_GAP and _GAP.fullmatch(text, before, start) is not None


def letters_before(text: str, start: int, low: int = -1) -> tuple[str, int]:
    """The letters in front of a place, at most three marks or blanks away, and where they begin.

    Letters before ``low`` are not looked at: unless it is given, those more than 24 characters away.

    >>> letters_before("RECHNUNG RE-4711", 12), letters_before("RE 4 711", 5), letters_before("4711", 0)
    (('RE', 9), ('', 5), ('', 0))
    """
    if low < 0:
        low = start - MOST_LETTERS if start > MOST_LETTERS else 0
    before = text[low:start]
    words = before.rstrip(_MARKS)
    # A line break right in front is one mark more.
    if len(before) - len(words) > _WIDEST_BEFORE + before.endswith("\n"):
        return "", start
    rest = len(words.rstrip(_LETTERS))
    letters = words[rest:]
    return (letters, low + rest) if letters else ("", start)


def labelled_otherwise(text: str, start: int, end: int, index: LedgerIndex) -> bool:
    """Whether the words in front say that the number is a customer's, a telephone's, a contract's: no document's.

    Also a customer number that is known, with its letters, needs no word in front.
    """
    at = start
    while at > 0 and start - at <= _WIDEST_LABEL_GAP and not text[at - 1].isalnum():
        at -= 1
    if (text[at - 1 : at] in _LABEL_ENDINGS or text[at - 2 : at] in _LABEL_ENDINGS) and _NO_DOCUMENT.search(
        text, max(0, start - 24), start
    ):
        return True
    if at < start or not start:
        return False
    before = text[max(0, start - _LONGEST_GLUED - 1) : start]
    rest = before.rstrip(_LETTERS)
    glued = len(before) - len(rest)
    if not 0 < glued <= _LONGEST_GLUED or rest[-1:].isalnum():
        return False
    return text[start - glued : end] in index.parties.by_number


def is_year(digits: str) -> bool:
    """Whether four digits can be a year that somebody writes on a payment.

    >>> is_year("2026"), is_year("1998"), is_year("2062")
    (True, True, False)
    """
    return len(digits) == 4 and (digits[:2] == "19" or digits[:3] in {"200", "201", "202", "203"})


def is_date(quoted: str) -> bool:
    """Whether a text is a day or a month of this century, written with its year in full.

    >>> is_date("31.10.2026"), is_date("11/2026"), is_date("381/11/2026"), is_date("13/2026")
    (True, True, False, False)
    """
    return len(quoted) <= _LONGEST_DATE and _CALENDAR.fullmatch(quoted) is not None


def without_overlaps(found: list[Mention]) -> list[Mention]:
    """The best readings that do not share characters: stronger first, then longer, then earlier."""
    if len(found) < 2:
        return found
    taken: list[Mention] = []
    for mention in sorted(found, key=lambda m: (-m.grade, m.start - m.end, m.start, m.items)):
        if all(mention.end <= other.start or mention.start >= other.end for other in taken):
            taken.append(mention)
            if len(taken) == MOST_MENTIONS:
                break
    return sorted(taken, key=lambda m: m.start)


def free(groups: list[Group], mentions: Iterable[Mention], text: str, *, masked: bool) -> list[Group]:
    """Digit groups that no mention has used; with ``masked``, dates, amounts and account numbers are left out too."""
    spans = [(mention.start, mention.end) for mention in mentions]
    if masked:
        spans.extend(_dates_and_amounts(text))
    if not spans:
        return groups
    return _outside(groups, spans)


def _outside(groups: list[Group], spans: list[tuple[int, int]]) -> list[Group]:
    found = []
    for group in groups:
        first, last, _ = group
        for start, end in spans:
            if first < end and last > start:
                break
        else:
            found.append(group)
    return found


def not_in_dates(groups: list[Group], text: str) -> list[Group]:
    """Without the parts of dates and amounts that stand apart: ``10023 27.01.2026`` names no document 10027."""
    apart = [(start, end) for start, end in _dates_and_amounts(text) if start == 0 or text[start - 1] == " "]
    if not apart:
        return groups
    return _outside(groups, apart)


@lru_cache(maxsize=64)
def _dates_and_amounts(text: str) -> tuple[tuple[int, int], ...]:
    """Where dates, amounts and account numbers stand; a text is asked several times in a row."""
    return tuple(match.span() for match in _DATE_OR_AMOUNT.finditer(text))


def left_over(text: str, groups: list[Group], mentions: list[Mention]) -> bool:
    """Whether digits are left that no mention has used and that are no date, amount or account number."""
    return bool(free(groups, mentions, text, masked=False)) and bool(free(groups, mentions, text, masked=True))

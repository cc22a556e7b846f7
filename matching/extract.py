"""What a payment says about documents: numbers quoted in its text, held against the numbers the ERP has issued.

Nothing here knows a number scheme; all digit groups of the text, and neighbouring groups read together, are looked up
among the numbers the ledger holds. First the strong readings (whole numbers, structured references); the weak ones
(running numbers, lists in shorthand, slips) only where the strong ones leave the amount unexplained.

Bounds: the first 6,000 characters, 240 digit groups and 80 mentions of a payment are read.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from matching.grades import Reference
from matching.index import LedgerIndex, NumberIndex
from matching.numbers.series import DIGITS, digit_key
from matching.text.normal import compact, plain

MOST_GROUPS = 240
MOST_MENTIONS = 80
_WINDOW = 8
_WIDEST_GAP = 4
_WIDEST_LABEL_GAP = 6
_GAP = re.compile(r"[^A-Z0-9]{0,4}")
_PREFIX = re.compile(r"([A-Z]+)[^A-Z0-9]{0,3}$")
_GLUED = re.compile(r"(?<![A-Z0-9])[A-Z]{1,8}$")
_CHAINED_ON = re.compile(r"[^A-Z0-9 ][0-9]")
_CHAINED = re.compile(r"[0-9]{2,6}[^A-Z0-9 ]$")
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
_LABEL_ENDINGS = tuple(_LABELS_END.split())
"""How the words of ``_NO_DOCUMENT`` end: a text that does not end so needs no pattern run over it."""
_SLIPPED = re.compile(
    r"(?<=[0-9])[OQILSB](?=[0-9OQILSB]*[0-9])|(?<![A-Z])[OQILSB](?=[0-9]{2})|(?<=[0-9]{2})[OQILSB](?![A-Z])"
)
_UNSLIP = {"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8"}
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
_DIGIT = re.compile(r"[0-9]")
_RF = re.compile(r"RF[0-9]{2}")
_DATE_OR_AMOUNT = re.compile(
    r"(?<![0-9])(?:(?:0?[1-9]|[12][0-9]|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:20)?[0-9]{2}"
    r"|20[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[.' ]?[0-9]{3})*,[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[,' ]?[0-9]{3})*\.[0-9]{2}(?![0-9.])"
    r"|(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])"
)
_AMOUNT = re.compile(
    r"(?<![0-9])[0-9]{1,3}(?:[.' ][0-9]{3})*,[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[,' ][0-9]{3})*\.[0-9]{2}(?![0-9.])"
)
_JOINED_ALIKE = re.compile(r"[0-9]+([/.-])[0-9]+(?:\1[0-9]+)*")
_CALENDAR = re.compile(r"(?:(?:0?[1-9]|[12][0-9]|3[01])[./-])?(?:0?[1-9]|1[0-2])[./-]20[0-9]{2}")
_LIST_GAP = re.compile(r"\s*(?:[/,;+&.|]|-|UND|AND|EN|ET|I|BIS|TOT|TO|AU|A|T/M|DO|OG|OCH|E|Y)?\s*")
_RANGE_GAP = re.compile(r"\s*(?:-|BIS|TOT|TO|AU|T/M|DO)\s*")
_LONGEST_RANGE = 40


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


class Group(NamedTuple):
    """A run of digits in the text."""

    start: int
    end: int
    digits: str


def digit_groups(text: str) -> list[Group]:
    """The runs of digits of a text, at most 240 of them."""
    return [Group(*match.span(), match.group()) for match in islice(DIGITS.finditer(text), MOST_GROUPS)]


def whole_numbers(text: str, groups: list[Group], index: LedgerIndex) -> list[Mention]:
    """Numbers and structured references named completely, however they are split, glued to words or punctuated."""
    found: list[Mention] = []
    most = index.most_digits
    references, plausible = index.reference_lengths, index.plausible_lengths
    longest = max(most, max(references, default=0))
    for first, group in enumerate(groups):
        digits = ""
        before = group.start
        for place in range(first, min(first + _WINDOW, len(groups))):
            part = groups[place]
            if place > first and not _close(text, before, part.start):
                break
            digits += part.digits
            before = part.end
            length = len(digits)
            if length > longest:
                break
            if length in references:
                found.extend(_structured(digits, group.start, part.end, index))
            if (
                3 <= length <= most
                and place - first < 4
                and (length in plausible or (digits[0] == "0" and len(digits.lstrip("0")) in plausible))
            ):
                mention = _number(text, digits, group.start, part.end, index)
                if mention is not None and (place == first or not _in_amount(text, group, part)):
                    found.append(mention)
    if "RF" in text and references:
        found.extend(_creditor_references(text, index))
    if index.text_lengths:
        found.extend(_other_texts(text, index))
    return _without_overlaps(found)


def _close(text: str, before: int, start: int) -> bool:
    """Whether at most four marks or blanks, and no letters, stand between two digit groups."""
    width = start - before
    if width == 1:
        return not text[before].isalnum()
    return width <= _WIDEST_GAP and _GAP.fullmatch(text, before, start) is not None


def _in_amount(text: str, first: Group, last: Group) -> bool:
    """Whether neighbouring groups are or touch an amount with cents: those are not read together as a number."""
    return any(
        match.start() < last.end and match.end() > first.start and match.end() - match.start() > 3
        for match in _AMOUNT.finditer(text, max(0, first.start - 12), last.end + 12)
    )


def _structured(digits: str, start: int, end: int, index: LedgerIndex) -> Iterator[Mention]:
    items = tuple(index.numbers.by_reference(digits))
    closed = tuple(index.closed_numbers.by_reference(digits))
    if items or closed:
        grade = Reference.CHECKED if len(digits) >= 7 else Reference.FULL
        yield Mention(start, end, digits, grade, items, closed)


def _creditor_references(text: str, index: LedgerIndex) -> Iterator[Mention]:
    """ISO 11649 references, printed in blocks of four or glued to what follows."""
    for match in _RF.finditer(text):
        letters = compact(text[match.start() : match.start() + 60])
        for length in sorted(index.reference_lengths, reverse=True):
            reference = letters[:length]
            if len(reference) == length:
                items = tuple(index.numbers.by_reference(reference))
                closed = tuple(index.closed_numbers.by_reference(reference))
                if items or closed:
                    yield Mention(match.start(), match.start() + length, reference, Reference.CHECKED, items, closed)
                    break


_TOKEN = re.compile(
    r"(?:(?<![A-Z0-9])([A-Z0-9]{1,12})[ /:-]{1,2})?((?<![A-Z0-9])[A-Z/_.-]{0,20}[0-9][A-Z0-9/_.-]{0,40})"
)


def _other_texts(text: str, index: LedgerIndex) -> Iterator[Mention]:
    """Order numbers, short or mixed document numbers: words of the text, alone and with their neighbour."""
    lengths = index.text_lengths
    for _, token in zip(range(MOST_GROUPS), _TOKEN.finditer(text), strict=False):
        before, word = token.groups()
        if not word.isalnum():
            word = _NOT_ALNUM.sub("", word)
        if len(word) in lengths:
            yield from _other_text(word, token.start(2), token.end(), index)
        if before and len(before) + len(word) in lengths:
            yield from _other_text(before + word, token.start(), token.end(), index)


def _other_text(word: str, start: int, end: int, index: LedgerIndex) -> Iterator[Mention]:
    if not _DIGIT.search(word):
        return
    items = tuple(index.numbers.by_text(word))
    closed = tuple(index.closed_numbers.by_text(word))
    if items or closed:
        grade = Reference.FULL if len(word) >= 6 else Reference.DIGITS if len(word) >= 5 else Reference.PART
        yield Mention(start, end, word, grade, items, closed)


def _labelled_otherwise(text: str, start: int, end: int, index: LedgerIndex) -> bool:
    """Whether the words in front say that the number is a customer's, a telephone's, a contract's: no document's.

    Also a customer number that is known, with its letters, needs no word in front.
    """
    at = start
    while at > 0 and start - at <= _WIDEST_LABEL_GAP and not text[at - 1].isalnum():
        at -= 1
    if text.endswith(_LABEL_ENDINGS, 0, at) and _NO_DOCUMENT.search(text, max(0, start - 24), start):
        return True
    if at < start:
        return False
    glued = _GLUED.search(text, max(0, start - 12), start)
    return glued is not None and text[glued.start() : end] in index.parties.by_number


def _number(text: str, digits: str, start: int, end: int, index: LedgerIndex) -> Mention | None:
    key = digit_key(digits)
    items = index.numbers.full.get(key)
    closed = index.closed_numbers.full.get(key)
    if not items and not closed:
        return None
    before = _PREFIX.search(text, max(0, start - 24), start)
    letters = before.group(1) if before else ""
    graded = [(_grade(digits, letters, place, index.numbers, index), place) for place in items]
    graded_closed = [(_grade(digits, letters, place, index.closed_numbers, index), place) for place in closed]
    if end - start > len(digits):
        graded = _not_by_chance(text, start, end, graded, index.numbers)
        graded_closed = _not_by_chance(text, start, end, graded_closed, index.closed_numbers)
    best = max(grade for grade, _ in (*graded, *graded_closed))
    if _labelled_otherwise(text, start, end, index):
        best = Reference.NONE
    if best is Reference.NONE:
        return None
    kept = tuple(dict.fromkeys(place for grade, place in graded if grade == best))
    kept_closed = tuple(dict.fromkeys(place for grade, place in graded_closed if grade == best))
    shown_from = start - len(before.group()) if before and letters in index.prefixes else start
    return Mention(start, end, digits, best, kept, kept_closed, text[shown_from:end])


def _grade(digits: str, letters: str, place: int, numbers: NumberIndex, index: LedgerIndex) -> Reference:
    """How completely these digits, with the letters in front of them, are the number of this item."""
    prefix, whole = numbers.written(place)
    if prefix and _ends_with(letters, prefix):
        return Reference.FULL if whole == digits else Reference.DIGITS
    if letters and letters in index.prefixes:
        # Another series of ours is named: an order or a credit note that happens to have the same digits.
        return Reference.NONE if prefix else Reference.PART
    significant = len(digits.lstrip("0"))
    if significant < 4:
        return Reference.NONE
    if significant < 5 or len(digits) < 5:
        return Reference.PART
    if not prefix and whole == digits:
        return Reference.FULL
    return Reference.DIGITS


def _not_by_chance(
    text: str, start: int, end: int, graded: list[tuple[Reference, int]], numbers: NumberIndex
) -> list[tuple[Reference, int]]:
    """Dates, and pieces of longer numbers, that have the digits of a document: at most part of its number.

    ``11/2026`` is a month, and in ``381/11/2026`` the end of another number, before it is a document ``A1120-26``.
    As part of a number it can settle an item to the cent for a payer who is known, but never leave a residual.
    """
    quoted = text[start:end]
    in_front, behind = _joined_on(text, start, end)
    if not in_front and not behind and not is_date(quoted):
        return graded
    return [
        (
            grade if not in_front and _written_so(quoted, numbers.table.numbers[place]) else min(grade, Reference.PART),
            place,
        )
        for grade, place in graded
    ]


def is_date(quoted: str) -> bool:
    """Whether a text is a day or a month of this century, written with its year in full.

    >>> is_date("31.10.2026"), is_date("11/2026"), is_date("381/11/2026"), is_date("13/2026")
    (True, True, False, False)
    """
    return _CALENDAR.fullmatch(quoted) is not None


def _joined_on(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether groups read together are joined by their own separator to further digits, in front and behind."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    in_front, behind = before[:1].isdigit(), after[1:].isdigit()
    joined = _JOINED_ALIKE.fullmatch(text, start, end) if in_front or behind else None
    if joined is None:
        return False, False
    separator = joined.group(1)
    return in_front and before[1:] == separator, behind and after[0] == separator


def _written_so(quoted: str, number: str) -> bool:
    """Whether the number is written with these separators, from its first digit on."""
    own = plain(number)
    at = own.find(quoted)
    return at >= 0 and not own[max(0, at - 1) : at].isdigit()


def _ends_with(letters: str, prefix: str) -> bool:
    """Whether the letters in front are the prefix, alone or glued to a word; one letter must stand alone."""
    return letters == prefix or (len(prefix) > 1 and letters.endswith(prefix))


def _without_overlaps(found: list[Mention]) -> list[Mention]:
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


def _free(groups: list[Group], mentions: Iterable[Mention], text: str, *, masked: bool) -> list[Group]:
    """Digit groups that no mention has used; with ``masked``, dates, amounts and account numbers are left out too."""
    spans = [(mention.start, mention.end) for mention in mentions]
    if masked:
        spans.extend(_dates_and_amounts(text))
    if not spans:
        return groups
    return [group for group in groups if all(group.end <= start or group.start >= end for start, end in spans)]


@lru_cache(maxsize=64)
def _dates_and_amounts(text: str) -> tuple[tuple[int, int], ...]:
    """Where dates, amounts and account numbers stand; a text is asked several times in a row."""
    return tuple(match.span() for match in _DATE_OR_AMOUNT.finditer(text))


def left_over(text: str, groups: list[Group], mentions: list[Mention]) -> bool:
    """Whether digits are left that no mention has used and that are no date, amount or account number."""
    return bool(_free(groups, mentions, text, masked=False)) and bool(_free(groups, mentions, text, masked=True))


def shorthand(text: str, groups: list[Group], mentions: list[Mention], index: LedgerIndex) -> list[Mention]:
    """What follows a named document in shorthand: ``10023/24/27`` and ``10023-10027``."""
    found: list[Mention] = []
    free = _free(groups, mentions, text, masked=False)
    for mention in mentions:
        if mention.grade < Reference.DIGITS or not (mention.items or mention.closed):
            continue
        base = _tail_digits(mention, index)
        at = mention.end
        for group in (group for group in free if group.start >= mention.end):
            if len(group.digits) > len(base) or _LIST_GAP.fullmatch(text, at, group.start) is None:
                break
            item = _sibling(base, group, index)
            if item is None:
                break
            found.append(item)
            at = group.end
    return found


def _tail_digits(mention: Mention, index: LedgerIndex) -> str:
    if mention.items:
        return index.numbers.digits_of(mention.items[0])[0]
    return index.closed_numbers.digits_of(mention.closed[0])[0]


def _sibling(base: str, group: Group, index: LedgerIndex) -> Mention | None:
    """The document whose number is the first one's with its last digits replaced."""
    key = digit_key(base[: len(base) - len(group.digits)] + group.digits)
    items = tuple(index.numbers.full.get(key))
    closed = tuple(index.closed_numbers.full.get(key))
    if not items and not closed:
        return None
    return Mention(group.start, group.end, group.digits, Reference.DIGITS, items, closed)


def ranges(text: str, mentions: list[Mention], index: LedgerIndex) -> list[Mention]:
    """Documents between two named ones: ``10023-10027``, ``10023 bis 10027``."""
    found: list[Mention] = []
    for one, other in pairwise(mentions):
        if _RANGE_GAP.fullmatch(text, one.end, other.start) is None:
            continue
        first, last = digit_key(_tail_digits(one, index)), digit_key(_tail_digits(other, index))
        if first < last <= first + _LONGEST_RANGE:
            for key in range(first + 1, last):
                items = tuple(index.numbers.full.get(key))
                if items:
                    found.append(Mention(one.end, other.start, str(key), Reference.PART, items, ()))
    return found


def running_numbers(
    text: str, groups: list[Group], mentions: list[Mention], index: LedgerIndex, customers: frozenset[int]
) -> list[Mention]:
    """Numbers without their year, prefix or zeros: of the payer's documents, or with year or prefix beside them."""
    found: list[Mention] = []
    free = _free(groups, mentions, text, masked=True)
    for place, group in enumerate(free):
        if len(group.digits.lstrip("0")) < 2 or len(group.digits) > index.most_digits:
            continue
        earlier = free[place - 1].digits if place and group.start - free[place - 1].end <= 4 else ""
        mention = _running(text, group, earlier, index, customers)
        if mention is not None:
            found.append(mention)
    return found


def _running(text: str, group: Group, earlier: str, index: LedgerIndex, customers: frozenset[int]) -> Mention | None:
    key = digit_key(group.digits)
    before = _PREFIX.search(text, max(0, group.start - 24), group.start)
    letters = before.group(1) if before else ""
    if _labelled_otherwise(text, group.start, group.end, index) or (
        _is_year(group.digits) and _CHAINED_ON.match(text, group.end)
    ):
        return None
    best: dict[Reference, tuple[list[int], list[int]]] = {}
    if len(group.digits) >= 3 and not _is_year(group.digits):
        for customer in customers:
            ending = index.with_ending(customer, group.digits)
            if 0 < len(ending) <= _ENDINGS_AT_MOST:
                best.setdefault(Reference.PART, ([], []))[0].extend(ending)
    for slot, numbers in enumerate((index.numbers, index.closed_numbers)):
        for place in numbers.tails.get(key, 200):
            grade = _running_grade(group, earlier, letters, place, numbers=numbers, customers=customers)
            if grade > Reference.NONE and place not in best.get(grade, _NONE)[slot]:
                best.setdefault(grade, ([], []))[slot].append(place)
    if not best:
        return None
    grade = max(best)
    items, closed = best[grade]
    return Mention(group.start, group.end, group.digits, grade, tuple(items), tuple(closed))


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in {"19", "20"}


_ENDINGS_AT_MOST = 3
_NONE: tuple[list[int], list[int]] = ([], [])


def _running_grade(
    group: Group, earlier: str, letters: str, place: int, *, numbers: NumberIndex, customers: frozenset[int]
) -> Reference:
    prefix, before = numbers.before_running(place)
    payers = numbers.table.customer[place] in customers
    significant = len(group.digits.lstrip("0"))
    prefixed = bool(prefix) and letters == prefix
    dated = bool(earlier) and earlier in {before, before[2:]}
    if dated and (prefixed or significant >= 3):
        return Reference.DIGITS
    if prefixed and significant >= 3:
        return Reference.DIGITS if significant >= 4 else Reference.PART
    if payers and significant >= 3:
        return Reference.PART
    if payers and _DOCUMENT_WORD.search(letters):
        return Reference.PART
    return Reference.PART if significant >= 5 and not customers else Reference.NONE


_DOCUMENT_WORD = re.compile(
    r"(?:\bRE|\bRG|RENR|RGNR|RECHN\w*|RNR|FACT\w*|FAC|FAKT\w*|FATTUR\w*|INV\w*|\bNR|\bNO|NUMMER|NUMER"
    r"|NUM|\bN|\bFV|\bFA|\bF|\bR)$"
)


def slips_undone(text: str) -> str:
    """The text with letters among digits read as the digits they look like.

    >>> slips_undone("RE2O25-041I34 BOLT S12")
    'RE2025-041134 BOLT 512'
    """
    return _SLIPPED.sub(lambda match: _UNSLIP[match.group()], text)


def glued(groups: list[Group], mentions: list[Mention], text: str, index: LedgerIndex) -> list[Mention]:
    """Whole numbers inside a longer run of digits: two numbers, or a number and a date, written without a gap."""
    found: list[Mention] = []
    lengths = sorted((length for length in index.numbers.lengths if length >= 6), reverse=True)[:6]
    if not lengths:
        return found
    for group in _free(groups, mentions, text, masked=False):
        if not lengths[-1] < len(group.digits) <= 60:
            continue
        at = 0
        while at + lengths[-1] <= len(group.digits):
            step = 1
            for length in lengths:
                part = group.digits[at : at + length]
                items = tuple(index.numbers.full.get(digit_key(part))) if len(part) == length and part[0] != "0" else ()
                if items:
                    found.append(Mention(group.start + at, group.start + at + length, part, Reference.PART, items, ()))
                    step = length
                    break
            at += step
    return found


def unknown_numbers(text: str, groups: list[Group], mentions: list[Mention], index: LedgerIndex) -> list[str]:
    """Numbers that can only be meant as ours and are not in the ledger.

    With one of our prefixes or a word for invoice in front and as many digits as ours have, or inside a range that the
    ERP has issued.
    """
    found: list[str] = []
    for group in _free(groups, mentions, text, masked=True):
        width = len(group.digits)
        if width < 4 or _is_year(group.digits):
            continue
        letters = _letters_before(text, group.start)
        labelled = _labelled_otherwise(text, group.start, group.end, index)
        if labelled or index.parties.by_number.get(group.digits):
            continue
        named = _DOCUMENT_WORD.search(letters) is not None or letters in index.prefixes
        if index.issued(group.digits) or (
            named and (width in index.numbers.lengths or width in index.numbers.tail_lengths)
        ):
            found.append(group.digits)
    return found


def _letters_before(text: str, start: int) -> str:
    """The letters in front of a digit group, or in front of the year that is joined to it as in ``RE2026-001923``."""
    chained = _CHAINED.search(text, max(0, start - 12), start)
    before = _PREFIX.search(text, max(0, start - 24), chained.start() if chained else start)
    return before.group(1) if before else ""


def near_strings(text: str, groups: list[Group], meant: Iterable[Mention], index: LedgerIndex) -> list[str]:
    """What in the text might be a mistyped number: digits that are no date or amount, alone and with neighbours."""
    found: dict[str, None] = {}
    taken = list(meant)
    sources = [_free(groups, taken, text, masked=True)]
    undone = slips_undone(text)
    if undone != text:
        sources.append(_free(digit_groups(undone), taken, undone, masked=True))
    for source in sources:
        for first, group in enumerate(source[:60]):
            if _labelled_otherwise(text, group.start, group.end, index):
                continue
            digits = group.digits
            before = group.end
            for place in range(first, min(first + 4, len(source))):
                if place > first:
                    if not _close(text, before, source[place].start):
                        break
                    digits += source[place].digits
                    before = source[place].end
                if 5 <= len(digits) <= 20:
                    found[digits] = None
    return list(found)

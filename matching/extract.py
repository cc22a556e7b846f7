"""Documents that a payment names completely: numbers quoted in its text, held against the numbers the ERP has issued.

Nothing here knows a number scheme; all digit groups of the text, and neighbouring groups read together, are looked up
among the numbers the ledger holds. What is named only in part is read by ``extract_parts``, where the strong readings
leave the amount unexplained.
"""

import re
from collections.abc import Iterable, Iterator

from matching.called import Called, called
from matching.grades import Reference
from matching.index import LedgerIndex, NumberIndex
from matching.lookup import text_key
from matching.mentions import (
    MOST_GROUPS,
    Group,
    Mention,
    close_by,
    is_date,
    is_year,
    labelled_otherwise,
    letters_before,
    without_overlaps,
)
from matching.numbers.series import LONGEST_KEY
from matching.text.normal import compact, plain

_new = tuple.__new__
_WINDOW = 8
_TOGETHER = 4
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
_RF = re.compile(r"RF[0-9]{2}")
_AMOUNT = re.compile(
    r"(?<![0-9])[0-9]{1,3}(?:[.' ][0-9]{3})*,[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]{1,3}(?:[,' ][0-9]{3})*\.[0-9]{2}(?![0-9.])"
)
_DAY = re.compile(r"(?<![0-9/.-])(?:0?[1-9]|[12][0-9]|3[01])[/.-](?:0?[1-9]|1[0-2])[/.-]20[0-9]{2}$")
_JOINED_ALIKE = re.compile(r"[0-9]+([/.-])[0-9]+(?:\1[0-9]+)*")


def whole_numbers(text: str, groups: list[Group], index: LedgerIndex) -> list[Mention]:
    """Numbers and structured references named completely, however they are split, glued to words or punctuated."""
    if not groups:
        return []
    found: list[Mention] = []
    most = index.most_digits
    references, plausible = index.reference_lengths, index.plausible_lengths
    longest = index.longest
    numbers, mask = index.known_numbers.flags, index.known_numbers.mask
    count = len(groups)
    for first, (start, stop, alone) in enumerate(groups):
        place, end, digits = first, stop, alone
        while (length := len(digits)) <= longest:
            if length in references:
                found.extend(_structured(digits, start, end, index))
            if (
                3 <= length <= most
                and place - first < _TOGETHER
                and (length in plausible or (digits[0] == "0" and len(digits.lstrip("0")) in plausible))
            ):
                key = int(digits if length <= LONGEST_KEY else digits[-LONGEST_KEY:])
                mention = _number(text, digits, key, start, end, index) if numbers[key & mask] else None
                if mention is not None and (place == first or not _in_amount(text, start, end)):
                    found.append(mention)
            place += 1
            if place == count or place - first == _WINDOW:
                break
            further, last, more = groups[place]
            if (further != end + 1 or text[end].isalnum()) and not close_by(text, end, further):
                break
            digits += more
            end = last
    if "RF" in text and references:
        found.extend(_creditor_references(text, index))
    if index.text_lengths:
        found = _either(text, found, list(_other_texts(text, index)))
    return without_overlaps(found)


def _either(text: str, numbers: list[Mention], others: list[Mention]) -> list[Mention]:
    """A customer's order number may be what another document of ours is called: the words in front say which is meant.

    Where they do not, it may be either, as surely as the weaker of the two readings.
    """
    at = {(mention.start, mention.end): place for place, mention in enumerate(numbers)} if others else {}
    for other in others:
        place = at.get((other.start, other.end))
        if place is None:
            numbers.append(other)
            continue
        number = numbers[place]
        if set(other.items) <= set(number.items) and set(other.closed) <= set(number.closed):
            continue
        how = called(text, number.start)
        if how is Called.OTHERWISE:
            numbers[place] = other
        elif how is not Called.DOCUMENT:
            items, closed = (
                tuple(dict.fromkeys((*one, *more)))
                for one, more in ((number.items, other.items), (number.closed, other.closed))
            )
            grade = min(number.grade, other.grade)
            numbers[place] = Mention(number.start, number.end, number.text, grade, items, closed, number.shown)
    return numbers


def _in_amount(text: str, start: int, end: int) -> bool:
    """Whether neighbouring groups are or touch an amount with cents: those are not read together as a number."""
    return any(
        match.start() < end and match.end() > start and match.end() - match.start() > 3
        for match in _AMOUNT.finditer(text, max(0, start - 12), end + 12)
    )


def _structured(digits: str, start: int, end: int, index: LedgerIndex) -> Iterable[Mention]:
    known = index.known_texts
    if not known.flags[text_key(digits) & known.mask]:
        return ()
    items = tuple(index.numbers.by_reference(digits))
    closed = tuple(index.closed_numbers.by_reference(digits))
    if not items and not closed:
        return ()
    # A reference that is no more than the document's own number has no check digit of its own.
    own = any(index.open.numbers[place] == digits for place in items)
    grade = Reference.CHECKED if len(digits) >= 7 and not own else Reference.FULL
    return (Mention(start, end, digits, grade, items, closed),)


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


_TOKEN = re.compile(r"(?<![A-Z0-9])(?:([A-Z0-9]{1,12}+)[ /:-]{1,2})?([A-Z/_.-]{0,20}+[0-9][A-Z0-9/_.-]{0,40}+)")


def _other_texts(text: str, index: LedgerIndex) -> Iterator[Mention]:
    """Order numbers, short or mixed document numbers: words of the text, alone and with their neighbour."""
    lengths = index.text_lengths
    known, mask = index.known_texts.flags, index.known_texts.mask
    for _, token in zip(range(MOST_GROUPS), _TOKEN.finditer(text), strict=False):
        before, word = token.groups()
        if not word.isalnum():
            word = _NOT_ALNUM.sub("", word)
        if len(word) in lengths and known[text_key(word) & mask]:
            yield from _other_text(word, token.start(2), token.end(), index)
        if before and len(before) + len(word) in lengths and known[text_key(before + word) & mask]:
            yield from _other_text(before + word, token.start(), token.end(), index)


def _other_text(word: str, start: int, end: int, index: LedgerIndex) -> Iterator[Mention]:
    items = tuple(index.numbers.by_text(word))
    closed = tuple(index.closed_numbers.by_text(word))
    if items or closed:
        grade = Reference.FULL if len(word) >= 6 else Reference.DIGITS if len(word) >= 5 else Reference.PART
        yield Mention(start, end, word, grade, items, closed)


def _number(  # noqa: PLR0917 - what is read, and where it stands
    text: str, digits: str, key: int, start: int, end: int, index: LedgerIndex
) -> Mention | None:
    items = index.numbers.full.get(key)
    closed = index.closed_numbers.full.get(key)
    if not items and not closed:
        return None
    letters, at = letters_before(text, start)
    quoted = text[start:end]
    shown_from = at if letters in index.prefixes else start
    if len(items) + len(closed) == 1:
        numbers, place = (index.numbers, items[0]) if items else (index.closed_numbers, closed[0])
        grade = _grade(digits, letters, place, numbers, index, quoted)
        if end - start > len(digits):
            grade = _not_by_chance(text, start, end, [(grade, place)], numbers)[0][0]
        if grade is Reference.NONE or labelled_otherwise(text, start, end, index):
            return None
        return _new(Mention, (start, end, digits, grade, items, closed, text[shown_from:end]))
    graded = [(_grade(digits, letters, place, index.numbers, index, quoted), place) for place in items]
    graded_closed = [(_grade(digits, letters, place, index.closed_numbers, index, quoted), place) for place in closed]
    if end - start > len(digits):
        graded = _not_by_chance(text, start, end, graded, index.numbers)
        graded_closed = _not_by_chance(text, start, end, graded_closed, index.closed_numbers)
    best = max(grade for grade, _ in (*graded, *graded_closed))
    if labelled_otherwise(text, start, end, index):
        best = Reference.NONE
    if best is Reference.NONE:
        return None
    kept = tuple(dict.fromkeys(place for grade, place in graded if grade == best))
    kept_closed = tuple(dict.fromkeys(place for grade, place in graded_closed if grade == best))
    return Mention(start, end, digits, best, kept, kept_closed, text[shown_from:end])


def _grade(  # noqa: PLR0917 - what stands on the statement, and what it is held against
    digits: str, letters: str, place: int, numbers: NumberIndex, index: LedgerIndex, quoted: str
) -> Reference:
    """How completely these digits, with the letters in front of them, are the number of this item."""
    prefix, whole = numbers.written(place)
    if prefix and _ends_with(letters, prefix):
        return Reference.FULL if whole == digits else Reference.DIGITS
    if letters and letters in index.prefixes:
        # Another series of ours is named: an order or a credit note that happens to have the same digits.
        return Reference.NONE if prefix else Reference.PART
    significant = len(digits.lstrip("0"))
    printed = not prefix and whole == digits and _as_printed(quoted, numbers.table.numbers[place])
    if significant < 4 or (is_year(digits) and not printed):
        # The year of a date, or of a season, is no document 20/26.
        return Reference.NONE
    if significant < 5 or len(digits) < 5:
        return Reference.PART
    return Reference.FULL if printed else Reference.DIGITS


def _as_printed(quoted: str, number: str) -> bool:
    """Whether a number without letters in front stands there with its own separators, blanks aside.

    >>> _as_printed("415/2026", "415/2026"), _as_printed("4152026", "415/2026"), _as_printed("4711", "4711")
    (True, False, True)
    """
    return number.isdigit() or quoted.replace(" ", "") == plain(number).replace(" ", "")


def _not_by_chance(
    text: str, start: int, end: int, graded: list[tuple[Reference, int]], numbers: NumberIndex
) -> list[tuple[Reference, int]]:
    """Dates, and pieces of longer numbers, that have the digits of a document: at most part of its number.

    ``11/2026`` is a month, and in ``381/11/2026`` the end of another number, before it is a document ``A1120-26``.
    As part of a number it can settle an item to the cent for a payer who is known, but never leave a residual.
    ``06/2026`` at the end of ``13/06/2026`` is nothing but a date.
    """
    quoted = text[start:end]
    in_front, behind = _joined_on(text, start, end)
    if not in_front and not behind and not is_date(quoted):
        return graded
    most = Reference.NONE if in_front and _ends_a_date(text, end) else Reference.PART
    return [
        (grade if not in_front and _written_so(quoted, numbers.table.numbers[place]) else min(grade, most), place)
        for grade, place in graded
    ]


def _joined_on(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether groups read together are joined by their own separator to further digits, in front and behind."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    in_front, behind = before[:1].isdigit(), after[1:].isdigit()
    joined = _JOINED_ALIKE.fullmatch(text, start, end) if in_front or behind else None
    if joined is None:
        return False, False
    separator = joined.group(1)
    return in_front and before[1:] == separator, behind and after[0] == separator


def _ends_a_date(text: str, end: int) -> bool:
    """Whether a day, month and year end here; the bank may have cut a digit of the day off to the line before."""
    return _DAY.search(text, max(0, end - 10), end) is not None


def _written_so(quoted: str, number: str) -> bool:
    """Whether the number is written with these separators, from its first digit on."""
    own = plain(number)
    at = own.find(quoted)
    return at >= 0 and not own[max(0, at - 1) : at].isdigit()


def _ends_with(letters: str, prefix: str) -> bool:
    """Whether the letters in front are the prefix, alone or glued to a word; one letter must stand alone."""
    return letters == prefix or (len(prefix) > 1 and letters.endswith(prefix))

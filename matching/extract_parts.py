"""Documents that a payment names in part: running numbers, lists in shorthand, numbers glued together, typing slips.

Asked only where the numbers named completely leave the amount unexplained.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from matching.grades import Reference
from matching.index import LedgerIndex, NumberIndex
from matching.mentions import (
    MOST_LETTERS,
    Group,
    Mention,
    close_by,
    digit_groups,
    free,
    is_year,
    labelled_otherwise,
    letters_before,
    not_in_dates,
)
from matching.numbers.series import digit_key

_CHAINED_ON = re.compile(r"[^A-Z0-9 ](?:[A-Z]{1,4}[^A-Z0-9 ]?)?[0-9]")
_CHAINED = re.compile(r"[0-9]{2,6}[^A-Z0-9 ]$")
_SLIPPED = re.compile(
    r"(?<=[0-9])[OQILSB](?=[0-9OQILSB]*[0-9])|(?<![A-Z])[OQILSB](?=[0-9]{2})|(?<=[0-9]{2})[OQILSB](?![A-Z])"
)
_UNSLIP = {"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8"}
_LIST_GAP = re.compile(r"\s*(?:[/,;+&.|]|-|UND|AND|EN|ET|I|BIS|TOT|TO|AU|A|T/M|DO|OG|OCH|E|Y)?\s*")
_RANGE_GAP = re.compile(r"\s*(?:-|BIS|TOT|TO|AU|A|A LA|AL|HASTA|TILL|TIL|T/M|DO|FINO A)\s*")
_LONGEST_RANGE = 40
_LOOKED_THROUGH = 1_000


def shorthand(text: str, groups: list[Group], mentions: list[Mention], index: LedgerIndex) -> list[Mention]:
    """What follows a named document in shorthand: ``10023/24/27`` and ``10023-10027``."""
    found: list[Mention] = []
    named = [mention for mention in mentions if mention.grade >= Reference.DIGITS and (mention.items or mention.closed)]
    left = free(groups, mentions, text, masked=False) if named else []
    if left:
        left = not_in_dates(left, text)
    for mention in named if left else ():
        base = _tail_digits(mention, index)
        at = mention.end
        for group in (group for group in left if group.start >= mention.end):
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
    """Documents of one customer between two that are named: ``10023-10027``, ``10023 bis 10041``."""
    found: list[Mention] = []
    for one, other in pairwise(mentions):
        if _RANGE_GAP.fullmatch(text, one.end, other.start) is not None:
            between = _between(one, other, index)
            found.extend(Mention(one.end, other.start, text, Reference.PART, (place,), ()) for text, place in between)
    return found


def _between(one: Mention, other: Mention, index: LedgerIndex) -> list[tuple[str, int]]:
    """The customer's open items of the same series whose numbers lie between two of its own, with their numbers."""
    column, numbers = index.open.customer, index.numbers
    owners = {column[place] for place in one.items} & {column[place] for place in other.items}
    if len(owners) != 1:
        return []
    owner = owners.pop()
    first, last = (next(place for place in mention.items if column[place] == owner) for mention in (one, other))
    prefix, digits = numbers.written(first)
    low, high = digit_key(digits), digit_key(numbers.written(last)[1])
    if numbers.written(last)[0] != prefix or low >= high:
        return []
    found = []
    for place in index.open.of_customer(owner)[:_LOOKED_THROUGH]:
        letters, other_digits = numbers.written(place)
        if letters == prefix and len(other_digits) == len(digits) and low < digit_key(other_digits) < high:
            found.append((index.open.numbers[place], place))
    return found if len(found) <= _LONGEST_RANGE else []


def running_numbers(
    text: str, groups: list[Group], mentions: list[Mention], index: LedgerIndex, customers: frozenset[int]
) -> list[Mention]:
    """Numbers without their year, prefix or zeros: of the payer's documents, or with year or prefix beside them."""
    found: list[Mention] = []
    left = free(groups, mentions, text, masked=True)
    for place, group in enumerate(left):
        if len(group.digits.lstrip("0")) < 2 or len(group.digits) > index.most_digits:
            continue
        earlier = left[place - 1].digits if place and group.start - left[place - 1].end <= 4 else ""
        mention = _running(text, group, earlier, index, customers)
        if mention is not None:
            found.append(mention)
    return found


def _running(text: str, group: Group, earlier: str, index: LedgerIndex, customers: frozenset[int]) -> Mention | None:
    key = digit_key(group.digits)
    if labelled_otherwise(text, group.start, group.end, index) or (
        is_year(group.digits) and _CHAINED_ON.match(text, group.end)
    ):
        return None
    letters, _ = letters_before(text, group.start)
    best: dict[Reference, tuple[list[int], list[int]]] = {}
    if len(group.digits) >= 3 and not is_year(group.digits):
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
    lengths = index.glued_lengths
    if not lengths or max([len(group.digits) for group in groups]) <= lengths[-1]:
        return found
    for group in free(groups, mentions, text, masked=False):
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
    for group in free(groups, mentions, text, masked=True):
        width = len(group.digits)
        if width < 4 or is_year(group.digits):
            continue
        letters = _letters_before(text, group.start)
        labelled = labelled_otherwise(text, group.start, group.end, index)
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
    at = chained.start() if chained else start
    return letters_before(text, at, max(0, start - MOST_LETTERS))[0]


def near_strings(text: str, groups: list[Group], meant: Iterable[Mention], index: LedgerIndex) -> list[str]:
    """What in the text might be a mistyped number: digits that are no date or amount, alone and with neighbours."""
    found: dict[str, None] = {}
    taken = list(meant)
    sources = [free(groups, taken, text, masked=True)]
    undone = slips_undone(text)
    if undone != text:
        sources.append(free(digit_groups(undone), taken, undone, masked=True))
    for source in sources:
        for first, group in enumerate(source[:60]):
            if labelled_otherwise(text, group.start, group.end, index):
                continue
            digits = group.digits
            before = group.end
            for place in range(first, min(first + 4, len(source))):
                if place > first:
                    if not close_by(text, before, source[place].start):
                        break
                    digits += source[place].digits
                    before = source[place].end
                if 5 <= len(digits) <= 20:
                    found[digits] = None
    return list(found)

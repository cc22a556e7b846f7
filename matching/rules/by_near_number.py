"""A number typed wrong: one digit wrong, missing, doubled or swapped, of an item whose amount is exactly what was paid."""

from collections.abc import Iterator

from rapidfuzz.distance import OSA

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading
from matching.rules.amounts import fits

_MOST_ITEMS = 200


def by_near_number(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """Items with the payment's amount (or that less the discount) whose number is one slip away from the text."""
    strings = reading.near_strings
    if not strings:
        return
    amount, currency = reading.payment.amount, reading.payment.currency
    table = index.open
    candidates = dict.fromkeys(index.with_amount(amount, currency, _MOST_ITEMS))
    customers, _ = reading.likely
    for customer in customers[:40]:
        candidates.update(dict.fromkeys(index.of_customer_with_amount(customer, amount, currency)))
    for place in index.items_of(customers[:40], currency, _MOST_ITEMS):
        if table.discount[place] and table.open[place] - table.discount[place] == amount:
            candidates[place] = None
    found = [(place, quoted) for place in candidates if (quoted := slipped(index, place, strings))]
    for place, quoted in found[:8]:
        payer = reading.weakest_payer((place,))
        for relation, lines, rest in fits((place,), reading, index):
            if relation in {"exact", "discount"}:
                near = Hypothesis("near_number", relation, lines, Reference.NEAR, payer, rest, (quoted,))
                rivals = sum(reading.payer_grade(table.customer[other]) >= Payer.UNKNOWN for other, _ in found) > 1
                yield (
                    near.doubted("more than one item with this amount has a number like that", 5_000)
                    if rivals
                    else near
                )


def slipped(index: LedgerIndex, place: int, strings: list[str]) -> str:
    """The string of the text that is one slip away from the item's number, or empty."""
    whole, short, tail = index.numbers.digits_of(place)
    for number in (whole, short, tail):
        plain = number.lstrip("0")
        if len(plain) < 4:
            continue
        for string in strings:
            if abs(len(string) - len(number)) <= 1 and OSA.distance(string, number, score_cutoff=1) <= 1:
                return string
            bare = string.lstrip("0")
            if len(bare) >= 4 and abs(len(bare) - len(plain)) <= 1 and OSA.distance(bare, plain, score_cutoff=1) <= 1:
                return string
    return ""

"""A number typed wrong: a digit wrong, missing, doubled or swapped, of an item of exactly the amount paid."""

from collections.abc import Iterator

from rapidfuzz.distance import OSA

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading
from matching.rules.amounts import fits

_MOST_ITEMS = 200
_MOST_CUSTOMERS = 200
_SHORTEST = 5
"""With four digits a year or a house number is one slip away from too many documents."""


def by_near_number(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """Items with the payment's amount (or that less the discount) whose number is one slip away from the text."""
    amount, currency = reading.payment.amount, reading.payment.currency
    table = index.open
    candidates: dict[int, None] = {}
    customers, sure = reading.likely
    for customer in customers[:_MOST_CUSTOMERS]:
        candidates.update(dict.fromkeys(index.payable_with(customer, amount, currency)))
    if sure < Payer.NAMED:
        candidates.update(dict.fromkeys(index.with_amount(amount, currency, _MOST_ITEMS)))
    strings = reading.near_strings if candidates else []
    if not strings:
        return
    found = [(place, quoted) for place in candidates if (quoted := slipped(index, place, strings))]
    alike = len(candidates) > 1
    for place, quoted in found[:8]:
        payer = reading.weakest_payer((place,))
        for relation, lines, rest in fits((place,), reading, index):
            if relation in {"exact", "discount"}:
                near = Hypothesis("near_number", relation, lines, Reference.NEAR, payer, rest, (quoted,))
                rivals = sum(reading.payer_grade(table.customer[other]) >= Payer.UNKNOWN for other, _ in found) > 1
                if rivals:
                    near = near.doubted("more than one item with this amount has a number like that", 5_000)
                elif alike and _few_digits(index, place):
                    near = near.doubted("the number is short, and other items have this amount", 5_000)
                yield near


def _few_digits(index: LedgerIndex, place: int) -> bool:
    """Whether what tells the item's number from its neighbours' is so short that a slip reaches many of them."""
    digits, _, running = index.numbers.digits_of(place)
    return len((running or digits).lstrip("0")) < _SHORTEST - 1


def slipped(index: LedgerIndex, place: int, strings: list[str]) -> str:
    """The string of the text that is one slip away from the item's number, or empty."""
    for number in index.numbers.digits_of(place):
        plain = number.lstrip("0")
        if len(plain) < _SHORTEST:
            continue
        for string in strings:
            if -1 <= len(string) - len(number) <= 1 and OSA.distance(string, number, score_cutoff=1) <= 1:
                return string
            if plain is not number or string[0] == "0":
                bare = string.lstrip("0")
                if (
                    len(bare) >= _SHORTEST
                    and -1 <= len(bare) - len(plain) <= 1
                    and OSA.distance(bare, plain, score_cutoff=1) <= 1
                ):
                    return string
    return ""

"""The payment names no document: what of the payer's open items its amount fits, and how many other ways it would fit.

Posted only where the solution is counted unique: one item with this amount, or one pair, or one structured family
(everything, everything due by a day, one month), and the customer's amounts are not the kind that repeat.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading
from matching.rules.amounts import fits, whole_lines

_MOST_ITEMS = 300
_CHANCE = 0.002
_PAIR_CHANCE = 0.001


def by_amount(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """Single items, pairs and families of the payer's open items that make up the amount."""
    customers, payer = reading.likely
    if not customers or reading.payment.amount <= 0:
        return
    table = index.open
    places = [
        place
        for place in index.items_of(customers[:40], reading.payment.currency, _MOST_ITEMS)[: _MOST_ITEMS * 2]
        if table.issued[place] <= reading.paid_on
    ]
    found = list(_explanations(reading, index, places))
    sets = {tuple(sorted(hypothesis.places)) for hypothesis in found}
    full_view = len(places) < _MOST_ITEMS
    for hypothesis in found:
        judged = Hypothesis(
            hypothesis.rule, hypothesis.relation, hypothesis.lines, Reference.NONE, _payer(reading, hypothesis, payer)
        )
        if len(sets) > 1:
            judged = judged.doubted(f"the amount fits the payer's open items in {len(sets)} ways", 5_000)
        if not full_view:
            judged = judged.doubted("the payer has too many open items to count the ways", 5_000)
        if payer is Payer.SIMILAR or (len(customers) > 1 and _owner(index, hypothesis) != customers[0]):
            judged = judged.doubted("no document is named and the payer is not the customer itself", 6_000)
        yield judged


def _payer(reading: Reading, hypothesis: Hypothesis, payer: Payer) -> Payer:
    return min(payer, reading.weakest_payer(hypothesis.places))


def _owner(index: LedgerIndex, hypothesis: Hypothesis) -> int:
    return index.open.customer[hypothesis.places[0]]


def _explanations(reading: Reading, index: LedgerIndex, places: list[int]) -> Iterator[Hypothesis]:
    table = index.open
    amount = reading.payment.amount
    for place in places:
        if table.open[place] == amount or _with_discount(reading, index, place) == amount:
            for relation, lines, rest in fits((place,), reading, index):
                if relation in {"exact", "discount"}:
                    yield Hypothesis("amount_of_payer", relation, lines, Reference.NONE, Payer.UNKNOWN, rest)
    repeated = _repeats(index, places)
    for rule, members in _families(reading, index, places):
        family = Hypothesis(rule, "family", whole_lines(members, index), Reference.NONE, Payer.UNKNOWN)
        yield family.doubted("the payer's amounts repeat", 4_000) if repeated else family
    pairs = list(_pairs(index, places, amount))
    likely_chance = _chance(index, places, amount) > _PAIR_CHANCE
    for pair in pairs[:8]:
        found = Hypothesis("pair_of_payer", "family", whole_lines(pair, index), Reference.NONE, Payer.UNKNOWN)
        yield (
            found.doubted("two items of this payer add up to many amounts", 4_000)
            if repeated or likely_chance
            else found
        )


def _with_discount(reading: Reading, index: LedgerIndex, place: int) -> int:
    return index.open.open[place] - index.open.discount[place]


def _repeats(index: LedgerIndex, places: list[int]) -> bool:
    counts = Counter(index.open.open[place] for place in places)
    return any(count > 1 for count in counts.values())


def _families(reading: Reading, index: LedgerIndex, places: list[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Everything due up to a day, and everything of one month, of each customer by itself and of all together."""
    table = index.open
    amount = reading.payment.amount
    by_customer: dict[int, list[int]] = {}
    for place in places:
        by_customer.setdefault(table.customer[place], []).append(place)
    sources = list(by_customer.values())
    if len(sources) > 1:
        sources.append(places)
    seen: set[tuple[int, ...]] = set()
    for source in sources:
        for rule, members in _families_of(index, source, amount):
            key = tuple(sorted(members))
            if len(members) > 1 and key not in seen:
                seen.add(key)
                yield rule, members


def _families_of(index: LedgerIndex, source: list[int], amount: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    table = index.open
    by_due = sorted(source, key=lambda place: (table.due[place], place))
    for count, total in enumerate(accumulate(table.open[place] for place in by_due), start=1):
        last = count == len(by_due)
        if total == amount and (last or table.due[by_due[count]] > table.due[by_due[count - 1]]):
            yield ("everything_open" if last else "everything_due"), tuple(by_due[:count])
    for column in (table.due, table.issued):
        months: dict[tuple[int, int], list[int]] = {}
        for place in by_due:
            day = table.day(column[place])
            months.setdefault((day.year, day.month), []).append(place)
        for members in months.values():
            if sum(table.open[place] for place in members) == amount:
                yield "month_of_payer", tuple(members)


def _pairs(index: LedgerIndex, places: list[int], amount: int) -> Iterator[tuple[int, ...]]:
    table = index.open
    seen: dict[int, list[int]] = {}
    for place in places:
        for other in seen.get(amount - table.open[place], ())[:4]:
            if table.customer[other] == table.customer[place]:
                yield (other, place)
        seen.setdefault(table.open[place], []).append(place)


def _chance(index: LedgerIndex, places: list[int], amount: int) -> float:
    """How many pairs would hit an amount like this one by chance.

    Counted on the ledger itself: of all pairs near the amount, those with its last three digits, spread over the
    amounts that end so.
    """
    amounts = sorted(index.open.open[place] for place in places if index.open.open[place] > 0)
    low, high = amount // 2, amount * 3 // 2
    alike = 0
    for number, one in enumerate(amounts):
        for other in amounts[:number]:
            total = one + other
            if low <= total <= high and (total - amount) % 1000 == 0:
                alike += 1
    return alike * 1000 / max(1, high - low)

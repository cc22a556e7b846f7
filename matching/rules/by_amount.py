"""The payment names no document: what of the payer's open items its amount fits, and how many other ways it would fit.

Posted only where the solution is counted unique: one item with this amount, or one pair, or one structured family
(everything, everything due by a day, one month). For a customer whose amounts are all different, one item with exactly
this amount is no coincidence, even if some sum would hit it too. Where amounts repeat or are round, any second way to
reach the amount stops the posting.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, combinations
from math import gcd

from matching.grades import Payer, Reference
from matching.habits import ANOTHER, EVERYTHING_DUE, OLDEST, SOMETHING_ELSE
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading
from matching.rules.amounts import fits, whole_lines

MOST_ITEMS = 300
_PAIR_CHANCE = 0.001
_MOST_RELATIVES = 200
_MOST_SINGLES = 8
_ROUND = 50
_SWAPS_OF = 60
_THREE_OF = 80


def by_amount(reading: Reading, index: LedgerIndex) -> Sequence[Hypothesis]:
    """Single items, families and pairs of the payer's open items that make up the amount; worked out once."""
    if reading.fitting is None:
        reading.fitting = tuple(_by_amount(reading, index))
    return reading.fitting


def _by_amount(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    if not reading.own or reading.payment.amount <= 0:
        return
    singles = _singles(reading, index, reading.own)
    elsewhere = _singles(reading, index, reading.relatives[:_MOST_RELATIVES])
    places = [
        place
        for place in index.items_of(reading.own[:4], reading.payment.currency, MOST_ITEMS)
        if index.open.issued[place] <= reading.paid_on
    ]
    sums = _sums(reading, index, places)
    sure = reading.likely[1] if len(reading.own) == 1 else Payer.SIMILAR
    yield from _judged_singles(reading, index, singles, elsewhere, sums, sure=sure)
    ways = len({hypothesis.places for hypothesis in sums}) + len(singles) + len(elsewhere)
    for hypothesis in sums:
        found = hypothesis._replace(payer=sure)
        if ways > 1 and not _used_to(reading, index, hypothesis, places):
            found = found.doubted(f"the amount fits the payer's open items in {ways} ways", 5_000)
        if len(places) >= MOST_ITEMS:
            found = found.doubted("the payer has too many open items to count the ways", 5_000)
        yield found


def _singles(reading: Reading, index: LedgerIndex, customers: Sequence[int]) -> list[int]:
    """Items of these customers with exactly this amount, or this amount after the early-payment discount."""
    amount, currency = reading.payment.amount, reading.payment.currency
    return [
        place
        for customer in customers
        for place in index.payable_with(customer, amount, currency)
        if index.open.issued[place] <= reading.paid_on
    ]


def _judged_singles(
    reading: Reading,
    index: LedgerIndex,
    singles: list[int],
    elsewhere: list[int],
    sums: list[Hypothesis],
    *,
    sure: Payer,
) -> Iterator[Hypothesis]:
    ways = len(singles) + len(elsewhere)
    usual = _usual(reading, index, singles, elsewhere)
    rivals = len([s for s in sums if index.is_coarse(index.open.customer[s.places[0]]) or _round(index, s.places)])
    rivals += bool(singles) and _three_make_it(reading, index, index.open.customer[singles[0]])
    for place in (*singles[:_MOST_SINGLES], *elsewhere[:_MOST_SINGLES]):
        for relation, lines, rest in fits((place,), reading, index):
            if relation not in {"exact", "discount"}:
                continue
            found = Hypothesis("amount_of_payer", relation, lines, Reference.NONE, sure, rest)
            if ways + rivals > 1 and not (place == usual and relation == "exact"):
                found = found.doubted(f"the amount fits the payer's open items in {ways + rivals} ways", 5_000)
            if place in elsewhere:
                found = found.doubted("no document is named and the payer is not the customer itself", 4_900)
            yield found


def _three_make_it(reading: Reading, index: LedgerIndex, customer: int) -> bool:
    """Whether the amounts of a customer repeat or are round, and three of them make up the amount as well."""
    table, amount = index.open, reading.payment.amount
    places = index.items_of((customer,), reading.payment.currency, _THREE_OF)
    if not index.is_coarse(customer) and not _round(index, places):
        return False
    amounts = Counter(table.open[place] for place in places if table.issued[place] <= reading.paid_on)
    known = sorted(amounts)
    for first, one in enumerate(known):
        for other in known[first:]:
            third = amount - one - other
            if third < other:
                break
            if third in amounts and all(amounts[part] >= count for part, count in Counter((one, other, third)).items()):
                return True
    return False


def _usual(reading: Reading, index: LedgerIndex, singles: list[int], elsewhere: list[int]) -> int:
    """Of several equal items the oldest, where people have confirmed each time that it was meant; else -1."""
    table = index.open
    amount = reading.payment.amount
    if len(singles) < 2 or elsewhere or not index.habits or any(table.open[place] != amount for place in singles):
        return -1
    oldest, second = sorted(singles, key=lambda place: (table.due[place], place))[:2]
    customers = {table.customer[place] for place in singles}
    known = len(customers) == 1 and index.habits.has(index.parties.ids[customers.pop()], OLDEST, ANOTHER)
    return oldest if known and table.due[oldest] < table.due[second] else -1


def _used_to(reading: Reading, index: LedgerIndex, family: Hypothesis, places: list[int]) -> bool:
    """Whether the family is everything that is due, and the customer is known to pay that without a word."""
    table = index.open
    customers = {table.customer[place] for place in family.places}
    if len(customers) != 1 or not index.habits:
        return False
    due = {
        p for p in places if table.customer[p] in customers and table.due[p] <= reading.paid_on and table.open[p] > 0
    }
    habit = index.habits.has(index.parties.ids[customers.pop()], EVERYTHING_DUE, SOMETHING_ELSE)
    return habit and due == set(family.places)


def _round(index: LedgerIndex, places: Sequence[int]) -> bool:
    return gcd(*(index.open.open[place] for place in places)) >= _ROUND


def _sums(reading: Reading, index: LedgerIndex, places: list[int]) -> list[Hypothesis]:
    """Families and pairs that make up the amount, those that chance could explain with a doubt."""
    amount = reading.payment.amount
    found: dict[tuple[int, ...], Hypothesis] = {}
    if len(places) < 2 or sum(max(0, index.open.open[place]) for place in places) < amount:
        return []
    for rule, members in _families(index, places, amount):
        family = Hypothesis(rule, "family", whole_lines(members, index), Reference.NONE, Payer.UNKNOWN)
        if _exchangeable(index, members, places) and not _used_to(reading, index, family, places):
            family = family.doubted("other items of the payer could stand in for some of these", 4_000)
        found.setdefault(tuple(sorted(members)), family)
    pairs = [pair for pair in _pairs(index, places, amount) if tuple(sorted(pair)) not in found]
    by_chance = bool(pairs) and _chance(index, places, amount) > _PAIR_CHANCE
    for pair in pairs[:8]:
        two = Hypothesis("pair_of_payer", "family", whole_lines(pair, index), Reference.NONE, Payer.UNKNOWN)
        if by_chance or _round(index, pair) or index.is_coarse(index.open.customer[pair[0]]):
            two = two.doubted("two items of this payer add up to many amounts", 4_000)
        found.setdefault(tuple(sorted(pair)), two)
    return list(found.values())


def _exchangeable(index: LedgerIndex, members: Sequence[int], places: Sequence[int]) -> bool:
    """Whether the same sum could be reached with items outside the family: one for one, one for two or two for one.

    Everything that is open can never be exchanged: any other choice is less, as long as there are no credits. With
    credits, two items that come to nothing could be left out or taken in as well; where amounts repeat besides, that
    is not counted out.
    """
    amounts = index.open.open
    inside = [amounts[place] for place in members]
    chosen = set(members)
    outside = [amounts[place] for place in places if place not in chosen]
    if not outside and min(inside) > 0:
        return False
    if len(inside) > _SWAPS_OF or len(outside) > _SWAPS_OF:
        return True
    if min(*inside, *outside) < 0 and index.is_coarse(index.open.customer[members[0]]):
        return True
    ones_in, ones_out = set(inside), set(outside)
    twos_in = {one + other for one, other in combinations(inside, 2)}
    twos_out = {one + other for one, other in combinations(outside, 2)}
    nothing = 0 in twos_in or 0 in twos_out
    return bool(nothing or ones_in & ones_out or twos_in & ones_out or ones_in & twos_out or twos_in & twos_out)


def _families(index: LedgerIndex, places: list[int], amount: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Everything due up to a day, and everything of one month, of each customer by itself and of all together."""
    opens = index.open.open
    sources = _by_customer(index, places)
    if len(sources) > 1:
        sources.append(places)
    # Payers often forget their credits, or leave them for later.
    owed = [[place for place in source if opens[place] > 0] for source in sources]
    sources.extend([some for some, source in zip(owed, sources, strict=True) if len(some) < len(source)])
    for source in sources:
        for rule, members in _families_of(index, source, amount):
            if len(members) > 1:
                yield rule, members


def _by_customer(index: LedgerIndex, places: list[int]) -> list[list[int]]:
    """The items of each customer, which stand together."""
    column = index.open.customer
    if not places:
        return []
    if column[places[0]] == column[places[-1]]:
        return [places]
    found: dict[int, list[int]] = {}
    for place in places:
        found.setdefault(column[place], []).append(place)
    return list(found.values())


def _families_of(index: LedgerIndex, source: list[int], amount: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Sums are built up first; who is in a family is only listed when its sum fits."""
    table = index.open
    dues = table.due
    by_due = sorted(source, key=dues.__getitem__)
    amounts = [table.open[place] for place in by_due]
    last = len(by_due) - 1
    totals = list(accumulate(amounts))
    if amount in totals:
        for count, place in enumerate(by_due):
            if totals[count] == amount and (count == last or dues[by_due[count + 1]] > dues[place]):
                yield ("everything_open" if count == last else "everything_due"), tuple(by_due[: count + 1])
    for sums, column in zip(index.by_month(tuple(by_due)), (table.due_month, table.issue_month), strict=True):
        if amount in sums.values():
            for wanted, monthly in sums.items():
                if monthly == amount:
                    yield "month_of_payer", tuple([place for place in by_due if column[place] == wanted])


def _pairs(index: LedgerIndex, places: list[int], amount: int) -> Iterator[tuple[int, ...]]:
    table = index.open
    amounts = {table.open[place] for place in places}
    if amounts.isdisjoint([amount - one for one in amounts]):
        return
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
    low, high = amount // 2, amount * 3 // 2
    alike = 0
    by_ending: dict[int, list[int]] = {}
    for place in places:
        one = index.open.open[place]
        if one > 0:
            for other in by_ending.get((amount - one) % 1000, ()):
                if low <= one + other <= high and one + other != amount:
                    alike += 1
            by_ending.setdefault(one % 1000, []).append(one)
    return alike * 1000 / max(1, high - low)

"""The payment names documents: alone, as a list, with others that it does not name, or in part."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.mentions import Mention, is_date
from matching.reading import Reading
from matching.rules.amounts import fits, whole_lines
from matching.rules.by_near_number import slipped

_SUBSETS_OF = 10
_OWNERS = 8
_NO_CHANCE = 7
"""A reading of so many digits does not hit a document by chance."""
_NOT_SURE = 5_000


def by_document_number(
    reading: Reading, index: LedgerIndex, mentions: list[Mention], rule: str = "document_number"
) -> Iterator[Hypothesis]:
    """The items that the payment quotes, settled together; where they do not fit together, some of them."""
    candidates = [(mention, meant(reading, index, mention)) for mention in mentions]
    chosen = _one_each(candidates)
    if any(len(items) > 1 for _, items in candidates):
        yield from _by_owner(reading, index, candidates, rule)
    if not chosen:
        return
    yield from _settled_together(reading, index, chosen, rule)


def _settled_together(
    reading: Reading, index: LedgerIndex, chosen: dict[int, Mention], rule: str
) -> Iterator[Hypothesis]:
    places = tuple(chosen)
    grade = min(mention.grade for mention in chosen.values())
    quoted = tuple(mention.shown or mention.text for mention in chosen.values())
    payer = reading.weakest_payer(places)
    name = rule if len(places) == 1 else rule + "_list"
    for relation, lines, rest in fits(places, reading, index):
        yield Hypothesis(name, relation, lines, grade, payer, rest, quoted)
        if relation in {"exact", "discount"}:
            return
    yield from _completed(reading, index, chosen, grade, quoted)
    if len(chosen) > 1:
        yield from _some_of(reading, index, chosen)


def _by_owner(
    reading: Reading, index: LedgerIndex, candidates: list[tuple[Mention, list[int]]], rule: str
) -> Iterator[Hypothesis]:
    """Two companies use the same numbers and the payer is not known: whose documents are all of these?

    Certain only if the documents of exactly one customer make up the amount.
    """
    column = index.open.customer
    owners = set.intersection(*({column[place] for place in items} for _, items in candidates if items))
    found: list[Hypothesis] = []
    for owner in sorted(owners)[:_OWNERS]:
        chosen: dict[int, Mention] = {}
        for mention, items in candidates:
            own = [place for place in items if column[place] == owner]
            if len(own) == 1:
                chosen.setdefault(own[0], mention)
        if chosen:
            found.extend(_settled_together(reading, index, chosen, rule))
    fitting = {h.places for h in found if h.relation in {"exact", "discount"}}
    for hypothesis in found:
        sure = len(fitting) == 1 and hypothesis.places in fitting and hypothesis.relation in {"exact", "discount"}
        yield hypothesis if sure else hypothesis.doubted("several customers have documents of this number", _NOT_SURE)


def meant(reading: Reading, index: LedgerIndex, mention: Mention) -> list[int]:
    """The items a mention may mean: in the payment's currency, of the customer that the payer is surest to be."""
    table = index.open
    currency = reading.payment.currency
    if table.currencies == [currency]:
        items = list(mention.items)
    else:
        items = [place for place in mention.items if table.currencies[table.currency[place]] == currency]
    if len(items) > 1:
        best = max(reading.payer_grade(table.customer[place]) for place in items)
        items = [place for place in items if reading.payer_grade(table.customer[place]) == best]
    undone_slip = mention.grade is Reference.PART and len(mention.text) >= _NO_CHANCE and not is_date(mention.shown)
    if mention.grade < Reference.FULL and not undone_slip:
        # A weak reading that hits somebody else's document has hit it by chance.
        items = [place for place in items if reading.payer_grade(table.customer[place]) > Payer.OTHER]
    return items


def _one_each(candidates: Iterable[tuple[Mention, list[int]]]) -> dict[int, Mention]:
    chosen: dict[int, Mention] = {}
    for mention, items in candidates:
        if len(items) == 1:
            chosen.setdefault(items[0], mention)
    return chosen


def choose(
    reading: Reading, index: LedgerIndex, mentions: Iterable[Mention], amount: int | None = None
) -> dict[int, Mention]:
    """For each mention the one item it means: the payer's own, in the payment's currency, with the amount stated.

    ``amount`` is what is paid on each; the payment's own where nothing is said.
    """
    amount = reading.payment.amount if amount is None else amount
    candidates = []
    for mention in mentions:
        items = meant(reading, index, mention)
        if len(items) > 1:
            items = [place for place in items if index.open.open[place] == amount] or items
        candidates.append((mention, items))
    return _one_each(candidates)


def _completed(
    reading: Reading, index: LedgerIndex, chosen: dict[int, Mention], grade: Reference, quoted: tuple[str, ...]
) -> Iterator[Hypothesis]:
    """The named items and one more of the same customer whose open amount is exactly what is left, either way."""
    table = index.open
    amount = reading.payment.amount
    left = amount - sum(table.open[place] for place in chosen)
    customers = sorted({table.customer[place] for place in chosen})
    if left == 0 or len(customers) > 3:
        return
    more = [
        place
        for customer in customers
        for place in index.of_customer_with_amount(customer, left, reading.payment.currency)
        if place not in chosen
    ]
    for place in more[:4]:
        yield _with_one_more(reading, index, (*chosen, place), grade, quoted, alone=len(more) == 1)


def _with_one_more(
    reading: Reading,
    index: LedgerIndex,
    places: tuple[int, ...],
    grade: Reference,
    quoted: tuple[str, ...],
    *,
    alone: bool,
) -> Hypothesis:
    """The named items and the one that completes the amount, judged by what the text says of it."""
    table = index.open
    lines = whole_lines(places, index)
    payer = reading.weakest_payer(places)
    extra = places[-1]
    left = table.open[extra]
    if left < 0 and reading.mentions_credit:
        found = Hypothesis("credit_note_named", "completed", lines, grade, payer, 0, quoted)
    elif left < 0 and alone and grade >= Reference.FULL and left % 100 and not index.is_coarse(table.customer[extra]):
        # To the cent the one credit the customer has of this amount: a deduction by chance would not hit it.
        found = Hypothesis("credit_note_taken", "completed", lines, grade, payer, 0, quoted)
    elif left < 0:
        found = Hypothesis("document_number_completed", "credit_taken", lines, grade, payer, 0, quoted)
    else:
        found = Hypothesis("document_number_completed", "completed", lines, grade, payer, 0, quoted)
        slip = slipped(index, extra, reading.near_strings)
        if slip:
            found = Hypothesis("list_with_slip", "exact", lines, Reference.NEAR, payer, 0, (*quoted, slip))
        elif index.is_coarse(table.customer[extra]) or left % 100 == 0:
            found = found.doubted("nothing in the text names the further item", 7_000)
    return found if alone else found.doubted("more than one item has the amount that is left", 5_000)


def _some_of(reading: Reading, index: LedgerIndex, chosen: dict[int, Mention]) -> Iterator[Hypothesis]:
    """Only some of the named items add up to the amount: suggested, unless what is left over is one weak mention."""
    table = index.open
    amount = reading.payment.amount
    strong = {place: mention for place, mention in chosen.items() if mention.grade >= Reference.DIGITS}
    if strong and len(strong) < len(chosen):
        yield from by_document_number(reading, index, list(strong.values()))
    if len(chosen) > _SUBSETS_OF:
        return
    found = [
        some
        for size in range(len(chosen) - 1, 0, -1)
        for some in combinations(chosen, size)
        if sum(table.open[place] for place in some) == amount
    ]
    for some in found[:4]:
        payer: Payer = reading.weakest_payer(some)
        grade = min(chosen[place].grade for place in some)
        quoted = tuple(chosen[place].shown or chosen[place].text for place in some)
        dropped = [chosen[place] for place in chosen if place not in some]
        if len(found) == 1 and all(table.open[place] < 0 for place in chosen if place not in some):
            # The invoices are paid in full; their credit notes are spoken of, and not taken.
            yield Hypothesis("document_number", "exact", whole_lines(some, index), grade, payer, 0, quoted)
            continue
        if len(found) == 1 and len(some) > 1 and len(dropped) == 1 and dropped[0].grade <= Reference.PART:
            # One short number too many in the text: a date, a voucher number of the payer's own.
            yield Hypothesis("document_number_list", "exact", whole_lines(some, index), grade, payer, 0, quoted)
            continue
        yield Hypothesis("document_number_some", "guess", whole_lines(some, index), grade, payer, 0, quoted)

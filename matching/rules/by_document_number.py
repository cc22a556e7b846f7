"""The payment names documents: alone, as a list, with others that it does not name, or in part."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from matching.extract import Mention
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading
from matching.rules.amounts import fits, whole_lines
from matching.rules.by_amount import coarse
from matching.rules.by_near_number import slipped

_SUBSETS_OF = 10


def by_document_number(
    reading: Reading, index: LedgerIndex, mentions: list[Mention], rule: str = "document_number"
) -> Iterator[Hypothesis]:
    """The items that the payment quotes, settled together; where they do not fit together, some of them."""
    chosen = choose(reading, index, mentions)
    if not chosen:
        return
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


def choose(
    reading: Reading, index: LedgerIndex, mentions: Iterable[Mention], amount: int | None = None
) -> dict[int, Mention]:
    """For each mention the one item it means: the payer's own, in the payment's currency, with the amount stated.

    ``amount`` is what is paid on each; the payment's own where nothing is said.
    """
    table = index.open
    amount = reading.payment.amount if amount is None else amount
    chosen: dict[int, Mention] = {}
    for mention in mentions:
        items = [
            place for place in mention.items if table.currencies[table.currency[place]] == reading.payment.currency
        ]
        if len(items) > 1:
            best = max(reading.payer_grade(table.customer[place]) for place in items)
            items = [place for place in items if reading.payer_grade(table.customer[place]) == best]
        if mention.grade < Reference.FULL:
            # A weak reading that hits somebody else's document has hit it by chance.
            items = [place for place in items if reading.payer_grade(table.customer[place]) > Payer.OTHER]
        if len(items) > 1:
            items = [place for place in items if table.open[place] == amount] or items
        if len(items) == 1 and items[0] not in chosen:
            chosen[items[0]] = mention
    return chosen


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
    payer = reading.weakest_payer(tuple(chosen))
    for place in more[:4]:
        places = (*chosen, place)
        relation = "completed" if left > 0 else "credit_taken"
        found = Hypothesis("document_number_completed", relation, whole_lines(places, index), grade, payer, 0, quoted)
        if left > 0 and not slipped(index, place, reading.near_strings):
            if len(more) > 1 or coarse(index, table.customer[place]) or left % 100 == 0:
                found = found.doubted("nothing in the text names the further item", 7_000)
        if left < 0 and reading.mentions_credit and len(more) == 1:
            found = Hypothesis("credit_note_named", "completed", found.lines, grade, payer, 0, quoted)
        yield found if len(more) == 1 else found.doubted("more than one item has the amount that is left", 5_000)


def _some_of(reading: Reading, index: LedgerIndex, chosen: dict[int, Mention]) -> Iterator[Hypothesis]:
    """Only some of the named items add up to the amount: better suggested than posted, unless the rest is named weakly."""
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
        yield Hypothesis("document_number_some", "guess", whole_lines(some, index), grade, payer, 0, quoted)

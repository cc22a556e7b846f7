"""What a person is offered for an exception: up to five ways to clear it, the most likely first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from matching.arbitration import Proposal
from matching.explain import allocations, money, sentence
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis, Line
from matching.index import LedgerIndex
from matching.mentions import Mention
from matching.model.decision import Suggestion
from matching.reading import Reading
from matching.rules.amounts import short_lines, whole_lines
from matching.rules.by_amount import by_amount
from matching.rules.by_document_number import choose
from matching.score import scored

MOST = 5
_TRIPLES_OF = 40
_SEARCHED = 120
_ONE_OF_SEVERAL = 3_000
_AMOUNT_ONLY = 4_500


def suggestions(proposal: Proposal, index: LedgerIndex, *, taken: frozenset[int]) -> tuple[Suggestion, ...]:
    """The ways to clear the payment, without items that other payments of the batch have settled already."""
    offered: dict[tuple[tuple[int, int], ...], Hypothesis] = {}
    reading = proposal.reading
    _offer(proposal.hypotheses, offered, taken)
    if proposal.payment.amount > 0:
        _offer(_named(reading, index, taken), offered, taken)
        if len(offered) < MOST:
            _offer(_searched(reading, index, taken), offered, taken)
    ranked = sorted(offered.values(), key=lambda h: (-h.confidence, len(h.lines), h.places))
    found = [_suggestion(hypothesis, reading, index) for hypothesis in ranked[:MOST]]
    account = _on_account(proposal, index)
    first = _paid_twice(proposal, index) or len(reading.instructed) == 1
    if account is not None and (first or len(found) < MOST):
        found.insert(0 if first else len(found), account)
    return tuple(found[:MOST])


def _offer(
    more: Iterable[Hypothesis], offered: dict[tuple[tuple[int, int], ...], Hypothesis], taken: frozenset[int]
) -> None:
    for hypothesis in more:
        key = tuple(sorted((line.place, line.cash) for line in hypothesis.lines))
        if key and key not in offered and not any(place in taken for place, _ in key):
            offered[key] = hypothesis


def _suggestion(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> Suggestion:
    why = sentence(hypothesis, reading.payment, index)
    if hypothesis.doubts:
        why += f" Not posted: {hypothesis.doubts[0]}."
    customer = index.open.customer[hypothesis.lines[0].place]
    return Suggestion(
        allocations=allocations(hypothesis.lines, index),
        confidence=hypothesis.confidence / 10_000,
        why=why,
        customer_id=index.parties.ids[customer],
        on_account=max(0, hypothesis.rest),
    )


def _on_account(proposal: Proposal, index: LedgerIndex) -> Suggestion | None:
    """The whole payment on the payer's account: what is left when nothing is owed, as for a double payment."""
    reading = proposal.reading
    customer = payer_of(proposal, index)
    if not customer or reading.payment.amount <= 0:
        return None
    twice = _paid_twice(proposal, index)
    why = "What the payment names is settled already" if twice else "No open item explains the payment better"
    ordered = len(reading.instructed) == 1
    if ordered:
        place = reading.instructed[0]
        owed = money(index.open.open[place], reading.payment.instructed_currency)
        why = f"Ordered for {index.open.numbers[place]} ({owed}), which the ERP clears with its difference in exchange"
        customer = index.parties.ids[index.open.customer[place]]
    paid = money(reading.payment.amount, reading.payment.currency)
    return Suggestion(
        allocations=(),
        confidence=0.6 if twice or ordered else 0.02,
        why=f"{why}: {paid} on account of {customer}.",
        customer_id=customer,
        on_account=reading.payment.amount,
    )


def _paid_twice(proposal: Proposal, index: LedgerIndex) -> bool:
    """Whether the payment repeats what was paid already: the settled document's amount, or a payment of this batch."""
    if proposal.lost_to is not None:
        return proposal.lost_to.accepted and proposal.best.reference >= Reference.DIGITS
    amount, settled = proposal.payment.amount, index.settled
    return any(settled.original[place] == amount for m in proposal.reading.closed for place in m.closed)


def payer_of(proposal: Proposal, index: LedgerIndex) -> str:
    """The customer a payment most likely comes from, or nothing."""
    reading = proposal.reading
    customers, grade = reading.likely
    if customers and grade >= Payer.SIMILAR:
        return index.parties.ids[customers[0]]
    for hypothesis in proposal.hypotheses[:1]:
        if hypothesis.payer >= Payer.SIMILAR or hypothesis.reference >= Reference.DIGITS:
            return index.parties.ids[index.open.customer[hypothesis.lines[0].place]]
    for mention in reading.closed:
        return index.parties.ids[index.settled.customer[mention.closed[0]]]
    return ""


def _named(reading: Reading, index: LedgerIndex, taken: frozenset[int]) -> list[Hypothesis]:
    """Weaker ideas around the documents that are named."""
    chosen = choose(reading, index, [*reading.strong, *reading.weak])
    found = list(_named_and_more(reading, index, chosen, taken))
    for place in list(chosen)[:MOST]:
        payer = reading.weakest_payer((place,))
        left = index.open.open[place] - reading.payment.amount
        lines = short_lines((place,), left, reading, index) if left > 0 else whole_lines((place,), index)
        if lines and index.open.open[place] > 0:
            shown = chosen[place].shown or chosen[place].text
            one = Hypothesis("named_item", "guess", lines, chosen[place].grade, payer, max(0, -left), (shown,))
            if len(chosen) > 1:
                one = one.doubted("other documents are named as well", _ONE_OF_SEVERAL)
            found.append(one)
    others = chosen or any(mention.items for mention in (*reading.strong, *reading.weak))
    found.extend(
        hypothesis.doubted("the text names other documents", _AMOUNT_ONLY) if others else hypothesis
        for hypothesis in by_amount(reading, index)
    )
    return scored(found)


def _searched(reading: Reading, index: LedgerIndex, taken: frozenset[int]) -> list[Hypothesis]:
    """Ideas from amounts alone."""
    customers, payer = reading.likely
    own = [place for place in index.items_of(customers[:10], reading.payment.currency, _SEARCHED) if place not in taken]
    found = list(_sums(reading, index, own, payer))
    if payer < Payer.NAMED:
        found.extend(_same_amount(reading, index))
    found.extend(_oldest_first(reading, index, own, payer))
    return scored(found)


def _named_and_more(
    reading: Reading, index: LedgerIndex, chosen: dict[int, Mention], taken: frozenset[int]
) -> Iterator[Hypothesis]:
    """The named items and one to three more of the payer: a list that the bank has cut off."""
    table = index.open
    own = [place for place in chosen if reading.payer_grade(table.customer[place]) > Payer.OTHER]
    left = reading.payment.amount - sum(table.open[place] for place in own)
    if not own or left <= 0:
        return
    customers = sorted({table.customer[place] for place in own})[:3]
    pool = [
        place
        for place in index.items_of(customers, reading.payment.currency, _SEARCHED)
        if place not in own and place not in taken and 0 < table.open[place] <= left
    ][:_TRIPLES_OF]
    quoted = tuple(chosen[place].shown or chosen[place].text for place in own)
    grade = min(chosen[place].grade for place in own)
    for more in _adding_up(pool, left, table.open):
        places = (*own, *more)
        payer = reading.weakest_payer(places)
        yield Hypothesis("named_and_more", "guess", whole_lines(places, index), grade, payer, 0, quoted)


def _adding_up(pool: list[int], left: int, amounts: Sequence[int]) -> list[tuple[int, ...]]:
    """One, two or three items of the pool that add up to what is left; at most four ways, the fewest items first."""
    at: dict[int, list[int]] = {}
    for place in pool:
        at.setdefault(amounts[place], []).append(place)
    found: list[tuple[int, ...]] = [(place,) for place in at.get(left, ())]
    found += [(one, two) for one in pool for two in at.get(left - amounts[one], ()) if one < two][:4]
    if len(found) < 4:
        found += islice(_threes(pool, left, amounts, at), 4)
    return found[:4]


def _threes(
    pool: list[int], left: int, amounts: Sequence[int], at: Mapping[int, Sequence[int]]
) -> Iterator[tuple[int, ...]]:
    """Three items that add up to what is left, in the order of the pool; ``at`` tells the items of an amount."""
    owed = [amounts[place] for place in pool]
    for first, one in enumerate(pool):
        rest = left - owed[first]
        for second in range(first + 1, len(pool)):
            if rest - owed[second] in at:
                two = pool[second]
                yield from ((one, two, three) for three in at[rest - owed[second]] if two < three)


def _sums(reading: Reading, index: LedgerIndex, own: list[int], payer: Payer) -> Iterator[Hypothesis]:
    """Two or three items that make up the amount."""
    amount, table = reading.payment.amount, index.open
    few = own[:_TRIPLES_OF]
    at: dict[int, tuple[int]] = {}
    for place in few:
        at.setdefault(table.open[place], (place,))
    for three in islice(_threes(few, amount, table.open, at), 6):
        yield Hypothesis("sum_of_three", "guess", whole_lines(three, index), Reference.NONE, payer)


def _same_amount(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """Any customer's item with the very amount, if the payer may be that customer."""
    for place in index.with_amount(reading.payment.amount, reading.payment.currency, 20):
        payer = reading.weakest_payer((place,))
        if payer is not Payer.OTHER:
            yield Hypothesis("amount_alone", "guess", whole_lines((place,), index), Reference.NONE, payer)


def _oldest_first(reading: Reading, index: LedgerIndex, own: Sequence[int], payer: Payer) -> Iterator[Hypothesis]:
    """What the law says where the payer says nothing: the oldest debt first."""
    left = reading.payment.amount
    table = index.open
    lines = []
    for place in sorted(own, key=lambda place: (table.due[place], place)):
        if table.open[place] <= 0 or left <= 0:
            continue
        cash = min(left, table.open[place])
        left -= cash
        kept = table.open[place] - cash
        lines.append(Line(place, cash, residual=kept, reason="unknown" if kept else None))
        if len(lines) == 30:
            break
    if lines:
        yield Hypothesis("oldest_first", "short", tuple(lines), Reference.NONE, payer, max(0, left))

"""Which payment settles which open items: the whole story, in the order it happens.

    read        what the payment says: documents named, payer, dates          reading, extract, extract_parts, payer
    classify    is it a customer payment at all?                              classify
    propose     every rule offers explanations with their evidence            plainly, rules/
    score       the decision table says how sure each one is                  score, decision_table
    veto        what must not be posted, however good it looks                vetoes
    arbitrate   the whole batch at once: every item settled once              arbitration
    decide      posted, or an exception with the best suggestions             here
    diagnose    why something was not posted                                  diagnose
    explain     one sentence a clerk can check                                explain

Pure: the same payments and ledger give the same decisions, in any order, at any time. Amounts are conserved to the
minor unit, and no item is settled beyond what is open; both are asserted before anything leaves.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from matching import decision_table, vetoes
from matching.arbitration import CONTENDS_FROM, Proposal, arbitrate, content_key
from matching.classify import ignored_reason, is_return
from matching.diagnose import diagnose
from matching.explain import allocations, evidence, money, sentence
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.mentions import Mention
from matching.model.decision import Decision, ExceptionCase, ExceptionKind, MatchResult, Suggestion
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy
from matching.plainly import plainly_named
from matching.reading import Reading
from matching.rules.amounts import whole_lines
from matching.rules.by_amount import by_amount
from matching.rules.by_document_number import by_document_number
from matching.rules.by_near_number import by_near_number
from matching.rules.by_period import by_period
from matching.rules.by_remittance_advice import by_remittance_advice
from matching.rules.by_slipped_list import by_slipped_list
from matching.score import scored
from matching.suggest import payer_of, suggestions


def match(  # noqa: PLR0917 - the six things a decision rests on, in the order of the contract
    payments: Iterable[Payment],
    open_items: Iterable[OpenItem],
    customers: Iterable[Customer],
    history: History,
    policy: Policy,
    as_of: date,
) -> MatchResult:
    """One decision for every payment. Never raises for what banks or ERPs deliver."""
    with _no_garbage():
        return match_batch(LedgerIndex.build(open_items, customers, history, policy), payments, as_of)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Let the interpreter not look for garbage meanwhile.

    Nothing that an index or a batch is made of holds itself, so all of it goes when it is let go; looking through
    a hundred thousand living objects again and again takes a tenth of the time and finds nothing.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def match_batch(index: LedgerIndex, payments: Iterable[Payment], as_of: date) -> MatchResult:
    """One decision for every payment of a batch against a ledger that was indexed before."""
    del as_of  # Every date that matters stands on the payment or the item; kept so that callers state their day.
    with _no_garbage():
        return _matched(index, payments)


def _matched(index: LedgerIndex, payments: Iterable[Payment]) -> MatchResult:
    once = _each_once(payments)
    decided: dict[str, Decision] = {}
    proposals: list[Proposal] = []
    for payment in once.values():
        reading = Reading(payment, index)
        reason = ignored_reason(reading)
        if reason is not None:
            decided[payment.payment_id] = _ignored(payment, reason)
        elif payment.amount < 0:
            decided[payment.payment_id] = _outgoing(reading, index)
        else:
            proposals.append(_proposed(reading, index))
    arbitrate(proposals, index)
    taken = _settle(proposals, index)
    for proposal in proposals:
        decided[proposal.payment.payment_id] = _decide(proposal, index, taken)
    decisions = tuple(decided[payment_id] for payment_id in sorted(decided))
    _assert_conserved(decisions, once)
    _assert_not_beyond(proposals, index)
    return MatchResult(decisions=decisions, rule_version=_version(index.policy))


def _proposed(reading: Reading, index: LedgerIndex) -> Proposal:
    proposal = Proposal(reading.payment, index, propose(reading, index), reading)
    if proposal.contends:
        proposal.read = None
    return proposal


def _each_once(payments: Iterable[Payment]) -> dict[str, Payment]:
    """One payment per id, ordered by id; of two with the same id the content decides, never the order of arrival."""
    seen: dict[str, Payment] = {}
    for payment in payments:
        other = seen.setdefault(payment.payment_id, payment)
        if other is not payment and content_key(other) <= content_key(payment):
            seen[payment.payment_id] = payment
    return dict(sorted(seen.items()))


def propose(reading: Reading, index: LedgerIndex) -> list[Hypothesis]:
    """Every explanation the rules can offer, scored and doubted, best first; a certain one ends the search."""
    plain = plainly_named(reading, index)
    if plain is not None:
        return [plain]
    found: list[Hypothesis] = []
    for step in _STEPS:
        more = list(step(reading, index, found))
        if more:
            found.extend(more)
            if _explained(more):
                judged = vetoes.apply(reading, scored(found), index)
                if judged[0].confidence >= CONTENDS_FROM:
                    return judged
            elif step is _named and _nothing_else_to_find(reading, more):
                break
    return vetoes.apply(reading, scored(found), index)


def _named(reading: Reading, index: LedgerIndex, found: list[Hypothesis]) -> Iterable[Hypothesis]:
    """By the payer's advice, and by numbers named in full."""
    del found
    if reading.payment.documents:
        yield from by_remittance_advice(reading, index)
    if reading.first_view.strong:
        yield from by_document_number(reading, index, reading.first_view.strong)


def _named_otherwise(reading: Reading, index: LedgerIndex, found: list[Hypothesis]) -> Iterable[Hypothesis]:
    """By the same, with the lines of the text joined, or in the end-to-end id."""
    del found
    for view in reading.views[1:]:
        if view.strong:
            yield from by_document_number(reading, index, view.strong)
    if reading.strong and not any(view.strong for view in reading.views):
        yield from by_document_number(reading, index, reading.strong)


def _named_weakly(reading: Reading, index: LedgerIndex, found: list[Hypothesis]) -> Iterable[Hypothesis]:
    """By running numbers, shorthand and other parts of numbers."""
    del found
    for view in reading.views:
        if view.weak:
            yield from by_document_number(reading, index, [*view.strong, *view.weak], "part_of_number")
            yield from _one_of(reading, index, view.weak)


def _named_with_slips(reading: Reading, index: LedgerIndex, found: list[Hypothesis]) -> Iterable[Hypothesis]:
    """By numbers typed wrong."""
    if _explained(found):
        return
    for view in reading.views:
        yield from by_slipped_list(reading, index, view)
    yield from by_near_number(reading, index)


def _not_named(reading: Reading, index: LedgerIndex, found: list[Hypothesis]) -> Iterable[Hypothesis]:
    """By the month that is named, and by the amount alone: only where the text names no document."""
    if any(mention.names_something for mention in (*reading.strong, *reading.weak)):
        return
    if not found:
        yield from by_period(reading, index)
    yield from by_amount(reading, index)


def _nothing_else_to_find(reading: Reading, found: list[Hypothesis]) -> bool:
    """Whether the text is read to its last digit, names only the payer's own items, and no other fits the amount."""
    return (
        reading.fully_read
        and all(hypothesis.payer > Payer.OTHER for hypothesis in found)
        and all(mention.items for mention in reading.first_view.strong)
        and not reading.exactly_paid
        and not reading.first_view.between
    )


_STEPS: tuple[Callable[[Reading, LedgerIndex, list[Hypothesis]], Iterable[Hypothesis]], ...] = (
    _named,
    _named_otherwise,
    _named_weakly,
    _named_with_slips,
    _not_named,
)


def _explained(found: list[Hypothesis]) -> bool:
    return any(h.relation in {"exact", "advice", "discount"} and h.payer > Payer.OTHER for h in found)


def _one_of(reading: Reading, index: LedgerIndex, mentions: list[Mention]) -> Iterable[Hypothesis]:
    """One weakly named item alone, if it fits exactly: the other readings were no numbers of ours."""
    if len(mentions) > 1:
        for mention in mentions[:12]:
            if mention.items:
                for hypothesis in by_document_number(reading, index, [mention], "part_of_number"):
                    if hypothesis.relation in {"exact", "discount"}:
                        yield hypothesis


def _settle(proposals: list[Proposal], index: LedgerIndex) -> frozenset[int]:
    """Which items are used up by what is posted; the policy's threshold is applied here, after arbitration."""
    taken: set[int] = set()
    for proposal in proposals:
        if proposal.accepted and proposal.best.confidence < index.policy.post_from:
            proposal.accepted = False
        if proposal.accepted:
            taken.update(line.place for line in proposal.best.lines if not line.residual)
    return frozenset(taken)


def _version(policy: Policy) -> str:
    return f"{decision_table.VERSION}/{policy.version}"


def _ignored(payment: Payment, reason: str) -> Decision:
    said = f"{money(payment.amount, payment.currency)} is no customer payment: {reason.replace('_', ' ')}."
    return Decision(
        payment_id=payment.payment_id,
        ignored=reason,  # type: ignore[arg-type]
        confidence=0.99,
        rule="classify",
        rule_version=decision_table.VERSION,
        explanation=said,
    )


def _outgoing(reading: Reading, index: LedgerIndex) -> Decision:
    """Money going out that may concern a customer: a payment taken back, a refund."""
    payment = reading.payment
    returned = is_return(reading)
    kind: ExceptionKind = "returned_payment" if returned else "outgoing_unexplained"
    named = [mention for mention in reading.strong if mention.closed or mention.items]
    customer = ""
    for mention in named[:1]:
        table, place = (index.settled, mention.closed[0]) if mention.closed else (index.open, mention.items[0])
        customer = index.parties.ids[table.customer[place]]
    if not customer:
        customers, _ = reading.likely
        customer = index.parties.ids[customers[0]] if customers else ""
    shown = ", ".join(mention.text for mention in named[:5])
    of = f" of {customer}" if customer else ""
    if returned:
        why = f"A payment{of} was taken back" + (f"; it names {shown}. Reopen what it had settled." if shown else ".")
    else:
        why = f"Money went out to a customer{of}" + (
            f"; it names {shown}." if shown else "; find the credit it pays back."
        )
    case = ExceptionCase(
        kind=kind, unallocated=payment.amount, why=why, customer_id=customer, suggestions=_credits(reading, index)
    )
    return Decision(
        payment_id=payment.payment_id,
        exception=case,
        rule=kind,
        rule_version=_version(index.policy),
        explanation=why,
    )


def _credits(reading: Reading, index: LedgerIndex) -> tuple[Suggestion, ...]:
    """Credits of the customer with exactly the amount that went out."""
    payment = reading.payment
    customers, _ = reading.likely
    found = [
        place
        for customer in customers[:10]
        for place in index.of_customer_with_amount(customer, payment.amount, payment.currency)
    ]
    hypotheses = [
        Hypothesis(
            "credit_paid_back", "guess", whole_lines((place,), index), Reference.NONE, reading.weakest_payer((place,))
        )
        for place in found[:5]
    ]
    return suggestions(Proposal(payment, index, scored(hypotheses), reading), index, taken=frozenset())


def _decide(proposal: Proposal, index: LedgerIndex, taken: frozenset[int]) -> Decision:
    payment = proposal.payment
    if not proposal.accepted:
        return _exception(proposal, index, taken)
    best = proposal.best
    case = None
    said = sentence(best, payment, index)
    if best.rest:
        customer = index.parties.ids[index.open.customer[best.lines[0].place]]
        why = f"{money(best.rest, payment.currency)} more than what is open: on account of {customer}."
        offered = Suggestion(allocations=(), confidence=0.5, why=why, customer_id=customer, on_account=best.rest)
        case = ExceptionCase(
            kind="over_payment", unallocated=best.rest, why=said, customer_id=customer, suggestions=(offered,)
        )
    return Decision(
        payment_id=payment.payment_id,
        allocations=allocations(best.lines, index),
        exception=case,
        confidence=best.confidence / 10_000,
        rule=best.rule,
        rule_version=_version(index.policy),
        explanation=said,
        evidence=evidence(best, payment, index),
    )


def _exception(proposal: Proposal, index: LedgerIndex, taken: frozenset[int]) -> Decision:
    payment = proposal.payment
    kind, why = diagnose(proposal, index)
    case = ExceptionCase(
        kind=kind,
        unallocated=payment.amount,
        why=why,
        customer_id=payer_of(proposal, index),
        suggestions=suggestions(proposal, index, taken=taken),
    )
    return Decision(
        payment_id=payment.payment_id,
        exception=case,
        rule=kind,
        rule_version=_version(index.policy),
        explanation=why,
        evidence=evidence(proposal.best, payment, index) if proposal.hypotheses else (),
    )


def _assert_conserved(decisions: tuple[Decision, ...], payments: dict[str, Payment]) -> None:
    """Stop before a cent is lost or invented."""
    for decision in decisions:
        if decision.ignored is None:
            cash = sum(allocation.cash for allocation in decision.allocations)
            left = decision.exception.unallocated if decision.exception else 0
            assert cash + decision.on_account + left == payments[decision.payment_id].amount, decision


def _assert_not_beyond(proposals: list[Proposal], index: LedgerIndex) -> None:
    """Stop before an item is settled for more than is open."""
    settled: dict[int, int] = {}
    for proposal in proposals:
        if proposal.accepted:
            for line in proposal.best.lines:
                settled[line.place] = settled.get(line.place, 0) + line.cash + line.discount + line.write_off
    for place, amount in settled.items():
        open_amount = index.open.open[place]
        assert abs(amount) <= abs(open_amount), index.open.item_ids[place]
        assert amount * open_amount > 0, index.open.item_ids[place]

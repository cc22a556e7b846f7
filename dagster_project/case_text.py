"""One exception case in words: as comments above the Launchpad's fields, and as a row of the worklist."""

from collections.abc import Iterator

from dagster_project import escape
from integrations.services.money_text import day_text, money_text
from integrations.services.worklist import WorklistCase
from matching.model.decision import Suggestion

WORDS = {
    "unknown_payer": "payer unknown",
    "no_match": "nothing fits",
    "ambiguous": "several things fit",
    "short_payment": "paid too little",
    "over_payment": "paid too much",
    "duplicate_payment": "paid twice",
    "disputed_item": "item in dispute",
    "currency_mismatch": "other currency",
    "returned_payment": "payment returned",
    "wrong_reference": "reference does not fit",
    "credit_note_unclear": "credit note unclear",
    "payer_mismatch": "payer is somebody else",
    "bulk_without_remittance": "bulk without details",
    "outgoing_unexplained": "money out, unexplained",
    "pending": "not booked yet",
    "unreadable": "unreadable",
    "erp_rejected": "ERP refused it",
}
STATES = {
    "open": "open",
    "reopened": "reopened",
    "rejected": "sent back by the ERP",
    "proposed": "proposed",
    "awaiting_approval": "waits for a second person",
}


def kind_text(kind: str) -> str:
    """The reason in words of the trade.

    >>> kind_text("short_payment")
    'paid too little'
    """
    return WORDS.get(kind, kind.replace("_", " "))


def payer(case: WorklistCase) -> str:
    """Who paid, as the bank says; else who we believe it is."""
    payment = case.payment
    return payment.payer_name or payment.ultimate_name or case.customer_name or "no name"


def wrote(case: WorklistCase) -> str:
    """What the payer wrote: free text, else the structured references and documents."""
    payment = case.payment
    parts = [payment.remittance, *(f"{one.type} {one.reference}" for one in payment.references)]
    parts += [document.number for document in payment.documents]
    if payment.return_reason:
        parts.append(f"return reason {payment.return_reason}")
    return " ".join(part for part in parts if part)


def percent(confidence: float) -> str:
    """A confidence, never rounded up to certainty.

    >>> percent(0.8749), percent(0.9999)
    ('87 %', '99 %')
    """
    return f"{int(confidence * 100)} %"


def suggestion_text(case: WorklistCase, suggestion: Suggestion, limit: int = 0) -> str:
    """A suggestion as one line: items with amounts, what is given away, what stays.

    Amounts are those of the payment's currency.
    """
    currency = case.payment.currency
    parts = []
    for allocation in suggestion.allocations:
        item = case.items.get(allocation.item_id)
        text = f"{item.number if item else allocation.item_id} {money_text(allocation.cash, currency)}"
        if allocation.discount:
            text += f" + discount {money_text(allocation.discount, currency)}"
        if allocation.write_off:
            text += f" + write-off {money_text(allocation.write_off, currency)}"
        if allocation.residual:
            text += f" ({money_text(allocation.residual, currency)} stays open)"
        parts.append(text)
    if suggestion.on_account:
        parts.append(f"{money_text(suggestion.on_account, currency)} on account")
    rest = case.unallocated - suggestion.on_account - sum(one.cash for one in suggestion.allocations)
    if rest and parts:
        parts.append(f"{money_text(rest, currency)} left over")
    shown = " + ".join(parts[:3]) + (f" + {len(parts) - 3} more" if len(parts) > 3 else "")
    return escape.plain(shown or suggestion.why, limit)


def comments(case: WorklistCase, *, suggestions: int = 3) -> Iterator[str]:
    """The whole case as YAML comment lines: who, how much, what they wrote, why it is here, what would fit."""
    payment = case.payment
    amount = money_text(payment.amount, payment.currency)
    yield f"{case.case_id}: {kind_text(case.kind)}, {STATES.get(case.state, case.state)} for {case.age_days} days"
    account = f" from {escape.masked(payment.payer_account)}" if payment.payer_account else ""
    yield f"{payer(case)}{account}: {amount} on {day_text(payment.booked_on)}"
    if wrote(case):
        yield f"they wrote: {escape.plain(wrote(case), 200)}"
    if case.unallocated != payment.amount:
        yield f"still to explain: {money_text(case.unallocated, payment.currency)}"
    yield f"why: {escape.plain(case.why, 200)}"
    if case.proposal:
        yield f"proposed by {case.proposed_by}: {escape.plain(case.proposal, 200)}"
    if case.customer_name:
        yield f"customer: {case.customer_name} ({case.customer_id})"
    for number, suggestion in enumerate(case.suggestions[:suggestions], start=1):
        yield f"suggestion {number}, {percent(suggestion.confidence)}: {suggestion_text(case, suggestion, 160)}"
        if suggestion.why:
            yield f"because: {escape.plain(suggestion.why, 160)}"

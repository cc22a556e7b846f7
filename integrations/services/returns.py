"""A payment that came back: the suggestion that opens again what it had settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from integrations.bank.links import KeyedDetail, undo_link
from integrations.ledger.records import AllocationRow
from integrations.services.money_text import day_text, money_text
from matching.model.bank_statement import BankEntry, EntryDetail
from matching.model.decision import Allocation, Decision, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

_NAMED, _LIKELY = 0.97, 0.8


@dataclass(frozen=True, slots=True)
class _Settled:
    """A payment and what it settled: in the ledger already, or decided in the same batch."""

    payment: Payment
    allocations: tuple[Allocation, ...]
    numbers: tuple[str, ...]
    customer_id: str


def with_returns(
    decisions: Iterable[Decision],
    payments: Mapping[str, Payment],
    items: Mapping[str, OpenItem],
    standing: Iterable[AllocationRow],
) -> tuple[Decision, ...]:
    """The decisions, where a returned payment also suggests to take back what the original had settled.

    The original is looked for among what is allocated (``standing``, and these decisions themselves); it is suggested
    only where exactly one payment fits. A person accepts it: the items are open again, in the ledger and with the next
    push in the ERP.
    """
    decided = tuple(decisions)
    if not any(one.exception and one.exception.kind == "returned_payment" for one in decided):
        return decided
    settled = _standing(standing)
    for one in decided:
        if one.allocations and payments[one.payment_id].amount > 0:
            found = [items[each.item_id] for each in one.allocations]
            numbers = tuple(item.number for item in found)
            settled[one.payment_id] = _Settled(payments[one.payment_id], one.allocations, numbers, found[0].customer_id)
    return tuple(_with_suggestion(one, payments[one.payment_id], settled) for one in decided)


def _standing(rows: Iterable[AllocationRow]) -> dict[str, _Settled]:
    """Live allocations of incoming payments, by payment; what was taken back already is left out."""
    gathered: dict[str, list[AllocationRow]] = {}
    taken_back: set[tuple[str, int]] = set()
    for row in rows:
        if row.payment.amount > 0:
            gathered.setdefault(row.payment.payment_id, []).append(row)
        else:
            taken_back.add((row.allocation.item_id, -row.allocation.cash))
    return {
        payment_id: _Settled(
            mine[0].payment,
            tuple(row.allocation for row in mine),
            tuple(row.number for row in mine),
            mine[0].customer_id,
        )
        for payment_id, mine in gathered.items()
        if not all((row.allocation.item_id, row.allocation.cash) in taken_back for row in mine)
    }


def _with_suggestion(decision: Decision, payment: Payment, settled: Mapping[str, _Settled]) -> Decision:
    if decision.exception is None or decision.exception.kind != "returned_payment":
        return decision
    suggestion = _suggestion(payment, settled)
    if suggestion is None:
        return decision
    suggestions = (suggestion, *decision.exception.suggestions)[:5]
    return replace(decision, exception=replace(decision.exception, suggestions=suggestions))


def _suggestion(returned: Payment, settled: Mapping[str, _Settled]) -> Suggestion | None:
    near = [
        one.payment
        for one in settled.values()
        if (one.payment.account, one.payment.currency) == (returned.account, returned.currency)
    ]
    link = undo_link(_keyed(returned), [_keyed(one) for one in near])
    if link is None:
        return None
    found = settled[link.undone]
    original = found.payment
    if original.amount != -returned.amount or sum(one.cash for one in found.allocations) != original.amount:
        return None
    why = (
        f"The payment of {money_text(original.amount, original.currency)} booked {day_text(original.booked_on)} came "
        f"back (found by {link.by}); {', '.join(found.numbers)} would be open again."
    )
    return Suggestion(
        allocations=tuple(
            Allocation(item_id=one.item_id, cash=-one.cash, discount=-one.discount, write_off=-one.write_off)
            for one in found.allocations
        ),
        confidence=_NAMED if link.by == "original end-to-end id" else _LIKELY,
        why=why,
        customer_id=found.customer_id,
    )


def _keyed(payment: Payment) -> KeyedDetail:
    """The payment in the words of the bank room, as far as links look at it."""
    amount = Decimal(payment.amount)
    detail = EntryDetail(
        amount=amount,
        currency=payment.currency,
        bank_reference=payment.bank_reference or None,
        end_to_end_id=payment.end_to_end_id or None,
        mandate_id=payment.mandate_id or None,
        counterparty_name=payment.payer_name or None,
        counterparty_account=payment.payer_account or None,
        counterparty_bic=payment.payer_bic or None,
        ultimate_name=payment.ultimate_name or None,
        remittance=payment.remittance,
        remittance_lines=payment.remittance_lines,
        structured_references=(),
        documents=(),
        instructed_amount=None,
        instructed_currency=None,
        exchange_rate=None,
        charges=(),
        return_reason=payment.return_reason or None,
        original_end_to_end_id=payment.original_end_to_end_id or None,
        purpose=payment.purpose or None,
    )
    entry = BankEntry(
        ordinal=1,
        booking_date=payment.booked_on,
        value_date=payment.valued_on,
        amount=amount,
        currency=payment.currency,
        status="booked",
        reversal=payment.reversal,
        bank_reference=payment.bank_reference or None,
        entry_reference=None,
        transaction_code=payment.transaction_code or None,
        details=(detail,),
        where="",
    )
    return KeyedDetail(
        payment_id=payment.payment_id, amount=amount, booked_on=payment.booked_on, entry=entry, detail=detail
    )

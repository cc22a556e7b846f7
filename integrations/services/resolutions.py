"""What a person's choice makes of a payment: pure, from the case as it stands to the decision it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from integrations.ledger.records import CaseSummary, Resolution
from integrations.services.money_text import money_text
from matching.model.decision import Allocation, Decision, ExceptionCase, ResidualReason, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

RESIDUAL_REASONS: tuple[str, ...] = get_args(ResidualReason)


class ClearingRefused(Exception):  # noqa: N818 - reads as what happened
    """The clearing was not done; the message says why and what would be possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShare:
    """How much of the payment goes to an item, named by its id or its number; no amount means as much as fits."""

    item: str
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRequest:
    """What a person wants to do with a case.

    ``suggestion`` counts from 1. ``items`` name what to settle. ``customer_id`` is whose account takes what is left.
    ``reason`` is a residual reason for a dispute, else free text; ``note`` is kept with the decision.
    """

    case_id: str
    resolution: Resolution
    suggestion: int = 1
    items: tuple[ItemShare, ...] = ()
    customer_id: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything needed to resolve a case: the payment, what of it is allocated already, and the items in question."""

    summary: CaseSummary
    standing: Decision
    items: Mapping[str, OpenItem]

    @property
    def payment(self) -> Payment:
        """The payment the case is about."""
        return self.summary.payment

    def item(self, name: str) -> OpenItem:
        """The item of that id or, where it is the only one, that number. Raises ClearingRefused."""
        if name in self.items:
            return self.items[name]
        numbered = [item for item in self.items.values() if item.number.casefold() == name.casefold()]
        if len(numbered) == 1:
            return numbered[0]
        if numbered:
            ids = ", ".join(sorted(item.item_id for item in numbered))
            message = f"number {name} belongs to several items ({ids}); name one of them by its id"
        else:
            message = f"there is no item {name!r}; give an item id or a document number as the ERP has it"
        raise ClearingRefused(message)


def resolve(case: Case, request: ClearRequest) -> Decision:
    """The decision that this request makes of the payment. Raises ClearingRefused with one plain sentence."""
    match request.resolution:
        case "accept_suggestion":
            return _accept(case, _suggestion(case, request.suggestion), request)
        case "allocate" | "split":
            return _allocate(case, request, _shares(case, request))
        case "on_account" | "refund_due":
            return _on_account(case, request)
        case "write_off" | "discount":
            return _close_short(case, request)
        case "dispute":
            return _dispute(case, request)
        case "not_customer_payment":
            return _not_ours(case, request)


def written_off(decision: Decision, standing: Decision) -> int:
    """How much a decision gives up beyond what stood before, in minor units, as a size."""
    before = sum(abs(one.write_off) + abs(one.discount) for one in standing.allocations)
    return max(0, sum(abs(one.write_off) + abs(one.discount) for one in decision.allocations) - before)


# -- one resolution each ------------------------------------------------------------------------------------------


def _accept(case: Case, suggestion: Suggestion, request: ClearRequest) -> Decision:
    explained = sum(one.cash for one in suggestion.allocations) + suggestion.on_account
    base = case.standing.allocations
    if explained == case.payment.amount != case.summary.unallocated:
        base = ()  # the suggestion is about the whole payment, not about its rest
    freed = {} if base else {one.item_id: one.settled for one in case.standing.allocations}
    added = tuple(_checked(case, one, freed) for one in suggestion.allocations)
    return _decision(
        case,
        request,
        allocations=(*base, *added),
        on_account=suggestion.on_account,
        customer_id=request.customer_id or suggestion.customer_id,
        rule="accept_suggestion",
        confidence=suggestion.confidence,
        explanation=suggestion.why,
    )


def _allocate(case: Case, request: ClearRequest, added: tuple[Allocation, ...]) -> Decision:
    left = case.summary.unallocated - sum(one.cash for one in added)
    on_account = left if request.customer_id else 0
    numbers = ", ".join(case.item(one.item_id).number for one in added)
    return _decision(
        case,
        request,
        allocations=(*case.standing.allocations, *added),
        on_account=on_account,
        customer_id=request.customer_id,
        rule=request.resolution,
        explanation=f"Allocated by hand to {numbers}.",
    )


def _on_account(case: Case, request: ClearRequest) -> Decision:
    customer = request.customer_id or case.summary.customer_id
    if not customer:
        message = (
            f"case {case.summary.case_id}: the payer is not known; name the customer whose account takes the money"
        )
        raise ClearingRefused(message)
    what = "Kept on account" if request.resolution == "on_account" else "Kept on account until refunded"
    return _decision(
        case,
        request,
        allocations=case.standing.allocations,
        on_account=case.summary.unallocated,
        customer_id=customer,
        rule=request.resolution,
        explanation=f"{what} of customer {customer}.",
    )


def _close_short(case: Case, request: ClearRequest) -> Decision:
    """Settle the items in full: what the payment does not cover is given up as write-off or discount."""
    added = _shares(case, request)
    closed = []
    for one in added:
        missing = case.item(one.item_id).open_amount - one.cash
        if (missing < 0) != (case.payment.amount < 0):
            closed.append(one)  # what is left of a credit note stays the customer's
        elif request.resolution == "write_off":
            closed.append(replace(one, residual=0, residual_reason=None, write_off=missing))
        else:
            closed.append(replace(one, residual=0, residual_reason=None, discount=missing))
    if not any(one.write_off or one.discount for one in closed):
        message = f"case {case.summary.case_id}: nothing is missing, so there is nothing to write off; choose allocate"
        raise ClearingRefused(message)
    verb = "written off" if request.resolution == "write_off" else "granted as discount"
    total = money_text(sum(one.write_off + one.discount for one in closed), case.payment.currency)
    numbers = ", ".join(case.item(one.item_id).number for one in closed)
    return _decision(
        case,
        request,
        allocations=(*case.standing.allocations, *closed),
        customer_id=request.customer_id,
        rule=request.resolution,
        explanation=f"Settles {numbers}; {total} {verb}{_because(request)}.",
    )


def _dispute(case: Case, request: ClearRequest) -> Decision:
    reason = request.reason or "unknown"
    if reason not in RESIDUAL_REASONS:
        message = f"reason {reason!r} is not known; choose one of {', '.join(RESIDUAL_REASONS)}"
        raise ClearingRefused(message)
    added = [
        replace(one, residual=case.item(one.item_id).open_amount - one.settled, residual_reason=reason)  # type: ignore[arg-type]
        for one in _shares(case, request)
    ]
    if not any(one.residual for one in added):
        message = f"case {case.summary.case_id}: the payment covers the items, so nothing is left to dispute"
        raise ClearingRefused(message)
    numbers = ", ".join(case.item(one.item_id).number for one in added)
    return _decision(
        case,
        request,
        allocations=(*case.standing.allocations, *added),
        customer_id=request.customer_id,
        rule="dispute",
        explanation=f"Paid short on {numbers}; the rest stays open, disputed: {reason.replace('_', ' ')}.",
    )


def _not_ours(case: Case, request: ClearRequest) -> Decision:
    if case.standing.allocations or case.standing.on_account:
        message = (
            f"case {case.summary.case_id}: part of this payment is allocated, so it is a customer's; "
            "reopen the payment first if that was wrong"
        )
        raise ClearingRefused(message)
    return Decision(
        payment_id=case.payment.payment_id,
        ignored="confirmed_not_ours",
        confidence=1.0,
        rule="not_customer_payment",
        explanation=f"No customer payment{_because(request)}.",
    )


# -- helpers --------------------------------------------------------------------------------------------------------


def _suggestion(case: Case, number: int) -> Suggestion:
    suggestions = case.summary.suggestions
    if not 1 <= number <= len(suggestions):
        have = f"only {len(suggestions)}" if suggestions else "no"
        message = f"case {case.summary.case_id} has {have} suggestions, so number {number} cannot be accepted"
        raise ClearingRefused(message)
    return suggestions[number - 1]


def _shares(case: Case, request: ClearRequest) -> tuple[Allocation, ...]:
    """The items the request names, else those of the suggestion it counts; amounts filled up to what is there."""
    if request.items:
        wanted: Sequence[ItemShare] = request.items
    else:
        suggested = _suggestion(case, request.suggestion)
        wanted = [ItemShare(item=one.item_id, amount=one.cash) for one in suggested.allocations]
    if not wanted:
        message = f"case {case.summary.case_id}: name the items that the payment settles"
        raise ClearingRefused(message)
    left = case.summary.unallocated
    shares: list[Allocation] = []
    for share in wanted:
        item = case.item(share.item)
        if any(one.item_id == item.item_id for one in shares):
            message = f"item {item.number} is named twice; give it one amount"
            raise ClearingRefused(message)
        cash = share.amount if share.amount is not None else _as_much_as_fits(item.open_amount, left)
        shares.append(_checked(case, Allocation(item_id=item.item_id, cash=cash)))
        left -= cash
    return tuple(shares)


def _as_much_as_fits(open_amount: int, left: int) -> int:
    """All of a credit note (it adds to what can be paid), else at most what is left of the payment."""
    if (open_amount < 0) != (left < 0):
        return open_amount
    return min(open_amount, left) if left >= 0 else max(open_amount, left)


def _checked(case: Case, allocation: Allocation, freed: Mapping[str, int] | None = None) -> Allocation:
    """The allocation, if the item can bear it; ``freed``: what the decision it replaces gives back to its items."""
    item, currency = case.item(allocation.item_id), case.payment.currency
    if item.currency != currency:
        message = f"item {item.number} is in {item.currency} and the payment in {currency}; clear it in the ERP"
        raise ClearingRefused(message)
    still_open = item.open_amount + (freed or {}).get(item.item_id, 0)
    settled = allocation.settled
    if case.payment.amount < 0 < item.original_amount and settled < 0:
        _can_be_reopened(item, settled, currency)
        return allocation
    if settled == 0 or (settled < 0) != (still_open < 0) or abs(settled) > abs(still_open):
        message = (
            f"item {item.number} has {money_text(still_open, currency)} open, "
            f"so {money_text(settled, currency)} cannot be settled; correct the amount"
        )
        raise ClearingRefused(message)
    return allocation


def _can_be_reopened(item: OpenItem, settled: int, currency: str) -> None:
    """Money that came back opens an invoice again, at most as far as it was settled."""
    if item.open_amount - settled > item.original_amount:
        message = (
            f"item {item.number} was settled by {money_text(item.original_amount - item.open_amount, currency)}, "
            f"so {money_text(-settled, currency)} of it cannot be opened again; correct the amount"
        )
        raise ClearingRefused(message)


def _decision(
    case: Case,
    request: ClearRequest,
    *,
    allocations: tuple[Allocation, ...],
    on_account: int = 0,
    customer_id: str = "",
    rule: str,
    confidence: float = 1.0,
    explanation: str,
) -> Decision:
    allocations = _one_per_item(allocations)
    left = case.payment.amount - sum(one.cash for one in allocations) - on_account
    if left and (left < 0) != (case.payment.amount < 0):
        message = (
            f"case {case.summary.case_id}: that is {money_text(abs(left), case.payment.currency)} more than the "
            "payment; correct the amounts"
        )
        raise ClearingRefused(message)
    rest = None
    if left:
        why = f"{money_text(left, case.payment.currency)} of the payment is still to be explained."
        rest = ExceptionCase(
            kind=case.summary.kind, unallocated=left, why=why, customer_id=customer_id or case.summary.customer_id
        )
    note = f" {request.note.strip()}" if request.note.strip() else ""
    return Decision(
        payment_id=case.payment.payment_id,
        allocations=allocations,
        on_account=on_account,
        on_account_customer_id=customer_id if on_account else "",
        exception=rest,
        confidence=confidence,
        rule=rule,
        explanation=explanation + note,
    )


def _one_per_item(allocations: Sequence[Allocation]) -> tuple[Allocation, ...]:
    """Amounts for one item put together; what was said last about its residual counts."""
    merged: dict[str, Allocation] = {}
    for one in allocations:
        before = merged.get(one.item_id)
        merged[one.item_id] = (
            one
            if before is None
            else replace(
                one,
                cash=before.cash + one.cash,
                discount=before.discount + one.discount,
                write_off=before.write_off + one.write_off,
            )
        )
    return tuple(merged.values())


def _because(request: ClearRequest) -> str:
    return f" ({request.reason.strip()})" if request.reason.strip() else ""

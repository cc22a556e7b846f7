"""From a decision to what the ERP shall book, under a key that never changes."""

import base64
import hashlib
from collections.abc import Iterator, Mapping

from integrations.ledger.records import RecordedDecision
from matching.model.open_item import OpenItem
from matching.model.payment import Payment
from matching.model.posting import PostedAllocation, Posting


def posting_key(company: str, payment_id: str, revision: int) -> str:
    """The key of one payment's posting: 16 characters of base32, which fits every ERP's shortest field.

    >>> posting_key("acme", "v1:abc", 1) == posting_key("acme", "v1:abc", 1)
    True
    >>> len(posting_key("acme", "v1:abc", 2))
    16
    """
    digest = hashlib.sha256(f"{company}\x1f{payment_id}\x1f{revision}".encode()).digest()
    return base64.b32encode(digest[:10]).decode("ascii")


class OpenAmounts:
    """What is open of each item as one posting after the other is planned; gives each its expected amount."""

    def __init__(self, items: Mapping[str, OpenItem]) -> None:
        self._items = items
        self._open: dict[str, int] = {}

    def item(self, item_id: str) -> OpenItem:
        """The item as it stood before any of these postings."""
        return self._items[item_id]

    def take(self, item_id: str, settled: int) -> int:
        """Settle so much of the item; returns what was open before."""
        before = self._open.get(item_id, self._items[item_id].open_amount)
        self._open[item_id] = before - settled
        return before


def posting_of(company: str, recorded: RecordedDecision, payment: Payment, amounts: OpenAmounts) -> Posting:
    """The posting that says what this decision says."""
    decision = recorded.decision
    return Posting(
        key=posting_key(company, payment.payment_id, recorded.revision),
        revision=recorded.revision,
        company=company,
        payment_id=payment.payment_id,
        account=payment.account,
        bank_reference=payment.bank_reference,
        end_to_end_id=payment.end_to_end_id,
        booking_date=payment.booked_on,
        value_date=payment.valued_on,
        currency=payment.currency,
        amount=payment.amount,
        payer_name=payment.payer_name,
        payer_account=payment.payer_account,
        remittance=payment.remittance,
        allocations=tuple(_allocations(recorded, amounts)),
        on_account=decision.on_account,
        on_account_customer_id=decision.on_account_customer_id,
        status="cleared" if recorded.actor_kind == "person" else "posted",
        confidence=decision.confidence,
        rule=decision.rule,
        explanation=decision.explanation,
        unallocated=decision.exception.unallocated if decision.exception else 0,
    )


def _allocations(recorded: RecordedDecision, amounts: OpenAmounts) -> Iterator[PostedAllocation]:
    for allocation in recorded.decision.allocations:
        item = amounts.item(allocation.item_id)
        yield PostedAllocation(
            item_id=allocation.item_id,
            number=item.number,
            customer_id=item.customer_id,
            cash=allocation.cash,
            discount=allocation.discount,
            write_off=allocation.write_off,
            write_off_reason=allocation.residual_reason or ("tolerance" if allocation.write_off else ""),
            expected_open=amounts.take(allocation.item_id, allocation.settled),
        )

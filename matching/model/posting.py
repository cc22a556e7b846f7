"""What goes back to the ERP for one decided payment, and what the ERP then holds."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

PostingState = Literal["planned", "approved", "sending", "confirmed", "submitted", "ambiguous", "rejected", "reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedAllocation:
    """How one item is settled, in minor units of the posting's currency (negative where a credit note is used).

    ``expected_open`` is what the item's open amount was when this was decided; an ERP that shows another amount
    must refuse rather than post.
    """

    item_id: str
    number: str
    customer_id: str
    cash: int
    discount: int
    write_off: int
    write_off_reason: str
    expected_open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One payment's decision as the ERP shall book it.

    ``key`` is 16 characters of base32, stable over reruns, from company, payment and ``revision``; a new revision
    exists only after the one before was reversed. Amounts are minor units, credit positive:
    ``amount == sum(cash) + on_account + unallocated`` always; ``amount`` is the whole payment, ``unallocated`` the part
    that still waits for a person (0 in most postings). ``status`` tells whether a person decided.
    """

    key: str
    revision: int
    company: str
    payment_id: str
    account: str
    bank_reference: str
    end_to_end_id: str
    booking_date: date
    value_date: date | None
    currency: str
    amount: int
    payer_name: str
    payer_account: str
    remittance: str
    allocations: tuple[PostedAllocation, ...]
    on_account: int
    on_account_customer_id: str
    status: Literal["posted", "cleared"]
    confidence: float
    rule: str
    explanation: str
    unallocated: int = 0

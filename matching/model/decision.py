"""What the engine (or a person) decided about a payment, in a form a clerk can check and an auditor can replay."""

from dataclasses import dataclass
from typing import Literal

from matching.model.payment import IgnoredReason

ExceptionKind = Literal[
    "unknown_payer",
    "no_match",
    "ambiguous",
    "short_payment",
    "over_payment",
    "duplicate_payment",
    "disputed_item",
    "currency_mismatch",
    "returned_payment",
    "wrong_reference",
    "credit_note_unclear",
    "payer_mismatch",
    "bulk_without_remittance",
    "outgoing_unexplained",
    "pending",
    "unreadable",
    "erp_rejected",
]

ResidualReason = Literal[
    "partial_payment",
    "discount_too_late",
    "discount_too_high",
    "bank_charges",
    "deduction_claimed",
    "price",
    "quantity",
    "quality",
    "freight",
    "promotion",
    "tax",
    "rounding",
    "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that speaks for a decision: what kind, what was seen on the statement, what it was held against."""

    kind: str
    seen: str
    against: str
    grade: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """This much of one payment put against one open item.

    All amounts in minor units of the payment's currency, with the item's sign: positive against an invoice,
    negative where a credit note is used. The item's open amount falls by ``cash + discount + write_off``.
    ``residual`` is what stays open of the item after that, with its reason where one is known.
    """

    item_id: str
    cash: int
    discount: int = 0
    write_off: int = 0
    residual: int = 0
    residual_reason: ResidualReason | None = None

    @property
    def settled(self) -> int:
        """By how much the item's open amount falls."""
        return self.cash + self.discount + self.write_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A way to clear an exception: allocations, and what would be left on account of whom.

    ``confidence`` is between 0 and 1; ``why`` is one sentence a clerk can check.
    """

    allocations: tuple[Allocation, ...]
    confidence: float
    why: str
    customer_id: str = ""
    on_account: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionCase:
    """Something a person must decide about (the rest of) a payment.

    ``unallocated`` is the part of the payment still to explain, with the payment's sign. ``customer_id`` is the
    payer where it is known. ``suggestions`` are best first, at most five.
    """

    kind: ExceptionKind
    unallocated: int
    why: str
    customer_id: str = ""
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one payment. Exactly one of: ignored, or allocations and/or on account and/or exception.

    ``sum(cash) + on_account + exception.unallocated == payment.amount`` unless ignored. ``rule`` names the rule
    that decided, ``rule_version`` the version of the decision table; ``explanation`` is one sentence.
    """

    payment_id: str
    allocations: tuple[Allocation, ...] = ()
    on_account: int = 0
    on_account_customer_id: str = ""
    exception: ExceptionCase | None = None
    ignored: IgnoredReason | None = None
    confidence: float = 0.0
    rule: str = ""
    rule_version: str = ""
    explanation: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """The decisions for a batch, one per payment, in the order of payment ids; and the rules' version."""

    decisions: tuple[Decision, ...]
    rule_version: str

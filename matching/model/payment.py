"""A payment as matching sees it: an amount on one of our accounts, and everything said about why it came."""

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceDocument:
    """A document the payer names with its own amount; amounts in minor units of the payment's currency."""

    type: str | None
    number: str
    remitted: int | None
    discount: int | None
    adjustment: int | None
    adjustment_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReference:
    """A structured reference as the bank delivered it: type (SCOR, QRR, OGM, KID, ...) and compact text."""

    type: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment on one of our bank accounts.

    ``payment_id`` is the entry key (with the detail's number where an entry breaks down into several payments).
    ``amount`` is signed, in minor units of ``currency``: credit positive, debit negative. ``remittance_lines``
    are the bank's lines unchanged, because a wrap at 27 or 65 characters can cut a number in two: both readings,
    joined and spaced, are evidence. Texts that the bank did not give are empty.
    """

    payment_id: str
    account: str
    currency: str
    amount: int
    booked_on: date
    valued_on: date | None
    bank_reference: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    payer_name: str = ""
    payer_account: str = ""
    payer_bic: str = ""
    ultimate_name: str = ""
    remittance: str = ""
    remittance_lines: tuple[str, ...] = ()
    references: tuple[PaymentReference, ...] = ()
    documents: tuple[RemittanceDocument, ...] = ()
    transaction_code: str = ""
    purpose: str = ""
    instructed_amount: int | None = None
    instructed_currency: str = ""
    charges: int = 0
    charge_bearer: str = ""
    reversal: bool = False
    return_reason: str = ""
    original_end_to_end_id: str = ""


IgnoredReason = Literal[
    "bank_fee",
    "interest",
    "own_transfer",
    "supplier_payment",
    "salary",
    "tax",
    "cash",
    "zero_amount",
    "returned_own_payment",
    "confirmed_not_ours",
    "other",
]

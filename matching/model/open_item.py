"""What customers owe, who they are, and what was settled before."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

FactKind = Literal["payer_account", "payer_name", "reference_habit", "tolerance_habit", "not_ours"]
ItemKind = Literal["invoice", "credit_note", "debit_note", "on_account"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One open receivable line of the ERP.

    ``item_id`` is the ERP's own key, unique within a company. Amounts are minor units of ``currency``: positive
    for what the customer owes, negative for credit (credit notes, money on account). ``open_amount`` never
    exceeds ``original_amount`` in size. ``discount_amount`` is the early-payment discount (positive for an
    invoice) that may be taken when paid on or before ``discount_until``. ``settled_on`` is set on settled items
    only, whose ``open_amount`` is 0. ``other_references`` holds the customer's purchase order, our order or
    delivery number, as far as the ERP knows them.
    """

    item_id: str
    number: str
    kind: ItemKind
    customer_id: str
    currency: str
    issued_on: date
    due_on: date
    original_amount: int
    open_amount: int
    payment_reference: str = ""
    discount_until: date | None = None
    discount_amount: int = 0
    disputed: bool = False
    settled_on: date | None = None
    other_references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who owes: legal name, bank accounts known for them, other names seen as payer, and the group head.

    ``parent_id`` names the customer that may pay for this one. ``payer_ids`` are declared third-party payers or
    factors (customer ids or account numbers) that may settle this customer's items.
    """

    customer_id: str
    name: str
    ibans: tuple[str, ...] = ()
    country: str = ""
    parent_id: str = ""
    aliases: tuple[str, ...] = ()
    payer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseAccount:
    """One of our own bank accounts: IBAN, or the domestic number as the bank writes it."""

    account: str
    currency: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFact:
    """Something people confirmed by clearing, usable next time.

    ``kind``: ``payer_account`` (subject = account number), ``payer_name`` (subject = name as the bank wrote it),
    ``reference_habit`` and ``tolerance_habit`` (subject = the habit as ``matching.habits`` words it), ``not_ours``
    (subject = account number or name whose money is never a customer payment). ``customer_id`` is whom it points
    to (empty for not_ours), ``confirmations`` how many decisions confirmed it, ``source`` the decision id it came
    from first, ``learned_on`` the day of the last confirmation.
    """

    kind: FactKind
    subject: str
    customer_id: str
    confirmations: int
    learned_on: date
    source: str

"""Entries while they are being read: the model's own frozen types, not yet frozen.

Building a frozen dataclass of twenty fields, or naming twenty arguments in a call, costs more than reading the line
they stand for. A draft has exactly the fields of its model type, is filled in the ordinary way and then *sealed*: it
becomes the model's type in place. Nothing of the draft is left over, and nobody outside the readers ever sees one.
"""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from matching.model.bank_statement import (
    BankEntry,
    Charge,
    EntryDetail,
    EntryStatus,
    ReferredDocument,
    StructuredReference,
)

ZERO = Decimal(0)


@dataclass(slots=True, eq=False)
class DetailDraft:
    """An `EntryDetail` being filled; meaning, units and signs are those of `EntryDetail`."""

    amount: Decimal = ZERO
    currency: str | None = None
    bank_reference: str | None = None
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bic: str | None = None
    ultimate_name: str | None = None
    remittance: str = ""
    remittance_lines: tuple[str, ...] = ()
    structured_references: tuple[StructuredReference, ...] = ()
    documents: tuple[ReferredDocument, ...] = ()
    instructed_amount: Decimal | None = None
    instructed_currency: str | None = None
    exchange_rate: Decimal | None = None
    charges: tuple[Charge, ...] = ()
    return_reason: str | None = None
    original_end_to_end_id: str | None = None
    purpose: str | None = None


@dataclass(slots=True, eq=False)
class EntryDraft:
    """A `BankEntry` being put together."""

    ordinal: int
    booking_date: date | None
    value_date: date | None
    amount: Decimal
    currency: str | None
    status: EntryStatus
    reversal: bool
    bank_reference: str | None
    entry_reference: str | None
    transaction_code: str | None
    details: tuple[EntryDetail, ...]
    where: str


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


# A field added to the model makes the layouts differ: then sealing copies, which is slower and just as right.
_DETAIL_IN_PLACE = _names(DetailDraft) == _names(EntryDetail)
_ENTRY_IN_PLACE = _names(EntryDraft) == _names(BankEntry)


def seal_details(drafts: list[DetailDraft]) -> list[EntryDetail]:
    """The finished details; the drafts must not be used any more."""
    if not _DETAIL_IN_PLACE:
        return [seal_detail(draft) for draft in drafts]
    for draft in drafts:
        draft.__class__ = EntryDetail  # type: ignore[assignment]
    return drafts  # type: ignore[return-value]


def seal_detail(draft: DetailDraft) -> EntryDetail:
    """The finished detail; the draft must not be used any more."""
    if _DETAIL_IN_PLACE:
        draft.__class__ = EntryDetail  # type: ignore[assignment]
        return draft  # type: ignore[return-value]
    return EntryDetail(**{name: getattr(draft, name) for name in _names(DetailDraft)})


def seal_entry(draft: EntryDraft) -> BankEntry:
    """The finished entry; the draft must not be used any more."""
    if _ENTRY_IN_PLACE:
        draft.__class__ = BankEntry  # type: ignore[assignment]
        return draft  # type: ignore[return-value]
    return BankEntry(**{name: getattr(draft, name) for name in _names(EntryDraft)})

"""Tells the ERP's people what is left: the files of the flat-file ERP, or notes where an ERP takes them."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path

from integrations.config.settings import CompanySettings
from integrations.erp.flatfile import outbox as files
from integrations.erp.flatfile.config import Settings as FlatFileSettings
from integrations.ledger.port import Ledger
from integrations.ledger.records import CaseSummary, UnbookedEntry
from matching.model.decision import Suggestion
from matching.model.payment import Payment


def publish(company: CompanySettings, ledger: Ledger) -> None:
    """Write the outbox files of a flat-file company anew from the ledger; other ERPs have nothing to be written.

    The files are a picture of the ledger: the same ledger gives the same bytes. Raises OSError when the folder cannot
    be written.
    """
    if not isinstance(company.erp, FlatFileSettings):
        return
    with ledger.snapshot() as view:
        files.write_outbox(
            Path(company.erp.outbox),
            allocations=_allocations(company.name, view),
            exceptions=chain(
                (_exception(case) for case in view.all_open_exceptions(company.name)),
                (_announced(entry) for entry in view.unbooked_entries(company.name)),
            ),
            ignored=(
                files.IgnoredRow(payment=_columns(row.payment), reason=row.reason) for row in view.ignored(company.name)
            ),
            item_status=_item_status(company.name, view),
        )


def _allocations(name: str, view: Ledger) -> Iterator[files.AllocationRow]:
    for row in view.outbox(name, states=("confirmed", "submitted"), action="post"):
        yield from files.allocation_rows(row.posting)


def _item_status(name: str, view: Ledger) -> Iterator[files.ItemStatusRow]:
    for row in view.item_statuses(name):
        yield files.ItemStatusRow(
            item_id=row.item_id,
            number=row.number,
            customer_id=row.customer_id,
            currency=row.currency,
            open_amount=row.open_amount,
            status=row.state,
        )


def _exception(case: CaseSummary) -> files.ExceptionRow:
    return files.ExceptionRow(
        exception_id=case.case_id,
        payment=_columns(case.payment),
        unallocated_amount=case.unallocated,
        kind=case.kind,
        payer_name=case.payment.payer_name,
        payer_iban=case.payment.payer_account,
        remittance=case.payment.remittance,
        suggestions=tuple(_suggestion(one) for one in case.suggestions),
    )


def _announced(waiting: UnbookedEntry) -> files.ExceptionRow:
    """What the bank only announced: nothing is decided about it, and nobody has to do anything but wait."""
    entry, detail = waiting.entry, waiting.entry.details[0]
    day = entry.booking_date or entry.value_date or date.min
    return files.ExceptionRow(
        exception_id=f"PENDING-{waiting.entry_key.removeprefix('v1:')[:8].upper()}",
        payment=files.PaymentColumns(
            account=waiting.account,
            bank_reference=detail.bank_reference or entry.bank_reference or "",
            end_to_end_id=detail.end_to_end_id or "",
            value_date=entry.value_date,
            booking_date=day,
            currency=waiting.currency,
            payment_amount=waiting.amount,
        ),
        unallocated_amount=waiting.amount,
        kind="pending",
        payer_name=detail.counterparty_name or "",
        payer_iban=detail.counterparty_account or "",
        remittance=detail.remittance,
    )


def _suggestion(suggestion: Suggestion) -> files.SuggestionRow:
    return files.SuggestionRow(
        items=tuple((allocation.item_id, allocation.cash) for allocation in suggestion.allocations),
        confidence=suggestion.confidence,
        why=suggestion.why,
    )


def _columns(payment: Payment) -> files.PaymentColumns:
    return files.PaymentColumns(
        account=payment.account,
        bank_reference=payment.bank_reference,
        end_to_end_id=payment.end_to_end_id,
        value_date=payment.valued_on,
        booking_date=payment.booked_on,
        currency=payment.currency,
        payment_amount=payment.amount,
    )

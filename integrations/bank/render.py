"""A read statement file as the published JSON and as rows of a table for people.

The JSON is a promise to other programs (docs/contracts, "What a read bank statement file looks like"): the keys are
written out here one by one, in its order, so that a field added to the model never slips into the promise by itself.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any

from matching.model.bank_statement import (
    Adjustment,
    BankEntry,
    BankStatement,
    Charge,
    EntryDetail,
    Finding,
    Quarantined,
    ReferredDocument,
    StatementFile,
    StatementHeader,
)
from matching.model.currencies import MINOR_DIGITS

JsonObject = dict[str, Any]

_WIDE = Context(prec=100)


def decimal_text(amount: Decimal | None, currency: str | None) -> str | None:
    """An amount as a plain decimal string: at least the currency's own decimals, and never a digit fewer than given.

    >>> decimal_text(Decimal("-20"), "EUR"), decimal_text(Decimal("1.2345"), "EUR"), decimal_text(Decimal("5"), "JPY")
    ('-20.00', '1.2345', '5')
    >>> decimal_text(Decimal("1E+3"), None), decimal_text(Decimal("-0.0"), "KWD")
    ('1000', '0.000')
    """
    if amount is None:
        return None
    text = format(amount, "f")
    if amount.is_zero():
        text = text.lstrip("-")
    whole, _, fraction = text.partition(".")
    wanted = MINOR_DIGITS.get(currency or "", 0)
    fraction = fraction.ljust(wanted, "0")
    return f"{whole}.{fraction}" if fraction else whole


def file_as_json(file: StatementFile) -> str:
    """The file as one line of JSON, exactly the published contract; the caller writes it as UTF-8."""
    text = json.dumps(file_as_object(file), ensure_ascii=False)
    # A byte that no encoding explained must not make the whole line unwritable.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") if _has_surrogate(text) else text


def file_as_object(file: StatementFile) -> JsonObject:
    """The file as plain dictionaries, lists and strings."""
    return {
        "file": file.name,
        "sha256": file.sha256,
        "format": file.facts.format,
        "version": file.facts.version,
        "encoding": file.facts.encoding,
        "dialect": file.facts.dialect,
        "entries_in_file": file.facts.entries_in_file,
        "statements": [_statement(statement) for statement in file.statements],
        "findings": [_finding(finding) for finding in file.findings],
        "quarantined": [_quarantined(part) for part in file.quarantined],
    }


def _statement(statement: BankStatement) -> JsonObject:
    header = statement.header
    return {
        "account": header.account,
        "account_owner": header.account_owner,
        "currency": header.currency,
        "kind": header.kind,
        "statement_id": header.statement_id,
        "sequence": header.sequence,
        "page": header.page,
        "last_page": header.last_page,
        "from_date": _iso(header.from_date),
        "to_date": _iso(header.to_date),
        "opening": decimal_text(header.opening, header.currency),
        "closing": decimal_text(header.closing, header.currency),
        "integrity": statement.integrity,
        "entries": [_entry(entry) for entry in statement.entries],
    }


def _entry(entry: BankEntry) -> JsonObject:
    return {
        "ordinal": entry.ordinal,
        "booking_date": _iso(entry.booking_date),
        "value_date": _iso(entry.value_date),
        "amount": decimal_text(entry.amount, entry.currency),
        "currency": entry.currency,
        "status": entry.status,
        "reversal": entry.reversal,
        "bank_reference": entry.bank_reference,
        "entry_reference": entry.entry_reference,
        "transaction_code": entry.transaction_code,
        "details": [_detail(detail) for detail in entry.details],
    }


def _detail(detail: EntryDetail) -> JsonObject:
    return {
        "amount": decimal_text(detail.amount, detail.currency),
        "currency": detail.currency,
        "bank_reference": detail.bank_reference,
        "end_to_end_id": detail.end_to_end_id,
        "mandate_id": detail.mandate_id,
        "counterparty_name": detail.counterparty_name,
        "counterparty_account": detail.counterparty_account,
        "counterparty_bic": detail.counterparty_bic,
        "ultimate_name": detail.ultimate_name,
        "remittance": detail.remittance,
        "remittance_lines": list(detail.remittance_lines),
        "structured_references": [
            {"type": reference.type, "reference": reference.reference} for reference in detail.structured_references
        ],
        "documents": [_document(document, detail.currency) for document in detail.documents],
        "instructed_amount": decimal_text(detail.instructed_amount, detail.instructed_currency),
        "instructed_currency": detail.instructed_currency,
        "exchange_rate": decimal_text(detail.exchange_rate, None),
        "charges": [_charge(charge) for charge in detail.charges],
        "return_reason": detail.return_reason,
        "original_end_to_end_id": detail.original_end_to_end_id,
        "purpose": detail.purpose,
    }


def _document(document: ReferredDocument, currency: str | None) -> JsonObject:
    return {
        "type": document.type,
        "number": document.number,
        "date": _iso(document.date),
        "due_amount": decimal_text(document.due_amount, currency),
        "remitted_amount": decimal_text(document.remitted_amount, currency),
        "discount_amount": decimal_text(document.discount_amount, currency),
        "adjustments": [_adjustment(adjustment, currency) for adjustment in document.adjustments],
    }


def _adjustment(adjustment: Adjustment, currency: str | None) -> JsonObject:
    return {"amount": decimal_text(adjustment.amount, currency), "reason": adjustment.reason}


def _charge(charge: Charge) -> JsonObject:
    return {
        "amount": decimal_text(charge.amount, charge.currency),
        "currency": charge.currency,
        "bearer": charge.bearer,
    }


def _finding(finding: Finding) -> JsonObject:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "where": finding.where,
        "message": finding.message,
    }


def _quarantined(part: Quarantined) -> JsonObject:
    return {"where": part.where, "raw": part.raw, "code": part.code, "message": part.message}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


# -- For people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One line of the table: a statement, in words. Amounts carry their currency; what is unknown is a dash."""

    account: str
    period: str
    opening: str
    entries: str
    credits: str
    debits: str
    closing: str
    integrity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """What a person wants to see of one file: a title, a row per statement, and what to know about it."""

    title: str
    rows: tuple[StatementRow, ...]
    findings: tuple[str, ...]
    quarantined: tuple[str, ...]


COLUMNS = ("account", "period", "opening", "entries", "credits", "debits", "closing", "integrity")
"""The columns of a StatementRow in the order a person reads them."""

_DASH = "–"


def file_as_rows(file: StatementFile) -> FileTable:
    """The file as a table: account, period, opening, entries, closing; findings and quarantined parts as lines."""
    facts = file.facts
    about = ", ".join(part for part in (facts.format, facts.version, facts.dialect, facts.encoding) if part)
    return FileTable(
        title=f"{file.name} ({about}): {_count(facts.entries_in_file, 'entry', 'entries')} in "
        f"{_count(len(file.statements), 'statement', 'statements')}",
        rows=tuple(_row(statement) for statement in file.statements),
        findings=tuple(
            f"{finding.severity}: {finding.where}: {finding.message}"
            if finding.where
            else f"{finding.severity}: {finding.message}"
            for finding in file.findings
        ),
        quarantined=tuple(f"{part.where}: {part.message}" for part in file.quarantined),
    )


def _row(statement: BankStatement) -> StatementRow:
    header = statement.header
    amounts = [entry.amount for entry in statement.entries if entry.status == "booked"]
    other = len(statement.entries) - len(amounts)
    return StatementRow(
        account=header.account or _DASH,
        period=_period(header),
        opening=_money(header.opening, header.currency),
        entries=f"{len(amounts)} + {other} not booked" if other else str(len(amounts)),
        credits=_money(_sum(amount for amount in amounts if amount > 0), header.currency),
        debits=_money(_sum(amount for amount in amounts if amount < 0), header.currency),
        closing=_money(header.closing, header.currency),
        integrity=statement.integrity,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _WIDE.add(total, amount)
    return total


def _money(amount: Decimal | None, currency: str | None) -> str:
    text = decimal_text(amount, currency)
    return _DASH if text is None else f"{text} {currency or ''}".rstrip()


def _period(header: StatementHeader) -> str:
    number = f"no. {header.sequence}" if header.sequence else ""
    page = f"page {header.page}" if header.page and not (header.page == 1 and header.last_page) else ""
    first, last = _iso(header.from_date), _iso(header.to_date)
    days = first if first == last else " to ".join(day for day in (first, last) if day)
    return ", ".join(part for part in (days, number, page) if part) or _DASH


def _count(number: int, one: str, many: str) -> str:
    """A number with its noun.

    >>> _count(1, "entry", "entries"), _count(0, "entry", "entries")
    ('1 entry', '0 entries')
    """
    return f"{number} {one if number == 1 else many}"

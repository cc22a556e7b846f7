"""What a bank says: statements, their entries, and the details an entry breaks down into.

Three levels, because they answer three questions. The *statement* says what the account held; the *entry* is
what the bank booked and what balances; the *detail* is the payment that matching looks at. An entry's amount is
the truth about money; its details are a breakdown that may not add up to it (exchange, charges, batches).

Amounts are signed ``Decimal`` exactly as the bank wrote them, credit positive; dates are the bank's own calendar
dates. What a format does not carry is None or empty, never invented. Field names follow the published contract
of ``lettrage read --json`` (docs/contracts).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

StatementFormat = Literal["mt940", "mt942", "mt950", "camt.052", "camt.053", "camt.054", "ofx"]
StatementKind = Literal["final", "interim", "notification"]
EntryStatus = Literal["booked", "pending", "info", "future"]
Integrity = Literal["balanced", "unbalanced", "unverifiable"]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A bank charge said to be part of an entry or detail; amount as the bank wrote it, cost to us negative."""

    amount: Decimal
    currency: str | None
    bearer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredReference:
    """A reference in a scheme with rules: type as the bank names it (SCOR, QRR, OGM, ...), reference compacted."""

    type: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A deduction the payer names for one document, with the payer's reason code or text."""

    amount: Decimal
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredDocument:
    """A document the payer names in structured remittance (ISO 20022 RfrdDocInf and RfrdDocAmt)."""

    type: str | None
    number: str | None
    date: date | None
    due_amount: Decimal | None
    remitted_amount: Decimal | None
    discount_amount: Decimal | None
    adjustments: tuple[Adjustment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDetail:
    """One payment inside an entry: who, what for, and how much of the entry it is."""

    amount: Decimal
    currency: str | None
    bank_reference: str | None
    end_to_end_id: str | None
    mandate_id: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    counterparty_bic: str | None
    ultimate_name: str | None
    remittance: str
    remittance_lines: tuple[str, ...]
    structured_references: tuple[StructuredReference, ...]
    documents: tuple[ReferredDocument, ...]
    instructed_amount: Decimal | None
    instructed_currency: str | None
    exchange_rate: Decimal | None
    charges: tuple[Charge, ...]
    return_reason: str | None
    original_end_to_end_id: str | None
    purpose: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """One booking on the account.

    ``ordinal`` counts entries within the statement from 1. ``where`` tells a person where it stands in the file
    ("line 31", "Stmt[1]/Ntry[4]"). ``amount`` is signed, credit positive. ``details`` has at least one element.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementHeader:
    """Everything a statement says beside its entries. Balances are signed, credit positive."""

    account: str | None
    account_owner: str | None
    currency: str | None
    kind: StatementKind
    statement_id: str | None
    sequence: str | None
    page: int | None
    last_page: bool | None
    from_date: date | None
    to_date: date | None
    opening: Decimal | None
    closing: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the file that a person may want to know; ``code`` is stable, ``message`` is for reading."""

    severity: Severity
    code: str
    where: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A part of the file that holds an entry which could not be read; kept raw, counted, never dropped."""

    where: str
    raw: str
    code: str
    message: str


# -- What a reader yields while it streams through a file, in file order ---------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementStart:
    """A statement begins; what stands before its first entry. Balances that follow later are still None."""

    header: StatementHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEnd:
    """The statement that began last is complete.

    ``entry_count`` and ``booked_total`` count the entries yielded since its start (booked ones only in the
    total); ``integrity`` compares opening + booked_total with closing where both are there.
    """

    header: StatementHeader
    integrity: Integrity
    entry_count: int
    booked_total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """Facts on the file as a whole, known when it has been read to its end; the last event of a reader."""

    format: StatementFormat
    version: str | None
    encoding: str | None
    dialect: str | None
    entries_in_file: int


ReadEvent = StatementStart | BankEntry | StatementEnd | Finding | Quarantined | FileFacts


# -- The same, collected, for files of ordinary size -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """A whole statement in memory."""

    header: StatementHeader
    integrity: Integrity
    entries: tuple[BankEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile:
    """A whole statement file in memory. ``facts.entries_in_file`` = entries + quarantined, always."""

    name: str
    sha256: str
    facts: FileFacts
    statements: tuple[BankStatement, ...]
    findings: tuple[Finding, ...]
    quarantined: tuple[Quarantined, ...]

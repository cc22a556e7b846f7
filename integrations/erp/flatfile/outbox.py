"""The outbox: four files with exactly the contract's columns, written whole and put in place by renaming.

Rows stand in an order that follows from their content, so the same rows give the same bytes however often and in
whatever order they are handed over. Amounts carry their currency's own number of decimals. Nothing half written is
ever visible under a contract name.
"""

import csv
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from matching.model.money import to_decimal
from matching.model.posting import PostedAllocation, Posting

ItemStatus = Literal["open", "partly_paid", "paid"]
Line = tuple[str, ...]

_PAYMENT = ("account", "bank_reference", "end_to_end_id", "value_date", "booking_date", "currency", "payment_amount")
ALLOCATION_COLUMNS = (
    "posting_id",
    *_PAYMENT,
    "item_id",
    "number",
    "customer_id",
    "allocated_amount",
    "discount_amount",
    "write_off_amount",
    "status",
    "confidence",
    "rule",
    "explanation",
)
EXCEPTION_COLUMNS = (
    "exception_id",
    *_PAYMENT,
    "unallocated_amount",
    "kind",
    "payer_name",
    "payer_iban",
    "remittance",
    "suggestions",
)
IGNORED_COLUMNS = (*_PAYMENT, "reason")
ITEM_STATUS_COLUMNS = ("item_id", "number", "customer_id", "open_amount", "status")
REVERSAL_COLUMNS = ("posting_id", "reversed_on", "reason", *_PAYMENT)
MOST_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentColumns:
    """What tells a payment apart, as the bank said it. ``payment_amount`` in minor units, credit positive."""

    account: str
    bank_reference: str
    end_to_end_id: str
    value_date: date | None
    booking_date: date
    currency: str
    payment_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRow:
    """One payment and one item. Money on account has an empty ``item_id`` and the customer it belongs to.

    Amounts in minor units of the payment's currency, negative where a credit note is used.
    """

    posting_id: str
    payment: PaymentColumns
    item_id: str
    number: str
    customer_id: str
    allocated_amount: int
    discount_amount: int
    write_off_amount: int
    status: Literal["posted", "cleared"]
    confidence: float
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRow:
    """A way to clear an exception: item ids with amounts in minor units, best guess first."""

    items: tuple[tuple[str, int], ...]
    confidence: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRow:
    """One payment, or the rest of one, that needs a person."""

    exception_id: str
    payment: PaymentColumns
    unallocated_amount: int
    kind: str
    payer_name: str
    payer_iban: str
    remittance: str
    suggestions: tuple[SuggestionRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredRow:
    """An entry that is no customer payment, and why."""

    payment: PaymentColumns
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatusRow:
    """What is open of an item after the run, in minor units of its currency."""

    item_id: str
    number: str
    customer_id: str
    currency: str
    open_amount: int
    status: ItemStatus


def allocation_rows(posting: Posting) -> tuple[AllocationRow, ...]:
    """The rows of allocations.csv that say what this posting says; money on account is a row without an item."""
    payment = PaymentColumns(
        account=posting.account,
        bank_reference=posting.bank_reference,
        end_to_end_id=posting.end_to_end_id,
        value_date=posting.value_date,
        booking_date=posting.booking_date,
        currency=posting.currency,
        payment_amount=posting.amount,
    )

    def row(each: PostedAllocation) -> AllocationRow:
        return AllocationRow(
            posting_id=posting.key,
            payment=payment,
            item_id=each.item_id,
            number=each.number,
            customer_id=each.customer_id,
            allocated_amount=each.cash,
            discount_amount=each.discount,
            write_off_amount=each.write_off,
            status=posting.status,
            confidence=posting.confidence,
            rule=posting.rule,
            explanation=posting.explanation,
        )

    on_account = PostedAllocation(
        item_id="",
        number="",
        customer_id=posting.on_account_customer_id,
        cash=posting.on_account,
        discount=0,
        write_off=0,
        write_off_reason="",
        expected_open=0,
    )
    return tuple(row(each) for each in (*posting.allocations, *([on_account] if posting.on_account else [])))


def write_outbox(
    folder: Path,
    allocations: Iterable[AllocationRow],
    exceptions: Iterable[ExceptionRow],
    ignored: Iterable[IgnoredRow],
    item_status: Iterable[ItemStatusRow],
) -> None:
    """Write the four files of the outbox, all ready before the first is put in place. Makes the folder.

    Raises OSError when the folder cannot be written.
    """
    with locked(folder):
        put_in_place(
            folder,
            {
                "allocations.csv": (ALLOCATION_COLUMNS, allocation_lines(allocations)),
                "exceptions.csv": (EXCEPTION_COLUMNS, sorted(map(_exception_line, exceptions), key=_by_day_then_all)),
                "ignored.csv": (IGNORED_COLUMNS, sorted(map(_ignored_line, ignored), key=_ignored_order)),
                "item_status.csv": (ITEM_STATUS_COLUMNS, sorted(map(_status_line, item_status))),
            },
        )


def allocation_lines(rows: Iterable[AllocationRow]) -> list[Line]:
    """The lines of allocations.csv in their order."""
    return sorted((_allocation_line(row) for row in rows), key=_by_day_then_all)


def sort_allocation_lines(lines: Iterable[Line]) -> list[Line]:
    """Lines that were read back or made, in the order of the file."""
    return sorted(lines, key=_by_day_then_all)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time per outbox, across processes; the lock goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lettrage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def put_in_place(folder: Path, files: Mapping[str, tuple[Sequence[str], Iterable[Line]]]) -> None:
    """Write every file under a temporary name, make sure it is on disk, then rename all. What fails leaves nothing."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, (columns, lines) in files.items():
            temporary = folder / f".{name}.{os.getpid()}.tmp"
            waiting.append((temporary, folder / name))
            with temporary.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows(lines)
                stream.flush()
                os.fsync(stream.fileno())
        for temporary, final in waiting:
            temporary.replace(final)
        _sync_folder(folder)
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def payment_fields(payment: PaymentColumns) -> Line:
    """The seven columns that every file shares."""
    return (
        payment.account,
        payment.bank_reference,
        payment.end_to_end_id,
        payment.value_date.isoformat() if payment.value_date else "",
        payment.booking_date.isoformat(),
        payment.currency,
        _amount(payment.payment_amount, payment.currency),
    )


def _allocation_line(row: AllocationRow) -> Line:
    currency = row.payment.currency
    return (
        row.posting_id,
        *payment_fields(row.payment),
        row.item_id,
        row.number,
        row.customer_id,
        _amount(row.allocated_amount, currency),
        _amount(row.discount_amount, currency),
        _amount(row.write_off_amount, currency),
        row.status,
        _confidence(row.confidence),
        row.rule,
        _text(row.explanation),
    )


def _exception_line(row: ExceptionRow) -> Line:
    currency = row.payment.currency
    return (
        row.exception_id,
        *payment_fields(row.payment),
        _amount(row.unallocated_amount, currency),
        row.kind,
        _text(row.payer_name),
        row.payer_iban,
        _text(row.remittance),
        _suggestions(row.suggestions, currency),
    )


def _ignored_line(row: IgnoredRow) -> Line:
    return (*payment_fields(row.payment), row.reason)


def _status_line(row: ItemStatusRow) -> Line:
    return (row.item_id, row.number, row.customer_id, _amount(row.open_amount, row.currency), row.status)


def _suggestions(suggestions: Sequence[SuggestionRow], currency: str) -> str:
    """The best five as JSON. Amounts are decimal text, so that no reader turns them into something near them."""
    return json.dumps(
        [
            {
                "items": [{"item_id": item_id, "amount": _amount(amount, currency)} for item_id, amount in each.items],
                "confidence": round(each.confidence, 4),
                "why": each.why,
            }
            for each in suggestions[:MOST_SUGGESTIONS]
        ],
        ensure_ascii=False,
    )


def _by_day_then_all(line: Line) -> tuple[str, Line]:
    return line[5], line


def _ignored_order(line: Line) -> tuple[str, Line]:
    return line[4], line


def _amount(minor: int, currency: str) -> str:
    return f"{to_decimal(minor, currency):f}"


def _confidence(value: float) -> str:
    """Four decimals, cut rather than rounded: 0.99996 is not certainty."""
    return f"{int(value * 10_000 + 1e-6) / 10_000:.4f}"


def _text(value: str) -> str:
    """Text without characters that no CSV reader takes."""
    return value.replace("\x00", "")

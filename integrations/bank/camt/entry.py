"""Builds a booked entry from an `Ntry` element, or says why it cannot be read.

The entry's own amount and direction are the truth about money. `RvslInd` only says that the entry undoes another; the
direction already tells which way the money went (five published statements with both balances prove it).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.bank.camt.detail import (
    DetailReader,
    EntryFrame,
    ReadDetail,
    charges_of,
    synthetic_detail,
    transaction_code,
)
from integrations.bank.camt.fields import ENTRY, EntryFields
from integrations.bank.camt.shapes import Shape, ShapeReader
from integrations.bank.camt.values import (
    EXACT,
    SIGN_OF_INDICATOR,
    STATUS_OF_CODE,
    account_number,
    given,
    is_true,
    parse_amount,
    parse_day,
    parse_rate,
)
from matching.model.bank_statement import BankEntry, EntryDetail, Finding, Severity

_TAG_PREFIX = re.compile(r"<(/?)[\w.\-]+:(?=\w)")
_TAG_ATTRIBUTES = re.compile(r"<TxDtls\s[^>]*?(/?)>")


class UnreadableEntry(ValueError):  # noqa: N818 - says what is wrong with the entry, not with the program
    """Why an entry cannot be taken over; the code for the quarantine, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its statement's account, the entry's number in it, and both as text for a person."""

    ordinal: int
    where: str
    own_account: str | None
    fallback_day: date | None


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry, what is to be said about it, and which common flaws it has (they are reported once per statement)."""

    entry: BankEntry
    findings: tuple[Finding, ...]
    flaws: tuple[str, ...]


class EntryReader:
    """Reads `Ntry` elements."""

    def __init__(self) -> None:
        self._shapes = ShapeReader(ENTRY)
        self._details = DetailReader()

    def read(self, xml: str, place: Place) -> ReadEntry:
        """The entry in the canonical text of an `Ntry` element. Raises UnreadableEntry."""
        head, transactions = _without_transactions(xml)
        shape, texts = self._shapes.read(head)
        fields = shape.record(texts)
        frame = _frame(shape, texts, fields, place, alone=len(transactions) < 2)
        status = STATUS_OF_CODE.get(fields.status or "BOOK")
        if status is None:
            message = f"status {fields.status!r} is none of BOOK, PDNG, INFO, FUTR; ask the bank what it means"
            raise UnreadableEntry("unknown_status", message)
        flaws = [] if fields.status else ["status_missing"]
        read = [self._details.read(text, frame) for text in transactions]
        amount = frame.amount if frame.sign > 0 else -frame.amount
        booked_on, valued_on = parse_day(fields.booked_on), parse_day(fields.valued_on)
        if (fields.booked_on and not booked_on) or (fields.valued_on and not valued_on):
            flaws.append("unreadable_date")
        if booked_on is None and status == "booked":
            flaws.append("booking_date_missing")
            booked_on = valued_on or (parse_day(read[0].settled_on) if read else None) or place.fallback_day
        code = transaction_code(fields.domain, fields.family, fields.sub_family, fields.proprietary)
        entry = BankEntry(
            ordinal=place.ordinal,
            booking_date=booked_on,
            value_date=valued_on,
            amount=amount,
            currency=frame.currency,
            status=status,
            reversal=frame.reversal,
            bank_reference=frame.bank_reference or (read[0].detail.bank_reference if len(read) == 1 else None),
            entry_reference=given(fields.entry_reference),
            transaction_code=code or (read[0].code if read else None),
            details=tuple([each.detail for each in read]) if read else (synthetic_detail(frame),),
            where=place.where,
        )
        if len(read) == 1 and read[0].detail.amount == amount and read[0].detail.currency == frame.currency:
            findings: tuple[Finding, ...] = ()
        else:
            findings = _findings(entry, read, frame)
        if shape.lists:
            findings += _batch_findings(shape.texts("batch_counts", texts), len(read), place.where)
        return ReadEntry(entry=entry, findings=findings, flaws=tuple(flaws))


def _without_transactions(xml: str) -> tuple[str, list[str]]:
    """The canonical text of the entry without its transactions, and the text of each transaction."""
    if not xml.startswith("<Ntry"):
        xml = _TAG_PREFIX.sub(r"<\1", xml)
    parts = xml.split("<TxDtls>")
    if "<TxDtls " in parts[0] or "<TxDtls/" in parts[0] or ":TxDtls" in parts[0]:
        plain = _TAG_ATTRIBUTES.sub(r"<TxDtls\1>", _TAG_PREFIX.sub(r"<\1", xml))
        parts = plain.replace("<TxDtls/>", "<TxDtls></TxDtls>").split("<TxDtls>")
    outside = [parts[0]]
    transactions = []
    for part in parts[1:]:
        transaction, _, rest = part.partition("</TxDtls>")
        transactions.append(f"<TxDtls>{transaction}</TxDtls>")
        outside.append(rest)
    return "".join(outside), transactions


def _frame(shape: Shape[Any], texts: Sequence[str], fields: EntryFields, place: Place, *, alone: bool) -> EntryFrame:
    amount = parse_amount(fields.amount)
    if amount is None:
        message = f"{fields.amount!r} is no amount" if fields.amount else "the entry has no amount"
        raise UnreadableEntry("bad_amount", f"{message}; look it up with the bank and book it by hand")
    sign = SIGN_OF_INDICATOR.get(fields.indicator)
    if sign is None:
        said = repr(fields.indicator) if fields.indicator else "nothing"
        message = f"the direction is {said} where CRDT or DBIT must stand; look it up with the bank and book it by hand"
        raise UnreadableEntry("bad_indicator", message)
    instructed = parse_amount(fields.instructed) if fields.instructed else None
    rate = fields.rate_counter_value or fields.rate_transaction or fields.rate_instructed
    return EntryFrame(
        amount=amount,
        currency=shape.currencies.get("amount"),
        sign=sign,
        bank_reference=given(fields.bank_reference),
        additional=fields.additional,
        sub_family=fields.sub_family,
        reversal=is_true(fields.reversal),
        own_account=account_number(place.own_account or ""),
        charges=charges_of(shape, texts) if shape.groups else (),
        alone=alone,
        instructed=instructed if alone else None,
        instructed_currency=shape.currencies.get("instructed") if alone else None,
        rate=parse_rate(rate) if alone and rate else None,
    )


# -- What a controller should know about an entry --------------------------------------------------------------


def _findings(entry: BankEntry, read: Sequence[ReadDetail], frame: EntryFrame) -> tuple[Finding, ...]:
    findings = []
    if entry.currency is None:
        findings.append(_finding("warning", "currency_missing", entry, f"{entry.amount} has no currency"))
    unread = sum(not each.readable for each in read)
    if unread:
        message = f"{unread} of {len(read)} transactions have an unreadable amount or direction; check them by hand"
        findings.append(_finding("warning", "unreadable_detail", entry, message))
    if read and not all(each.amount_known for each in read):
        silent = sum(not each.amount_known for each in read)
        message = f"{silent} of {len(read)} transactions come without an amount; only the entry as a whole is certain"
        findings.append(_finding("warning", "detail_without_amount", entry, message))
    elif read:
        mismatch = _sum_finding(entry, read, frame)
        if mismatch is not None:
            findings.append(mismatch)
    return tuple(findings)


def _sum_finding(entry: BankEntry, read: Sequence[ReadDetail], frame: EntryFrame) -> Finding | None:
    """Whether the details add up to what was booked, and what explains it if not."""
    details: Sequence[EntryDetail] = [each.detail for each in read]
    currencies = {detail.currency for detail in details}
    if currencies != {entry.currency}:
        listed = ", ".join(sorted(currency or "no currency" for currency in currencies))
        message = f"booked {entry.amount} {entry.currency}, but the details are in {listed}"
        return _finding("info", "details_do_not_add_up", entry, message)
    total = _sum(detail.amount for detail in details)
    if total == entry.amount:
        return None
    difference = EXACT.subtract(entry.amount, total)
    charges = _sum(charge.amount for detail in details for charge in detail.charges)
    if len(read) > 1:
        charges = EXACT.add(charges, _sum(charge.amount for charge in frame.charges))
    message = (
        f"the bank booked {entry.amount} {entry.currency}, its {len(read)} transaction(s) add up to {total}: "
        f"{difference} is not broken down"
    )
    if charges and abs(charges) == abs(difference):
        return _finding("info", "details_do_not_add_up", entry, f"{message}, which are the charges named")
    if any(each.foreign for each in read) or frame.rate is not None:
        return _finding("info", "details_do_not_add_up", entry, f"{message}; a currency was exchanged")
    return _finding("warning", "details_do_not_add_up", entry, message)


def _batch_findings(counts: Sequence[str], read: int, where: str) -> tuple[Finding, ...]:
    """Whether as many transactions are there as the bank says are in the batch, if it breaks it down at all."""
    if not read or not counts or not all(count.isdigit() for count in counts):
        return ()
    announced = sum(map(int, counts))
    if announced == read:
        return ()
    message = f"the bank announces {announced} transactions in the batch, the file breaks down {read}"
    return (Finding(severity="info", code="batch_count_mismatch", where=where, message=message),)


def _sum(amounts: Any) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _finding(severity: Severity, code: str, entry: BankEntry, message: str) -> Finding:
    return Finding(severity=severity, code=code, where=entry.where, message=message)

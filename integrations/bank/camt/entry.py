"""Builds a booked entry from an `Ntry` element, or says why it cannot be read.

The entry's own amount and direction are the truth about money. `RvslInd` only says that the entry undoes another; the
direction already tells which way the money went (five published statements with both balances prove it).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.bank.camt.detail import EntryFrame, charges_of, detail_of, synthetic_detail, transaction_code
from integrations.bank.camt.fields import DETAIL, ENTRY, DetailFields, EntryFields
from integrations.bank.camt.shapes import Shape, ShapeReader, canonical
from integrations.bank.camt.values import (
    EXACT,
    SIGN_OF_INDICATOR,
    STATUS_OF_CODE,
    given,
    is_true,
    money,
    parse_amount,
    parse_day,
    parse_rate,
)
from integrations.bank.drafts import EntryDraft, seal_entry
from matching.model.bank_statement import BankEntry, EntryDetail, EntryStatus, Finding, Severity


class UnreadableEntry(ValueError):  # noqa: N818 - says what is wrong with the entry, not with the program
    """Why an entry cannot be taken over; the code for the quarantine, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Place:
    """Where the entries of a statement stand, and what they need to know of it; the next entry is ``ordinal`` + 1."""

    statement: str
    own_account: str | None = None
    own_name: str | None = None
    currency: str | None = None
    fallback_day: date | None = None
    ordinal: int = 0

    def step(self) -> str:
        """Go to the next entry; says where that is."""
        self.ordinal += 1
        return f"{self.statement}/Ntry[{self.ordinal}]"


@dataclass(slots=True)
class ReadEntry:
    """An entry, what is to be said about it, and the flaws it shares with others (they are reported together)."""

    entry: BankEntry
    findings: Sequence[Finding]
    flaws: Sequence[str]


class EntryReader:
    """Reads `Ntry` elements."""

    def __init__(self) -> None:
        self._shapes = ShapeReader(ENTRY)
        self._transactions = ShapeReader(DETAIL)

    def read(self, xml: str, place: Place, where: str) -> ReadEntry:
        """The entry in the well-formed XML of an `Ntry` element. Raises UnreadableEntry."""
        if "\r" in xml:
            xml = xml.replace("\r\n", "\n").replace("\r", "\n")
        read = self._shapes.read_frequent(xml)
        if read is None:
            if xml.count("<") != xml.count(">") or ("!" in xml and "<!" in xml) or ("?" in xml and "<?" in xml):
                xml = canonical(xml)
            prefix = xml[1 : xml.index("Ntry")]
            opening = f"<{prefix}TxDtls>"
            if xml.count(opening) > 1:
                # A batch: its transactions one by one, so that each finds the shape it shares with the others.
                outside, cut = _without_transactions(xml, opening, f"</{prefix}TxDtls>")
                shape, texts = self._shapes.read(outside)
                return _entry(shape, texts, [self._transactions.read(text) for text in cut], place, where)
            read = self._shapes.read_seldom(xml)
        shape, texts = read
        transactions = [(each, texts) for each in shape.groups.get("transactions", ())]
        return _entry(shape, texts, transactions, place, where)


def _without_transactions(xml: str, opening: str, closing: str) -> tuple[str, list[str]]:
    """The canonical text of the entry without its transactions, and the text of each transaction."""
    first, *rest = xml.split(opening)
    outside = [first]
    transactions = []
    for part in rest:
        transaction, _, after = part.partition(closing)
        transactions.append(f"{opening}{transaction}{closing}")
        outside.append(after)
    return "".join(outside), transactions


def _entry(
    shape: Shape[EntryFields],
    texts: Sequence[str],
    transactions: Sequence[tuple[Shape[DetailFields], Sequence[str]]],
    place: Place,
    where: str,
) -> ReadEntry:
    fields = shape.record(texts)
    frame = _frame(shape, texts, fields, place, alone=len(transactions) < 2)
    flaws: list[str] = []
    status = _status(fields, flaws)
    details = [detail_of(each, words, frame) for each, words in transactions] or [synthetic_detail(frame)]
    booked_on, valued_on = _days(fields, status, transactions, place, flaws)
    amount = frame.amount if frame.sign > 0 else -frame.amount
    alone = details[0]
    bank_reference = frame.bank_reference or (alone.bank_reference if frame.alone else None)
    draft = EntryDraft(
        place.ordinal,
        booked_on,
        valued_on,
        amount,
        frame.currency,
        status,
        frame.reversal,
        bank_reference,
        given(fields.entry_reference),
        transaction_code(fields) or _code_of(transactions),
        tuple(details),
        where,
    )
    entry = seal_entry(draft)
    if "amount" not in shape.currencies:
        flaws.append("currency_missing")
    announced = _announced(shape.texts("batch_counts", texts)) if shape.lists else 0
    if announced > 1 and len(transactions) < 2:
        flaws.append("batch_not_broken_down")
    fits = frame.alone and alone.amount == amount and alone.currency == frame.currency and not frame.unreadable
    return ReadEntry(entry, () if fits else list(_findings(entry, frame, announced)), flaws)


def _frame(
    shape: Shape[EntryFields], texts: Sequence[str], fields: EntryFields, place: Place, *, alone: bool
) -> EntryFrame:
    amount = parse_amount(fields.amount)
    if amount is None:
        message = f"{fields.amount!r} is no amount" if fields.amount else "the entry has no amount"
        raise UnreadableEntry("bad_amount", f"{message}; look it up with the bank and book it by hand")
    currency = shape.currencies.get("amount") or place.currency
    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        message = f"{currency!r} is no currency; look the entry up with the bank and book it by hand"
        raise UnreadableEntry("bad_currency", message)
    if currency is not None and not currency.isupper():
        currency = currency.upper()
    sign = SIGN_OF_INDICATOR.get(fields.indicator)
    if sign is None:
        said = repr(fields.indicator) if fields.indicator else "nothing"
        message = f"the direction is {said} where CRDT or DBIT must stand; look it up with the bank and book it by hand"
        raise UnreadableEntry("bad_indicator", message)
    frame = EntryFrame(
        amount,
        currency,
        sign,
        is_true(fields.reversal) if fields.reversal else False,
        given(fields.bank_reference),
        fields,
        place.own_account,
        place.own_name,
        alone,
    )
    if shape.groups:
        frame.charges = charges_of(shape, texts)
    if alone and fields.instructed:
        frame.instructed = parse_amount(fields.instructed)
        frame.instructed_currency = shape.currencies.get("instructed")
    rate = fields.rate_counter_value or fields.rate_transaction or fields.rate_instructed
    if alone and rate:
        frame.rate = parse_rate(rate)
    return frame


def _status(fields: EntryFields, flaws: list[str]) -> EntryStatus:
    if not fields.status:
        flaws.append("status_missing")
        return "booked"
    status = STATUS_OF_CODE.get(fields.status)
    if status is None:
        message = f"status {fields.status!r} is none of BOOK, PDNG, INFO, FUTR; ask the bank what it means"
        raise UnreadableEntry("unknown_status", message)
    return status


def _days(
    fields: EntryFields,
    status: EntryStatus,
    transactions: Sequence[tuple[Shape[DetailFields], Sequence[str]]],
    place: Place,
    flaws: list[str],
) -> tuple[date | None, date | None]:
    """Booking and value date. What is booked was booked on some day: the nearest one the bank tells, with a flaw."""
    booked_on, valued_on = parse_day(fields.booked_on), parse_day(fields.valued_on)
    if (booked_on is None and fields.booked_on) or (valued_on is None and fields.valued_on):
        flaws.append("unreadable_date")
    if booked_on is None and status == "booked":
        flaws.append("booking_date_missing")
        settled = transactions[0][0].record(transactions[0][1]).settled_on if transactions else ""
        booked_on = valued_on or parse_day(settled) or place.fallback_day
    return booked_on, valued_on


def _code_of(transactions: Sequence[tuple[Shape[DetailFields], Sequence[str]]]) -> str | None:
    return transaction_code(transactions[0][0].record(transactions[0][1])) if transactions else None


# -- What a controller should know about an entry --------------------------------------------------------------


def _announced(counts: Sequence[str]) -> int:
    """How many transactions the bank says are in the batch; 0 where it does not say."""
    return sum(int(count) for count in counts if count.isdecimal() and len(count) <= 15)


def _findings(entry: BankEntry, frame: EntryFrame, announced: int) -> Iterable[Finding]:
    if announced and not frame.alone and announced != len(entry.details):
        message = f"the bank announces {announced} transactions in this batch, the file has {len(entry.details)}"
        yield _finding("warning", "batch_count_mismatch", entry, f"{message}; look up what is missing")
    if frame.unreadable:
        message = f"{frame.unreadable} amounts or directions in its transactions are unreadable; check them by hand"
        yield _finding("warning", "unreadable_detail", entry, message)
    if frame.silent:
        message = (
            f"{frame.silent} of {len(entry.details)} transactions come without an amount; only the entry as a whole "
            "is certain"
        )
        yield _finding("warning", "detail_without_amount", entry, message)
    else:
        yield from _sum_findings(entry, frame)


def _sum_findings(entry: BankEntry, frame: EntryFrame) -> Iterable[Finding]:
    """Whether the details add up to what was booked, and what explains it if not."""
    currencies = {detail.currency for detail in entry.details}
    booked = money(entry.amount, entry.currency)
    if currencies != {entry.currency}:
        listed = ", ".join(_in_own_currency(detail) for detail in entry.details[:3])
        more = f" and {len(entry.details) - 3} more" if len(entry.details) > 3 else ""
        message = f"the bank booked {booked}, the transactions are in other currencies: {listed}{more}"
        yield _finding("info", "details_do_not_add_up", entry, message)
        return
    total = _sum(detail.amount for detail in entry.details)
    if total == entry.amount:
        return
    difference = EXACT.subtract(entry.amount, total)
    charges = _sum(charge.amount for detail in entry.details for charge in detail.charges)
    if not frame.alone:
        charges = EXACT.add(charges, _sum(charge.amount for charge in frame.charges))
    message = (
        f"the bank booked {booked}, the transactions in it ({len(entry.details)}) come to "
        f"{money(total, entry.currency)}, a difference of {money(difference, entry.currency)}"
    )
    if charges and abs(charges) == abs(difference):
        yield _finding("info", "details_do_not_add_up", entry, f"{message}: the charges named")
    elif frame.exchanged:
        yield _finding("info", "details_do_not_add_up", entry, f"{message}: a currency was exchanged")
    else:
        yield _finding("warning", "details_do_not_add_up", entry, f"{message}; match the entry as a whole")


def _in_own_currency(detail: EntryDetail) -> str:
    return money(detail.amount, detail.currency)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _finding(severity: Severity, code: str, entry: BankEntry, message: str) -> Finding:
    return Finding(severity=severity, code=code, where=entry.where, message=message)

"""Holds a statement's entries against what its bank says they come to: balances and control totals.

Findings are written for the controller who has to decide whether the statement can be booked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import NamedTuple

from integrations.bank.camt.header import ControlTotal, StatementFacts
from integrations.bank.camt.values import EXACT, money
from matching.model.bank_statement import (
    BankEntry,
    Finding,
    Integrity,
    ReadEvent,
    Severity,
    StatementEnd,
    StatementHeader,
)

_LOT = 500  # amounts are added up in lots of this size
_FLAWS: dict[str, tuple[Severity, str]] = {
    "booking_date_missing": (
        "warning",
        "{count} booked entries have no booking date; the value, settlement or statement date stands in",
    ),
    "unreadable_date": ("warning", "{count} entries have a date that is none; it was left out"),
    "currency_missing": ("warning", "{count} entries have no currency of their own; the account's is taken"),
    "batch_not_broken_down": (
        "info",
        "{count} entries are batches that the file does not break down; their payments come in a camt.054 if at all",
    ),
    "status_missing": ("warning", "{count} entries do not say whether they are booked; they are taken as booked"),
}


@dataclass(slots=True)
class Sums:
    """How many entries there are, and what the credits and the debits among them come to."""

    credits: int = 0
    debits: int = 0
    credit_sum: Decimal = Decimal(0)
    debit_sum: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """Credits less debits."""
        return EXACT.add(self.credit_sum, self.debit_sum)

    def add(self, amounts: Sequence[Decimal]) -> None:
        """Take signed amounts into account; a debit of zero is still a debit."""
        with localcontext(EXACT):
            credit_amounts = [amount for amount in amounts if not amount.is_signed()]
            self.credits += len(credit_amounts)
            self.debits += len(amounts) - len(credit_amounts)
            credit_sum = sum(credit_amounts, Decimal(0))
            self.credit_sum += credit_sum
            self.debit_sum += sum(amounts, Decimal(0)) - credit_sum


class Tally:
    """What the entries of one statement come to, as they are read."""

    def __init__(self) -> None:
        self.count = 0
        self.quarantined = 0
        self.currency: str | None = None
        self.currencies: set[str | None] = set()
        self._sums = Sums(), Sums()
        self._waiting: tuple[list[Decimal], list[Decimal]] = [], []
        self._flaws: dict[str, tuple[int, str]] = {}

    def add(self, entry: BankEntry) -> None:
        """Count an entry that was returned."""
        self.count += 1
        if entry.currency not in self.currencies:
            self.currencies.add(entry.currency)
            self.currency = self.currency or entry.currency
        waiting = self._waiting[entry.status == "booked"]
        waiting.append(entry.amount)
        if len(waiting) >= _LOT:
            self._add_up()

    def _add_up(self) -> None:
        for sums, waiting in zip(self._sums, self._waiting, strict=True):
            sums.add(waiting)
            waiting.clear()

    @property
    def booked(self) -> Sums:
        """What is booked; only this counts for balances."""
        self._add_up()
        return self._sums[1]

    @property
    def every(self) -> Sums:
        """All entries, whatever their status."""
        self._add_up()
        other, booked = self._sums
        return Sums(
            credits=other.credits + booked.credits,
            debits=other.debits + booked.debits,
            credit_sum=EXACT.add(other.credit_sum, booked.credit_sum),
            debit_sum=EXACT.add(other.debit_sum, booked.debit_sum),
        )

    def quarantine(self) -> None:
        """Count an entry that could not be read."""
        self.quarantined += 1

    def flaw(self, code: str, where: str) -> None:
        """Remember a flaw that many entries of a bank share; it is reported once."""
        count, first = self._flaws.get(code, (0, where))
        self._flaws[code] = (count + 1, first)

    def flaw_findings(self) -> Iterator[Finding]:
        """The shared flaws, each with how many entries have it and where the first one stands."""
        for code, (count, first) in self._flaws.items():
            severity, message = _FLAWS[code]
            yield Finding(severity=severity, code=code, where=first, message=message.format(count=count))


def statement_end(where: str, facts: StatementFacts, tally: Tally, *, damaged: bool) -> Iterator[ReadEvent]:
    """The findings on a statement that is complete, and its end."""
    integrity = _integrity(facts, tally)
    yield from tally.flaw_findings()
    yield from _balance_findings(where, facts, tally)
    if integrity == "unbalanced":
        yield _unbalanced(where, facts, tally)
    if not damaged:
        yield from _total_findings(where, facts, tally, integrity)
    yield StatementEnd(header=facts.header, integrity=integrity, entry_count=tally.count, booked_total=tally.booked.net)


def _integrity(facts: StatementFacts, tally: Tally) -> Integrity:
    opening, closing = facts.header.opening, facts.header.closing
    if opening is None or closing is None:
        return "unverifiable"
    return "balanced" if EXACT.add(opening, tally.booked.net) == closing else "unbalanced"


def _unbalanced(where: str, facts: StatementFacts, tally: Tally) -> Finding:
    header = facts.header
    assert header.opening is not None
    assert header.closing is not None
    booked = tally.booked.net
    reached = EXACT.add(header.opening, booked)
    difference = EXACT.subtract(header.closing, reached)
    currency = header.currency
    message = (
        f"opening balance {money(header.opening, currency)} and booked entries of {money(booked, currency)} come to "
        f"{money(reached, currency)}, but the closing balance is {money(header.closing, currency)}: "
        f"{money(difference, currency)} is not explained"
    )
    if tally.quarantined:
        message += f"; {tally.quarantined} entries could not be read and are missing in this sum"
    if not _is_only_page(header):
        message += f"; this is page {header.page} of several, the balances may be those of all pages together"
    message += "; do not book the statement before the bank has explained it"
    return Finding(severity="error", code="unbalanced_statement", where=where, message=message)


def _balance_findings(where: str, facts: StatementFacts, tally: Tally) -> Iterator[Finding]:
    header = facts.header
    for kind in facts.unreadable_balances:
        message = f"the balance {kind} has an unreadable amount or direction and was left out"
        yield Finding(severity="warning", code="unreadable_balance", where=f"{where}/Bal", message=message)
    silent = [each for each in facts.balances if not each.indicator_given]
    if silent:
        kinds = ", ".join(sorted({each.type for each in silent}))
        message = f"{len(silent)} balances ({kinds}) do not say whether they are credit or debit; taken as credit"
        yield Finding(severity="warning", code="balance_direction_missing", where=f"{where}/Bal", message=message)
    foreign = sorted(str(each) for each in tally.currencies if each and header.currency and each != header.currency)
    if foreign:
        message = f"entries in {', '.join(foreign)} stand on an account kept in {header.currency}"
        yield Finding(severity="warning", code="foreign_entry_currency", where=where, message=message)
    if header.account is None:
        message = "the statement does not say which account it is for"
        yield Finding(severity="error", code="account_missing", where=where, message=message)


# -- Control totals --------------------------------------------------------------------------------------------


def _is_only_page(header: StatementHeader) -> bool:
    return header.page in {None, 1} and header.last_page is not False


def _total_findings(where: str, facts: StatementFacts, tally: Tally, integrity: Integrity) -> Iterator[Finding]:
    if not _is_only_page(facts.header):
        return  # the totals are those of all pages together
    for total in facts.totals:
        trouble = _total_trouble(total, tally, facts.header.currency)
        if trouble:
            severity: Severity = "warning" if integrity == "balanced" else "error"
            message = f"the bank's control total says {trouble}; compare the statement with the bank"
            yield Finding(severity=severity, code="control_sum_mismatch", where=f"{where}/TxsSummry", message=message)


def _total_trouble(total: ControlTotal, tally: Tally, currency: str | None) -> str:
    """What a control total says against the entries; empty when it fits all entries or all booked ones."""
    every, booked = _seen(total.scope, tally.every), _seen(total.scope, tally.booked)
    scope = _SCOPES[total.scope]
    if total.count is not None and total.count not in {
        number + unread for number in (every.number, booked.number) for unread in (0, tally.quarantined)
    }:
        return f"{total.count} {scope}, the file holds {every.number + tally.quarantined}"
    if total.sum is not None and total.sum not in {every.size, booked.size, abs(every.net), abs(booked.net)}:
        return f"{money(total.sum, currency)} for {scope}, the ones in the file come to {money(every.size, currency)}"
    if total.net is not None and total.net not in {every.net, booked.net}:
        return (
            f"{money(total.net, currency)} net for {scope}, the ones in the file come to {money(every.net, currency)}"
        )
    return ""


_SCOPES = {"all": "entries", "credit": "credit entries", "debit": "debit entries"}


class _Seen(NamedTuple):
    """How many entries of a scope there are, the sum of their sizes, and their signed sum."""

    number: int
    size: Decimal
    net: Decimal


def _seen(scope: str, sums: Sums) -> _Seen:
    if scope == "credit":
        return _Seen(sums.credits, sums.credit_sum, sums.credit_sum)
    if scope == "debit":
        return _Seen(sums.debits, -sums.debit_sum, sums.debit_sum)
    return _Seen(sums.credits + sums.debits, EXACT.subtract(sums.credit_sum, sums.debit_sum), sums.net)

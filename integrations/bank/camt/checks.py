"""Holds a statement's entries against what its bank says they come to: balances and control totals.

Findings are written for the controller who has to decide whether the statement can be booked.
"""

from collections.abc import Iterator
from decimal import Decimal

from integrations.bank.camt.header import ControlTotal, StatementFacts
from integrations.bank.camt.values import EXACT
from matching.model.bank_statement import BankEntry, Finding, Integrity, ReadEvent, Severity, StatementEnd

_FLAWS: dict[str, tuple[Severity, str]] = {
    "booking_date_missing": (
        "warning",
        "{count} booked entries have no booking date; the value, settlement or statement date stands in",
    ),
    "unreadable_date": ("warning", "{count} entries have a date that is none; it was left out"),
    "status_missing": ("warning", "{count} entries do not say whether they are booked; they are taken as booked"),
}


class Tally:
    """What the entries of one statement come to, as they are read."""

    def __init__(self) -> None:
        self.count = 0
        self.quarantined = 0
        self.booked = Decimal(0)
        self.credits = Decimal(0)
        self.debits = Decimal(0)
        self.credit_count = 0
        self.booked_count = 0
        self.booked_credits = Decimal(0)
        self.booked_credit_count = 0
        self.currency: str | None = None
        self.currencies: set[str | None] = set()
        self._flaws: dict[str, tuple[int, str]] = {}

    def add(self, entry: BankEntry) -> None:
        """Count an entry that was returned."""
        amount = entry.amount
        self.count += 1
        self.currencies.add(entry.currency)
        if amount >= 0 and not amount.is_signed():
            self.credits = EXACT.add(self.credits, amount)
            self.credit_count += 1
        else:
            self.debits = EXACT.add(self.debits, amount)
        if entry.status == "booked":
            self.booked = EXACT.add(self.booked, amount)
            self.booked_count += 1
            if not amount.is_signed():
                self.booked_credits = EXACT.add(self.booked_credits, amount)
                self.booked_credit_count += 1

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
    yield StatementEnd(header=facts.header, integrity=integrity, entry_count=tally.count, booked_total=tally.booked)


def _integrity(facts: StatementFacts, tally: Tally) -> Integrity:
    opening, closing = facts.header.opening, facts.header.closing
    if opening is None or closing is None:
        return "unverifiable"
    return "balanced" if EXACT.add(opening, tally.booked) == closing else "unbalanced"


def _unbalanced(where: str, facts: StatementFacts, tally: Tally) -> Finding:
    header = facts.header
    assert header.opening is not None
    assert header.closing is not None
    reached = EXACT.add(header.opening, tally.booked)
    difference = EXACT.subtract(header.closing, reached)
    currency = header.currency or ""
    message = (
        f"opening balance {header.opening} plus booked entries {tally.booked} is {reached} {currency}, but the bank's "
        f"closing balance is {header.closing} {currency}: {difference} {currency} is not explained"
    )
    if tally.quarantined:
        message += f"; {tally.quarantined} entries could not be read and are missing in this sum"
    message += "; do not book the statement before the bank has explained it"
    return Finding(severity="error", code="unbalanced_statement", where=where, message=" ".join(message.split()))


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


def _total_findings(where: str, facts: StatementFacts, tally: Tally, integrity: Integrity) -> Iterator[Finding]:
    page = facts.header.page, facts.header.last_page
    if page not in {(None, None), (None, True), (1, True), (1, None)}:
        return  # the totals are those of all pages together
    for total in facts.totals:
        trouble = _total_trouble(total, tally)
        if trouble:
            severity: Severity = "warning" if integrity == "balanced" else "error"
            message = f"the bank's control total says {trouble}; compare the statement with the bank"
            yield Finding(severity=severity, code="control_sum_mismatch", where=f"{where}/TxsSummry", message=message)


def _total_trouble(total: ControlTotal, tally: Tally) -> str:
    """What a control total says against the entries; empty when it fits all entries or all booked ones."""
    every = _seen(total.scope, tally, booked=False)
    booked = _seen(total.scope, tally, booked=True)
    counts = {every[0] + tally.quarantined, booked[0] + tally.quarantined, every[0], booked[0]}
    if total.count is not None and total.count not in counts:
        return f"{total.count} {_SCOPES[total.scope]}, the file holds {every[0] + tally.quarantined}"
    sums = {every[1], booked[1], abs(every[2]), abs(booked[2])}
    if total.sum is not None and total.sum not in sums:
        return f"{total.sum} for all {_SCOPES[total.scope]}, the ones in the file come to {every[1]}"
    if total.net is not None and total.scope == "all" and total.net not in {every[2], booked[2]}:
        return f"{total.net} as the balance of all entries, the ones in the file come to {every[2]}"
    return ""


_SCOPES = {"all": "entries", "credit": "credit entries", "debit": "debit entries"}


def _seen(scope: str, tally: Tally, *, booked: bool) -> tuple[int, Decimal, Decimal]:
    """How many entries of a scope there are, the sum of their sizes, and their signed sum."""
    count = tally.booked_count if booked else tally.count
    credit_count = tally.booked_credit_count if booked else tally.credit_count
    credit = tally.booked_credits if booked else tally.credits
    net = tally.booked if booked else EXACT.add(tally.credits, tally.debits)
    debit = EXACT.subtract(net, credit)
    if scope == "credit":
        return credit_count, credit, credit
    if scope == "debit":
        return count - credit_count, -debit, debit
    return count, EXACT.subtract(credit, debit), net

"""Looks over a reader's shoulder while a file streams by, the same for every format."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import BinaryIO

from integrations.bank import second_opinion
from integrations.bank.detect import FormatFamily
from integrations.bank.mt940.ibans import is_wrong_iban
from integrations.bank.trust import DeliveredStatement, delivered, joined
from matching.model.bank_statement import (
    BankEntry,
    FileFacts,
    Finding,
    Quarantined,
    ReadEvent,
    StatementEnd,
    StatementHeader,
)

_ACCOUNTS_REMEMBERED = 10_000
_FINDINGS_KEPT = 1_000
# Banks date the opening balance in many ways, so that entries may be a month older; hardly any is younger than the end.
_DAYS_BEFORE, _DAYS_AFTER = timedelta(days=31), timedelta(days=5)


class Review:
    """One file under review: holds amounts up to the limit of the second opinion, and one statement per account."""

    def __init__(self, source: BinaryIO, family: FormatFamily, *, second_opinion_entries: int) -> None:
        self._source = source
        self._family = family
        self._limit = second_opinion_entries if family in {"mt940", "ofx"} else 0
        self._amounts: Counter[Decimal] = Counter()
        self._entries = 0
        self._quarantined = 0
        self._statements = 0
        self._last: dict[tuple[str | None, str | None], DeliveredStatement] = {}
        self._told: list[Finding] = []
        # The first and the last booking day of the statement at hand, and where each stands.
        self._first: tuple[date, str] | None = None
        self._final: tuple[date, str] | None = None

    def note(self, event: ReadEvent) -> None:
        """Take in what the reader says."""
        if isinstance(event, BankEntry):
            self._entries += 1
            if self._entries <= self._limit:
                self._amounts[event.amount] += 1
            day = event.booking_date
            if day is not None and event.status == "booked":
                if self._first is None or day < self._first[0]:
                    self._first = day, event.where
                if self._final is None or day > self._final[0]:
                    self._final = day, event.where
        elif isinstance(event, Quarantined):
            self._quarantined += 1
        elif isinstance(event, StatementEnd):
            self._statements += 1
            self._chain(delivered(event, f"statement {self._statements}"))
            if len(self._told) < _FINDINGS_KEPT:
                self._told.extend(self._oddities(event.header))
            self._first = self._final = None

    def findings(self, facts: FileFacts) -> Iterator[Finding]:
        """What there is to say at the end of the file."""
        yield from self._told
        accounted = self._entries + self._quarantined
        if facts.entries_in_file != accounted:
            yield Finding(
                severity="error",
                code="entries_unaccounted",
                where="",
                message=f"the file holds {facts.entries_in_file} entries but {accounted} were read or set aside; "
                "book nothing from it and report the file",
            )
        if not self._statements and not accounted:
            message = "the file holds no statement of a bank account, so nothing is taken in from it"
            yield Finding(severity="info", code="no_statement", where="", message=message)
        different = self._second_opinion()
        if different is not None:
            yield different

    def _chain(self, statement: DeliveredStatement) -> None:
        """Statements of one account in one file have to join, as delivered."""
        header = statement.header
        if header.kind != "final" or len(self._last) > _ACCOUNTS_REMEMBERED:
            return
        earlier = self._last.get((header.account, header.currency))
        self._last[header.account, header.currency] = statement
        if earlier is not None and len(self._told) < _FINDINGS_KEPT:
            self._told.extend(joined(earlier, statement))

    def _oddities(self, header: StatementHeader) -> Iterator[Finding]:
        """What a damaged file shows though its sums are right: another account, another month."""
        account = header.account or ""
        if not (account.isascii() and account.isprintable()):
            message = (
                f"the account {account!r} holds characters that no account number has; make sure whose account this "
                "is before anything is posted"
            )
            yield _warning("account_unreadable", f"statement {self._statements}", message)
        elif is_wrong_iban(account):
            message = (
                f"{account} is no IBAN that can exist: a digit of it is wrong; make sure whose account this is "
                "before anything is posted"
            )
            yield _warning("account_not_an_iban", f"statement {self._statements}", message)
        if header.kind != "final":
            return
        if self._first and header.from_date and self._first[0] < header.from_date - _DAYS_BEFORE:
            yield _outside(*self._first, f"begins on {header.from_date}")
        if self._final and header.to_date and self._final[0] > header.to_date + _DAYS_AFTER:
            yield _outside(*self._final, f"ends on {header.to_date}")

    def _second_opinion(self) -> Finding | None:
        if not 0 < self._entries <= self._limit or self._family not in {"mt940", "ofx"}:
            return None
        self._source.seek(0)
        raw = self._source.read(second_opinion.most_bytes(self._entries) + 1)
        opinion = second_opinion.ask(raw, "mt940" if self._family == "mt940" else "ofx", self._entries)
        return (
            None if opinion is None else second_opinion.compare(opinion, self._amounts, quarantined=self._quarantined)
        )


def _outside(day: date, where: str, statement: str) -> Finding:
    message = f"the entry is booked on {day}, but its statement {statement}; compare the date with the bank"
    return _warning("booked_outside_period", where, message)


def _warning(code: str, where: str, message: str) -> Finding:
    return Finding(severity="warning", code=code, where=where, message=message)

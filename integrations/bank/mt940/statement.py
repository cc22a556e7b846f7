"""One statement while it goes by: what its header says, what was booked, and whether the balances agree."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations.bank.drafts import ZERO
from integrations.bank.mt940.balances import Balance, ControlSum
from integrations.bank.mt940.entry_line import EntryLine
from matching.model.bank_statement import Finding, Integrity, Severity, StatementEnd, StatementHeader, StatementKind

# "D000004C000002D25,24C28,71" and "/SUM/4/2/25,24/28,71/": counts of debits and credits, then their totals.
_SUMS_IN_CODES = re.compile(r"D([0-9]{1,9})C([0-9]{1,9})D([0-9]{1,15},[0-9]{0,2})C([0-9]{1,15},[0-9]{0,2})\s*$")
_SUMS_OF_ING = re.compile(r"/SUM/([0-9]{1,9})/([0-9]{1,9})/([0-9]{1,15},[0-9]{0,2})/([0-9]{1,15},[0-9]{0,2})")


@dataclass(slots=True, eq=False)
class StatementInProgress:
    """What is known so far of the statement being read; amounts signed, credit positive."""

    line: int
    statement_id: str | None = None
    account: str | None = None
    account_currency: str | None = None
    sequence: str | None = None
    page: int | None = None
    kind: StatementKind = "final"
    opening: Balance | None = None
    closing: Balance | None = None
    closing_seen: bool = False
    opening_seen: bool = False
    last_page: bool | None = None
    floor_currency: str | None = None
    debits: ControlSum | None = None
    credits: ControlSum | None = None
    started: bool = False
    entry_count: int = 0
    quarantined_count: int = 0
    total: Decimal = ZERO
    expected_total: Decimal = ZERO
    credit_count: int = 0
    credit_total: Decimal = ZERO
    seen: set[str] = field(default_factory=set)
    stated: tuple[int, int, Decimal, Decimal] | None = None
    reported_on: date | None = None
    headless: bool = False

    @property
    def currency(self) -> str | None:
        """The currency of the account as far as the statement has said it yet."""
        if self.opening:
            return self.opening.currency
        if self.closing:
            return self.closing.currency
        return self.account_currency or self.floor_currency

    @property
    def booked_total(self) -> Decimal:
        """The booked entries together, expected ones left out."""
        return self.total - self.expected_total

    @property
    def debit_total(self) -> Decimal:
        """What the debit entries take away, without sign."""
        return self.credit_total - self.total

    def add(self, lines: Sequence[EntryLine]) -> int:
        """Count entries, booked or expected; returns the number of the first one within the statement."""
        first = self.entry_count + 1
        self.entry_count += len(lines)
        amounts = [line.amount for line in lines]
        self.total += sum(amounts, ZERO)
        credited = [amount for amount in amounts if not amount.is_signed()]
        self.credit_count += len(credited)
        self.credit_total += sum(credited, ZERO)
        self.expected_total += sum([line.amount for line in lines if line.mark[0] == "E"], ZERO)
        return first

    def header(self) -> StatementHeader:
        """Everything beside the entries, as far as it has been read."""
        return StatementHeader(
            account=self.account,
            account_owner=None,
            currency=self.currency,
            kind=self.kind,
            statement_id=self.statement_id,
            sequence=self.sequence,
            page=self.page,
            last_page=self.last_page,
            from_date=self.opening.on if self.opening else None,
            to_date=self.closing.on if self.closing else self.reported_on,
            opening=self.opening.amount if self.opening else None,
            closing=self.closing.amount if self.closing else None,
        )

    def integrity(self) -> Integrity:
        """Whether opening balance and bookings make the closing balance."""
        if self.opening is None or self.closing is None or self.opening.currency != self.closing.currency:
            return "unverifiable"
        return "balanced" if self.difference() == 0 else "unbalanced"

    def difference(self) -> Decimal:
        """Closing balance less what opening balance and bookings come to; zero when it is not known."""
        if self.opening is None or self.closing is None:
            return ZERO
        return self.closing.amount - self.opening.amount - self.booked_total

    def end(self) -> StatementEnd:
        """The statement as a whole."""
        return StatementEnd(
            header=self.header(),
            integrity=self.integrity(),
            entry_count=self.entry_count,
            booked_total=self.booked_total,
        )

    def read_sums(self, text: str) -> None:
        """Control sums in a field 86 of the whole statement, as ING and Van Lanschot write them."""
        for pattern in (_SUMS_OF_ING, _SUMS_IN_CODES):
            found = pattern.match(text)
            if found:
                debit_count, credit_count, debit, credit = (group.replace(",", ".") for group in found.groups())
                self.stated = (int(debit_count), int(credit_count), Decimal(debit), Decimal(credit))

    def findings(self) -> list[Finding]:
        """What a person should know about the statement now that it is complete."""
        found = []
        if self.integrity() == "unbalanced":
            found.append(self._finding("error", "unbalanced_statement", self._unbalanced()))
        if self.account is None:
            message = "the statement does not say which account it belongs to (field 25); nothing can be posted from it"
            found.append(self._finding("error", "account_missing", message))
        if self.kind == "final" and not self.headless:
            found += self._missing_balances()
        if self.opening and self.closing and self.opening.currency != self.closing.currency:
            message = f"opening balance in {self.opening.currency}, closing balance in {self.closing.currency}"
            found.append(self._finding("error", "currency_differs", message))
        return found + self._control_sums()

    def _missing_balances(self) -> list[Finding]:
        missing = [
            name
            for name, balance, seen in (
                ("opening", self.opening, self.opening_seen),
                ("closing", self.closing, self.closing_seen),
            )
            if balance is None and not seen
        ]
        return [
            self._finding("warning", f"{name}_balance_missing", f"{self._name()}: no {name} balance to check against")
            for name in missing
        ]

    def _control_sums(self) -> list[Finding]:
        """Fields 90D and 90C count the whole message, and so do the sums of Dutch banks after the closing balance."""
        found = []
        for word, said, count, total in (
            ("debit", self.debits, self.entry_count - self.credit_count, self.debit_total),
            ("credit", self.credits, self.credit_count, self.credit_total),
        ):
            if said and (said.count, said.total) != (count, total):
                message = (
                    f"{self._name()}: the bank counts {said.count} {word} entries of {said.total} {said.currency}, "
                    f"the file holds {count} of {total}; ask for the report again"
                )
                found.append(self._finding("error" if self._whole() else "warning", "control_sum_mismatch", message))
        held = (self.entry_count - self.credit_count, self.credit_count, self.debit_total, self.credit_total)
        if self.stated and self.stated != held:
            message = (
                f"{self._name()}: the bank counts {self.stated[0]} debits of {self.stated[2]} and {self.stated[1]} "
                f"credits of {self.stated[3]}, the file holds {held[0]} of {held[2]} and {held[1]} of {held[3]}"
            )
            found.append(self._finding("warning", "control_sum_mismatch", message))
        return found

    def _whole(self) -> bool:
        return self.page in {None, 0, 1} and self.quarantined_count == 0

    def _finding(self, severity: Severity, code: str, message: str) -> Finding:
        return Finding(severity=severity, code=code, where=f"line {self.line}", message=message)

    def _name(self) -> str:
        parts = [f"account {self.account}" if self.account else "an unnamed account"]
        if self.sequence:
            parts.append(f"statement {self.sequence}" + (f" page {self.page}" if self.page else ""))
        return ", ".join(parts)

    def _unbalanced(self) -> str:
        assert self.opening is not None
        assert self.closing is not None
        expected = self.opening.amount + self.booked_total
        lost = f" {self.quarantined_count} of its entries could not be read." if self.quarantined_count else ""
        return (
            f"{self._name()}: opening balance {self.opening.amount} and entries of {self.booked_total} make "
            f"{expected} {self.opening.currency}, but the closing balance is {self.closing.amount}: "
            f"{self.difference()} {self.opening.currency} are not explained.{lost} "
            f"Ask the bank for the statement again before posting it."
        )

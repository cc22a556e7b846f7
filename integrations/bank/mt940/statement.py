"""One statement while it goes by: what its header says, what was booked, and whether the balances agree."""

from dataclasses import dataclass, field
from decimal import Decimal

from integrations.bank.mt940.balances import Balance, ControlSum
from integrations.bank.mt940.drafts import ZERO
from matching.model.bank_statement import Finding, Integrity, StatementEnd, StatementHeader, StatementKind


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
    terminated: bool = False
    entry_count: int = 0
    quarantined_count: int = 0
    booked_total: Decimal = ZERO
    debit_count: int = 0
    credit_count: int = 0
    debit_total: Decimal = ZERO
    credit_total: Decimal = ZERO
    seen: set[str] = field(default_factory=set)

    @property
    def currency(self) -> str | None:
        """The currency of the account as far as the statement has said it yet."""
        if self.opening:
            return self.opening.currency
        if self.closing:
            return self.closing.currency
        return self.account_currency or self.floor_currency

    def add(self, amount: Decimal, *, booked: bool) -> None:
        """Count one entry; only booked ones are part of the balance."""
        self.entry_count += 1
        if booked:
            self.booked_total += amount
        if amount < 0:
            self.debit_count += 1
            self.debit_total -= amount
        else:
            self.credit_count += 1
            self.credit_total += amount

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
            to_date=self.closing.on if self.closing else None,
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

    def closing_findings(self, line: int) -> list[Finding]:
        """What a person should know about the statement now that it is complete."""
        found = []
        where = f"line {line}"
        name = self._name()
        if self.integrity() == "unbalanced":
            found.append(
                Finding(severity="error", code="unbalanced_statement", where=where, message=self._unbalanced(name))
            )
        return found

    def _name(self) -> str:
        parts = [f"account {self.account}" if self.account else "an unnamed account"]
        if self.sequence:
            parts.append(f"statement {self.sequence}" + (f" page {self.page}" if self.page else ""))
        return ", ".join(parts)

    def _unbalanced(self, name: str) -> str:
        assert self.opening is not None
        assert self.closing is not None
        expected = self.opening.amount + self.booked_total
        lost = f" {self.quarantined_count} entries could not be read." if self.quarantined_count else ""
        return (
            f"{name}: opening balance {self.opening.amount} and {self.entry_count} entries of {self.booked_total} make "
            f"{expected} {self.opening.currency}, but the bank says {self.closing.amount}: {self.difference()} "
            f"{self.opening.currency} are not explained.{lost} Ask the bank for the statement again before posting it."
        )

"""An OFX statement while it is read: STMTRS, CCSTMTRS or INVSTMTRS (clauses 11.4.2, 11.4.3 and 13.9.2)."""

from collections.abc import Callable, Iterator
from decimal import Context, Decimal

from integrations.bank.ofx.entry import EntryBuilder, Fields, corrected_entry, currency_code
from integrations.bank.ofx.values import AmountUnreadable, parse_amount, parse_date, plain_text
from matching.model.bank_statement import BankEntry, Finding, ReadEvent, StatementEnd, StatementHeader, StatementStart
from matching.model.currencies import MINOR_DIGITS

_WIDE = Context(prec=100)
_ACCOUNTS = {"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"}
_SCOPES = {*_ACCOUNTS, "LEDGERBAL", "AVAILBAL", "INVBAL", "INVTRAN", "STMTTRNP", "BAL"}
_LISTS = {"BANKTRANLIST", "INVTRANLIST"}
_SIGN_OF_TYPE = {"CREDIT": Decimal(1), "DEBIT": Decimal(-1)}
_REMEMBERED = 10_000
"""How many of the last FITIDs are held against a new one; banks repeat them next to each other."""


class OpenStatement:
    """Gathers the header and makes the entries; says at its end what a person should know of it."""

    def __init__(self) -> None:
        self.account: str | None = None
        self.closing: Decimal | None = None
        self._builder = EntryBuilder()
        self._period: dict[str, str] = {}
        self._scope = ""
        self._in_list = False
        self.started = False
        self._count = 0
        self._total = Decimal(0)
        self._recent: dict[str, Decimal] = {}
        self._notes = _Notes()

    def begin(self) -> Iterator[ReadEvent]:
        """The start event, once, as late as possible: the header is then as full as it can be."""
        if not self.started:
            self.started = True
            yield StatementStart(header=self._header())

    def end(self) -> Iterator[ReadEvent]:
        """What is to be said about the statement, and its end."""
        yield from self.begin()
        yield from self._notes.findings(self.account)
        yield StatementEnd(
            header=self._header(), integrity="unverifiable", entry_count=self._count, booked_total=self._total
        )

    def entry(self, text: str, where: str) -> BankEntry:
        """The entry that stands in the text. Raises EntryUnreadable."""
        entry, fields = self._builder.build(text, self._count + 1, where)
        self._count += 1
        if entry.status == "booked":
            self._total = _WIDE.add(self._total, entry.amount)
        self._note(entry, fields)
        return entry

    # -- structure --------------------------------------------------------------------------------------------------

    def open(self, name: str, raw_value: bytes, decode: Callable[[bytes], str]) -> None:
        """A tag outside of entries, with the text behind it."""
        if name in _SCOPES:
            self._scope = name
            self._notes.investments += name == "INVTRAN"
            self._notes.pending += name == "STMTTRNP"
        elif name in _LISTS:
            self._in_list, self._scope = True, ""
        elif self._scope in _ACCOUNTS:
            if name == "ACCTID" and self.account is None:
                self.account = plain_text(decode(raw_value)) or None
        elif name == "BALAMT":
            self._balance(decode(raw_value))
        elif name == "CURDEF":
            self._builder.currency = currency_code(decode(raw_value))
        elif name in {"DTSTART", "DTEND"} and not self._period.get(name):
            self._period[name] = decode(raw_value).strip()
        elif name in {"TRNAMT", "DTPOSTED"} and self._in_list and not self._scope:
            self._notes.stray += name == "TRNAMT"

    def close(self, name: str) -> None:
        """An end tag outside of entries."""
        if name == self._scope:
            self._scope = ""
        if name in _LISTS:
            self._in_list = False

    def _balance(self, text: str) -> None:
        if self._scope != "LEDGERBAL":
            return
        try:
            self.closing = parse_amount(text, MINOR_DIGITS.get(self._builder.currency or ""))
        except AmountUnreadable as trouble:
            if text.strip():
                missing = trouble.code == "amount_missing"
                self._notes.balance = f"{text.strip()[:60]!r} is no amount" if missing else str(trouble)

    def _header(self) -> StatementHeader:
        return StatementHeader(
            account=self.account,
            account_owner=None,
            currency=self._builder.currency,
            kind="final",
            statement_id=None,
            sequence=None,
            page=None,
            last_page=None,
            from_date=parse_date(self._period.get("DTSTART", "")),
            to_date=parse_date(self._period.get("DTEND", "")),
            opening=None,
            closing=self.closing,
        )

    # -- what a person should know ------------------------------------------------------------------------------------

    def _note(self, entry: BankEntry, fields: Fields) -> None:
        """Oddities that are told once per statement, not once per entry."""
        notes, fitid = self._notes, entry.bank_reference
        if fitid is None:
            notes.unnumbered += 1
        elif fitid in self._recent:
            notes.repeated += 1
            notes.first_repeated = notes.first_repeated or fitid
        else:
            self._recent[fitid] = entry.amount
            if len(self._recent) > _REMEMBERED:
                del self._recent[next(iter(self._recent))]
        if entry.status == "info":
            if corrected_entry(fields):
                notes.correct(entry, fields, self._recent.get(fields["CORRECTFITID"].strip()))
            else:
                notes.balances += 1
                notes.first_balance = notes.first_balance or entry.where
        notes.nameless += entry.currency is None
        if (
            entry.status == "booked"
            and _SIGN_OF_TYPE.get(entry.transaction_code or "", entry.amount) * entry.amount < 0
        ):
            notes.against_type += 1
            notes.first_against_type = notes.first_against_type or entry.where
        if self._builder.currency and entry.currency != self._builder.currency:
            notes.foreign += 1


class _Notes:
    """Counts of what is odd in a statement, and the findings they become."""

    def __init__(self) -> None:
        self.investments = 0
        self.pending = 0
        self.stray = 0
        self.unnumbered = 0
        self.repeated = 0
        self.first_repeated = ""
        self.foreign = 0
        self.against_type = 0
        self.first_against_type = ""
        self.balance = ""
        self.balances = 0
        self.first_balance = ""
        self.nameless = 0
        self._corrections: list[Finding] = []

    def correct(self, entry: BankEntry, fields: Fields, known: Decimal | None) -> None:
        """The bank corrects an entry it delivered before (CORRECTFITID, CORRECTACTION; clause 11.4.4).

        ``known`` is the amount of that entry where this file holds it too.
        """
        action = fields.get("CORRECTACTION", "").strip().upper()
        earlier = f"entry {fields['CORRECTFITID'].strip()[:80]!r}"
        booked = f"{entry.amount} {entry.currency or ''}".rstrip()
        if known is None:
            difference = "the difference between the two amounts"
        else:
            difference = f"the difference of {entry.amount - known} to the {known} booked then"
        said = {
            "REPLACE": f"replaces {earlier}, delivered before, with {booked}. Leave what was posted for that one and "
            f"book {difference} by hand in the ERP",
            "DELETE": f"deletes {earlier}, delivered before. Undo what was decided for that one, so that its items are "
            "open again, keep it on account and reverse that posting by hand in the ERP",
        }.get(action, f"corrects {earlier}, delivered before. Ask the bank which of the two holds")
        if len(self._corrections) < 100:
            self._corrections.append(
                Finding(
                    severity="error",
                    code="corrects_earlier_entry",
                    where=entry.where,
                    message=f"the entry {said}; this line itself moves no money here",
                )
            )

    def findings(self, account: str | None) -> Iterator[Finding]:
        """One finding per kind of oddity."""
        where = f"account {account}" if account else "account not named"
        yield from self._corrections
        yield from self._about_the_statement(where, named=account is not None)
        yield from self._about_entries(where)
        yield from self._about_what_is_not_read(where)

    def _about_the_statement(self, where: str, *, named: bool) -> Iterator[Finding]:
        if self.stray:
            text = f"{self.stray} amounts stand outside of any entry: the beginning of an entry seems to be lost"
            yield Finding(severity="error", code="stray_amounts", where=where, message=f"{text}; fetch the file again")
        if self.balance:
            text = f"the ledger balance cannot be read: {self.balance}"
            yield Finding(severity="warning", code="balance_unreadable", where=where, message=text)
        if not named:
            text = "the statement names no account (ACCTID); say in the configuration whose it is"
            yield Finding(severity="warning", code="account_missing", where=where, message=text)

    def _about_entries(self, where: str) -> Iterator[Finding]:
        if self.nameless:
            text = (
                f"{self.nameless} entries have no currency (CURDEF); give the account its currency in the configuration"
            )
            yield Finding(severity="warning", code="currency_missing", where=where, message=text)
        if self.balances:
            text = (
                f"{self.balances} lines among the entries only state a balance, the first is {self.first_balance}; "
                "they move no money here"
            )
            yield Finding(severity="warning", code="balance_among_entries", where=where, message=text)
        if self.against_type:
            text = (
                f"{self.against_type} entries are CREDIT with a negative or DEBIT with a positive amount, the first is "
                f"{self.first_against_type}; the amount is taken, ask the bank which one holds"
            )
            yield Finding(severity="warning", code="sign_against_type", where=where, message=text)
        if self.repeated:
            text = f"{self.repeated} entries repeat the FITID of another, the first is {self.first_repeated[:80]!r}"
            yield Finding(severity="info", code="fitid_repeated", where=where, message=text)
        if self.unnumbered:
            text = f"{self.unnumbered} entries have no FITID; they are told apart by their content"
            yield Finding(severity="info", code="fitid_missing", where=where, message=text)
        if self.foreign:
            text = f"{self.foreign} entries are in another currency than the account (CURRENCY)"
            yield Finding(severity="info", code="foreign_currency_entries", where=where, message=text)

    def _about_what_is_not_read(self, where: str) -> Iterator[Finding]:
        if self.pending:
            text = f"{self.pending} pending transactions (STMTTRNP) are announced; they come again when booked"
            yield Finding(severity="info", code="pending_not_read", where=where, message=text)
        if self.investments:
            text = f"{self.investments} securities transactions are not read; only bank transactions are"
            yield Finding(severity="info", code="securities_not_read", where=where, message=text)

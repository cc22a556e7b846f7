"""Takes statement files into the ledger: read, key, check, store, put away; each file wholly or not at all."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from integrations.bank.detect import HEAD_BYTES, detect
from integrations.bank.enrich import told_by_both
from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.bank.identity import normalised_account
from integrations.bank.read import ReadOptions, open_events
from integrations.bank.recognise import NotConfirmed, Recognised, SameMoney, Told, recognised
from integrations.bank.trust import weigh
from integrations.config.load import secret
from integrations.config.settings import AccountSettings, BankSettings, CompanySettings
from integrations.inbox.arrivals import Arrival, ArrivalGone, Inbox
from integrations.ledger.errors import LawBroken
from integrations.ledger.port import Ledger, StatementRow
from integrations.ledger.records import ArrivedFile, KnownFile, PreparedEntry, SameMoneyEntries, StandingEntry
from integrations.services.context import Problem, Run
from integrations.services.deliveries import family_of, known_bookings
from integrations.services.payments import Unusable, payments_of
from matching.model.bank_statement import (
    BankEntry,
    FileFacts,
    Finding,
    Integrity,
    Quarantined,
    ReadEvent,
    StatementEnd,
    StatementHeader,
    StatementStart,
)
from matching.model.money import to_minor

FileStatus = Literal["imported", "known", "refused", "stopped"]
_KEEP_RAW_UP_TO = 64 << 20
_PLAIN = AccountSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One imported statement as people want to see it; balances as the bank wrote them."""

    file: str
    account: str
    currency: str
    from_date: date | None
    to_date: date | None
    opening: Decimal | None
    closing: Decimal | None
    entries: int
    integrity: Integrity


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file. ``refused``: no statement; ``stopped``: a finding that shall keep it out."""

    name: str
    sha256: str
    status: FileStatus
    entries: int = 0
    entries_new: int = 0
    payments_new: int = 0
    quarantined: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What reading the bank inboxes brought."""

    files: tuple[FileReport, ...]
    statements: tuple[StatementLine, ...]
    findings: tuple[Finding, ...]
    quarantined: tuple[Problem, ...]

    @property
    def files_new(self) -> int:
        """Files that were taken in now."""
        return sum(file.status == "imported" for file in self.files)

    @property
    def files_known(self) -> int:
        """Files whose content had been taken in before."""
        return sum(file.status == "known" for file in self.files)

    @property
    def payments_new(self) -> int:
        """Payments that no file had brought before."""
        return sum(file.payments_new for file in self.files)


class AccountStopped(Exception):  # noqa: N818 - reads as what happened
    """A finding that the configuration wants looked at before the account's file is taken in."""


def inbox_of(bank: BankSettings, environment: Mapping[str, str] | None = None) -> Inbox:
    """The inbox that settings describe; options that are secrets are read from the environment now."""
    known = os.environ if environment is None else environment
    return Inbox(
        address=bank.inbox,
        options={**bank.options, **{option: secret(name, known) for option, name in bank.options_env.items()}},
        secrets=frozenset(bank.options_env),
        archive=bank.archive,
        settle_seconds=bank.settles_after,
    )


def import_statements(company: CompanySettings, ledger: Ledger, run: Run) -> ImportReport:
    """Take in every complete file that lies in the company's bank inboxes; a file known by content changes nothing.

    What is no statement is refused by name and stays where it is. A file leaves the inbox only once it is in the
    ledger. Raises InboxUnreachable when an inbox cannot be listed.
    """
    intake = _Intake(company=company, ledger=ledger, run=run)
    with tempfile.TemporaryDirectory(prefix="lettrage-") as scratch:
        for bank in company.banks:
            with inbox_of(bank) as inbox:
                arrivals = inbox.arrivals(run.clock())
                for place, arrival in enumerate(arrivals):
                    run.tell(f"reading statements from {bank.inbox}", place, len(arrivals))
                    intake.take(bank, inbox, arrival, Path(scratch))
    return ImportReport(
        files=tuple(intake.files),
        statements=tuple(intake.statements),
        findings=tuple(intake.findings),
        quarantined=tuple(intake.quarantined),
    )


@dataclass(slots=True, kw_only=True)
class _Intake:
    """What is gathered while files are taken in."""

    company: CompanySettings
    ledger: Ledger
    run: Run
    files: list[FileReport] = field(default_factory=list)
    statements: list[StatementLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    quarantined: list[Problem] = field(default_factory=list)

    def take(self, bank: BankSettings, inbox: Inbox, arrival: Arrival, scratch: Path) -> None:
        """Take in one file and put it away; a file that another run takes in at the same time is its business."""
        try:
            path, sha256 = inbox.fetch(arrival, scratch)
            self._take(bank, inbox, arrival, path, sha256)
        except (ArrivalGone, FileNotFoundError):
            return

    def _take(self, bank: BankSettings, inbox: Inbox, arrival: Arrival, path: Path, sha256: str) -> None:
        known = self.ledger.known_file(self.company.name, sha256)
        if known is None:
            known = self._import(bank, arrival, path, sha256)
        else:
            self.files.append(_file_report(arrival, known, "known"))
        if known is not None:
            inbox.put_away(arrival, sha256)

    def _import(self, bank: BankSettings, arrival: Arrival, path: Path, sha256: str) -> KnownFile | None:
        story = _Story(file=arrival.name, accounts=bank.accounts)
        file = ArrivedFile(sha256=sha256, name=arrival.name, size=arrival.size, content=_raw(path, arrival.size))
        change = self.run.change("system", "statement import", arrival.name)
        try:
            with self.ledger.transaction(self.company.name) as unit:
                events = recognised(
                    open_events(path, options=_options(bank, path)),
                    family=family_of(_family(path)),
                    delivery=sha256,
                    known=known_bookings(self.company.name, unit, bank.account_names()),
                    accounts=bank.account_names(),
                )
                known = unit.import_statement_file(
                    self.company.name, file, story.rows(events), change=change, combine=told_by_both_as_payments
                )
        except (NotAStatement, UnreadableStatement) as refusal:
            if not path.exists():
                raise ArrivalGone(str(refusal)) from refusal
            self._refuse(arrival, sha256, "refused", str(refusal))
            return None
        except AccountStopped as finding:
            self._refuse(arrival, sha256, "stopped", str(finding))
            return None
        except LawBroken as broken:
            self._refuse(arrival, sha256, "refused", f"{arrival.name}: {broken}; nothing of it was taken in")
            return None
        self.files.append(_file_report(arrival, known, "imported"))
        self.statements.extend(story.statements)
        self.findings.extend(story.findings)
        self.quarantined.extend(story.quarantined)
        return known

    def _refuse(self, arrival: Arrival, sha256: str, status: FileStatus, message: str) -> None:
        self.files.append(FileReport(name=arrival.name, sha256=sha256, status=status, message=message))
        self.quarantined.append(Problem(where=arrival.name, message=message))


@dataclass(slots=True, kw_only=True)
class _Story:
    """One file on its way into the ledger: events become rows, and what people should know is remembered."""

    file: str
    accounts: Mapping[str, AccountSettings]
    statements: list[StatementLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    quarantined: list[Problem] = field(default_factory=list)
    _account: AccountSettings = field(default_factory=lambda: _PLAIN)
    _header: StatementHeader | None = None
    _aside: list[BankEntry] = field(default_factory=list)

    def rows(self, events: Iterator[ReadEvent | Told]) -> Iterator[StatementRow]:
        """The file's rows for the ledger. Raises AccountStopped at a finding that shall keep the file out."""
        for event in events:
            if isinstance(event, Recognised):
                if not event.arrival.certain:
                    yield self._weighed(_doubtful(event))
                yield self._prepared(event)
            elif isinstance(event, SameMoney):
                yield self._weighed(_counted_once(event))
                yield self._put_together(event)
            elif isinstance(event, NotConfirmed):
                yield self._weighed(_not_confirmed(event))
            elif isinstance(event, Finding):
                yield self._weighed(event)
            else:
                assert not isinstance(event, BankEntry), "an entry that was not recognised"
                yield self._notice(event)

    def _notice(self, event: StatementStart | StatementEnd | Quarantined | FileFacts) -> StatementRow:
        """Remember what people should know."""
        if isinstance(event, StatementStart):
            self._header, self._aside = event.header, []
            self._account = settings_of(event.header.account, self.accounts)
        elif isinstance(event, StatementEnd):
            event = _without(event, self._aside)
            self.statements.append(_line(self.file, event))
        elif isinstance(event, Quarantined):
            self._set_aside(event)
        return event

    def _prepared(self, recognised: Recognised) -> StatementRow:
        assert self._header is not None, "an entry stands in a statement"
        key, entry = recognised.arrival.key, recognised.entry
        payments = payments_of(key, entry, self._header, currency=self._account.currency)
        if isinstance(payments, Unusable):
            part = Quarantined(
                where=payments.where, raw=f"{entry.amount:f}", code="unusable_amount", message=payments.message
            )
            self._aside.append(entry)
            self._set_aside(part)
            return part
        money = payments[0].currency
        return PreparedEntry(
            entry_key=key,
            entry=entry,
            amount=to_minor(entry.amount, money),
            currency=money,
            payments=payments if entry.status == "booked" else (),
            certain=recognised.arrival.certain,
            counts=recognised.counts,
        )

    def _put_together(self, same: SameMoney) -> StatementRow:
        one = same.collective
        return SameMoneyEntries(wholes=one.wholes, parts=one.parts, beside=one.beside, details=same.details)

    def _set_aside(self, part: Quarantined) -> None:
        self.quarantined.append(Problem(where=f"{self.file}, {part.where}", message=part.message, raw=part.raw))

    def _weighed(self, finding: Finding) -> Finding:
        (weighed,), stopping = weigh([finding], self._account.findings)
        if stopping:
            message = (
                f"{self.file}, {finding.where}: {finding.message}; the configuration (findings: "
                f"{finding.code}: stop) keeps this account's files out: put a corrected file in its place, or set "
                f"{finding.code} to warning for this account, and run again"
            )
            raise AccountStopped(message)
        self.findings.append(weighed)
        return weighed


def settings_of(written: str | None, accounts: Mapping[str, AccountSettings]) -> AccountSettings:
    """What is configured for an account, however its statement writes it: with blanks, or as its domestic number."""
    if not written or written in accounts:
        return accounts.get(written or "", _PLAIN)
    names = {other: account for account, one in accounts.items() for other in one.also_written}
    wanted = normalised_account(written, names)
    return next((one for account, one in accounts.items() if wanted == normalised_account(account)), _PLAIN)


def told_by_both_as_payments(
    standing: StandingEntry, arriving: PreparedEntry, header: StatementHeader
) -> PreparedEntry | None:
    """What an entry and its payments are after another delivery of it; None where the money would not be the same."""
    entry = told_by_both(standing.entry, standing.final, arriving.entry, header.kind == "final")
    payments = payments_of(standing.entry_key, entry, header, currency=arriving.currency)
    if isinstance(payments, Unusable) or sum(one.amount for one in payments) != arriving.amount:
        return None
    if any(one.currency != arriving.currency for one in payments):
        return None
    booked = entry.status == "booked"
    return replace(arriving, entry_key=standing.entry_key, entry=entry, payments=payments if booked else ())


def _options(bank: BankSettings, path: Path) -> ReadOptions:
    """How to read this file: the account's configured dialect, if the file's first statement is of such an account."""
    plain = ReadOptions(second_opinion_entries=bank.second_opinion_up_to)
    if not any(account.dialect for account in bank.accounts.values()):
        return plain
    peek = ReadOptions(second_opinion_entries=0)
    events = open_events(path, options=peek)
    first = next((event for event in events if isinstance(event, StatementStart)), None)
    account = settings_of(first.header.account if first else None, bank.accounts)
    if account.dialect is None:
        return plain
    return ReadOptions(dialect=account.dialect, second_opinion_entries=bank.second_opinion_up_to)


def _without(end: StatementEnd, aside: Sequence[BankEntry]) -> StatementEnd:
    """The end of a statement some entries of which cannot be taken over: of the rest nothing can be balanced."""
    booked = [one for one in aside if one.status == "booked"]
    return replace(
        end,
        entry_count=end.entry_count - len(aside),
        booked_total=end.booked_total - sum((one.amount for one in booked), Decimal(0)),
        integrity="unverifiable" if booked and end.integrity == "balanced" else end.integrity,
    )


def _doubtful(found: Recognised) -> Finding:
    entry, why = found.entry, found.arrival.why
    message = (
        f"{entry.amount} {entry.currency or ''} of {entry.booking_date or entry.value_date} was taken for a booking "
        f"that is known already ({why}), though not everything agrees; compare it with the other statement"
    )
    return Finding(severity="warning", code="doubtful_delivery", where=entry.where, message=message)


def _counted_once(found: SameMoney) -> Finding:
    one = found.collective
    message = (
        f"{len(one.wholes)} and {len(one.parts)} bookings of {one.day}, {one.amount} {one.currency} together, are the "
        f"same money told in whole and in parts ({one.why}); it is counted once"
    )
    return Finding(severity="info", code="collective_booking", where=found.where, message=message)


def _not_confirmed(found: NotConfirmed) -> Finding:
    one = found.booking
    message = (
        f"{one.amount} {one.currency} of {one.day} was told as booked by an earlier report, and this statement of that "
        "day does not hold it; the payment stays as it is: ask the bank, or look for it in a collective amount"
    )
    return Finding(
        severity="warning", code="not_in_statement", where=found.told_by or "earlier report", message=message
    )


def _family(path: Path) -> str:
    """The format by the file's first bytes; the members of a zip are CAMT, the one format that banks zip."""
    with path.open("rb") as source:
        found = detect(source.read(HEAD_BYTES), path.name)
    return "camt" if found == "zip" else found


def _raw(path: Path, size: int) -> bytes | None:
    """The file's bytes for the archive inside the ledger; very large files are kept in the archive folder only."""
    return path.read_bytes() if size <= _KEEP_RAW_UP_TO else None


def _line(file: str, end: StatementEnd) -> StatementLine:
    header = end.header
    return StatementLine(
        file=file,
        account=header.account or "",
        currency=header.currency or "",
        from_date=header.from_date,
        to_date=header.to_date,
        opening=header.opening,
        closing=header.closing,
        entries=end.entry_count,
        integrity=end.integrity,
    )


def _file_report(arrival: Arrival, known: KnownFile, status: FileStatus) -> FileReport:
    return FileReport(
        name=arrival.name,
        sha256=known.sha256,
        status=status,
        entries=known.entries_read,
        entries_new=known.entries_new if status == "imported" else 0,
        payments_new=known.payments_new if status == "imported" else 0,
        quarantined=known.quarantined,
    )

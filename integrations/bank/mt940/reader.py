"""MT940, MT942 and MT950 files, read once from front to back."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from integrations.bank.mt940.balances import read_balance, read_control_sum
from integrations.bank.mt940.dates import day
from integrations.bank.mt940.dialects import Dialect, dialect_named
from integrations.bank.mt940.entries import EntryReader
from integrations.bank.mt940.entry_line import columns_of
from integrations.bank.mt940.remarks import is_iban
from integrations.bank.mt940.statement import StatementInProgress
from integrations.bank.mt940.tokenizer import Field, Run, fields, rewindable, survey
from matching.model.bank_statement import (
    FileFacts,
    Finding,
    ReadEvent,
    StatementFormat,
    StatementStart,
)
from matching.model.currencies import MINOR_DIGITS

_MESSAGE_TYPE = re.compile(r"(?:\{2:[IO]|\n(?=9[45][0-9] *(?:\n|$)|9[45]0 00))(94[02]|950)")
_SUBFIELDS = re.compile(r"[0-9]{3}[^0-9A-Za-z /][0-9]{2}")
_SEQUENCE = re.compile(r"\s*([^/\s]*)\s*(?:/\s*([0-9]{1,9}))?")
# What may follow the text of the last field of a message: trailer, next envelope, file headers of Dutch banks.
_TRAILER = re.compile(r"\n(?:[ ]?-(?:\}|\x03|XXX|[ ]*(?:\n|$))|\{[1-5]:|[A-Z]{6}[A-Z0-9]{2,5} *\n9[45][0-9] *\n)")
_REMARKS = frozenset({"86", "86 "})
_HEADS = frozenset({"", "20", "940", "942", "950", "25", "25P", "28", "28C", "13", "13D", "34F"})
_INTERIM_FIELDS = frozenset({"34F", "13D", "90D", "90C"})
_OPENING_FIELDS = frozenset({"20", "25", "25P", "28", "28C", "60", "60F", "60M", "62", "62F", "62M", "13D", "34F"})
_FIRST_FIELDS = frozenset({"25", "25P", "28", "28C", "60", "60F", "60M", "13", "13D", "34F"})


def count_entries(source: BinaryIO) -> int:
    """How many lines of the raw bytes begin with `:61:`, by a plain scan that knows nothing of the format."""
    with rewindable(source) as (bytes_read, _):
        return survey(bytes_read).entry_count


def read_events(source: BinaryIO, *, dialect: str | None = None) -> Iterator[ReadEvent]:
    """The file's statements, entries and findings in file order; the last event is `FileFacts`.

    Reads in pieces: memory does not depend on the size of the file. Every `:61:` line of the raw bytes becomes
    one `BankEntry` or one `Quarantined`. ``transaction_code`` is the four-character SWIFT type as written
    ("NTRF"), with the bank's own business code behind a slash where field 86 gives one ("NTRF/166").
    ``entry_reference`` is the reference for the account owner, ``bank_reference`` what follows ``//``.
    ``booking_date`` is the entry date where the line has one; it is None where the bank left it out.

    ``dialect`` names how the bank writes field 86; without it every entry's dialect is recognised from content.
    Raises ValueError when there is no dialect of that name.
    """
    forced = dialect_named(dialect) if dialect else None
    with rewindable(source) as (bytes_read, wide):
        yield from _Reading(bytes_read, forced, wide).events()


class _Reading:
    """One pass over one file."""

    def __init__(self, source: BinaryIO, forced: Dialect | None, wide: str | None = None) -> None:
        self._source = source
        self._wide = wide
        self._forced = forced
        self._entries = EntryReader(forced)
        self._statement: StatementInProgress | None = None
        self._currency: str | None = None
        self._held: Field | None = None  # an entry whose texts are still coming
        self._texts: list[str] = []
        self._notes: list[str] = []
        self._among_entries = False
        self._yielded = 0
        self._kinds: set[str] = set()
        self._announced: str | None = None

    def events(self) -> Iterator[ReadEvent]:
        facts = survey(self._source)
        if facts.mixed:
            yield _finding(
                "warning", "encoding_mixed", 1, "some characters are not UTF-8 and were read as Windows text"
            )
        for field in fields(self._source, facts.encoding, facts.errors):
            if isinstance(field, Run):
                yield from self._next_entries(field.numbers[0])
                yield from self._read_entries(field)
            elif field[0] == "61":
                yield from self._next_entries(field[1])
                self._held = field
            elif self._held and field[0] in _REMARKS:
                self._texts.append(field[2] if field[3] not in _HEADS else _without_trailer(field[2]))
            elif self._held and field[0] == "NS":
                self._notes += _remittance_of_ns(field[2])
            else:
                yield from self._complete()
                self._among_entries = False
                yield from self._other(field)
        yield from self._complete()
        yield from self._end_statement()
        assert self._yielded == facts.entry_count, "an entry was lost or doubled while reading"
        yield FileFacts(
            format=self._format(),
            version=self._announced if self._announced == "mt950" else None,
            encoding=self._wide or facts.encoding,
            dialect=self._main_dialect(),
            entries_in_file=facts.entry_count,
        )

    # -- Entries ------------------------------------------------------------------------------------------------

    def _begin_entries(self, line: int) -> Iterator[ReadEvent]:
        statement = self._statement
        if statement is None:
            statement = self._statement = StatementInProgress(line, headless=True)
            message = "entries stand here without a statement header: account and balances are not known"
            yield _finding("warning", "statement_header_missing", line, message)
        if statement.closing_seen:
            message = "an entry stands after the closing balance; it is counted with the statement before it"
            yield _finding("warning", "entry_after_closing_balance", line, message)
        yield from self._start(statement)
        self._currency = statement.currency
        if self._currency is None and not statement.headless:
            message = "no field before the entries names the currency; the entries have none"
            yield _finding("warning", "currency_missing", line, message)

    def _start(self, statement: StatementInProgress) -> Iterator[ReadEvent]:
        if not statement.started:
            statement.started = True
            yield StatementStart(header=statement.header())

    def _next_entries(self, line: int) -> Iterator[ReadEvent]:
        """Entries begin or go on at the line."""
        yield from self._complete()
        if not self._among_entries:
            yield from self._begin_entries(line)
            self._among_entries = True

    def _complete(self) -> Iterator[ReadEvent]:
        """The entry that was held back until all its texts had been seen, if there is one."""
        if self._held is not None:
            (_tag, number, body, next_tag), self._held = self._held, None
            texts, self._texts = self._texts, []
            columns = columns_of(_without_trailer(body) if next_tag in _HEADS else body)
            run = Run((number,), columns, ("\n".join(texts),), None if len(texts) == 1 else tuple(texts))
            yield from self._read_entries(run)

    def _read_entries(self, run: Run) -> Iterator[ReadEvent]:
        assert self._statement is not None
        self._yielded += len(run.numbers)
        notes, self._notes = self._notes, []
        return self._entries.read(run, self._statement, self._currency, notes)

    # -- Everything else ----------------------------------------------------------------------------------------

    def _other(self, field: Field) -> Iterator[ReadEvent]:
        tag, line, body, _next = field
        value = body.partition("\n")[0].strip()
        if tag and "{2:" in body:
            self._announce(body)
        if not tag or tag in {"940", "942", "950"}:
            self._announce(body if not tag else f"\n{tag}\n")
            if not tag and self._statement is not None:
                message = "a field is longer than any bank writes; the rest of its text from here on was left out"
                yield _finding("warning", "field_overlong", line, message)
            return
        statement = self._statement
        if tag[:2] == "25" and statement is not None and statement.started and _SUBFIELDS.match(value):
            message = "this account field holds the text of an entry and was left out; the file is damaged here"
            yield _finding("warning", "field_misplaced", line, message)
            return
        if statement is None and tag not in _OPENING_FIELDS:
            return  # a text or a forward balance that belongs to no statement
        if (
            tag == "20"
            or statement is None
            or (tag in _FIRST_FIELDS and (statement.started or statement.closing_seen or tag in statement.seen))
        ):
            yield from self._end_statement()
            statement = self._statement = StatementInProgress(line)
            if self._announced == "mt942":
                statement.kind = "interim"
        if tag != "34F":  # one floor limit for debits, one for credits
            statement.seen.add(tag)
        if tag[:2] in {"60", "62"}:
            yield from self._read_balance(statement, field)
        else:
            self._read_header(statement, tag, value)

    def _read_header(self, statement: StatementInProgress, tag: str, value: str) -> None:
        if tag == "20":
            statement.statement_id = value or None
        elif tag in {"25", "25P"}:
            self._read_account(statement, value)
        elif tag in {"28", "28C"}:
            found = _SEQUENCE.match(value)
            assert found is not None
            statement.sequence = found.group(1) or None
            statement.page = int(found.group(2)) if found.group(2) else None
        elif tag in _REMARKS:
            statement.read_sums(value)
        elif tag in _INTERIM_FIELDS:
            statement.kind = "interim"
            if tag == "13D":
                statement.reported_on = day(value[:6]) if value[:6].isdigit() else None
            elif tag == "34F":
                statement.floor_currency = value[:3] if value[:3].isalpha() else None
            elif tag == "90D":
                statement.debits = read_control_sum(value)
            elif tag == "90C":
                statement.credits = read_control_sum(value)

    def _announce(self, text: str) -> None:
        """Take note of the message type that an envelope or a file header names."""
        found = _MESSAGE_TYPE.findall(text)
        if found:
            self._announced = f"mt{found[-1]}"

    def _read_account(self, statement: StatementInProgress, value: str) -> None:
        if value[-3:] in MINOR_DIGITS and any(sign.isdigit() for sign in value[:-3]):
            value, statement.account_currency = value[:-3].rstrip(), value[-3:]
        value = value.removeprefix("/").strip()
        compact = value.replace(" ", "")
        statement.account = (compact if is_iban(compact) else value) or None

    def _read_balance(self, statement: StatementInProgress, field: Field) -> Iterator[ReadEvent]:
        tag, line, body, _next = field
        balance = read_balance(body)
        opening = tag[:2] == "60"
        what = "opening" if opening else "closing"
        if balance is None:
            message = f"the {what} balance cannot be read: {body[:80]!r}; the statement cannot be checked"
            yield _finding("error", "balance_unreadable", line, message)
        elif balance.on is None:
            yield _finding("warning", "balance_date_invalid", line, f"the date of the {what} balance does not exist")
        if self._announced != "mt942":
            statement.kind = "final"  # reports within the day have no balances of their own
        if opening:
            statement.opening, statement.opening_seen = balance, True
            return
        yield from self._start(statement)
        if statement.closing_seen:
            same = balance == statement.closing
            message = "a second closing balance stands here" + ("" if same else " and differs from the first")
            yield _finding("info" if same else "error", "closing_balance_repeated", line, message)
            return
        statement.closing, statement.closing_seen = balance, True
        statement.last_page = tag[2:].upper() != "M"

    def _end_statement(self) -> Iterator[ReadEvent]:
        statement, self._statement = self._statement, None
        if statement is None:
            return
        yield from self._start(statement)
        self._kinds.add(statement.kind)
        yield from statement.findings()
        yield statement.end()

    def _format(self) -> StatementFormat:
        return "mt942" if self._kinds == {"interim"} else "mt940"

    def _main_dialect(self) -> str | None:
        if self._forced:
            return self._forced.NAME
        dialects = self._entries.dialects
        return dialects.most_common(1)[0][0] if dialects else None


def _without_trailer(body: str) -> str:
    found = _TRAILER.search(body)
    return body[: found.start()] if found else body


def _remittance_of_ns(body: str) -> list[str]:
    """Lines 01 to 14 of a German `:NS:` block are remittance text."""
    return [line[2:] for line in body.split("\n") if line[:2].isdecimal() and 1 <= int(line[:2]) <= 14]


def _finding(severity: str, code: str, line: int, message: str) -> Finding:
    return Finding(severity=severity, code=code, where=f"line {line}", message=message)  # type: ignore[arg-type]

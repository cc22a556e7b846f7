"""Reads a statement file of any format: as a stream of events for the ledger, or whole for a person.

Whatever the readers of the formats do, two laws are watched here, once for all of them: every entry in the raw bytes
is returned or quarantined, and what is no statement is refused by name before anything else happens.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from integrations.bank.archive import ArchiveLimits, members
from integrations.bank.camt.reader import read_events as read_camt
from integrations.bank.detect import HEAD_BYTES, FormatFamily, detect
from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.bank.mt940.reader import read_events as read_mt940
from integrations.bank.ofx.reader import read_events as read_ofx
from integrations.bank.review import Review
from matching.model.bank_statement import (
    BankEntry,
    BankStatement,
    FileFacts,
    Finding,
    Quarantined,
    ReadEvent,
    StatementEnd,
    StatementFile,
    StatementStart,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read.

    ``dialect`` overrides the `:86:` dialect of MT940 that is otherwise recognised from the content.
    ``second_opinion_entries`` is up to how many entries a file is read by a second library too; 0 never.
    """

    dialect: str | None = None
    second_opinion_entries: int = 5_000
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


def open_events(path: Path, *, options: ReadOptions | None = None) -> Iterator[ReadEvent]:
    """Everything the file says, in file order, in bounded memory; the last event is FileFacts.

    A zip reads as one file: its members one after another, ``where`` led by the member's name. Raises NotAStatement
    and UnreadableStatement, the first always before any event.
    """
    chosen = options or ReadOptions()
    with _open(path) as source:
        try:
            yield from events_of(source, path.name, options=chosen)
        except OSError as trouble:
            raise UnreadableStatement(f"{path} cannot be read to its end ({trouble.strerror}); try again") from trouble


def read_file(path: Path, *, options: ReadOptions | None = None) -> StatementFile:
    """The whole file in memory, with the sha256 of its bytes. Raises NotAStatement and UnreadableStatement."""
    with _open(path) as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return collect(open_events(path, options=options), name=path.name, sha256=digest)


def collect(events: Iterable[ReadEvent], *, name: str, sha256: str) -> StatementFile:
    """The stream put together: statements with their entries, findings and quarantined parts in file order."""
    statements: list[BankStatement] = []
    entries: list[BankEntry] = []
    findings: list[Finding] = []
    quarantined: list[Quarantined] = []
    facts: FileFacts | None = None
    for event in events:
        match event:
            case BankEntry():
                entries.append(event)
            case StatementStart():
                assert not entries, "entries stand outside of a statement"
            case StatementEnd():
                statements.append(BankStatement(header=event.header, integrity=event.integrity, entries=tuple(entries)))
                entries.clear()
            case Finding():
                findings.append(event)
            case Quarantined():
                quarantined.append(event)
            case FileFacts():
                facts = event
    assert facts is not None, "a reader ends with the facts on the file"
    assert not entries, "a statement was not ended"
    return StatementFile(
        name=name,
        sha256=sha256,
        facts=facts,
        statements=tuple(statements),
        findings=tuple(findings),
        quarantined=tuple(quarantined),
    )


# -- One file, whatever it is -------------------------------------------------------------------------------------


def _open(path: Path) -> io.BufferedReader:
    if path.is_dir():
        raise UnreadableStatement(f"{path} is a folder; name the statement files in it")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise UnreadableStatement(f"{path} does not exist; check the name") from None
    except OSError as trouble:
        raise UnreadableStatement(f"{path} cannot be opened ({trouble.strerror}); check its permissions") from trouble


def events_of(source: BinaryIO, name: str, *, options: ReadOptions | None = None) -> Iterator[ReadEvent]:
    """Like `open_events`, from a seekable stream that stands at its beginning; ``name`` is for messages."""
    options = options or ReadOptions()
    family = detect(_head(source), name)
    if family == "zip":
        yield from _zip_events(source, name, options)
    else:
        yield from _reviewed(source, family, options)


def _head(source: BinaryIO) -> bytes:
    head = source.read(HEAD_BYTES)
    source.seek(0, io.SEEK_SET)
    return head


def _mt940_events(source: BinaryIO, options: ReadOptions) -> Iterator[ReadEvent]:
    return read_mt940(source, dialect=options.dialect)


def _camt_events(source: BinaryIO, _options: ReadOptions) -> Iterator[ReadEvent]:
    return read_camt(source)


def _ofx_events(source: BinaryIO, _options: ReadOptions) -> Iterator[ReadEvent]:
    return read_ofx(source)


_READERS: Mapping[FormatFamily, Callable[[BinaryIO, ReadOptions], Iterator[ReadEvent]]] = {
    "mt940": _mt940_events,
    "camt": _camt_events,
    "ofx": _ofx_events,
}


def family_of(path: Path, *, options: ReadOptions | None = None) -> FormatFamily:
    """Which family of formats the file is in; of a zip, its first statement. Raises like `open_events`."""
    with _open(path) as source:
        family = detect(_head(source), path.name)
        if family != "zip":
            return family
        for member, stream in members(source, path.name, (options or ReadOptions()).archive):
            try:
                return detect(_head(stream), member)
            except NotAStatement:
                continue
    raise NotAStatement(f"{path.name} is a zip without any bank statement in it; look whether it is the right one")


def _zip_events(source: BinaryIO, name: str, options: ReadOptions) -> Iterator[ReadEvent]:
    """The members' events as if they were one file; what is no statement in the zip is named, not fatal."""
    first: FileFacts | None = None
    entries = 0
    for member, stream in members(source, name, options.archive):
        try:
            family = detect(_head(stream), f"{member} in {name}")
        except NotAStatement as refusal:
            yield Finding(severity="warning", code="member_not_a_statement", where=member, message=str(refusal))
            continue
        for event in _reviewed(stream, family, options):
            if isinstance(event, FileFacts):
                entries += event.entries_in_file
                first = first or event
            else:
                yield _within(member, event)
    if first is None:
        raise NotAStatement(f"{name} is a zip without any bank statement in it; look whether it is the right one")
    yield replace(first, entries_in_file=entries)


def _within(member: str, event: ReadEvent) -> ReadEvent:
    if isinstance(event, BankEntry | Finding | Quarantined):
        return replace(event, where=f"{member}: {event.where}" if event.where else member)
    return event


def _reviewed(source: BinaryIO, family: FormatFamily, options: ReadOptions) -> Iterator[ReadEvent]:
    """The events of one file, watched: is every entry accounted for, do balances join, does the other parser agree?"""
    review = Review(source, family, second_opinion_entries=options.second_opinion_entries)
    for event in _READERS[family](source, options):
        if isinstance(event, FileFacts):
            yield from review.findings(event)
        else:
            review.note(event)
        yield event

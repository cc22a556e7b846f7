"""Reads OFX 1.x (SGML) and 2.x (XML) with one tolerant tokenizer over bytes, in bounded memory.

Entries are the STMTTRN elements of bank, credit card and investment statements. Everything else in the file is read
only as far as it says something about them: account, currency, period and ledger balance. OFX has no opening balance,
so a statement alone proves nothing; the chain of ledger balances does (`integrations.bank.trust`).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from integrations.bank.ofx.elements import ElementCounter, ElementStream, Piece
from integrations.bank.ofx.entry import EntryUnreadable
from integrations.bank.ofx.source import plain_chunks, wide_encoding
from integrations.bank.ofx.statement import OpenStatement
from integrations.bank.ofx.text import TextDecoder
from integrations.bank.ofx.values import plain_text
from matching.model.bank_statement import FileFacts, Finding, Quarantined, ReadEvent

_RAW_KEPT = 4_000
_TOKEN = re.compile(
    rb"<(/?)([A-Za-z][\w.:-]{0,60})(?:\s[^<>]{0,2000})?/?>([^<]*(?:<(?!/?[A-Za-z][\w.:-]*[\s/>])[^<]*)*)"
)
_VERSION = re.compile(rb"(?:(?<![A-Za-z])|(?<=OFXSGML))VERSION\s*[:=]\s*\"?\s*(\d{1,3})", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"<\?xml[^>]*>", re.IGNORECASE)

_STATEMENTS = {"STMTRS", "CCSTMTRS", "INVSTMTRS"}
_ENVELOPES = {
    "STMTTRNRS",
    "CCSTMTTRNRS",
    "INVSTMTTRNRS",
    "BANKMSGSRSV1",
    "CREDITCARDMSGSRSV1",
    "INVSTMTMSGSRSV1",
    "OFX",
}


def read_events(source: BinaryIO) -> Iterator[ReadEvent]:
    """Statements, entries, findings and quarantined elements in file order; FileFacts last.

    Never raises for what stands in the file. Memory does not grow with the file.
    """
    yield from _Reading(source).events()


def count_entries(source: BinaryIO) -> int:
    """How many STMTTRN elements the file holds, by a plain scan that knows nothing else of the format."""
    counter = ElementCounter()
    for chunk in plain_chunks(source):
        counter.feed(chunk.upper())
    return counter.count


class _Reading:
    """One pass over one file."""

    def __init__(self, source: BinaryIO) -> None:
        first = source.read(16)
        source.seek(-len(first), 1)
        self.stream = ElementStream(plain_chunks(source))
        head = self.stream.head
        root = head.upper().find(b"<OFX")
        prologue = head[: root if root >= 0 else 2048]
        self.decode = TextDecoder(prologue, wide=wide_encoding(first))
        version = _VERSION.search(_XML_DECLARATION.sub(b"", prologue))
        self.version = version.group(1).decode("ascii") if version else None
        self.is_xml = b"<?" in prologue
        self.statement: OpenStatement | None = None
        self.number = 0
        self.status: dict[str, str] | None = None
        self.root_open = False

    def events(self) -> Iterator[ReadEvent]:
        """The whole file."""
        for piece in self.stream.pieces():
            if piece.kind == "entry":
                yield from self._entry(piece)
            else:
                yield from self._structure(piece)
        yield from self._end_statement()
        if self.root_open:
            yield Finding(
                severity="error",
                code="truncated_file",
                where="end of file",
                message="the file ends before </OFX>, so its end is missing; fetch it from the bank again",
            )
        yield FileFacts(
            format="ofx",
            version=self.version,
            encoding=self.decode.encoding,
            dialect="xml" if self.is_xml else "sgml",
            entries_in_file=self.stream.entries_counted,
        )

    def _entry(self, piece: Piece) -> Iterator[ReadEvent]:
        if self.statement is None:
            self.statement = OpenStatement()
        if not self.statement.started:
            yield from self.statement.begin()
        self.number += 1
        where = f"line {piece.line}, STMTTRN[{self.number}]"
        text = self.decode(piece.raw)
        if piece.ending in {"file_end", "too_long"}:
            message = "the entry has no end, and what is missing cannot be guessed"
            yield Quarantined(where=where, raw=text[:_RAW_KEPT], code="entry_cut_off", message=message)
            return
        try:
            yield self.statement.entry(text, where)
        except EntryUnreadable as trouble:
            yield Quarantined(where=where, raw=text[:_RAW_KEPT], code=trouble.code, message=str(trouble))

    # -- what stands between entries ------------------------------------------------------------------------------

    def _structure(self, piece: Piece) -> Iterator[ReadEvent]:
        if b"<" not in piece.raw:
            return
        for closing, raw_name, raw_value in _TOKEN.findall(piece.raw):
            name = raw_name.decode("ascii").upper().rpartition(":")[2]
            if name in _STATEMENTS or name in _ENVELOPES:
                yield from self._envelope(name, opening=not closing)
            elif name == "STATUS":
                yield from self._status_tag(piece, opening=not closing)
            elif self.status is not None:
                if not closing:
                    self.status[name] = plain_text(self.decode(raw_value))
            elif self.statement is not None:
                if closing:
                    self.statement.close(name)
                else:
                    self.statement.open(name, raw_value, self.decode)

    def _envelope(self, name: str, *, opening: bool) -> Iterator[ReadEvent]:
        """A statement begins or ends; an envelope around statements ends one that was left open."""
        yield from self._end_statement()
        if name in _STATEMENTS and opening:
            self.statement = OpenStatement()
        if name == "OFX":
            self.root_open = opening

    def _end_statement(self) -> Iterator[ReadEvent]:
        if self.statement is not None:
            yield from self.statement.end()
            self.statement = None

    def _status_tag(self, piece: Piece, *, opening: bool) -> Iterator[ReadEvent]:
        """The bank's own word on whether it could answer; an error is passed on, the file stays readable."""
        status, self.status = self.status, ({} if opening else None)
        if status and (status.get("SEVERITY", "").upper() == "ERROR"):
            said = status.get("MESSAGE") or "no text"
            yield Finding(
                severity="warning",
                code="bank_reports_error",
                where=f"line {piece.line}",
                message=f"the bank reports error {status.get('CODE') or 'without number'}: {said[:200]}",
            )

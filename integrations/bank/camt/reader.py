"""Reads CAMT.052, CAMT.053 and CAMT.054 of every version, as a stream, in memory that does not grow with the file.

The story: the file becomes UTF-8; a plain scan counts where entries start; the XML is proved well-formed and taken
apart; each entry is built and forgotten. Where the XML breaks, everything before stays read, and every entry the scan
still finds is kept as raw text in quarantine. So what was returned and what was quarantined always add up to what the
bytes hold.
"""

import re
from collections import deque
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import BinaryIO

from integrations.bank.camt.document import Found, XmlBroken, XmlDocument, what_broke
from integrations.bank.camt.raw import EntryScan, Utf8Source, count_entry_starts, raw_entries
from integrations.bank.camt.statements import StatementsReader
from integrations.bank.errors import NotAStatement, UnreadableStatement
from matching.model.bank_statement import FileFacts, Finding, Quarantined, ReadEvent

_LARGEST_ELEMENT = 128 * 1024 * 1024  # bytes; an entry of this size holds more than a hundred thousand payments
_DECLARATION = re.compile(rb"<\?xml\s")


def read_events(source: BinaryIO) -> Iterator[ReadEvent]:
    """Everything the CAMT file says, in file order; the last event is FileFacts.

    Entries returned and parts quarantined always add up to ``count_entries`` of the same bytes. Raises NotAStatement
    before any event when the XML holds no statement, report or notification and no entry; UnreadableStatement when it
    brings a document type definition or is in an unknown encoding.
    """
    utf8 = Utf8Source(source)
    reading = _Reading(utf8)
    yield from reading.events()
    yield from _encoding_findings(utf8)
    yield reading.facts()


def count_entries(source: BinaryIO) -> int:
    """How many `Ntry` elements start in the raw bytes, whatever their prefix; comments and CDATA do not count.

    >>> import io
    >>> count_entries(io.BytesIO(b"<Stmt><Ntry><Amt>1</Amt></Ntry><n:Ntry/><NtryRef/></Stmt>"))
    2
    """
    return count_entry_starts(Utf8Source(source).pieces())


class _Reading:
    """One pass through one file: the scan and the parser side by side."""

    def __init__(self, source: Utf8Source) -> None:
        self._source = source
        self._scan = EntryScan()
        self._statements = StatementsReader()
        self._since_element = 0
        # Pieces that hold an entry the parser has not completed yet, each with the scan's state before it.
        self._unfinished: deque[tuple[EntryScan, bytes]] = deque()

    def events(self) -> Iterator[ReadEvent]:
        """Everything but the facts on the file. Raises NotAStatement and UnreadableStatement."""
        pieces = self._source.pieces()
        document = XmlDocument()
        fed = False
        try:
            for piece in pieces:
                self._take(piece)
                for begins, part in _by_document(piece):
                    if begins and fed:
                        yield from self._read(document.close())
                        document = XmlDocument()
                    yield from self._read(document.feed(part))
                    fed = True
                self._let_go()
            yield from self._read(document.close())
        except XmlBroken as trouble:
            yield from self._read(document.rescue())
            yield from self._broken(what_broke(trouble), pieces)
        else:
            self._scan.finish()
            yield from self._statements.end()
            yield from self._not_reached(pieces, "misplaced_entry", "the parser does not see this entry as an element")
        self._refuse_other_documents()

    def facts(self) -> FileFacts:
        """The facts on the file, when it has been read."""
        return FileFacts(
            format=self._statements.format,
            version=self._statements.version,
            encoding=self._source.encoding,
            dialect=None,
            entries_in_file=self._scan.found,
        )

    # -- Piece by piece ----------------------------------------------------------------------------------------

    def _take(self, piece: bytes) -> None:
        self._unfinished.append((self._scan.copy(), piece))
        self._scan.feed(piece)
        self._since_element += len(piece)
        if self._since_element > _LARGEST_ELEMENT:
            message = (
                f"the XML goes on for more than {_LARGEST_ELEMENT} bytes without completing an entry or statement; "
                "ask the bank to split the file"
            )
            raise UnreadableStatement(message)
        if self._scan.document_type:
            message = (
                "the XML brings a document type definition, which no bank statement has and which can be used to "
                "attack the reader; nothing was read, ask the sender where the file comes from"
            )
            raise UnreadableStatement(message)

    def _let_go(self) -> None:
        while len(self._unfinished) > 1:
            following = self._unfinished[1][0]
            if following.hidden or following.found > self._statements.entries_seen:
                break
            self._unfinished.popleft()

    def _read(self, found: Iterator[Found]) -> Iterator[ReadEvent]:
        for element, entries in found:
            self._since_element = 0
            yield from self._statements.read(element, entries)

    # -- Where the XML ends too early --------------------------------------------------------------------------

    def _broken(self, trouble: str, pieces: Iterator[bytes]) -> Iterator[ReadEvent]:
        where = self._statements.where
        message = (
            f"the XML is damaged ({trouble}); everything before that place was read, the entries behind it are "
            "quarantined; fetch the file from the bank again"
        )
        lost = self._not_reached(pieces, "xml_broken", "the XML is damaged here; fetch the file again")
        first = next(lost, None)
        if first is None:
            self._refuse_other_documents()
        yield Finding(severity="error", code="xml_broken", where=where, message=message)
        if first is not None:
            yield first
            yield from lost
        yield from self._statements.end(damaged=True)

    def _not_reached(self, pieces: Iterator[bytes], code: str, message: str) -> Iterator[Quarantined]:
        """The entries that the scan finds and the parser has not handed over."""
        if self._unfinished:
            begin = self._unfinished[0][0]
            kept = [piece for _, piece in self._unfinished]
            self._unfinished.clear()
            scan = begin.copy()
            skip = self._statements.entries_seen - begin.found
            for raw in raw_entries(scan, chain(kept, pieces), skip=skip):
                yield Quarantined(where=self._statements.next_place(), raw=raw, code=code, message=message)
            self._scan = scan

    def _refuse_other_documents(self) -> None:
        if not self._statements.is_camt and not self._scan.found:
            message = (
                "this XML holds no statement, report or notification of CAMT.052, CAMT.053 or CAMT.054; "
                "look whether it is the right file"
            )
            raise NotAStatement(message)


def _by_document(piece: bytes) -> Iterator[tuple[bool, bytes]]:
    """The piece cut where a new XML document begins: some banks deliver several in one file."""
    if b"?" not in piece:
        yield False, piece
        return
    starts = [match.start() for match in _DECLARATION.finditer(piece)]
    if not starts or starts[0]:
        yield False, piece[: starts[0] if starts else None]
    for start, stop in pairwise([*starts, len(piece)]):
        yield True, piece[start:stop]


def _encoding_findings(source: Utf8Source) -> Iterator[Finding]:
    if source.wrongly_declared:
        message = (
            f"the file is declared to be in {source.encoding} but holds bytes that are not; they were read as "
            "Windows-1252, names and texts may be spelled wrongly"
        )
        yield Finding(severity="warning", code="wrong_encoding", where="", message=message)
    if source.controls:
        message = f"{source.controls} control characters that XML forbids were read as blanks"
        yield Finding(severity="info", code="control_characters", where="", message=message)

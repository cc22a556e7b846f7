"""The raw bytes of a CAMT file: their encoding, and where the entries start in them.

The XML parser decides what an entry says; the scan here decides how many there are. The two are independent on
purpose: what the parser never reaches, because the file is cut or broken, the scan still counts and keeps.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import BinaryIO

from integrations.bank.errors import UnreadableStatement

CHUNK_BYTES = 32_768
RAW_TEXT_LIMIT = 100_000
"""How many bytes of one unreadable entry are kept; an entry of this size holds some hundred payments."""

_HEAD_BYTES = 1024  # what is looked at for the encoding
_LONGEST_TAG = 512  # a start tag is looked for across chunks up to this length; longer names do not exist in CAMT
_ENTRY = re.compile(rb"<Ntry[\s/>]")
_PREFIXED_ENTRY = re.compile(rb"<(?:[^<>/\s:!?]+:)?Ntry[\s/>]")
_ENTRY_END = re.compile(rb"</(?:[^<>/\s:!?]+:)?Ntry\s*>")
_MARK = re.compile(rb"<!--|<!\[CDATA\[|<\?|<(?:[^<>/\s:!?]+:)?Ntry[\s/>]")
_PROLOG_MARK = re.compile(rb"<!--|<\?|<!DOCTYPE|<(?:[^<>/\s:!?]+:)?Ntry[\s/>]|<[^!?\s]")
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_BLANKED = bytes(32 if code in _CONTROLS else code for code in range(256))
_DECLARATION = re.compile(rb"<\?xml\s[^>]*?\?>")
_DECLARED_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._\-]*)["']""")


# -- Bytes in any encoding -> UTF-8 ----------------------------------------------------------------------------


class Utf8Source:
    """The file as UTF-8 in chunks, without byte order mark, leading blanks and characters that XML forbids.

    What was done to get there is told afterwards: ``encoding`` is the one the file is in, ``wrongly_declared`` says
    that bytes were found that this encoding does not know (they are read as Windows-1252), ``controls`` counts
    forbidden control characters that were read as blanks.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.encoding = "utf-8"
        self.wrongly_declared = False
        self.controls = 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes, about CHUNK_BYTES at a time, not cut inside a tag of usual length. Raises UnreadableStatement."""
        kept = b""
        for plain in self._plain():
            piece, kept = _cut_before_open_tag(kept + plain if kept else plain)
            if piece:
                yield piece
        if kept:
            yield kept

    def _plain(self) -> Iterator[bytes]:
        chunk = self._source.read(CHUNK_BYTES)
        while 0 < len(chunk) < _HEAD_BYTES and (more := self._source.read(CHUNK_BYTES)):
            chunk += more
        self.encoding, mark = _encoding_of(chunk)
        chunk = chunk[mark:]
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="lettrage-cp1252")
        as_is = self.encoding == "utf-8"
        begun = False
        while True:
            if as_is and chunk and chunk.isascii() and not decoder.getstate()[0]:
                plain = chunk
            else:
                plain = self._decoded(decoder, chunk)
            plain = self._without_controls(plain)
            if not begun:
                plain = plain.lstrip()
                begun = bool(plain)
            yield plain
            if not chunk:
                return
            chunk = self._source.read(CHUNK_BYTES)

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes) -> bytes:
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii() and _MISREAD in text:
            self.wrongly_declared = True
            text = text.replace(_MISREAD, "")
        return text.encode("utf-8", "replace")

    def _without_controls(self, plain: bytes) -> bytes:
        cleaned = plain.translate(_BLANKED)
        if cleaned != plain:
            self.controls += len(plain) - len(plain.translate(None, _CONTROLS))
        return cleaned


_MISREAD = "\ufdd0"  # a code point that no text may hold; marks that a byte was not in the declared encoding


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Read what is not in the encoding as Windows-1252, as most programs that lie about UTF-8 mean it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace") + _MISREAD, error.end


codecs.register_error("lettrage-cp1252", _as_windows_1252)


def _encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding of a file from its first bytes, and how long its byte order mark is.

    Source: XML 1.0, appendix F. Raises UnreadableStatement when the declared encoding is unknown.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return encoding, len(mark)
    for pattern, encoding in (
        (b"<\0\0\0", "utf-32-le"),
        (b"\0\0\0<", "utf-32-be"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if head.startswith(pattern):
            return encoding, 0
    declaration = _DECLARATION.search(head[:_HEAD_BYTES])
    declared = _DECLARED_ENCODING.search(declaration.group()) if declaration else None
    if declared is None:
        return "utf-8", 0
    name = declared.group(1).decode("ascii")
    try:
        reads_itself = b"<?xml ".decode(name) == "<?xml "
        decoder = codecs.getincrementaldecoder(name)(errors="lettrage-cp1252")
        decoder.decode(b"<\xff>", final=True)
    except (LookupError, ValueError):
        message = f"the file says it is in the encoding {name!r}, which cannot be read; ask the bank for UTF-8"
        raise UnreadableStatement(message) from None
    # The declaration itself was read as ASCII, so UTF-16 and its like are out of the question.
    return (codecs.lookup(name).name if reads_itself else "utf-8"), 0


def _cut_before_open_tag(data: bytes) -> tuple[bytes, bytes]:
    """The bytes up to a tag or a marker that may go on in the next piece, and the rest.

    >>> _cut_before_open_tag(b"<Amt>1</Amt><Nt"), _cut_before_open_tag(b"text --")
    ((b'<Amt>1</Amt>', b'<Nt'), (b'text ', b'--'))
    """
    last = data.rfind(b"<", max(0, len(data) - _LONGEST_TAG))
    if last >= 0 and b">" not in data[last:]:
        return data[:last], data[last:]
    for tail in (b"--", b"]]", b"-", b"]", b"?"):
        if data.endswith(tail):
            return data[: -len(tail)], tail
    return data, b""


# -- The scan --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class EntryScan:
    """Counts the starts of `Ntry` elements in UTF-8 that comes in pieces, none of which ends inside a tag.

    Starts inside a comment, a CDATA section or a processing instruction are text and do not count, unless the end of
    the file comes before the end of the comment: then nothing shows that they were meant as text.
    """

    found: int = 0
    begun: bool = False  # whether an element has begun; a document type can only stand before
    document_type: bool = False
    awaited: bytes = b""
    hidden: int = 0

    def feed(self, piece: bytes) -> None:
        """Take the next bytes into account."""
        if self.begun and not self.awaited and b"!" not in piece and b"?" not in piece:
            pattern = _PREFIXED_ENTRY if b":Ntry" in piece else _ENTRY
            self.found += len(pattern.findall(piece))
        else:
            self.starts(piece)

    def finish(self) -> int:
        """How many entries the bytes hold in all."""
        self.found, self.hidden = self.found + self.hidden, 0
        return self.found

    def copy(self) -> "EntryScan":
        """The state as it is now, to come back to."""
        return replace(self)

    def starts(self, piece: bytes) -> list[int]:
        """Where entries start in the piece, which continues the pieces before; counts them."""
        starts: list[int] = []
        at = 0
        while True:
            if self.awaited:
                end = piece.find(self.awaited, at)
                stop = len(piece) if end < 0 else end
                self.hidden += len(_PREFIXED_ENTRY.findall(piece, at, stop))
                if end < 0:
                    break
                at, self.awaited, self.hidden = end + len(self.awaited), b"", 0
            mark = (_MARK if self.begun else _PROLOG_MARK).search(piece, at)
            if mark is None:
                break
            at = mark.end()
            kind = mark.group()
            self.awaited = _ENDS.get(kind, b"")
            if kind == b"<!DOCTYPE":
                self.document_type = True
            elif not self.awaited:
                self.begun = True
                if b"Ntry" in kind:
                    starts.append(mark.start())
        self.found += len(starts)
        return starts


def count_entry_starts(pieces: Iterable[bytes]) -> int:
    """How many `Ntry` elements start in the UTF-8 bytes.

    >>> count_entry_starts([b"<D><Ntry>a</Ntry>", b"<n:Ntry/><NtryRef/><!-- <Ntry> ", b"--></D>"])
    2
    """
    scan = EntryScan()
    for piece in pieces:
        scan.feed(piece)
    return scan.finish()


# -- What the parser did not reach -----------------------------------------------------------------------------


def raw_entries(scan: EntryScan, pieces: Iterable[bytes], *, skip: int) -> Iterator[str]:
    """The raw text of every entry that starts in the pieces, which continue at the scan's state, after the first few.

    Each text reaches to the end of its entry, or to the next entry where it has no end. The scan counts on.
    """
    text = b""
    found = 0
    for piece, starts in _marked(scan, pieces):
        edges = [*starts, len(piece)]
        if len(text) < RAW_TEXT_LIMIT:
            text += piece[: edges[0]]
        for start, stop in pairwise(edges):
            if found > skip:
                yield _closed(text)
            found += 1
            text = piece[start:stop]
    if found > skip:
        yield _closed(text)


def entries_within(entry: str) -> list[str]:
    """The raw text of every entry that starts within another one, which no version of the standard allows.

    >>> entries_within("<Ntry><Amt>1</Amt><Ntry>a</Ntry></Ntry>"), entries_within("<Ntry><!-- <Ntry> --></Ntry>")
    (['<Ntry>a</Ntry>'], [])
    """
    return list(raw_entries(EntryScan(), [entry.encode("utf-8", "replace")], skip=1))


def _marked(scan: EntryScan, pieces: Iterable[bytes]) -> Iterator[tuple[bytes, list[int]]]:
    """Each piece with the places where entries start in it; at last those in a comment that never ends."""
    unended = b""
    for piece in pieces:
        starts = scan.starts(piece)
        if scan.hidden and len(unended) < RAW_TEXT_LIMIT:
            unended += piece
        elif not scan.hidden:
            unended = b""
        yield piece, starts
    hidden = scan.hidden
    scan.finish()
    places = [match.start() for match in _PREFIXED_ENTRY.finditer(unended)]
    for at in range(hidden):
        yield (unended[places[at - hidden] :] if hidden - at <= len(places) else b"<Ntry>"), [0]


def _closed(text: bytes) -> str:
    """The text of an entry up to its end."""
    end = _ENTRY_END.search(text)
    return text[: end.end() if end else RAW_TEXT_LIMIT].decode("utf-8", "replace").rstrip()

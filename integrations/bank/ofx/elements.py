"""Cuts an OFX stream into its entry elements (STMTTRN) and what stands between them, in bounded memory.

Leaves are often not closed in OFX, aggregates should be; where an STMTTRN is not, it ends where the next one begins
or where its list ends. Nothing is understood here; every byte of the stream ends up in exactly one piece.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

_ENTRY = b"<STMTTRN"
_CLOSE = b"</STMTTRN"
_SLASH = ord("/")
_NAME_ENDS = frozenset(b"> \t\r\n/")
_LIST_ENDS = re.compile(rb"</?(?:BANKTRANLIST|INVTRANLIST|INVBANKTRAN|CCSTMTRS|STMTRS|INVSTMTRS|LEDGERBAL)\s*>")
_LONGEST = 1 << 20
"""An element that does not end within a megabyte is cut off there: one line may be lost, not the memory."""


Ending = Literal["closed", "implied", "file_end", "too_long"]
Kind = Literal["structure", "entry"]


class Piece(NamedTuple):
    """A stretch of the stream: ``structure`` between entries, or the inside of one entry.

    ``ending`` tells how an entry ended: by its own end tag, by what may only follow it, by the end of the file, or
    because it went beyond all measure. ``line`` is where the piece begins, counted from 1.
    """

    kind: Kind
    raw: bytes
    line: int
    ending: Ending


class ElementCounter:
    """Counts STMTTRN elements over chunks, apart from all parsing; longer names that begin alike are not meant."""

    def __init__(self) -> None:
        self.count = 0
        self._held = b""

    def feed(self, upper: bytes) -> None:
        """Take the next chunk, already in upper case."""
        text = self._held + upper
        position = text.find(_ENTRY)
        while 0 <= position < len(text) - len(_ENTRY):
            if text[position + len(_ENTRY)] in _NAME_ENDS:
                self.count += 1
            position = text.find(_ENTRY, position + len(_ENTRY))
        self._held = text[position:] if position >= 0 else text[1 - len(_ENTRY) :]


class ElementStream:
    """The pieces of a stream of plain chunks, and the count of entry elements seen in its bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._counter = ElementCounter()
        self._raw = self._upper = b""
        self._position = 0
        self._line = 1
        self._newline = b"\n"
        self._ended = False
        self._refill()
        if b"\n" not in self._raw:
            self._newline = b"\r"

    @property
    def head(self) -> bytes:
        """The beginning of the file; only before the first piece was taken."""
        return self._raw[:65_536]

    @property
    def entries_counted(self) -> int:
        """Entry elements in the bytes read so far."""
        return self._counter.count

    def pieces(self) -> Iterator[Piece]:
        """Structure and entries in file order."""
        while True:
            while piece := self._plain_entry():
                yield piece
            start = self._find_entry(self._position, len(self._upper))
            if start >= 0:
                if self._upper.find(b"<", self._position, start) >= 0:
                    yield self._take("structure", self._position, start, "closed")
                yield self._entry(start)
                continue
            if self._ended:
                yield self._take("structure", self._position, len(self._raw), "file_end")
                return
            # A tag and its value may go on in the next chunk, so the last one waits.
            cut = self._upper.rfind(b"<", self._position)
            if cut < 0 or len(self._upper) - cut > _LONGEST:
                cut = len(self._upper)
            if cut > self._position:
                yield self._take("structure", self._position, cut, "closed")
                self._advance(cut)
            self._refill()

    def _plain_entry(self) -> Piece | None:
        """The next element, if it follows at once, is written plainly, closed and wholly read, as nearly all are."""
        upper, raw, position = self._upper, self._raw, self._position
        start = upper.find(b"<", position)
        inside = start + 9
        if upper[start:inside] != b"<STMTTRN>":
            return None
        close = upper.find(b"</STMTTRN>", inside)
        if close < 0 or upper.find(_ENTRY, inside, close) >= 0 or upper.find(b"TRANLIST", inside, close) >= 0:
            return None
        line = self._line + raw.count(self._newline, position, start)
        self._line = line + raw.count(self._newline, start, close)
        self._position = close + 10
        return Piece("entry", raw[inside:close], line, "closed")

    def _entry(self, start: int) -> Piece:
        """An element that is not closed, or written unusually, or not wholly read yet; the position moves behind it."""
        self._advance(start)
        while True:
            inside = self._upper.find(b">", self._position) + 1
            if inside and self._upper[inside - 2] == _SLASH:
                return self._taken_entry(inside, inside, inside, "closed")
            close = self._find_name(_CLOSE, inside, len(self._upper)) if inside else -1
            implied = self._implied_end(inside, close if close >= 0 else len(self._upper)) if inside else -1
            if implied >= 0:
                return self._taken_entry(inside, implied, implied, "implied")
            after = self._upper.find(b">", close) + 1 if close >= 0 else 0
            if after:
                return self._taken_entry(inside, close, after, "closed")
            if len(self._upper) - self._position > _LONGEST:
                return self._taken_entry(inside, len(self._upper), len(self._upper), "too_long")
            if not self._refill():
                return self._taken_entry(inside, len(self._upper), len(self._upper), "file_end")

    def _implied_end(self, inside: int, limit: int) -> int:
        """Where an entry without end tag must have ended, -1 where nothing before ``limit`` says so."""
        following = self._find_entry(inside, limit)
        if self._upper.find(b"TRANLIST", inside, limit if following < 0 else following) >= 0:
            ends = _LIST_ENDS.search(self._upper, inside, limit if following < 0 else following)
            return ends.start() if ends else following
        if following < 0 and limit == len(self._upper):
            ends = _LIST_ENDS.search(self._upper, inside, limit)
            return ends.start() if ends else -1
        return following

    def _taken_entry(self, inside: int, end: int, after: int, ending: Ending) -> Piece:
        piece = self._take("entry", inside, end, ending)
        self._advance(after)
        return piece

    def _take(
        self,
        kind: Kind,
        start: int,
        end: int,
        ending: Ending,
    ) -> Piece:
        return Piece(kind, self._raw[start:end], self._line, ending)

    def _find_entry(self, start: int, end: int) -> int:
        return self._find_name(_ENTRY, start, end)

    def _find_name(self, name: bytes, start: int, end: int) -> int:
        """Where the tag with exactly this name begins; -1 also where its name might go on beyond what was read."""
        upper, length = self._upper, len(name)
        found = upper.find(name, start, end)
        while found >= 0:
            after = found + length
            if after >= len(upper):
                return -1
            if upper[after] in _NAME_ENDS:
                return found
            found = upper.find(name, after, end)
        return -1

    def _advance(self, position: int) -> None:
        self._line += self._raw.count(self._newline, self._position, position)
        self._position = position

    def _refill(self) -> bool:
        """Read on; False at the end of the file. What lies before the position is given up."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self._ended = True
            return False
        upper = chunk.upper()
        self._counter.feed(upper)
        self._raw = self._raw[self._position :] + chunk
        self._upper = self._upper[self._position :] + upper
        self._position = 0
        return True

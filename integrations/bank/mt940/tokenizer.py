"""Bytes into fields: which encoding, where each `:61:` stands, and nothing that is not in the file.

A field begins at the start of a line with a tag that MT940, MT942 or MT950 knows, and runs to the next one.
Other lines that begin with a colon (a wrapped time of day, `:26:37`) are text of the field they stand in.
"""

import codecs
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import BinaryIO, NamedTuple, cast

from integrations.bank.mt940.encoding import EncodingSurvey
from integrations.bank.mt940.entry_line import LINE, LineColumns

CHUNK_BYTES = 1 << 14
# A field longer than this is no bank statement any more; it is cut here so that memory stays bounded.
FIELD_LIMIT = 1 << 16
_SPOOL_BYTES = 1 << 23
_PARTIAL_TAG = 8
_HEAD_BYTES = 4_096
# The first tag of a file, with the blanks before it.
_FIRST_TAG = re.compile(rb"(?:^|[\r\n]|\xbf)([ \t]*):(?:20|25P?|28C?|60[FM]|61):")

_FIELD = re.compile(r"\n:(61|86 ?|20|21|25P?|28C?|13D?|34F|60[FMfm]?|62[FMfm]?|64|65F?|90[CDcd]|NS|940|942|950):")
# An entry with one field 86 that stands before another entry; a line that begins with a colon is left to closer looks.
_PLAIN_ENTRY = re.compile(rf"\n:61:{LINE}\n:86:([^\n]*+(?:\n(?!:)[^\n]*+)*+)(?=\n:61:)")
_COLUMNS = _PLAIN_ENTRY.groups
_CLOCK_LIKE = frozenset({"20", "21", "25", "28", "13"})
_HOUR = re.compile(r"(?<![0-9])[0-2][0-9]$")
_MINUTE = re.compile(r"[0-5][0-9](?![0-9A-Za-z/])")
# Control characters before a tag come from joined files (DOS end-of-file) and from the SWIFT network. Entries are
# left alone: the plain scan of the raw bytes would not count them.
_STRAY_SIGNS = "\x1a\x01\x03\x02\x00\ufeff"
_STRAY = re.compile(rf"\n(?=[ ]*+[{_STRAY_SIGNS}])[{_STRAY_SIGNS} ]++:(?!61:)")


Field = tuple[str, int, str, str]
"""One field: tag without colons, number of its first line, its text with line breaks, and the tag after it."""


class Run(NamedTuple):
    """Entries in a row, in columns: the number of the line each begins on, its field 61, its fields 86 as one text.

    In a file nearly all entries have exactly one field 86 and stand before another entry, so that whole runs of them
    are cut by one pattern. Any other entry is a run of its own, with its ``remarks`` if they are not exactly one.
    """

    numbers: Sequence[int]
    lines: LineColumns
    texts: Sequence[str]
    remarks: Sequence[str] | None = None

    def raw(self, at: int) -> str:
        """An irregular entry as it stands in the file."""
        texts = self.texts[at : at + 1] if self.remarks is None else self.remarks
        return "".join([f":61:{self.lines.body(at)}", *(f"\n:86:{text}" for text in texts)])

    def alone(self, at: int) -> "Run":
        """One of the entries as a run of its own."""
        here = slice(at, at + 1)
        lines = LineColumns._make(part[here] for part in self.lines)
        return Run(self.numbers[here], lines, self.texts[here], self.remarks)


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the raw bytes says: the encoding, and how many lines begin with `:61:`."""

    encoding: str
    errors: str
    mixed: bool
    entry_count: int


@contextmanager
def rewindable(source: BinaryIO) -> Iterator[tuple[BinaryIO, str | None]]:
    """A source that can be read twice: the source itself, or a copy that spills to disk.

    Text in UTF-16 (some accounting programs export it) is turned into UTF-8 on the way; the second value then names
    what it was. Where every line is indented (copied out of a mail), the copy is without the indent.
    """
    if not source.seekable():
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
            while block := source.read(CHUNK_BYTES):
                copy.write(block)
            copy.seek(0)
            with rewindable(cast("BinaryIO", copy)) as found:
                yield found
        return
    start = source.tell()
    head = source.read(_HEAD_BYTES)
    source.seek(start)
    wide = wide_codec(head)
    first_tag = _FIRST_TAG.search(head)
    indent = first_tag.group(1) if first_tag else b""
    if wide is None and not indent:
        yield source, None
        return
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
        if wide:
            decoder = codecs.getincrementaldecoder(wide)("replace")
            while block := source.read(CHUNK_BYTES):
                copy.write(decoder.decode(block).encode("utf-8", "replace"))
        else:
            for line in source:
                copy.write(line.removeprefix(indent))
        copy.seek(0)
        with rewindable(cast("BinaryIO", copy)) as (found, _):
            yield found, wide


def wide_codec(head: bytes) -> str | None:
    r"""UTF-16, with or without its byte order mark, if every other byte is NUL as in plain Latin text.

    >>> wide_codec(b":\x002\x000\x00:\x00A\x00"), wide_codec(b"\xfe\xff\x00:\x002\x000\x00:"), wide_codec(b":20:A")
    ('utf-16-le', 'utf-16', None)
    """
    head = head[:64]
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    even, odd = head[0::2], head[1::2]
    if odd.count(0) * 4 > len(odd) * 3 and even.count(0) * 4 < len(even):
        return "utf-16" if head.startswith(codecs.BOM_UTF16_LE) else None if marked else "utf-16-le"
    if even.count(0) * 4 > len(even) * 3 and odd.count(0) * 4 < len(odd):
        return "utf-16" if head.startswith(codecs.BOM_UTF16_BE) else None if marked else "utf-16-be"
    return None


def survey(source: BinaryIO) -> Survey:
    """Read the source once from where it stands and go back there."""
    start = source.tell()
    encodings = EncodingSurvey()
    count = 0
    tail = b"\n"
    while block := source.read(CHUNK_BYTES):
        encodings.feed(block)
        window = (tail + block).replace(b"\r", b"\n")
        count += window.count(b"\n:61:")
        tail = window[-4:]  # one byte less than what is counted: seen again when cut, never counted twice
    source.seek(start)
    if encodings.head.startswith(codecs.BOM_UTF8 + b":61:"):
        count += 1
    encoding = encodings.decide()
    return Survey(encoding.name, encoding.errors, encoding.mixed, count)


def _texts(source: BinaryIO, encoding: str, errors: str) -> Iterator[str]:
    """The decoded source in pieces, every line end turned into LF."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    first = True
    block = b"\n"
    while block:
        block = source.read(CHUNK_BYTES)
        text = decoder.decode(block, not block)
        if first and text:
            text = text.removeprefix("\ufeff")
            first = False
        if text:
            yield text


def _cut_time(before: str, after: str) -> bool:
    r"""Whether a line end cut a time of day in a text, so that its minutes look like a tag.

    >>> _cut_time("PAID ON 12-09-2014T16", "37 BY CARD"), _cut_time("INVOICE 16", "STARTUMS")
    (True, False)
    """
    return _HOUR.search(before) is not None and _MINUTE.match(after) is not None


def fields(source: BinaryIO, encoding: str, errors: str) -> Iterator[Field | Run]:
    """Every field of the source in order, plain entries in runs; text outside any field has an empty tag."""
    line = 0
    tag = ""
    head = ""  # "\n:61:" and so on: what of the held text is tag
    held = "\n"  # the text of the last field seen, which may go on in the next piece
    for text in _texts(source, encoding, errors):
        *parts, last = _PLAIN_ENTRY.split(_mended(head + held + text))
        for between, columns in _runs(parts):
            if between:
                found, line = _separated([*_FIELD.split(between), "61", ""], line)
                yield from found
            run, line = _run(columns, line)
            yield run
        # The last field is held back: only its successor tells where it ends.
        parts = _FIELD.split(last)
        if len(parts) > 1:
            found, line = _separated(parts, line)
            yield from found
            tag = parts[-2]
            head = f"\n:{tag}:"
        held = parts[-1]
        if len(held) > FIELD_LIMIT:
            cut = len(held) - _PARTIAL_TAG
            yield (tag, line + bool(tag), held[:cut], "")
            line += bool(tag) + held.count("\n", 0, cut)
            tag, head, held = "", "", held[cut:]
    if tag or held.strip("\n"):
        yield (tag, line + bool(tag), held, "")


def _runs(parts: list[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """What `_PLAIN_ENTRY` cut, run by run: the text before the run, and the columns of its entries."""
    before = parts[:: _COLUMNS + 1]
    begins = [0, *(at for at, text in enumerate(before) if text and at)] if parts else []
    for begin, end in pairwise([*begins, len(before)]):
        first, stop = begin * (_COLUMNS + 1), end * (_COLUMNS + 1)
        yield before[begin], [parts[first + column : stop : _COLUMNS + 1] for column in range(1, _COLUMNS + 1)]


def _run(columns: list[list[str]], line: int) -> tuple[Run, int]:
    """A run of entries after the line, and the number of the last line it ends on."""
    *parts, texts = columns
    lines = LineColumns(*parts)
    lengths = [2 + more.count("\n") + text.count("\n") for more, text in zip(lines.supplements, texts, strict=True)]
    *numbers, after = accumulate(lengths, initial=line + 1)
    return Run(numbers, lines, texts), after - 1


def _mended(block: str) -> str:
    """The text with each tag at the start of a line, whatever the way to us put before it."""
    if any(sign in block for sign in _STRAY_SIGNS):
        block = _STRAY.sub("\n:", block)
    if "{" in block and "{4::2" in block:  # the first field on the line of its envelope
        block = block.replace("{4::2", "{4:\n:2")
    return block


def _separated(parts: list[str], line: int) -> tuple[list[Field], int]:
    r"""The fields of a text split at its tags, all but the last one, and the number of the last line they end on.

    A field whose tag turns out to be minutes becomes part of the field before it, in ``parts`` too.

    >>> _separated(["", "61", "A", "86", "TEXT\nMORE", "61", ""], 4)
    ([('61', 5, 'A', '86'), ('86', 6, 'TEXT\nMORE', '61')], 7)
    """
    found: list[Field] = []
    if parts[0]:
        found.append(("", line + 1, parts[0], parts[1]))
        line += parts[0].count("\n")
    for at in range(1, len(parts) - 2, 2):
        tag, body, following = parts[at : at + 3]
        if following in _CLOCK_LIKE and tag == "86" and _cut_time(body, parts[at + 3]):
            parts[at + 2 : at + 4] = tag, f"{body}\n:{following}:{parts[at + 3]}"
            continue
        line += 1
        found.append((tag, line, body, following))
        line += body.count("\n")
    return found, line

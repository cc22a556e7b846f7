"""OFX bytes on their way in: whatever a bank wraps around them is taken off, chunk by chunk.

What comes out is one kind of text for the tokenizer: single bytes, no NUL, no comments, CDATA turned into escaped
text. OFX 1.x is SGML (clause 2.3 of the specification), OFX 2.x is XML; here they are the same.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 1 << 18
_SECTION_LIMIT = 1 << 20
"""A comment or CDATA section longer than this is taken for text: nobody shall make us hold a whole file."""

_ESCAPED_ROOT = re.compile(rb"&(?:lt|#60|#x3c);(?:\?OFX|OFX|SIGNONMSGSRSV1)\b", re.IGNORECASE)
_PLAIN_ROOT = re.compile(rb"<(?:\?OFX|OFX|SIGNONMSGSRSV1)\b", re.IGNORECASE)
_PREFIXED_ROOT = re.compile(rb"<([A-Za-z][\w.-]{0,30}:)OFX[\s>]", re.IGNORECASE)
_SECTION = re.compile(rb"<!\[CDATA\[|<!--")
_SECTION_STARTS = (b"<![CDATA[", b"<!--")
_ESCAPES = (
    (re.compile(rb"&(?:lt|#60|#x3c);", re.IGNORECASE), b"<"),
    (re.compile(rb"&(?:gt|#62|#x3e);", re.IGNORECASE), b">"),
    (re.compile(rb"&(?:quot|#34|#x22);", re.IGNORECASE), b'"'),
    (re.compile(rb"&(?:amp|#38|#x26);", re.IGNORECASE), b"&"),
)


def plain_chunks(source: BinaryIO) -> Iterator[bytes]:
    """The file as chunks of plain OFX text. The first chunk holds the header where there is one."""
    chunks = _raw_chunks(source)
    first = next(chunks, b"")
    wide = _wide_codec(first)
    if wide:
        chunks = _narrowed(first, chunks, wide)
        first = next(chunks, b"")
    escaped = bool(_ESCAPED_ROOT.search(first)) and not _PLAIN_ROOT.search(first)
    stream = _joined(first, chunks)
    prefix = _PREFIXED_ROOT.search(first)
    if prefix:
        stream = _unprefixed(stream, prefix.group(1))
    return _without_sections(_unescaped(stream) if escaped else stream)


def wide_encoding(head: bytes) -> str | None:
    """Name `utf-16` where the file is written in two bytes per character, else None."""
    return "utf-16" if _wide_codec(head) else None


def _raw_chunks(source: BinaryIO) -> Iterator[bytes]:
    """Chunks of full size, however little a source gives at a time; the header stands in the first."""
    parts: list[bytes] = []
    held = 0
    while part := source.read(CHUNK_BYTES - held):
        parts.append(part)
        held += len(part)
        if held >= CHUNK_BYTES:
            yield b"".join(parts)
            parts, held = [], 0
    if parts:
        yield b"".join(parts)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first.replace(b"\x00", b"") if b"\x00" in first else first
    for chunk in rest:
        yield chunk.replace(b"\x00", b"") if b"\x00" in chunk else chunk


def _wide_codec(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[1:2] == b"\x00" and head[3:4] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[2:3] == b"\x00" and head[1:2] != b"\x00":
        return "utf-16-be"
    return None


def _narrowed(first: bytes, rest: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    yield decoder.decode(first).encode("utf-8", "replace")
    for chunk in rest:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _unescaped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A file whose every tag was escaped as if it were text (`&lt;OFX&gt;`), one level taken off."""
    held = b""
    for chunk in chunks:
        text = held + chunk
        cut = text.rfind(b"&", max(0, len(text) - 8))
        text, held = (text, b"") if cut < 0 else (text[:cut], text[cut:])
        yield _unescape(text)
    yield _unescape(held)


def _unprefixed(chunks: Iterator[bytes], prefix: bytes) -> Iterator[bytes]:
    """XML whose names all carry the prefix of a namespace (`<ofx:OFX>`), without it."""
    held = b""
    for chunk in chunks:
        text = held + chunk
        cut = text.rfind(b"<", max(0, len(text) - len(prefix) - 2))
        text, held = (text, b"") if cut < 0 else (text[:cut], text[cut:])
        yield text.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    yield held.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")


def _unescape(text: bytes) -> bytes:
    for pattern, plain in _ESCAPES:
        text = pattern.sub(plain, text)
    return text


def _without_sections(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Comments dropped and CDATA made ordinary escaped text; a section may span chunks."""
    held = b""
    for chunk in chunks:
        text = held + chunk if held else chunk
        held = b""
        if b"<!" in text:
            text, held = _section_free(text)
        tail = text.rfind(b"<", max(0, len(text) - 9))
        if not held and tail >= 0 and any(start.startswith(text[tail:]) for start in _SECTION_STARTS):
            text, held = text[:tail], text[tail:]
        if text:
            yield text
    if held:
        yield held


def _section_free(text: bytes) -> tuple[bytes, bytes]:
    """The text without sections, and what must wait for the next chunk because its section is not closed yet."""
    parts: list[bytes] = []
    position = 0
    while found := _SECTION.search(text, position):
        comment = found.group() == b"<!--"
        end = text.find(b"-->" if comment else b"]]>", found.end())
        if end < 0:
            if len(text) - found.start() < _SECTION_LIMIT:
                parts.append(text[position : found.start()])
                return b"".join(parts), text[found.start() :]
            parts.append(text[position : found.end()])
            position = found.end()
            continue
        parts.append(text[position : found.start()])
        section = text[found.end() : end]
        # Line numbers are for people: a dropped comment leaves its line ends behind.
        parts.append(b"\n" * section.count(b"\n") if comment else _escape(section))
        position = end + 3
    parts.append(text[position:])
    return b"".join(parts), b""


def _escape(text: bytes) -> bytes:
    return text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")

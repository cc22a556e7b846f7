"""Which characters the bytes of an OFX file mean, whatever its header claims.

`CHARSET:1252` over UTF-8 is common, UTF-8 under `ENCODING:USASCII` too. Text that is valid UTF-8 with a character
beyond ASCII is UTF-8: in any 8-bit code the same bytes would be a run of odd symbols.
"""

import codecs
import re

_HEADER_CHARSET = re.compile(rb"CHARSET\s*[:=]\s*\"?([\w.-]+)", re.IGNORECASE)
_HEADER_ENCODING = re.compile(rb"ENCODING\s*[:=]\s*[\"']?([\w.-]+)", re.IGNORECASE)
_NOT_SAID = {"", "NONE", "UNICODE", "USASCII", "US-ASCII", "ASCII", "UTF-8", "UTF8", "CP1252", "WINDOWS-1252"}


class TextDecoder:
    """Turns the file's bytes into text and remembers in which encodings they turned out to be."""

    def __init__(self, head: bytes, *, wide: str | None) -> None:
        self.wide = wide
        self.fallback = _declared_codec(head) or "cp1252"
        self.used: dict[str, None] = {}

    def __call__(self, raw: bytes) -> str:
        """The text of the bytes; never fails, and a character cut in the middle at the end of a field is left out."""
        if raw.isascii():
            return raw.decode("ascii")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as trouble:
            return self._other(raw, trouble)
        self.used["utf-8"] = None
        return text

    def _other(self, raw: bytes, trouble: UnicodeDecodeError) -> str:
        # Banks cut NAME after 32 bytes, which may split a character; the rest of the text is UTF-8 all the same.
        if trouble.reason != "invalid start byte" and (trouble.start > 0 and not raw[: trouble.start].isascii()):
            self.used["utf-8"] = None
            return raw.decode("utf-8", "ignore")
        self.used[self.fallback] = None
        return raw.decode(self.fallback, "replace") if self.fallback != "cp1252" else _cp1252(raw)

    @property
    def encoding(self) -> str:
        """What the file is encoded in, as found: `ascii` when nothing went beyond it."""
        return self.wide or "+".join(self.used) or "ascii"


def _declared_codec(head: bytes) -> str | None:
    """The 8-bit encoding that the header names, where Python knows it and it says more than UTF-8 or ASCII."""
    charset = _HEADER_CHARSET.search(head) or _HEADER_ENCODING.search(head)
    name = charset.group(1).decode("ascii").upper() if charset else ""
    if name in _NOT_SAID:
        return None
    for candidate in (f"cp{name}" if name.isdigit() else name, name):
        try:
            return codecs.lookup(candidate).name
        except LookupError:
            continue
    return None


def _cp1252(raw: bytes) -> str:
    """Windows code page 1252, with its five unassigned bytes read as Latin-1 does."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in raw)

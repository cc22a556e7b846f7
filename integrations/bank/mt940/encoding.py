"""Which characters the bytes of a statement stand for: looked at once over the whole file, decided once, recorded.

SWIFT allows a subset of ASCII. Banks send ASCII, UTF-8 with and without byte order mark, Windows and ISO code
pages and now and then the DOS code page; a UTF-8 character may be cut by a wrap at 65 bytes. Which single-byte page
it is, the country of the account says best: the same byte is a Czech, a Hungarian or a Danish letter.
"""

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field

from integrations.bank.mt940.code_pages import code_page_of

_ASCII = bytes(range(0x80))
_ESCAPED = re.compile("[\udc80-\udcff]")
_HEAD_BYTES = 8_192  # enough for the account and the opening balance of the first statement

# Bytes that are letters in one code page and rarely met in the others.
_WESTERN = b"\xe4\xf6\xfc\xc4\xd6\xdc\xdf\xe9\xe8\xe0\xe7\xe5\xf8\xc5\xd8\xeb\xef\xf1"
_DOS = b"\x81\x84\x94\x8e\x99\x9a\x82\x8a\x85\x87"
_POLISH_WINDOWS = b"\xb9\x9c\x9f\x8c\x8f\xa5"
_POLISH_ISO = b"\xb1\xb6\xbc\xa1\xa6\xac"
_POLISH_BOTH = b"\xb3\xbf\xa3\xaf\xea\xe6"
_UNDEFINED_IN_WINDOWS = b"\x81\x8d\x8f\x90\x9d"

FALLBACK = "statement-byte"


def _as_windows(problem: UnicodeError) -> tuple[str, int]:
    """Read what is no UTF-8 as the Windows code page, byte by byte; no byte is dropped."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    broken = problem.object[problem.start : problem.end]
    text = "".join(chr(byte) if byte in _UNDEFINED_IN_WINDOWS else bytes((byte,)).decode("cp1252") for byte in broken)
    return text, problem.end


codecs.register_error(FALLBACK, _as_windows)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A decision: codec name, how to treat bytes outside it, and whether there were any such bytes."""

    name: str
    errors: str
    mixed: bool


@dataclass(slots=True)
class EncodingSurvey:
    """Counts what speaks for each encoding while the bytes go by; memory does not grow with the file."""

    head: bytes = b""
    _high: Counter[int] = field(default_factory=Counter)
    _seen_high: bool = False
    _broken: int = 0
    _good: int = 0
    _held: bytes = b""

    def feed(self, block: bytes) -> None:
        """Take the next bytes into account."""
        if len(self.head) < _HEAD_BYTES:
            self.head += block[: _HEAD_BYTES - len(self.head)]
        if self._held:
            block, self._held = self._held + block, b""
        elif block.isascii():
            return
        self._seen_high = True
        # A character cut by the end of the block waits for the next one; it has at most four bytes.
        cut = next((at for at in range(1, 4) if len(block) >= at and block[-at] >= 0xC0), 0)
        if cut:
            block, self._held = block[:-cut], block[-cut:]
        self._look(block)

    def _look(self, block: bytes) -> None:
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            self._broken += len(_ESCAPED.findall(block.decode("utf-8", "surrogateescape")))
            self._high.update(block.translate(None, _ASCII))
        else:
            # Decoded without complaint: the bytes beyond ASCII that are more than characters count as good.
            self._good += 2 * (len(block) - len(text))

    def decide(self) -> Encoding:
        """The encoding of the whole, once every byte has gone by."""
        if self._held:
            self._look(self._held)
            self._held = b""
        if not self._seen_high:
            return Encoding("ascii", "strict", mixed=False)
        if not self._broken:
            return Encoding("utf-8", "strict", mixed=False)
        high = self._good + sum(self._high.values())
        # Two or more bytes make one UTF-8 character, which single-byte text forms by chance only now and then.
        if high - self._broken >= 4 * self._broken:
            return Encoding("utf-8", FALLBACK, mixed=True)
        return self._single_byte()

    def _single_byte(self) -> Encoding:
        page = code_page_of(self.head, self._high)
        if page is not None:
            return Encoding(page, FALLBACK, mixed=False)
        western = self._seen(_WESTERN)
        if self._seen(_DOS) > western:
            return Encoding("cp850", FALLBACK, mixed=False)
        windows, iso = self._seen(_POLISH_WINDOWS), self._seen(_POLISH_ISO)
        if windows + iso + self._seen(_POLISH_BOTH) > western and windows + iso > 0:
            name = "cp1250" if windows >= iso else "iso8859-2"
            return Encoding(name, FALLBACK, mixed=False)
        if any(0x80 <= byte < 0xA0 for byte in self._high) and not self._seen(_UNDEFINED_IN_WINDOWS):
            return Encoding("cp1252", FALLBACK, mixed=False)
        return Encoding("latin-1", "strict", mixed=False)

    def _seen(self, letters: bytes) -> int:
        return sum(self._high[byte] for byte in letters)

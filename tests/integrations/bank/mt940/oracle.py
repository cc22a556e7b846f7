"""A second, much simpler look at the raw bytes: it knows where entries begin and what their amounts are.

Written without the reader's code or patterns, so that the two can disagree.
"""

import re
from decimal import Decimal

from integrations.bank.mt940 import read_events
from matching.model.bank_statement import BankEntry, FileFacts, Finding, Quarantined, ReadEvent, StatementEnd

_LINES = re.compile(rb"\r\n|\r|\n")


def entry_lines(raw: bytes) -> list[bytes]:
    """What follows `:61:` on every line that begins with it."""
    return [line[4:] for line in _LINES.split(raw.removeprefix(b"\xef\xbb\xbf")) if line.startswith(b":61:")]


def signed_amounts(raw: bytes) -> list[Decimal]:
    """The amount of every entry line, credit positive, by walking over its characters."""
    return [_signed(line.decode("latin-1")) for line in entry_lines(raw)]


def _signed(line: str) -> Decimal:
    rest = line[6:]
    if rest[:4].isdigit() or not rest[:4].strip():
        rest = rest[4:]
    letters = rest[: next(at for at, sign in enumerate(rest) if not sign.isalpha())].upper()
    digits = ""
    for sign in rest[len(letters) :]:
        if sign not in "0123456789,.":
            break
        digits += sign
    letters = letters.removeprefix("E")
    reversed_mark = letters[:1] == "R"
    credit = (letters[1] if reversed_mark else letters[0]) == "C"
    amount = Decimal(digits.replace(",", "."))
    return amount if credit != reversed_mark else -amount


class Reading:
    """All events of one reading, sorted by kind."""

    def __init__(self, events: list[ReadEvent]) -> None:
        self.events = events
        self.entries = [event for event in events if isinstance(event, BankEntry)]
        self.quarantined = [event for event in events if isinstance(event, Quarantined)]
        self.findings = [event for event in events if isinstance(event, Finding)]
        self.statements = [event for event in events if isinstance(event, StatementEnd)]
        assert isinstance(events[-1], FileFacts)
        self.facts = events[-1]

    @property
    def codes(self) -> set[str]:
        return {finding.code for finding in self.findings}


def read(raw: bytes, *, dialect: str | None = None) -> Reading:
    from io import BytesIO

    return Reading(list(read_events(BytesIO(raw), dialect=dialect)))

"""SEPA keywords inside German remittance text: EREF+, KREF+, MREF+, SVWZ+ and their relatives.

Source: Deutsche Kreditwirtschaft, DFÜ-Abkommen annex 3, field 86, sub-fields ?20 to ?29 and ?60 to ?63. The
keywords run on over sub-fields and lines; an older form writes ``EREF: `` instead of ``EREF+``.
"""

import re

_KEYWORDS = frozenset(
    "EREF KREF MREF CRED DEBT COAM OAMT SVWZ ABWA ABWE PURP RREF SQTP IBAN BIC CHGS RCOD ANAM DDAT".split()  # noqa: SIM905
)
# The old form ends with the purpose text, so what follows it can only be one of these, written by the bank.
_COLON = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|IBAN|BIC): ")


def keyword_values(marked: str) -> list[tuple[str, str]]:
    r"""Keywords and their values in order, line marks (CR, LF) kept; text before the first has the keyword ``""``.

    >>> keyword_values("EREF+INV 4711\rSV\rWZ+thanks EREF: INV 4711 IBAN: DE02")
    [('EREF', 'INV 4711\r'), ('SVWZ', 'thanks '), ('EREF', 'INV 4711 '), ('IBAN', 'DE02')]
    """
    values: list[tuple[str, str]] = []
    keyword, value = "", ""
    chunks = marked.split("+")
    last = chunks.pop()
    for chunk in chunks:
        if (found := chunk[-4:]) in _KEYWORDS or (found := _cut_keyword(chunk)):
            value += chunk[: -len(found)]
            if keyword or value:
                values.append((keyword, value))
            keyword, value = found if found in _KEYWORDS else _plain(found), ""
        else:
            value += chunk + "+"
    values.append((keyword, value + last))
    if ": " in marked:
        values = [part for keyword, value in values for part in _colon_values(keyword, value)]
    return values


def _plain(marked: str) -> str:
    return marked.replace("\r", "").replace("\n", "")


def _cut_keyword(chunk: str) -> str:
    """The keyword at the end with the line marks inside it, empty when there is none."""
    for length in (3, 5, 6):
        if _plain(chunk[-length:]) in _KEYWORDS:
            return chunk[-length:]
    return ""


def _colon_values(keyword: str, marked: str) -> list[tuple[str, str]]:
    """The value parted at keywords of the old form; a line end may cut them too."""
    # A keyword is cut at full width only (CR); the end of a shorter sub-field (LF) parts words like a blank.
    plain = marked.replace("\r", "").replace("\n", " ")
    places = [at for at, sign in enumerate(marked) if sign != "\r"]
    values = []
    begin = 0
    for found in _COLON.finditer(plain):
        values.append((keyword, marked[begin : places[found.start()]]))
        keyword, begin = found.group(1), places[found.end() - 1] + 1
    values.append((keyword, marked[begin:]))
    return values if values[0] != ("", "") else values[1:]

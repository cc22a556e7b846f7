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

Span = tuple[str, int, int]


def keyword_spans(text: str) -> list[Span]:
    """Keyword and where its value begins and ends; text before the first keyword has the keyword ``""``.

    >>> text = "EREF+INV 4711SVWZ+thanks EREF: INV 4711 IBAN: DE02"
    >>> [(keyword, text[begin:end]) for keyword, begin, end in keyword_spans(text)]
    [('EREF', 'INV 4711'), ('SVWZ', 'thanks '), ('EREF', 'INV 4711 '), ('IBAN', 'DE02')]
    """
    found: list[Span] = []
    at = text.find("+", 3)
    while at > 0:
        if (keyword := text[at - 4 : at]) in _KEYWORDS or (keyword := text[at - 3 : at]) == "BIC":
            found.append((keyword, at - len(keyword), at + 1))
        at = text.find("+", at + 1)
    if ": " in text:
        found += [(match.group(1), match.start(), match.end()) for match in _COLON.finditer(text)]
        found.sort(key=_where)
    if not found:
        return [("", 0, len(text))]
    spans: list[Span] = [("", 0, found[0][1])] if found[0][1] else []
    last = len(found) - 1
    for at, (keyword, _begin, end) in enumerate(found):
        spans.append((keyword, end, found[at + 1][1] if at < last else len(text)))
    return spans


def _where(span: Span) -> int:
    return span[1]

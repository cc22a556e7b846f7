"""Which code page a bank of a country writes, told by the letters that its bytes then spell.

A byte alone says nothing: D8 is a Czech, a Danish and a Russian letter. The country of the account (or the currency,
where the account is written the domestic way) leaves two to four code pages; the one in which most of the bytes are
letters of that part of the world is right.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Region:
    """A part of the world: its countries and currencies, its letters in lower case, its code pages, likeliest first."""

    countries: frozenset[str]
    currencies: frozenset[str]
    letters: frozenset[str]
    pages: tuple[str, ...]


def _region(countries: str, currencies: str, letters: str, pages: str) -> _Region:
    return _Region(
        frozenset(countries.split()), frozenset(currencies.split()), frozenset(letters), tuple(pages.split())
    )


_REGIONS = (
    _region(
        "CZ SK PL HU RO HR SI BA ME RS AL",
        "CZK SKK PLN HUF RON HRK BAM RSD ALL",
        "áäăâąčćďđéěęëíîľĺłňńóôöőřŕšśșşťțţúůüűýžźżç",
        "cp1250 iso8859-2 cp852",
    ),
    _region(
        "DE AT CH LI NL BE LU FR MC IT SM ES PT GB IE SE NO DK FI IS",
        "CHF GBP SEK NOK DKK ISK",
        "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿßœ",
        "latin-1 cp1252 cp850",
    ),
    _region("EE LV LT", "EEK LVL LTL", "äõöüšžāčēģīķļņūąęėįų", "cp1257 iso8859-13 cp775"),
    _region("TR AZ", "TRY TRL AZN", "çğıöşüâîûiə", "cp1254 iso8859-9 cp857"),
    _region("GR CY", "GRD", "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰς", "cp1253 iso8859-7 cp737"),
    _region(
        "BG RU UA BY KZ MK",
        "BGN RUB UAH BYN KZT MKD",
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўѓќѕјљњџ",
        "cp1251 cp866 iso8859-5 koi8-r",
    ),
)
# Signs that stand in texts of every language; they speak neither for nor against a code page.
_NEUTRAL = frozenset("\u00a0\u00ad€§°´’‘“”„–—…«»²³½ªº·£˙№")

_ACCOUNT = re.compile(rb"[\r\n]:25P?:[ /]*([A-Z]{2})[0-9]{2}[0-9A-Z ]{11}")
_CURRENCY = re.compile(rb"[\r\n]:6[02][FM]:[CDcd][0-9]{6}([A-Z]{3})")


def code_page_of(head: bytes, high: Mapping[int, int]) -> str | None:
    r"""The code page for how often each byte beyond ASCII was met; None where neither account nor bytes tell.

    >>> code_page_of(b":20:1\n:60F:C260311CZK0,", {0xD8: 2, 0xC8: 1}), code_page_of(b":20:1", {0xD8: 1})
    ('cp1250', None)
    """
    region = _region_of(head)
    if region is None or not high:
        return None
    scores = {page: _score(high.items(), page, region.letters) for page in region.pages}
    best = max(scores, key=lambda page: scores[page])
    return best if scores[best] > 0 else None


def _region_of(head: bytes) -> _Region | None:
    """The part of the world of the first account that says so."""
    head = b"\n" + head
    for country in map(bytes.decode, _ACCOUNT.findall(head)):
        if found := next((one for one in _REGIONS if country in one.countries), None):
            return found
    for currency in map(bytes.decode, _CURRENCY.findall(head)):
        if found := next((one for one in _REGIONS if currency in one.currencies), None):
            return found
    return None


def _score(bytes_met: Iterable[tuple[int, int]], page: str, letters: frozenset[str]) -> int:
    """How many of the bytes are letters of the region in this code page, less those that are anything else."""
    score = 0
    for byte, count in bytes_met:
        sign = bytes((byte,)).decode(page, "replace")
        if sign.lower()[:1] in letters:
            score += count
        elif sign not in _NEUTRAL:
            score -= count
    return score

"""OFX values: amounts, dates and texts as banks really write them.

The specification (clauses 3.2.8 to 3.2.11) allows a point or a comma as decimal mark and no grouping, and a date as
YYYYMMDD with optional time and zone. Banks add grouping, currency signs, blanks, and dates of zeros.
"""

import re
from datetime import date
from decimal import Decimal
from html.entities import html5

_PLAIN = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_SIGNS = re.compile(r"^(?:R\$|US\$|C\$|A\$|[$€£¥₹]|[A-Z]{3}(?=[\s\d+-]))?\s*")
_GROUPED_COMMA = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?")
_GROUPED_POINT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?")
_DECIMALS = re.compile(r"(?:[0-9]{1,30}[.,]?[0-9]{0,30}|[.,][0-9]{1,30})")
_DASHED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,30}));")


class AmountUnreadable(ValueError):  # noqa: N818 - says what is wrong with the amount, not with the program
    """Why a text is no amount; the code for the quarantine, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_amount(text: str, minor_digits: int | None = None) -> Decimal:
    """The signed amount as the bank wrote it. Where two readings are a factor of 1,000 apart, none is taken.

    ``minor_digits`` are the decimals of the currency where it is known. Raises AmountUnreadable.

    >>> [str(parse_amount(text)) for text in ("-15.00", " -11,76 ", "1.234,56", "1,234.56", "$120", "+00115.8331")]
    ['-15.00', '-11.76', '1234.56', '1234.56', '120', '115.8331']
    >>> [str(parse_amount(text)) for text in ("12.50-", "(3,00)", "R$ 1.234.567,8", "1'000.00", ",5", "10.")]
    ['-12.50', '-3.00', '1234567.8', '1000.00', '0.5', '10']
    >>> parse_amount("1,234")
    Traceback (most recent call last):
    integrations.bank.ofx.values.AmountUnreadable: '1,234' is 1234 or 1.234, nothing in the file says which
    """
    plain = text.strip()
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    if not re.search(r"[0-9]", plain):
        raise AmountUnreadable("amount_missing", "the entry has no amount")
    negative, digits = _sign(plain)
    number = _decimal_point(digits, minor_digits)
    if number is None:
        raise AmountUnreadable("amount_unreadable", f"{text.strip()[:60]!r} is no amount")
    return Decimal(f"-{number}" if negative else number)


def _sign(text: str) -> tuple[bool, str]:
    """Whether the amount is negative, and its digits with their marks only."""
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    unsigned = _SIGNS.sub("", text, count=1)
    if unsigned[:1] in {"-", "+", "−"}:  # the sign stands before or behind the currency, or after the number
        negative, text = negative or unsigned[0] != "+", _SIGNS.sub("", unsigned[1:].strip(), count=1)
    elif text[-1:] in {"-", "+"}:
        negative, text = negative or text[-1] == "-", unsigned[:-1].strip()
    else:
        text = unsigned
    return negative, re.sub(r"(?<=[0-9])['’\u00a0\u202f ](?=[0-9]{3})", "", text)


def _decimal_point(digits: str, minor_digits: int | None) -> str | None:
    """The number with a point as decimal mark and no grouping, or None where it is none."""
    commas, points = digits.count(","), digits.count(".")
    if commas + points < 2:
        return _one_mark(digits, minor_digits) if _DECIMALS.fullmatch(digits) else None
    if points < 2 and digits.rfind(".") > digits.rfind(",") and _GROUPED_COMMA.fullmatch(digits):
        return digits.replace(",", "").rstrip(".")
    if commas < 2 and digits.rfind(",") > digits.rfind(".") and _GROUPED_POINT.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".").rstrip(".")
    only_grouped = _GROUPED_COMMA if not points else _GROUPED_POINT if not commas else None
    return re.sub("[.,]", "", digits) if only_grouped and only_grouped.fullmatch(digits) else None


def _one_mark(digits: str, minor_digits: int | None) -> str:
    """A number with one mark or none. `1,234` is refused unless the currency has three decimals."""
    whole, _, decimals = digits.replace(",", ".").partition(".")
    if "," in digits and len(decimals) == 3 and 1 <= len(whole) <= 3 and whole.strip("0") and minor_digits != 3:
        message = f"{digits!r} is {whole}{decimals} or {whole}.{decimals}, nothing in the file says which"
        raise AmountUnreadable("amount_ambiguous", message)
    return f"{whole or '0'}.{decimals}" if decimals else whole


def parse_date(text: str) -> date | None:
    """The bank's own calendar day: the literal YYYYMMDD, never moved by the time zone behind it; None if it is none.

    >>> parse_date("20250102233000[-5:EST]"), parse_date("20250102000000[+9:JST]")
    (datetime.date(2025, 1, 2), datetime.date(2025, 1, 2))
    >>> parse_date("00000000"), parse_date("20120231"), parse_date(""), parse_date("2025-01-02")
    (None, None, None, datetime.date(2025, 1, 2))
    """
    plain = text.strip()
    digits = plain[:8]
    if not (len(digits) == 8 and digits.isascii() and digits.isdigit()):
        dashed = _DASHED.match(plain)
        if not dashed:
            return None
        digits = "".join(dashed.groups())
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2199 else None


def plain_text(text: str) -> str:
    """The text without surrounding blanks and with its entities resolved; a lone `&` stays what it is.

    Some banks escape what was escaped already: `&amp;amp;` is an ampersand all the same.

    >>> plain_text(" AT&amp;T &#233;t&eacute; R&D &copyleft "), plain_text("a&nbsp;b"), plain_text("M&amp;amp;S")
    ('AT&T été R&D &copyleft', 'a b', 'M&S')
    """
    if "&" in text:
        text = _ENTITY.sub(_resolve, text.replace("&amp;amp;", "&amp;"))
    return text.strip() if text.isascii() else text.replace("\u00a0", " ").strip()


def _resolve(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    if name:
        return html5.get(f"{name};", entity.group())
    code = int(decimal) if decimal else int(hexadecimal, 16)
    allowed = code in {9, 10, 13} or (32 <= code < 0xD800) or (0xE000 <= code < 0x110000)
    return chr(code) if allowed else entity.group()

"""Field 61, the statement line: one booking in at most 66 characters and what banks make of them.

Layout (SWIFT MT940, field 61): 6!n value date, [4!n] entry date, 2a mark, [1!a] funds code (third letter of the
currency), 15d amount, 1!a3!c transaction type, 16x reference for the account owner, [//16x] reference of the
account servicing institution, and on a second line [34x] supplementary details.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from integrations.bank.mt940.dates import day, entry_day
from matching.model.currencies import MINOR_DIGITS

# The line as the standard has it. Amounts of more than 15 digits are left to the careful reading below.
_REGULAR = r"([0-9]{6}(?:[0-9]{4})?)(E?R?[CD])[A-Z]?([0-9]{1,15},[0-9]{0,2})([SNF][A-Z0-9]{2}[A-Z0-9 ])([^\n]*+)"
LINE = rf"(?:{_REGULAR}|([^\n]*+))((?:\n(?!:)[^\n]*+)*+)"
"""Field 61 as a pattern whose groups are the columns of `LineColumns`."""
_LINE = re.compile(rf"(?:{_REGULAR}|([^\n]*+))(.*)", re.DOTALL)
# The line as it also comes: blanks for the entry date or in between, lower case, a mark or an amount on the next
# line, a decimal point, thousands parted by blanks, no type code or only its first letter.
_IRREGULAR = re.compile(
    r"([0-9 ]{0,12})\s{0,4}(E?R?[CD])[ ]?([A-Z]?)\s{0,2}"
    r"([0-9]{1,3}(?: [0-9]{3})+(?:,[0-9]{0,3})?|[0-9.,']*[0-9][0-9.,']*)(?![0-9.,'])[ ]*"
    r"((?:[SNF](?:[A-Z0-9]{2}[A-Z0-9 ]|[ ]{3}))?)([^\n]*)",
    re.IGNORECASE,
)
_NO_TYPE = re.compile(r"NON ?REF|NOREF|//", re.IGNORECASE)
# Old Rabobank lines: sixteen characters of account number, then the name, without the `//` of the standard.
_TRAILING = re.compile(r"([^ ].{0,14}?) +(?<=.{16})([^ ].*)")
_MISSING = frozenset({"", "NONREF", "NON REF", "NOREF", "NOTPROVIDED"})
_DIGIT_LIMIT = 18


class LineColumns(NamedTuple):
    """The parts of several lines, each part of all of them in a column.

    An ``irregular`` line is the first line of a field 61 that does not keep to the standard; it has no other part but
    the ``supplement``: the lines after the first, each with its line end before it.
    """

    dates: Sequence[str]
    marks: Sequence[str]
    amounts: Sequence[str]
    type_codes: Sequence[str]
    references: Sequence[str]
    irregular: Sequence[str | None]
    supplements: Sequence[str]

    def body(self, at: int) -> str:
        """The whole field of an irregular line."""
        return f"{self.irregular[at]}{self.supplements[at]}"


EntryRemarks = tuple[tuple[str, str], ...]
"""What is to be said about a line that was read all the same: a stable code and a sentence each."""

# A debit takes away, a reversed credit too; an expected booking (E) has the sign it will have.
_NEGATIVE = frozenset({"D", "RC", "ED", "ERC"})


@dataclass(slots=True, eq=False)
class EntryLine:
    """A read statement line. ``amount`` is signed, credit positive; dates that do not exist are None."""

    value_date: date | None
    entry_date: date | None
    amount: Decimal
    mark: str
    type_code: str | None
    reference: str | None
    bank_reference: str | None
    trailing: str | None
    supplementary: list[str]
    remarks: EntryRemarks


class UnreadableEntryError(ValueError):
    """The line gives no sign or no amount that can be trusted. ``code`` is stable, the message is for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_entry_line(body: str, currency: str | None) -> EntryLine:
    """The text after `:61:` up to the next field.

    Raises UnreadableEntryError when amount or sign cannot be read.

    >>> line = read_entry_line("2411300102RDR1000,50NTRFNONREF//4711", "EUR")
    >>> line.amount, line.value_date, line.entry_date, line.bank_reference
    (Decimal('1000.50'), datetime.date(2024, 11, 30), datetime.date(2025, 1, 2), '4711')
    """
    return read_entry_lines(columns_of(body), currency)[0]


def columns_of(body: str) -> LineColumns:
    """One field as columns of a single line."""
    found = _LINE.match(body)
    assert found is not None, "the pattern takes every text"
    return LineColumns(*((text,) for text in found.groups()))


def read_entry_lines(columns: LineColumns, currency: str | None) -> list[EntryLine]:
    """The same for many entries of one account; raises UnreadableEntryError when one cannot be read."""
    lines = []
    for line in zip(*columns, strict=True):
        dates, mark, digits, type_code, rest, irregular, more = line
        if irregular is None:
            amount = Decimal(digits.replace(",", "."))
            remarks: EntryRemarks = ()
        else:
            dates, mark, amount, type_code, rest, more, remarks = _irregular(irregular + more, currency)
        value_date, entry_date, doubts = _days(dates)
        reference, slashes, bank = rest.partition("//")
        trailing = None
        if type_code == "NONR" and reference.startswith("EF"):
            type_code, reference = "", f"NONR{reference}"
        if not slashes and len(reference) > 16 and (apart := _TRAILING.fullmatch(reference)):
            reference, trailing = apart.group(1), apart.group(2).rstrip()
        reference = reference.strip()
        bank = bank.strip()
        lines.append(
            EntryLine(
                value_date,
                entry_date,
                -amount if mark in _NEGATIVE else amount,
                mark,
                type_code.rstrip() or None,
                None if reference in _MISSING else reference,
                None if bank in _MISSING else bank,
                trailing,
                [text for text in more.split("\n") if text.strip()] if more else [],
                remarks + doubts if doubts else remarks,
            )
        )
    return lines


@lru_cache(maxsize=8192)
def _days(dates: str) -> tuple[date | None, date | None, EntryRemarks]:
    """Value date and entry date of the digits in front of a line, and what is to be said about them.

    >>> _days("2411300102")[:2]
    (datetime.date(2024, 11, 30), datetime.date(2025, 1, 2))
    """
    value, entry = dates[:6], dates[6:]
    value_date = day(value)
    entry_date = entry_day(entry, value) if entry else None
    doubts: EntryRemarks = ()
    if value_date is None:
        said = f"the value date {value} does not exist" if value else "there is no value date that can be read"
        doubts += (("value_date_invalid", f"{said}; the entry has none now"),)
    if entry and entry_date is None:
        doubts += (("entry_date_invalid", f"the entry date {entry} does not exist; the entry has none now"),)
    return value_date, entry_date, doubts


def _irregular(body: str, currency: str | None) -> tuple[str, str, Decimal, str, str, str, EntryRemarks]:
    """The parts of a line that does not keep to the standard: dates, mark, unsigned amount, type and the rest."""
    found = _IRREGULAR.match(body)
    if found is None:
        message = "no value date, debit/credit mark and amount can be made out here; ask the bank for this entry"
        raise UnreadableEntryError("unreadable_entry", message)
    dates, mark, _funds, digits, type_code, rest = found.groups()
    dates = dates.strip()
    if len(dates) in {8, 12} and dates[:2] in {"19", "20"} and day(dates[2:8]):
        dates = dates[2:]  # the year in full
    value, entry = (dates[:6], dates[6:].strip()) if len(dates) in {6, 10} else ("", "")
    if not value and "," not in digits:
        raise UnreadableEntryError("unreadable_entry", "neither a date nor a plain amount can be made out here")
    if rest[:1].isdigit() and not type_code and "," not in digits and "." not in digits:
        message = f"the amount {digits} is followed by more digits; where it ends cannot be said; ask the bank"
        raise UnreadableEntryError("amount_ambiguous", message)
    amount, remarks = _irregular_amount(digits, currency)
    if mark != mark.upper():
        remarks += (("mark_in_lower_case", f"the debit/credit mark is written {mark!r}"),)
    if _NO_TYPE.match(type_code + rest):
        type_code, rest = "", type_code + rest
    more = body[found.end() + 1 :]
    return value + entry, mark.upper(), amount, type_code.upper(), rest, more, remarks


def _irregular_amount(digits: str, currency: str | None) -> tuple[Decimal, EntryRemarks]:
    """An amount that is not plainly digits, comma, at most two digits. The comma is the mark of the standard."""
    if sum(map(str.isdigit, digits)) > _DIGIT_LIMIT:
        raise UnreadableEntryError("amount_too_long", f"the amount {digits} has more digits than a statement allows")
    commas, points = digits.count(","), digits.count(".")
    decimals = MINOR_DIGITS.get(currency or "", 2)
    remarks: EntryRemarks = ()
    if "'" in digits or " " in digits or commas > 1 or (points and commas) or points > 1:
        plain = grouped(digits)
        remarks = (("amount_grouped", f"the amount {digits} is written with grouping marks and read as {plain}"),)
    elif points:
        fraction = digits.partition(".")[2]
        if len(fraction) > 2 and len(fraction) != decimals:
            message = f"the amount {digits} can be read with the point as decimal or as grouping mark; ask the bank"
            raise UnreadableEntryError("amount_ambiguous", message)
        plain = digits
        remarks = (("decimal_point", f"the amount {digits} is written with a point instead of a comma"),)
    else:
        plain = digits.replace(",", ".")
        if not commas:
            remarks = (("decimal_mark_missing", f"the amount {digits} has no decimal comma and is read as whole"),)
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise UnreadableEntryError("amount_ambiguous", f"the amount {digits} cannot be read with certainty") from None
    if len(plain.partition(".")[2].rstrip("0")) > decimals:
        remarks += (("too_many_decimals", f"the amount {digits} has more decimals than {currency or 'usual'}"),)
    return amount, remarks


def grouped(digits: str) -> str:
    """Grouping marks taken out where there is only one way to read them.

    >>> grouped("1.234.567,89"), grouped("1'234,50"), grouped("1,234.50"), grouped("1 234,50")
    ('1234567.89', '1234.50', '1234.50', '1234.50')
    """
    last = max(digits.rfind(","), digits.rfind("."))
    whole, mark, fraction = digits[:last], digits[last : last + 1], digits[last + 1 :]
    if not mark or mark in whole:  # only grouping marks of one kind
        whole, fraction = digits, ""
    groups = re.split(r"[.,' ]", whole)
    regular = 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    regular = regular and (not fraction or fraction.isdigit())
    if not regular or len(set(re.findall(r"[.,' ]", whole))) > 1:
        raise UnreadableEntryError(
            "amount_ambiguous", f"the amount {digits} cannot be read with certainty; ask the bank"
        )
    return "".join(groups) + (f".{fraction}" if fraction else "")

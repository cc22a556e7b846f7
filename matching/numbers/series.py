"""Number series, learned from the ERP's own document numbers, closed ones included.

No number scheme is written down anywhere in Lettrage. A series is what numbers share when their digits are taken out
(``RE2025-041234`` is of series ``RE#-#``); which digit group is the year, which one a constant lead and which one the
running number shows when one looks at many of them beside their dates.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

DIGITS = re.compile(r"[0-9]+")
LETTERS = re.compile(r"[A-Z]+")
LONGEST_KEY = 18
"""Longer digit strings are compared by their last 18 digits, so that a key fits 64 bits."""
_ENOUGH = 0.9
_SAMPLE = 400
_WRITTEN_HASH = "\N{MUSIC SHARP SIGN}"
"""A number sign that belongs to the number is no group of digits."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is known about one series.

    ``running`` is the digit group that counts; ``lead`` how many digits in front of it (inside that group) are a year
    or a constant and may be left out by a payer; ``year_group`` the group that holds the year, -1 where there is none;
    ``year_digits`` is 4 or 2 where a year is known, wherever it stands.
    """

    running: int
    lead: int
    year_group: int
    year_digits: int
    prefix: str


def shape(number: str) -> str:
    """A number with its digit groups taken out: what a series has in common.

    Numbers of nothing but digits are told apart by their width, and long ones by their first two digits: an ERP that
    numbers invoices 19... and credit notes 17... has two series.

    >>> shape("RE2025-041234"), shape("1900001234"), shape("10023")
    ('RE#-#', '19#10', '#5')
    """
    if number.isdigit():
        return f"{number[:2] if len(number) >= 8 else ''}#{len(number)}"
    return DIGITS.sub("#", number.replace("#", _WRITTEN_HASH))


def digit_key(digits: str) -> int:
    """Digits as the integer they are looked up by: leading zeros gone, at most the last 18.

    >>> digit_key("0000123"), digit_key("00042")
    (123, 42)
    """
    return int(digits[-LONGEST_KEY:])


def learn(samples: Iterable[tuple[str, date]]) -> Series:
    """What the numbers of one series, with the dates they were issued on, tell about its parts.

    >>> from datetime import date
    >>> learn([("RE2025-041234", date(2025, 3, 1)), ("RE2024-000007", date(2024, 1, 9))])
    Series(running=1, lead=0, year_group=0, year_digits=4, prefix='RE')
    >>> learn([(f"19000{n:05d}", date(2025, 3, 1)) for n in range(1, 20000, 997)]).lead
    5
    """
    rows: list[tuple[list[str], date]] = []
    prefix = ""
    for number, issued_on in samples:
        groups = DIGITS.findall(number)
        if groups:
            rows.append((groups, issued_on))
            prefix = number[: number.index(groups[0])]
        if len(rows) >= _SAMPLE:
            break
    if not rows:
        return Series(0, 0, -1, 0, prefix)
    width = len(rows[0][0])
    columns = [[groups[column] for groups, _ in rows] for column in range(width)]
    years = [issued_on.year for _, issued_on in rows]
    year_group, year_digits = _year_group(columns, years)
    running = _running_group(columns, year_group)
    lead = 0
    if year_group < 0:
        lead, year_digits = _lead_inside(columns[running], years)
    letters = "".join(LETTERS.findall(prefix))
    return Series(running, lead, year_group, year_digits, letters)


def _year_group(columns: list[list[str]], years: list[int]) -> tuple[int, int]:
    """The group that is a year, or begins with one (a month or a day may follow)."""
    if len(columns) == 1:
        return -1, 0
    for position, column in enumerate(columns):
        for digits in (4, 2):
            hits = sum(
                len(group) in {digits, digits + 2, digits + 4} and int(group[:digits]) == year % 10**digits
                for group, year in zip(column, years, strict=True)
            )
            if hits >= _ENOUGH * len(column):
                return position, digits
    return -1, 0


def _running_group(columns: list[list[str]], year_group: int) -> int:
    """The group with the most different values; the last of those that tie."""
    best, most = len(columns) - 1, -1
    for position, column in enumerate(columns):
        different = len(set(column))
        if position != year_group and different >= most:
            best, most = position, different
    return best


def _lead_inside(column: list[str], years: list[int]) -> tuple[int, int]:
    """Digits in front of the running number inside its own group: an embedded year, or what never changes."""
    shortest = min(len(group) for group in column)
    for digits in (4, 2):
        if shortest >= digits + 4:
            hits = sum(int(group[:digits]) == year % 10**digits for group, year in zip(column, years, strict=True))
            if hits >= _ENOUGH * len(column) and len(column) >= 3:
                return digits, digits
    if len(column) < 10:
        return 0, 0
    first, last = min(column), max(column)
    constant = next((place for place in range(shortest) if first[place] != last[place]), shortest)
    # A lead may be left out only if enough is left to tell documents apart.
    return (constant if constant and shortest - constant >= 3 else 0), 0


def parts(number: str, series: Series) -> tuple[str, str, str]:
    """All digits of a number, all digits with a short year, and the running number alone.

    A part that a series does not have is empty.

    >>> parts("RE2025-041234", Series(1, 0, 0, 4, "RE"))
    ('2025041234', '25041234', '041234')
    >>> parts("1900001234", Series(0, 5, -1, 0, ""))
    ('1900001234', '', '01234')
    >>> parts("202509-0017", Series(1, 0, 0, 4, ""))
    ('2025090017', '25090017', '0017')
    """
    if number.isdigit():
        return _parts_of_digits(number, series)
    groups = DIGITS.findall(number)
    if not groups:
        return "", "", ""
    digits = "".join(groups)
    running = groups[series.running] if series.running < len(groups) else groups[-1]
    short = ""
    if series.year_digits == 4 and series.year_group >= 0 and series.year_group < len(groups):
        year = groups[series.year_group]
        short = "".join(year[2:] if place == series.year_group else group for place, group in enumerate(groups))
    elif series.year_digits == 4 and series.lead == 4:
        before = "".join(groups[: series.running])
        short = before + running[2:] + "".join(groups[series.running + 1 :])
    tail = running[series.lead :] if series.lead else (running if len(groups) > 1 else "")
    return digits, short, tail


def _parts_of_digits(number: str, series: Series) -> tuple[str, str, str]:
    """The same for a number of nothing but digits."""
    short = number[2:] if series.year_digits == 4 and series.lead == 4 else ""
    return number, short, number[series.lead :] if series.lead else ""

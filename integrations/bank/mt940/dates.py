"""The six- and four-digit dates of MT940, and the years they leave out."""

from datetime import date
from functools import lru_cache

# SWIFT writes two digits of the year. Customer statements exist since the eighties.
_CENTURY_PIVOT = 80


def year_of(two_digits: int) -> int:
    """The year that two digits stand for: 80 to 99 are the last century.

    >>> year_of(26), year_of(99)
    (2026, 1999)
    """
    return two_digits + (1900 if two_digits >= _CENTURY_PIVOT else 2000)


@lru_cache(maxsize=4096)
def day(yymmdd: str) -> date | None:
    """The calendar day of a YYMMDD date, None when there is no such day.

    >>> day("240229"), day("160230")
    (datetime.date(2024, 2, 29), None)
    """
    try:
        return date(year_of(int(yymmdd[:2])), int(yymmdd[2:4]), int(yymmdd[4:6]))
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def entry_day(mmdd: str, yymmdd: str) -> date | None:
    """The booking day of field 61, subfield 2, which has no year: the one nearest to the value date.

    Booked on 31 December with value 1 January, or the other way round, lands in the right year. Where the value
    date does not exist (30 February happens), its year is taken. None when no such day exists.

    >>> entry_day("1231", "250101"), entry_day("0102", "241230"), entry_day("0301", "160230")
    (datetime.date(2024, 12, 31), datetime.date(2025, 1, 2), datetime.date(2016, 3, 1))
    """
    valued = day(yymmdd)
    year = valued.year if valued else year_of(int(yymmdd[:2]))
    candidates = [found for y in (year, year - 1, year + 1) if (found := _day_or_none(y, mmdd))]
    if valued is None:
        return candidates[0] if candidates else None
    return min(candidates, key=lambda found: abs((found - valued).days), default=None)


def _day_or_none(year: int, mmdd: str) -> date | None:
    try:
        return date(year, int(mmdd[:2]), int(mmdd[2:4]))
    except ValueError:
        return None

"""The payment names a month instead of a document: rents, subscriptions, whatever is the same amount every month."""

import re
from collections.abc import Iterator

from matching.grades import Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex, month
from matching.reading import Reading
from matching.rules.amounts import whole_lines

# The months in the languages of our banks' texts, upper case and plain; three-letter forms where they are usual.
_NAMES = """
1 JANUAR JANUARY JANUARI JANVIER STYCZEN STYCZNIA GENNAIO ENERO JAN JANV
2 FEBRUAR FEBRUARY FEBRUARI FEVRIER LUTY LUTEGO FEBBRAIO FEBRERO FEB FEVR
3 MARZ MAERZ MARCH MAART MARS MARZEC MARCA MARZO MAR MRZ MRT
4 APRIL AVRIL KWIECIEN KWIETNIA APRILE ABRIL APR AVR
5 MAI MAY MEI MAJ MAJA MAGGIO MAYO
6 JUNI JUNE JUIN CZERWIEC CZERWCA GIUGNO JUNIO JUN
7 JULI JULY JUILLET LIPIEC LIPCA LUGLIO JULIO JUL JUIL
8 AUGUST AUGUSTUS AOUT SIERPIEN SIERPNIA AGOSTO AUGUSTI AUG
9 SEPTEMBER SEPTEMBRE WRZESIEN WRZESNIA SETTEMBRE SEPTIEMBRE SEP SEPT
10 OKTOBER OCTOBER OCTOBRE PAZDZIERNIK PAZDZIERNIKA OTTOBRE OCTUBRE OKT OCT
11 NOVEMBER NOVEMBRE LISTOPAD LISTOPADA NOVIEMBRE NOV
12 DEZEMBER DECEMBER DECEMBRE GRUDZIEN GRUDNIA DICEMBRE DICIEMBRE DEZ DEC
"""
_MOST_ITEMS = 300
_MOST_MONTHS = 3
_NOT_SURE = 5_000
_MONTHS = {name: int(line.split()[0]) for line in _NAMES.strip().splitlines() for name in line.split()[1:]}
_WORD = re.compile(r"(?<![A-Z0-9])([A-Z]{3,12})\.?[ /'-]{0,2}(20[0-9]{2}|[0-9]{2}(?![0-9./-]))?(?![A-Z])")
_FIGURES = re.compile(
    r"(?<![0-9./-])(0?[1-9]|1[0-2])[/.-](20[0-9]{2})(?![0-9./-])|(?<![0-9./-])(20[0-9]{2})[/-](0[1-9]|1[0-2])(?![0-9./-])"
)


def periods(text: str, today_month: int) -> set[int]:
    """The months a text names, as year times 12 plus month less 1; a month without a year is the nearest one.

    >>> sorted(periods("MIETE SEPTEMBER 2026", 2026 * 12 + 8)) == [2026 * 12 + 8]
    True
    >>> sorted(periods("LOYER 11/2025 ET DEC", 2026 * 12)) == [2025 * 12 + 10, 2025 * 12 + 11]
    True
    """
    found: set[int] = set()
    for match in _WORD.finditer(text[:1000]):
        named = _MONTHS.get(match.group(1))
        if named is not None:
            year = match.group(2)
            if year is None:
                found.add(_nearest(named, today_month))
            else:
                found.add((int(year) if len(year) == 4 else 2000 + int(year)) * 12 + named - 1)
    for match in _FIGURES.finditer(text[:1000]):
        figures = (match.group(1), match.group(2)) if match.group(1) else (match.group(4), match.group(3))
        found.add(int(figures[1]) * 12 + int(figures[0]) - 1)
    return found


def _nearest(named: int, today_month: int) -> int:
    year = today_month // 12
    return min(
        ((year + shift) * 12 + named - 1 for shift in (-1, 0, 1)),
        key=lambda period: (abs(period - today_month), period),
    )


def by_period(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """What the payer owes of the months that the text names: the item of this amount, or else everything."""
    named = periods(reading.text, month(reading.paid_on))
    if not 1 <= len(named) <= _MOST_MONTHS or not reading.own:
        return
    amount, currency = reading.payment.amount, reading.payment.currency
    singles = [place for customer in reading.own[:4] for place in index.payable_with(customer, amount, currency)]
    singles = [place for place in singles if index.open.open[place] == amount]
    found: list[Hypothesis] = []
    if len(singles) > 1 and len(named) == 1:
        found.extend(_one_of_equals(reading, index, singles, named))
    if len(reading.own) == 1:
        found.extend(_everything_of(reading, index, named))
    if len(found) > 1:
        # The items dated in a month and those due in it, or one item and several: both are usual.
        at = {hypothesis.places: _NOT_SURE + any(_dated(index, hypothesis.places, named)) for hypothesis in found}
        found = [one.doubted("the month fits the dates of some items and the due dates of others", at[one.places])
                 for one in found]  # fmt: skip
    yield from found


def _dated(index: LedgerIndex, places: tuple[int, ...], wanted: set[int]) -> Iterator[bool]:
    """For each item whether it was issued in one of the months."""
    return (index.open.issue_month[place] in wanted for place in places)


def _one_of_equals(reading: Reading, index: LedgerIndex, singles: list[int], wanted: set[int]) -> Iterator[Hypothesis]:
    """The items of this amount and month; posted only where that leaves one."""
    for place in singles:
        if index.open.issue_month[place] in wanted or index.open.due_month[place] in wanted:
            payer, lines = reading.weakest_payer((place,)), whole_lines((place,), index)
            yield Hypothesis("period_named", "exact", lines, Reference.PART, payer, 0, _told(wanted))


def _everything_of(reading: Reading, index: LedgerIndex, wanted: set[int]) -> Iterator[Hypothesis]:
    """Everything that is dated, or due, in the months, as a statement of account asks for it."""
    table, amount = index.open, reading.payment.amount
    own = [
        place
        for place in index.items_of(reading.own, reading.payment.currency, _MOST_ITEMS)
        if table.issued[place] <= reading.paid_on
    ]
    if len(own) == _MOST_ITEMS:
        return
    fitting: dict[tuple[int, ...], None] = {}
    for column in (table.issue_month, table.due_month):
        of_month = [place for place in own if column[place] in wanted]
        for some in (of_month, [place for place in of_month if table.open[place] > 0]):
            if len(some) > 1 and sum(table.open[place] for place in some) == amount:
                fitting[tuple(some)] = None
    for places in fitting:
        payer, lines = reading.weakest_payer(places), whole_lines(places, index)
        yield Hypothesis("period_named", "family", lines, Reference.PART, payer, 0, _told(wanted))


def _told(months: set[int]) -> tuple[str, ...]:
    """The months as a person writes them.

    >>> _told({2026 * 12 + 8})
    ('09/2026',)
    """
    return tuple(f"{one % 12 + 1:02d}/{one // 12}" for one in sorted(months))

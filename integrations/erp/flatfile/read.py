"""The inbox: customers, open items, settled items and house accounts, streamed page by page.

A missing required column stops with the file and column named. A bad value sets its own row aside with file, line,
column and what to do; everything else is taken over. The file contract stands in docs/contracts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from integrations.erp.flatfile.csv_rows import CsvFile, CsvRow, open_text
from integrations.erp.protocol import Page, QuarantinedRow
from integrations.erp.rows import (
    CUSTOMER_COLUMNS,
    ITEM_COLUMNS,
    BadValueError,
    Fields,
    Places,
    customer_parser,
    house_account_parser,
    item_parser,
)
from matching.model.open_item import Customer, HouseAccount, OpenItem

PAGE_ROWS = 10_000

_Row = TypeVar("_Row")


def read_customers(path: Path) -> Iterator[Page[Customer]]:
    """The customers of customers.csv. Raises UnusableFile."""
    return _pages(path, CUSTOMER_COLUMNS, customer_parser, key_column="customer_id")


def read_open_items(path: Path) -> Iterator[Page[OpenItem]]:
    """The items of open_items.csv. Raises UnusableFile."""
    return _pages(path, ITEM_COLUMNS, lambda places: item_parser(places, settled=False), key_column="item_id")


def read_settled_items(path: Path) -> Iterator[Page[OpenItem]]:
    """The items of settled_items.csv, with the day they were settled where it is known. Raises UnusableFile."""
    return _pages(path, ITEM_COLUMNS, lambda places: item_parser(places, settled=True), key_column="item_id")


def read_house_accounts(path: Path) -> Iterator[Page[HouseAccount]]:
    """Our own bank accounts from house_accounts.csv. Raises UnusableFile."""
    # One account may be kept in several currencies, so only the same account and currency twice is a slip.
    return _pages(path, ("account",), house_account_parser, key_column="account", second_key="currency")


def _pages(
    path: Path,
    required: tuple[str, ...],
    parser: Callable[[Places], Callable[[Fields], _Row]],
    *,
    key_column: str,
    second_key: str = "",
) -> Iterator[Page[_Row]]:
    rows: list[_Row] = []
    aside: list[QuarantinedRow] = []
    seen: set[str] = set()
    with open_text(path) as stream:
        file = CsvFile(path, stream, required)
        parse = parser(file.position)
        key_place = file.position[key_column]
        second_place = file.position.get(second_key)
        for row in file.rows():
            if isinstance(row, QuarantinedRow):
                aside.append(row)
            else:
                key = row.fields[key_place].strip()
                unique = key if second_place is None else f"{key} {row.fields[second_place].strip()}"
                try:
                    _first_time(unique, seen, key_column)
                    rows.append(parse(row.fields))
                    seen.add(unique)
                except BadValueError as bad:
                    aside.append(_set_aside(file, row, bad, key))
            if len(rows) + len(aside) >= PAGE_ROWS:
                yield Page(rows=tuple(rows), quarantined=tuple(aside))
                rows, aside = [], []
    yield Page(rows=tuple(rows), quarantined=tuple(aside), last=True)


def _first_time(key: str, seen: set[str], column: str) -> None:
    if key in seen:
        raise BadValueError(column, f"{key!r} is there already further up; an id stands for one row only")


def _set_aside(file: CsvFile, row: CsvRow, bad: BadValueError, key: str) -> QuarantinedRow:
    return file.quarantined(row.line, bad.trouble, ",".join(row.fields), item_id=key, column=bad.column)

"""The inbox: customers, open items, settled items and house accounts, streamed page by page.

A missing required column stops with the file and column named. A bad value sets its own row aside with file, line,
column and what to do; everything else is taken over. The file contract stands in docs/contracts.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar, cast

from integrations.erp.flatfile.csv_rows import CsvFile, CsvRow, open_text
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.currencies import MINOR_DIGITS
from matching.model.money import AmountError, parse_decimal, to_decimal, to_minor
from matching.model.open_item import Customer, HouseAccount, ItemKind, OpenItem

PAGE_ROWS = 10_000

_CUSTOMER_COLUMNS = ("customer_id", "name")
_ITEM_COLUMNS = (
    "item_id",
    "number",
    "kind",
    "customer_id",
    "currency",
    "issue_date",
    "due_date",
    "original_amount",
    "open_amount",
)
# Columns beyond the contract that hold references a payer may quote instead of the document number.
_REFERENCE_COLUMNS = (
    "purchase_order",
    "order_number",
    "delivery_note",
    "contract_number",
    "other_references",
)
_OWED: dict[str, bool] = {"invoice": True, "debit_note": True, "credit_note": False, "on_account": False}

_Row = TypeVar("_Row")


class _BadValueError(Exception):
    """A value that cannot be taken over: which column, and what to do."""

    def __init__(self, column: str, trouble: str) -> None:
        super().__init__(trouble)
        self.column = column
        self.trouble = trouble


def read_customers(path: Path) -> Iterator[Page[Customer]]:
    """The customers of customers.csv. Raises UnusableFile."""

    def parser(file: CsvFile) -> Callable[[list[str]], Customer]:
        text = _texts(file)

        def customer(fields: list[str]) -> Customer:
            country = text(fields, "country").upper()
            if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
                raise _BadValueError(
                    "country", f"{country!r} is no country code of ISO 3166; write two letters like DE"
                )
            return Customer(
                customer_id=_required(text(fields, "customer_id"), "customer_id"),
                name=_required(text(fields, "name"), "name"),
                ibans=tuple(_account(each) for each in _several(text(fields, "ibans"))),
                country=country,
                parent_id=text(fields, "parent_id"),
                aliases=_several(text(fields, "aliases")),
                payer_ids=_several(text(fields, "payer_ids")),
            )

        return customer

    return _pages(path, _CUSTOMER_COLUMNS, parser, key_column="customer_id")


def read_open_items(path: Path) -> Iterator[Page[OpenItem]]:
    """The items of open_items.csv. Raises UnusableFile."""
    return _pages(path, _ITEM_COLUMNS, lambda file: _item_parser(file, settled=False), key_column="item_id")


def read_settled_items(path: Path) -> Iterator[Page[OpenItem]]:
    """The items of settled_items.csv, with the day they were settled where it is known. Raises UnusableFile."""
    return _pages(path, _ITEM_COLUMNS, lambda file: _item_parser(file, settled=True), key_column="item_id")


def read_house_accounts(path: Path) -> Iterator[Page[HouseAccount]]:
    """Our own bank accounts from house_accounts.csv. Raises UnusableFile."""

    def parser(file: CsvFile) -> Callable[[list[str]], HouseAccount]:
        text = _texts(file)

        def account(fields: list[str]) -> HouseAccount:
            return HouseAccount(
                account=_required(_account(text(fields, "account")), "account"),
                currency=_currency(text(fields, "currency")) if text(fields, "currency") else "",
                name=text(fields, "name"),
            )

        return account

    # One account may be kept in several currencies, so only the same account and currency twice is a slip.
    return _pages(path, ("account",), parser, key_column="account", second_key="currency")


def _pages(
    path: Path,
    required: tuple[str, ...],
    parser: Callable[[CsvFile], Callable[[list[str]], _Row]],
    *,
    key_column: str,
    second_key: str = "",
) -> Iterator[Page[_Row]]:
    rows: list[_Row] = []
    aside: list[QuarantinedRow] = []
    seen: set[str] = set()
    with open_text(path) as stream:
        file = CsvFile(path, stream, required)
        parse = parser(file)
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
                except _BadValueError as bad:
                    aside.append(_set_aside(file, row, bad, key))
            if len(rows) + len(aside) >= PAGE_ROWS:
                yield Page(rows=tuple(rows), quarantined=tuple(aside))
                rows, aside = [], []
    yield Page(rows=tuple(rows), quarantined=tuple(aside), last=True)


def _first_time(key: str, seen: set[str], column: str) -> None:
    if key in seen:
        raise _BadValueError(column, f"{key!r} is there already further up; an id stands for one row only")


def _set_aside(file: CsvFile, row: CsvRow, bad: _BadValueError, key: str) -> QuarantinedRow:
    return file.quarantined(row.line, bad.trouble, ",".join(row.fields), item_id=key, column=bad.column)


def _item_parser(file: CsvFile, *, settled: bool) -> Callable[[list[str]], OpenItem]:
    text = _texts(file)
    references = tuple(column for column in _REFERENCE_COLUMNS if column in file.position)
    days = _Days()
    plain = {column: file.position[column] for column in _ITEM_COLUMNS}

    def item(fields: list[str]) -> OpenItem:
        kind = _kind(fields[plain["kind"]].strip())
        item_id = _required(fields[plain["item_id"]].strip(), "item_id")
        currency = _currency(fields[plain["currency"]].strip())
        original = _amount(fields[plain["original_amount"]], currency, "original_amount")
        open_amount = original
        if fields[plain["open_amount"]] != fields[plain["original_amount"]]:
            open_amount = _open_amount(fields[plain["open_amount"]], currency, settled=settled)
        _check_amounts(kind, currency, original, open_amount, settled=settled)
        issued_on, due_on = _dates(days, fields[plain["issue_date"]], fields[plain["due_date"]], kind)
        until, discount = text(fields, "discount_date"), text(fields, "discount_amount")
        discount_until, discount_amount = (
            _discount(days, until, discount, currency, original) if until or discount else (None, 0)
        )
        number = fields[plain["number"]].strip()
        return OpenItem(
            item_id=item_id,
            number=number or (item_id if kind == "on_account" else _required(number, "number")),
            kind=kind,
            customer_id=_required(fields[plain["customer_id"]].strip(), "customer_id"),
            currency=currency,
            issued_on=issued_on,
            due_on=due_on,
            original_amount=original,
            open_amount=open_amount,
            payment_reference=text(fields, "payment_reference"),
            discount_until=discount_until,
            discount_amount=discount_amount,
            disputed=_flag(text(fields, "disputed"), "disputed"),
            settled_on=days.parse(text(fields, "settled_on"), "settled_on") if settled else None,
            other_references=tuple(each for column in references for each in _several(text(fields, column)))
            if references
            else (),
        )

    return item


def _open_amount(value: str, currency: str, *, settled: bool) -> int:
    return 0 if settled and not value.strip() else _amount(value, currency, "open_amount")


def _check_amounts(kind: str, currency: str, original: int, open_amount: int, *, settled: bool) -> None:
    """What the kind says and what the sign says must be the same, or the item would be counted the wrong way round."""
    wrong_sign = original < 0 if _OWED[kind] else original > 0
    if wrong_sign:
        amount = to_decimal(original, currency)
        if kind == "invoice":
            trouble = (
                f"an invoice over {amount} {currency} would be credit; write it as credit_note, or correct the sign"
            )
        elif kind == "debit_note":
            trouble = f"a debit note over {amount} {currency} would be credit; correct the kind or the sign"
        else:
            trouble = f"a {kind} over {amount} {currency} would be owed by the customer; credit has a minus sign"
        raise _BadValueError("original_amount", trouble)
    if settled and open_amount:
        trouble = "a settled item has the open amount 0; items with an open amount belong into open_items.csv"
        raise _BadValueError("open_amount", trouble)
    if open_amount and (open_amount < 0) != (original < 0):
        trouble = "the open amount has the other sign than the original; list an overpayment as an on_account item"
        raise _BadValueError("open_amount", trouble)
    if abs(open_amount) > abs(original):
        trouble = (
            f"{to_decimal(open_amount, currency)} is open of {to_decimal(original, currency)}; "
            "an item cannot be open with more than its original amount"
        )
        raise _BadValueError("open_amount", trouble)


def _dates(days: "_Days", issue: str, due: str, kind: str) -> tuple[date, date]:
    issued_on = days.parse(issue.strip(), "issue_date")
    due_on = days.parse(due.strip(), "due_date")
    if issued_on is None:
        raise _BadValueError("issue_date", "the issue date is empty; write it as YYYY-MM-DD")
    if due_on is None and not _OWED[kind]:
        due_on = issued_on  # Credit falls due to nobody; many ERPs leave the date empty.
    if due_on is None:
        raise _BadValueError("due_date", "the due date is empty; write it as YYYY-MM-DD")
    return issued_on, due_on


def _discount(
    days: "_Days", until_text: str, amount_text: str, currency: str, original: int
) -> tuple[date | None, int]:
    until = days.parse(until_text, "discount_date") if until_text else None
    amount = _amount(amount_text, currency, "discount_amount") if amount_text else 0
    if amount and ((amount < 0) != (original < 0) or abs(amount) > abs(original)):
        trouble = "the discount must have the sign of the original amount and not exceed it"
        raise _BadValueError("discount_amount", trouble)
    return until, amount


class _Days:
    """Dates from ISO text; a receivables ledger has few different days, so each is worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, date] = {}

    def parse(self, text: str, column: str) -> date | None:
        known = self._known.get(text)
        if known is not None:
            return known
        if not text:
            return None
        try:
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None:
            raise _BadValueError(column, f"{text!r} is no date; write it as YYYY-MM-DD")
        self._known[text] = day
        return day


def _texts(file: CsvFile) -> Callable[[list[str], str], str]:
    places = file.position

    def text(fields: list[str], column: str) -> str:
        place = places.get(column)
        return fields[place].strip() if place is not None else ""

    return text


def _required(value: str, column: str) -> str:
    if not value:
        raise _BadValueError(column, f"{column} is empty; every row needs it")
    return value


def _kind(value: str) -> ItemKind:
    if value not in _OWED:
        raise _BadValueError("kind", f"{value!r} is no kind of item; write one of {', '.join(_OWED)}")
    return cast("ItemKind", value)


def _currency(value: str) -> str:
    code = value.upper()
    if code not in MINOR_DIGITS:
        raise _BadValueError("currency", f"{value!r} is no currency of ISO 4217; correct the currency code")
    return code


def _amount(value: str, currency: str, column: str) -> int:
    try:
        return to_minor(parse_decimal(value, decimal_mark="."), currency)
    except AmountError as error:
        raise _BadValueError(column, f"{error}; write it like -1234.50") from None


def _flag(value: str, column: str) -> bool:
    if value in {"", "0"}:
        return False
    if value == "1":
        return True
    raise _BadValueError(column, f"{value!r} is neither 1 nor 0 nor empty")


def _several(value: str) -> tuple[str, ...]:
    return tuple(stripped for each in value.split(";") if (stripped := each.strip())) if value else ()


def _account(value: str) -> str:
    return "".join(value.split()).upper()

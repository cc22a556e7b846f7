"""Rows of text become customers, items and accounts; files and SQL views share these rules.

A row is a list of texts with a map from column name to place. Everything a value can be wrong about raises
BadValueError with the column and what to do; nothing is guessed.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import cast

from matching.model.currencies import MINOR_DIGITS
from matching.model.money import AmountError, parse_decimal, to_decimal, to_minor
from matching.model.open_item import Customer, HouseAccount, ItemKind, OpenItem

CUSTOMER_COLUMNS = ("customer_id", "name")
ITEM_COLUMNS = (
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
REFERENCE_COLUMNS = ("purchase_order", "order_number", "delivery_note", "contract_number", "other_references")
OPTIONAL_ITEM_COLUMNS = ("payment_reference", "discount_date", "discount_amount", "disputed", "settled_on")
_OWED: dict[str, bool] = {"invoice": True, "debit_note": True, "credit_note": False, "on_account": False}

Fields = list[str]
Places = Mapping[str, int]


class BadValueError(Exception):
    """A value that cannot be taken over: which column, and what to do."""

    def __init__(self, column: str, trouble: str) -> None:
        super().__init__(trouble)
        self.column = column
        self.trouble = trouble


def customer_parser(places: Places) -> Callable[[Fields], Customer]:
    """How a row with these columns becomes a customer."""
    text = _texts(places)

    def customer(fields: Fields) -> Customer:
        country = text(fields, "country").upper()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise BadValueError("country", f"{country!r} is no country code of ISO 3166; write two letters like DE")
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


def house_account_parser(places: Places) -> Callable[[Fields], HouseAccount]:
    """How a row with these columns becomes one of our own bank accounts."""
    text = _texts(places)

    def account(fields: Fields) -> HouseAccount:
        return HouseAccount(
            account=_required(_account(text(fields, "account")), "account"),
            currency=_currency(text(fields, "currency")) if text(fields, "currency") else "",
            name=text(fields, "name"),
        )

    return account


def item_parser(places: Places, *, settled: bool) -> Callable[[Fields], OpenItem]:
    """How a row with these columns becomes an item; settled items have nothing open and know their day."""
    text = _texts(places)
    references = tuple(column for column in REFERENCE_COLUMNS if column in places)
    days = _Days()
    plain = {column: places[column] for column in ITEM_COLUMNS}

    def item(fields: Fields) -> OpenItem:
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
        raise BadValueError("original_amount", trouble)
    if settled and open_amount:
        trouble = "a settled item has the open amount 0; items with an open amount belong into open_items.csv"
        raise BadValueError("open_amount", trouble)
    if open_amount and (open_amount < 0) != (original < 0):
        trouble = "the open amount has the other sign than the original; list an overpayment as an on_account item"
        raise BadValueError("open_amount", trouble)
    if abs(open_amount) > abs(original):
        trouble = (
            f"{to_decimal(open_amount, currency)} is open of {to_decimal(original, currency)}; "
            "an item cannot be open with more than its original amount"
        )
        raise BadValueError("open_amount", trouble)


def _dates(days: "_Days", issue: str, due: str, kind: str) -> tuple[date, date]:
    issued_on = days.parse(issue.strip(), "issue_date")
    due_on = days.parse(due.strip(), "due_date")
    if issued_on is None:
        raise BadValueError("issue_date", "the issue date is empty; write it as YYYY-MM-DD")
    if due_on is None and not _OWED[kind]:
        due_on = issued_on  # Credit falls due to nobody; many ERPs leave the date empty.
    if due_on is None:
        raise BadValueError("due_date", "the due date is empty; write it as YYYY-MM-DD")
    return issued_on, due_on


def _discount(
    days: "_Days", until_text: str, amount_text: str, currency: str, original: int
) -> tuple[date | None, int]:
    until = days.parse(until_text, "discount_date") if until_text else None
    amount = _amount(amount_text, currency, "discount_amount") if amount_text else 0
    if amount and ((amount < 0) != (original < 0) or abs(amount) > abs(original)):
        trouble = "the discount must have the sign of the original amount and not exceed it"
        raise BadValueError("discount_amount", trouble)
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
            raise BadValueError(column, f"{text!r} is no date; write it as YYYY-MM-DD")
        self._known[text] = day
        return day


def _texts(places: Places) -> Callable[[Fields, str], str]:
    def text(fields: Fields, column: str) -> str:
        place = places.get(column)
        return fields[place].strip() if place is not None else ""

    return text


def _required(value: str, column: str) -> str:
    if not value:
        raise BadValueError(column, f"{column} is empty; every row needs it")
    return value


def _kind(value: str) -> ItemKind:
    if value not in _OWED:
        raise BadValueError("kind", f"{value!r} is no kind of item; write one of {', '.join(_OWED)}")
    return cast("ItemKind", value)


def _currency(value: str) -> str:
    code = value.upper()
    if code not in MINOR_DIGITS:
        raise BadValueError("currency", f"{value!r} is no currency of ISO 4217; correct the currency code")
    return code


def _amount(value: str, currency: str, column: str) -> int:
    try:
        return to_minor(parse_decimal(value, decimal_mark="."), currency)
    except AmountError as error:
        raise BadValueError(column, f"{error}; write it like -1234.50") from None


def _flag(value: str, column: str) -> bool:
    if value in {"", "0"}:
        return False
    if value == "1":
        return True
    raise BadValueError(column, f"{value!r} is neither 1 nor 0 nor empty")


def _several(value: str) -> tuple[str, ...]:
    return tuple(stripped for each in value.split(";") if (stripped := each.strip())) if value else ()


def _account(value: str) -> str:
    return "".join(value.split()).upper()

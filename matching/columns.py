"""Open or settled items in columns: whole ledgers are held at once here, and no item is kept as an object."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import islice, repeat
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from matching.model.open_item import OpenItem
from matching.parties import Parties

Values = npt.NDArray[np.signedinteger[Any]]

_EDGE = 1 << 60
_CHUNK = 4_096
_KINDS = {"invoice": 0, "credit_note": 1, "debit_note": 2, "on_account": 3}
_EPOCH = date(1970, 1, 1).toordinal()
_ITEM_ID, _NUMBER, _CUSTOMER = attrgetter("item_id"), attrgetter("number"), attrgetter("customer_id")
_CURRENCY, _KIND, _DISPUTED = attrgetter("currency"), attrgetter("kind"), attrgetter("disputed")
_OPEN, _ORIGINAL, _DISCOUNT = attrgetter("open_amount"), attrgetter("original_amount"), attrgetter("discount_amount")
_ISSUED, _DUE = attrgetter("issued_on"), attrgetter("due_on")
_DISCOUNT_UNTIL, _SETTLED = attrgetter("discount_until"), attrgetter("settled_on")
_REFERENCE, _OTHERS = attrgetter("payment_reference"), attrgetter("other_references")


def chunks(items: Iterable[OpenItem]) -> Iterator[list[OpenItem]]:
    """The items some thousand at a time, so that a ledger that is streamed is never held as objects."""
    coming = iter(items)
    while chunk := list(islice(coming, _CHUNK)):
        yield chunk


class Codes(dict[str, int]):
    """A small number for each text, given at first sight: what repeats over a ledger is kept once."""

    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code


class Gathered:
    """Items as they arrive, taken apart into columns in the order of arrival."""

    def __init__(self, customers: Codes) -> None:
        self.customers = customers
        self.currencies = Codes()
        self.item_ids: list[str] = []
        self.numbers: list[str] = []
        self.references: list[str] = []
        self.others: list[tuple[str, ...]] = []
        self.customer, self.currency, self.kind = array("i"), array("i"), array("b")
        self.disputed = array("b")
        self.open, self.original, self.discount = array("q"), array("q"), array("q")
        self.issued, self.due = array("i"), array("i")
        self.discount_until, self.settled = array("i"), array("i")

    def add(self, items: Iterable[OpenItem]) -> None:
        """Take these items apart."""
        for chunk in chunks(items):
            self._add(chunk)

    def _add(self, items: list[OpenItem]) -> None:
        self.item_ids.extend(map(_ITEM_ID, items))
        self.numbers.extend(map(_NUMBER, items))
        self.references.extend(map(_REFERENCE, items))
        self.others.extend(map(_OTHERS, items))
        self.customer.extend(map(self.customers.__getitem__, map(_CUSTOMER, items)))
        self.currency.extend(map(self.currencies.__getitem__, map(_CURRENCY, items)))
        self.kind.extend(map(_KINDS.get, map(_KIND, items), repeat(0)))
        self.disputed.extend(map(bool, map(_DISPUTED, items)))
        self.open.extend(_amounts(items, _OPEN))
        self.original.extend(_amounts(items, _ORIGINAL))
        self.discount.extend(_amounts(items, _DISCOUNT))
        self.issued.extend(map(date.toordinal, map(_ISSUED, items)))
        self.due.extend(map(date.toordinal, map(_DUE, items)))
        self.discount_until.extend(_days(items, _DISCOUNT_UNTIL))
        self.settled.extend(_days(items, _SETTLED))

    def kept(self) -> list[int] | None:
        """Which rows to keep where an item was delivered twice, or None where every id is there once.

        Of two the one with the smaller open amount, so that nothing is settled beyond what is open.
        """
        if len(set(self.item_ids)) == len(self.item_ids):
            return None
        customers, currencies = list(self.customers), list(self.currencies)

        def content(row: int) -> tuple[int, str, str, str, int, int]:
            customer, currency = customers[self.customer[row]], currencies[self.currency[row]]
            return abs(self.open[row]), self.numbers[row], customer, currency, self.due[row], self.issued[row]

        seen: dict[str, int] = {}
        for row, item_id in enumerate(self.item_ids):
            other = seen.setdefault(item_id, row)
            if other != row and content(row) < content(other):
                seen[item_id] = row
        return sorted(seen.values())


def _amounts(items: list[OpenItem], amount: Callable[[OpenItem], int]) -> "array[int]":
    """Amounts beyond 64 bits are no money; they are held at the edge and match nothing."""
    try:
        return array("q", map(amount, items))
    except OverflowError:
        return array("q", map(bounded, map(amount, items)))


def bounded(amount: int) -> int:
    """An amount as the columns hold it."""
    return max(-_EDGE, min(_EDGE, amount))


def _days(items: list[OpenItem], day: Callable[[OpenItem], date | None]) -> list[int]:
    return [found.toordinal() if found is not None else 0 for found in map(day, items)]


class ItemTable:
    """Items in columns. Position order is (customer, due date, item id), the same for the same items in any order."""

    def __init__(self, rows: Gathered, parties: Parties) -> None:
        places = np.array([parties.place(customer) for customer in rows.customers] or [0], dtype=np.int32)
        owners = places[_column(rows.customer)]
        order = _ordered(rows, owners)
        self.size = len(order)
        self.item_ids = _texts(rows.item_ids, order)
        self.numbers = _texts(rows.numbers, order)
        self.references = _texts(rows.references, order)
        self.others = [rows.others[row] for row in order] if any(rows.others) else [()] * self.size
        self.customer = _packed("i", owners[order])
        self.currencies = sorted(rows.currencies)
        code_of = {currency: code for code, currency in enumerate(self.currencies)}
        codes = np.array([code_of[known] for known in rows.currencies] or [0], dtype=np.int32)
        self.currency = _packed("i", codes[_column(rows.currency)[order]])
        self.kind = _packed("b", _column(rows.kind)[order])
        self.disputed = bytearray(_column(rows.disputed)[order].tobytes())
        opened = np.clip(_column(rows.open)[order], -_EDGE, _EDGE)
        self.open = _packed("q", opened)
        self.original = _packed("q", np.clip(_column(rows.original)[order], -_EDGE, _EDGE))
        believed = _believed(_column(rows.discount)[order], opened)
        self.discount = _packed("q", believed)
        self.net = _packed("q", opened - believed)
        self.issued = _packed("i", _column(rows.issued)[order])
        self.due = _packed("i", _column(rows.due)[order])
        self.due_month = _packed("i", _months(_column(rows.due)[order]))
        self.issue_month = _packed("i", _months(_column(rows.issued)[order]))
        self.discount_until = _packed("i", _column(rows.discount_until)[order])
        self.settled = _packed("i", _column(rows.settled)[order])
        counts = np.bincount(owners[order], minlength=parties.size)
        self.starts = _packed("i", np.concatenate(([0], np.cumsum(counts))).astype(np.int32))

    def of_customer(self, customer: int) -> range:
        """A customer's items, oldest due first."""
        return range(self.starts[customer], self.starts[customer + 1])

    def day(self, ordinal: int) -> date:
        """A date of the columns as a date."""
        return date.fromordinal(ordinal)


def _ordered(rows: Gathered, owners: Values) -> list[int]:
    """The rows by customer, due date and item id."""
    kept = rows.kept()
    due = _column(rows.due)
    if kept is not None:
        owners, due = owners[kept], due[kept]
    order = np.lexsort((due, owners))
    owners, due = owners[order], due[order]
    found: list[int] = order.tolist() if kept is None else np.array(kept)[order].tolist()
    alike = np.flatnonzero((owners[1:] == owners[:-1]) & (due[1:] == due[:-1]))
    first = 0
    runs = alike.tolist()
    while first < len(runs):
        last = first
        while last + 1 < len(runs) and runs[last + 1] == runs[last] + 1:
            last += 1
        start, end = runs[first], runs[last] + 2
        found[start:end] = sorted(found[start:end], key=rows.item_ids.__getitem__)
        first = last + 1
    return found


def _texts(column: list[str], order: list[int]) -> list[str]:
    return list(map(column.__getitem__, order))


def _column(values: "array[int]") -> Values:
    return np.frombuffer(values, dtype=values.typecode) if values else np.zeros(0, dtype=values.typecode)


def _packed(typecode: str, values: Values) -> "array[int]":
    """A column as it is held: one number read from it is a plain int, at once."""
    return array(typecode, values.astype(typecode, copy=False).tobytes())


def _believed(discount: Values, opened: Values) -> Values:
    """The discounts that may be believed: the sign of the item, smaller than what is open."""
    within = (np.abs(discount) < np.abs(opened)) & (np.sign(discount) == np.sign(opened))
    return np.where(within, discount, 0)


def _months(days: Values) -> Values:
    """As ``month``, for a whole column."""
    since_epoch = (days.astype(np.int64) - _EPOCH).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return since_epoch + 1970 * 12


@lru_cache(maxsize=20_000)
def month(ordinal: int) -> int:
    """The month of a day, as year times 12 plus month less 1.

    >>> month(date(2026, 9, 15).toordinal()) == 2026 * 12 + 8
    True
    """
    day = date.fromordinal(ordinal)
    return day.year * 12 + day.month - 1

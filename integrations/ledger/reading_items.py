"""Items, customers and totals as the ledger knows them, streamed a page at a time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from integrations.ledger import schema
from integrations.ledger.database import BATCH, batches
from integrations.ledger.intake_items import REFERENCE_MARK
from integrations.ledger.intake_parties import customer_of
from integrations.ledger.records import DayTotal, ItemState, ItemStatus
from matching.model.open_item import Customer, OpenItem

_ITEMS = schema.items.c
# The ERP's open amount less our movements that it does not reflect yet; may pass zero where the ERP fell below them.
_REST: ColumnElement[int] = _ITEMS.open_amount - _ITEMS.settled + _ITEMS.reflected

_STILL_OPEN: tuple[ColumnElement[bool], ...] = (~_ITEMS.gone, _ITEMS.direction * _REST > 0)
_PAID: ColumnElement[bool] = or_(_ITEMS.gone, _ITEMS.direction * _REST <= 0)


def effective_open(row: Any) -> int:
    """What is still open of an item, never beyond zero."""
    rest: int = row.open_amount - row.settled + row.reflected
    return rest if rest * row.direction > 0 else 0


def item_of(row: Any) -> OpenItem:
    """A row of the table of items as the model speaks of it, our own postings counted."""
    return OpenItem(
        item_id=row.item_id,
        number=row.number,
        kind=row.kind,
        customer_id=row.customer_id,
        currency=row.currency,
        issued_on=row.issued_on,
        due_on=row.due_on,
        original_amount=row.original_amount,
        open_amount=effective_open(row),
        payment_reference=row.payment_reference,
        discount_until=row.discount_until,
        discount_amount=row.discount_amount,
        disputed=row.disputed,
        settled_on=row.settled_on,
        other_references=tuple(row.other_references.split(REFERENCE_MARK)[1:]),
    )


def _pages(
    connection: Connection, company_id: int, *conditions: Any, columns: Sequence[Any] = (schema.items,)
) -> Iterator[Sequence[Any]]:
    """Rows of items in order of item id, all their columns or some, the item's id among them."""
    last = ""
    while True:
        rows = connection.execute(
            select(*columns)
            .where(_ITEMS.company_id == company_id, _ITEMS.item_id > last, *conditions)
            .order_by(_ITEMS.item_id)
            .limit(BATCH)
        ).all()
        if rows:
            yield rows
            last = rows[-1].item_id
        if len(rows) < BATCH:
            return


_OF_MODEL = (
    _ITEMS.item_id, _ITEMS.number, _ITEMS.kind, _ITEMS.customer_id, _ITEMS.currency, _ITEMS.issued_on, _ITEMS.due_on,
    _ITEMS.original_amount, _REST, _ITEMS.direction, _ITEMS.payment_reference, _ITEMS.discount_until,
    _ITEMS.discount_amount, _ITEMS.disputed, _ITEMS.settled_on, _ITEMS.other_references,
)  # fmt: skip


def _items(connection: Connection, company_id: int, *conditions: Any) -> Iterator[OpenItem]:
    """As ``item_of`` for each row of whole ledgers: columns in a fixed order are taken apart three times as fast."""
    for rows in _pages(connection, company_id, *conditions, columns=_OF_MODEL):
        for (
            item_id, number, kind, customer_id, currency, issued_on, due_on, original, rest, direction, reference,
            discount_until, discount, disputed, settled_on, others,
        ) in rows:  # fmt: skip
            yield OpenItem(
                item_id=item_id,
                number=number,
                kind=kind,
                customer_id=customer_id,
                currency=currency,
                issued_on=issued_on,
                due_on=due_on,
                original_amount=original,
                open_amount=rest if rest * direction > 0 else 0,
                payment_reference=reference,
                discount_until=discount_until,
                discount_amount=discount,
                disputed=disputed,
                settled_on=settled_on,
                other_references=tuple(others.split(REFERENCE_MARK)[1:]) if others else (),
            )


def open_items(connection: Connection, company_id: int) -> Iterator[OpenItem]:
    """Items with something still open."""
    yield from _items(connection, company_id, *_STILL_OPEN)


def open_amounts(connection: Connection, company_id: int) -> Iterator[tuple[str, int, str]]:
    """Item id, open amount and number of the same items, in the same order."""
    for rows in _pages(connection, company_id, *_STILL_OPEN, columns=(_ITEMS.item_id, _REST, _ITEMS.number)):
        yield from map(tuple, rows)


def open_items_of(connection: Connection, company_id: int, customer_id: str) -> list[OpenItem]:
    """One customer's items with something still open."""
    of_customer = (_ITEMS.customer_id == customer_id, ~_ITEMS.gone, _ITEMS.direction * _REST > 0)
    return [item_of(row) for rows in _pages(connection, company_id, *of_customer) for row in rows]


def settled_items(connection: Connection, company_id: int) -> Iterator[OpenItem]:
    """What was paid before, by whomever."""
    yield from _items(connection, company_id, _PAID)


def count_settled_items(connection: Connection, company_id: int) -> int:
    """How many those are."""
    counted = select(func.count()).select_from(schema.items).where(_ITEMS.company_id == company_id, _PAID)
    return connection.execute(counted).scalar_one()


def items(connection: Connection, company_id: int, item_ids: Sequence[str]) -> dict[str, OpenItem]:
    """These items as they stand."""
    found: dict[str, OpenItem] = {}
    for some in batches(item_ids):
        rows = connection.execute(select(schema.items).where(_ITEMS.company_id == company_id, _ITEMS.item_id.in_(some)))
        found |= {row.item_id: item_of(row) for row in rows}
    return found


def find_items(connection: Connection, company_id: int, text: str, limit: int) -> list[OpenItem]:
    """Items that begin with a text, those still open first."""
    begins = [
        column.startswith(text, autoescape=True) for column in (_ITEMS.item_id, _ITEMS.number, _ITEMS.payment_reference)
    ]
    rows = connection.execute(
        select(schema.items)
        .where(_ITEMS.company_id == company_id, or_(*begins))
        .order_by(_ITEMS.gone, _ITEMS.number, _ITEMS.item_id)
        .limit(limit)
    )
    return [item_of(row) for row in rows]


def item_statuses(connection: Connection, company_id: int) -> Iterator[ItemStatus]:
    """Every item of the ERP's last pull."""
    for rows in _pages(connection, company_id, ~_ITEMS.gone):
        for row in rows:
            rest = effective_open(row)
            yield ItemStatus(
                item_id=row.item_id,
                number=row.number,
                customer_id=row.customer_id,
                currency=row.currency,
                open_amount=rest,
                state=_state(rest, row.original_amount),
            )


def _state(rest: int, original: int) -> ItemState:
    if rest == 0:
        return "paid"
    return "open" if abs(rest) >= abs(original) else "partly_paid"


def customers(connection: Connection, company_id: int) -> Iterator[Customer]:
    """The customers the ERP knows now, in order of their id."""
    table, last = schema.customers.c, ""
    while True:
        rows = connection.execute(
            select(schema.customers)
            .where(table.company_id == company_id, table.customer_id > last, ~table.gone)
            .order_by(table.customer_id)
            .limit(BATCH)
        ).all()
        for row in rows:
            yield customer_of(row)
        if len(rows) < BATCH:
            return
        last = rows[-1].customer_id


def customer_names(connection: Connection, company_id: int, customer_ids: Sequence[str]) -> dict[str, str]:
    """Names by customer id."""
    table, found = schema.customers.c, dict[str, str]()
    for some in batches(customer_ids):
        wanted = select(table.customer_id, table.name).where(
            table.company_id == company_id, table.customer_id.in_(some)
        )
        found |= {row.customer_id: row.name for row in connection.execute(wanted)}
    return found


def totals(connection: Connection, company_id: int, since: date | None) -> Iterator[DayTotal]:
    """Per account, currency and booking day, what came and what became of it."""
    table = schema.payments.c
    conditions: list[Any] = [table.company_id == company_id, table.replaced_by.is_(None)]
    if since is not None:
        conditions.append(table.booked_on >= since)
    undecided = case((table.state == "new", table.amount), else_=0)
    key = (table.account, table.currency, table.booked_on)
    parts = (table.amount, table.allocated, table.on_account, table.in_exception, table.ignored, undecided)
    found = connection.execute(
        select(*key, func.count(), *(func.sum(part) for part in parts))
        .where(and_(*conditions))
        .group_by(*key)
        .order_by(*key)
    ).all()
    for row in found:
        account, currency, booked_on, count, *sums = row
        movement, allocated, on_account, in_exceptions, ignored, left = map(int, sums)
        yield DayTotal(
            account=account,
            currency=currency,
            booked_on=booked_on,
            payments=count,
            movement=movement,
            allocated=allocated,
            on_account=on_account,
            in_exceptions=in_exceptions,
            ignored=ignored,
            undecided=left,
        )


def companies(connection: Connection) -> Iterable[str]:
    """All companies of the ledger."""
    return connection.execute(select(schema.companies.c.name).order_by(schema.companies.c.name)).scalars()

"""Taking over customers, our own bank accounts, and where a pull ended."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from integrations.ledger import schema
from integrations.ledger.database import batches, storable
from integrations.ledger.records import Change, ImportCounts
from integrations.ledger.unit import Unit
from matching.model.open_item import Customer, HouseAccount

_SAID = ("name", "ibans", "country", "parent_id", "aliases", "payer_ids")
_CUSTOMER = ("company_id", "customer_id", *_SAID)


def import_customers(unit: Unit, customers: Iterable[Customer], *, snapshot: bool, change: Change) -> ImportCounts:
    """Take over customers; only what differs is written. The ids of one pull are held in memory."""
    seen: set[str] = set()
    read = added = changed = 0
    for batch in batches(customers):
        read += len(batch)
        said = {storable(one.customer_id): _said(one) for one in batch}
        seen.update(said)
        standing = _standing(unit, list(said))
        fresh = [(unit.company_id, key, *values) for key, values in said.items() if key not in standing]
        differing = {
            key: values for key, values in said.items() if standing.get(key, (*values, False)) != (*values, False)
        }
        unit.database.insert(unit.connection, schema.customers, _CUSTOMER, fresh)
        _update(unit, differing)
        added, changed = added + len(fresh), changed + len(differing)
    gone = _close_unseen(unit, seen) if snapshot else 0
    counts = ImportCounts(read=read, added=added, changed=changed, gone=gone)
    if added or changed or gone:
        unit.note(change, "customers", "", {"read": read, "added": added, "changed": changed, "gone": gone})
    return counts


def _said(one: Customer) -> tuple[str, ...]:
    lists = [json.dumps(many, ensure_ascii=False) if many else "" for many in (one.ibans, one.aliases, one.payer_ids)]
    texts = (one.name, lists[0], one.country, one.parent_id, lists[1], lists[2])
    return tuple(storable(text) for text in texts)


def customer_of(row: Any) -> Customer:
    """A row of the table of customers as the model speaks of it."""
    return Customer(
        customer_id=row.customer_id,
        name=row.name,
        ibans=_several(row.ibans),
        country=row.country,
        parent_id=row.parent_id,
        aliases=_several(row.aliases),
        payer_ids=_several(row.payer_ids),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _standing(unit: Unit, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    table = schema.customers.c
    columns = [table[name] for name in _SAID]
    found = unit.connection.execute(
        select(table.customer_id, *columns, table.gone).where(
            table.company_id == unit.company_id, table.customer_id.in_(keys)
        )
    )
    return {row[0]: tuple(row[1:]) for row in found}


def _update(unit: Unit, differing: dict[str, tuple[str, ...]]) -> None:
    if not differing:
        return
    table = schema.customers.c
    unit.connection.execute(
        update(schema.customers).where(table.company_id == unit.company_id, table.customer_id == bindparam("key")),
        [
            {"key": key, "gone": False, "erased_at": None, **dict(zip(_SAID, values, strict=True))}
            for key, values in differing.items()
        ],
    )


def _close_unseen(unit: Unit, seen: set[str]) -> int:
    table = schema.customers.c
    standing = unit.connection.execute(
        select(table.customer_id).where(table.company_id == unit.company_id, ~table.gone)
    ).scalars()
    missing = sorted(set(standing) - seen)
    for keys in batches(missing):
        unit.connection.execute(
            update(schema.customers)
            .where(table.company_id == unit.company_id, table.customer_id.in_(keys))
            .values(gone=True)
        )
    return len(missing)


def import_house_accounts(unit: Unit, accounts: Iterable[HouseAccount], change: Change) -> ImportCounts:
    """Replace the list of our own accounts when it differs."""
    wanted = {(storable(one.account), one.currency): storable(one.name) for one in accounts}
    standing = {(one.account, one.currency): one.name for one in house_accounts(unit.connection, unit.company_id)}
    if wanted == standing:
        return ImportCounts(read=len(wanted), added=0, changed=0)
    table = schema.house_accounts
    unit.connection.execute(delete(table).where(table.c.company_id == unit.company_id))
    rows = [
        {"company_id": unit.company_id, "account": account, "currency": currency, "name": name}
        for (account, currency), name in sorted(wanted.items())
    ]
    if rows:
        unit.connection.execute(insert(table), rows)
    added, gone = len(wanted.keys() - standing.keys()), len(standing.keys() - wanted.keys())
    renamed = sum(wanted[key] != standing[key] for key in wanted.keys() & standing.keys())
    unit.note(change, "house_accounts", "", {"accounts": [account for account, _ in sorted(wanted)]})
    return ImportCounts(read=len(wanted), added=added, changed=renamed, gone=gone)


def house_accounts(connection: Connection, company_id: int) -> tuple[HouseAccount, ...]:
    """Our own bank accounts."""
    table = schema.house_accounts.c
    found = connection.execute(
        select(table.account, table.currency, table.name)
        .where(table.company_id == company_id)
        .order_by(table.account, table.currency)
    )
    return tuple(HouseAccount(account=row.account, currency=row.currency, name=row.name) for row in found)


def cursor(connection: Connection, company_id: int, name: str) -> str:
    """Where the last pull of that name ended."""
    table = schema.cursors.c
    found = connection.execute(select(table.value).where(table.company_id == company_id, table.name == name))
    return found.scalar_one_or_none() or ""


def cursors(connection: Connection, company_id: int, prefix: str, without: str) -> dict[str, str]:
    """Cursors by the rest of their name after the prefix, less those that say ``without``."""
    table = schema.cursors.c
    found = connection.execute(
        select(table.name, table.value).where(
            table.company_id == company_id, table.name.startswith(prefix, autoescape=True), table.value != without
        )
    )
    return {row.name.removeprefix(prefix): row.value for row in found}


def save_cursor(unit: Unit, name: str, value: str, change: Change) -> None:
    """Remember where a pull ended."""
    table = schema.cursors.c
    mine = (table.company_id == unit.company_id, table.name == name)
    unit.connection.execute(delete(schema.cursors).where(*mine))
    unit.connection.execute(
        insert(schema.cursors).values(company_id=unit.company_id, name=name, value=value, at=change.at)
    )

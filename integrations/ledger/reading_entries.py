"""Entries that were delivered before, with the statements that brought them: what an arriving entry is held against."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, exists, func, select

from integrations.ledger import codec, schema
from integrations.ledger.database import batches
from integrations.ledger.reading_files import header_of
from integrations.ledger.records import DeliveredEntry, EntryDelivery, UnbookedEntry
from matching.model.bank_statement import BankEntry


def accounts(connection: Connection, company_id: int) -> Iterator[str]:
    """The accounts of all statements, as the banks wrote them."""
    table = schema.statements.c
    found = connection.execute(select(table.account).where(table.company_id == company_id).distinct())
    yield from sorted(row.account for row in found)


def delivered_entries(
    connection: Connection, company_id: int, written: Sequence[str], *, since: date, until: date
) -> list[DeliveredEntry]:
    """The entries of these accounts booked (else valued) between two days, both included, in order of key."""
    entries, table = schema.entries.c, schema.statements.c
    day = func.coalesce(entries.booked_on, entries.valued_on)
    found = connection.execute(
        select(
            schema.statements,
            entries.entry_key,
            entries.content,
            schema.files.c.sha256,
            schema.files.c.format,
        )
        .select_from(schema.entries)
        .join(
            schema.deliveries,
            (schema.deliveries.c.company_id == entries.company_id)
            & (schema.deliveries.c.entry_key == entries.entry_key),
        )
        .join(schema.statements, table.statement_no == schema.deliveries.c.statement_no)
        .join(schema.files, schema.files.c.file_id == table.file_id)
        .where(entries.company_id == company_id, entries.account.in_(written), day >= since, day <= until)
        .where(entries.erased_at.is_(None))
        .order_by(entries.entry_key, table.statement_no)
    )
    gathered: dict[str, tuple[BankEntry, list[EntryDelivery]]] = {}
    for row in found:
        if row.entry_key not in gathered:
            gathered[row.entry_key] = (codec.from_text(BankEntry, row.content), [])
        delivery = EntryDelivery(
            sha256=row.sha256, position=row.position, format=row.format or "", header=header_of(row)
        )
        gathered[row.entry_key][1].append(delivery)
    also = _told_before(connection, company_id, sorted(gathered))
    joined = _collective(connection, company_id, sorted(gathered))
    return [
        DeliveredEntry(
            entry_key=key,
            entry=entry,
            deliveries=tuple(deliveries),
            also=tuple(also.get(key, ())),
            collective=key in joined,
        )
        for key, (entry, deliveries) in gathered.items()
    ]


def _told_before(connection: Connection, company_id: int, keys: Sequence[str]) -> dict[str, list[BankEntry]]:
    """What was said of these entries before they became what they are, and beside it."""
    told: dict[str, list[BankEntry]] = {}
    table = schema.entry_history.c
    for some in batches(keys):
        found = connection.execute(
            select(table.entry_key, table.before, table.said)
            .where(table.company_id == company_id, table.entry_key.in_(some), table.said.is_not(None))
            .order_by(table.history_id)
        )
        for row in found:
            told.setdefault(row.entry_key, []).extend(
                codec.from_text(BankEntry, content) for content in (row.before, row.said) if content
            )
    return told


def _collective(connection: Connection, company_id: int, keys: Sequence[str]) -> set[str]:
    """Those of the entries that tell of the same money as others."""
    table = schema.collective_entries.c
    found: set[str] = set()
    for some in batches(keys):
        found.update(
            connection.execute(
                select(table.entry_key).where(table.company_id == company_id, table.entry_key.in_(some))
            ).scalars()
        )
    return found


def unbooked_entries(connection: Connection, company_id: int) -> Iterator[UnbookedEntry]:
    """What was announced and is not booked yet, neither itself nor in a collective amount."""
    table, same = schema.entries.c, schema.collective_entries.c
    beside = exists().where(same.company_id == company_id, same.entry_key == table.entry_key, ~same.counts)
    found = connection.execute(
        select(schema.entries)
        .where(table.company_id == company_id, table.status != "booked", table.erased_at.is_(None), ~beside)
        .order_by(table.entry_key)
    )
    for row in found:
        yield UnbookedEntry(
            entry_key=row.entry_key,
            account=row.account,
            currency=row.currency,
            amount=row.amount,
            entry=codec.from_text(BankEntry, row.content),
        )

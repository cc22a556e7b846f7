"""Imported files and statements, for completeness checks and for people who ask where a number came from."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from integrations.ledger import schema
from integrations.ledger.database import BATCH
from integrations.ledger.intake_statements import file_of
from integrations.ledger.records import KnownFile, StatementOnFile
from matching.model.bank_statement import Finding, Quarantined, StatementHeader


def files(connection: Connection, company_id: int) -> Iterator[KnownFile]:
    """Imported files, oldest first."""
    table, last = schema.files.c, 0
    while True:
        rows = connection.execute(
            select(schema.files)
            .where(table.company_id == company_id, table.file_id > last)
            .order_by(table.file_id)
            .limit(BATCH)
        ).all()
        yield from map(file_of, rows)
        if len(rows) < BATCH:
            return
        last = rows[-1].file_id


def statements(connection: Connection, company_id: int, account: str) -> Iterator[StatementOnFile]:
    """Imported statements by account and date."""
    table, file = schema.statements.c, schema.files.c
    wanted = (
        select(schema.statements, file.name.label("file_name"))
        .join(schema.files, file.file_id == table.file_id)
        .where(table.company_id == company_id)
        .order_by(table.account, table.from_date, table.to_date, table.statement_no)
    )
    if account:
        wanted = wanted.where(table.account == account)
    for row in connection.execute(wanted).yield_per(BATCH):
        yield StatementOnFile(
            statement_no=row.statement_no,
            file_name=row.file_name,
            account=row.account,
            header=header_of(row),
            integrity=row.integrity,
            entry_count=row.entry_count,
            file_id=row.file_id,
        )


def header_of(row: Any) -> StatementHeader:
    """The header of a row of the table of statements."""
    return StatementHeader(
        account=row.account or None,
        account_owner=row.account_owner,
        currency=row.currency,
        kind=row.kind,
        statement_id=row.statement_id,
        sequence=row.sequence,
        page=row.page,
        last_page=row.last_page,
        from_date=row.from_date,
        to_date=row.to_date,
        opening=None if row.opening is None else Decimal(row.opening),
        closing=None if row.closing is None else Decimal(row.closing),
    )


def findings(connection: Connection, company_id: int, file_id: int) -> list[Finding]:
    """What a person may want to know about one file."""
    table = schema.findings.c
    found = connection.execute(
        select(schema.findings)
        .join(schema.files, schema.files.c.file_id == table.file_id)
        .where(schema.files.c.company_id == company_id, table.file_id == file_id)
        .order_by(table.position)
    )
    return [Finding(severity=row.severity, code=row.code, where=row.location, message=row.message) for row in found]


def quarantined(connection: Connection, company_id: int, file_id: int) -> list[Quarantined]:
    """What could not be read of one file."""
    table = schema.quarantined.c
    found = connection.execute(
        select(schema.quarantined)
        .join(schema.files, schema.files.c.file_id == table.file_id)
        .where(schema.files.c.company_id == company_id, table.file_id == file_id)
        .order_by(table.position)
    )
    return [Quarantined(where=row.location, raw=row.raw, code=row.code, message=row.message) for row in found]

"""Laws about what arrived: nothing dropped, nothing altered, statements that add up."""

import hashlib
import zlib
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Connection, and_, func, literal, or_, select, union_all

from integrations.ledger import schema
from integrations.ledger.records import Violation
from integrations.ledger.standing import in_words
from matching.model.money import AmountError, to_minor

_FILES, _STATEMENTS, _DELIVERIES = schema.files.c, schema.statements.c, schema.deliveries.c
_ENTRIES, _PAYMENTS = schema.entries.c, schema.payments.c


def entries_read_or_quarantined(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Entries in the file = entries read + quarantined, and all of them are there."""
    read = (
        select(func.count())
        .select_from(schema.deliveries.join(schema.statements, _STATEMENTS.statement_no == _DELIVERIES.statement_no))
        .where(_STATEMENTS.file_id == _FILES.file_id)
        .scalar_subquery()
    )
    aside = select(func.count()).where(schema.quarantined.c.file_id == _FILES.file_id).scalar_subquery()
    rows = connection.execute(
        select(_FILES.name, _FILES.entries_in_file, _FILES.entries_read, _FILES.quarantined, read, aside)
        .where(_FILES.company_id == company_id)
        .where(
            or_(
                _FILES.entries_in_file != _FILES.entries_read + _FILES.quarantined,
                read != _FILES.entries_read,
                aside != _FILES.quarantined,
            )
        )
    )
    for name, in_file, told_read, told_aside, there, there_aside in rows:
        yield Violation(
            law="entries_read_or_quarantined",
            where=f"file {name}",
            message=(
                f"{in_file} entries in the file, {told_read} read and {told_aside} quarantined by its record; "
                f"{there} and {there_aside} are in the ledger"
            ),
        )


def raw_files_unchanged(connection: Connection, company_id: int) -> Iterator[Violation]:
    """What is kept of a raw file is what its hash says."""
    numbers = list(
        connection.execute(
            select(_FILES.file_id).where(_FILES.company_id == company_id, _FILES.content.is_not(None))
        ).scalars()
    )
    for number in numbers:
        name, sha256, content = connection.execute(
            select(_FILES.name, _FILES.sha256, _FILES.content).where(_FILES.file_id == number)
        ).one()
        try:
            found = hashlib.sha256(zlib.decompress(content)).hexdigest()
        except zlib.error:
            found = "nothing readable"
        if found != sha256:
            message = f"the kept content gives {found}, not {sha256}, the hash it arrived with"
            yield Violation(law="raw_files_unchanged", where=f"file {name}", message=message)


def statements_add_up(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Opening + booked = closing for statements that were balanced, and as many entries as the statement had."""
    rows = connection.execute(
        select(
            *(_STATEMENTS.statement_no, _STATEMENTS.account, _STATEMENTS.currency, _STATEMENTS.sequence),
            *(_STATEMENTS.opening, _STATEMENTS.closing, _STATEMENTS.integrity, _STATEMENTS.entry_count),
            func.count(_DELIVERIES.ordinal).label("there"),
            func.coalesce(func.sum(_DELIVERIES.booked), 0).label("booked"),
            func.count(_ENTRIES.entry_key.distinct()).label("known"),
            func.min(_ENTRIES.currency).label("least"),
            func.max(_ENTRIES.currency).label("most"),
        )
        .outerjoin(schema.deliveries, _DELIVERIES.statement_no == _STATEMENTS.statement_no)
        .outerjoin(
            schema.entries,
            and_(_ENTRIES.company_id == _DELIVERIES.company_id, _ENTRIES.entry_key == _DELIVERIES.entry_key),
        )
        .where(_STATEMENTS.company_id == company_id)
        .group_by(_STATEMENTS.statement_no)
        .order_by(_STATEMENTS.statement_no)
    )
    for row in rows:
        where = f"statement {row.sequence or row.statement_no} of account {row.account}"
        if row.there != row.entry_count:
            message = f"the statement had {row.entry_count} entries, {row.there} are in the ledger"
            yield Violation(law="statements_add_up", where=where, message=message)
        if row.integrity != "balanced" or row.opening is None or row.closing is None or not row.currency:
            continue
        if row.there and not row.least == row.most == row.currency:
            continue
        try:
            opening, closing = (to_minor(Decimal(one), row.currency) for one in (row.opening, row.closing))
        except AmountError:
            continue
        if opening + int(row.booked) != closing:
            message = f"{row.opening} + {in_words(int(row.booked), row.currency)} booked is not {row.closing}"
            yield Violation(law="statements_add_up", where=where, message=message)


def entries_as_delivered(connection: Connection, company_id: int) -> Iterator[Violation]:
    """An entry is what every statement that booked it says."""
    rows = connection.execute(
        select(_ENTRIES.entry_key, _ENTRIES.amount, _ENTRIES.status, _DELIVERIES.booked, _ENTRIES.currency)
        .join(
            schema.deliveries,
            and_(_ENTRIES.company_id == _DELIVERIES.company_id, _ENTRIES.entry_key == _DELIVERIES.entry_key),
        )
        .where(
            _ENTRIES.company_id == company_id,
            _DELIVERIES.booked.is_not(None),
            or_(_DELIVERIES.booked != _ENTRIES.amount, _ENTRIES.status != "booked"),
        )
    )
    for row in rows:
        message = (
            f"a statement booked {in_words(row.booked, row.currency)}, the ledger has "
            f"{in_words(row.amount, row.currency)} ({row.status})"
        )
        yield Violation(law="entries_as_delivered", where=f"entry {row.entry_key}", message=message)


def entries_become_payments(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every booked entry stands for payments that add up to it, on its account and in its currency."""
    booked = select(
        _ENTRIES.entry_key,
        _ENTRIES.currency,
        _ENTRIES.amount.label("moved"),
        literal(0).label("paid"),
        literal(0).label("n"),
    ).where(_ENTRIES.company_id == company_id, _ENTRIES.status == "booked")
    paid = select(_PAYMENTS.entry_key, _PAYMENTS.currency, literal(0), _PAYMENTS.amount, literal(1)).where(
        _PAYMENTS.company_id == company_id, _PAYMENTS.replaced_by.is_(None)
    )
    # Both in one list and added up: whichever side has more, or the other nothing, it shows.
    both = union_all(booked, paid).subquery().c
    moved, there, payments = func.sum(both.moved), func.sum(both.paid), func.sum(both.n)
    least, most = func.min(both.currency), func.max(both.currency)
    rows = connection.execute(
        select(both.entry_key, moved, there, payments, least)
        .group_by(both.entry_key)
        .having(or_(moved != there, payments == 0, least != most))
    )
    for entry_key, amount, total, count, currency in rows:
        message = f"{in_words(int(amount), currency)} booked, {count} payments over {in_words(int(total), currency)}"
        yield Violation(law="entries_become_payments", where=f"entry {entry_key}", message=message)


LAWS = (
    entries_read_or_quarantined,
    raw_files_unchanged,
    statements_add_up,
    entries_as_delivered,
    entries_become_payments,
)

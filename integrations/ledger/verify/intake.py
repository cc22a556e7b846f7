"""Laws about what arrived: nothing dropped, nothing altered, statements that add up."""

import hashlib
import zlib
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Connection, and_, case, func, literal, or_, select, union_all

from integrations.ledger import schema
from integrations.ledger.records import Violation
from integrations.ledger.standing import in_words
from integrations.ledger.verify.money import stands_beside
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
    ).where(_ENTRIES.company_id == company_id, _ENTRIES.status == "booked", ~stands_beside(company_id))
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


def collectives_add_up(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Money told in whole amounts and in parts: both sums are equal, and exactly one side counts."""
    same = schema.collective_entries.c
    whole, counting = same.side == "whole", same.counts.is_(True)
    rows = connection.execute(
        select(
            same.collective,
            func.sum(case((whole, _ENTRIES.amount), else_=-_ENTRIES.amount)).label("apart"),
            func.count(case((and_(whole, counting), 1))).label("wholes_count"),
            func.count(case((whole, 1))).label("wholes"),
            func.count(case((and_(~whole, counting), 1))).label("parts_count"),
            func.count(case((~whole, 1))).label("parts"),
            func.min(_ENTRIES.currency).label("currency"),
            func.max(_ENTRIES.currency).label("other_currency"),
        )
        .join(schema.entries, and_(_ENTRIES.company_id == same.company_id, _ENTRIES.entry_key == same.entry_key))
        .where(same.company_id == company_id)
        .group_by(same.collective)
        .order_by(same.collective)
    )
    for row in rows:
        one_side = row.wholes and row.parts and (row.wholes_count, row.parts_count) in {(row.wholes, 0), (0, row.parts)}
        if row.apart == 0 and one_side and row.currency == row.other_currency:
            continue
        message = (
            f"{row.wholes} whole amounts and {row.parts} parts tell of the same money; their sums are "
            f"{in_words(int(row.apart), row.currency)} apart, {row.wholes_count} and {row.parts_count} of them count"
        )
        yield Violation(law="collectives_add_up", where=f"collective {row.collective}", message=message)


def collectives_are_told_apart(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A whole and its parts never stand in statements of one format: what a statement books beside is other money."""
    same, files = schema.collective_entries.c, schema.files
    form = func.substr(files.c.format, 1, 4).label("form")
    rows = connection.execute(
        select(same.collective, form)
        .join(
            schema.deliveries,
            and_(_DELIVERIES.company_id == same.company_id, _DELIVERIES.entry_key == same.entry_key),
        )
        .join(schema.statements, _STATEMENTS.statement_no == _DELIVERIES.statement_no)
        .join(files, _FILES.file_id == _STATEMENTS.file_id)
        .where(same.company_id == company_id, _STATEMENTS.kind == "final", _DELIVERIES.booked.is_not(None))
        .group_by(same.collective, form)
        .having(func.count(same.side.distinct()) > 1)
        .order_by(same.collective)
    )
    for collective, written in rows:
        message = (
            f"statements of one format ({written}) book the collective amount and one of its parts, which is counted "
            "once; one of them may be other money: compare the statements, and book what is missing by hand"
        )
        yield Violation(law="collectives_are_told_apart", where=f"collective {collective}", message=message)


LAWS = (
    entries_read_or_quarantined,
    raw_files_unchanged,
    statements_add_up,
    entries_as_delivered,
    entries_become_payments,
    collectives_add_up,
    collectives_are_told_apart,
)

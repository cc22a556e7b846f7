"""Payments and what became of them, streamed a page at a time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from integrations.ledger import cases, codec, schema
from integrations.ledger.database import BATCH, batches
from integrations.ledger.errors import NotFound
from integrations.ledger.outbox import outbox_rows
from integrations.ledger.recorded import recorded_decisions
from integrations.ledger.records import (
    OPEN_CASE_STATES,
    AllocationRow,
    Approval,
    CaseState,
    CaseSummary,
    IgnoredRow,
    OnAccountRow,
    OpenCases,
    PaymentView,
)
from integrations.ledger.standing import allocation_of, join_item_of_allocation
from matching.model.bank_statement import BankEntry
from matching.model.decision import Decision, ExceptionCase
from matching.model.payment import Payment

_PAYMENTS, _DECISIONS, _CASES = schema.payments.c, schema.decisions.c, schema.cases.c
_ALLOCATIONS, _ITEMS, _OUTBOX = schema.allocations.c, schema.items.c, schema.outbox.c
_OF_CASE = and_(_PAYMENTS.company_id == _CASES.company_id, _PAYMENTS.payment_id == _CASES.payment_id)
_LIVE = and_(
    _DECISIONS.company_id == _PAYMENTS.company_id, _DECISIONS.payment_id == _PAYMENTS.payment_id, _DECISIONS.live
)
_POSTED = and_(
    _OUTBOX.company_id == _DECISIONS.company_id,
    _OUTBOX.decision_id == _DECISIONS.decision_id,
    _OUTBOX.action == "post",
)


def payment_of(content: str) -> Payment:
    """A stored payment."""
    return codec.from_text(Payment, content)


def _pages(connection: Connection, statement: Any) -> Iterator[Sequence[Any]]:
    """Pages of a statement over payments, in order of payment id, whole payments at a time."""
    last = ""
    while True:
        rows = connection.execute(
            statement.where(_PAYMENTS.payment_id > last).order_by(_PAYMENTS.payment_id).limit(BATCH)
        ).all()
        if rows:
            yield rows
            last = rows[-1].payment_id
        if len(rows) < BATCH:
            return


def payments_to_match(connection: Connection, company_id: int) -> Iterator[Payment]:
    """New payments, and exceptions nobody has touched.

    What is allocated in part stays as it is: decided anew, its own allocation would look like a double payment of the
    item, be taken back in the ERP, and come again the night after.
    """
    waits_whole = and_(_CASES.state == "open", _PAYMENTS.allocated == 0, _PAYMENTS.on_account == 0)
    statement = (
        select(_PAYMENTS.payment_id, _PAYMENTS.content)
        .outerjoin(schema.cases, _OF_CASE)
        .where(
            _PAYMENTS.company_id == company_id,
            _PAYMENTS.replaced_by.is_(None),
            or_(_PAYMENTS.state == "new", and_(_PAYMENTS.state == "exception", waits_whole)),
        )
    )
    for rows in _pages(connection, statement):
        for row in rows:
            yield payment_of(row.content)


def allocations(
    connection: Connection, company_id: int, payment_ids: Collection[str] | None = None
) -> Iterator[AllocationRow]:
    """Live allocations in order of payment and item, of these payments or of all."""
    statement = _decided(company_id).where(or_(_DECISIONS.allocated != 0, _DECISIONS.revision > 0))
    if payment_ids is None:
        pages: Iterable[Sequence[Any]] = _pages(connection, statement)
    else:
        some = (statement.where(_PAYMENTS.payment_id.in_(few)) for few in batches(sorted(payment_ids)))
        pages = (connection.execute(each.order_by(_PAYMENTS.payment_id)).all() for each in some)
    for rows in pages:
        yield from _allocation_rows(connection, company_id, rows)


def latest_allocations(connection: Connection, company_id: int, limit: int) -> Iterator[AllocationRow]:
    """Live allocations of the newest decisions, newest first."""
    settles = exists().where(
        _ALLOCATIONS.company_id == _DECISIONS.company_id, _ALLOCATIONS.decision_id == _DECISIONS.decision_id
    )
    newest = _decided(company_id).where(settles).order_by(_DECISIONS.decision_id.desc()).limit(limit)
    yield from _allocation_rows(connection, company_id, connection.execute(newest).all())


def _decided(company_id: int) -> Any:
    return (
        select(
            _PAYMENTS.payment_id,
            _PAYMENTS.content,
            *(_DECISIONS.decision_id, _DECISIONS.actor_kind, _DECISIONS.confidence, _DECISIONS.rule, _DECISIONS.texts),
            *(_OUTBOX.key, _OUTBOX.state.label("posting_state")),
        )
        .join(schema.decisions, _LIVE)
        .outerjoin(schema.outbox, _POSTED)
        .where(_PAYMENTS.company_id == company_id)
    )


def _allocation_rows(connection: Connection, company_id: int, rows: Sequence[Any]) -> Iterator[AllocationRow]:
    lines = _lines(connection, company_id, [row.decision_id for row in rows])
    for row in rows:
        payment, explanation = payment_of(row.content), _explanation(row.texts)
        for line in lines.get(row.decision_id, ()):
            yield AllocationRow(
                decision_id=row.decision_id,
                payment=payment,
                allocation=allocation_of(line, line.item_id),
                number=line.number,
                customer_id=line.customer_id,
                expected_open=line.expected_open,
                posting_key=row.key or "",
                posting_state=row.posting_state,
                by_person=row.actor_kind == "person",
                confidence=row.confidence,
                rule=row.rule,
                explanation=explanation,
            )


def _lines(connection: Connection, company_id: int, ids: Sequence[int]) -> dict[int, list[Any]]:
    found = connection.execute(
        select(schema.allocations, _ITEMS.item_id, _ITEMS.number, _ITEMS.customer_id)
        .join(schema.items, join_item_of_allocation())
        .where(_ALLOCATIONS.company_id == company_id, _ALLOCATIONS.decision_id.in_(ids))
        .order_by(_ALLOCATIONS.decision_id, _ITEMS.item_id)
    )
    lines: dict[int, list[Any]] = {}
    for row in found:
        lines.setdefault(row.decision_id, []).append(row)
    return lines


def on_account(connection: Connection, company_id: int) -> Iterator[OnAccountRow]:
    """Live amounts on account."""
    statement = (
        select(
            _PAYMENTS.payment_id,
            _PAYMENTS.content,
            *(_DECISIONS.decision_id, _DECISIONS.actor_kind, _DECISIONS.confidence, _DECISIONS.rule, _DECISIONS.texts),
            *(_DECISIONS.on_account, _DECISIONS.on_account_customer_id, _OUTBOX.key),
        )
        .join(schema.decisions, _LIVE)
        .outerjoin(schema.outbox, _POSTED)
        .where(_PAYMENTS.company_id == company_id, _PAYMENTS.on_account != 0)
    )
    for rows in _pages(connection, statement):
        for row in rows:
            yield OnAccountRow(
                decision_id=row.decision_id,
                payment=payment_of(row.content),
                customer_id=row.on_account_customer_id,
                amount=row.on_account,
                posting_key=row.key or "",
                by_person=row.actor_kind == "person",
                confidence=row.confidence,
                rule=row.rule,
                explanation=_explanation(row.texts),
            )


def ignored(connection: Connection, company_id: int) -> Iterator[IgnoredRow]:
    """Payments that are no customer payments."""
    statement = (
        select(_PAYMENTS.payment_id, _PAYMENTS.content, _DECISIONS.reason_code, _DECISIONS.texts)
        .join(schema.decisions, _LIVE)
        .where(_PAYMENTS.company_id == company_id, _PAYMENTS.state == "ignored")
    )
    for rows in _pages(connection, statement):
        for row in rows:
            explanation = _explanation(row.texts)
            yield IgnoredRow(payment=payment_of(row.content), reason=row.reason_code, explanation=explanation)


def _explanation(texts: str | None) -> str:
    return codec.from_text(Decision, texts).explanation if texts else ""


# -- Exceptions -----------------------------------------------------------------------------------------------------


def _case_statement(company_id: int) -> Any:
    return (
        select(schema.cases, _PAYMENTS.content, _PAYMENTS.version, _PAYMENTS.amount)
        .join(schema.payments, _OF_CASE)
        .where(_CASES.company_id == company_id)
    )


def _case_of(row: Any) -> CaseSummary:
    told = codec.from_text(ExceptionCase, row.texts) if row.texts else None
    return CaseSummary(
        case_id=row.case_id,
        state=row.state,
        version=row.version,
        kind=row.kind,
        unallocated=row.unallocated,
        why=told.why if told else "",
        customer_id=row.customer_id,
        payment=payment_of(row.content),
        opened_at=row.opened_at,
        suggestions=told.suggestions if told else (),
    )


def one_case(connection: Connection, company_id: int, case_id: str) -> CaseSummary:
    """One exception. Raises NotFound."""
    row = connection.execute(_case_statement(company_id).where(_CASES.case_id == case_id.upper())).one_or_none()
    if row is None:
        message = f"no exception {case_id}; list the worklist to see those there are"
        raise NotFound(message)
    return _case_of(row)


def exceptions(
    connection: Connection,
    company_id: int,
    *,
    states: Sequence[CaseState],
    kinds: Sequence[str],
    customer_id: str,
    order: Literal["urgency", "oldest", "amount", "payment"],
    limit: int,
    offset: int,
) -> list[CaseSummary]:
    """Exceptions for a worklist; see the port."""
    statement = _case_statement(company_id).where(_CASES.state.in_(list(states or OPEN_CASE_STATES)))
    if kinds:
        statement = statement.where(_CASES.kind.in_(list(kinds)))
    if customer_id:
        statement = statement.where(_CASES.customer_id == customer_id)
    come_back = case((_CASES.state.in_(["rejected", "reopened"]), 0), else_=1)
    largest = func.abs(_CASES.unallocated).desc()
    orders: dict[str, tuple[Any, ...]] = {
        "urgency": (come_back, largest, _CASES.opened_at),
        "oldest": (_CASES.opened_at,),
        "amount": (largest,),
        "payment": (),
    }
    rows = connection.execute(statement.order_by(*orders[order], _CASES.payment_id).limit(limit).offset(offset)).all()
    return [_case_of(row) for row in rows]


def all_open_exceptions(connection: Connection, company_id: int) -> Iterator[CaseSummary]:
    """Every exception with something to do, in order of payment id."""
    statement = _case_statement(company_id).where(_CASES.state.in_(OPEN_CASE_STATES))
    for rows in _pages(connection, statement):
        yield from map(_case_of, rows)


def open_cases(connection: Connection, company_id: int) -> list[OpenCases]:
    """Open exceptions by state, kind and currency; counted by the database."""
    key = (_CASES.state, _CASES.kind, _PAYMENTS.currency)
    incoming = case((_CASES.unallocated > 0, _CASES.unallocated), else_=0)
    sums = (func.sum(func.abs(_CASES.unallocated)), func.sum(incoming), func.min(_PAYMENTS.booked_on))
    found = connection.execute(
        select(*key, func.count(), *sums)
        .join(schema.payments, _OF_CASE)
        .where(_CASES.company_id == company_id, _CASES.state.in_(OPEN_CASE_STATES))
        .group_by(*key)
        .order_by(func.count().desc(), *key)
    ).all()
    return [
        OpenCases(
            state=state,
            kind=kind,
            currency=currency,
            count=count,
            amount=int(amount),
            incoming=int(came),
            oldest=oldest,
        )
        for state, kind, currency, count, amount, came, oldest in found
    ]


def count_exceptions(connection: Connection, company_id: int) -> dict[str, int]:
    """How many exceptions in which state."""
    found = connection.execute(
        select(_CASES.state, func.count())
        .where(_CASES.company_id == company_id)
        .group_by(_CASES.state)
        .order_by(_CASES.state)
    )
    return {row[0]: row[1] for row in found}


def approvals(connection: Connection, company_id: int) -> list[Approval]:
    """Clearings that wait for a second person."""
    table = schema.clearings.c
    waiting = cases.clearings(connection, (table.company_id == company_id, table.state == "awaiting_approval"))
    return [Approval(clearing=one, payment=one_case(connection, company_id, one.case_id).payment) for one in waiting]


# -- One payment ------------------------------------------------------------------------------------------------------


def payments(connection: Connection, company_id: int, payment_ids: Sequence[str]) -> dict[str, Payment]:
    """These payments by id; unknown ids are left out."""
    found: dict[str, Payment] = {}
    for some in batches(payment_ids):
        rows = connection.execute(
            select(_PAYMENTS.payment_id, _PAYMENTS.content).where(
                _PAYMENTS.company_id == company_id, _PAYMENTS.payment_id.in_(some)
            )
        )
        found |= {row.payment_id: payment_of(row.content) for row in rows}
    return found


def find_payment(connection: Connection, company_id: int, text: str) -> str:
    """The payment id for what a person typed. Raises NotFound."""
    wanted = text.strip()
    exact = connection.execute(
        select(_PAYMENTS.payment_id).where(_PAYMENTS.company_id == company_id, _PAYMENTS.payment_id == wanted)
    ).scalar_one_or_none()
    if exact:
        return str(exact)
    by_case = connection.execute(
        select(_CASES.payment_id).where(_CASES.company_id == company_id, _CASES.case_id == wanted.upper())
    ).scalar_one_or_none()
    if by_case:
        return str(by_case)
    begins = _PAYMENTS.payment_id.startswith(wanted, autoescape=True)
    matching = list(
        connection.execute(
            select(_PAYMENTS.payment_id)
            .where(_PAYMENTS.company_id == company_id, or_(_PAYMENTS.bank_reference == wanted, begins))
            .order_by(_PAYMENTS.payment_id)
            .limit(6)
        ).scalars()
    )
    if len(matching) == 1 and wanted:
        return str(matching[0])
    if matching and wanted:
        message = f"{text!r} fits several payments: {', '.join(matching[:5])}{' ...' if len(matching) > 5 else ''}"
        raise NotFound(message)
    message = f"no payment {text!r}: give a payment id or its beginning, a case id (EX-...) or the bank's reference"
    raise NotFound(message)


def payment_view(connection: Connection, company_id: int, payment_id: str) -> PaymentView:
    """Everything about one payment. Raises NotFound."""
    entries, table = schema.entries.c, schema.clearings.c
    row = connection.execute(
        select(schema.payments, entries.content.label("entry"))
        .join(
            schema.entries, and_(entries.company_id == _PAYMENTS.company_id, entries.entry_key == _PAYMENTS.entry_key)
        )
        .where(_PAYMENTS.company_id == company_id, _PAYMENTS.payment_id == payment_id)
    ).one_or_none()
    if row is None:
        message = f"no payment {payment_id}"
        raise NotFound(message)
    decided = connection.execute(
        select(schema.decisions)
        .where(_DECISIONS.company_id == company_id, _DECISIONS.payment_id == payment_id)
        .order_by(_DECISIONS.decision_id)
    ).all()
    case_row = connection.execute(_case_statement(company_id).where(_CASES.payment_id == payment_id)).one_or_none()
    mine = (table.company_id == company_id, table.payment_id == payment_id)
    posted = (_OUTBOX.company_id == company_id, _OUTBOX.payment_id == payment_id)
    return PaymentView(
        payment=payment_of(row.content),
        state=row.state,
        version=row.version,
        entry=codec.from_text(BankEntry, row.entry) if row.entry else None,
        files=_files_of(connection, company_id, row.entry_key),
        decisions=tuple(recorded_decisions(connection, company_id, decided)),
        postings=tuple(outbox_rows(connection, posted)),
        case=None if case_row is None else _case_of(case_row),
        clearings=cases.clearings(connection, mine),
    )


def _files_of(connection: Connection, company_id: int, entry_key: str) -> tuple[str, ...]:
    """The files that delivered an entry, first one first."""
    deliveries, statements, files = schema.deliveries.c, schema.statements.c, schema.files.c
    found = connection.execute(
        select(files.name)
        .join(schema.statements, statements.file_id == files.file_id)
        .join(schema.deliveries, deliveries.statement_no == statements.statement_no)
        .where(deliveries.company_id == company_id, deliveries.entry_key == entry_key)
        .order_by(files.file_id)
    ).scalars()
    return tuple(dict.fromkeys(found))

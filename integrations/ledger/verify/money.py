"""Laws about money: every payment explained to the cent, every item settled within what is open, one live decision."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from integrations.ledger import schema
from integrations.ledger.records import OPEN_CASE_STATES, Violation
from integrations.ledger.standing import in_words

_PAYMENTS, _DECISIONS, _ALLOCATIONS = schema.payments.c, schema.decisions.c, schema.allocations.c
_ITEMS, _CASES, _ENTRIES = schema.items.c, schema.cases.c, schema.entries.c
_PARTS = ("allocated", "on_account", "in_exception", "ignored")


def stands_beside(company_id: int) -> ColumnElement[bool]:
    """Of an entry: its money stands under other entries, which the law of collectives looks after."""
    same = schema.collective_entries.c
    return exists().where(same.company_id == company_id, same.entry_key == _ENTRIES.entry_key, ~same.counts)


def days_add_up(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Per account and day, the bank's movement = allocated + on account + in exceptions + ignored + undecided."""
    explained = case(
        (_PAYMENTS.state == "new", _PAYMENTS.amount),
        else_=_PAYMENTS.allocated + _PAYMENTS.on_account + _PAYMENTS.in_exception + _PAYMENTS.ignored,
    )
    key = (_ENTRIES.account, _ENTRIES.currency, _ENTRIES.booked_on)
    booked = select(*key, _ENTRIES.amount.label("moved"), literal(0).label("told")).where(
        _ENTRIES.company_id == company_id, _ENTRIES.status == "booked", ~stands_beside(company_id)
    )
    told = (
        select(*key, literal(0), explained)
        .join_from(
            schema.payments,
            schema.entries,
            and_(_ENTRIES.company_id == _PAYMENTS.company_id, _ENTRIES.entry_key == _PAYMENTS.entry_key),
        )
        .where(_PAYMENTS.company_id == company_id, _PAYMENTS.replaced_by.is_(None))
    )
    both = union_all(booked, told).subquery().c
    moved, accounted = func.sum(both.moved), func.sum(both.told)
    rows = connection.execute(
        select(both.account, both.currency, both.booked_on, moved, accounted)
        .group_by(both.account, both.currency, both.booked_on)
        .having(moved != accounted)
    )
    for account, currency, booked_on, movement, explanation in rows:
        message = (
            f"the bank moved {in_words(int(movement), currency)}, "
            f"{in_words(int(explanation), currency)} of it is accounted for"
        )
        yield Violation(law="days_add_up", where=f"account {account} on {booked_on}", message=message)


def payments_say_what_was_decided(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A payment's parts are those of its live decision, which speaks for its whole amount; without one it is new."""
    live = and_(
        _DECISIONS.company_id == _PAYMENTS.company_id, _DECISIONS.payment_id == _PAYMENTS.payment_id, _DECISIONS.live
    )
    differing = [_PAYMENTS[name] != func.coalesce(_DECISIONS[name], 0) for name in _PARTS]
    rows = connection.execute(
        select(_PAYMENTS.payment_id, _PAYMENTS.amount, _PAYMENTS.currency, _PAYMENTS.state, _DECISIONS.decision_id)
        .outerjoin(schema.decisions, live)
        .where(
            _PAYMENTS.company_id == company_id,
            or_(
                *differing,
                _PAYMENTS.state != func.coalesce(_DECISIONS.kind, "new"),
                func.coalesce(_DECISIONS.amount, _PAYMENTS.amount) != _PAYMENTS.amount,
            ),
        )
    )
    for row in rows:
        decision = f"decision {row.decision_id}" if row.decision_id else "no live decision"
        message = f"{in_words(row.amount, row.currency)}, {row.state}: its parts are not those of {decision}"
        yield Violation(law="payments_say_what_was_decided", where=f"payment {row.payment_id}", message=message)


def decisions_add_up(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A decision's cash is the sum of its allocations, and its parts are the amount it speaks for."""
    cash = (
        select(_ALLOCATIONS.decision_id, func.sum(_ALLOCATIONS.cash).label("cash"))
        .where(_ALLOCATIONS.company_id == company_id)
        .group_by(_ALLOCATIONS.decision_id)
        .subquery()
    )
    there = func.coalesce(cash.c.cash, 0)
    parts = _DECISIONS.allocated + _DECISIONS.on_account + _DECISIONS.in_exception + _DECISIONS.ignored
    rows = connection.execute(
        select(_DECISIONS.decision_id, _DECISIONS.payment_id, _DECISIONS.allocated, _DECISIONS.amount, there, parts)
        .outerjoin(cash, cash.c.decision_id == _DECISIONS.decision_id)
        .where(_DECISIONS.company_id == company_id, or_(there != _DECISIONS.allocated, parts != _DECISIONS.amount))
    )
    for number, payment_id, allocated, amount, found, together in rows:
        message = (
            f"{allocated} minor units allocated by the decision, {found} by its allocations; its parts add up to "
            f"{together} of {amount}"
        )
        yield Violation(law="decisions_add_up", where=f"decision {number} on payment {payment_id}", message=message)


def allocations_have_their_decision(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every allocation belongs to a decision on the same payment, and is in the item's and the payment's currency."""
    rows = connection.execute(
        select(_ALLOCATIONS.decision_id, _ALLOCATIONS.payment_id, _ALLOCATIONS.item_no, _ITEMS.item_id)
        .outerjoin(
            schema.decisions,
            and_(_DECISIONS.company_id == _ALLOCATIONS.company_id, _DECISIONS.decision_id == _ALLOCATIONS.decision_id),
        )
        .outerjoin(
            schema.items,
            and_(_ITEMS.company_id == _ALLOCATIONS.company_id, _ITEMS.item_no == _ALLOCATIONS.item_no),
        )
        .outerjoin(
            schema.payments,
            and_(_PAYMENTS.company_id == _ALLOCATIONS.company_id, _PAYMENTS.payment_id == _ALLOCATIONS.payment_id),
        )
        .where(
            _ALLOCATIONS.company_id == company_id,
            or_(
                _DECISIONS.payment_id.is_(None),
                _DECISIONS.payment_id != _ALLOCATIONS.payment_id,
                func.coalesce(_ITEMS.currency, "") != _ALLOCATIONS.currency,
                func.coalesce(_PAYMENTS.currency, "") != _ALLOCATIONS.currency,
                _ALLOCATIONS.settled != _ALLOCATIONS.cash + _ALLOCATIONS.discount + _ALLOCATIONS.write_off,
            ),
        )
    )
    for row in rows:
        item = row.item_id or f"number {row.item_no}, which does not exist"
        message = f"it does not fit decision {row.decision_id}, payment {row.payment_id} and item {item}"
        where = f"allocation of payment {row.payment_id} to item {item}"
        yield Violation(law="allocations_have_their_decision", where=where, message=message)


def one_live_decision(connection: Connection, company_id: int) -> Iterator[Violation]:
    """One live decision per payment; what is not live was reversed by exactly one reversal, its exact opposite."""
    rows = connection.execute(
        select(_DECISIONS.payment_id, func.count())
        .where(_DECISIONS.company_id == company_id, _DECISIONS.live)
        .group_by(_DECISIONS.payment_id)
        .having(func.count() > 1)
    )
    for payment_id, count in rows:
        message = f"{count} decisions are live at once"
        yield Violation(law="one_live_decision", where=f"payment {payment_id}", message=message)
    reversal = aliased(schema.decisions)
    opposite = [reversal.c[name] == -_DECISIONS[name] for name in ("amount", *_PARTS)]
    unlike = connection.execute(
        select(_DECISIONS.decision_id, _DECISIONS.payment_id, _DECISIONS.live, reversal.c.decision_id)
        .outerjoin(
            reversal,
            and_(reversal.c.company_id == company_id, reversal.c.reverses_id == _DECISIONS.decision_id),
        )
        .where(
            _DECISIONS.company_id == company_id,
            _DECISIONS.kind != "reversal",
            or_(
                _DECISIONS.live == reversal.c.decision_id.is_not(None),
                and_(reversal.c.decision_id.is_not(None), ~and_(*opposite)),
            ),
        )
    )
    for number, payment_id, live, by in unlike:
        state = "live" if live else "not live"
        message = f"it is {state}, and {f'decision {by} reverses it, but not exactly' if by else 'nothing reverses it'}"
        yield Violation(law="one_live_decision", where=f"decision {number} on payment {payment_id}", message=message)


def somebody_decided(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every decision names who, and an automatic one its rule; nobody approves their own proposal."""
    nameless = and_(_DECISIONS.actor_kind == "rule", _DECISIONS.rule == "", _DECISIONS.kind != "reversal")
    rows = connection.execute(
        select(_DECISIONS.decision_id, _DECISIONS.payment_id).where(
            _DECISIONS.company_id == company_id, or_(_DECISIONS.actor == "", nameless)
        )
    )
    for number, payment_id in rows:
        where = f"decision {number} on payment {payment_id}"
        yield Violation(law="somebody_decided", where=where, message="it names neither a person nor a rule")
    verdicts, clearings = schema.verdicts.c, schema.clearings.c
    alone = connection.execute(
        select(clearings.case_id, verdicts.person)
        .join(schema.verdicts, verdicts.clearing_id == clearings.clearing_id)
        .where(
            clearings.company_id == company_id,
            verdicts.approves,
            func.lower(verdicts.person) == func.lower(clearings.person),
        )
    )
    for case_id, who in alone:
        yield Violation(law="four_eyes", where=f"case {case_id}", message=f"{who} approved their own proposal")


def items_within_what_is_open(connection: Connection, company_id: int) -> Iterator[Violation]:
    """An item is settled by the sum of its allocations, never beyond what is open, never below zero."""
    reflected = case((_ALLOCATIONS.reflected, _ALLOCATIONS.settled), else_=0)
    moved = (
        select(
            _ALLOCATIONS.item_no,
            func.sum(_ALLOCATIONS.settled).label("settled"),
            func.sum(reflected).label("reflected"),
        )
        .where(_ALLOCATIONS.company_id == company_id)
        .group_by(_ALLOCATIONS.item_no)
        .subquery()
    )
    settled, shown = func.coalesce(moved.c.settled, 0), func.coalesce(moved.c.reflected, 0)
    beyond = _ITEMS.direction * (settled - shown) > _ITEMS.direction * _ITEMS.open_amount + _ITEMS.overdrawn
    rows = connection.execute(
        select(
            *(
                _ITEMS.item_id,
                _ITEMS.number,
                _ITEMS.currency,
                _ITEMS.open_amount,
                _ITEMS.settled,
                settled.label("there"),
            ),
            beyond.label("beyond"),
        )
        .outerjoin(moved, moved.c.item_no == _ITEMS.item_no)
        .where(
            _ITEMS.company_id == company_id,
            or_(_ITEMS.settled != settled, _ITEMS.reflected != shown, beyond, _ITEMS.direction * settled < 0),
        )
    )
    for row in rows:
        there = in_words(int(row.there), row.currency)
        if row.beyond:
            message = f"settled by {there}, of which more is waiting than the {_open(row)} that are open"
        else:
            message = f"its allocations settle {there}, its own account says {in_words(row.settled, row.currency)}"
        yield Violation(law="items_within_what_is_open", where=f"item {row.item_id} ({row.number})", message=message)


def _open(row: Any) -> str:
    return in_words(row.open_amount, row.currency)


def cases_follow_payments(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A payment in exception has a case somebody works on, over the same amount; a closed case has no such payment."""
    same = and_(_CASES.company_id == _PAYMENTS.company_id, _CASES.payment_id == _PAYMENTS.payment_id)
    is_open = _CASES.state.in_(OPEN_CASE_STATES)
    rows = connection.execute(
        select(_PAYMENTS.payment_id, _PAYMENTS.state, _CASES.case_id, _CASES.state.label("case_state"))
        .outerjoin(schema.cases, same)
        .where(
            _PAYMENTS.company_id == company_id,
            or_(
                and_(_PAYMENTS.state == "exception", _CASES.case_id.is_(None)),
                and_(_PAYMENTS.state == "exception", ~is_open),
                and_(_PAYMENTS.state == "exception", _CASES.unallocated != _PAYMENTS.in_exception),
                and_(_PAYMENTS.state != "exception", is_open),
            ),
        )
    )
    for row in rows:
        case_words = f"case {row.case_id} is {row.case_state}" if row.case_id else "it has no case"
        message = f"the payment is {row.state}, {case_words}; the two do not say the same"
        yield Violation(law="cases_follow_payments", where=f"payment {row.payment_id}", message=message)


LAWS = (
    days_add_up,
    payments_say_what_was_decided,
    decisions_add_up,
    allocations_have_their_decision,
    one_live_decision,
    somebody_decided,
    items_within_what_is_open,
    cases_follow_payments,
)

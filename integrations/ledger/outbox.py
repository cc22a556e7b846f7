"""What shall happen in the ERP, written down before it is tried, and what came of it.

planned → approved → sending → confirmed, or submitted, or ambiguous; ambiguous is looked up in the ERP and becomes
confirmed or approved again. The database refuses any other move. One worker per company holds the lease and pushes; a
row that a dead worker left in ``sending`` comes back with the order to look before writing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased

from integrations.ledger import codec, schema
from integrations.ledger.database import BATCH, batches, storable
from integrations.ledger.errors import LawBroken, LeaseHeld, NotFound
from integrations.ledger.recorded import recorded_decisions
from integrations.ledger.records import Change, OutboxRow, PostingAction, PostingResult, RecordedDecision
from integrations.ledger.unit import Unit, digest
from matching.model.posting import Posting, PostingState

_COLUMNS = (
    *("company_id", "key", "action", "payment_id", "decision_id", "revision", "currency", "amount", "posting"),
    *("state", "planned_at", "updated_at"),
)
_UNDER_WAY = ("planned", "approved", "sending", "ambiguous")
_BATCH = 2_000


def decisions_to_post(connection: Connection, company_id: int) -> Iterator[RecordedDecision]:
    """Live decisions that have something to post and no posting yet."""
    table, outbox = schema.decisions.c, schema.outbox.c
    last = 0
    while True:
        rows = connection.execute(
            select(schema.decisions)
            .where(
                table.company_id == company_id,
                table.live,
                table.revision > 0,
                table.decision_id > last,
                ~exists().where(outbox.company_id == table.company_id, outbox.decision_id == table.decision_id),
            )
            .order_by(table.decision_id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].decision_id
        yield from recorded_decisions(connection, company_id, rows)


def plan_postings(unit: Unit, postings: Iterable[Posting], *, approved: bool, change: Change) -> int:
    """Put postings in the outbox; see the port."""
    planned = 0
    for batch in batches(postings, _BATCH):
        standing = _postings_by_key(unit, [one.key for one in batch])
        live = _live_decisions(unit, [one.payment_id for one in batch])
        rows = []
        for posting in batch:
            text = storable(codec.to_text(posting))
            if posting.key in standing:
                if standing[posting.key] not in (text, ""):
                    message = (
                        f"posting {posting.key} is in the outbox already with other content; one key never stands "
                        "for two effects. Reopen the payment to post it differently"
                    )
                    raise LawBroken(message)
                continue
            decision = live.get(posting.payment_id)
            if wrong := _contradiction(unit, posting, decision):
                raise LawBroken(wrong)
            assert decision is not None
            state = "approved" if approved else "planned"
            head = (unit.company_id, posting.key, "post", posting.payment_id, decision.decision_id, posting.revision)
            rows.append((*head, posting.currency, posting.amount, text, state, change.at, change.at))
        unit.database.insert(unit.connection, schema.outbox, _COLUMNS, rows)
        if rows:
            keys = sorted(row[1] for row in rows)
            said = {"count": len(rows), "approved": approved, "digest": digest(*keys)}
            unit.note(change, "postings", "", said)
        planned += len(rows)
    return planned


def _postings_by_key(unit: Unit, keys: Sequence[str]) -> dict[str, str]:
    outbox = schema.outbox.c
    found = unit.connection.execute(
        select(outbox.key, outbox.posting).where(
            outbox.company_id == unit.company_id, outbox.action == "post", outbox.key.in_(keys)
        )
    )
    return {row.key: row.posting for row in found}


def _live_decisions(unit: Unit, payment_ids: Sequence[str]) -> dict[str, RecordedDecision]:
    table = schema.decisions.c
    rows = unit.connection.execute(
        select(schema.decisions).where(
            table.company_id == unit.company_id, table.live, table.payment_id.in_(sorted(set(payment_ids)))
        )
    ).all()
    return {one.decision.payment_id: one for one in recorded_decisions(unit.connection, unit.company_id, rows)}


def _contradiction(unit: Unit, posting: Posting, recorded: RecordedDecision | None) -> str | None:
    """What the posting says otherwise than its payment's live decision, in words."""
    if recorded is None:
        return f"posting {posting.key}: payment {posting.payment_id} has no live decision to post"
    decision = recorded.decision
    held = sorted((one.item_id, one.cash, one.discount, one.write_off) for one in decision.allocations)
    said = sorted((one.item_id, one.cash, one.discount, one.write_off) for one in posting.allocations)
    if held != said or posting.on_account != decision.on_account:
        return f"posting {posting.key} does not say what decision {recorded.decision_id} says about its payment"
    waiting = decision.exception.unallocated if decision.exception else 0
    booked = sum(one.cash for one in posting.allocations) + posting.on_account
    if posting.unallocated != waiting or posting.amount != booked + waiting:
        return f"posting {posting.key}: cash, money on account and what waits are not its amount {posting.amount}"
    if posting.revision != recorded.revision or posting.company != unit.company:
        return (
            f"posting {posting.key} is revision {posting.revision} of company {posting.company}, "
            f"its decision revision {recorded.revision} of company {unit.company}"
        )
    return None


def approve_postings(unit: Unit, keys: Sequence[str], change: Change) -> int:
    """Release planned postings; see the port."""
    outbox = schema.outbox.c
    approved = 0
    for some in batches(keys):
        approved += unit.connection.execute(
            update(schema.outbox)
            .where(outbox.company_id == unit.company_id, outbox.key.in_(some), outbox.state == "planned")
            .values(state="approved", updated_at=change.at)
        ).rowcount
    if approved:
        unit.note(change, "postings_approved", "", {"count": approved, "digest": digest(*sorted(keys))})
    return approved


# -- Pushing ---------------------------------------------------------------------------------------------------------


def claim_postings(
    unit: Unit, *, worker: str, limit: int, lease: timedelta, settle: timedelta, change: Change
) -> tuple[OutboxRow, ...]:
    """Take what to send next and the right to send it; see the port."""
    _hold_lease(unit, worker, lease, change)
    outbox = schema.outbox.c
    mine = outbox.company_id == unit.company_id
    _left_behind(unit, settle)
    earlier = aliased(schema.outbox)
    blocked = exists().where(
        earlier.c.company_id == unit.company_id,
        earlier.c.payment_id == outbox.payment_id,
        earlier.c.outbox_id < outbox.outbox_id,
        or_(earlier.c.state.in_(_UNDER_WAY), and_(earlier.c.action == "reverse", earlier.c.state == "submitted")),
    )
    settled = or_(outbox.not_before.is_(None), outbox.not_before <= change.at)
    numbers = list(
        unit.connection.execute(
            select(outbox.outbox_id)
            .where(mine, outbox.state.in_(["approved", "ambiguous"]), settled, ~blocked)
            .order_by(outbox.outbox_id)
            .limit(limit)
        ).scalars()
    )
    if not numbers:
        return ()
    unit.connection.execute(
        update(schema.outbox)
        .where(outbox.outbox_id.in_(numbers))
        .values(state="sending", worker=worker, attempts=outbox.attempts + 1, updated_at=change.at, not_before=None)
    )
    claimed = tuple(outbox_rows(unit.connection, (outbox.outbox_id.in_(numbers),)))
    said = {"worker": worker, "count": len(claimed), "keys": [f"{one.action} {one.key}" for one in claimed[:100]]}
    unit.note(change, "postings_claimed", "", said)
    return claimed


def _left_behind(unit: Unit, settle: timedelta, *, whose: Any = None) -> None:
    """What a worker was sending when it went is uncertain, and is left alone until the ERP is surely done with it."""
    outbox = schema.outbox.c
    sending = [outbox.company_id == unit.company_id, outbox.state == "sending"]
    if whose is not None:
        sending.append(outbox.worker == whose)
    moments = unit.connection.execute(select(outbox.updated_at).where(*sending).distinct()).scalars().all()
    for moment in moments:
        unit.connection.execute(
            update(schema.outbox)
            .where(*sending, outbox.updated_at == moment)
            .values(state="ambiguous", must_find=True, not_before=moment + settle if settle else None)
        )


def _hold_lease(unit: Unit, worker: str, lease: timedelta | None, change: Change) -> None:
    """Take or renew the right to push for the company, or only make sure of it. Raises LeaseHeld."""
    companies = schema.companies.c
    row = unit.connection.execute(
        select(companies.pusher, companies.pusher_until).where(companies.company_id == unit.company_id)
    ).one()
    if row.pusher not in ("", worker) and row.pusher_until > change.at:
        until = row.pusher_until.strftime("%Y-%m-%d %H:%M:%S UTC")
        message = f"{row.pusher} is pushing for {unit.company} until {until}; run again after that"
        raise LeaseHeld(message, holder=row.pusher)
    if lease is not None:
        unit.connection.execute(
            update(schema.companies)
            .where(companies.company_id == unit.company_id)
            .values(pusher=worker, pusher_until=change.at + lease)
        )


def renew_leases(
    unit: Unit, outbox_ids: Sequence[int], *, worker: str, step: str, lease: timedelta, change: Change
) -> None:
    """Report a step before its write is sent; see the port."""
    for row in _rows_of(unit, outbox_ids).values():
        if row.state != "sending" or row.worker != worker:
            message = f"{row.action} {row.key} is {row.state} with {row.worker or 'nobody'} now; stop, and claim again"
            raise LeaseHeld(message)
    _hold_lease(unit, worker, lease, change)
    for some in batches(outbox_ids):
        unit.connection.execute(
            update(schema.outbox)
            .where(schema.outbox.c.outbox_id.in_(some))
            .values(step=step, must_find=True, updated_at=change.at)
        )


def record_results(unit: Unit, results: Sequence[tuple[int, PostingResult]], *, worker: str, change: Change) -> None:
    """Note how attempts ended; see the port."""
    _hold_lease(unit, worker, None, change)
    for some in batches(results, _BATCH):
        rows = _rows_of(unit, [outbox_id for outbox_id, _ in some])
        assert len(rows) == len(some), "one result for each row"
        for row in rows.values():
            _may_be_answered(row, worker)
        ended = [(rows[outbox_id], result, _state_after(result)) for outbox_id, result in some]
        unit.connection.execute(
            update(schema.outbox)
            .where(schema.outbox.c.outbox_id == bindparam("of"))
            .values(
                state=bindparam("now"),
                message=bindparam("said"),
                native_ids=bindparam("ids"),
                not_before=bindparam("wait"),
                updated_at=change.at,
            ),
            [_answer(row, result, state, change) for row, result, state in ended],
        )
        _follow(unit, [(row, state) for row, _, state in ended], change)
        for row, result, state in ended:
            native_ids = _native_ids(row, result)
            said = {"action": row.action, "state": state, "message": result.message, "native_ids": native_ids}
            unit.note(change, "posting", row.key, said)


def _may_be_answered(row: Any, worker: str) -> None:
    if row.state not in ("sending", "submitted", "ambiguous"):
        message = f"{row.action} {row.key} is {row.state}; a result is noted only while it is under way"
        raise LawBroken(message)
    if row.state == "sending" and row.worker != worker:
        message = f"{row.action} {row.key} is being sent by {row.worker}"
        raise LeaseHeld(message)


def _state_after(result: PostingResult) -> PostingState:
    return "approved" if result.state == "planned" else result.state


def _native_ids(row: Any, result: PostingResult) -> list[str]:
    """What the ERP named now, else what it named before."""
    return list(result.native_ids) or list(json.loads(row.native_ids))


def _answer(row: Any, result: PostingResult, state: PostingState, change: Change) -> dict[str, Any]:
    waits = timedelta(seconds=result.settle_seconds) if state == "ambiguous" else None
    return {
        "of": row.outbox_id,
        "now": state,
        "said": storable(result.message),
        "ids": json.dumps(_native_ids(row, result)),
        "wait": change.at + waits if waits else None,
    }


def _set(unit: Unit, outbox_id: int, change: Change, **values: Any) -> None:
    unit.connection.execute(
        update(schema.outbox).where(schema.outbox.c.outbox_id == outbox_id).values(updated_at=change.at, **values)
    )


def _follow(unit: Unit, ended: "Sequence[tuple[Any, PostingState]]", change: Change) -> None:
    """What results mean for the other rows of the same postings, and for the cases."""
    outbox = schema.outbox.c
    keys = [row.key for row, _ in ended]
    others = {
        (one.key, one.action): one
        for one in unit.connection.execute(
            select(outbox.outbox_id, outbox.key, outbox.action, outbox.state, outbox.decision_id).where(
                outbox.company_id == unit.company_id, outbox.key.in_(keys)
            )
        )
    }
    moved: dict[str, list[str]] = {}
    for row, state in ended:
        other = others.get((row.key, "reverse" if row.action == "post" else "post"))
        if row.action == "reverse":
            if state == "confirmed" and other is not None and other.state != "reversed":
                _set(unit, other.outbox_id, change, state="reversed")
                _cancel_out(unit, other.decision_id, row.decision_id)
        elif state in ("approved", "rejected") and other is not None:
            # Nothing came of it, and it was to be taken back anyway: neither happens.
            _set(unit, row.outbox_id, change, state="reversed")
            _set(unit, other.outbox_id, change, state="reversed", message="nothing to reverse: it was never booked")
            _cancel_out(unit, row.decision_id, other.decision_id)
        elif into := {"submitted": "sent", "confirmed": "confirmed"}.get(state):
            moved.setdefault(into, []).append(row.payment_id)
    for into, payment_ids in moved.items():
        _move_cases(unit, payment_ids, into, change)


def _move_cases(unit: Unit, payment_ids: Sequence[str], into: str, change: Change) -> None:
    cases = schema.cases.c
    unit.connection.execute(
        update(schema.cases)
        .where(
            cases.company_id == unit.company_id,
            cases.payment_id.in_(payment_ids),
            cases.state.in_(["cleared", "sent"]),
        )
        .values(state=into, changed_at=change.at)
    )


def _cancel_out(unit: Unit, posted: int, reversal: int) -> None:
    """Movements that the ERP's amounts never showed, and their reversals: both count as reflected from now on."""
    table, there = schema.allocations.c, aliased(schema.allocations)
    pairs = unit.connection.execute(
        select(table.item_no)
        .join(there, and_(there.c.company_id == table.company_id, there.c.item_no == table.item_no))
        .where(
            table.company_id == unit.company_id,
            table.decision_id == reversal,
            there.c.decision_id == posted,
            ~there.c.reflected,
            ~table.reflected,
        )
    ).scalars()
    for item_no in list(pairs):
        # One is the other with its sign turned: together they change nothing in what the item reflects.
        unit.connection.execute(
            update(schema.allocations)
            .where(
                table.company_id == unit.company_id,
                table.decision_id.in_([posted, reversal]),
                table.item_no == item_no,
            )
            .values(reflected=True)
        )


def release_lease(unit: Unit, worker: str, *, settle: timedelta) -> None:
    """Give the right to push back early."""
    _left_behind(unit, settle, whose=worker)
    companies = schema.companies.c
    unit.connection.execute(
        update(schema.companies)
        .where(companies.company_id == unit.company_id, companies.pusher == worker)
        .values(pusher="", pusher_until=None)
    )


# -- Reading ---------------------------------------------------------------------------------------------------------


def _rows_of(unit: Unit, outbox_ids: Sequence[int]) -> dict[int, Any]:
    """The rows with these numbers, without what they would send. Raises NotFound."""
    outbox = schema.outbox.c
    columns = [column for column in schema.outbox.c if column.name != "posting"]
    rows: dict[int, Any] = {}
    for some in batches(outbox_ids):
        found = unit.connection.execute(
            select(*columns).where(outbox.company_id == unit.company_id, outbox.outbox_id.in_(some))
        )
        rows |= {row.outbox_id: row for row in found}
    for outbox_id in outbox_ids:
        if outbox_id not in rows:
            message = f"no outbox row {outbox_id} in company {unit.company}"
            raise NotFound(message)
    return rows


def outbox_rows(connection: Connection, where: Iterable[Any]) -> Iterator[OutboxRow]:
    """Rows of the outbox in order of entry, a page at a time."""
    outbox = schema.outbox.c
    conditions, last = tuple(where), 0
    while True:
        rows = connection.execute(
            select(schema.outbox).where(*conditions, outbox.outbox_id > last).order_by(outbox.outbox_id).limit(BATCH)
        ).all()
        for row in rows:
            yield _outbox_row(row)
        if len(rows) < BATCH:
            return
        last = rows[-1].outbox_id


def outbox_where(company_id: int, states: Sequence[PostingState], action: PostingAction | None) -> tuple[Any, ...]:
    """The conditions of a listing."""
    outbox = schema.outbox.c
    conditions: tuple[Any, ...] = (outbox.company_id == company_id,)
    if states:
        conditions += (outbox.state.in_(list(states)),)
    if action:
        conditions += (outbox.action == action,)
    return conditions


def _outbox_row(row: Any) -> OutboxRow:
    return OutboxRow(
        outbox_id=row.outbox_id,
        key=row.key,
        action=row.action,
        posting=codec.from_text(Posting, row.posting),
        decision_id=row.decision_id,
        state=row.state,
        attempts=row.attempts,
        must_find=row.must_find,
        step=row.step,
        native_ids=tuple(json.loads(row.native_ids)),
        message=row.message,
        updated_at=row.updated_at,
    )

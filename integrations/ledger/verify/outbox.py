"""Laws about the outbox: every posting says what was decided, and nothing that was taken back stays in the ERP."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, or_, select
from sqlalchemy.orm import aliased

from integrations.ledger import codec, schema
from integrations.ledger.database import BATCH
from integrations.ledger.records import Violation
from matching.model.posting import Posting

_OUTBOX, _DECISIONS, _AUDIT = schema.outbox.c, schema.decisions.c, schema.audit.c
_ALLOCATIONS, _ITEMS = schema.allocations.c, schema.items.c
_POSTED = ("allocated", "on_account", "in_exception")
_NOT_ANSWERED = ("planned", "approved", "sending", "ambiguous", "reversed")
# The states a row may be in after the last answer that was noted.
_AFTER = {
    "confirmed": ("confirmed", "reversed"),
    "rejected": ("rejected", "reversed"),
    "submitted": ("submitted", "sending", "ambiguous", "reversed"),
    "reversed": ("reversed",),
}


def postings_say_what_was_decided(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A posting has the amounts and items of its decision."""
    last = 0
    while True:
        rows = connection.execute(
            select(schema.outbox, _DECISIONS.payment_id.label("decided"), *(_DECISIONS[name] for name in _POSTED))
            .outerjoin(
                schema.decisions,
                and_(_DECISIONS.company_id == _OUTBOX.company_id, _DECISIONS.decision_id == _OUTBOX.decision_id),
            )
            .where(_OUTBOX.company_id == company_id, _OUTBOX.action == "post", _OUTBOX.outbox_id > last)
            .order_by(_OUTBOX.outbox_id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].outbox_id
        lines = _lines(connection, company_id, [row.decision_id for row in rows])
        for row in rows:
            wrong = _wrong(row, lines[row.decision_id])
            if wrong:
                yield Violation(law="postings_say_what_was_decided", where=f"posting {row.key}", message=wrong)


def _lines(connection: Connection, company_id: int, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    found = connection.execute(
        select(
            _ALLOCATIONS.decision_id, _ITEMS.item_id, _ALLOCATIONS.cash, _ALLOCATIONS.discount, _ALLOCATIONS.write_off
        )
        .join(schema.items, and_(_ITEMS.company_id == _ALLOCATIONS.company_id, _ITEMS.item_no == _ALLOCATIONS.item_no))
        .where(_ALLOCATIONS.company_id == company_id, _ALLOCATIONS.decision_id.in_(ids))
    )
    lines: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for number, *line in found:
        lines[number].append(tuple(line))
    return lines


def _wrong(row: Any, lines: list[tuple[Any, ...]]) -> str | None:
    if row.decided is None:
        return f"decision {row.decision_id}, which it posts, does not exist"
    if row.decided != row.payment_id:
        return f"it posts payment {row.payment_id}, its decision {row.decision_id} is about {row.decided}"
    if row.amount != row.allocated + row.on_account + row.in_exception:
        return (
            f"it posts {row.amount} minor units of {row.currency}, decision {row.decision_id} allocated "
            f"{row.allocated}, left {row.on_account} on account and {row.in_exception} for a person"
        )
    posting = codec.from_text(Posting, row.posting)
    said = sorted((one.item_id, one.cash, one.discount, one.write_off) for one in posting.allocations)
    if posting.key != row.key or posting.amount != row.amount or said != sorted(lines):
        return f"what it would send is not what decision {row.decision_id} says"
    return None


def taken_back_everywhere(connection: Connection, company_id: int) -> Iterator[Violation]:
    """A reversed decision's posting is reversed or about to be; a live decision's posting is not reversed."""
    back = aliased(schema.outbox)
    rows = connection.execute(
        select(_OUTBOX.key, _OUTBOX.state, _DECISIONS.live, back.c.state.label("back"))
        .join(
            schema.decisions,
            and_(_DECISIONS.company_id == _OUTBOX.company_id, _DECISIONS.decision_id == _OUTBOX.decision_id),
        )
        .outerjoin(
            back,
            and_(back.c.company_id == _OUTBOX.company_id, back.c.key == _OUTBOX.key, back.c.action == "reverse"),
        )
        .where(
            _OUTBOX.company_id == company_id,
            _OUTBOX.action == "post",
            or_(
                and_(_DECISIONS.live, or_(_OUTBOX.state == "reversed", back.c.outbox_id.is_not(None))),
                and_(~_DECISIONS.live, _OUTBOX.state != "reversed", back.c.outbox_id.is_(None)),
                and_(back.c.state == "confirmed", _OUTBOX.state != "reversed"),
            ),
        )
    )
    for key, state, live, reversal in rows:
        decision = "live" if live else "reversed"
        also = f", its reversal {reversal}" if reversal else ", without a reversal"
        message = f"the posting is {state}{also}, while its decision is {decision}"
        yield Violation(law="taken_back_everywhere", where=f"posting {key}", message=message)


def outcomes_are_on_record(connection: Connection, company_id: int) -> Iterator[Violation]:
    """What the outbox says the ERP answered is what the audit trail noted when it did."""
    last = 0
    while True:
        rows = connection.execute(
            select(_OUTBOX.outbox_id, _OUTBOX.key, _OUTBOX.action, _OUTBOX.state)
            .where(_OUTBOX.company_id == company_id, _OUTBOX.outbox_id > last)
            .order_by(_OUTBOX.outbox_id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].outbox_id
        noted = _noted(connection, company_id, sorted({row.key for row in rows}))
        for row in rows:
            answer = noted.get((row.key, row.action))
            may_be = _AFTER.get(answer or "", _NOT_ANSWERED)
            if row.state not in may_be:
                message = f"the outbox says {row.state}, the audit trail last noted {answer or 'nothing'}"
                yield Violation(law="outcomes_are_on_record", where=f"{row.action} {row.key}", message=message)


def _noted(connection: Connection, company_id: int, keys: Sequence[str]) -> dict[tuple[str, str], str]:
    """The last answer noted for each posting and action; erased ones are left out."""
    found = connection.execute(
        select(_AUDIT.subject, _AUDIT.content)
        .where(
            _AUDIT.company_id == company_id,
            _AUDIT.event == "posting",
            _AUDIT.subject.in_(keys),
            _AUDIT.content.is_not(None),
        )
        .order_by(_AUDIT.sequence)
    )
    noted = {}
    for key, content in found:
        said = json.loads(content)
        noted[key, said["action"]] = said["state"]
    return noted


LAWS = (postings_say_what_was_decided, taken_back_everywhere, outcomes_are_on_record)

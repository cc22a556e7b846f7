"""Rows of decisions as the port speaks of them, with their allocations and cases."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from integrations.ledger import schema
from integrations.ledger.database import batches
from integrations.ledger.records import RecordedDecision
from integrations.ledger.standing import allocation_of, decision_of, join_item_of_allocation
from matching.model.decision import Allocation


def recorded_decisions(connection: Connection, company_id: int, rows: Sequence[Any]) -> Iterator[RecordedDecision]:
    """The decisions of these rows, in their order."""
    for some in batches(rows):
        allocations = _allocations(connection, company_id, [row.decision_id for row in some])
        case_of = _cases(connection, company_id, sorted({row.payment_id for row in some}))
        for row in some:
            yield RecordedDecision(
                decision_id=row.decision_id,
                revision=row.revision,
                decision=decision_of(row, allocations[row.decision_id]),
                kind=row.kind,
                actor_kind=row.actor_kind,
                actor=row.actor,
                at=row.at,
                run_id=row.run_id,
                reason=row.reason,
                live=row.live,
                reverses_id=row.reverses_id,
                case_id=case_of.get(row.payment_id, ""),
            )


def _allocations(connection: Connection, company_id: int, ids: Sequence[int]) -> dict[int, list[Allocation]]:
    allocations, items = schema.allocations.c, schema.items.c
    found = connection.execute(
        select(schema.allocations, items.item_id)
        .join(schema.items, join_item_of_allocation())
        .where(allocations.company_id == company_id, allocations.decision_id.in_(ids))
        .order_by(allocations.decision_id, items.item_id)
    )
    by_decision: dict[int, list[Allocation]] = defaultdict(list)
    for row in found:
        by_decision[row.decision_id].append(allocation_of(row, row.item_id))
    return by_decision


def _cases(connection: Connection, company_id: int, payment_ids: Sequence[str]) -> dict[str, str]:
    cases = schema.cases.c
    found = connection.execute(
        select(cases.payment_id, cases.case_id).where(cases.company_id == company_id, cases.payment_id.in_(payment_ids))
    )
    return {row.payment_id: row.case_id for row in found}

"""What people confirmed by clearing, and took back."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from integrations.ledger import schema
from integrations.ledger.database import storable
from integrations.ledger.errors import NotFound
from integrations.ledger.records import Change, FactOnFile
from integrations.ledger.unit import Unit
from matching.model.open_item import LearnedFact


def learn(unit: Unit, facts: Iterable[LearnedFact], change: Change) -> int:
    """Store facts; one that is in force already counts one confirmation more. Returns how many are new."""
    table, new = schema.facts.c, 0
    for fact in facts:
        subject = storable(fact.subject)
        standing = unit.connection.execute(
            select(table.fact_id, table.confirmations).where(
                table.company_id == unit.company_id,
                table.kind == fact.kind,
                table.subject == subject,
                table.customer_id == fact.customer_id,
                table.revoked_at.is_(None),
            )
        ).one_or_none()
        if standing is None:
            fact_id, new = _add(unit, fact, subject, change), new + 1
        else:
            fact_id = standing.fact_id
            unit.connection.execute(
                update(schema.facts)
                .where(table.fact_id == fact_id)
                .values(confirmations=standing.confirmations + fact.confirmations, learned_on=fact.learned_on)
            )
        said = {"fact_id": fact_id, "kind": fact.kind, "customer_id": fact.customer_id, "new": standing is None}
        unit.note(change, "learned", fact.source, said)
    return new


def _add(unit: Unit, fact: LearnedFact, subject: str, change: Change) -> int:
    return int(
        unit.connection.execute(
            insert(schema.facts)
            .values(
                company_id=unit.company_id,
                kind=fact.kind,
                subject=subject,
                customer_id=fact.customer_id,
                confirmations=fact.confirmations,
                learned_on=fact.learned_on,
                source=fact.source,
                at=change.at,
                actor_kind=change.actor_kind,
                actor=change.actor,
                run_id=change.run_id,
            )
            .returning(schema.facts.c.fact_id)
        ).scalar_one()
    )


def revoke_fact(unit: Unit, fact_id: int, change: Change) -> None:
    """Take a fact back. Raises NotFound."""
    table = schema.facts.c
    done = unit.connection.execute(
        update(schema.facts)
        .where(table.company_id == unit.company_id, table.fact_id == fact_id, table.revoked_at.is_(None))
        .values(revoked_at=change.at, revoked_by=change.actor)
    )
    if not done.rowcount:
        message = f"no learned fact {fact_id} in force"
        raise NotFound(message)
    unit.note(change, "fact_revoked", str(fact_id), {"fact_id": fact_id, "reason": change.reason})


def facts_on_file(connection: Connection, company_id: int, *, in_force: bool) -> list[FactOnFile]:
    """Facts in the order they were learned."""
    table = schema.facts.c
    conditions = [table.company_id == company_id]
    if in_force:
        conditions.append(table.revoked_at.is_(None))
    found = connection.execute(select(schema.facts).where(*conditions).order_by(table.fact_id))
    return [_fact_of(row) for row in found]


def _fact_of(row: Any) -> FactOnFile:
    fact = LearnedFact(
        kind=row.kind,
        subject=row.subject,
        customer_id=row.customer_id,
        confirmations=row.confirmations,
        learned_on=row.learned_on,
        source=row.source,
    )
    return FactOnFile(fact_id=row.fact_id, fact=fact, actor=row.actor, revoked_at=row.revoked_at)

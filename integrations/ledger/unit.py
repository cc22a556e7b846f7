"""One unit of work of one company: its connection, its counters, and what the audit trail will say about it.

Numbers (items, decisions, the audit trail) are counted per company in its own row, read when the turn begins and
written once at the end. The audit trail is a chain: each entry's hash covers the one before, so nothing can be
changed, removed or put between without breaking every later hash.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from integrations.ledger import schema
from integrations.ledger.database import Database
from integrations.ledger.records import Change

_WHO = ("at", "actor_kind", "actor", "run_id")
_PROOF = ("content", "salt", "content_hash", "previous_hash", "hash")
_COLUMNS = ("company_id", "sequence", *_WHO, "event", "subject", *_PROOF)


@dataclass(slots=True)
class Unit:
    """What the functions that write work on."""

    database: Database
    connection: Connection
    company: str
    company_id: int
    last_item_no: int
    last_decision_id: int
    audit_sequence: int
    audit_hash: str
    _trail: list[tuple[object, ...]] = field(default_factory=list)

    def note(self, change: Change, event: str, subject: str, content: Mapping[str, object]) -> None:
        """Add to the audit trail what was done to what; written when the unit of work ends."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        salt = secrets.token_hex(8)
        content_hash = digest(salt, text)
        previous, self.audit_sequence = self.audit_hash, self.audit_sequence + 1
        self.audit_hash = chained(
            previous,
            sequence=self.audit_sequence,
            at=change.at,
            actor_kind=change.actor_kind,
            actor=change.actor,
            run_id=change.run_id,
            event=event,
            subject=subject,
            content_hash=content_hash,
        )
        who = (change.at, change.actor_kind, change.actor, change.run_id)
        proof = (text, salt, content_hash, previous, self.audit_hash)
        self._trail.append((self.company_id, self.audit_sequence, *who, event, subject, *proof))

    def next_decision_id(self) -> int:
        """The next number; never used again, even when this unit of work fails before anything was seen."""
        self.last_decision_id += 1
        return self.last_decision_id

    def finish(self) -> None:
        """Write the trail and the counters; nothing may follow but the commit."""
        self.database.insert(self.connection, schema.audit, _COLUMNS, self._trail)
        self.connection.execute(
            update(schema.companies)
            .where(schema.companies.c.company_id == self.company_id)
            .values(
                last_item_no=self.last_item_no,
                last_decision_id=self.last_decision_id,
                audit_sequence=self.audit_sequence,
                audit_hash=self.audit_hash,
            )
        )


@contextmanager
def unit_of_work(database: Database, company: str) -> Iterator[Unit]:
    """All of the block happens, or nothing; other writers of the company wait for their turn."""
    with database.writing() as connection:
        company_id = _company_id(database, connection, company)
        database.take_turn(connection, company_id)
        table = schema.companies.c
        row = connection.execute(
            select(table.last_item_no, table.last_decision_id, table.audit_sequence, table.audit_hash).where(
                table.company_id == company_id
            )
        ).one()
        unit = Unit(database, connection, company, company_id, *row)
        yield unit
        unit.finish()


def _company_id(database: Database, connection: Connection, company: str) -> int:
    wanted = select(schema.companies.c.company_id).where(schema.companies.c.name == company)
    known = connection.execute(wanted).scalar_one_or_none()
    if known is None:
        database.take_turn(connection, 0)
        known = connection.execute(wanted).scalar_one_or_none()
    if known is None:
        known = connection.execute(
            insert(schema.companies).values(name=company).returning(schema.companies.c.company_id)
        ).scalar_one()
    return int(known)


def digest(*parts: str) -> str:
    """The hash over texts, each with its length, so that no two lists of texts give the same."""
    together = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        together.update(f"{len(raw)}:".encode())
        together.update(raw)
    return together.hexdigest()


def chained(
    previous: str,
    *,
    sequence: int,
    at: datetime,
    actor_kind: str,
    actor: str,
    run_id: str,
    event: str,
    subject: str,
    content_hash: str,
) -> str:
    """The hash of one entry of the audit trail, over the one before and everything it says."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    return digest(previous, str(sequence), when, actor_kind, actor, run_id, event, subject, content_hash)

"""Laws about the proof: the audit trail is an unbroken chain, and every decision and payment is what it says."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from integrations.ledger import schema
from integrations.ledger.database import BATCH
from integrations.ledger.decisions import SEALED_AMOUNTS, SEALED_SAID, SEALED_WHO, decision_hash
from integrations.ledger.enrichment import telling_hash
from integrations.ledger.intake_statements import payment_mark
from integrations.ledger.records import Violation
from integrations.ledger.unit import chained, digest

_AUDIT, _DECISIONS, _ALLOCATIONS, _PAYMENTS = (
    schema.audit.c,
    schema.decisions.c,
    schema.allocations.c,
    schema.payments.c,
)
_TOLD = schema.entry_history.c
_MODULUS = 1 << 256


def _entries(connection: Connection, company_id: int) -> Iterator[Any]:
    last = 0
    while True:
        rows = connection.execute(
            select(schema.audit)
            .where(_AUDIT.company_id == company_id, _AUDIT.sequence > last)
            .order_by(_AUDIT.sequence)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].sequence


def chain_unbroken(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every entry of the audit trail follows the one before, to the last that the company's own row names."""
    previous, expected = "", 1
    for row in _entries(connection, company_id):
        where = f"audit entry {row.sequence}"
        if row.sequence != expected:
            message = f"entries {expected} to {row.sequence - 1} are missing"
            yield Violation(law="chain_unbroken", where=where, message=message)
        elif row.previous_hash != previous:
            message = "it does not follow the entry before it: one of the two was changed or exchanged"
            yield Violation(law="chain_unbroken", where=where, message=message)
        if _hash_of(row) != row.hash:
            message = f"{row.event} by {row.actor} was changed after it was written"
            yield Violation(law="chain_unbroken", where=where, message=message)
        if row.content is not None and digest(row.salt or "", row.content) != row.content_hash:
            message = f"what it says about {row.event} was changed after it was written"
            yield Violation(law="chain_unbroken", where=where, message=message)
        previous, expected = row.hash, row.sequence + 1
    company = connection.execute(select(schema.companies).where(schema.companies.c.company_id == company_id)).one()
    if (company.audit_sequence, company.audit_hash) != (expected - 1, previous):
        message = f"the trail should end with entry {company.audit_sequence}, it ends with {expected - 1}"
        yield Violation(law="chain_unbroken", where=f"audit trail of {company.name}", message=message)


def _hash_of(row: Any) -> str:
    return chained(
        row.previous_hash,
        sequence=row.sequence,
        at=row.at,
        actor_kind=row.actor_kind,
        actor=row.actor,
        run_id=row.run_id,
        event=row.event,
        subject=row.subject,
        content_hash=row.content_hash,
    )


def decisions_as_sealed(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every decision, its allocations and its texts are what was sealed when it was taken."""
    last = 0
    while True:
        rows = connection.execute(
            select(schema.decisions)
            .where(_DECISIONS.company_id == company_id, _DECISIONS.decision_id > last)
            .order_by(_DECISIONS.decision_id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        lines: dict[int, list[tuple[Any, ...]]] = {row.decision_id: [] for row in rows}
        for one in connection.execute(
            select(
                *(_ALLOCATIONS.decision_id, _ALLOCATIONS.item_no, _ALLOCATIONS.cash, _ALLOCATIONS.discount),
                *(_ALLOCATIONS.write_off, _ALLOCATIONS.settled, _ALLOCATIONS.residual),
                *(_ALLOCATIONS.residual_reason, _ALLOCATIONS.expected_open),
            ).where(
                _ALLOCATIONS.company_id == company_id,
                _ALLOCATIONS.decision_id > last,
                _ALLOCATIONS.decision_id <= rows[-1].decision_id,
            )
        ):
            lines.setdefault(one[0], []).append(tuple(one[1:]))
        for row in rows:
            head = (row.decision_id, row.payment_id, row.kind, row.revision, row.live, row.reverses_id)
            amounts, said, who = (
                tuple(getattr(row, name) for name in names) for names in (SEALED_AMOUNTS, SEALED_SAID, SEALED_WHO)
            )
            seal = decision_hash(
                head, amounts, said, who, texts_hash=row.texts_hash, allocations=lines[row.decision_id]
            )
            where = f"decision {row.decision_id} on payment {row.payment_id}"
            if seal != row.hash:
                message = "the decision or its allocations were changed after it was taken"
                yield Violation(law="decisions_as_sealed", where=where, message=message)
            elif _words_changed(row):
                message = "its explanation or evidence was changed after it was taken"
                yield Violation(law="decisions_as_sealed", where=where, message=message)
        last = rows[-1].decision_id


def _words_changed(row: Any) -> bool:
    """Whether the words are neither those that were sealed nor erased altogether."""
    if row.texts is None:
        return bool(row.reason)
    return bool(digest(row.salt or "", row.texts, row.reason) != row.texts_hash)


def decisions_on_record(connection: Connection, company_id: int) -> Iterator[Violation]:
    """Every decision was noted in the audit trail when it was taken, and none is missing since."""
    expected = 1
    for row in _entries(connection, company_id):
        if row.event not in ("decision", "decisions") or row.content is None:
            continue
        said = json.loads(row.content)
        first, last = said["first"], said["last"]
        if first > expected:
            message = f"decisions {expected} to {first - 1} stand on no record"
            yield Violation(law="decisions_on_record", where=f"audit entry {row.sequence}", message=message)
        expected = max(expected, last + 1)
        together = hashlib.sha256()
        count = 0
        for seal in connection.execute(
            select(_DECISIONS.hash)
            .where(_DECISIONS.company_id == company_id, _DECISIONS.decision_id.between(first, last))
            .order_by(_DECISIONS.decision_id)
        ).scalars():
            count += 1
            together.update(f"{len(seal)}:{seal}".encode())
        if count != said["count"] or together.hexdigest() != said["digest"]:
            message = f"decisions {first} to {last} are not the {said['count']} that were taken then; {count} are there"
            yield Violation(law="decisions_on_record", where=f"audit entry {row.sequence}", message=message)
    newest = connection.execute(
        select(_DECISIONS.decision_id)
        .where(_DECISIONS.company_id == company_id, _DECISIONS.decision_id >= expected)
        .limit(1)
    ).scalar_one_or_none()
    if newest is not None:
        message = "it stands in the ledger without any record of who took it"
        yield Violation(law="decisions_on_record", where=f"decision {newest}", message=message)


def payments_on_record(connection: Connection, company_id: int) -> Iterator[Violation]:
    """The payments of every file are those that it brought: none added, removed or altered since."""
    promised = {
        said["file_id"]: said
        for row in _entries(connection, company_id)
        if row.event == "statement_file" and row.content is not None
        for said in [json.loads(row.content)]
    }
    marks: dict[int, int] = {}
    counts: dict[int, int] = {}
    last = ""
    while True:
        rows = connection.execute(
            select(
                *(_PAYMENTS.payment_id, _PAYMENTS.file_id, _PAYMENTS.account, _PAYMENTS.currency),
                *(_PAYMENTS.amount, _PAYMENTS.booked_on),
            )
            .where(_PAYMENTS.company_id == company_id, _PAYMENTS.payment_id > last)
            .order_by(_PAYMENTS.payment_id)
            .limit(BATCH)
        ).all()
        if not rows:
            break
        last = rows[-1].payment_id
        for row in rows:
            mark = payment_mark(row.payment_id, row.account, row.currency, row.amount, row.booked_on.isoformat())
            marks[row.file_id] = (marks.get(row.file_id, 0) + mark) % _MODULUS
            counts[row.file_id] = counts.get(row.file_id, 0) + 1
    yield from _unlike(promised, marks, counts)


def tellings_on_record(connection: Connection, company_id: int) -> Iterator[Violation]:
    """What later deliveries said of an entry is what was put down when they came, and none of it is missing."""
    noted: set[int] = set()
    for row in _entries(connection, company_id):
        if row.event != "entries_told_again" or row.content is None:
            continue
        said = json.loads(row.content)
        seals = []
        for told in connection.execute(
            select(schema.entry_history)
            .where(
                *(_TOLD.company_id == company_id, _TOLD.file_id == said["file_id"]),
                _TOLD.history_id.between(said["first"], said["last"]),
            )
            .order_by(_TOLD.history_id)
        ).yield_per(BATCH):
            seals.append(told.content_hash)
            if told.said is not None and _telling(told) != told.content_hash:
                message = "what a later file said of it was changed after it was put down"
                yield Violation(law="tellings_on_record", where=f"entry {told.entry_key}", message=message)
        noted.add(said["file_id"])
        if digest(*seals) != said["digest"]:
            message = f"{said['count']} entries were told again by that file; {len(seals)} are there, not as they were"
            yield Violation(law="tellings_on_record", where=f"audit entry {row.sequence}", message=message)
    stray = connection.execute(
        select(_TOLD.file_id, func.count()).where(_TOLD.company_id == company_id).group_by(_TOLD.file_id)
    )
    for file_id, count in stray:
        if file_id not in noted:
            message = f"{count} entries were told again by it, without any record"
            yield Violation(law="tellings_on_record", where=f"file number {file_id}", message=message)


def _telling(row: Any) -> str:
    words = {"salt": row.salt or "", "before": row.before or "", "said": row.said}
    return telling_hash(row.entry_key, row.file_id, applied=bool(row.applied), **words)


def _unlike(
    promised: Mapping[int, Mapping[str, Any]], marks: Mapping[int, int], counts: Mapping[int, int]
) -> Iterator[Violation]:
    for file_id in sorted(promised.keys() | counts.keys()):
        said = promised.get(file_id)
        if said is None:
            message = f"{counts[file_id]} payments stand in the ledger without any record of their file"
            yield Violation(law="payments_on_record", where=f"file number {file_id}", message=message)
        elif f"{marks.get(file_id, 0):064x}" != said["marks"]:
            message = (
                f"the file brought {said['payments']} payments; {counts.get(file_id, 0)} are there, not as they came"
            )
            yield Violation(law="payments_on_record", where=f"file {said['name']}", message=message)


LAWS = (chain_unbroken, decisions_as_sealed, decisions_on_record, payments_on_record, tellings_on_record)

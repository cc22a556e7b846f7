"""How long personal data stays in the ledger, and how it goes: names, accounts and texts are erased, sums are not.

What is erased: raw files; the texts of entries and payments (payer, account, remittance, references); the words of
decisions, cases and clearings; the payer in postings; the words of the audit trail about them; customers' names,
accounts and aliases; learned facts. What stays: keys, amounts, currencies, days, our own account, states, who decided
when by which rule, and every hash. So the sums still verify and the chain is still proven, about data that is gone.

A payment can be erased once nothing about it is under way: decided, no open case, no posting on its way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from integrations.ledger import codec, schema
from integrations.ledger.database import batches
from integrations.ledger.errors import LawBroken, NotFound
from integrations.ledger.history import history
from integrations.ledger.intake_parties import customer_of
from integrations.ledger.reading_items import item_of
from integrations.ledger.records import OPEN_CASE_STATES, Change, Erasure
from integrations.ledger.unit import Unit
from matching.model.payment import Payment
from matching.model.posting import Posting

_PAYMENTS, _CASES, _OUTBOX = schema.payments.c, schema.cases.c, schema.outbox.c
_FILES, _STATEMENTS, _DELIVERIES = schema.files.c, schema.statements.c, schema.deliveries.c
_CUSTOMERS, _ITEMS, _FACTS = schema.customers.c, schema.items.c, schema.facts.c
_UNDER_WAY = ("planned", "approved", "sending", "submitted", "ambiguous")
_BATCH = 1_000


def erase_older_than(unit: Unit, before: date, change: Change) -> Erasure:
    """Erase what was booked before that day and is wholly dealt with; see the port."""
    counts: Counter[str] = Counter()
    while True:
        ids = list(
            unit.connection.execute(
                select(_PAYMENTS.payment_id)
                .where(
                    _PAYMENTS.company_id == unit.company_id,
                    _PAYMENTS.booked_on < before,
                    _PAYMENTS.erased_at.is_(None),
                    or_(_PAYMENTS.state != "new", _PAYMENTS.replaced_by.is_not(None)),
                    ~_open_case(),
                    ~_under_way(),
                )
                .limit(_BATCH)
            ).scalars()
        )
        if not ids:
            break
        counts.update(_erase_payments(unit, ids, change))
    counts["files"] += _erase_files(unit, change)
    return _noted(unit, counts, change, {"before": before.isoformat()})


def erase_customer(unit: Unit, customer_id: str, change: Change) -> Erasure:
    """Erase one customer and every payment that is theirs; see the port."""
    theirs = list(_payments_of(unit.connection, unit.company_id, customer_id))
    _known_customer(unit.connection, unit.company_id, customer_id, theirs)
    for ids in batches(theirs, _BATCH):
        busy = unit.connection.execute(
            select(_PAYMENTS.payment_id).where(
                _PAYMENTS.company_id == unit.company_id,
                _PAYMENTS.payment_id.in_(ids),
                or_(and_(_PAYMENTS.state == "new", _PAYMENTS.replaced_by.is_(None)), _open_case(), _under_way()),
            )
        ).scalars()
        if open_ones := list(busy):
            message = (
                f"customer {customer_id} still has {len(open_ones)} payments under way, {open_ones[0]} among them; "
                "clear them first, then erase"
            )
            raise LawBroken(message)
    counts: Counter[str] = Counter()
    for ids in batches(theirs, _BATCH):
        counts.update(_erase_payments(unit, ids, change))
    counts["customers"] += unit.connection.execute(
        update(schema.customers)
        .where(_CUSTOMERS.company_id == unit.company_id, _CUSTOMERS.customer_id == customer_id)
        .values(name="", ibans="", aliases="", payer_ids="", erased_at=change.at)
    ).rowcount
    counts["facts"] += unit.connection.execute(
        update(schema.facts)
        .where(_FACTS.company_id == unit.company_id, _FACTS.customer_id == customer_id, _FACTS.subject != "")
        .values(subject=_ERASED_SUBJECT.concat(_FACTS.fact_id), revoked_at=change.at, revoked_by=change.actor)
    ).rowcount
    counts["files"] += _erase_files(unit, change, holding=theirs)
    return _noted(unit, counts, change, {"customer_id": customer_id})


_ERASED_SUBJECT: Any = schema.facts.c.kind.concat(" erased ")


def _noted(unit: Unit, counts: Counter[str], change: Change, what: dict[str, object]) -> Erasure:
    done = {kind: count for kind, count in sorted(counts.items()) if count}
    if done:
        unit.note(change, "erased", "", {**what, **done})
    return Erasure(counts=done)


def _open_case() -> Any:
    return exists().where(
        _CASES.company_id == _PAYMENTS.company_id,
        _CASES.payment_id == _PAYMENTS.payment_id,
        _CASES.state.in_(OPEN_CASE_STATES),
    )


def _under_way() -> Any:
    return exists().where(
        _OUTBOX.company_id == _PAYMENTS.company_id,
        _OUTBOX.payment_id == _PAYMENTS.payment_id,
        _OUTBOX.state.in_(_UNDER_WAY),
    )


# -- Erasing ---------------------------------------------------------------------------------------------------------


def _erase_payments(unit: Unit, ids: Sequence[str], change: Change) -> dict[str, int]:
    """Erase these payments' texts wherever they stand; returns how many rows of each kind."""
    company = unit.company_id
    mine = (_PAYMENTS.company_id == company, _PAYMENTS.payment_id.in_(ids))
    rows = unit.connection.execute(
        select(_PAYMENTS.payment_id, _PAYMENTS.entry_key, _PAYMENTS.content).where(*mine)
    ).all()
    for row in rows:
        bare = codec.to_text(_bare_payment(codec.from_text(Payment, row.content)))
        unit.connection.execute(
            update(schema.payments)
            .where(_PAYMENTS.company_id == company, _PAYMENTS.payment_id == row.payment_id)
            .values(content=bare, bank_reference="", erased_at=change.at)
        )
    counts = {"payments": len(rows)}
    counts["entries"] = _erase_entries(unit, sorted({row.entry_key for row in rows}), change)
    decisions, clearings = schema.decisions.c, schema.clearings.c
    counts["decisions"] = unit.connection.execute(
        update(schema.decisions)
        .where(decisions.company_id == company, decisions.payment_id.in_(ids), decisions.texts.is_not(None))
        .values(texts=None, salt=None, reason="")
    ).rowcount
    case_ids = list(
        unit.connection.execute(
            select(_CASES.case_id).where(_CASES.company_id == company, _CASES.payment_id.in_(ids))
        ).scalars()
    )
    unit.connection.execute(
        update(schema.cases).where(_CASES.company_id == company, _CASES.payment_id.in_(ids)).values(texts=None)
    )
    unit.connection.execute(
        update(schema.clearings)
        .where(clearings.company_id == company, clearings.payment_id.in_(ids))
        .values(texts=None, reason="")
    )
    keys = _erase_postings(unit, ids)
    counts["postings"] = len(keys)
    counts["audit_texts"] = _erase_audit_texts(unit, [*ids, *case_ids, *keys])
    return counts


def _bare_payment(one: Payment) -> Payment:
    return Payment(
        payment_id=one.payment_id,
        account=one.account,
        currency=one.currency,
        amount=one.amount,
        booked_on=one.booked_on,
        valued_on=one.valued_on,
        transaction_code=one.transaction_code,
        reversal=one.reversal,
    )


def _erase_entries(unit: Unit, keys: Sequence[str], change: Change) -> int:
    """Entries whose payments are all erased."""
    entries = schema.entries.c
    living = exists().where(
        _PAYMENTS.company_id == entries.company_id,
        _PAYMENTS.entry_key == entries.entry_key,
        _PAYMENTS.entry_key.in_(keys),
        _PAYMENTS.erased_at.is_(None),
    )
    erased = unit.connection.execute(
        update(schema.entries)
        .where(entries.company_id == unit.company_id, entries.entry_key.in_(keys), ~living)
        .values(content="", erased_at=change.at)
    ).rowcount
    erased += _erase_beside(unit, keys, change)
    told = schema.entry_history.c
    same = schema.collective_entries.c
    joined = select(same.collective).where(same.company_id == unit.company_id, same.entry_key.in_(keys))
    theirs = select(same.entry_key).where(same.company_id == unit.company_id, same.collective.in_(joined))
    bare = select(entries.entry_key).where(
        entries.company_id == unit.company_id,
        or_(entries.entry_key.in_(keys), entries.entry_key.in_(theirs)),
        entries.erased_at.is_not(None),
    )
    unit.connection.execute(
        update(schema.entry_history)
        .where(told.company_id == unit.company_id, told.entry_key.in_(bare))
        .values(before=None, said=None, salt=None)
    )
    return erased


def _erase_beside(unit: Unit, keys: Sequence[str], change: Change) -> int:
    """Entries that tell of the same money as entries all of which are erased now."""
    entries, same = schema.entries.c, schema.collective_entries.c
    here = select(same.collective).where(same.company_id == unit.company_id, same.entry_key.in_(keys))
    living = (
        select(same.collective)
        .join(schema.entries, and_(entries.company_id == same.company_id, entries.entry_key == same.entry_key))
        .where(same.company_id == unit.company_id, same.counts, entries.erased_at.is_(None))
    )
    beside = select(same.entry_key).where(
        same.company_id == unit.company_id,
        ~same.counts,
        same.collective.in_(here),
        same.collective.not_in(living),
    )
    return unit.connection.execute(
        update(schema.entries)
        .where(entries.company_id == unit.company_id, entries.erased_at.is_(None), entries.entry_key.in_(beside))
        .values(content="", erased_at=change.at)
    ).rowcount


def _erase_postings(unit: Unit, ids: Sequence[str]) -> list[str]:
    rows = unit.connection.execute(
        select(_OUTBOX.outbox_id, _OUTBOX.key, _OUTBOX.posting).where(
            _OUTBOX.company_id == unit.company_id, _OUTBOX.payment_id.in_(ids)
        )
    ).all()
    for row in rows:
        bare = replace(
            codec.from_text(Posting, row.posting),
            payer_name="", payer_account="", remittance="", explanation="", bank_reference="", end_to_end_id="",
        )  # fmt: skip
        unit.connection.execute(
            update(schema.outbox)
            .where(_OUTBOX.outbox_id == row.outbox_id)
            .values(posting=codec.to_text(bare), message="")
        )
    return sorted({row.key for row in rows})


def _erase_audit_texts(unit: Unit, subjects: Iterable[str]) -> int:
    """What the trail says about them, where it quotes reasons or answers; what proves decisions holds no text."""
    audit, erased = schema.audit.c, 0
    for some in batches(sorted(set(subjects))):
        erased += unit.connection.execute(
            update(schema.audit)
            .where(
                audit.company_id == unit.company_id,
                audit.subject.in_(some),
                audit.event.in_(["proposal", "verdict", "learned"]),
                audit.content.is_not(None),
            )
            .values(content=None, salt=None)
        ).rowcount
    return erased


def _erase_files(unit: Unit, change: Change, holding: Sequence[str] | None = None) -> int:
    """Raw files: those whose payments are all erased, or those that hold any of the payments named."""
    deliver = and_(_STATEMENTS.file_id == _FILES.file_id, _DELIVERIES.statement_no == _STATEMENTS.statement_no)
    belongs = and_(_PAYMENTS.company_id == _DELIVERIES.company_id, _PAYMENTS.entry_key == _DELIVERIES.entry_key)
    entries = schema.entries.c
    unerased = exists().where(
        deliver,
        entries.company_id == _DELIVERIES.company_id,
        entries.entry_key == _DELIVERIES.entry_key,
        entries.erased_at.is_(None),
    )
    something = exists().where(deliver)
    wanted = [and_(something, ~unerased)]
    if holding is not None:
        wanted = [exists().where(deliver, belongs, _PAYMENTS.payment_id.in_(some)) for some in batches(holding)]
    gone = 0
    for condition in wanted:
        ids = list(
            unit.connection.execute(
                select(_FILES.file_id).where(
                    _FILES.company_id == unit.company_id, _FILES.content.is_not(None), condition
                )
            ).scalars()
        )
        for some in batches(ids):
            unit.connection.execute(
                update(schema.files).where(_FILES.file_id.in_(some)).values(content=None, erased_at=change.at)
            )
            unit.connection.execute(
                update(schema.quarantined).where(schema.quarantined.c.file_id.in_(some)).values(raw="", message="")
            )
        gone += len(ids)
    return gone


# -- One customer ------------------------------------------------------------------------------------------------------


def _payments_of(connection: Connection, company_id: int, customer_id: str) -> Iterator[str]:
    """Payments allocated to the customer's items, on their account, or about whom their case is."""
    allocations, decisions = schema.allocations.c, schema.decisions.c
    by_item = (
        select(allocations.payment_id)
        .join(schema.items, and_(_ITEMS.company_id == allocations.company_id, _ITEMS.item_no == allocations.item_no))
        .where(allocations.company_id == company_id, _ITEMS.customer_id == customer_id)
    )
    on_account = select(decisions.payment_id).where(
        decisions.company_id == company_id, decisions.on_account_customer_id == customer_id
    )
    by_case = select(_CASES.payment_id).where(_CASES.company_id == company_id, _CASES.customer_id == customer_id)
    yield from connection.execute(by_item.union(on_account, by_case).order_by("payment_id")).scalars()


def _known_customer(connection: Connection, company_id: int, customer_id: str, theirs: Sequence[str]) -> Any:
    row = connection.execute(
        select(schema.customers).where(_CUSTOMERS.company_id == company_id, _CUSTOMERS.customer_id == customer_id)
    ).one_or_none()
    has_items = connection.execute(
        select(_ITEMS.item_no).where(_ITEMS.company_id == company_id, _ITEMS.customer_id == customer_id).limit(1)
    ).scalar_one_or_none()
    if row is None and has_items is None and not theirs:
        message = f"the ledger holds nothing about customer {customer_id}"
        raise NotFound(message)
    return row


def export_customer(connection: Connection, company_id: int, customer_id: str) -> dict[str, object]:
    """All the ledger holds about one customer; see the port."""
    theirs = list(_payments_of(connection, company_id, customer_id))
    row = _known_customer(connection, company_id, customer_id, theirs)
    items = connection.execute(
        select(schema.items)
        .where(_ITEMS.company_id == company_id, _ITEMS.customer_id == customer_id)
        .order_by(_ITEMS.item_id)
    )
    facts = connection.execute(
        select(_FACTS.kind, _FACTS.subject, _FACTS.confirmations, _FACTS.learned_on, _FACTS.revoked_at)
        .where(_FACTS.company_id == company_id, _FACTS.customer_id == customer_id)
        .order_by(_FACTS.fact_id)
    )
    payments: list[Any] = []
    for some in batches(theirs):
        payments += connection.execute(
            select(_PAYMENTS.payment_id, _PAYMENTS.content)
            .where(_PAYMENTS.company_id == company_id, _PAYMENTS.payment_id.in_(some))
            .order_by(_PAYMENTS.payment_id)
        ).all()
    return {
        "amounts": "whole minor units of the currency beside them: 11900 with EUR is 119.00 EUR",
        "customer": None if row is None else codec.plain(customer_of(row)),
        "items": [codec.plain(item_of(one)) for one in items],
        "payments": [
            {
                **codec.plain(codec.from_text(Payment, one.content)),
                "history": history(connection, company_id, one.payment_id),
            }
            for one in payments
        ],
        "learned_facts": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "confirmations": one.confirmations,
                "learned_on": one.learned_on.isoformat(),
                "revoked": one.revoked_at is not None,
            }
            for one in facts
        ],
    }

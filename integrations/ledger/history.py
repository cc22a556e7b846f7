"""The story of one payment or one item, in sentences, as the ledger can prove it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from integrations.ledger import codec, schema
from integrations.ledger.errors import NotFound
from integrations.ledger.reading_items import effective_open
from integrations.ledger.reading_payments import find_payment, payment_view
from integrations.ledger.records import Clearing, PaymentView, RecordedDecision
from matching.model.bank_statement import BankEntry
from matching.model.decision import Allocation
from matching.model.money import to_decimal
from matching.model.payment import Payment

# A moment, a place in the order of things that happen at one moment, and what to say.
Told = tuple[datetime, int, str]
_STANDS = {
    "planned": "waits to be released",
    "approved": "waits to be sent",
    "sending": "is being sent",
    "confirmed": "is in the ERP",
    "submitted": "was handed to the ERP, which has not confirmed it yet",
    "ambiguous": "may be in the ERP; it is looked up with the next push",
    "rejected": "was rejected by the ERP",
    "reversed": "was taken back",
}
# How many payments of a collective booking a sentence names.
_FEW = 5


def history(connection: Connection, company_id: int, about: str) -> list[str]:
    """The story of a payment, an item or a case, oldest first. Raises NotFound."""
    items = schema.items.c
    found = connection.execute(
        select(schema.items)
        .where(items.company_id == company_id, (items.item_id == about) | (items.number == about))
        .order_by(items.item_id)
        .limit(2)
    ).all()
    exact = [row for row in found if row.item_id == about] or found
    if len(exact) == 1:
        return _item_story(connection, company_id, exact[0])
    try:
        payment_id = find_payment(connection, company_id, about)
    except NotFound as error:
        which = f"; several items have the number {about}, give the item id" if found else "; no item either"
        message = f"{error}{which}"
        raise NotFound(message) from None
    return _payment_story(connection, company_id, payment_view(connection, company_id, payment_id))


def _money(minor: int, currency: str) -> str:
    """An amount as it stands in a letter: grouped, its currency behind."""
    return f"{to_decimal(minor, currency):,} {currency}"


def _because(reason: str) -> str:
    return f" Reason: {reason.rstrip('.')}." if reason else ""


# -- A payment -------------------------------------------------------------------------------------------------------


def _payment_story(connection: Connection, company_id: int, view: PaymentView) -> list[str]:
    payment = view.payment
    money = _money(payment.amount, payment.currency)
    who = f" from {payment.payer_name}" if payment.payer_name else ""
    said = f" ({payment.remittance})" if payment.remittance else ""
    reference = f"bank reference {payment.bank_reference}, " if payment.bank_reference else ""
    opening = (
        f"{payment.booked_on}: {money}{who} booked on account {payment.account}{said}; "
        f"{reference}payment {payment.payment_id}."
    )
    told: list[Told] = list(_deliveries(connection, company_id, payment.payment_id))
    told += _told_again(connection, company_id, payment)
    told += _same_money(connection, company_id, payment)
    numbers = _numbers(connection, company_id, view)
    told += [(one.at, one.decision_id, _decision_sentence(one, payment.currency, numbers)) for one in view.decisions]
    for clearing in view.clearings:
        told += _clearing_sentences(clearing)
    for key in dict.fromkeys(posting.key for posting in view.postings):
        told += _posting_sentences(connection, company_id, key)
    parts = _replaced_by(connection, company_id, payment.payment_id)
    return [opening, *_in_order(told), f"Now: replaced by payments {parts}." if parts else _now(view)]


def _in_order(told: list[Told]) -> Iterator[str]:
    for at, _, sentence in sorted(told, key=lambda one: one[:2]):
        yield f"{at:%Y-%m-%d %H:%M} UTC: {sentence}"


def _deliveries(connection: Connection, company_id: int, payment_id: str) -> Iterator[Told]:
    deliveries, statements, files = schema.deliveries.c, schema.statements.c, schema.files.c
    payments = schema.payments.c
    rows = connection.execute(
        select(files.at, files.name, statements.sequence, statements.statement_id)
        .join(schema.statements, statements.file_id == files.file_id)
        .join(schema.deliveries, deliveries.statement_no == statements.statement_no)
        .join(
            schema.payments,
            and_(payments.company_id == deliveries.company_id, payments.entry_key == deliveries.entry_key),
        )
        .where(payments.company_id == company_id, payments.payment_id == payment_id)
        .order_by(files.file_id)
    )
    for count, row in enumerate(rows):
        which = row.sequence or row.statement_id
        statement = f", statement {which}" if which else ""
        again = "delivered again by" if count else "delivered by"
        yield (row.at, -1, f"{again} file {row.name}{statement}.")


def _told_again(connection: Connection, company_id: int, payment: Payment) -> Iterator[Told]:
    """What later files said of the payment's entry, and whether it was taken over."""
    history, files, payments = schema.entry_history.c, schema.files.c, schema.payments.c
    entry_key = select(payments.entry_key).where(
        payments.company_id == company_id, payments.payment_id == payment.payment_id
    )
    rows = connection.execute(
        select(files.at, files.name, history.applied, history.said)
        .join(schema.files, files.file_id == history.file_id)
        .where(history.company_id == company_id, history.entry_key == entry_key.scalar_subquery())
        .order_by(history.history_id)
    )
    for row in rows:
        words = _said_words(row.said, payment.currency) if row.said else "what it said was erased"
        kept = "" if row.applied else "; this was decided already, so it is only kept beside"
        yield (row.at, -1, f"file {row.name} told more of it: {words}{kept}.")


def _same_money(connection: Connection, company_id: int, payment: Payment) -> Iterator[Told]:
    """That a document tells of the payment's money in other pieces, which are not counted beside it."""
    same, files, payments, entries = schema.collective_entries.c, schema.files.c, schema.payments.c, schema.entries.c
    own = schema.collective_entries.alias().c
    mine = (
        select(own.collective)
        .join(schema.payments, and_(payments.company_id == own.company_id, payments.entry_key == own.entry_key))
        .where(own.company_id == company_id, payments.payment_id == payment.payment_id)
    )
    rows = connection.execute(
        select(files.at, files.name, entries.amount, entries.currency, entries.booked_on)
        .select_from(schema.collective_entries)
        .join(schema.files, files.file_id == same.file_id)
        .join(schema.entries, and_(entries.company_id == same.company_id, entries.entry_key == same.entry_key))
        .where(same.company_id == company_id, same.collective == mine.scalar_subquery(), ~same.counts)
        .order_by(entries.amount.desc(), entries.entry_key)
    ).all()
    if not rows:
        return
    pieces = [_money(row.amount, row.currency) for row in rows]
    more = f" and {len(pieces) - _FEW} more" if len(pieces) > _FEW else ""
    first = rows[0]
    told = f"{', '.join(pieces[:_FEW])}{more} on {first.booked_on}"
    yield (first.at, -1, f"with file {first.name} the bank tells of this money as {told}; it is counted once.")


def _said_words(said: str, currency: str) -> str:
    """The payers and texts that a delivery named, the first few of them."""
    entry = codec.from_text(BankEntry, said)
    parts = []
    for detail in entry.details[:_FEW]:
        who = f" from {detail.counterparty_name}" if detail.counterparty_name else ""
        text = f" ({detail.remittance})" if detail.remittance else ""
        parts.append(f"{abs(detail.amount)} {detail.currency or currency}{who}{text}")
    more = f" and {len(entry.details) - _FEW} more" if len(entry.details) > _FEW else ""
    return f"{', '.join(parts)}{more}"


def _replaced_by(connection: Connection, company_id: int, payment_id: str) -> str:
    """The payments that came in the place of this one, in words; empty where it stands."""
    payments, part = schema.payments.c, schema.payments.alias().c
    found = connection.execute(
        select(part.payment_id)
        .where(part.company_id == company_id, part.entry_key == payments.entry_key)
        .where(part.file_id == payments.replaced_by, part.payment_id != payments.payment_id)
        .where(payments.company_id == company_id, payments.payment_id == payment_id)
        .order_by(part.payment_id)
    ).scalars()
    *first, last = list(found) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _numbers(connection: Connection, company_id: int, view: PaymentView) -> dict[str, str]:
    items = schema.items.c
    wanted = {line.item_id for one in view.decisions for line in one.decision.allocations}
    rows = connection.execute(
        select(items.item_id, items.number).where(items.company_id == company_id, items.item_id.in_(sorted(wanted)))
    )
    return {row.item_id: row.number for row in rows}


def _decision_sentence(one: RecordedDecision, currency: str, numbers: Mapping[str, str]) -> str:
    decision, by = one.decision, _by(one)
    # Why a rule ran at all is of no use to the reader; why a person or the ERP came in is.
    reason = _because(one.reason) if one.actor_kind != "rule" else ""
    run = f" [run {one.run_id}]" if one.run_id else ""
    if one.kind == "reversal":
        return f"decision {one.reverses_id} was reversed by {by}.{reason}{run}"
    parts = [_allocation_words(line, currency, numbers.get(line.item_id, "")) for line in decision.allocations]
    why = decision.explanation
    if decision.on_account:
        whom = f" of customer {decision.on_account_customer_id}" if decision.on_account_customer_id else ""
        parts.append(f"{_money(decision.on_account, currency)} left on account{whom}")
    if decision.exception:
        kind = decision.exception.kind.replace("_", " ")
        case = f", case {one.case_id}" if one.case_id else ""
        parts.append(f"{_money(decision.exception.unallocated, currency)} for a person to explain ({kind}{case})")
        if decision.exception.why not in why:
            why = f"{decision.exception.why} {why}".strip()
    if decision.ignored:
        parts.append(f"set aside as no customer payment ({decision.ignored.replace('_', ' ')})")
    if one.reason and one.reason in why:
        reason = ""
    told = f" {why}{'' if why.endswith(('.', '?', '!')) else '.'}" if why else ""
    return f"decision {one.decision_id} by {by}: {'; '.join(parts)}.{told}{reason}{run}"


def _by(one: RecordedDecision) -> str:
    if one.actor_kind == "person":
        return one.actor
    rule = one.decision.rule
    if not rule:
        return one.actor
    said = [f"version {one.decision.rule_version}"] if one.decision.rule_version else []
    if not one.decision.exception:
        said.append(f"{one.decision.confidence:.1%} sure")
    return f"rule {rule.replace('_', ' ')}" + (f" ({', '.join(said)})" if said else "")


def _allocation_words(line: Allocation, currency: str, number: str) -> str:
    parts = [f"{_money(line.cash, currency)} to {number or line.item_id}"]
    if line.discount:
        parts.append(f"discount {_money(line.discount, currency)}")
    if line.write_off:
        parts.append(f"written off {_money(line.write_off, currency)}")
    if line.residual:
        why = f" ({line.residual_reason.replace('_', ' ')})" if line.residual_reason else ""
        parts.append(f"{_money(line.residual, currency)} still open{why}")
    return ", ".join(parts)


def _clearing_sentences(one: Clearing) -> Iterator[Told]:
    reason = f": {one.reason}" if one.reason else ""
    yield (one.at, 0, f"{one.person} proposed to clear {one.case_id} ({one.resolution.replace('_', ' ')}){reason}.")
    for verdict in one.verdicts:
        word = "approved" if verdict.approves else "declined"
        because = f": {verdict.reason}" if verdict.reason else ""
        yield (verdict.at, 1, f"{verdict.person} {word} the proposal of {one.person}{because}.")


def _posting_sentences(connection: Connection, company_id: int, key: str) -> Iterator[Told]:
    outbox, audit = schema.outbox.c, schema.audit.c
    for planned in connection.execute(
        select(outbox.action, outbox.planned_at).where(outbox.company_id == company_id, outbox.key == key)
    ):
        what = "posting" if planned.action == "post" else "reversal of posting"
        yield (planned.planned_at, 1 << 61, f"{what} {key} was put in the outbox.")
    for row in connection.execute(
        select(audit.at, audit.sequence, audit.content)
        .where(audit.company_id == company_id, audit.subject == key, audit.event == "posting")
        .order_by(audit.sequence)
    ):
        yield (row.at, (1 << 62) + row.sequence, _posting_sentence(key, json.loads(row.content or "{}")))


def _posting_sentence(key: str, said: Mapping[str, Any]) -> str:
    what = "reversal of posting" if said.get("action") == "reverse" else "posting"
    ids = ", ".join(said.get("native_ids") or ())
    number = f" as {ids}" if ids and ids != key else ""
    message = f": {str(said['message']).rstrip('.')}" if said.get("message") else ""
    words = {
        "confirmed": f"is in the ERP{number}",
        "submitted": f"was handed to the ERP{number}, not confirmed yet",
        "ambiguous": "may or may not have arrived; the ERP is asked before anything is sent again",
        "rejected": "was rejected by the ERP",
        "approved": "is released for sending",
        "reversed": "was taken back" if said.get("sent", True) else "was taken back before it was sent",
    }
    return f"{what} {key} {words.get(str(said.get('state')), 'changed')}{message}."


def _now(view: PaymentView) -> str:
    case = f"; case {view.case.case_id} is {view.case.state.replace('_', ' ')}" if view.case else ""
    postings = "".join(
        f"; {'posting' if one.action == 'post' else 'reversal of posting'} {one.key} {_STANDS[one.state]}"
        for one in view.postings
    )
    return f"Now: {view.state}{case}{postings}."


# -- An item -----------------------------------------------------------------------------------------------------------


def _item_story(connection: Connection, company_id: int, item: Any) -> list[str]:
    currency = item.currency
    opening = (
        f"{item.issued_on}: {item.kind.replace('_', ' ')} {item.number} of customer {item.customer_id} over "
        f"{_money(item.original_amount, currency)}, due {item.due_on}; item {item.item_id}."
    )
    told: list[Told] = list(_erp_changes(connection, company_id, item))
    allocations, decisions, payments = schema.allocations.c, schema.decisions.c, schema.payments.c
    rows = connection.execute(
        select(
            *(allocations.cash, allocations.discount, allocations.write_off, allocations.settled),
            *(decisions.decision_id, decisions.kind, decisions.at, decisions.actor, decisions.reverses_id),
            *(decisions.rule, decisions.actor_kind, decisions.reason, payments.payment_id, payments.bank_reference),
        )
        .join(
            schema.decisions,
            and_(decisions.company_id == allocations.company_id, decisions.decision_id == allocations.decision_id),
        )
        .join(
            schema.payments,
            and_(payments.company_id == allocations.company_id, payments.payment_id == allocations.payment_id),
        )
        .where(allocations.company_id == company_id, allocations.item_no == item.item_no)
        .order_by(decisions.decision_id)
    )
    told += [(row.at, row.decision_id, _movement_sentence(row, currency)) for row in rows]
    rest = effective_open(item)
    left = f"{_money(rest, currency)} open" if rest else "nothing is open any more"
    gone = "; the ERP lists it no more" if item.gone else ""
    return [opening, *_in_order(told), f"Now: {left}{gone}."]


def _movement_sentence(row: Any, currency: str) -> str:
    by = row.actor if row.actor_kind == "person" else f"rule {row.rule.replace('_', ' ')}" if row.rule else row.actor
    payment = row.bank_reference or row.payment_id
    if row.kind == "reversal":
        because = f" ({row.reason})" if row.reason else ""
        return f"{_money(-row.settled, currency)} open again: decision {row.reverses_id} was reversed by {by}{because}."
    line = Allocation(item_id=payment, cash=row.cash, discount=row.discount, write_off=row.write_off)
    words = _allocation_words(line, currency, "").replace(f"to {payment}", f"from payment {payment}")
    return f"settled by {words} (decision {row.decision_id} by {by})."


def _erp_changes(connection: Connection, company_id: int, item: Any) -> Iterator[Told]:
    table = schema.item_history.c
    rows = connection.execute(
        select(schema.item_history)
        .where(table.company_id == company_id, table.item_no == item.item_no)
        .order_by(table.history_id)
    )
    for row in rows:
        before, after = json.loads(row.before), json.loads(row.after)
        changes = [_change_words(name, before[name], after[name], item.currency) for name in before]
        yield (row.at, -1, f"the ERP ({row.actor}) changed {', '.join(changes)}.")


def _change_words(name: str, before: Any, after: Any, currency: str) -> str:
    if name == "gone":
        return "it to no longer open" if after else "it to open again"
    if name.endswith("_amount"):
        before, after = (to_decimal(one, currency) for one in (before, after))
    return f"{name.replace('_', ' ')} from {before or 'nothing'} to {after or 'nothing'}"

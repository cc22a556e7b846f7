"""The life of an exception: opened by a decision, proposed and approved by people, closed by the next decision.

open → proposed or awaiting_approval → cleared → sent → confirmed; a decision that leaves the payment unexplained again
makes it reopened, or rejected where the ERP refused the posting. A payment has one case for all its life, so a case id
that somebody wrote on a sticky note stays true.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from integrations.ledger import codec, schema
from integrations.ledger.database import batches, storable
from integrations.ledger.errors import ChangedMeanwhile, LawBroken, NotAllowed, NotFound
from integrations.ledger.records import OPEN_CASE_STATES, CaseState, Change, Clearing, Resolution, Verdict
from integrations.ledger.standing import PaymentStanding
from integrations.ledger.standing import in_words as amount_in_words
from integrations.ledger.unit import Unit
from matching.model.decision import Decision, ExceptionCase

if TYPE_CHECKING:
    from collections.abc import Iterable

# Crockford's base 32: no I, L, O or U, so that an id can be read out on the telephone.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHORTEST, _LONGEST = 4, 16
_CASE = (
    *("company_id", "case_id", "payment_id", "state", "kind", "unallocated", "customer_id", "texts"),
    *("opened_at", "changed_at"),
)


def follow(unit: Unit, decided: "Sequence[tuple[PaymentStanding, Decision]]", change: Change) -> None:
    """Open, reopen, refresh or close the cases of payments that were just decided."""
    fresh = [(payment, one.exception) for payment, one in decided if one.exception and payment.case is None]
    ids = _new_ids(unit, [payment.payment_id for payment, _ in fresh])
    rows = [
        (
            unit.company_id,
            ids[payment.payment_id],
            payment.payment_id,
            # Decided before, and now taken back: that a rule was wrong is a person's word, so no rule decides it again.
            _state_of(one, "open" if payment.state == "new" else "reopened"),
            *_told(one),
            *_at(change),
        )
        for payment, one in fresh
    ]
    unit.database.insert(unit.connection, schema.cases, _CASE, rows)
    for payment, decision in decided:
        if payment.case is None:
            continue
        exception = decision.exception
        values: dict[str, Any] = {"changed_at": change.at}
        if exception is None:
            values |= {"state": "cleared"}
        else:
            kind, unallocated, customer_id, texts = _told(exception)
            untouched = payment.case.state == "open" and payment.state == "exception"
            state = _state_of(exception, "open" if untouched else "reopened")
            values |= {"state": state, "kind": kind, "unallocated": unallocated}
            values |= {"customer_id": customer_id, "texts": texts}
        cases = schema.cases.c
        unit.connection.execute(
            update(schema.cases)
            .where(cases.company_id == unit.company_id, cases.case_id == payment.case.case_id)
            .values(**values)
        )


def close(unit: Unit, payment_ids: "Sequence[str]", change: Change) -> None:
    """Close the cases of payments that nobody needs to look at any more."""
    cases = schema.cases.c
    for some in batches(sorted(payment_ids)):
        unit.connection.execute(
            update(schema.cases)
            .where(cases.company_id == unit.company_id, cases.payment_id.in_(some))
            .values(state="cleared", unallocated=0, changed_at=change.at)
        )


def _state_of(exception: ExceptionCase, otherwise: CaseState) -> CaseState:
    return "rejected" if exception.kind == "erp_rejected" else otherwise


def _told(exception: ExceptionCase) -> tuple[str, int, str, str]:
    texts = storable(codec.to_text(exception))
    return (exception.kind, exception.unallocated, exception.customer_id, texts)


def _at(change: Change) -> tuple[Any, Any]:
    return (change.at, change.at)


def _new_ids(unit: Unit, payment_ids: Sequence[str]) -> dict[str, str]:
    """A case id for each payment: made from the payment alone, longer only where a shorter one is taken."""
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    waiting = list(payment_ids)
    for length in range(_SHORTEST, _LONGEST):
        wanted = {payment_id: case_id_of(unit.company, payment_id, length) for payment_id in waiting}
        taken |= _taken(unit, set(wanted.values()))
        waiting = []
        for payment_id, case_id in wanted.items():
            if case_id in taken:
                waiting.append(payment_id)
            else:
                chosen[payment_id] = case_id
                taken.add(case_id)
        if not waiting:
            return chosen
    message = "case ids ran out"
    raise AssertionError(message)


def case_id_of(company: str, payment_id: str, length: int = _SHORTEST) -> str:
    """The case id of a payment with that many letters.

    >>> case_id_of("acme", "v1-abc"), case_id_of("acme", "v1-abc", 6)
    ('EX-5479', 'EX-5479M9')
    """
    number = int.from_bytes(
        hashlib.sha256(f"{company}\x1f{payment_id}".encode("utf-8", "surrogatepass")).digest(), "big"
    )
    return "EX-" + "".join(_LETTERS[number >> 5 * place & 31] for place in range(length))


def _taken(unit: Unit, wanted: set[str]) -> set[str]:
    cases = schema.cases.c
    found: set[str] = set()
    for some in batches(sorted(wanted)):
        found |= set(
            unit.connection.execute(
                select(cases.case_id).where(cases.company_id == unit.company_id, cases.case_id.in_(some))
            ).scalars()
        )
    return found


# -- People ---------------------------------------------------------------------------------------------------------


def propose(
    unit: Unit,
    case_id: str,
    decision: Decision,
    *,
    resolution: Resolution,
    needs_approval: bool,
    expected_version: int,
    change: Change,
) -> Clearing:
    """Note how a person wants to clear a case; see the port."""
    case = _case_row(unit.connection, unit.company_id, case_id)
    if case.version != expected_version or case.state not in OPEN_CASE_STATES:
        message = f"{_case_in_words(case)} Look at it again before deciding."
        raise ChangedMeanwhile(message)
    if decision.payment_id != case.payment_id:
        message = f"case {case_id} is about payment {case.payment_id}, the decision about {decision.payment_id}"
        raise LawBroken(message)
    settle_clearings(unit, case.payment_id, done=None)
    state: CaseState = "awaiting_approval" if needs_approval else "proposed"
    clearing_id = unit.connection.execute(
        insert(schema.clearings)
        .values(
            company_id=unit.company_id,
            case_id=case_id,
            payment_id=case.payment_id,
            resolution=resolution,
            texts=storable(codec.to_text(decision)),
            person=change.actor,
            at=change.at,
            run_id=change.run_id,
            reason=change.reason,
            state=state,
        )
        .returning(schema.clearings.c.clearing_id)
    ).scalar_one()
    _move(unit, case, state, change)
    unit.note(
        change,
        "proposal",
        case_id,
        {"clearing_id": clearing_id, "resolution": resolution, "reason": change.reason, "state": state},
    )
    return clearing(unit.connection, unit.company_id, clearing_id)


def give_verdict(unit: Unit, clearing_id: int, *, approves: bool, change: Change) -> Clearing:
    """A second person's say; see the port."""
    asked = clearing(unit.connection, unit.company_id, clearing_id)
    case = _case_row(unit.connection, unit.company_id, asked.case_id)
    if asked.state != "awaiting_approval":
        message = f"This proposal is {asked.state.replace('_', ' ')} already. {_case_in_words(case)}"
        raise ChangedMeanwhile(message)
    if approves and change.actor.casefold() == asked.person.casefold():
        message = f"{change.actor} proposed this clearing; a second person has to approve it"
        raise NotAllowed(message)
    unit.connection.execute(
        insert(schema.verdicts).values(
            clearing_id=clearing_id,
            person=change.actor,
            proposer=asked.person,
            approves=approves,
            at=change.at,
            reason=change.reason,
        )
    )
    _set_clearing(unit, clearing_id, "proposed" if approves else "declined")
    _move(unit, case, "proposed" if approves else "open", change)
    said = {"clearing_id": clearing_id, "approves": approves, "reason": change.reason}
    unit.note(change, "verdict", asked.case_id, said)
    return clearing(unit.connection, unit.company_id, clearing_id)


def settle_clearings(unit: Unit, payment_id: str, *, done: int | None) -> None:
    """After a decision: the clearing that led to it is done, whatever else was proposed is withdrawn."""
    table = schema.clearings.c
    mine = (table.company_id == unit.company_id, table.payment_id == payment_id)
    if done is not None:
        _set_clearing(unit, done, "done")
    unit.connection.execute(
        update(schema.clearings)
        .where(*mine, table.state.in_(["proposed", "awaiting_approval"]))
        .values(state="withdrawn")
    )


def _set_clearing(unit: Unit, clearing_id: int, state: str) -> None:
    table = schema.clearings.c
    unit.connection.execute(
        update(schema.clearings)
        .where(table.company_id == unit.company_id, table.clearing_id == clearing_id)
        .values(state=state)
    )


def _move(unit: Unit, case: Any, state: CaseState, change: Change) -> None:
    cases, payments = schema.cases.c, schema.payments.c
    unit.connection.execute(
        update(schema.cases)
        .where(cases.company_id == unit.company_id, cases.case_id == case.case_id)
        .values(state=state, changed_at=change.at)
    )
    unit.connection.execute(
        update(schema.payments)
        .where(payments.company_id == unit.company_id, payments.payment_id == case.payment_id)
        .values(version=payments.version + 1)
    )


# -- Reading --------------------------------------------------------------------------------------------------------


def clearing(connection: Connection, company_id: int, clearing_id: int) -> Clearing:
    """One clearing. Raises NotFound."""
    table = schema.clearings.c
    found = clearings(connection, (table.company_id == company_id, table.clearing_id == clearing_id))
    if not found:
        message = f"no clearing {clearing_id}"
        raise NotFound(message)
    return found[0]


def clearings(connection: Connection, where: "Iterable[Any]") -> tuple[Clearing, ...]:
    """Clearings with their verdicts, oldest first."""
    rows = connection.execute(select(schema.clearings).where(*where).order_by(schema.clearings.c.clearing_id)).all()
    given: dict[int, list[Verdict]] = {row.clearing_id: [] for row in rows}
    verdicts = schema.verdicts.c
    for row in connection.execute(
        select(schema.verdicts).where(verdicts.clearing_id.in_(list(given))).order_by(verdicts.at)
    ):
        given[row.clearing_id].append(Verdict(person=row.person, approves=row.approves, at=row.at, reason=row.reason))
    return tuple(_clearing_of(row, given) for row in rows)


def _clearing_of(row: Any, given: Mapping[int, list[Verdict]]) -> Clearing:
    decision = codec.from_text(Decision, row.texts) if row.texts else Decision(payment_id=row.payment_id)
    return Clearing(
        clearing_id=row.clearing_id,
        case_id=row.case_id,
        resolution=row.resolution,
        decision=decision,
        person=row.person,
        at=row.at,
        reason=row.reason,
        state=row.state,
        verdicts=tuple(given[row.clearing_id]),
    )


def _case_row(connection: Connection, company_id: int, case_id: str) -> Any:
    cases, payments = schema.cases.c, schema.payments.c
    row = connection.execute(
        select(schema.cases, payments.version, payments.currency)
        .join(schema.payments, (payments.company_id == cases.company_id) & (payments.payment_id == cases.payment_id))
        .where(cases.company_id == company_id, cases.case_id == case_id)
    ).one_or_none()
    if row is None:
        message = f"no exception {case_id}; `lettrage worklist` lists those there are"
        raise NotFound(message)
    return row


def _case_in_words(case: Any) -> str:
    left = amount_in_words(case.unallocated, case.currency)
    return f"Exception {case.case_id} ({left} to explain) is {case.state.replace('_', ' ')} now."


def in_words(unit: Unit, payment: PaymentStanding) -> str:
    """How a payment stands, for somebody who came second."""
    amount = amount_in_words(payment.amount, payment.currency)
    case = f", exception {payment.case.case_id} is {payment.case.state.replace('_', ' ')}" if payment.case else ""
    if payment.live is None:
        return f"Payment {payment.payment_id} of {amount} is undecided now{case}."
    row = payment.live.row
    items = schema.items.c
    numbers = list(
        unit.connection.execute(
            select(items.number).where(
                items.company_id == unit.company_id,
                items.item_no.in_([one.item_no for one in payment.live.allocations]),
            )
        ).scalars()
    )
    to = f" to {', '.join(numbers)}" if numbers else ""
    what = {"allocated": f"was allocated{to}", "ignored": "was set aside as no customer payment"}
    did = what.get(row.kind, f"is an exception ({row.reason_code.replace('_', ' ')})")
    when = row.at.strftime("%Y-%m-%d %H:%M UTC")
    return f"Payment {payment.payment_id} of {amount} {did} by {row.actor} at {when}{case}."

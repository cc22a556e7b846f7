"""Taking decisions: each held against what stands, written so that the database's own laws seal it.

The order of writing is part of the proof: allocations come before their decision, because a decision is sealed over
the allocations that are there when it is written, and takes no more afterwards. What is reversed is written first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from secrets import token_hex
from typing import Any

from sqlalchemy import insert, update

from integrations.ledger import cases, codec, schema
from integrations.ledger.database import batches, storable
from integrations.ledger.errors import ChangedMeanwhile, LawBroken, NotFound
from integrations.ledger.records import Change, DecisionKind, DecisionsRecorded, Refused
from integrations.ledger.standing import LiveDecision, PaymentStanding, Standing, in_words, standing_of
from integrations.ledger.unit import Unit, digest
from matching.model.decision import Decision

SEALED_AMOUNTS = ("amount", "allocated", "on_account", "in_exception", "ignored")
SEALED_SAID = ("on_account_customer_id", "reason_code", "confidence", "rule", "rule_version")
SEALED_WHO = ("at", "actor_kind", "actor", "run_id")
_TEXTS = ("clearing_id", "reason", "texts", "salt", "texts_hash", "hash")
_DECISION = (
    *("company_id", "decision_id", "payment_id", "kind", "revision", "live", "reverses_id"),
    *SEALED_AMOUNTS,
    *SEALED_SAID,
    *SEALED_WHO,
    *_TEXTS,
)
_MONEY = ("cash", "discount", "write_off", "settled", "residual")
_ALLOCATION = (
    *("company_id", "decision_id", "item_no", "payment_id", "currency"),
    *_MONEY,
    *("residual_reason", "expected_open", "reflected"),
)
_BATCH = 2_000

Row = tuple[Any, ...]


def record_decisions(unit: Unit, decisions: Iterable[Decision], change: Change) -> DecisionsRecorded:
    """Take a batch of automatic decisions, each on its own merits; see the port."""
    recorded = unchanged = 0
    refused: list[Refused] = []
    for batch in batches(decisions, _BATCH):
        standing = standing_of(unit, batch)
        writing = Writing(unit, change, standing)
        for decision in batch:
            payment = standing.payments.get(decision.payment_id)
            why = _why_not(decision, payment, standing)
            if payment is not None and why is None and _same(decision, payment.live, standing):
                unchanged += 1
            elif payment is None or why is not None:
                refused.append(Refused(payment_id=decision.payment_id, why=why or ""))
            else:
                writing.take(payment, decision)
                recorded += 1
        writing.write("decisions", "")
    return DecisionsRecorded(recorded=recorded, unchanged=unchanged, refused=tuple(refused))


def decide(unit: Unit, decision: Decision, *, expected_version: int, change: Change, clearing_id: int | None) -> int:
    """Take one decision over whatever stands; returns its number. See the port."""
    standing = standing_of(unit, [decision])
    payment = as_last_seen(unit, standing, decision.payment_id, expected_version)
    if wrong := _wrong_sums(decision, payment):
        raise LawBroken(wrong)
    if short := _item_trouble(decision, payment, standing):
        message = f"Payment {payment.payment_id} cannot be decided like this: {short}. Look at it again."
        raise ChangedMeanwhile(message)
    writing = Writing(unit, change, standing)
    number = writing.take(payment, decision, clearing_id=clearing_id)
    writing.write("decision", decision.payment_id)
    cases.settle_clearings(unit, payment.payment_id, done=clearing_id)
    return number


def withdraw(unit: Unit, payment_ids: Sequence[str], change: Change) -> None:
    """Reverse the live decisions of these payments without deciding anew, and close their cases."""
    if not payment_ids:
        return
    standing = standing_of(unit, [Decision(payment_id=one) for one in payment_ids])
    writing = Writing(unit, change, standing)
    for payment in standing.payments.values():
        writing.take_back(payment)
    writing.write("decisions", "")
    cases.close(unit, payment_ids, change)


def as_last_seen(unit: Unit, standing: Standing, payment_id: str, expected_version: int) -> PaymentStanding:
    """The payment, if it still stands as the decider saw it. Raises NotFound, ChangedMeanwhile."""
    payment = standing.payments.get(payment_id)
    if payment is None:
        message = f"no payment {payment_id} in company {unit.company}"
        raise NotFound(message)
    if payment.replaced:
        message = (
            f"Payment {payment_id} was replaced by the payments it consists of, which the bank has named since. "
            "Decide about those."
        )
        raise ChangedMeanwhile(message)
    if payment.version != expected_version:
        message = f"{cases.in_words(unit, payment)} Look at it again before deciding."
        raise ChangedMeanwhile(message)
    return payment


# -- May it be taken? ---------------------------------------------------------------------------------------------


def _why_not(decision: Decision, payment: PaymentStanding | None, standing: Standing) -> str | None:
    """Why an automatic decision is not taken, in words."""
    if payment is None:
        return f"no payment {decision.payment_id} in this ledger"
    if payment.live is not None and _same(decision, payment.live, standing):
        return None
    return _in_others_hands(payment) or _wrong_sums(decision, payment) or _item_trouble(decision, payment, standing)


def _in_others_hands(payment: PaymentStanding) -> str | None:
    """Why this payment is not for a rule to decide: somebody has decided, is at it, or the ERP has it already."""
    if payment.replaced:
        return "the payment was replaced by the payments it consists of"
    if payment.state not in {"new", "exception"}:
        return f"the payment is {payment.state} already; reopen it to decide anew"
    if payment.state == "exception" and payment.case is not None and payment.case.state != "open":
        return f"exception {payment.case.case_id} is {payment.case.state.replace('_', ' ')}: a person is at it"
    if payment.live is not None and payment.live.has_left:
        return "part of the payment has left for the ERP already; reopen it to decide anew"
    return None


def _wrong_sums(decision: Decision, payment: PaymentStanding) -> str | None:
    ignored = payment.amount if decision.ignored else 0
    left = decision.exception.unallocated if decision.exception else 0
    cash = sum(one.cash for one in decision.allocations)
    if cash + decision.on_account + left + ignored == payment.amount:
        parts = (cash, decision.on_account, left)
        if any(part * payment.amount < 0 or abs(part) > abs(payment.amount) for part in parts):
            return f"a part of the decision on payment {payment.payment_id} goes beyond its amount"
        return None
    return (
        f"the decision on payment {payment.payment_id} explains "
        f"{in_words(cash + decision.on_account + left + ignored, payment.currency)} "
        f"of {in_words(payment.amount, payment.currency)}"
    )


def _item_trouble(decision: Decision, payment: PaymentStanding, standing: Standing) -> str | None:
    """The first item that cannot be settled like this; what the live decision holds is counted as free again."""
    if held := _cannot_be_freed(payment, standing):
        return held
    freed = {row.item_no: row.settled for row in payment.live.allocations} if payment.live else {}
    seen = set()
    for one in decision.allocations:
        item = standing.items.get(one.item_id)
        if item is None:
            return f"item {one.item_id} is not in this ledger"
        if item.currency != payment.currency:
            return f"item {one.item_id} is in {item.currency}, the payment in {payment.currency}"
        if one.item_id in seen:
            return f"item {one.item_id} is named twice"
        seen.add(one.item_id)
        item.settled -= freed.get(item.item_no, 0)
        trouble = item.trouble(one.settled)
        item.settled += freed.get(item.item_no, 0)
        if trouble:
            return trouble
    return None


def _cannot_be_freed(payment: PaymentStanding, standing: Standing) -> str | None:
    """The first item that the live decision cannot let go of, because another payment has built on it since.

    Money that came back stands against what this payment had settled, or what a return had opened is settled anew.
    """
    for row in payment.live.allocations if payment.live else ():
        item = standing.item_of[row.item_no]
        if (item.settled - row.settled) * item.direction < 0:
            return f"a payment that came back stands against item {item.item_id} ({item.number}); take that back first"
        if -row.settled * item.direction > item.rest * item.direction:
            return f"item {item.item_id} ({item.number}) was settled again since; take that back first"
    return None


def _same(decision: Decision, live: LiveDecision | None, standing: Standing) -> bool:
    """Whether that is what stands already, whoever said it when."""
    if live is None:
        return False
    row = live.row
    texts = _texts(decision)
    said = (kind_of(decision), decision.on_account, decision.on_account_customer_id, _reason_code(decision))
    if said != (row.kind, row.on_account, row.on_account_customer_id, row.reason_code):
        return False
    if row.texts is not None and row.texts != texts:
        return False
    mine = {
        (standing.items[one.item_id].item_no, one.cash, one.discount, one.write_off)
        for one in decision.allocations
        if one.item_id in standing.items
    }
    held = {(one.item_no, one.cash, one.discount, one.write_off) for one in live.allocations}
    return mine == held and len(mine) == len(decision.allocations)


def kind_of(decision: Decision) -> DecisionKind:
    """What kind of decision it is."""
    if decision.ignored:
        return "ignored"
    return "exception" if decision.exception else "allocated"


def _reason_code(decision: Decision) -> str:
    return decision.ignored or (decision.exception.kind if decision.exception else "")


def _texts(decision: Decision) -> str:
    """What may name people: explanation, evidence, and the exception's words."""
    told = Decision(
        payment_id="",
        exception=decision.exception,
        explanation=decision.explanation,
        evidence=decision.evidence,
    )
    return storable(codec.to_text(told))


# -- Writing ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Writing:
    """Decisions of one batch on their way to the tables: reversals first, then what is decided anew."""

    unit: Unit
    change: Change
    standing: Standing
    reversal_allocations: list[Row] = field(default_factory=list)
    reversals: list[Row] = field(default_factory=list)
    allocations: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    taken_back: list[tuple[LiveDecision, int]] = field(default_factory=list)
    cased: list[tuple[PaymentStanding, Decision]] = field(default_factory=list)

    def take_back(self, payment: PaymentStanding) -> None:
        """Put the reversal of the live decision on its way, if there is one."""
        if payment.live is not None:
            self._reverse(payment, payment.live)

    def take(self, payment: PaymentStanding, decision: Decision, *, clearing_id: int | None = None) -> int:
        """Put one decision on its way; returns its number."""
        self.take_back(payment)
        number = self.unit.next_decision_id()
        postable = bool(decision.allocations or decision.on_account)
        payment.revision += postable
        rows = [self._allocate(number, payment, one) for one in decision.allocations]
        self.allocations += rows
        amounts = (
            payment.amount,
            sum(one.cash for one in decision.allocations),
            decision.on_account,
            decision.exception.unallocated if decision.exception else 0,
            payment.amount if decision.ignored else 0,
        )
        said = (
            *(decision.on_account_customer_id, _reason_code(decision)),
            *(decision.confidence, decision.rule, decision.rule_version),
        )
        head = (number, payment.payment_id, kind_of(decision), payment.revision if postable else 0, True, None)
        self.decisions.append(
            self._sealed(head, amounts, said, clearing_id=clearing_id, texts=_texts(decision), rows=rows)
        )
        self.cased.append((payment, decision))
        return number

    def _allocate(self, number: int, payment: PaymentStanding, one: Any) -> Row:
        item = self.standing.items[one.item_id]
        expected, settled = item.rest, one.settled
        item.settled += settled
        money = (one.cash, one.discount, one.write_off, settled, one.residual)
        key = (self.unit.company_id, number, item.item_no, payment.payment_id, payment.currency)
        return (*key, *money, one.residual_reason, expected, False)

    def _reverse(self, payment: PaymentStanding, live: LiveDecision) -> None:
        number = self.unit.next_decision_id()
        rows = []
        for row in live.allocations:
            self.standing.item_of[row.item_no].settled -= row.settled
            key = (self.unit.company_id, number, row.item_no, payment.payment_id, payment.currency)
            # What was never sent and is taken back will never show in the ERP: neither of the two movements.
            rows.append((*key, -row.cash, -row.discount, -row.write_off, -row.settled, 0, None, 0, live.never_sent))
        self.reversal_allocations += rows
        amounts = tuple(-getattr(live.row, name) for name in SEALED_AMOUNTS)
        said = (live.row.on_account_customer_id, live.row.reason_code, 0.0, "", "")
        head = (number, payment.payment_id, "reversal", 0, False, live.row.decision_id)
        self.reversals.append(self._sealed(head, amounts, said, clearing_id=None, texts="", rows=rows))
        self.taken_back.append((live, number))

    def _sealed(
        self, head: Row, amounts: Row, said: Row, *, clearing_id: int | None, texts: str, rows: Sequence[Row]
    ) -> Row:
        change, salt = self.change, token_hex(8)
        who = (change.at, change.actor_kind, change.actor, change.run_id)
        texts_hash = digest(salt, texts, storable(change.reason))
        lines = [row[2:3] + row[5:12] for row in rows]
        seal = decision_hash(head, amounts, said, who, texts_hash=texts_hash, allocations=lines)
        self.hashes[head[0]] = seal
        words = (clearing_id, storable(change.reason), texts, salt)
        return (self.unit.company_id, *head, *amounts, *said, *who, *words, texts_hash, seal)

    def write(self, event: str, subject: str) -> None:
        """Write the batch in the order that the seals need, then what follows from it."""
        if not self.hashes:
            return
        unit = self.unit
        for table, columns, rows in (
            (schema.allocations, _ALLOCATION, self.reversal_allocations),
            (schema.decisions, _DECISION, self.reversals),
            (schema.allocations, _ALLOCATION, self.allocations),
            (schema.decisions, _DECISION, self.decisions),
        ):
            unit.database.insert(unit.connection, table, columns, rows)
        for live, number in self.taken_back:
            take_posting_back(unit, live, number, self.change)
        cases.follow(unit, self.cased, self.change)
        numbers = sorted(self.hashes)
        unit.note(
            self.change,
            event,
            subject,
            {
                "first": numbers[0],
                "last": numbers[-1],
                "count": len(numbers),
                "digest": digest(*(self.hashes[number] for number in numbers)),
            },
        )


def decision_hash(head: Row, amounts: Row, said: Row, who: Row, *, texts_hash: str, allocations: Sequence[Row]) -> str:
    """The seal of a decision over all it says; its texts by their hash, so that they can be erased."""
    number, payment_id, kind, revision, _, reverses = head
    at = who[0].astimezone(UTC).isoformat(timespec="microseconds")
    parts = (number, payment_id, kind, revision, reverses, *amounts, *said, at, *who[1:], texts_hash)
    lines = sorted("|".join(map(str, row)) for row in allocations)
    return digest(*(str(part) for part in parts), *lines)


def take_posting_back(unit: Unit, live: LiveDecision, reversal: int, change: Change) -> None:
    """Follow a reversed decision into the outbox: cancelled where nothing was sent, else reversed in the ERP too."""
    outbox, allocations = schema.outbox.c, schema.allocations.c
    if live.never_sent:
        unit.connection.execute(
            update(schema.allocations)
            .where(
                allocations.company_id == unit.company_id,
                allocations.decision_id == live.row.decision_id,
                ~allocations.reflected,
            )
            .values(reflected=True)
        )
    if live.posting is None:
        return
    if live.never_sent:
        unit.connection.execute(
            update(schema.outbox)
            .where(outbox.outbox_id == live.posting.outbox_id)
            .values(state="reversed", updated_at=change.at, message="taken back before it was sent")
        )
        unit.note(change, "posting", live.posting.key, {"action": "post", "state": "reversed", "sent": False})
        return
    columns = ("key", "payment_id", "revision", "currency", "amount", "posting")
    posted = unit.connection.execute(schema.outbox.select().where(outbox.outbox_id == live.posting.outbox_id)).one()
    unit.connection.execute(
        insert(schema.outbox).values(
            company_id=unit.company_id,
            action="reverse",
            decision_id=reversal,
            state="approved",
            must_find=True,
            message=change.reason,
            native_ids=posted.native_ids,
            planned_at=change.at,
            updated_at=change.at,
            **{name: getattr(posted, name) for name in columns},
        )
    )
    unit.note(change, "posting", live.posting.key, {"action": "reverse", "state": "approved"})

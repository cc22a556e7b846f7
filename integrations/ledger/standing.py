"""What stands in the ledger about some payments and items, loaded for a batch of decisions to be held against."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, select

from integrations.ledger import codec, schema
from integrations.ledger.database import batches
from integrations.ledger.unit import Unit
from matching.model.decision import Allocation, Decision, ExceptionCase, ResidualReason
from matching.model.money import to_decimal


@dataclass(slots=True)
class ItemStanding:
    """An item's money while a batch is decided; ``rest`` is what may still be settled, with the item's sign."""

    item_no: int
    item_id: str
    number: str
    currency: str
    direction: int
    open_amount: int
    settled: int
    reflected: int

    @property
    def rest(self) -> int:
        """The ERP's open amount less our movements it does not reflect; nothing where the ERP fell below them."""
        rest = self.open_amount - (self.settled - self.reflected)
        return rest if rest * self.direction > 0 else 0

    def trouble(self, settled: int) -> str | None:
        """Why that much cannot be settled (negative direction: taken back), in words; None when it can."""
        if settled * self.direction >= 0:
            if settled * self.direction <= self.rest * self.direction:
                return None
            return (
                f"item {self.item_id} ({self.number}) has {in_words(self.rest, self.currency)} open now, "
                f"{in_words(settled, self.currency)} is needed"
            )
        if (self.settled + settled) * self.direction >= 0:
            return None
        return (
            f"item {self.item_id} ({self.number}) was settled by us with {in_words(self.settled, self.currency)}, "
            f"{in_words(-settled, self.currency)} cannot be taken back"
        )


@dataclass(slots=True)
class LiveDecision:
    """The decision that stands for a payment, with its allocations as rows."""

    row: Any
    allocations: list[Any]
    posting: Any | None

    @property
    def never_sent(self) -> bool:
        """Nothing of it ever left for the ERP, or the ERP refused it."""
        return self.posting is None or self.posting.state in ("planned", "approved", "rejected")

    @property
    def has_left(self) -> bool:
        """Something of it is in the ERP, or on its way there."""
        return self.posting is not None and self.posting.state in ("sending", "confirmed", "submitted", "ambiguous")


@dataclass(slots=True)
class PaymentStanding:
    """A payment and what stands for it."""

    payment_id: str
    currency: str
    amount: int
    state: str
    version: int
    replaced: bool
    case: Any | None = None
    revision: int = 0
    live: LiveDecision | None = None


@dataclass(slots=True)
class Standing:
    """Payments by id and items by id, as far as asked for."""

    payments: dict[str, PaymentStanding] = field(default_factory=dict)
    items: dict[str, ItemStanding] = field(default_factory=dict)
    item_of: dict[int, ItemStanding] = field(default_factory=dict)


def in_words(minor: int, currency: str) -> str:
    """An amount for a sentence.

    >>> in_words(11900, "EUR")
    '119.00 EUR'
    """
    return f"{to_decimal(minor, currency)} {currency}"


def standing_of(unit: Unit, decisions: Sequence[Decision]) -> Standing:
    """Everything a batch of decisions is held against."""
    standing = Standing()
    _load_payments(unit, standing, sorted({one.payment_id for one in decisions}))
    wanted = {allocation.item_id for one in decisions for allocation in one.allocations}
    _load_items(unit, standing, schema.items.c.item_id, sorted(wanted))
    held = {
        row.item_no
        for one in standing.payments.values()
        if one.live
        for row in one.live.allocations
        if row.item_no not in standing.item_of
    }
    _load_items(unit, standing, schema.items.c.item_no, sorted(held))
    return standing


def _load_payments(unit: Unit, standing: Standing, payment_ids: Sequence[str]) -> None:
    payments, cases = schema.payments.c, schema.cases.c
    for ids in batches(payment_ids):
        found = unit.connection.execute(
            select(
                *(payments.payment_id, payments.currency, payments.amount, payments.state, payments.version),
                payments.replaced_by.is_not(None),
            ).where(payments.company_id == unit.company_id, payments.payment_id.in_(ids))
        ).all()
        case_of = {
            row.payment_id: row
            for row in unit.connection.execute(
                select(cases.payment_id, cases.case_id, cases.state, cases.kind).where(
                    cases.company_id == unit.company_id, cases.payment_id.in_(ids)
                )
            )
        }
        for row in found:
            standing.payments[row.payment_id] = PaymentStanding(*row)
            standing.payments[row.payment_id].case = case_of.get(row.payment_id)
        decided = [row.payment_id for row in found if row.version]
        _load_decisions(unit, standing, decided)


def _load_decisions(unit: Unit, standing: Standing, payment_ids: Sequence[str]) -> None:
    if not payment_ids:
        return
    table, outbox, allocations = schema.decisions.c, schema.outbox.c, schema.allocations.c
    mine = (table.company_id == unit.company_id, table.payment_id.in_(payment_ids))
    revisions = unit.connection.execute(
        select(table.payment_id, func.max(table.revision)).where(*mine).group_by(table.payment_id)
    )
    for payment_id, revision in revisions:
        standing.payments[payment_id].revision = revision
    live = unit.connection.execute(select(schema.decisions).where(*mine, table.live)).all()
    ids = [row.decision_id for row in live]
    posting_of = {
        row.decision_id: row
        for row in unit.connection.execute(
            select(outbox.decision_id, outbox.outbox_id, outbox.state, outbox.key).where(
                outbox.company_id == unit.company_id, outbox.decision_id.in_(ids), outbox.action == "post"
            )
        )
    }
    allocations_of = defaultdict(list)
    for row in unit.connection.execute(
        select(schema.allocations)
        .where(allocations.company_id == unit.company_id, allocations.decision_id.in_(ids))
        .order_by(allocations.item_no)
    ):
        allocations_of[row.decision_id].append(row)
    for row in live:
        standing.payments[row.payment_id].live = LiveDecision(
            row, allocations_of[row.decision_id], posting_of.get(row.decision_id)
        )


def _load_items(unit: Unit, standing: Standing, key: Any, keys: Iterable[Any]) -> None:
    items = schema.items.c
    columns = (
        *(items.item_no, items.item_id, items.number, items.currency, items.direction),
        *(items.open_amount, items.settled, items.reflected),
    )
    for some in batches(keys):
        found = unit.connection.execute(select(*columns).where(items.company_id == unit.company_id, key.in_(some)))
        for row in found:
            item = ItemStanding(*row)
            standing.items[item.item_id] = item
            standing.item_of[item.item_no] = item


def allocation_of(row: Any, item_id: str) -> Allocation:
    """A row of the table of allocations as the model speaks of it."""
    reason: ResidualReason | None = row.residual_reason
    return Allocation(
        item_id=item_id,
        cash=row.cash,
        discount=row.discount,
        write_off=row.write_off,
        residual=row.residual,
        residual_reason=reason,
    )


def decision_of(row: Any, allocations: Sequence[Allocation]) -> Decision:
    """A row of the table of decisions as the model speaks of it; texts that were erased are empty."""
    texts = codec.from_text(Decision, row.texts) if row.texts else Decision(payment_id="")
    exception = None
    if row.kind == "exception":
        told = texts.exception
        exception = ExceptionCase(
            kind=row.reason_code,
            unallocated=row.in_exception,
            why=told.why if told else "",
            customer_id=told.customer_id if told else "",
            suggestions=told.suggestions if told else (),
        )
    return Decision(
        payment_id=row.payment_id,
        allocations=tuple(allocations),
        on_account=row.on_account,
        on_account_customer_id=row.on_account_customer_id,
        exception=exception,
        ignored=row.reason_code if row.kind == "ignored" else None,
        confidence=row.confidence,
        rule=row.rule,
        rule_version=row.rule_version,
        explanation=texts.explanation,
        evidence=texts.evidence,
    )


def join_item_of_allocation() -> Any:
    """How an allocation finds its item."""
    allocations, items = schema.allocations.c, schema.items.c
    return and_(items.company_id == allocations.company_id, items.item_no == allocations.item_no)

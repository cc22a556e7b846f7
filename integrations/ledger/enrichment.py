"""What a later delivery says of an entry that the ledger holds already (docs/decisions/0009-richer-deliveries.md).

While nothing is decided about an entry, it becomes what both deliveries tell together: its payments take over names
and references, and a collective booking falls into the payments it consists of. Once anything is decided, what the
later delivery says is only kept beside. Either way nothing is lost: what the ledger held before and what was said now
stand in the entry's history, under a hash that the audit trail covers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

from sqlalchemy import and_, func, select, update

from integrations.ledger import codec, decisions, schema
from integrations.ledger.database import batches, storable
from integrations.ledger.errors import LawBroken
from integrations.ledger.records import Change
from integrations.ledger.unit import Unit, digest
from matching.model.bank_statement import BankEntry
from matching.model.payment import Payment

_HISTORY = ("company_id", "entry_key", "file_id", "applied", "before", "said", "salt", "content_hash")
_PAYMENTS, _ENTRIES, _TOLD = schema.payments.c, schema.entries.c, schema.entry_history.c


@dataclass(slots=True)
class Held:
    """An entry of the ledger as it stands while a file is taken in; ``entry`` is None where it was erased.

    Not ``counts``: its money stands under other entries, so it has no payments and gets none.
    """

    entry_key: str
    status: str
    account: str
    currency: str
    amount: int
    content: str
    final: bool
    counts: bool = True

    @property
    def entry(self) -> BankEntry | None:
        """What the ledger holds of it."""
        return codec.from_text(BankEntry, self.content) if self.content else None


def held_entries(unit: Unit, keys: Iterable[str]) -> dict[str, Held]:
    """The entries with these keys that the ledger holds."""
    found: dict[str, Held] = {}
    for some in batches(sorted(set(keys))):
        mine = (_ENTRIES.company_id == unit.company_id, _ENTRIES.entry_key.in_(some))
        for row in unit.connection.execute(
            select(
                *(_ENTRIES.entry_key, _ENTRIES.status, _ENTRIES.account, _ENTRIES.currency),
                *(_ENTRIES.amount, _ENTRIES.content),
            ).where(*mine)
        ):
            found[row.entry_key] = Held(*row, final=False)
    for some in batches(sorted(found)):
        for key in _booked_by_a_statement(unit, some):
            found[key].final = True
        for key in _beside(unit, some):
            found[key].counts = False
    return found


def _booked_by_a_statement(unit: Unit, keys: Sequence[str]) -> Iterable[str]:
    deliveries, statements = schema.deliveries.c, schema.statements.c
    return unit.connection.execute(
        select(deliveries.entry_key)
        .distinct()
        .join(schema.statements, statements.statement_no == deliveries.statement_no)
        .where(
            deliveries.company_id == unit.company_id,
            deliveries.entry_key.in_(keys),
            deliveries.booked.is_not(None),
            statements.kind == "final",
        )
    ).scalars()


def _beside(unit: Unit, keys: Sequence[str]) -> Iterable[str]:
    table = schema.collective_entries.c
    return unit.connection.execute(
        select(table.entry_key).where(table.company_id == unit.company_id, table.entry_key.in_(keys), ~table.counts)
    ).scalars()


@dataclass(slots=True)
class Told:
    """What one batch of a file said of entries that were there: on its way into the history of the entries."""

    unit: Unit
    file_id: int
    change: Change
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def keep(self, held: Held, said: BankEntry, *, applied: bool) -> None:
        """Put down what stood and what was said."""
        text, salt = storable(codec.to_text(said)), token_hex(8)
        seal = telling_hash(held.entry_key, self.file_id, applied=applied, salt=salt, before=held.content, said=text)
        self.rows.append((self.unit.company_id, held.entry_key, self.file_id, applied, held.content, text, salt, seal))

    def write(self) -> None:
        """Write the batch and put it on record."""
        if not self.rows:
            return
        unit = self.unit
        mine = (_TOLD.company_id == unit.company_id, _TOLD.file_id == self.file_id)
        last = unit.connection.execute(select(func.max(_TOLD.history_id)).where(*mine)).scalar_one() or 0
        unit.database.insert(unit.connection, schema.entry_history, _HISTORY, self.rows)
        written = unit.connection.execute(
            select(_TOLD.history_id, _TOLD.content_hash)
            .where(*mine, _TOLD.history_id > last)
            .order_by(_TOLD.history_id)
        ).all()
        said = {
            "file_id": self.file_id,
            "first": written[0].history_id,
            "last": written[-1].history_id,
            "count": len(written),
            "applied": sum(bool(row[3]) for row in self.rows),
            "digest": digest(*(row.content_hash for row in written)),
        }
        unit.note(self.change, "entries_told_again", "", said)
        self.rows.clear()


def telling_hash(entry_key: str, file_id: int, *, applied: bool, salt: str, before: str, said: str) -> str:
    """The seal of one row of an entry's history."""
    return digest(entry_key, str(file_id), str(int(applied)), salt, before, said)


# -- The payments of an entry ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class EntryPayments:
    """The payments an entry stands for, replaced ones left out, and whether anything is decided about any of them."""

    entry_key: str
    rows: list[Any]
    ids_taken: set[str]
    decided: bool
    replaced_before: int

    def same_amounts(self, payments: Sequence[Payment]) -> bool:
        """Whether these are the same payments, told with other words."""
        return Counter(row.amount for row in self.rows) == Counter(one.amount for one in payments)


def payments_of_entry(unit: Unit, entry_key: str) -> EntryPayments:
    """What stands for an entry."""
    cases, outbox = schema.cases.c, schema.outbox.c
    rows = unit.connection.execute(
        select(
            *(_PAYMENTS.payment_id, _PAYMENTS.account, _PAYMENTS.amount, _PAYMENTS.booked_on, _PAYMENTS.state),
            *(_PAYMENTS.allocated, _PAYMENTS.on_account, _PAYMENTS.replaced_by, cases.state.label("case_state")),
        )
        .outerjoin(
            schema.cases, and_(cases.company_id == _PAYMENTS.company_id, cases.payment_id == _PAYMENTS.payment_id)
        )
        .where(_PAYMENTS.company_id == unit.company_id, _PAYMENTS.entry_key == entry_key)
    ).all()
    posted = unit.connection.execute(
        select(outbox.payment_id).where(
            outbox.company_id == unit.company_id, outbox.payment_id.in_([row.payment_id for row in rows])
        )
    ).first()
    standing = [row for row in rows if row.replaced_by is None]
    return EntryPayments(
        entry_key=entry_key,
        rows=sorted(standing, key=lambda row: _place(row.payment_id)),
        ids_taken={row.payment_id for row in rows},
        decided=posted is not None or any(_is_decided(row) for row in standing),
        replaced_before=len({row.replaced_by for row in rows if row.replaced_by is not None}),
    )


def _is_decided(row: Any) -> bool:
    """Anything but new, or an exception that nobody has touched and nothing of which is allocated."""
    untouched = row.state == "exception" and row.case_state == "open" and not row.allocated and not row.on_account
    return row.state != "new" and not untouched


def _place(payment_id: str) -> tuple[int, str]:
    number = payment_id.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, payment_id)


def retold(unit: Unit, there: EntryPayments, payments: Sequence[Payment]) -> None:
    """The same payments with what is known of them now; ids, accounts and days stay."""
    waiting = defaultdict(list)
    for row in reversed(there.rows):
        waiting[row.amount].append(row)
    for one in payments:
        row = waiting[one.amount].pop()
        kept = replace(one, payment_id=row.payment_id, account=row.account, booked_on=row.booked_on)
        unit.connection.execute(
            update(schema.payments)
            .where(_PAYMENTS.company_id == unit.company_id, _PAYMENTS.payment_id == row.payment_id)
            .values(content=storable(codec.to_text(kept)), bank_reference=storable(kept.bank_reference))
        )


def replaced(
    unit: Unit, there: EntryPayments, payments: Sequence[Payment], file_id: int, change: Change
) -> tuple[Payment, ...]:
    """Take the entry's payments out of the books and give back, under free ids, those that come in their place.

    An exception that nobody has touched is reversed first, and its case closed: the parts are looked at anew.
    """
    if sum(row.amount for row in there.rows) != sum(one.amount for one in payments):
        message = f"the parts of entry {there.entry_key} do not add up to what they replace"
        raise LawBroken(message)
    ids = [row.payment_id for row in there.rows]
    decisions.withdraw(unit, [row.payment_id for row in there.rows if row.state == "exception"], change)
    unit.connection.execute(
        update(schema.payments)
        .where(_PAYMENTS.company_id == unit.company_id, _PAYMENTS.payment_id.in_(ids))
        .values(replaced_by=file_id)
    )
    first = there.rows[0]
    fresh = [replace(one, account=first.account, booked_on=first.booked_on) for one in payments]
    if not there.ids_taken & {one.payment_id for one in fresh}:
        return tuple(fresh)
    # Parts of parts: the plain numbers are given away, and an id never stands for two payments.
    again = f"{there.entry_key}.r{there.replaced_before + 1}"
    return tuple(replace(one, payment_id=f"{again}.{number}") for number, one in enumerate(fresh, start=1))

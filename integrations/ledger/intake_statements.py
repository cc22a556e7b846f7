"""Taking in statement files: wholly or not at all, each once, however large."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, update

from integrations.ledger import codec, schema
from integrations.ledger.database import BATCH, storable
from integrations.ledger.enrichment import Held, Told, held_entries, payments_of_entry, replaced, retold
from integrations.ledger.errors import LawBroken
from integrations.ledger.records import ArrivedFile, Change, KnownFile, PreparedEntry, SameMoneyEntries, StandingEntry
from integrations.ledger.unit import Unit, digest
from matching.model.bank_statement import FileFacts, Finding, Quarantined, StatementEnd, StatementHeader, StatementStart
from matching.model.payment import Payment

if TYPE_CHECKING:
    from integrations.ledger.port import Combine, StatementRow

_ENTRY = ("company_id", "entry_key", "account", "currency", "amount", "booked_on", "valued_on", "status", "content")
_DELIVERY = ("statement_no", "ordinal", "company_id", "entry_key", "booked")
_MONEY = ("account", "currency", "amount", "booked_on")
_PAYMENT = ("company_id", "payment_id", "entry_key", "file_id", *_MONEY, "bank_reference", "content")
_SAME = ("company_id", "entry_key", "collective", "side", "counts", "file_id")
_NOTED = ("file_id", "position", "severity", "code", "location", "message")
_SET_ASIDE = ("file_id", "position", "location", "raw", "code", "message")
_MODULUS = 1 << 256


def known_file(connection: Connection, company_id: int, sha256: str, *, already_known: bool) -> KnownFile | None:
    """The file of that content, if it was imported."""
    table = schema.files.c
    row = connection.execute(
        select(schema.files).where(table.company_id == company_id, table.sha256 == sha256)
    ).one_or_none()
    return None if row is None else file_of(row, already_known=already_known)


def file_of(row: Row[Any], *, already_known: bool = True) -> KnownFile:
    """A row of the table of files as the port speaks of it."""
    return KnownFile(
        file_id=row.file_id,
        sha256=row.sha256,
        name=row.name,
        imported_at=row.at,
        format=row.format,
        entries_in_file=row.entries_in_file,
        entries_read=row.entries_read,
        entries_new=row.entries_new,
        payments_new=row.payments_new,
        quarantined=row.quarantined,
        findings=row.findings,
        already_known=already_known,
        entries_enriched=row.entries_enriched,
    )


def import_statement_file(
    unit: Unit, file: ArrivedFile, rows: "Iterable[StatementRow]", change: Change, combine: "Combine | None" = None
) -> KnownFile:
    """Take in one file; see the port."""
    known = known_file(unit.connection, unit.company_id, file.sha256, already_known=True)
    if known is not None:
        return known
    intake = _Intake(unit, _begin_file(unit, file, change), file, change, combine)
    for row in rows:
        intake.take(row)
    intake.finish(file)
    unit.note(change, "statement_file", file.sha256, intake.proof(file))
    imported = known_file(unit.connection, unit.company_id, file.sha256, already_known=False)
    assert imported is not None
    return imported


def _begin_file(unit: Unit, file: ArrivedFile, change: Change) -> int:
    return int(
        unit.connection.execute(
            insert(schema.files)
            .values(
                company_id=unit.company_id,
                sha256=file.sha256,
                name=storable(file.name),
                size=file.size,
                content=None if file.content is None else zlib.compress(file.content, 6),
                at=change.at,
                actor_kind=change.actor_kind,
                actor=change.actor,
                run_id=change.run_id,
            )
            .returning(schema.files.c.file_id)
        ).scalar_one()
    )


def payment_mark(payment_id: str, account: str, currency: str, amount: int, booked_on: str) -> int:
    """What the audit trail keeps of a payment; the marks of a file are added up, so their order does not matter."""
    content = f"{payment_id}\x1f{account}\x1f{currency}\x1f{amount}\x1f{booked_on}"
    return int.from_bytes(hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest(), "big")


@dataclass(slots=True)
class _Intake:
    """One file on its way in: at most one batch of entries is held."""

    unit: Unit
    file_id: int
    file: ArrivedFile
    change: Change
    combine: "Combine | None" = None
    statement_no: int = 0
    header: StatementHeader | None = None
    positions: int = 0
    waiting: list[tuple[int, StatementHeader, PreparedEntry]] = field(default_factory=list)
    facts: FileFacts | None = None
    counts: Counter[str] = field(default_factory=Counter)
    movement: Counter[str] = field(default_factory=Counter)
    marks: int = 0
    findings: list[tuple[object, ...]] = field(default_factory=list)
    quarantined: list[tuple[object, ...]] = field(default_factory=list)
    entries: list[tuple[object, ...]] = field(default_factory=list)
    payments: list[tuple[object, ...]] = field(default_factory=list)

    def take(self, row: "StatementRow") -> None:
        match row:
            case PreparedEntry():
                if self.header is None:
                    message = f"{row.entry.where}: an entry outside any statement; this file cannot be taken in"
                    raise LawBroken(message)
                self.counts["read"] += 1
                self.waiting.append((self.statement_no, self.header, row))
                if len(self.waiting) >= BATCH:
                    self.flush()
            case SameMoneyEntries():
                self.flush()
                self.put_together(row)
            case StatementStart():
                self.begin_statement(row.header)
            case StatementEnd():
                self.end_statement(row)
            case Finding():
                self.counts["findings"] += 1
                said: tuple[str, ...] = (row.severity, row.code, storable(row.where), storable(row.message))
                self.findings.append((self.file_id, self.counts["findings"], *said))
                self._spill(schema.findings, _NOTED, self.findings, BATCH)
            case Quarantined():
                self.counts["quarantined"] += 1
                told = (storable(row.where), storable(row.raw), row.code, storable(row.message))
                self.quarantined.append((self.file_id, self.counts["quarantined"], *told))
                self._spill(schema.quarantined, _SET_ASIDE, self.quarantined, BATCH)
            case FileFacts():
                self.facts = row

    def begin_statement(self, header: StatementHeader) -> None:
        self.positions += 1
        self.header = header
        self.statement_no = int(
            self.unit.connection.execute(
                insert(schema.statements)
                .values(company_id=self.unit.company_id, file_id=self.file_id, position=self.positions)
                .values(**_header_columns(header))
                .returning(schema.statements.c.statement_no)
            ).scalar_one()
        )

    def end_statement(self, end: StatementEnd) -> None:
        self.unit.connection.execute(
            update(schema.statements)
            .where(schema.statements.c.statement_no == self.statement_no)
            .values(**_header_columns(end.header), integrity=end.integrity, entry_count=end.entry_count)
        )

    def put_together(self, same: SameMoneyEntries) -> None:
        """Entries that tell of the same money: those of one side stand for nothing, the other may fall into parts."""
        unit, name = self.unit, min(same.wholes)
        held = held_entries(unit, {*same.wholes, *same.parts})
        sums = {sum(held[key].amount for key in keys if key in held) for keys in (same.wholes, same.parts)}
        if (
            len(held) < len({*same.wholes, *same.parts})
            or len(sums) > 1
            or len({one.currency for one in held.values()}) > 1
        ):
            message = (
                f"{self.file.name}: bookings were taken for the same money and are not; nothing of it was taken in"
            )
            raise LawBroken(message)
        rows: list[tuple[object, ...]] = []
        for side, keys in (("whole", same.wholes), ("parts", same.parts)):
            rows.extend((unit.company_id, key, name, side, key not in same.beside, self.file_id) for key in keys)
        unit.database.insert(unit.connection, schema.collective_entries, _SAME, rows)
        said = {"wholes": sorted(same.wholes), "parts": len(same.parts), "digest": digest(*sorted(same.parts))}
        unit.note(
            self.change, "same_money", name, {**said, "beside": "parts" if same.parts == same.beside else "whole"}
        )
        standing = held[name].entry
        if same.details and standing is not None and self.header is not None:
            telling = replace(standing, details=same.details)
            row = PreparedEntry(
                entry_key=name, entry=telling, amount=held[name].amount, currency=held[name].currency, payments=()
            )
            told = Told(unit, self.file_id, self.change)
            self._tell_again(held[name], self.header, row, told)
            self._write()
            told.write()

    def flush(self) -> None:
        """Write the batch: deliveries of all, entries and payments of those that no file delivered before."""
        unit = self.unit
        held = held_entries(unit, {row.entry_key for _, _, row in self.waiting})
        told = Told(unit, self.file_id, self.change)
        deliveries = []
        for statement_no, header, row in self.waiting:
            known = held.get(row.entry_key)
            if known is None:
                held[row.entry_key] = self._begin_entry(header, row)
            else:
                self._tell_again(known, header, row, told)
            booked = row.amount if row.entry.status == "booked" else None
            deliveries.append((statement_no, row.entry.ordinal, unit.company_id, row.entry_key, booked))
        self._write()
        unit.database.insert(unit.connection, schema.deliveries, _DELIVERY, deliveries)
        told.write()
        self.waiting.clear()

    def _write(self) -> None:
        """Put down the entries and payments gathered so far."""
        unit = self.unit
        unit.database.insert(unit.connection, schema.entries, _ENTRY, self.entries)
        unit.database.insert(unit.connection, schema.payments, _PAYMENT, self.payments)
        self.counts["payments_new"] += len(self.payments)
        self.entries.clear()
        self.payments.clear()

    def _begin_entry(self, header: StatementHeader, row: PreparedEntry) -> Held:
        """An entry that no file delivered before."""
        self.counts["entries_new"] += 1
        columns = self._entry_columns(header.account or "", row)
        self.entries.append(columns)
        if row.counts:
            self.payments.extend(self._payment_columns(row, one) for one in _that_add_up(row))
        _, key, account, currency, _, _, _, status, content = columns
        final = header.kind == "final" and status == "booked"
        return Held(str(key), str(status), str(account), str(currency), row.amount, str(content), final, row.counts)

    def _tell_again(self, held: Held, header: StatementHeader, row: PreparedEntry, told: Told) -> None:
        """Another delivery of an entry: what was announced is booked, what is undecided takes over what is new."""
        final = header.kind == "final" and row.entry.status == "booked"
        together = self._together(held, header, row)
        if held.status != "booked" and row.entry.status == "booked":
            self._write()
            self._book(held, header, row, together or row, told)
        elif together is not None:
            self._write()
            self._enrich(held, row, together, told)
        held.final = held.final or final

    def _together(self, held: Held, header: StatementHeader, row: PreparedEntry) -> PreparedEntry | None:
        """What both deliveries tell, where that is more than the ledger holds and they surely speak of one entry."""
        standing = held.entry
        if self.combine is None or standing is None or not row.certain or held.currency != row.currency:
            return None
        if held.amount != row.amount:
            return None
        stands = StandingEntry(entry_key=held.entry_key, entry=standing, final=held.final)
        together = self.combine(stands, row, header)
        if together is None or together.entry == standing:
            return None
        return together

    def _book(
        self, held: Held, header: StatementHeader, row: PreparedEntry, together: PreparedEntry, told: Told
    ) -> None:
        """What was announced is booked now; the entry takes over what the bank says at last."""
        told.keep(held, row.entry, applied=True)
        self._set_entry(held, header.account or "", together)
        if held.counts and row.counts:
            self.payments.extend(self._payment_columns(together, one) for one in _that_add_up(together))

    def _enrich(self, held: Held, row: PreparedEntry, together: PreparedEntry, told: Told) -> None:
        """More is known of an entry; its payments follow while nothing is decided about any of them."""
        there = payments_of_entry(self.unit, held.entry_key) if held.status == "booked" else None
        stays = not held.counts or (there is not None and there.decided)
        told.keep(held, row.entry, applied=not stays)
        self.counts["entries_enriched"] += 1
        if stays:
            return
        self._set_entry(held, held.account, together)
        if there is None:
            return
        if there.same_amounts(together.payments):
            retold(self.unit, there, together.payments)
            return
        reason = f"{self.file.name} tells of what this payment consists"
        parts = replaced(self.unit, there, together.payments, self.file_id, replace(self.change, reason=reason))
        self.payments.extend(self._payment_columns(together, one) for one in parts)

    def _entry_columns(self, account: str, row: PreparedEntry) -> tuple[object, ...]:
        entry = row.entry
        money = (storable(account), row.currency, row.amount)
        days = (entry.booking_date, entry.value_date)
        return (self.unit.company_id, row.entry_key, *money, *days, entry.status, storable(codec.to_text(entry)))

    def _payment_columns(self, row: PreparedEntry, payment: Payment) -> tuple[object, ...]:
        self.movement[payment.currency] += payment.amount
        booked_on = payment.booked_on.isoformat()
        account = storable(payment.account)
        mark = payment_mark(payment.payment_id, account, payment.currency, payment.amount, booked_on)
        self.marks = (self.marks + mark) % _MODULUS
        money = (account, payment.currency, payment.amount, payment.booked_on)
        texts = (storable(payment.bank_reference), storable(codec.to_text(payment)))
        return (self.unit.company_id, payment.payment_id, row.entry_key, self.file_id, *money, *texts)

    def _set_entry(self, held: Held, account: str, row: PreparedEntry) -> None:
        """The entry says from now on what ``row`` says."""
        columns = dict(zip(_ENTRY, self._entry_columns(account, row), strict=True))
        table = schema.entries.c
        self.unit.connection.execute(
            update(schema.entries)
            .where(table.company_id == columns.pop("company_id"), table.entry_key == columns.pop("entry_key"))
            .values(**columns)
        )
        held.status, held.content, held.account = row.entry.status, str(columns["content"]), str(columns["account"])

    def _spill(self, table: Any, columns: tuple[str, ...], rows: list[tuple[object, ...]], at_least: int) -> None:
        if len(rows) >= at_least:
            self.unit.database.insert(self.unit.connection, table, columns, rows)
            rows.clear()

    def finish(self, file: ArrivedFile) -> None:
        """The last batch, and the file's sums; a file whose parts do not add up does not come in."""
        self.flush()
        self._spill(schema.findings, _NOTED, self.findings, 0)
        self._spill(schema.quarantined, _SET_ASIDE, self.quarantined, 0)
        facts, counts = self.facts, self.counts
        if facts is None or facts.entries_in_file != counts["read"] + counts["quarantined"]:
            promised = "an unknown number of" if facts is None else str(facts.entries_in_file)
            message = (
                f"{file.name}: {promised} entries in the file, but {counts['read']} read and {counts['quarantined']} "
                "quarantined; nothing of it was taken in"
            )
            raise LawBroken(message)
        self.unit.connection.execute(
            update(schema.files)
            .where(schema.files.c.file_id == self.file_id)
            .values(
                format=facts.format,
                version=facts.version,
                encoding=facts.encoding,
                dialect=facts.dialect,
                entries_in_file=facts.entries_in_file,
                entries_read=counts["read"],
                entries_new=counts["entries_new"],
                payments_new=counts["payments_new"],
                quarantined=counts["quarantined"],
                findings=counts["findings"],
                entries_enriched=counts["entries_enriched"],
            )
        )

    def proof(self, file: ArrivedFile) -> dict[str, object]:
        """What the audit trail says about the file, with the sum of its payments' marks."""
        return {
            "name": file.name,
            "file_id": self.file_id,
            "entries": self.counts["read"],
            "quarantined": self.counts["quarantined"],
            "payments": self.counts["payments_new"],
            "movement": dict(sorted(self.movement.items())),
            "marks": f"{self.marks:064x}",
        }


def _that_add_up(row: PreparedEntry) -> tuple[Payment, ...]:
    if row.payments and sum(payment.amount for payment in row.payments) != row.amount:
        message = f"{row.entry.where}: the payments of entry {row.entry_key} do not add up to its amount {row.amount}"
        raise LawBroken(message)
    return row.payments


def _header_columns(header: StatementHeader) -> dict[str, object]:
    columns: dict[str, object] = {
        name: getattr(header, name) for name in ("kind", "page", "last_page", "from_date", "to_date")
    }
    for name in ("account", "account_owner", "currency", "statement_id", "sequence", "opening", "closing"):
        value = getattr(header, name)
        columns[name] = None if value is None else storable(str(value))
    columns["account"] = columns["account"] or ""
    return columns

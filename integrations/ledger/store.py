"""The ledger itself: each thing the port promises, handed to the module that knows how."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, select

from integrations.ledger import (
    cases,
    decisions,
    history,
    intake_items,
    intake_parties,
    intake_statements,
    learning,
    outbox,
    reading_entries,
    reading_files,
    reading_items,
    reading_payments,
    recorded,
    retention,
    schema,
)
from integrations.ledger.database import Database
from integrations.ledger.port import Combine, Ledger, StatementRow
from integrations.ledger.records import (
    AllocationRow,
    Approval,
    ArrivedFile,
    AuditHead,
    CaseState,
    CaseSummary,
    Change,
    Clearing,
    DayTotal,
    DecisionsRecorded,
    DeliveredEntry,
    Erasure,
    FactOnFile,
    IgnoredRow,
    ImportCounts,
    ItemStatus,
    KnownFile,
    OnAccountRow,
    OpenCases,
    OutboxRow,
    PaymentView,
    PostingAction,
    PostingResult,
    RecordedDecision,
    Resolution,
    StatementOnFile,
    UnbookedEntry,
    Violation,
)
from integrations.ledger.standing import standing_of
from integrations.ledger.unit import Unit, unit_of_work
from integrations.ledger.upgrade import bring_up_to_date
from integrations.ledger.verify import violations
from matching.model.bank_statement import Finding, Quarantined
from matching.model.decision import Decision
from matching.model.open_item import Customer, HouseAccount, LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.model.posting import Posting, PostingState

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_WAIT = timedelta(seconds=60)
# A company nobody has written for yet: every reading finds nothing.
_NOBODY = -1


def open_ledger(url: str, *, migrate: bool = True, wait: timedelta = DEFAULT_WAIT) -> Ledger:
    """Open the ledger at a database URL or file path, upgrading it first; see `port.OpenLedger`."""
    database = Database(url, wait=wait)
    try:
        bring_up_to_date(database, migrate=migrate)
        database.remember_file()
    except BaseException:
        database.engine.dispose()
        raise
    return SqlLedger(database)


class SqlLedger:
    """The port on SQLite or PostgreSQL; bound to a unit of work or a snapshot while inside one."""

    def __init__(self, database: Database, *, unit: Unit | None = None, connection: Connection | None = None) -> None:
        self._database = database
        self._unit = unit
        self._connection = unit.connection if unit else connection

    def close(self) -> None:
        """Let go of the database."""
        self._database.engine.dispose()

    @contextmanager
    def transaction(self, company: str) -> Iterator[Ledger]:
        """One unit of work; see the port."""
        with self._writing(company) as unit:
            yield SqlLedger(self._database, unit=unit)

    @contextmanager
    def snapshot(self) -> Iterator[Ledger]:
        """Reads that all see the same moment; see the port."""
        if self._connection is not None:
            yield self
            return
        with self._database.reading(one_moment=True) as connection:
            yield SqlLedger(self._database, connection=connection)

    @contextmanager
    def _writing(self, company: str) -> Iterator[Unit]:
        if self._unit is not None:
            assert self._unit.company == company, "a unit of work is about one company"
            yield self._unit
            return
        assert self._connection is None, "nothing is written inside a snapshot"
        with unit_of_work(self._database, company) as unit:
            yield unit

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._connection is not None:
            yield self._connection
            return
        with self._database.reading() as connection:
            yield connection

    def _one(
        self,
        company: str,
        read: Callable[Concatenate[Connection, int, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with self._reading() as connection:
            return read(connection, self._company_id(connection, company), *args, **kwargs)

    def _many(
        self,
        company: str,
        read: Callable[Concatenate[Connection, int, P], Iterator[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Iterator[T]:
        with self._reading() as connection:
            yield from read(connection, self._company_id(connection, company), *args, **kwargs)

    def _company_id(self, connection: Connection, company: str) -> int:
        if self._unit is not None and self._unit.company == company:
            return self._unit.company_id
        table = schema.companies.c
        found = connection.execute(select(table.company_id).where(table.name == company)).scalar_one_or_none()
        return _NOBODY if found is None else int(found)

    # -- Intake -----------------------------------------------------------------------------------------------------

    def known_file(self, company: str, sha256: str) -> KnownFile | None:
        """See the port."""
        return self._one(company, intake_statements.known_file, sha256, already_known=True)

    def import_statement_file(
        self,
        company: str,
        file: ArrivedFile,
        rows: Iterable[StatementRow],
        *,
        change: Change,
        combine: Combine | None = None,
    ) -> KnownFile:
        """See the port."""
        known = self.known_file(company, file.sha256)
        if known is not None:
            return known
        with self._writing(company) as unit:
            return intake_statements.import_statement_file(unit, file, rows, change, combine)

    def import_open_items(
        self,
        company: str,
        items: Iterable[OpenItem],
        *,
        snapshot: bool,
        change: Change,
        gone: Iterable[str] = (),
        keep: Iterable[str] = (),
        source_hash: str = "",
    ) -> ImportCounts:
        """See the port."""
        with self._writing(company) as unit:
            return intake_items.import_items(
                unit,
                items,
                kind="open",
                snapshot=snapshot,
                gone=gone,
                keep=keep,
                source_hash=source_hash,
                change=change,
            )

    def import_settled_items(
        self, company: str, items: Iterable[OpenItem], *, change: Change, source_hash: str = ""
    ) -> ImportCounts:
        """See the port."""
        with self._writing(company) as unit:
            return intake_items.import_items(
                unit, items, kind="settled", snapshot=False, gone=(), source_hash=source_hash, change=change
            )

    def import_customers(
        self, company: str, customers: Iterable[Customer], *, snapshot: bool, change: Change
    ) -> ImportCounts:
        """See the port."""
        with self._writing(company) as unit:
            return intake_parties.import_customers(unit, customers, snapshot=snapshot, change=change)

    def import_house_accounts(self, company: str, accounts: Iterable[HouseAccount], *, change: Change) -> ImportCounts:
        """See the port."""
        with self._writing(company) as unit:
            return intake_parties.import_house_accounts(unit, accounts, change)

    def accounts(self, company: str) -> Iterator[str]:
        """See the port."""
        return self._many(company, reading_entries.accounts)

    def delivered_entries(
        self, company: str, accounts: Sequence[str], *, since: date, until: date
    ) -> list[DeliveredEntry]:
        """See the port."""
        return self._one(company, reading_entries.delivered_entries, accounts, since=since, until=until)

    def unbooked_entries(self, company: str) -> Iterator[UnbookedEntry]:
        """See the port."""
        return self._many(company, reading_entries.unbooked_entries)

    def cursor(self, company: str, name: str) -> str:
        """See the port."""
        return self._one(company, intake_parties.cursor, name)

    def cursors(self, company: str, prefix: str, *, without: str = "") -> dict[str, str]:
        """See the port."""
        return self._one(company, intake_parties.cursors, prefix, without)

    def save_cursor(self, company: str, name: str, value: str, *, change: Change) -> None:
        """See the port."""
        with self._writing(company) as unit:
            intake_parties.save_cursor(unit, name, value, change)

    # -- Deciding ---------------------------------------------------------------------------------------------------

    def record_decisions(self, company: str, decided: Iterable[Decision], *, change: Change) -> DecisionsRecorded:
        """See the port."""
        with self._writing(company) as unit:
            return decisions.record_decisions(unit, decided, change)

    def decide(
        self, company: str, decision: Decision, *, expected_version: int, change: Change, clearing_id: int | None = None
    ) -> RecordedDecision:
        """See the port."""
        if self._unit is None:
            self._look_before_waiting(company, decision, expected_version)
        with self._writing(company) as unit:
            number = decisions.decide(
                unit, decision, expected_version=expected_version, change=change, clearing_id=clearing_id
            )
            table = schema.decisions.c
            row = unit.connection.execute(
                select(schema.decisions).where(table.company_id == unit.company_id, table.decision_id == number)
            ).one()
            return next(recorded.recorded_decisions(unit.connection, unit.company_id, [row]))

    def _look_before_waiting(self, company: str, decision: Decision, expected_version: int) -> None:
        """Whoever is too late already is told so at once, without waiting for a turn to write."""
        with self._reading() as connection:
            company_id = self._company_id(connection, company)
            looking = Unit(self._database, connection, company, company_id, 0, 0, 0, "")
            standing = standing_of(looking, [decision])
            decisions.as_last_seen(looking, standing, decision.payment_id, expected_version)

    def propose(
        self,
        company: str,
        case_id: str,
        decision: Decision,
        *,
        resolution: Resolution,
        needs_approval: bool,
        expected_version: int,
        change: Change,
    ) -> Clearing:
        """See the port."""
        with self._writing(company) as unit:
            return cases.propose(
                unit,
                case_id,
                decision,
                resolution=resolution,
                needs_approval=needs_approval,
                expected_version=expected_version,
                change=change,
            )

    def give_verdict(self, company: str, clearing_id: int, *, approves: bool, change: Change) -> Clearing:
        """See the port."""
        with self._writing(company) as unit:
            return cases.give_verdict(unit, clearing_id, approves=approves, change=change)

    def learn(self, company: str, facts: Iterable[LearnedFact], *, change: Change) -> int:
        """See the port."""
        with self._writing(company) as unit:
            return learning.learn(unit, facts, change)

    def revoke_fact(self, company: str, fact_id: int, *, change: Change) -> None:
        """See the port."""
        with self._writing(company) as unit:
            learning.revoke_fact(unit, fact_id, change)

    # -- Outbox -----------------------------------------------------------------------------------------------------

    def decisions_to_post(self, company: str) -> Iterator[RecordedDecision]:
        """See the port."""
        return self._many(company, outbox.decisions_to_post)

    def plan_postings(self, company: str, postings: Iterable[Posting], *, approved: bool, change: Change) -> int:
        """See the port."""
        with self._writing(company) as unit:
            return outbox.plan_postings(unit, postings, approved=approved, change=change)

    def approve_postings(self, company: str, keys: Sequence[str], *, change: Change) -> int:
        """See the port."""
        with self._writing(company) as unit:
            return outbox.approve_postings(unit, keys, change)

    def claim_postings(
        self,
        company: str,
        *,
        worker: str,
        limit: int,
        lease: timedelta,
        change: Change,
        settle: timedelta = timedelta(0),
    ) -> tuple[OutboxRow, ...]:
        """See the port."""
        with self._writing(company) as unit:
            return outbox.claim_postings(unit, worker=worker, limit=limit, lease=lease, settle=settle, change=change)

    def renew_lease(
        self, company: str, outbox_id: int, *, worker: str, step: str, lease: timedelta, change: Change
    ) -> None:
        """See the port."""
        self.renew_leases(company, [outbox_id], worker=worker, step=step, lease=lease, change=change)

    def renew_leases(
        self, company: str, outbox_ids: Sequence[int], *, worker: str, step: str, lease: timedelta, change: Change
    ) -> None:
        """See the port."""
        with self._writing(company) as unit:
            outbox.renew_leases(unit, outbox_ids, worker=worker, step=step, lease=lease, change=change)

    def record_result(
        self, company: str, outbox_id: int, result: PostingResult, *, worker: str, change: Change
    ) -> OutboxRow:
        """See the port."""
        with self._writing(company) as unit:
            outbox.record_results(unit, [(outbox_id, result)], worker=worker, change=change)
            return next(iter(outbox.outbox_rows(unit.connection, (schema.outbox.c.outbox_id == outbox_id,))))

    def record_results(
        self, company: str, results: Sequence[tuple[int, PostingResult]], *, worker: str, change: Change
    ) -> None:
        """See the port."""
        with self._writing(company) as unit:
            outbox.record_results(unit, results, worker=worker, change=change)

    def release_lease(self, company: str, *, worker: str, settle: timedelta = timedelta(0)) -> None:
        """See the port."""
        with self._writing(company) as unit:
            outbox.release_lease(unit, worker, settle=settle)

    def outbox(
        self, company: str, *, states: Sequence[PostingState] = (), action: PostingAction | None = None
    ) -> Iterator[OutboxRow]:
        """See the port."""
        with self._reading() as connection:
            where = outbox.outbox_where(self._company_id(connection, company), states, action)
            yield from outbox.outbox_rows(connection, where)

    # -- Reading ----------------------------------------------------------------------------------------------------

    def companies(self) -> tuple[str, ...]:
        """See the port."""
        with self._reading() as connection:
            return tuple(reading_items.companies(connection))

    def payments_to_match(self, company: str) -> Iterator[Payment]:
        """See the port."""
        return self._many(company, reading_payments.payments_to_match)

    def open_items(self, company: str) -> Iterator[OpenItem]:
        """See the port."""
        return self._many(company, reading_items.open_items)

    def open_amounts(self, company: str) -> Iterator[tuple[str, int, str]]:
        """See the port."""
        return self._many(company, reading_items.open_amounts)

    def settled_items(self, company: str) -> Iterator[OpenItem]:
        """See the port."""
        return self._many(company, reading_items.settled_items)

    def count_settled_items(self, company: str) -> int:
        """See the port."""
        return self._one(company, reading_items.count_settled_items)

    def open_items_of(self, company: str, customer_id: str) -> list[OpenItem]:
        """See the port."""
        return self._one(company, reading_items.open_items_of, customer_id)

    def items(self, company: str, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """See the port."""
        return self._one(company, reading_items.items, item_ids)

    def find_items(self, company: str, text: str, *, limit: int = 20) -> list[OpenItem]:
        """See the port."""
        return self._one(company, reading_items.find_items, text, limit)

    def customers(self, company: str) -> Iterator[Customer]:
        """See the port."""
        return self._many(company, reading_items.customers)

    def customer_names(self, company: str, customer_ids: Sequence[str]) -> dict[str, str]:
        """See the port."""
        return self._one(company, reading_items.customer_names, customer_ids)

    def house_accounts(self, company: str) -> tuple[HouseAccount, ...]:
        """See the port."""
        return self._one(company, intake_parties.house_accounts)

    def learned_facts(self, company: str) -> tuple[LearnedFact, ...]:
        """See the port."""
        return tuple(one.fact for one in self._one(company, learning.facts_on_file, in_force=True))

    def facts_on_file(self, company: str) -> list[FactOnFile]:
        """See the port."""
        return self._one(company, learning.facts_on_file, in_force=False)

    def payment(self, company: str, payment_id: str) -> PaymentView:
        """See the port."""
        return self._one(company, reading_payments.payment_view, payment_id)

    def payments(self, company: str, payment_ids: Sequence[str]) -> dict[str, Payment]:
        """See the port."""
        return self._one(company, reading_payments.payments, payment_ids)

    def find_payment(self, company: str, text: str) -> str:
        """See the port."""
        return self._one(company, reading_payments.find_payment, text)

    def case(self, company: str, case_id: str) -> CaseSummary:
        """See the port."""
        return self._one(company, reading_payments.one_case, case_id)

    def clearing(self, company: str, clearing_id: int) -> Clearing:
        """See the port."""
        return self._one(company, cases.clearing, clearing_id)

    def exceptions(
        self,
        company: str,
        *,
        states: Sequence[CaseState] = (),
        kinds: Sequence[str] = (),
        customer_id: str = "",
        order: Literal["urgency", "oldest", "amount", "payment"] = "urgency",
        limit: int = 100,
        offset: int = 0,
    ) -> list[CaseSummary]:
        """See the port."""
        return self._one(
            company,
            reading_payments.exceptions,
            states=states,
            kinds=kinds,
            customer_id=customer_id,
            order=order,
            limit=limit,
            offset=offset,
        )

    def count_exceptions(self, company: str) -> dict[str, int]:
        """See the port."""
        return self._one(company, reading_payments.count_exceptions)

    def open_cases(self, company: str) -> list[OpenCases]:
        """See the port."""
        return self._one(company, reading_payments.open_cases)

    def all_open_exceptions(self, company: str) -> Iterator[CaseSummary]:
        """See the port."""
        return self._many(company, reading_payments.all_open_exceptions)

    def approvals(self, company: str) -> list[Approval]:
        """See the port."""
        return self._one(company, reading_payments.approvals)

    def allocations(self, company: str, *, of: Collection[str] | None = None) -> Iterator[AllocationRow]:
        """See the port."""
        return self._many(company, reading_payments.allocations, of)

    def latest_allocations(self, company: str, *, limit: int) -> Iterator[AllocationRow]:
        """See the port."""
        return self._many(company, reading_payments.latest_allocations, limit)

    def on_account(self, company: str) -> Iterator[OnAccountRow]:
        """See the port."""
        return self._many(company, reading_payments.on_account)

    def ignored(self, company: str) -> Iterator[IgnoredRow]:
        """See the port."""
        return self._many(company, reading_payments.ignored)

    def item_statuses(self, company: str) -> Iterator[ItemStatus]:
        """See the port."""
        return self._many(company, reading_items.item_statuses)

    def totals(self, company: str, *, since: date | None = None) -> Iterator[DayTotal]:
        """See the port."""
        return self._many(company, reading_items.totals, since)

    def statements(self, company: str, *, account: str = "") -> Iterator[StatementOnFile]:
        """See the port."""
        return self._many(company, reading_files.statements, account)

    def files(self, company: str) -> Iterator[KnownFile]:
        """See the port."""
        return self._many(company, reading_files.files)

    def findings(self, company: str, file_id: int) -> list[Finding]:
        """See the port."""
        return self._one(company, reading_files.findings, file_id)

    def quarantined(self, company: str, file_id: int) -> list[Quarantined]:
        """See the port."""
        return self._one(company, reading_files.quarantined, file_id)

    def history(self, company: str, about: str) -> list[str]:
        """See the port."""
        return self._one(company, history.history, about)

    def audit_head(self, company: str) -> AuditHead:
        """See the port."""
        with self._reading() as connection:
            table = schema.companies.c
            row = connection.execute(
                select(table.audit_sequence, table.audit_hash).where(table.name == company)
            ).one_or_none()
            return AuditHead(sequence=row[0], hash=row[1]) if row else AuditHead(sequence=0, hash="")

    # -- Privacy and proof --------------------------------------------------------------------------------------------

    def erase_older_than(self, company: str, *, before: date, change: Change) -> Erasure:
        """See the port."""
        with self._writing(company) as unit:
            return retention.erase_older_than(unit, before, change)

    def export_customer(self, company: str, customer_id: str) -> dict[str, object]:
        """See the port."""
        return self._one(company, retention.export_customer, customer_id)

    def erase_customer(self, company: str, customer_id: str, *, change: Change) -> Erasure:
        """See the port."""
        with self._writing(company) as unit:
            return retention.erase_customer(unit, customer_id, change)

    def verify(self, company: str | None = None) -> Iterator[Violation]:
        """See the port."""
        with self.snapshot() as at_one_moment:
            assert isinstance(at_one_moment, SqlLedger)
            with at_one_moment._reading() as connection:
                yield from violations(connection, company)

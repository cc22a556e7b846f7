"""How fast the ledger takes in a first import, an unchanged rerun and a day's changes, beside a bare bulk insert.

*Bare* is SQLAlchemy Core's ``insert(table)`` with lists of dicts, of exactly the rows that the import left behind, into
an empty ledger on the same database, in one transaction. Ours has to make the rows, compare, hash and keep the proof on
top of it. Each database runs in a process of its own; memory is that process's peak beyond what importing took.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import insert, select

from integrations.ledger import open_ledger
from integrations.ledger.database import Database
from integrations.ledger.records import ArrivedFile, Change, PreparedEntry
from integrations.ledger.schema import companies, deliveries, entries, files, items, payments, statements
from matching.model.bank_statement import (
    BankEntry,
    EntryDetail,
    FileFacts,
    StatementEnd,
    StatementHeader,
    StatementStart,
)
from matching.model.open_item import OpenItem
from matching.model.payment import Payment
from tests.support.postgres import running_postgres

CHANGE = Change(actor_kind="connector", actor="benchmark", at=datetime(2026, 11, 21, tzinfo=UTC), run_id="bench")
FIRST = date(2026, 1, 1)
ACCOUNT = "DE89370400440532013000"
BATCH = 5_000


def run(payments: int = 100_000, items: int = 1_000_000) -> list[dict[str, object]]:
    """One row per database and step: seconds of processor time, times the bare insert, peak memory."""
    rows: list[dict[str, object]] = []
    for name in ("sqlite", "postgresql"):
        for scale in (10, 1):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.ledger", name, str(payments // scale), str(items // scale)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            rows += json.loads(done.stdout.splitlines()[-1])
    return rows


# -- What is imported -----------------------------------------------------------------------------------------------


def open_items(count: int, *, changed_every: int = 0) -> Iterator[OpenItem]:
    """Invented invoices; with ``changed_every`` that share of them has another open amount."""
    for number in range(count):
        amount = 10_000 + number * 37 % 900_000
        paid = 100 if changed_every and not number % changed_every else 0
        issued = FIRST + timedelta(days=number % 300)
        yield OpenItem(
            item_id=f"{number:09}",
            number=f"RE-2026-{number:07}",
            kind="invoice",
            customer_id=f"C{number % 20_000:05}",
            currency="EUR",
            issued_on=issued,
            due_on=issued + timedelta(days=30),
            original_amount=amount,
            open_amount=amount - paid,
            payment_reference=f"RF{number % 97:02}{number:012}",
            discount_until=issued + timedelta(days=10),
            discount_amount=amount // 50,
            other_references=(f"PO-{number * 7}",),
        )


def statement(count: int) -> Iterator[object]:
    """A statement with that many credits, one payment each."""
    header = StatementHeader(
        account=ACCOUNT, account_owner=None, currency="EUR", kind="final", statement_id="1", sequence="1", page=1,
        last_page=True, from_date=FIRST, to_date=FIRST, opening=Decimal(0), closing=None,
    )  # fmt: skip
    yield StatementStart(header=header)
    for number in range(count):
        yield _entry(number)
    yield StatementEnd(header=header, integrity="unverifiable", entry_count=count, booked_total=Decimal(0))
    yield FileFacts(format="camt.053", version="8", encoding="utf-8", dialect=None, entries_in_file=count)


def _entry(number: int) -> PreparedEntry:
    cents = 10_000 + number * 37 % 900_000
    name, iban = f"Muster Handel {number % 20_000} GmbH & Co. KG", f"DE{number % 97:02}3704004405320{number:05}"
    lines = (f"Rechnung RE-2026-{number:07} vom 01.10.", f"2026 Kundennr C{number % 20_000:05} danke")
    detail = EntryDetail(
        amount=Decimal(cents).scaleb(-2), currency="EUR", bank_reference=f"B{number:012}", end_to_end_id="NOTPROVIDED",
        mandate_id=None, counterparty_name=name, counterparty_account=iban, counterparty_bic="COBADEFFXXX",
        ultimate_name=None, remittance=" ".join(lines), remittance_lines=lines, structured_references=(), documents=(),
        instructed_amount=None, instructed_currency=None, exchange_rate=None, charges=(), return_reason=None,
        original_end_to_end_id=None, purpose=None,
    )  # fmt: skip
    booked = FIRST + timedelta(days=number % 300)
    entry = BankEntry(
        ordinal=number + 1, booking_date=booked, value_date=booked, amount=detail.amount, currency="EUR",
        status="booked", reversal=False, bank_reference=detail.bank_reference, entry_reference=None,
        transaction_code="PMNT/RCDT/ESCT", details=(detail,), where=f"Stmt[1]/Ntry[{number + 1}]",
    )  # fmt: skip
    key = f"v1-{number:032x}"
    payment = Payment(
        payment_id=key, account=ACCOUNT, currency="EUR", amount=cents, booked_on=booked, valued_on=booked,
        bank_reference=detail.bank_reference or "", payer_name=name, payer_account=iban, payer_bic="COBADEFFXXX",
        remittance=detail.remittance, remittance_lines=lines, transaction_code="PMNT/RCDT/ESCT",
    )  # fmt: skip
    return PreparedEntry(entry_key=key, entry=entry, amount=cents, currency="EUR", payments=(payment,))


# -- Measuring --------------------------------------------------------------------------------------------------------


def measure(
    name: str, url: str, bare_url: str, payment_count: int, item_count: int, clock: Callable[[], float]
) -> list[dict[str, object]]:
    """All steps on one database."""

    def _timed(work: Callable[[], object]) -> float:
        started = clock()
        work()
        return clock() - started

    ledger = open_ledger(url)
    at_start = _peak()

    def whole(kind: str) -> None:
        file = ArrivedFile(sha256="a" * 64, name="a.xml", size=1)
        if kind == "same entries, other file":
            file = ArrivedFile(sha256="b" * 64, name="b.xml", size=1)
        ledger.import_statement_file("acme", file, statement(payment_count), change=CHANGE)  # type: ignore[arg-type]
        every = 50 if kind == "a day later" else 0
        ledger.import_open_items("acme", open_items(item_count, changed_every=every), snapshot=True, change=CHANGE)

    def made() -> None:
        for _ in statement(payment_count):
            pass
        for _ in open_items(item_count):
            pass

    making = _timed(made)
    first = _timed(lambda: whole("first")) - making
    memory = _peak() - at_start
    steps = {"first import": first, "rerun, nothing changed": _timed(lambda: whole("rerun")) - making}
    steps["a day later: 2 % of items changed"] = _timed(lambda: whole("a day later")) - making
    steps["matching reads all items and payments"] = _timed(
        lambda: [sum(1 for _ in ledger.open_items("acme")), sum(1 for _ in ledger.payments_to_match("acme"))]
    )
    memory_after = _peak() - at_start
    steps["verify"] = _timed(lambda: list(ledger.verify()))
    ledger.close()
    bare = _bare(url, bare_url, clock)
    size = f"{payment_count:,} payments, {item_count:,} items"
    rows: list[dict[str, object]] = [
        {"database": name, "size": size, "step": "bare Core insert", "CPU s": f"{bare:.2f}"},
        {"database": name, "size": size, "step": "making the rows (taken off)", "CPU s": f"{making:.2f}"},
    ]
    for step, seconds in steps.items():
        row = {"database": name, "size": size, "step": step, "CPU s": f"{seconds:.2f}"}
        row |= {"x bare": f"{seconds / bare:.2f}", "of first": f"{seconds / first:.1%}"}
        row["peak MB"] = f"{(memory if step == 'first import' else memory_after) / 1024:.0f}"
        rows.append(row)
    return rows


def _bare(url: str, bare_url: str, clock: Callable[[], float]) -> float:
    """The same rows by SQLAlchemy Core; reading them from the ledger is not timed."""
    source = Database(url, wait=timedelta(seconds=60))
    open_ledger(bare_url).close()
    target = Database(bare_url, wait=timedelta(seconds=60))
    seconds = 0.0
    with source.reading() as reading, target.writing() as writing:
        writing.execute(insert(companies), [{"company_id": 1, "name": "acme"}])
        for table in (files, statements, entries, deliveries, payments, items):
            wanted = select(table)
            if table in (statements, deliveries):
                wanted = wanted.where(table.c.statement_no == 1)
            if table is files:
                wanted = wanted.where(table.c.file_id == 1)
            found = reading.execution_options(stream_results=True).execute(wanted).mappings()
            for some in found.partitions(BATCH):
                rows = [dict(row) for row in some]
                started = clock()
                writing.execute(insert(table), rows)
                seconds += clock() - started
        started = clock()
        writing.commit()
        seconds += clock() - started
    return seconds


def _peak() -> int:
    """The most memory this process ever held, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _databases(name: str) -> Iterator[tuple[str, str, Callable[[], float]]]:
    """Two empty databases, and a clock of processor time: this process, and the server where there is one."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield str(Path(folder) / "ours.db"), str(Path(folder) / "bare.db"), time.process_time
        return
    with running_postgres() as server:

        def both() -> float:
            return time.process_time() + server.cpu_seconds()

        yield server.create_database("ours"), server.create_database("bare"), both


if __name__ == "__main__":
    chosen, wanted_payments, wanted_items = sys.argv[1:]
    with _databases(chosen) as (ours, bare_one, processor):
        print(json.dumps(measure(chosen, ours, bare_one, int(wanted_payments), int(wanted_items), processor)))

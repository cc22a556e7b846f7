"""What the life of payments costs the ledger after they came in: deciding, posting, proving, telling, erasing.

Seconds of processor time, the database server's included, and this process's peak memory beyond what it had before. The
ERP is one that answers at once, so that what remains is the ledger's own work.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ledger import CHANGE, FIRST, _databases, open_items, statement
from integrations.config.settings import CompanySettings
from integrations.erp.flatfile.connector import CAPABILITIES, FlatFileConnector
from integrations.erp.protocol import PostingPlan, RemotePosting, Tick
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.ledger.records import ArrivedFile, Change
from integrations.services.context import Run
from integrations.services.match import plan_postings
from integrations.services.push import push
from matching.model.decision import Allocation, Decision

NOW = datetime(2026, 11, 21, tzinfo=UTC)
RULE = Change(actor_kind="rule", actor="benchmark", at=NOW, run_id="bench")
RUN = Run(as_of=date(2026, 11, 21), clock=lambda: NOW, run_id="bench")
COMPANY = CompanySettings.model_validate(
    {"name": "acme", "erp": {"kind": "flatfile", "inbox": "in", "outbox": "out"}, "banks": []}
)


class AtOnce(FlatFileConnector):
    """An ERP that takes whatever it is given, many at once or one by one, and writes nothing down."""

    def find_many(self, keys: Sequence[str]) -> Mapping[str, RemotePosting]:  # noqa: ARG002
        """Nothing is there."""
        return {}

    def apply_many(
        self, work: Sequence[tuple[PostingPlan, RemotePosting | None]], tick: Tick
    ) -> tuple[RemotePosting, ...]:
        """All of it is booked."""
        tick("file")
        return tuple(_booked(plan) for plan, _ in work)


class OneByOne:
    """The same, for connectors that send each posting alone."""

    capabilities = replace(CAPABILITIES, push="receipt")

    def plan(self, posting: object) -> PostingPlan:
        """Everything can be allocated."""
        return PostingPlan(posting=posting, route="allocate", steps=())  # type: ignore[arg-type]

    def find(self, key: str) -> None:
        """Nothing is there."""

    def apply(self, plan: PostingPlan, prior: object, tick: Tick) -> RemotePosting:  # noqa: ARG002
        """It is booked."""
        tick("receipt")
        return _booked(plan)


def _booked(plan: PostingPlan) -> RemotePosting:
    posting = plan.posting
    return RemotePosting(
        key=posting.key, state="posted", native_ids=(posting.key,), amount=posting.amount, currency=posting.currency,
        booked_on=posting.booking_date,
    )  # fmt: skip


def run(payments: int = 20_000) -> list[dict[str, object]]:
    """One row per database and step."""
    rows: list[dict[str, object]] = []
    for name in ("sqlite", "postgresql"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.ledger_life", name, str(payments)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        rows += json.loads(done.stdout.splitlines()[-1])
    return rows


def decisions(count: int) -> Iterator[Decision]:
    """Each payment settles the invoice of its number."""
    for number in range(count):
        cents = 10_000 + number * 37 % 900_000
        yield Decision(
            payment_id=f"v1-{number:032x}",
            allocations=(Allocation(item_id=f"{number:09}", cash=cents),),
            confidence=0.999,
            rule="by_document_number",
            rule_version="1",
            explanation=f"The remittance quotes RE-2026-{number:07}.",
        )


def measure(name: str, url: str, count: int, clock: Callable[[], float]) -> list[dict[str, object]]:
    """All steps on one database, in the order of a payment's life."""
    ledger = open_ledger(url)
    rows: list[dict[str, object]] = []

    def step(what: str, work: Callable[[], object]) -> None:
        before, started = _peak(), clock()
        work()
        rows.append(
            {
                "database": name,
                "payments": f"{count:,}",
                "step": what,
                "CPU s": f"{clock() - started:.2f}",
                "ms each": f"{(clock() - started) * 1000 / count:.2f}",
                "more peak MB": f"{(_peak() - before) / 1024:.0f}",
            }
        )

    ledger.import_open_items("acme", open_items(count), snapshot=True, change=CHANGE)
    file = ArrivedFile(sha256="a" * 64, name="a.xml", size=1)
    ledger.import_statement_file("acme", file, statement(count), change=CHANGE)  # type: ignore[arg-type]
    step("decide", lambda: ledger.record_decisions("acme", decisions(count), change=RULE))
    with ledger.transaction("acme") as unit:
        step("plan the postings", lambda: plan_postings("acme", unit, RUN))
    with TemporaryDirectory() as folder:
        erp = AtOnce(inbox=Path(folder) / "in", outbox_folder=Path(folder) / "out")
        step("push, many at once", lambda: push(COMPANY, ledger, erp, RUN))
    assert all(row.state == "confirmed" for row in ledger.outbox("acme"))
    step("verify", lambda: _sound(ledger))
    step("erase what is older", lambda: ledger.erase_older_than("acme", before=_late(), change=CHANGE))
    step("verify what is left", lambda: _sound(ledger))
    ledger.close()
    return rows


def one_by_one(name: str, url: str, count: int, clock: Callable[[], float]) -> list[dict[str, object]]:
    """Posting to an ERP that takes one posting per call, so that every step is a unit of work of its own."""
    ledger = open_ledger(url)
    ledger.import_open_items("acme", open_items(count), snapshot=True, change=CHANGE)
    file = ArrivedFile(sha256="a" * 64, name="a.xml", size=1)
    ledger.import_statement_file("acme", file, statement(count), change=CHANGE)  # type: ignore[arg-type]
    ledger.record_decisions("acme", decisions(count), change=RULE)
    with ledger.transaction("acme") as unit:
        plan_postings("acme", unit, RUN)
    started = clock()
    push(COMPANY, ledger, OneByOne(), RUN)  # type: ignore[arg-type]
    seconds = clock() - started
    ledger.close()
    told = {"CPU s": f"{seconds:.2f}", "ms each": f"{seconds * 1000 / count:.2f}"}
    return [{"database": name, "payments": f"{count:,}", "step": "push, one by one", **told}]


def _sound(ledger: Ledger) -> None:
    assert list(ledger.verify()) == []


def _late() -> date:
    return FIRST + timedelta(days=200)


def _peak() -> int:
    """The most memory this process ever held, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    chosen, wanted = sys.argv[1:]
    with _databases(chosen) as (ours, other, processor):
        told = measure(chosen, ours, int(wanted), processor)
        print(json.dumps([*told, *one_by_one(chosen, other, max(1, int(wanted) // 20), processor)]))

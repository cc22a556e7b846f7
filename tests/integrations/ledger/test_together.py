"""Several processes at one ledger: no double effect, no deadlock, and whoever loses is told why."""

import multiprocessing
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.queues import Queue
from typing import Any

import pytest
from sqlalchemy import event

from integrations.ledger import open_ledger
from integrations.ledger.errors import ChangedMeanwhile, LedgerBusy, LedgerUnavailable
from integrations.ledger.port import Ledger, StatementRow
from integrations.ledger.store import SqlLedger
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    arrived,
    deliver,
    entry,
    item,
    payment,
    person,
    pull,
    rows,
    rule,
    unexplained,
)
from tests.integrations.ledger.tampering import raw

_processes = multiprocessing.get_context("spawn")


def together(url: str, work: Callable[..., list[str]], count: int, *args: object) -> list[str]:
    """What that many processes said, all working at once."""
    said: Queue[list[str]] = _processes.Queue()
    workers = [_processes.Process(target=_run, args=(said, work, url, number, *args)) for number in range(count)]
    for one in workers:
        one.start()
    answers = [said.get(timeout=300) for _ in workers]
    for one in workers:
        one.join(timeout=60)
        assert one.exitcode == 0
    return [line for answer in answers for line in answer]


def _run(said: "Queue[list[str]]", work: Callable[..., list[str]], url: str, number: int, *args: Any) -> None:
    ledger = open_ledger(url, wait=timedelta(seconds=240))
    try:
        said.put(work(ledger, number, *args))
    finally:
        ledger.close()


def _clear(ledger: Ledger, number: int, versions: dict[str, int]) -> list[str]:
    """Try to clear every case, in an order of one's own, as last seen before anybody began."""
    order = sorted(versions)
    random.Random(number).shuffle(order)
    answers = []
    for payment_id in order:
        try:
            decision = allocated(payment_id, (payment_id, 11900))
            change = person(f"clerk-{number}")
            ledger.decide(ACME, decision, expected_version=versions[payment_id], change=change)
            answers.append(f"cleared {payment_id}")
        except ChangedMeanwhile as error:
            told = f"was allocated to R-{payment_id} by clerk-" in str(error)
            answers.append("told why" if told else str(error))
    return answers


@pytest.mark.parametrize(
    ("processes", "cases"), [(3, 25), pytest.param(8, 1000, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_clerks_clear_the_same_cases(ledger: Ledger, ledger_url: str, processes: int, cases: int) -> None:
    names = [f"p{number}" for number in range(cases)]
    pull(ledger, *(item(name) for name in names))
    deliver(ledger, *(payment(name) for name in names))
    ledger.record_decisions(ACME, [unexplained(name) for name in names], change=rule())
    versions = {one.payment.payment_id: one.version for one in ledger.all_open_exceptions(ACME)}
    answers = Counter(together(ledger_url, _clear, processes, versions))
    assert answers.pop("told why") == cases * (processes - 1)
    assert answers == {f"cleared {name}": 1 for name in names}
    assert list(ledger.open_items(ACME)) == []
    assert list(ledger.verify()) == []


def _sync(ledger: Ledger, number: int) -> list[str]:
    pull(ledger, item("1"), item("2", 5000), minutes=number)
    file = deliver(ledger, payment("p1"), payment("p2", 5000), name="a.sta")
    again = deliver(ledger, payment("p2", 5000), payment("p3", 300), name=f"b{number % 2}.sta")
    decided = ledger.record_decisions(
        ACME,
        [allocated("p1", ("1", 11900)), allocated("p2", ("2", 5000)), unexplained("p3", 300)],
        change=rule(number),
    )
    return [
        f"files {not file.already_known:d}",
        f"payments {again.payments_new if not again.already_known else 0}",
        f"decided {decided.recorded}",
    ]


def test_two_syncs_at_once_are_one(ledger_url: str) -> None:
    answers = Counter(together(ledger_url, _sync, 3))
    assert sum(int(one.split()[1]) * count for one, count in answers.items() if one.startswith("decided")) == 3
    assert sum(int(one.split()[1]) * count for one, count in answers.items() if one.startswith("files")) == 1
    ledger = open_ledger(ledger_url)
    assert [one.movement for one in ledger.totals(ACME)] == [17200]
    assert list(ledger.verify()) == []
    ledger.close()


def _killed(ledger: Ledger, _number: int) -> list[str]:
    def dying() -> Iterator[StatementRow]:
        for count, row in enumerate(rows([entry([payment(f"k{number}")], number) for number in range(1, 40)])):
            if count == 30:
                os.kill(os.getpid(), signal.SIGKILL)
            yield row

    ledger.import_statement_file(ACME, arrived("k.sta"), dying(), change=rule())
    return []


def test_killed_in_the_middle_of_a_file(ledger: Ledger, ledger_url: str) -> None:
    deliver(ledger, payment("p1"))
    said: Queue[list[str]] = _processes.Queue()
    victim = _processes.Process(target=_run, args=(said, _killed, ledger_url, 0))
    victim.start()
    victim.join(timeout=60)
    assert victim.exitcode == -signal.SIGKILL
    assert [one.name for one in ledger.files(ACME)] == ["a.sta"]
    whole = rows([entry([payment(f"k{number}")], number) for number in range(1, 40)])
    assert ledger.import_statement_file(ACME, arrived("k.sta"), whole, change=rule()).payments_new == 39
    assert list(ledger.verify()) == []


def test_a_reader_does_not_wait_for_a_writer(ledger: Ledger, ledger_url: str) -> None:
    deliver(ledger, payment("p1"))
    other = open_ledger(ledger_url, wait=timedelta(seconds=0.3))
    with ledger.transaction(ACME) as tx:
        tx.record_decisions(ACME, [unexplained("p1")], change=rule())
        assert other.payment(ACME, "p1").state == "new"
        with pytest.raises(LedgerBusy, match=r"another process is writing .* try again"):
            other.record_decisions(ACME, [unexplained("p1")], change=rule())
    assert other.payment(ACME, "p1").state == "exception"
    other.close()


def test_a_snapshot_sees_one_moment(ledger: Ledger, ledger_url: str) -> None:
    deliver(ledger, payment("p1"))
    other = open_ledger(ledger_url)
    with ledger.snapshot() as then:
        assert len(list(then.payments_to_match(ACME))) == 1
        deliver(other, payment("p2"), name="b.sta")
        assert len(list(then.payments_to_match(ACME))) == 1
        assert list(then.verify()) == []
    assert len(list(ledger.payments_to_match(ACME))) == 2
    other.close()


def test_the_database_goes_away_in_the_middle(ledger: Ledger, ledger_url: str, database: str) -> None:
    if database == "sqlite":
        pytest.skip("a file does not go away from under an open handle")
    deliver(ledger, payment("p1"))

    def cut() -> Iterator[StatementRow]:
        yield from list(rows([entry([payment("p2")], 1)]))[:2]
        raw(
            ledger_url,
            "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        yield from list(rows([entry([payment("p2")], 1)]))[2:]

    with pytest.raises(LedgerUnavailable, match="Nothing of this unit of work stayed"):
        ledger.import_statement_file(ACME, arrived("b.sta"), cut(), change=rule())
    assert deliver(ledger, payment("p2"), name="b.sta").payments_new == 1
    assert list(ledger.verify()) == []


def test_the_disk_is_full(ledger: Ledger, database: str) -> None:
    if database == "postgresql":
        pytest.skip("shown on SQLite; PostgreSQL answers with sqlstate 53100, which is the same error here")
    deliver(ledger, payment("p1"))
    assert isinstance(ledger, SqlLedger)
    engine = ledger._database.engine
    engine.dispose()

    def no_more_pages(connection: sqlite3.Connection, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    event.listen(engine, "connect", no_more_pages)
    many = [payment(f"m{number}") for number in range(500)]
    with pytest.raises(LedgerUnavailable, match="full"):
        deliver(ledger, *many, name="b.sta")
    event.remove(engine, "connect", no_more_pages)
    engine.dispose()
    assert deliver(ledger, *many, name="b.sta").payments_new == 500
    assert list(ledger.verify()) == []

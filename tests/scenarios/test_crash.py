"""A night that is killed anywhere and run again ends as if nothing had happened: same books, same files, byte for byte.

The night has everything in it: new statements in two formats, a changed ERP snapshot, a decision that a person took
back (so a reversal waits), exceptions, and postings. It is killed at seeded points between any two effects.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.services.clear import reopen
from integrations.services.context import Run
from integrations.services.sync import sync
from tests.integrations.services.test_sync import CUSTOMERS, DAY_IN_CAMT, ITEM_COLUMNS, ITEMS, STATEMENT, camt
from tests.support.crash import ended_well, in_child, memory_folder, statements_compiled_once, was_killed
from tests.support.postgres import Postgres

POINTS = int(os.environ.get("LETTRAGE_CRASH_POINTS", "200"))
SEED = 20260302
RUN = Run(as_of=date(2026, 3, 4), clock=lambda: datetime(2026, 3, 4, 3, 0, tzinfo=UTC), run_id="night")
SECOND_DAY = """:20:STARTUMSE
:25:NL20INGB0001234567
:28C:00002/001
:60F:C260302EUR1156,50
:61:2603030303C250,00NTRFNONREF//C1
:86:RE-2026-0102
:61:2603030303C80,00NTRFNONREF//C2
:86:RE-2026-0103
:61:2603030303C99,00NTRFNONREF//C3
:86:who knows
:61:2603030303D1,00NCHGNONREF//C4
:86:bank charges
:62F:C260303EUR1584,50
"""


def settings(folder: Path) -> CompanySettings:
    erp = {"kind": "flatfile", "inbox": str(folder / "in"), "outbox": str(folder / "out")}
    banks = [{"inbox": str(folder / "bank"), "archive": str(folder / "archive")}]
    return CompanySettings.model_validate({"name": "acme", "erp": erp, "banks": banks})


def night(folder: Path, url: str) -> None:
    ledger = open_ledger(url)
    try:
        sync(settings(folder), ledger, RUN)
    finally:
        ledger.close()


def prepare(folder: Path, url: str) -> None:
    """One night is done, a person has taken one posting back, and the next night's files have arrived."""
    for name in ("in", "bank", "out"):
        (folder / name).mkdir(parents=True)
    (folder / "in" / "customers.csv").write_text(CUSTOMERS)
    (folder / "in" / "open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS]) + "\n")
    (folder / "bank" / "first.sta").write_text(STATEMENT)
    night(folder, url)
    ledger = open_ledger(url)
    try:
        outcome = reopen(settings(folder), ledger, "B1", by="anna", run=RUN, reason="was for another invoice")
        assert outcome.outcome == "reopened", outcome.message
    finally:
        ledger.close()
    (folder / "in" / "open_items.csv").write_text(
        "\n".join([ITEM_COLUMNS, *ITEMS, ITEMS[0].replace("I1", "I4").replace("0101", "0104")]) + "\n"
    )
    (folder / "bank" / "second.sta").write_text(SECOND_DAY)
    (folder / "bank" / "first-day-again.xml").write_text(camt("053", *DAY_IN_CAMT))


@dataclass
class Place:
    """A copy of the prepared state, files and database, that may be spoilt."""

    folder: Path
    url: str
    drop: Callable[[], None]


def told(place: Place) -> dict[str, object]:
    """All that the books and the files say, but for numbers that merely count attempts."""
    ledger = open_ledger(place.url)
    try:
        books = {
            "allocations": [(r.payment.payment_id, r.allocation, r.posting_key, r.posting_state, r.explanation)
                            for r in ledger.allocations("acme")],
            "exceptions": [(c.case_id, c.state, c.payment, c.unallocated, c.suggestions)
                           for c in ledger.all_open_exceptions("acme")],
            "ignored": list(ledger.ignored("acme")),
            "items": list(ledger.item_statuses("acme")),
            "totals": list(ledger.totals("acme")),
            "outbox": sorted((r.key, r.action, r.state, r.posting) for r in ledger.outbox("acme")),
            "files": sorted((f.sha256, f.entries_read, f.payments_new) for f in ledger.files("acme")),
        }  # fmt: skip
        assert [str(violation) for violation in ledger.verify("acme")] == []
    finally:
        ledger.close()
    files = {path.name: path.read_bytes() for path in sorted((place.folder / "out").glob("*.csv"))}
    inbox = sorted(path.name for path in (place.folder / "bank").iterdir())
    archive = sorted(path.name for path in (place.folder / "archive").rglob("*.*"))
    return {**books, "csv": files, "inbox": inbox, "archive": archive}


def points(effects: list[str]) -> list[int]:
    """Every file effect and every commit, and as many statements between them as fit, chosen by the seed."""
    numbered = list(enumerate(effects, start=1))
    certain = [number for number, name in numbered if name != "statement"]
    others = [number for number, name in numbered if name == "statement"]
    chance = random.Random(SEED)
    chance.shuffle(certain)
    return sorted(certain[:POINTS] + chance.sample(others, min(len(others), max(0, POINTS - len(certain)))))


def crash_everywhere(make: Callable[[str], Place], warm: Path, warm_url: str) -> None:
    # Two nights in this process load everything and work out every statement, so that no child has to.
    prepare(warm, warm_url)
    night(warm, warm_url)
    told(Place(warm, warm_url, lambda: None))
    undisturbed = make("undisturbed")
    report = warm / "effects.txt"
    assert ended_well(in_child(lambda: night(undisturbed.folder, undisturbed.url), report=report))
    expected = told(undisturbed)
    undisturbed.drop()
    chosen = points(report.read_text().splitlines())
    assert len(chosen) == POINTS, "fewer effects in this night than points to crash at: give the night more to do"
    for point in chosen:
        place = make(f"point-{point}")
        status = in_child(lambda where=place: night(where.folder, where.url), kill_at=point)
        assert was_killed(status), f"point {point}: the night was not killed but ended with {status}"
        again = in_child(lambda where=place: night(where.folder, where.url))
        assert ended_well(again), f"point {point}: the night after the crash failed"
        assert told(place) == expected, f"point {point}: the books differ after the crash"
        place.drop()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the nights run; made so that hundreds of short nights take minutes."""
    statements_compiled_once(monkeypatch.setattr)
    with memory_folder() as folder:
        yield folder


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_on_sqlite(place: Path):
    master = place / "master"
    assert ended_well(in_child(lambda: prepare(master, f"sqlite:///{master / 'lettrage.db'}")))

    def make(name: str) -> Place:
        folder = place / name
        shutil.copytree(master, folder)
        return Place(folder, f"sqlite:///{folder / 'lettrage.db'}", lambda: shutil.rmtree(folder))

    crash_everywhere(make, place / "warm", f"sqlite:///{place / 'warm.db'}")


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.timeout(1800)
def test_killed_anywhere_on_postgresql(place: Path, postgres: Postgres):
    master = place / "master"
    url = postgres.create_database("crash_master", template="ledger_template")
    assert ended_well(in_child(lambda: prepare(master, url)))

    def make(name: str) -> Place:
        folder, database = place / name, "crash_" + name.replace("-", "_")
        shutil.copytree(master, folder)
        here = postgres.create_database(database, template="crash_master")

        def drop() -> None:
            shutil.rmtree(folder)
            postgres.drop_database(database)

        return Place(folder, here, drop)

    warm = postgres.create_database("crash_warm", template="ledger_template")
    crash_everywhere(make, place / "warm", warm)

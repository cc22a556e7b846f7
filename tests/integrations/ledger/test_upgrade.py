"""An old ledger is upgraded with all it holds, a newer one is refused politely, whoever opens it first."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from integrations.ledger import open_ledger
from integrations.ledger.database import database_url
from integrations.ledger.errors import LedgerError, LedgerTooNew, LedgerTooOld, LedgerUnavailable
from integrations.ledger.port import Ledger
from integrations.ledger.schema import metadata
from tests.integrations.ledger.story import ACME, item, payment, pull
from tests.integrations.ledger.tampering import raw
from tests.integrations.ledger.test_together import together
from tests.support.postgres import Postgres

OLD = Path(__file__).parent / "revision_0001.sql"
BACK_TO_0001 = (
    "DROP INDEX ix_payments_entry",
    "DROP TABLE collective_entries",
    "DROP TABLE entry_history",
    "ALTER TABLE files DROP COLUMN entries_enriched",
    "ALTER TABLE payments DROP COLUMN replaced_by",
    "ALTER TABLE outbox DROP COLUMN not_before",
    "DROP TABLE cursors",
    "DROP TABLE item_chunks",
    "DROP INDEX ix_payments_reference",
    "UPDATE alembic_version SET version_num = '0001'",
)
SINCE_0001 = ("payments_replaced", "decisions_on_parts", "decisions_unpost", "payments_count_once")
OWN = (
    *("entry_history_are_final", "entry_history_stay", "entry_history_texts"),
    *("collective_counts_once", "collective_entries_are_final", "collective_entries_stay"),
)


def back_to_0001(database: str) -> list[str]:
    """What makes a ledger one of the first revision again, with all it holds."""
    if database == "sqlite":
        return [*(f"DROP TRIGGER {name}" for name in SINCE_0001), *BACK_TO_0001]
    return [*(f"DROP FUNCTION {name} CASCADE" for name in (*SINCE_0001, *OWN)), *BACK_TO_0001]


def test_migrations_make_what_the_code_expects(ledger_url: str) -> None:
    engine = create_engine(database_url(ledger_url))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_an_old_ledger_is_upgraded_with_all_it_holds(lived_in_url: str, database: str) -> None:
    raw(lived_in_url, *back_to_0001(database))
    with pytest.raises(LedgerTooOld, match="made by an older Lettrage and must be upgraded"):
        open_ledger(lived_in_url, migrate=False)
    ledger = open_ledger(lived_in_url)
    assert ledger.payment(ACME, "p1").payment == payment("p1")
    assert list(ledger.verify()) == []
    pull(ledger, item("1"), item("77"))
    ledger.close()
    open_ledger(lived_in_url, migrate=False).close()


def test_a_ledger_written_by_the_first_revision_is_upgraded(tmp_path: Path) -> None:
    """The dump was taken from a ledger of revision 0001 and is never made anew."""
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(OLD.read_text())
    old.close()
    ledger = open_ledger(str(path))
    assert list(ledger.verify()) == []
    assert [one.case_id for one in ledger.exceptions(ACME)] == ["EX-H4NC", "EX-SG0X"]
    assert any("was reversed by anna" in one for one in ledger.history(ACME, "p5"))
    pull(ledger, item("1"), item("77"))
    ledger.close()


def test_a_newer_ledger_is_refused_politely(lived_in_ledger: Ledger, lived_in_url: str) -> None:
    raw(lived_in_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match="revision 9999, which this Lettrage does not know"):
        open_ledger(lived_in_url)
    assert list(lived_in_ledger.verify()) == []


def test_a_database_of_somebody_else_is_left_alone(empty_url: str) -> None:
    raw(empty_url, "CREATE TABLE payments (id INTEGER)")
    with pytest.raises(LedgerError, match="holds tables of another program"):
        open_ledger(empty_url)


def _open(ledger: Ledger, number: int) -> list[str]:
    pull(ledger, item("1"), company=f"company-{number}")
    return [f"opened {number}"]


def test_several_open_a_new_ledger_at_once(empty_url: str) -> None:
    assert sorted(together(empty_url, _open, 3)) == ["opened 0", "opened 1", "opened 2"]
    ledger = open_ledger(empty_url)
    assert ledger.companies() == ("company-0", "company-1", "company-2")
    ledger.close()


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if database == "sqlite":
        yield str(tmp_path / "empty.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.create_database("nothing_yet")
    server.drop_database("nothing_yet")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root@localhost/ledger", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite://", "the ledger needs a file"),
        ("what is://this", "cannot be read"),
    ],
)
def test_urls_nobody_can_use(url: str, says: str) -> None:
    with pytest.raises(LedgerError, match=says):
        open_ledger(url)


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="unable to open database file"):
        open_ledger(str(tmp_path / "no" / "such" / "folder" / "ledger.db"), wait=timedelta(seconds=1))
    with pytest.raises(LedgerUnavailable, match="cannot be used"):
        open_ledger(f"postgresql://nobody@/ledger?host={tmp_path}")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database at all, whatever its name says" * 100)
    with pytest.raises(LedgerUnavailable, match="is damaged"):
        open_ledger(str(damaged))

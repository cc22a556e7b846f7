"""Backup and restore as docs/backup.md describes them, taken while a clerk is working."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from tests.integrations.ledger.story import ACME, allocated, deliver, payment, person
from tests.support.postgres import Postgres


def test_sqlite(lived_in_ledger: Ledger, lived_in_url: str, database: str, tmp_path: Path) -> None:
    if database != "sqlite":
        pytest.skip("see test_postgresql")
    copy = tmp_path / "backup.db"
    with lived_in_ledger.transaction(ACME) as tx:
        (case, _) = tx.exceptions(ACME)
        tx.decide(
            ACME,
            allocated(case.payment.payment_id, on_account=case.payment.amount),
            expected_version=case.version,
            change=person(),
        )
        source = sqlite3.connect(lived_in_url.removeprefix("sqlite:///"))
        source.execute("VACUUM INTO ?", (str(copy),))
        source.close()
    _is_sound_and_goes_on(f"sqlite:///{copy}", case.case_id)


@pytest.mark.postgresql
def test_postgresql(postgres_lived_in: Postgres, tmp_path: Path) -> None:
    server, dump = postgres_lived_in, tmp_path / "ledger.dump"
    ledger = open_ledger(server.url("ledger_lived_in"))
    (case, _) = ledger.exceptions(ACME)
    ledger.close()
    where = ["--host", str(server.socket), "--username", "tester"]
    subprocess.run(
        [server.binaries / "pg_dump", *where, "--format=custom", f"--file={dump}", "ledger_lived_in"], check=True
    )
    server.create_database("restored")
    restore = [server.binaries / "pg_restore", *where, "--exit-on-error", "--single-transaction", "--dbname=restored"]
    subprocess.run([*restore, str(dump)], check=True)
    _is_sound_and_goes_on(server.url("restored"), case.case_id)
    server.drop_database("restored")


def _is_sound_and_goes_on(url: str, case_id: str) -> None:
    restored = open_ledger(url, migrate=False)
    assert list(restored.verify()) == []
    case = restored.case(ACME, case_id)
    assert case.state != "cleared"
    restored.decide(
        ACME,
        allocated(case.payment.payment_id, on_account=case.payment.amount),
        expected_version=case.version,
        change=person(),
    )
    assert deliver(restored, payment("p9"), name="after.sta").payments_new == 1
    assert list(restored.verify()) == []
    restored.close()

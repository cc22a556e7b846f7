"""What a night of few payments costs against a small and a large ledger.

``python -m benchmarks few_payments 200 1000000`` takes 200 payments a night against 100,000 and 1,000,000 open items.
Three nights on SQLite, in a process of their own: the payments of a statement, a second statement of as many while
what the first left undecided still waits, and a night that brings nothing. Seconds of processor time; memory is
the peak of the process, Python and its libraries included.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace

from benchmarks.ledger import CHANGE, open_items, statement
from benchmarks.ledger_life import COMPANY, RUN
from integrations.ledger import open_ledger
from integrations.ledger.port import StatementRow
from integrations.ledger.records import ArrivedFile, PreparedEntry
from integrations.services.match import match_payments
from matching.model.bank_statement import FileFacts
from matching.model.open_item import Customer

_STRANGE_EVERY = 10
_ITEMS_PER_CUSTOMER = 50


def run(payments: int = 200, items: int = 1_000_000) -> list[dict[str, object]]:
    """A row per night, against a tenth of the items and against all of them."""
    rows: list[dict[str, object]] = []
    for count in (items // 10, items):
        command = [sys.executable, "-m", "benchmarks.few_payments", str(payments), str(count)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows += json.loads(done.stdout.splitlines()[-1])
    return rows


def _statement(first: int, count: int) -> Iterable[StatementRow]:
    """So many payments from a number on; every tenth names nothing and nobody, so that it waits."""
    for row in statement(first + count):
        if isinstance(row, PreparedEntry):
            number = row.entry.ordinal
            if number <= first:
                continue
            yield _strange(row) if number % _STRANGE_EVERY == 0 else row
        elif isinstance(row, FileFacts):
            yield replace(row, entries_in_file=count)
        else:
            yield row  # type: ignore[misc]


def _strange(row: PreparedEntry) -> PreparedEntry:
    """The same money, and a text that names nothing."""
    said = "greetings from a stranger"
    details = tuple(replace(one, remittance=said, remittance_lines=(said,)) for one in row.entry.details)
    (paid,) = row.payments
    less = replace(paid, remittance=said, remittance_lines=(said,), payer_name="", payer_account="")
    return replace(row, entry=replace(row.entry, details=details), payments=(less,))


def measure(payments: int, count: int) -> list[dict[str, object]]:
    """The three nights against so many open items."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="lettrage-few-") as folder:
        url = f"sqlite:///{folder}/ledger.db"
        ledger = open_ledger(url)
        customers = (
            Customer(customer_id=f"C{at:05}", name=f"Muster Handel {at} GmbH & Co. KG")
            for at in range(min(20_000, max(1, count // _ITEMS_PER_CUSTOMER)))
        )
        ledger.import_customers("acme", customers, snapshot=True, change=CHANGE)
        ledger.import_open_items("acme", open_items(count), snapshot=True, change=CHANGE)
        for night, what in enumerate(("a statement", "another statement", "nothing new")):
            if what != "nothing new":
                file = ArrivedFile(sha256=str(night) * 64, name=f"{night}.xml", size=1)
                ledger.import_statement_file("acme", file, _statement(night * payments, payments), change=CHANGE)
            started = time.process_time()
            report = match_payments(COMPANY, ledger, RUN)
            rows.append(
                {
                    "open items": f"{count:,}",
                    "the night brings": what,
                    "decided": report.payments,
                    "posted": report.allocated.count,
                    "CPU s": f"{time.process_time() - started:.2f}",
                    "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                }
            )
        ledger.close()
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))

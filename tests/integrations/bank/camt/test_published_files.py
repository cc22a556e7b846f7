"""Every published CAMT file against its inventory: statements, entries, transactions, what balances and what does not.

The files lie beside the project, not in it. Where the folder is missing, the test says so loudly and passes over them.
"""

import csv
from pathlib import Path

import pytest

from tests.integrations.bank.camt.documents import Reading

STATEMENTS = Path(__file__).parents[5] / "shared/statements"
INVENTORY = STATEMENTS / "inventory.csv"
ROWS = []
if INVENTORY.exists():
    with INVENTORY.open(encoding="utf-8") as rows:
        ROWS = [row for row in csv.DictReader(rows) if row["path"].startswith("camt/")]

pytestmark = pytest.mark.skipif(not ROWS, reason="134 PUBLISHED CAMT FILES NOT CHECKED: no ../shared/statements")

# What the inventory's own count could not read: version 1 by another name, an amount that is none, a template.
UNCOUNTED = {"camt052.v1.xml", "camt053_garbled_amount.xml", "statement.xml"}


@pytest.mark.parametrize("row", ROWS, ids=[row["path"].partition("/")[2] for row in ROWS])
def test_a_file_is_what_the_inventory_says(row):
    path = STATEMENTS / row["path"]
    reading = Reading(path.read_bytes())
    if path.name in UNCOUNTED:
        assert len(reading.ends) == 1
        return
    integrities = [end.integrity for end in reading.ends]
    assert {
        "version": reading.facts.version or "no-ns",
        "statements": len(reading.ends),
        "entries": len(reading.entries),
        "tx_details": sum(len(each.details) for each in reading.entries),
        "balanced": integrities.count("balanced"),
        "unbalanced": integrities.count("unbalanced"),
    } == {"version": row["version"]} | {
        name: int(row[name]) for name in ("statements", "entries", "tx_details", "balanced", "unbalanced")
    }
    assert not reading.quarantined
    assert all(each.details for each in reading.entries)
    assert ("unbalanced_statement" in reading.codes) == ("unbalanced" in integrities)

"""Every published MT940/MT942 file: nothing lost, no sign changed, consistent statements found consistent."""

import csv
from pathlib import Path

import pytest

from integrations.bank.mt940 import count_entries
from tests.integrations.bank.mt940.oracle import entry_lines, read, signed_amounts

PUBLISHED = Path(__file__).parents[5] / "shared" / "statements"


def _inventory() -> list[dict[str, str]]:
    path = PUBLISHED / "inventory.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["path"].startswith("mt94x/")]


INVENTORY = _inventory()
# The inventory's own count overlooks a statement whose first field stands behind a DOS end-of-file character.
RECOUNTED = {"mt94x/zilverline+mt940/two_accounts.txt": (4, 4, 0)}


def test_the_published_files_are_there():
    if not INVENTORY:
        pytest.skip("the published statements are not beside this repository: 0 of 133 MT940 files were checked")
    assert len(INVENTORY) == 133


@pytest.mark.parametrize("row", INVENTORY, ids=[row["path"].removeprefix("mt94x/") for row in INVENTORY])
def test_every_entry_is_accounted_for_with_its_sign(row: dict[str, str]):
    raw = (PUBLISHED / row["path"]).read_bytes()
    reading = read(raw)
    assert len(reading.entries) + len(reading.quarantined) == len(entry_lines(raw)) == int(row["entries"])
    assert reading.facts.entries_in_file == len(entry_lines(raw))
    assert reading.quarantined == []
    assert [entry.amount for entry in reading.entries] == signed_amounts(raw)
    with (PUBLISHED / row["path"]).open("rb") as file:
        assert count_entries(file) == int(row["entries"])
        assert file.tell() == 0


@pytest.mark.parametrize("row", INVENTORY, ids=[row["path"].removeprefix("mt94x/") for row in INVENTORY])
def test_statements_balance_exactly_where_the_bank_s_own_figures_do(row: dict[str, str]):
    reading = read((PUBLISHED / row["path"]).read_bytes())
    found = [statement.integrity for statement in reading.statements]
    expected = RECOUNTED.get(row["path"]) or tuple(int(row[key]) for key in ("statements", "balanced", "unbalanced"))
    assert (len(found), found.count("balanced"), found.count("unbalanced")) == expected
    unbalanced = [finding for finding in reading.findings if finding.code == "unbalanced_statement"]
    assert len(unbalanced) == found.count("unbalanced")
    assert all(finding.severity == "error" for finding in unbalanced)
    assert reading.facts.format == ("mt942" if row["version"] == "mt942" else "mt940")

"""What the fixtures read as is written beside them, word for word; and every fixture has a licence."""

import csv
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_SPEC = importlib.util.spec_from_file_location("goldens", ROOT / "scripts" / "goldens.py")
goldens = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(goldens)
FILES = goldens.statement_files()


def test_there_are_fixtures():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(goldens.FIXTURES)) for path in FILES])
def test_a_reading_is_exactly_the_golden(path):
    assert goldens.reading(path) == goldens.golden_of(path).read_text("utf-8"), "run `make goldens` and read the change"


@pytest.mark.parametrize(
    "inventory", sorted(goldens.FIXTURES.glob("*/inventory.csv")), ids=lambda path: path.parent.name
)
def test_every_fixture_has_a_source_and_a_licence(inventory):
    with inventory.open(encoding="utf-8") as rows:
        known = {row["path"]: row for row in csv.DictReader(rows)}
    files = [path for path in FILES if path.is_relative_to(inventory.parent)]
    assert all(row["licence"] and row["repository"] for row in known.values())
    assert {str(path.relative_to(inventory.parent)) for path in files} <= set(known) | own_files(files)


def own_files(files):
    """Files that were written for this project stand in folders named `made`."""
    return {str(Path(*path.relative_to(goldens.FIXTURES).parts[1:])) for path in files if "made" in path.parts}

"""Rules of the house that a linter cannot say: no float near money, no clock, no to-dos, no machine paths."""

import ast
import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Similarity scores and confidences are no money.
MAY_HOLD_FLOATS = ("matching/payer", "matching/score", "matching/text", "matching/learn")
MAY_READ_THE_CLOCK = ("integrations/cli/", "integrations/erp/http", "integrations/services/clock.py")


def python_files(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files("matching", "integrations"), ids=relative)
def test_no_float_is_made_where_money_lives(path):
    if relative(path).startswith(MAY_HOLD_FLOATS):
        return
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert calls == [], f"float(...) in {relative(path)}, lines {calls}: use integers in minor units, or Decimal"


@pytest.mark.parametrize("path", python_files("matching", "integrations"), ids=relative)
def test_the_clock_is_an_argument(path):
    if relative(path).startswith(MAY_READ_THE_CLOCK):
        return
    readings = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "today", "utcnow"}
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and ast.unparse(node.func.value).split(".")[-1] in {"datetime", "date"}
    ]
    assert readings == [], f"{relative(path)} reads the clock in lines {readings}: take the day or moment as argument"


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split() if (ROOT / name).exists()]


def test_no_to_dos_and_no_machine_paths_are_left_in_the_tree():
    # The triple X is also the bank's "no currency" and part of BICs, so it counts as a mark in comments only.
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b|# XX" + r"X\b|(?<![.\w])/(work|farm)/\w")
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for pattern in ("*.py", "*.md", "*.toml", "Makefile", "*.sh", "*.yaml")
        for path in tracked(pattern)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if marks.search(line)
    ]
    assert found == []


def test_the_import_names_belong_to_the_libraries_we_chose():
    owners = packages_distributions()
    assert set(owners["mt940"]) == {"mt-940"}, "another package overwrote mt-940: uninstall mt940, reinstall mt-940"
    assert set(owners["ofxparse"]) == {"ofxparse"}, "another package overwrote ofxparse: uninstall ofxparse2"


# Long because they are lists: one table after the other, one delegating method per method of the port.
LISTS = ("integrations/ledger/schema.py", "integrations/ledger/store.py")


def test_modules_stay_readable():
    long = [
        f"{relative(path)}: {count} lines"
        for path in python_files("matching", "integrations", "dagster_project")
        if "migrations" not in path.parts
        and relative(path) not in LISTS
        and (count := len(path.read_text().splitlines())) > 500
    ]
    assert long == [], "a module of more than 500 lines hides a seam"

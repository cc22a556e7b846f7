"""One whole night over flat files: what comes in, what goes out, twice the same, and bad input loses nothing else."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from integrations.bank.read import read_file
from integrations.cli.main import app

DEMO = Path(__file__).resolve().parents[3] / "fixtures" / "demo"

CUSTOMERS = "customer_id,name,ibans,country,parent_id,aliases\nC1,Bakker Bouw B.V.,NL91ABNA0417164300,NL,,\n"
ITEM_COLUMNS = (
    "item_id,number,kind,customer_id,currency,issue_date,due_date,original_amount,open_amount,"
    "payment_reference,discount_date,discount_amount,disputed"
)
ITEMS = [
    "I1,RE-2026-0101,invoice,C1,EUR,2026-02-01,2026-03-01,100.00,100.00,,,,",
    "I2,RE-2026-0102,invoice,C1,EUR,2026-02-02,2026-03-02,250.00,250.00,,,,",
    "I3,RE-2026-0103,invoice,C1,EUR,2026-02-03,2026-03-03,75.50,75.50,,,,",
]
STATEMENT = """:20:STARTUMSE
:25:NL20INGB0001234567
:28C:00001/001
:60F:C260301EUR1000,00
:61:2603020302C100,00NTRFNONREF//B1
:86:RE-2026-0101 Bakker Bouw
:61:2603020302C60,00NTRFNONREF//B2
:86:greetings from a stranger
:61:2603020302D3,50NCHGNONREF//B3
:86:bank charges february
:62F:C260302EUR1156,50
"""


@pytest.fixture
def company(tmp_path):
    inbox, statements = tmp_path / "inbox", tmp_path / "statements"
    inbox.mkdir()
    statements.mkdir()
    (inbox / "customers.csv").write_text(CUSTOMERS)
    (inbox / "open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS]) + "\n")
    (statements / "first.sta").write_text(STATEMENT)
    return tmp_path


def sync(folder: Path, *more: str, inbox: Path | None = None, statements: Path | None = None):
    arguments = [
        "sync",
        "--inbox",
        str(inbox or folder / "inbox"),
        "--statements",
        str(statements or folder / "statements"),
    ]
    return CliRunner().invoke(app, [*arguments, "--outbox", str(folder / "outbox"), "--as-of", "2026-03-03", *more])


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "outbox" / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def outbox_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "outbox").glob("*.csv"))}


def assert_every_payment_is_accounted_for(folder: Path) -> None:
    """Allocated + unallocated = payment amount, and what is ignored is nowhere else."""
    amounts: dict[tuple, Decimal] = {}
    explained: Counter = Counter()
    for name, column in (("allocations", "allocated_amount"), ("exceptions", "unallocated_amount"), ("ignored", None)):
        for row in rows(folder, name):
            key = (
                row["account"],
                row["bank_reference"],
                row["end_to_end_id"],
                row["booking_date"],
                row["payment_amount"],
            )
            amounts[key] = Decimal(row["payment_amount"])
            explained[key] += Decimal(row[column] if column else row["payment_amount"])
    assert dict(explained) == amounts


def test_a_night_allocates_what_is_certain_and_hands_over_the_rest(company):
    result = sync(company)
    assert result.exit_code == 0, result.output
    assert [
        (row["bank_reference"], row["item_id"], row["allocated_amount"]) for row in rows(company, "allocations")
    ] == [("B1", "I1", "100.00")]
    assert [(row["bank_reference"], row["unallocated_amount"]) for row in rows(company, "exceptions")] == [
        ("B2", "60.00")
    ]
    assert [(row["bank_reference"], row["reason"]) for row in rows(company, "ignored")] == [("B3", "bank_fee")]
    assert [(row["item_id"], row["open_amount"], row["status"]) for row in rows(company, "item_status")] == [
        ("I1", "0.00", "paid"),
        ("I2", "250.00", "open"),
        ("I3", "75.50", "open"),
    ]
    assert_every_payment_is_accounted_for(company)


def test_a_second_run_on_the_same_input_writes_the_same_bytes(company):
    sync(company)
    first = outbox_bytes(company)
    again = sync(company, "--as-of", "2026-03-09")
    assert again.exit_code == 0, again.output
    assert "nothing has changed" in again.output
    assert outbox_bytes(company) == first


def test_the_same_statement_under_another_name_brings_no_payment_twice(company):
    sync(company)
    first = outbox_bytes(company)
    (company / "statements" / "again.sta").write_text(STATEMENT.replace("\n", "\r\n"))
    assert sync(company).exit_code == 0
    assert outbox_bytes(company) == first


def test_two_genuine_twins_are_two_payments(company):
    twin = ":61:2603020302C60,00NTRFNONREF\n:86:greetings from a stranger\n"
    text = STATEMENT.replace(":61:2603020302D3", twin + twin + ":61:2603020302D3").replace("1156,50", "1276,50")
    (company / "statements" / "first.sta").write_text(text)
    sync(company)
    assert [row["unallocated_amount"] for row in rows(company, "exceptions")] == ["60.00"] * 3


CAMT_ENTRY = """<Ntry><NtryRef>{ref}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>
<Sts>{status}</Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt>{bank_reference}
<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def camt(kind: str, *entries: str, balances: bool = True) -> str:
    outer, inner = {"052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt")}[kind]
    closing = """<Bal><Tp><CdOrPrtry><Cd>{0}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{1}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>"""
    books = closing.format("OPBD", "1000.00") + closing.format("CLBD", "1156.50") if balances else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.02"><{outer}><GrpHdr><MsgId>M</MsgId></GrpHdr><{inner}>
<Id>S1</Id><Acct><Id><IBAN>NL20INGB0001234567</IBAN></Id><Ccy>EUR</Ccy></Acct>{books}{"".join(entries)}
</{inner}></{outer}></Document>"""


def camt_entry(amount: str, sign: str, text: str, *, reference: str = "", status: str = "BOOK", name: str = "") -> str:
    bank_reference = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return CAMT_ENTRY.format(
        ref="1", amount=amount, sign=sign, text=text, bank_reference=bank_reference, status=status, name=name
    )


DAY_IN_CAMT = (
    camt_entry("100.00", "CRDT", "RE-2026-0101", name="Bakker Bouw B.V."),
    camt_entry("60.00", "CRDT", "greetings", name="A stranger"),
    camt_entry("3.50", "DBIT", "bank charges"),
)


def amounts_told(folder: Path) -> list[str]:
    told = [row["payment_amount"] for name in ("allocations", "exceptions", "ignored") for row in rows(folder, name)]
    return sorted(told)


def test_the_same_day_as_mt940_and_then_as_camt_is_one_day(company):
    sync(company)
    (company / "statements" / "same-day.xml").write_text(camt("053", *DAY_IN_CAMT))
    result = sync(company)
    assert result.exit_code == 0, result.output
    assert amounts_told(company) == ["-3.50", "100.00", "60.00"]


def test_both_formats_of_one_day_at_once_are_one_day(company):
    (company / "statements" / "same-day.xml").write_text(camt("053", *DAY_IN_CAMT))
    sync(company)
    assert amounts_told(company) == ["-3.50", "100.00", "60.00"]


def test_a_report_of_the_day_and_then_the_statement_are_one_booking(company):
    (company / "statements" / "first.sta").unlink()
    (company / "statements" / "a-report.xml").write_text(camt("052", DAY_IN_CAMT[0], balances=False))
    sync(company)
    assert amounts_told(company) == ["100.00"]
    (company / "statements" / "b-statement.xml").write_text(camt("053", *DAY_IN_CAMT))
    sync(company)
    assert amounts_told(company) == ["-3.50", "100.00", "60.00"]


def test_what_was_announced_becomes_a_payment_when_it_is_booked(company):
    (company / "statements" / "first.sta").unlink()
    announced = camt_entry("100.00", "CRDT", "RE-2026-0101", status="PDNG", name="Bakker Bouw B.V.", reference="REF77")
    (company / "statements" / "a-report.xml").write_text(camt("052", announced, balances=False))
    sync(company)
    assert [(row["kind"], row["unallocated_amount"]) for row in rows(company, "exceptions")] == [("pending", "100.00")]
    assert rows(company, "allocations") == []
    booked = announced.replace("PDNG", "BOOK")
    (company / "statements" / "b-statement.xml").write_text(camt("053", booked, balances=False))
    sync(company)
    assert amounts_told(company) == ["100.00"]
    assert [row["item_id"] for row in rows(company, "allocations")] == ["I1"]


def test_what_the_erp_has_booked_meanwhile_is_not_taken_off_twice(company):
    sync(company)
    (company / "inbox" / "open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS[1:]]) + "\n")
    result = sync(company)
    assert result.exit_code == 0, result.output
    assert [row["item_id"] for row in rows(company, "allocations")] == ["I1"]
    assert {row["item_id"]: row["status"] for row in rows(company, "item_status")}["I2"] == "open"


BAD_ITEM = "I9,RE-2026-0109,invoice,C1,EUR,2026-02-09,2026-13-09,10.00,10.00,,,,"


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda c: (c / "inbox/open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS, BAD_ITEM])), 1, "due_date"),
        (lambda c: (c / "inbox/open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS, ITEMS[0]])), 1, "I1"),
        (
            lambda c: (c / "inbox/open_items.csv").write_text(
                "\n".join([ITEM_COLUMNS, *ITEMS, BAD_ITEM.replace("13-09", "12-09").replace("EUR", "EEK9")])
            ),
            1,
            "EEK9",
        ),
        (
            lambda c: (c / "inbox/open_items.csv").write_text(
                "\n".join([ITEM_COLUMNS, *ITEMS, BAD_ITEM.replace("13-09", "12-09").replace("10.00", "-10.00")])
            ),
            1,
            "credit_note",
        ),
        (lambda c: (c / "inbox/open_items.csv").write_text("item_id,number\n1,2\n"), 2, "kind"),
        (lambda c: (c / "inbox/open_items.csv").unlink(), 2, "open_items.csv"),
        (lambda c: (c / "statements/letter.txt").write_text("Dear customer, it is ready."), 1, "letter.txt"),
        (lambda c: (c / "statements/cut.sta").write_text(STATEMENT.split("C100")[0]), 1, "cut.sta"),
    ],
    ids=[
        "bad-date", "duplicate-item", "unknown-currency", "negative-invoice", "missing-columns", "missing-file",
        "no-statement", "cut-statement",
    ],
)  # fmt: skip
def test_bad_input_is_said_by_name_and_loses_nothing_else(company, spoil, code, words):
    spoil(company)
    result = sync(company)
    assert result.exit_code == code, result.output
    assert words in result.stderr
    if code == 1:
        assert "I1" in {row["item_id"] for row in rows(company, "allocations")}
        assert_every_payment_is_accounted_for(company)


def test_a_row_that_cannot_be_read_today_is_not_taken_for_paid(company):
    sync(company)
    spoilt = ITEMS[1].replace("2026-03-02", "2026-33-02")
    (company / "inbox" / "open_items.csv").write_text("\n".join([ITEM_COLUMNS, ITEMS[0], spoilt, ITEMS[2]]) + "\n")
    assert sync(company).exit_code == 1
    status = {row["item_id"]: (row["open_amount"], row["status"]) for row in rows(company, "item_status")}
    assert status["I2"] == ("250.00", "open")


@pytest.mark.parametrize("missing", ["inbox", "statements"])
def test_a_missing_folder_is_an_unusable_argument(company, missing):
    result = sync(company, **{missing: company / "nowhere"})
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


def test_empty_statements_are_no_trouble(company):
    (company / "statements" / "first.sta").unlink()
    result = sync(company)
    assert result.exit_code == 0, result.output
    assert rows(company, "allocations") == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    result = sync(folder, "--as-of", "2026-11-19", inbox=DEMO / "inbox", statements=DEMO / "statements")
    assert result.exit_code == 0, result.output
    return folder


def test_the_demo_company_twice_gives_the_same_outbox(demo):
    first = outbox_bytes(demo)
    assert sync(demo, "--as-of", "2026-11-19", inbox=DEMO / "inbox", statements=DEMO / "statements").exit_code == 0
    assert outbox_bytes(demo) == first


def test_every_entry_of_the_demo_statements_is_in_exactly_one_place(demo):
    assert_every_payment_is_accounted_for(demo)
    booked: Counter = Counter()
    for path in sorted((DEMO / "statements").iterdir()):
        for statement in read_file(path).statements:
            for entry in statement.entries:
                booked[statement.header.account] += entry.amount
    told: Counter = Counter()
    for name in ("allocations", "exceptions", "ignored"):
        column = {"allocations": "allocated_amount", "exceptions": "unallocated_amount", "ignored": "payment_amount"}[
            name
        ]
        for row in rows(demo, name):
            told[row["account"]] += Decimal(row[column])
    assert told == booked


def test_suggestions_are_json_that_names_items_and_amounts(demo):
    suggested = [json.loads(row["suggestions"]) for row in rows(demo, "exceptions")]
    assert any(suggested)
    for suggestions in suggested:
        assert len(suggestions) <= 5
        for one in suggestions:
            assert set(one) == {"items", "confidence", "why"}
            assert all(set(item) == {"item_id", "amount"} for item in one["items"])

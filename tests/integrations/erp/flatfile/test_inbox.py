"""Reading the inbox: what is taken over, and how each kind of bad value is set aside."""

import tracemalloc
from datetime import date

import pytest

from integrations.erp.errors import SnapshotRefused, UnusableFile
from integrations.erp.flatfile.connector import FlatFileConnector
from integrations.erp.flatfile.read import read_customers, read_house_accounts, read_open_items, read_settled_items

HEADER = (
    "item_id,number,kind,customer_id,currency,issue_date,due_date,original_amount,open_amount,"
    "payment_reference,discount_date,discount_amount,disputed"
)
GOOD = "1,R-1,invoice,C1,EUR,2026-01-01,2026-01-31,119.00,119.00,RF18539007547034,2026-01-11,2.38,1"


def items_of(tmp_path, *lines, header=HEADER, newline="\n"):
    path = tmp_path / "open_items.csv"
    path.write_bytes(newline.join((header, *lines, "")).encode("utf-8", "surrogateescape"))
    pages = list(read_open_items(path))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return [row for page in pages for row in page.rows], [row for page in pages for row in page.quarantined]


def test_an_item_is_taken_over_whole(tmp_path):
    (item,), aside = items_of(tmp_path, GOOD)
    assert aside == []
    assert (item.item_id, item.number, item.kind, item.customer_id) == ("1", "R-1", "invoice", "C1")
    assert (item.currency, item.original_amount, item.open_amount) == ("EUR", 11900, 11900)
    assert (item.issued_on, item.due_on) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (item.discount_until, item.discount_amount, item.disputed) == (date(2026, 1, 11), 238, True)
    assert item.payment_reference == "RF18539007547034"


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        (",R-1,invoice,C1,EUR,2026-01-01,2026-01-31,1.00,1.00,,,,", "item_id", "empty"),
        ("1,,invoice,C1,EUR,2026-01-01,2026-01-31,1.00,1.00,,,,", "number", "empty"),
        ("1,R,bill,C1,EUR,2026-01-01,2026-01-31,1.00,1.00,,,,", "kind", "credit_note"),
        ("1,R,invoice,,EUR,2026-01-01,2026-01-31,1.00,1.00,,,,", "customer_id", "empty"),
        ("1,R,invoice,C1,EUX,2026-01-01,2026-01-31,1.00,1.00,,,,", "currency", "ISO 4217"),
        ("1,R,invoice,C1,EUR,2026-02-30,2026-01-31,1.00,1.00,,,,", "issue_date", "YYYY-MM-DD"),
        ("1,R,invoice,C1,EUR,20260101,2026-01-31,1.00,1.00,,,,", "issue_date", "YYYY-MM-DD"),
        ("1,R,invoice,C1,EUR,01/02/2026,2026-01-31,1.00,1.00,,,,", "issue_date", "YYYY-MM-DD"),
        ("1,R,invoice,C1,EUR,2026-01-01,,1.00,1.00,,,,", "due_date", "empty"),
        ('1,R,invoice,C1,EUR,2026-01-01,2026-01-31,"1,00",1.00,,,,', "original_amount", "-1234.50"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,1.00,1 .00,,,,", "open_amount", "-1234.50"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,NaN,NaN,,,,", "original_amount", "NaN"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,1e3,1e3,,,,", "original_amount", "1e3"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,1.001,1.00,,,,", "original_amount", "2 decimals"),
        ("1,R,invoice,C1,JPY,2026-01-01,2026-01-31,1.5,1,,,,", "original_amount", "0 decimals"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,-5.00,-5.00,,,,", "original_amount", "credit_note"),
        ("1,R,credit_note,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,,,", "original_amount", "minus sign"),
        ("1,R,on_account,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,,,", "original_amount", "minus sign"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,6.00,,,,", "open_amount", "more than its original"),
        ("1,R,credit_note,C1,EUR,2026-01-01,2026-01-31,-5.00,-6.00,,,,", "open_amount", "more than its original"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,-1.00,,,,", "open_amount", "on_account"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,2026-13-01,0.10,", "discount_date", "YYYY-MM-DD"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,2026-01-10,-0.10,", "discount_amount", "sign"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,2026-01-10,5.01,", "discount_amount", "exceed"),
        ("1,R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,5.00,,,,maybe", "disputed", "neither"),
    ],
)
def test_a_bad_value_sets_its_own_row_aside_and_names_the_place(tmp_path, line, column, says):
    rows, (aside,) = items_of(tmp_path, GOOD.replace("1,R-1", "0,R-0", 1), line, GOOD.replace("1,R-1", "9,R-9", 1))
    assert [row.item_id for row in rows] == ["0", "9"]
    assert aside.where == f"open_items.csv line 3 column {column}"
    assert says in aside.message


def test_the_second_row_with_one_id_is_set_aside(tmp_path):
    rows, (aside,) = items_of(tmp_path, GOOD, GOOD.replace("119.00,119.00", "50.00,50.00"))
    assert [row.open_amount for row in rows] == [11900]
    assert aside.where == "open_items.csv line 3 column item_id"
    assert aside.item_id == "1"


def test_credit_needs_no_due_date_and_money_on_account_no_number(tmp_path):
    rows, aside = items_of(
        tmp_path,
        "1,G-1,credit_note,C1,EUR,2026-01-05,,-20.00,-20.00,,,,",
        "2,,on_account,C1,EUR,2026-01-05,,-20.00,-5.00,,,,",
    )
    assert aside == []
    assert [(row.number, row.due_on) for row in rows] == [("G-1", date(2026, 1, 5)), ("2", date(2026, 1, 5))]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
def test_line_ends_and_a_bom_make_no_difference(tmp_path, newline):
    rows, aside = items_of(tmp_path, GOOD, header="\ufeff" + HEADER, newline=newline)
    assert [row.item_id for row in rows] == ["1"]
    assert aside == []


def test_columns_may_stand_in_any_order_and_extra_ones_are_references_where_they_are_known(tmp_path):
    header = "colour,purchase_order," + HEADER + ",order_number"
    (item,), aside = items_of(tmp_path, "red,PO-77;PO-78," + GOOD + ",SO-5", header=header)
    assert aside == []
    assert item.other_references == ("PO-77", "PO-78", "SO-5")


@pytest.mark.parametrize(
    ("lines", "kept", "aside_lines"),
    [
        ([GOOD, GOOD + ",surplus", GOOD.replace("1,R", "3,R", 1)], ["1", "3"], ["line 3"]),
        ([GOOD, "2,R-2,invoice"], ["1"], ["line 3"]),
        (
            [GOOD, '2,"R-2,invoice,C1,EUR,2026-01-01,2026-01-31,1,1,,,,', GOOD.replace("1,R", "3,R", 1)],
            ["1", "3"],
            ["line 3"],
        ),
        (
            [GOOD, '2,"R"2,invoice,C1,EUR,2026-01-01,2026-01-31,1,1,,,,', GOOD.replace("1,R", "3,R", 1)],
            ["1", "3"],
            ["line 3"],
        ),
        ([GOOD, "2,R-\udcff,invoice,C1,EUR,2026-01-01,2026-01-31,1,1,,,,"], ["1"], ["line 3"]),
        ([GOOD, "", ",,,,,,,,,,,,", GOOD.replace("1,R", "3,R", 1)], ["1", "3"], []),
        ([GOOD, '2,"R\n2",invoice,C1,EUR,2026-01-01,2026-01-31,1,1,,,,', "bad"], ["1", "2"], ["line 5"]),
    ],
    ids=[
        "comma-too-many",
        "cut-short",
        "quote-never-closed",
        "quote-inside",
        "not-utf-8",
        "blank",
        "line-break-inside",
    ],
)
def test_a_row_out_of_shape_never_takes_its_neighbours_with_it(tmp_path, lines, kept, aside_lines):
    rows, aside = items_of(tmp_path, *lines)
    assert [row.item_id for row in rows] == kept
    assert [row.where.removeprefix("open_items.csv ") for row in aside] == aside_lines


def test_a_quote_that_never_closes_costs_one_row_of_thousands(tmp_path):
    lines = [GOOD.replace("1,R-1", f"{number},R-{number}", 1) for number in range(5000)]
    lines[10] = lines[10].replace("R-10,", '"R-10,')
    rows, aside = items_of(tmp_path, *lines)
    assert len(rows) == 4999
    assert [row.where for row in aside] == ["open_items.csv line 12"]


@pytest.mark.parametrize("column", HEADER.split(",")[:9])
def test_a_missing_required_column_names_file_and_column(tmp_path, column):
    with pytest.raises(UnusableFile) as caught:
        items_of(tmp_path, header=",".join(each for each in HEADER.split(",") if each != column))
    assert (caught.value.file, caught.value.column) == ("open_items.csv", column)
    assert column in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", HEADER.replace(",", ";"), HEADER + ",kind"], ids=["empty", "semicolons", "column-twice"]
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, content):
    (tmp_path / "open_items.csv").write_text(content)
    with pytest.raises(UnusableFile, match=r"open_items\.csv"):
        list(read_open_items(tmp_path / "open_items.csv"))


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(UnusableFile, match=r"customers\.csv"):
        list(read_customers(tmp_path / "customers.csv"))


def test_customers_keep_their_accounts_names_and_payers(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(
        "customer_id,name,ibans,country,parent_id,aliases,payer_ids\n"
        'C1,"Müller & Söhne, KG",de89 3704 0044 0532 0130 00;NL91ABNA0417164300,de,C0,Mueller KG;M&S,FACTOR1\n'
        "C2,Émile 🚲,,,,,\n"
        "C3,,,,,,\n"
        "C4,Germany Ltd,,Germany,,,\n"
    )
    (page,) = read_customers(path)
    first, second = page.rows
    assert first.name == "Müller & Söhne, KG"
    assert first.ibans == ("DE89370400440532013000", "NL91ABNA0417164300")
    assert (first.country, first.parent_id) == ("DE", "C0")
    assert (first.aliases, first.payer_ids) == (("Mueller KG", "M&S"), ("FACTOR1",))
    assert second.name == "Émile 🚲"
    assert [row.where for row in page.quarantined] == [
        "customers.csv line 4 column name",
        "customers.csv line 5 column country",
    ]


def test_settled_items_know_when_they_were_settled(tmp_path):
    path = tmp_path / "settled_items.csv"
    row = "{},R,invoice,C1,EUR,2026-01-01,2026-01-31,5.00,{},{}\n"
    path.write_text(
        "item_id,number,kind,customer_id,currency,issue_date,due_date,original_amount,open_amount,settled_on\n"
        + row.format("1", "0", "2026-02-01")
        + row.format("2", "", "")
        + row.format("3", "1.00", "2026-02-01")
    )
    (page,) = read_settled_items(path)
    assert [(each.item_id, each.open_amount, each.settled_on) for each in page.rows] == [
        ("1", 0, date(2026, 2, 1)),
        ("2", 0, None),
    ]
    assert [each.where for each in page.quarantined] == ["settled_items.csv line 4 column open_amount"]


def test_one_house_account_may_be_kept_in_two_currencies(tmp_path):
    path = tmp_path / "house_accounts.csv"
    path.write_text("account,currency,name\nDE89 3704,EUR,Main\nDE893704,USD,Dollars\nDE893704,USD,Again\n")
    (page,) = read_house_accounts(path)
    assert [(each.account, each.currency) for each in page.rows] == [("DE893704", "EUR"), ("DE893704", "USD")]
    assert len(page.quarantined) == 1


@pytest.mark.parametrize(
    ("manifest", "refused"),
    [
        ("file,rows\nopen_items.csv,2\n", False),
        ("file,rows\nopen_items.csv,3\n", True),
        ("file,rows,currency,open_amount\nopen_items.csv,2,EUR,238.00\n", False),
        ("file,rows,currency,open_amount\nopen_items.csv,2,EUR,238.01\n", True),
        ("file,rows\ncustomers.csv,7\n", False),
    ],
)
def test_a_snapshot_that_does_not_meet_its_control_totals_is_refused(tmp_path, manifest, refused):
    (tmp_path / "open_items.csv").write_text("\n".join((HEADER, GOOD, GOOD.replace("1,R-1", "2,R-2", 1), "")))
    (tmp_path / "manifest.csv").write_text(manifest)
    connector = FlatFileConnector(inbox=tmp_path, outbox_folder=tmp_path / "out")
    if refused:
        seen_last = []
        with pytest.raises(SnapshotRefused, match=r"manifest\.csv"):
            seen_last += [page.last for page in connector.pull_open_items(None)]
        assert True not in seen_last
    else:
        assert [page.last for page in connector.pull_open_items(None)] == [True]


def test_reading_needs_memory_for_a_page_and_the_ids_not_for_the_file(tmp_path):
    path = tmp_path / "open_items.csv"
    with path.open("w") as stream:
        stream.write(HEADER + "\n")
        for number in range(60_000):
            stream.write(GOOD.replace("1,R-1", f"{number},R-{number}", 1) + "\n")
    tracemalloc.start()
    count = sum(len(page.rows) for page in read_open_items(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 25_000_000

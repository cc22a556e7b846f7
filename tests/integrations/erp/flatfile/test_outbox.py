"""Writing the outbox: exact columns, stable order, nothing half written."""

import csv
import json
import os
import random
from dataclasses import replace
from datetime import date

import pytest

from integrations.erp.flatfile import outbox
from integrations.erp.flatfile.outbox import (
    ExceptionRow,
    IgnoredRow,
    ItemStatusRow,
    PaymentColumns,
    SuggestionRow,
    allocation_rows,
    write_outbox,
)
from tests.integrations.erp.postings import allocation, posting

PAYMENT = PaymentColumns(
    account="DE89370400440532013000",
    bank_reference="BR-1",
    end_to_end_id="",
    value_date=None,
    booking_date=date(2026, 11, 20),
    currency="EUR",
    payment_amount=-1250,
)


def table(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_files_have_the_columns_of_the_contract_in_its_order(tmp_path):
    write_outbox(tmp_path, [], [], [], [])
    heads = {path.name: path.read_text().strip() for path in tmp_path.glob("*.csv")}
    payment = "account,bank_reference,end_to_end_id,value_date,booking_date,currency,payment_amount"
    assert heads == {
        "allocations.csv": f"posting_id,{payment},item_id,number,customer_id,allocated_amount,discount_amount,"
        "write_off_amount,status,confidence,rule,explanation",
        "exceptions.csv": f"exception_id,{payment},unallocated_amount,kind,"
        "payer_name,payer_iban,remittance,suggestions",
        "ignored.csv": f"{payment},reason",
        "item_status.csv": "item_id,number,customer_id,open_amount,status",
    }


def test_a_posting_is_a_row_per_item_and_one_for_money_on_account(tmp_path):
    one = posting(
        allocations=(
            allocation("I1", 10000, discount=200),
            allocation("I2", -500),
            allocation("I3", 1000, write_off=3),
        ),
        on_account=77,
    )
    write_outbox(tmp_path, allocation_rows(one), [], [], [])
    rows = table(tmp_path / "allocations.csv")
    amounts = {
        row["item_id"]: (row["allocated_amount"], row["discount_amount"], row["write_off_amount"]) for row in rows
    }
    assert amounts == {
        "I1": ("100.00", "2.00", "0.00"),
        "I2": ("-5.00", "0.00", "0.00"),
        "I3": ("10.00", "0.00", "0.03"),
        "": ("0.77", "0.00", "0.00"),
    }
    assert {row["payment_amount"] for row in rows} == {"105.77"}
    assert {row["confidence"] for row in rows} == {"0.9999"}


@pytest.mark.parametrize(
    ("currency", "minor", "written"), [("JPY", 1200, "1200"), ("KWD", -5, "-0.005"), ("EUR", 5, "0.05")]
)
def test_amounts_carry_their_currencys_decimals(tmp_path, currency, minor, written):
    row = replace(PAYMENT, currency=currency, payment_amount=minor)
    write_outbox(tmp_path, [], [], [IgnoredRow(payment=row, reason="bank_fee")], [])
    assert table(tmp_path / "ignored.csv")[0]["payment_amount"] == written


def test_suggestions_are_the_best_five_as_json(tmp_path):
    suggestions = tuple(
        SuggestionRow(items=((f"I{n}", 100 + n),), confidence=0.9 - n / 10, why=f"Größe {n}") for n in range(7)
    )
    row = ExceptionRow(
        exception_id="EX-7K2M",
        payment=PAYMENT,
        unallocated_amount=-1250,
        kind="ambiguous",
        payer_name='Möbel "Ost"',
        payer_iban="DE1",
        remittance="line 1\nline 2",
        suggestions=suggestions,
    )
    write_outbox(tmp_path, [], [row], [], [])
    (read,) = table(tmp_path / "exceptions.csv")
    assert (read["payer_name"], read["remittance"]) == ('Möbel "Ost"', "line 1\nline 2")
    decoded = json.loads(read["suggestions"])
    assert len(decoded) == 5
    assert decoded[0] == {"items": [{"item_id": "I0", "amount": "1.00"}], "confidence": 0.9, "why": "Größe 0"}


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path):
    postings = [
        posting(key=f"K{n:015}", allocations=(allocation(f"I{n}", 100 * n), allocation("X", 5))) for n in range(1, 40)
    ]
    rows = [row for each in postings for row in allocation_rows(each)]
    statuses = [
        ItemStatusRow(item_id=f"I{n}", number="", customer_id="C", currency="EUR", open_amount=0, status="paid")
        for n in range(40)
    ]
    ignored = [IgnoredRow(payment=replace(PAYMENT, bank_reference=f"B{n}"), reason="interest") for n in range(9)]
    written = set()
    for seed in range(3):
        for each in (rows, statuses, ignored):
            random.Random(seed).shuffle(each)
        write_outbox(tmp_path, rows, [], ignored, statuses)
        written.add(tuple(path.read_bytes() for path in sorted(tmp_path.glob("*.csv"))))
    assert len(written) == 1


def test_a_crash_while_writing_leaves_the_old_files_and_no_rest(tmp_path, monkeypatch):
    write_outbox(tmp_path, allocation_rows(posting()), [], [], [])
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    syncs = iter([None, OSError("disk full")])

    def fsync(_handle):
        outcome = next(syncs)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="disk full"):
        write_outbox(tmp_path, [], [], [], [])
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_certainty_is_never_rounded_up(tmp_path):
    row = replace(allocation_rows(posting())[0], confidence=0.99999)
    assert outbox.allocation_lines([row])[0][-3] == "0.9999"

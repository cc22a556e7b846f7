"""The JSON of `lettrage read` is the published contract: the same keys in the same order, and the types it states."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.bank.render import decimal_text, file_as_json, file_as_object, file_as_rows
from matching.model.bank_statement import (
    Adjustment,
    BankStatement,
    Charge,
    FileFacts,
    Finding,
    Quarantined,
    ReferredDocument,
    StatementFile,
    StructuredReference,
)
from tests.integrations.bank.entries import DAY, entry, header

CONTRACT = Path(__file__).parents[3] / "docs/contracts/statements.md"


def published():
    """The example object of the contract."""
    return json.loads(re.findall(r"```\n(\{.*?\})\n```", CONTRACT.read_text("utf-8"), re.DOTALL)[0])


def full_file() -> StatementFile:
    """A file in which everything that the contract knows is there."""
    one = entry(
        "-20",
        text="INVOICE 1",
        structured_references=(StructuredReference(type="SCOR", reference="RF18539007547034"),),
        documents=(
            ReferredDocument(
                type="CINV",
                number="R-1",
                date=DAY,
                due_amount=Decimal(25),
                remitted_amount=Decimal(20),
                discount_amount=Decimal("0.5"),
                adjustments=(Adjustment(amount=Decimal(-5), reason="FREIGHT"),),
            ),
        ),
        charges=(Charge(amount=Decimal("-0.125"), currency="KWD", bearer="SHA"),),
        instructed_amount=Decimal(7),
        instructed_currency="JPY",
        exchange_rate=Decimal("1.0500"),
    )
    head = header(opening=Decimal(100), closing=Decimal(80), from_date=DAY, to_date=DAY, page=1, last_page=True)
    return StatementFile(
        name="umsatz.sta",
        sha256="0" * 64,
        facts=FileFacts(format="mt940", version=None, encoding="ascii", dialect="sparkasse", entries_in_file=2),
        statements=(BankStatement(header=head, integrity="balanced", entries=(one,)),),
        findings=(Finding(severity="info", code="oddity", where="line 3", message="odd"),),
        quarantined=(Quarantined(where="line 9", raw=":61:?", code="unreadable", message="no amount"),),
    )


def key_orders(value, path="file"):
    """Every object's keys in order, by where it stands; lists count by their first element."""
    if isinstance(value, dict):
        yield path, list(value)
        for key, inner in value.items():
            yield from key_orders(inner, f"{path}.{key}")
    elif isinstance(value, list) and value:
        yield from key_orders(value[0], f"{path}[]")


def test_the_keys_are_those_of_the_contract_in_its_order():
    assert dict(key_orders(file_as_object(full_file()))) == dict(key_orders(published()))


def test_it_is_one_line_of_json_with_text_unescaped():
    odd = replace(full_file(), name="Kontoauszug März\n2026\u2028.sta")
    line = file_as_json(odd)
    assert "\n" not in line
    assert "März" in line
    assert json.loads(line)["file"] == odd.name


def test_amounts_are_decimal_strings_with_the_decimals_of_their_currency():
    statement = file_as_object(full_file())["statements"][0]
    booked = statement["entries"][0]
    detail = booked["details"][0]
    assert (statement["opening"], statement["closing"], booked["amount"]) == ("100.00", "80.00", "-20.00")
    assert (detail["instructed_amount"], detail["exchange_rate"]) == ("7", "1.0500")
    assert detail["charges"] == [{"amount": "-0.125", "currency": "KWD", "bearer": "SHA"}]
    assert detail["documents"][0]["adjustments"] == [{"amount": "-5.00", "reason": "FREIGHT"}]


def test_dates_are_iso_and_what_is_absent_is_null():
    statement = file_as_object(full_file())["statements"][0]
    assert statement["from_date"] == "2026-03-02"
    assert statement["account_owner"] is None
    assert statement["entries"][0]["details"][0]["return_reason"] is None


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", "EUR", "0.00"),
        ("-0.00", "EUR", "0.00"),
        ("1234567890123456789012345678901234567890.12", "EUR", "1234567890123456789012345678901234567890.12"),
        ("1E+5", "EUR", "100000.00"),
        ("0.10", None, "0.10"),
        ("1200", "JPY", "1200"),
        ("1.5", "BHD", "1.500"),
        ("-.5", "EUR", "-0.50"),
    ],
)
def test_no_digit_is_lost_or_invented(amount, currency, text):
    assert decimal_text(Decimal(amount), currency) == text
    assert Decimal(text) == Decimal(amount)


def test_a_byte_that_no_encoding_explains_does_not_make_the_line_unwritable():
    odd = replace(full_file(), name="umsatz\udcff.sta")
    assert json.loads(file_as_json(odd).encode("utf-8"))["file"] == odd.name


def test_people_see_account_period_and_balances():
    shown = file_as_rows(full_file())
    (row,) = shown.rows
    assert (row.period, row.opening, row.entries, row.debits, row.closing) == (
        "2026-03-02",
        "100.00 EUR",
        "1",
        "-20.00 EUR",
        "80.00 EUR",
    )
    assert shown.findings == ("info: line 3: odd",)
    assert date.fromisoformat(row.period) == DAY

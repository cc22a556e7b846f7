"""One payment per entry, or one per detail of a batch; never a cent more or less than the bank booked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.services.payments import Unusable, payments_of
from matching.model.bank_statement import BankEntry, Charge, EntryDetail, ReferredDocument, StatementHeader

DAY = date(2026, 3, 2)


def detail(amount: str, **more) -> EntryDetail:
    plain = dict.fromkeys(EntryDetail.__dataclass_fields__)
    plain.update(
        amount=Decimal(amount), currency="EUR", remittance="", remittance_lines=(), structured_references=(),
        documents=(), charges=(),
    )  # fmt: skip
    return EntryDetail(**{**plain, **more})


def entry(amount: str, *details: EntryDetail, **more) -> BankEntry:
    plain = dict.fromkeys(BankEntry.__dataclass_fields__)
    plain.update(
        ordinal=1, booking_date=DAY, value_date=DAY, amount=Decimal(amount), currency="EUR", status="booked",
        reversal=False, bank_reference="B1", details=details or (detail(amount),), where="line 9",
    )  # fmt: skip
    return BankEntry(**{**plain, **more})


HEADER = StatementHeader(**{**dict.fromkeys(StatementHeader.__dataclass_fields__), "account": "NL1", "kind": "final"})


def amounts(one: BankEntry, currency: str | None = None) -> list[int] | str:
    made = payments_of("v1:k-1", one, HEADER, currency=currency)
    return made.message if isinstance(made, Unusable) else [payment.amount for payment in made]


@pytest.mark.parametrize(
    ("bank_entry", "expected"),
    [
        (entry("100.00"), [10000]),
        (entry("-12.50"), [-1250]),
        (entry("100.00", detail("60.00"), detail("40.00")), [6000, 4000]),
        (entry("20.00", detail("60.00"), detail("-40.00")), [6000, -4000]),
        (entry("100.00", detail("60.00"), detail("39.00")), [10000]),
        (entry("100.00", detail("60.00"), detail("40.00", currency="USD")), [10000]),
        (entry("100.00", detail("100.00"), detail("0.00")), [10000]),
    ],
    ids=[
        "single",
        "debit",
        "batch",
        "netted-batch",
        "batch-that-does-not-add-up",
        "batch-in-two-currencies",
        "detail-without-amount",
    ],
)
def test_entries_become_payments_that_add_up_to_them(bank_entry, expected):
    assert amounts(bank_entry) == expected


def test_a_batch_gives_numbered_payments_with_their_own_references():
    batch = entry("3.00", detail("1.00", bank_reference="T1"), detail("2.00", end_to_end_id="E2"))
    first, second = payments_of("v1:k-1", batch, HEADER, currency=None)
    assert (first.payment_id, first.bank_reference) == ("v1:k-1.1", "T1")
    assert (second.payment_id, second.bank_reference, second.end_to_end_id) == ("v1:k-1.2", "B1", "E2")


@pytest.mark.parametrize(
    ("bank_entry", "words"),
    [
        (entry("1.005"), "decimals"),
        (entry("1.00", currency=None), "no currency"),
        (entry("1.00", booking_date=None, value_date=None), "no date"),
        (entry("1.00", currency="XYZ"), "XYZ"),
    ],
    ids=["half-a-cent", "no-currency", "no-date", "unknown-currency"],
)
def test_money_that_cannot_be_taken_over_is_said_by_name(bank_entry, words):
    assert words in amounts(bank_entry)


def test_the_configured_currency_helps_where_the_bank_says_none():
    assert amounts(entry("1.00", detail("1.00", currency=None), currency=None), currency="EUR") == [100]


def test_what_the_payer_says_about_documents_and_charges_comes_along():
    document = ReferredDocument(
        type="CINV", number="R1", date=None, due_amount=None, remitted_amount=Decimal("98.00"),
        discount_amount=Decimal("2.00"), adjustments=(),
    )  # fmt: skip
    charge = Charge(amount=Decimal("-1.50"), currency="EUR", bearer="SHA")
    one = entry("98.00", detail("98.00", documents=(document,), charges=(charge,)))
    (payment,) = payments_of("v1:k-1", one, HEADER, currency=None)
    assert (payment.documents[0].number, payment.documents[0].remitted, payment.documents[0].discount) == (
        "R1",
        9800,
        200,
    )
    assert (payment.charges, payment.charge_bearer) == (150, "SHA")


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=6), st.integers(-5, 5))
def test_no_cent_is_lost_between_bank_and_matching(cents, off):
    total = Decimal(sum(cents) + off) / 100
    one = replace(entry("0"), amount=total, details=tuple(detail(str(Decimal(cent) / 100)) for cent in cents))
    made = payments_of("v1:k-1", one, HEADER, currency=None)
    assert sum(payment.amount for payment in made) == sum(cents) + off

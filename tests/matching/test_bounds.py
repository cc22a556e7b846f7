"""Absurd input is answered in bounded time, and never with an error.

The bounds are stated in CPU seconds with a wide margin: they tell a bounded search from an unbounded one.
"""

import time
from datetime import date, timedelta

import pytest

from matching.engine import match, match_batch
from matching.index import LedgerIndex
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment, PaymentReference, RemittanceDocument
from matching.model.policy import History, Policy

TODAY = date(2026, 9, 15)
ONE_PAYMENT_AT_MOST = 1.0
"""CPU seconds for any one payment, whatever it says and however large the ledger is."""


def item(place, customer="C1", amount=None, number=None, **more):
    amount = 10_000 + 37 * place if amount is None else amount
    return OpenItem(
        item_id=f"i{place:07d}",
        number=number or f"RE2026-{place:06d}",
        kind="invoice" if amount >= 0 else "credit_note",
        customer_id=customer,
        currency="EUR",
        issued_on=TODAY - timedelta(days=40),
        due_on=TODAY - timedelta(days=place % 50),
        original_amount=amount,
        open_amount=amount,
        **more,
    )


def paid(amount, text="", **more):
    return Payment(
        payment_id=more.pop("payment_id", "p1"),
        account="H1",
        currency=more.pop("currency", "EUR"),
        amount=amount,
        booked_on=TODAY,
        valued_on=None,
        remittance=text,
        **{"payer_name": "Müller GmbH", "payer_account": "DE89", **more},
    )


MUELLER = Customer(customer_id="C1", name="Müller GmbH", ibans=("DE89",))
FEW = tuple(item(place) for place in range(1, 30))
NUMBERS = " ".join(f"RE2026-{place:06d}" for place in range(1, 5_000))


def decide(payment, items=FEW, customers=(MUELLER,)):
    return match([payment], items, customers, History(), Policy(), TODAY).decisions[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01\x02\x1b[31m",
        "😀" * 200,
        "دفع الفاتورة ١٢٣٤٥ \u202e 54321-6202ER \u202c",
        "\ud800 half a character",
        "ﷺ" * 3_000,
        "0" * 65_536,
        "1234567890" * 6_000,
        "RE2026-" * 9_000,
        NUMBERS[:65_536],
        "1 2 3 4 5 6 7 8 9 0 " * 3_000,
        "1.234,56 " * 7_000,
        "RF" * 30_000,
        "A1" * 30_000,
        "/" * 65_536,
    ],
    ids=lambda text: ascii(text[:14]),
)
@pytest.mark.parametrize("amount", [0, -1, 10_037, 1, 10**15])
def test_absurd_texts(text, amount):
    started = time.process_time()
    decision = decide(paid(amount, text))
    assert time.process_time() - started < ONE_PAYMENT_AT_MOST
    assert decision.ignored or decision.allocations or decision.exception


def test_ten_thousand_lines_and_documents():
    lines = tuple(f"RE2026-{place:06d}" for place in range(10_000))
    documents = tuple(
        RemittanceDocument(type=None, number=line, remitted=1, discount=None, adjustment=None, adjustment_reason=None)
        for line in lines
    )
    references = tuple(PaymentReference(type="SCOR", reference=line) for line in lines)
    started = time.process_time()
    decision = decide(paid(10_000, remittance_lines=lines, documents=documents, references=references))
    assert time.process_time() - started < 2 * ONE_PAYMENT_AT_MOST
    assert decision.exception


@pytest.mark.parametrize("amount", [0, -500, -(10**18), 10**18, 10**30, -(10**30)])
def test_absurd_amounts_of_items_and_payments(amount):
    items = (*FEW, item(90, amount=amount, number="X-1"), item(91, amount=1 - amount))
    assert decide(paid(amount, "X-1"), items)
    assert decide(paid(10_037, "RE2026-000001"), items).allocations


def test_a_customer_with_fifty_thousand_open_items():
    items = tuple(item(place, amount=1_000 + place * 7 % 90_000) for place in range(50_000))
    index = LedgerIndex.build(items, (MUELLER,), History(), Policy())
    for text in ("RE2026-000777", "saldo", "777", "RE2026-0OO777, RE2026-000778"):
        payment = paid(items[777].open_amount, text)
        match_batch(index, [payment], TODAY)
        started = time.process_time()
        match_batch(index, [payment], TODAY)
        assert time.process_time() - started < ONE_PAYMENT_AT_MOST
    named = match_batch(index, [paid(items[777].open_amount, "RE2026-000777")], TODAY).decisions[0]
    assert [allocation.item_id for allocation in named.allocations] == ["i0000777"]


def test_ten_thousand_items_of_one_amount():
    customers = tuple(Customer(customer_id=f"C{place}", name=f"Firma {place}") for place in range(500))
    items = tuple(item(place, customer=f"C{place % 500}", amount=9_900) for place in range(10_000))
    index = LedgerIndex.build(items, customers, History(), Policy())
    for payment in (
        paid(9_900, "RE2026-000777"),
        paid(9_900, "saldo"),
        paid(9_900, "RE2026-000778 001", payer_name=""),
    ):
        started = time.process_time()
        match_batch(index, [payment], TODAY)
        assert time.process_time() - started < ONE_PAYMENT_AT_MOST


def test_parents_in_a_circle():
    customers = (
        Customer(customer_id="C1", name="Eins", parent_id="C2", ibans=("DE89",)),
        Customer(customer_id="C2", name="Zwei", parent_id="C3"),
        Customer(customer_id="C3", name="Drei", parent_id="C1"),
        Customer(customer_id="C4", name="Vier", parent_id="C4"),
        Customer(customer_id="C5", name="Fünf", parent_id="missing", payer_ids=("C5", "", "missing")),
    )
    decision = decide(paid(10_037, "RE2026-000001"), (item(1, customer="C3"),), customers)
    assert [allocation.item_id for allocation in decision.allocations] == ["i0000001"]


def test_five_thousand_members_of_one_group():
    customers = tuple(
        Customer(customer_id=f"C{place}", name=f"Filiale {place} AG", parent_id="C0" if place else "")
        for place in range(5_000)
    )
    items = tuple(item(place, customer=f"C{place % 5_000}") for place in range(10_000))
    index = LedgerIndex.build(items, customers, History(), Policy())
    started = time.process_time()
    match_batch(index, [paid(123_456, "saldo", payer_name="Filiale 0 AG", payer_account="")], TODAY)
    assert time.process_time() - started < ONE_PAYMENT_AT_MOST


def test_contradictory_references_are_not_posted():
    decision = decide(paid(10_037, "RE2026-000001 RE2026-000002 RE2026-000003"))
    assert decision.exception
    assert not decision.allocations


@pytest.mark.parametrize(
    ("items", "customers"),
    [((), ()), (FEW, ()), ((), (MUELLER,)), ((*FEW, *FEW), (MUELLER, MUELLER))],
    ids=["nothing", "no-customers", "no-items", "everything-twice"],
)
def test_ledgers_that_are_empty_or_double(items, customers):
    assert decide(paid(10_037, "RE2026-000001"), items, customers)


def test_an_item_delivered_twice_is_settled_by_its_smaller_open_amount():
    first, second = item(1), item(1, amount=5_000)
    decision = decide(paid(10_037, "RE2026-000001"), (first, second))
    assert sum(allocation.cash for allocation in decision.allocations) in {0, 5_000}


def test_a_payment_delivered_twice_is_decided_once():
    payment = paid(10_037, "RE2026-000001")
    result = match([payment, payment], FEW, (MUELLER,), History(), Policy(), TODAY)
    assert len(result.decisions) == 1
    assert result.decisions[0].allocations


def test_unknown_currencies_and_kinds_are_no_error():
    odd = item(50)
    odd = OpenItem(**{name: getattr(odd, name) for name in odd.__slots__} | {"currency": "XXX", "kind": "strange"})
    assert decide(paid(10_037, "RE2026-000050", currency="???"), (*FEW, odd)).exception

"""What goes to a person, of which kind, and what the person is told."""

from datetime import date

import pytest
from stdnum.iso7064 import mod_97_10

from matching.called import Called, called
from matching.engine import match
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment, PaymentReference
from matching.model.policy import History, Policy

DAY = date(2026, 9, 15)
CUSTOMERS = (Customer(customer_id="C1", name="Vos BV", ibans=("NL1",)), Customer(customer_id="C2", name="Berg AG"))


def item(number, amount, **more):
    return OpenItem(
        item_id=number,
        number=number,
        kind="invoice" if amount > 0 else "credit_note",
        customer_id="C1",
        currency=more.pop("currency", "EUR"),
        issued_on=date(2026, 8, 1),
        due_on=date(2026, 8, 31),
        original_amount=amount,
        open_amount=amount,
        **more,
    )


LEDGER = (
    item("RE2026-100001", 119_007),
    item("RE2026-100002", 310_015, currency="USD"),
    item("GS2026-200001", -10_000),
    item("GS2026-200002", -1_933),
    item("31002415", 250_000),
    item("9000123456", 77_701),
)


def decided(amount, text="", **more):
    parts = {"payer_name": "Vos BV", "payer_account": "NL1"} | more
    payment = Payment(
        payment_id="p",
        account="H",
        currency="EUR",
        amount=amount,
        booked_on=DAY,
        valued_on=None,
        remittance=text,
        **parts,
    )
    return match([payment], LEDGER, CUSTOMERS, History(), Policy(), DAY).decisions[0]


@pytest.mark.parametrize(
    ("amount", "text", "more", "kind"),
    [
        (109_007, "RE2026-100001", {}, "credit_note_unclear"),
        (50_000, "proforma 31002415", {}, "short_payment"),
        (50_000, "tlf 31002415", {}, "short_payment"),
        (260_000, "tilbud 31002415", {}, "over_payment"),
        (284_411, "RE2026-100002", {"instructed_amount": 310_015, "instructed_currency": "USD"}, "currency_mismatch"),
        (284_411, "", {"instructed_amount": 310_015, "instructed_currency": "USD"}, "currency_mismatch"),
        (845_577, "SETTLEMENT 9913371", {"payer_name": "Adyen N.V.", "payer_account": ""}, "bulk_without_remittance"),
    ],
    ids=[
        "round-credit",
        "quotation",
        "telephone",
        "more-than-quoted",
        "ordered-in-dollars",
        "dollars-unnamed",
        "cards",
    ],
)
def test_what_is_not_posted_is_of_a_kind(amount, text, more, kind):
    decision = decided(amount, text, **more)
    assert not decision.allocations
    assert decision.exception.kind == kind


def test_what_was_ordered_in_another_currency_is_told_with_both_amounts():
    ordered = {"instructed_amount": 310_015, "instructed_currency": "USD"}
    case = decided(284_411, "RE2026-100002", **ordered).exception
    assert "3100.15 USD" in case.why
    assert (case.suggestions[0].customer_id, case.suggestions[0].on_account) == ("C1", 284_411)
    assert "RE2026-100002" in case.suggestions[0].why
    other = {"instructed_amount": 310_014, "instructed_currency": "USD"}
    assert "3100" not in decided(284_411, "RE2026-100002", **other).exception.why


@pytest.mark.parametrize("text", ["RE2026-100001 GS2026-200001", "RE2026-100001 Gutschrift GS2026-200001 folgt"])
def test_a_credit_note_that_is_named_and_not_taken_stays_open(text):
    assert [one.item_id for one in decided(119_007, text).allocations] == ["RE2026-100001"]


def test_the_number_inside_a_reference_that_the_erp_has_not_kept():
    body = "9000123456"
    reference = "RF" + mod_97_10.calc_check_digits(body + "RF") + body
    given = PaymentReference(type="SCOR", reference=reference)
    assert [one.item_id for one in decided(77_701, references=(given,)).allocations] == [body]
    broken = PaymentReference(type="SCOR", reference=reference[:2] + "00" + body)
    stranger = {"payer_name": "", "payer_account": ""}
    assert not decided(77_701, references=(broken,), **stranger).allocations
    assert decided(77_701, references=(given,), **stranger).allocations


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("FAKTURA 4711", Called.DOCUMENT),
        ("PROFORMA FAKTURA 4711", Called.OTHERWISE),
        ("ORDER REF 4711", Called.OTHERWISE),
        ("DODACI LIST 4711", Called.OTHERWISE),
        ("DELIVERY NOTE NO. 4711", Called.OTHERWISE),
        ("CREDIT NOTE 4711", Called.DOCUMENT),
        ("PAYMENT ON ACCOUNT OF 4711", Called.DOCUMENT),
        ("ACCOUNT 4711", Called.OTHERWISE),
        ("HAPPY 4711", Called.STRANGELY),
        ("NR 4711", Called.BARE),
    ],
)
def test_what_the_words_in_front_call_a_number(text, how):
    assert called(text, text.index("4711")) is how


def test_an_order_number_is_called_so_and_a_stranger_is_named():
    ledger = (item("31002416", 12_345, other_references=("PO-778812",)),)
    payment = Payment(
        payment_id="p", account="H", currency="EUR", amount=12_345, booked_on=DAY, valued_on=None,
        payer_name="Somebody", remittance="your order PO-778812",
    )  # fmt: skip
    said = match([payment], ledger, CUSTOMERS, History(), Policy(), DAY).decisions[0].explanation
    assert "named by its order number as" in said
    assert "payer 'Somebody' is not known; Vos BV owes it" in said

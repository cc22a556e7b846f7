"""A return is linked to the one entry it undoes, and to none where two would do."""

from datetime import timedelta
from decimal import Decimal

import pytest

from integrations.bank.links import KeyedDetail, undo_link, undoes_something
from tests.integrations.bank.entries import DAY, entry


def payment(name, amount, *, days=0, **said):
    one = entry(amount, day=DAY + timedelta(days=days), **said)
    return KeyedDetail(
        payment_id=name, amount=Decimal(amount), booked_on=one.booking_date, entry=one, detail=one.details[0]
    )


def test_by_the_original_end_to_end_id_even_months_later():
    paid = payment("paid", "80", end_to_end_id="E-1")
    twin = payment("twin", "80", end_to_end_id="E-2")
    back = payment("back", "-80", days=200, original_end_to_end_id="E-1", return_reason="AC04")
    link = undo_link(back, [paid, twin])
    assert (link.undone, link.by) == ("paid", "original end-to-end id")


def test_an_id_that_came_twice_is_told_apart_by_amount():
    first, second = payment("a", "80", end_to_end_id="RENT"), payment("b", "90", end_to_end_id="RENT")
    back = payment("back", "-90", days=3, original_end_to_end_id="RENT")
    assert undo_link(back, [first, second]).undone == "b"
    assert undo_link(back, [second, payment("c", "90", end_to_end_id="RENT")]) is None


def test_another_id_is_another_payment():
    paid = payment("paid", "80", end_to_end_id="E-2", counterparty_account="NL91ABNA0417164300")
    back = payment("back", "-80", days=3, original_end_to_end_id="E-1", counterparty_account="NL91ABNA0417164300")
    assert undo_link(back, [paid]) is None


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({"mandate_id": "M-1"}, "mandate"),
        ({"counterparty_account": "NL91ABNA0417164300"}, "payer account"),
        ({"counterparty_name": "Acme Ltd."}, "payer name"),
    ],
)
def test_without_an_id_by_what_both_sides_share(said, by):
    paid, other = payment("paid", "80", **said), payment("other", "80", counterparty_name="Zeta")
    back = payment("back", "-80", days=5, reversal=True, **said)
    assert undo_link(back, [paid, other]).by == by
    assert undo_link(back, [paid, payment("again", "80", **said)]) is None


def test_the_banks_charge_on_top_does_not_hide_it():
    from matching.model.bank_statement import Charge

    paid = payment("paid", "80", counterparty_name="Acme")
    charge = (Charge(amount=Decimal("-3"), currency="EUR", bearer=None),)
    back = payment("back", "-83", days=5, counterparty_name="Acme", charges=charge)
    assert undo_link(back, [paid]).undone == "paid"


@pytest.mark.parametrize(
    ("amount", "days", "status"),
    [("-80", 0, "booked"), ("80", 9, "booked"), ("81", 0, "booked"), ("80", -90, "booked"), ("80", 0, "pending")],
    ids=["same direction", "later", "other amount", "long ago", "only announced"],
)
def test_what_cannot_be_undone_is_not_linked(amount, days, status):
    paid = payment("paid", amount, days=days, counterparty_name="Acme", status=status)
    assert undo_link(payment("back", "-80", days=5, counterparty_name="Acme"), [paid]) is None


def test_only_what_the_bank_marks_is_a_return():
    plain, marked = entry("-5"), entry("-5", return_reason="MD06")
    assert not undoes_something(plain, plain.details[0])
    assert undoes_something(marked, marked.details[0])
    reversed_entry = entry("-5", reversal=True)
    assert undoes_something(reversed_entry, reversed_entry.details[0])

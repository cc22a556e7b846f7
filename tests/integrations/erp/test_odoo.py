"""What is particular to Odoo, as live 17 and 18 servers showed it: VAT on discounts, returns, undecided money."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.erp.errors import ValidationFailed
from tests.integrations.erp.conformance.world import Interrupt, Killed, decide, push, settle
from tests.integrations.erp.conformance.worlds.odoo import Odoo17World, OdooWorld
from tests.integrations.erp.standins.odoo import DISCOUNT, OUTSTANDING, SUSPENSE, WRITE_OFF


@pytest.fixture(params=[Odoo17World, OdooWorld], ids=["17", "18"])
def odoo(request, tmp_path):
    world = request.param(tmp_path)
    yield world
    world.close()


def with_vat(world, computation="included"):
    """An invoice over 119.00 with 19.00 VAT and a discount of 2.38 until 30 November."""
    customer = world.add_customer("Acme")
    item = world.add_item("R-1", 11900, customer_id=customer, discount=(date(2026, 11, 30), 238))
    term = world.server.make("account.payment.term", early_discount=True, early_pay_discount_computation=computation)
    move = world.server.data["account.move"][world._line(item)["move_id"]]
    move.update(invoice_payment_term_id=term["id"], amount_tax=Decimal("19.00"))
    world.server.data["res.company"][1]["account_journal_early_pay_discount_loss_account_id"] = DISCOUNT
    return customer, item


def balance(world, account):
    lines = world.server.data["account.move.line"].values()
    states = world.server.data["account.move"]
    return sum(
        line["balance"]
        for line in lines
        if line["account_id"] == account and states[line["move_id"]]["state"] == "posted"
    )


def discounted(world, customer, item, **more):
    return decide(world, "DISC", settle(item, 11662, discount=238, customer_id=customer), **more)


def test_a_discount_that_carries_vat_is_booked_by_the_payment_wizard(odoo):
    customer, item = with_vat(odoo)
    posting = discounted(odoo, customer, item)
    first = push(odoo.connector(), posting)
    assert push(odoo.connector(), posting) == first
    assert (odoo.open_amount(item), odoo.cash_booked()) == (0, 11662)
    assert (balance(odoo, DISCOUNT), balance(odoo, WRITE_OFF)) == (Decimal("2.00"), Decimal("0.38"))
    assert balance(odoo, OUTSTANDING) == 0
    assert len(odoo.server.data["account.payment"]) == 1


def test_a_discount_without_vat_stands_in_the_bank_line(odoo):
    customer, item = with_vat(odoo, computation="mixed")
    push(odoo.connector(), discounted(odoo, customer, item))
    assert odoo.open_amount(item) == 0
    assert not odoo.server.data["account.payment"]


def test_a_discount_with_vat_that_odoo_would_not_grant_is_refused_before_anything_is_written(odoo):
    customer, item = with_vat(odoo)
    with pytest.raises(ValidationFailed, match="carries VAT"):
        push(odoo.connector(), discounted(odoo, customer, item, booked_on=date(2026, 12, 1)))
    assert odoo.cash_booked() == 0


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_discount_with_vat_stopped_at_any_call_converges_and_can_be_taken_back(tmp_path, moment):
    odoo = OdooWorld(tmp_path)
    at = 0
    while True:
        at += 1
        customer, item = with_vat(odoo)
        interrupt = Interrupt(at=at, moment=moment)
        posting = replace(discounted(odoo, customer, item), key=f"DISC{at:012}")
        before = odoo.cash_booked()
        try:
            push(odoo.connector(interrupt), posting)
        except Killed:
            push(odoo.connector(), posting)
        assert (odoo.open_amount(item), odoo.cash_booked() - before) == (0, 11662), f"stopped {moment} call {at}"
        odoo.connector().reverse(posting.key, "wrong", date(2026, 11, 21))
        assert (odoo.open_amount(item), odoo.cash_booked()) == (11900, before)
        assert (balance(odoo, DISCOUNT), balance(odoo, OUTSTANDING)) == (0, 0)
        if not interrupt.struck:
            break
    odoo.close()
    assert at > 10


def paid_and_returned(world, returned=10000):
    customer = world.add_customer("Acme")
    item = world.add_item("R-1", 10000, customer_id=customer)
    push(world.connector(), decide(world, "ORIG", settle(item, 10000, customer_id=customer)))
    back = decide(world, "BACK", settle(item, -returned, customer_id=customer, expected_open=0))
    return item, back


@pytest.mark.parametrize("returned", [10000, 4000], ids=["whole", "part"])
def test_money_that_came_back_opens_the_item_again(odoo, returned):
    item, back = paid_and_returned(odoo, returned)
    first = push(odoo.connector(), back)
    assert push(odoo.connector(), back) == first
    assert (odoo.open_amount(item), odoo.cash_booked()) == (returned, 10000 - returned)
    odoo.connector().reverse(back.key, "not returned", date(2026, 11, 21))
    assert (odoo.open_amount(item), odoo.cash_booked()) == (0, 10000)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_return_stopped_at_any_call_converges(tmp_path, moment):
    at = 0
    while True:
        at += 1
        world = OdooWorld(tmp_path)
        try:
            item, back = paid_and_returned(world, 4000)
            interrupt = Interrupt(at=at, moment=moment)
            try:
                push(world.connector(interrupt), back)
            except Killed:
                push(world.connector(), back)
            assert (world.open_amount(item), world.cash_booked()) == (4000, 6000), f"stopped {moment} call {at}"
        finally:
            world.close()
        if not interrupt.struck:
            break
    assert at > 10


def test_a_return_of_what_odoo_never_saw_paid_is_refused(odoo):
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    back = decide(odoo, "BACK", settle(item, -10000, customer_id=customer, expected_open=10000))
    with pytest.raises(ValidationFailed, match="nothing can be taken back"):
        push(odoo.connector(), back)
    assert odoo.cash_booked() == 0


def test_what_is_not_decided_yet_stands_on_suspense(odoo):
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    posting = replace(decide(odoo, "PART", settle(item, 10000, customer_id=customer)), amount=12000, unallocated=2000)
    push(odoo.connector(), posting)
    assert (odoo.open_amount(item), odoo.cash_booked()) == (0, 12000)
    assert balance(odoo, SUSPENSE) == -20


def test_an_item_in_another_currency_is_refused_before_anything_is_written(odoo):
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer, currency="USD")
    with pytest.raises(ValidationFailed, match="owed in USD"):
        push(odoo.connector(), decide(odoo, "FX", settle(item, 10000, customer_id=customer)))
    assert odoo.cash_booked() == 0

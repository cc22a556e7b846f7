"""Payments in other currencies, clocks that go back, matches that people take apart, and allocations of nothing."""

from dataclasses import replace
from datetime import date

import pytest

from tests.integrations.erp.conformance.test_pull import open_items, pulled
from tests.integrations.erp.conformance.test_push import DONE
from tests.integrations.erp.conformance.world import decide, push, settle


def offered(world, name, reason):
    """An optional method of the world, or a skip with the reason."""
    found = getattr(world, name, None)
    if found is None:
        pytest.skip(f"not applicable because {reason}")
    return found


@pytest.mark.parametrize("credit", [False, True], ids=["invoices", "with-credit-note"])
def test_a_payment_in_a_foreign_currency_settles_to_its_own_cent(world, can, credit):
    """Whatever the rate has done since the invoice: each item falls by what was decided, in the item's currency."""
    can("foreign_currency", "multi_invoice", "on_account", *(["credit_notes"] if credit else []))
    account = offered(world, "foreign_account", "this world has no bank account in another currency")("USD")
    customer = world.add_customer("Acme")
    whole, other = (world.add_item(f"F-{n}", 33333, customer_id=customer, currency="USD") for n in range(2))
    parts = [settle(whole, 33333, customer_id=customer), settle(other, 33333, customer_id=customer)]
    if world.connector().capabilities.partial:
        parts[1] = settle(other, 10001, customer_id=customer, expected_open=33333)
    if credit:
        note = world.add_item("G-1", -1234, customer_id=customer, kind="credit_note", currency="USD")
        parts.append(settle(note, -1234, customer_id=customer))
    posting = decide(world, "FX", *parts, on_account=501, customer_id=customer, currency="USD")
    posting = replace(posting, account=account)
    remote = push(world.connector(), posting)
    assert remote.state in DONE
    assert (remote.amount, remote.currency, remote.on_account) == (posting.amount, "USD", 501)
    now = world.connector().get_items([each.item_id for each in parts])
    if world.connector().capabilities.settled_detection == "delta":
        left = {key: item.open_amount for key, item in now.items()}
        assert left == {each.item_id: each.expected_open - each.cash for each in parts}
    assert push(world.connector(), posting) == remote
    if world.connector().capabilities.unallocate:
        world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
        now = world.connector().get_items([each.item_id for each in parts])
        assert {key: item.open_amount for key, item in now.items()} == {
            each.item_id: each.expected_open for each in parts
        }


def test_what_changes_in_the_hour_that_comes_twice_is_pulled(world):
    """Summer time ends: what was written at 2:50 is older than what is written at 2:05 afterwards."""
    set_clock_back = offered(world, "set_clock_back", "this ERP's marks are no local times")
    customer = world.add_customer("Acme")
    first = world.add_item("R-1", 1000, customer_id=customer)
    cursor = pulled(world.connector())[-1].cursor or None
    set_clock_back()
    second = world.add_item("R-2", 2000, customer_id=customer)
    world.pay_outside(first, 400)
    changed = open_items(world.connector(), cursor)
    assert changed[second].open_amount == 2000
    assert changed[first].open_amount == 600


def test_an_allocation_of_nothing_changes_nothing(world, can):
    can("multi_invoice")
    customer = world.add_customer("Acme")
    paid, named = (world.add_item(f"R-{n}", 5000, customer_id=customer) for n in range(2))
    nothing = settle(named, 0, customer_id=customer, expected_open=5000)
    posting = decide(world, "ZERO", nothing, settle(paid, 5000, customer_id=customer))
    remote = push(world.connector(), posting)
    assert remote.state in DONE
    assert {each.item_id: each.settled for each in remote.allocations if each.settled} == {paid: 5000}
    assert push(world.connector(), posting) == remote
    assert (world.open_amount(paid), world.open_amount(named), world.cash_booked()) == (0, 5000, 5000)


def test_a_posting_whose_match_was_taken_apart_by_hand_can_still_be_taken_back(world, can):
    can("unallocate", "multi_invoice", "partial")
    unmatch = offered(world, "unmatch_outside", "nobody can take a match apart in this ERP without the whole posting")
    customer = world.add_customer("Acme")
    first, second = (world.add_item(f"R-{n}", 5000, customer_id=customer) for n in range(2))
    parts = (
        settle(first, 5000, customer_id=customer),
        settle(second, 2000, customer_id=customer, expected_open=5000),
    )
    posting = decide(world, "APART", *parts)
    push(world.connector(), posting)
    unmatch(posting.key, first)
    assert world.open_amount(first) == 5000
    for _ in range(2):
        world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    assert (world.open_amount(first), world.open_amount(second), world.cash_booked()) == (5000, 5000, 0)

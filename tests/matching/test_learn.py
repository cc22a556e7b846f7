"""What people confirm is learned, once, and can be used, listed, revoked and replayed."""

from datetime import date

import pytest

from matching.engine import match
from matching.learn import ConfirmedClear, learn
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

DAY = date(2026, 9, 1)
CUSTOMERS = (Customer(customer_id="C1", name="Vos BV", ibans=("NL1",)), Customer(customer_id="C2", name="Berg AG"))


def _item(number, amount, customer="C1"):
    return OpenItem(
        item_id=number,
        number=number,
        kind="invoice",
        customer_id=customer,
        currency="EUR",
        issued_on=DAY,
        due_on=DAY,
        original_amount=amount,
        open_amount=amount,
    )


def _paid(amount, account="XX9", name="Treuhand Zug", text="", payment_id="p1"):
    return Payment(
        payment_id=payment_id,
        account="H",
        currency="EUR",
        amount=amount,
        booked_on=DAY,
        valued_on=None,
        payer_account=account,
        payer_name=name,
        remittance=text,
    )


def _clear(source, *items, day=DAY, **more):
    return ConfirmedClear(payment=_paid(100, **more), items=items, cleared_on=day, source=source)


def test_a_confirmed_stranger_is_known_next_time():
    ledger = [_item("RE-1001", 43_217), _item("RE-1002", 9_912, "C2")]
    before = match([_paid(43_217)], ledger, CUSTOMERS, History(), Policy(), DAY).decisions[0]
    assert before.exception.kind == "unknown_payer"

    facts = learn([_clear("d1", _item("RE-1000", 100))], CUSTOMERS)
    after = match([_paid(43_217)], ledger, CUSTOMERS, History(learned=facts), Policy(), DAY).decisions[0]
    assert [allocation.item_id for allocation in after.allocations] == ["RE-1001"]


def test_facts_name_their_source_and_count_confirmations():
    clears = [_clear("d1", _item("1", 100)), _clear("d2", _item("2", 100), day=date(2026, 9, 9))]
    account, name = learn(clears, CUSTOMERS)
    assert (account.kind, account.subject, account.customer_id) == ("payer_account", "XX9", "C1")
    assert (account.source, account.confirmations, account.learned_on) == ("d1", 2, date(2026, 9, 9))
    assert (name.kind, name.subject) == ("payer_name", "TREUHAND ZUG")


def test_replaying_in_any_order_gives_the_same():
    clears = [_clear("d1", _item("1", 100)), _clear("d2", _item("2", 100)), _clear("d3", _item("3", 100, "C2"))]
    assert learn(clears, CUSTOMERS) == learn(clears[::-1], CUSTOMERS) == learn([*clears, *clears], CUSTOMERS)


def test_an_account_confirmed_for_two_customers_no_longer_says_who_pays():
    facts = learn([_clear("d1", _item("1", 100)), _clear("d2", _item("2", 100, "C2"))], CUSTOMERS)
    ledger = [_item("RE-1001", 43_217)]
    decision = match([_paid(43_217)], ledger, CUSTOMERS, History(learned=facts), Policy(), DAY).decisions[0]
    assert not decision.allocations


@pytest.mark.parametrize(
    "clear",
    [
        _clear("d1", _item("1", 100), account="NL1", name="Vos"),
        _clear("d1"),
    ],
    ids=["known-already", "for-nobody"],
)
def test_nothing_is_learned_where_nothing_is_new_or_clear(clear):
    assert learn([clear], CUSTOMERS) == ()


def test_what_is_not_ours_is_ignored_unless_it_names_a_document():
    clear = ConfirmedClear(payment=_paid(100), items=(), cleared_on=DAY, source="d1", not_ours=True)
    history = History(learned=learn([clear], CUSTOMERS))
    ledger = [_item("RE-100001", 43_217)]
    ignored, named = match(
        [_paid(5_000), _paid(43_217, text="RE-100001", payment_id="p2")], ledger, CUSTOMERS, history, Policy(), DAY
    ).decisions
    assert ignored.ignored == "confirmed_not_ours"
    assert not named.ignored

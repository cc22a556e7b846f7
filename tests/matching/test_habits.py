"""A habit that people have confirmed often enough decides; one that is new, contradicted or revoked does not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from matching.engine import match
from matching.habits import ENOUGH, ENOUGH_CHOICES, Habits
from matching.learn import ConfirmedClear, learn
from matching.model.decision import Allocation
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

DAY = date(2026, 9, 1)
VOS = Customer(customer_id="C1", name="Vos BV", ibans=("NL1",))
BERG = Customer(customer_id="C2", name="Berg AG")


def item(key, amount, *, due=DAY, customer="C1", discount=0):
    return OpenItem(
        item_id=key,
        number=f"RE-{key}",
        kind="invoice",
        customer_id=customer,
        currency="EUR",
        issued_on=due - timedelta(days=20),
        due_on=due,
        original_amount=amount,
        open_amount=amount,
        discount_until=DAY - timedelta(days=5) if discount else None,
        discount_amount=discount,
    )


def paid(amount, text="", **more):
    parts = {"payer_name": "Vos BV", "payer_account": "NL1"} | more
    return Payment(
        payment_id="p1",
        account="H",
        currency="EUR",
        amount=amount,
        booked_on=DAY,
        valued_on=DAY,
        remittance=text,
        **parts,
    )


def clear(source, payment, items, *, others=(), discount=0, write_off=0, residual=0):
    allocations = tuple(
        Allocation(
            item_id=one.item_id,
            cash=one.open_amount - discount - write_off - residual,
            discount=discount,
            write_off=write_off,
            residual=residual,
        )
        for one in items
    )
    return ConfirmedClear(
        payment=payment,
        items=tuple(items),
        allocations=allocations,
        others=tuple(others),
        cleared_on=DAY,
        source=source,
    )


OLD, YOUNG = item("100001", 9_900, due=DAY - timedelta(days=30)), item("100002", 9_900)
LATER = item("100003", 9_900, due=DAY + timedelta(days=20))
FEE = item("100004", 100_000)
LATE = item("100005", 100_000, discount=2_000)

CASES = {
    "oldest-of-equals": (
        [clear("", paid(9_900), [OLD], others=[OLD, YOUNG])],
        clear("d9", paid(9_900), [YOUNG], others=[OLD, YOUNG]),
        paid(9_900),
        [OLD, YOUNG],
        {"100001": (9_900, 0, 0)},
    ),
    "everything-due": (
        [clear("", paid(19_800), [OLD, YOUNG], others=[OLD, YOUNG, LATER])],
        clear("d9", paid(19_800), [OLD, LATER], others=[OLD, YOUNG, LATER]),
        paid(19_800),
        [OLD, YOUNG, LATER],
        {"100001": (9_900, 0, 0), "100002": (9_900, 0, 0)},
    ),
    "always-less-a-fee": (
        [clear("", paid(99_500, "RE-100004"), [FEE], write_off=500)],
        clear("d9", paid(99_500, "RE-100004"), [FEE], residual=500),
        paid(99_500, "RE-100004"),
        [FEE],
        {"100004": (99_500, 0, 500)},
    ),
    "discount-a-week-late": (
        [clear("", paid(98_000, "RE-100005"), [LATE], discount=2_000)],
        clear("d9", paid(98_000, "RE-100005"), [LATE], residual=2_000),
        paid(98_000, "RE-100005"),
        [LATE],
        {"100005": (98_000, 2_000, 0)},
    ),
}


def _told(payment, ledger, facts):
    decision = match(
        [payment], ledger, (VOS, BERG), History(learned=tuple(facts)), Policy(grace_days=0), DAY
    ).decisions[0]
    return {one.item_id: (one.cash, one.discount, one.write_off) for one in decision.allocations}


@pytest.mark.parametrize("name", CASES)
def test_a_habit_counts_once_it_was_confirmed_often_enough_and_never_contradicted(name):
    (told,), against, payment, ledger, expected = CASES[name]
    often = ENOUGH_CHOICES if name == "oldest-of-equals" else ENOUGH
    confirmed = [replace(told, source=f"e{place}") for place in range(often)]

    enough = learn(confirmed, (VOS, BERG))
    assert _told(payment, ledger, enough) == expected
    assert _told(payment, ledger, learn(confirmed[1:], (VOS, BERG))) != expected
    assert _told(payment, ledger, learn([*confirmed, against], (VOS, BERG))) != expected
    assert _told(payment, ledger, ()) != expected
    assert learn(reversed(confirmed), (VOS, BERG)) == enough


def test_a_habit_is_the_customers_own():
    told = [replace(CASES["always-less-a-fee"][0][0], source=f"d{place}") for place in range(ENOUGH)]
    others = item("100009", 100_000, customer="C2")
    payment = paid(99_500, "RE-100009", payer_name="Berg AG", payer_account="")
    assert _told(payment, [others], learn(told, (VOS, BERG)))["100009"][2] == 0


def test_a_factor_confirmed_for_many_may_pay_for_another_by_full_number():
    customers = [Customer(customer_id=f"C{place}", name=f"Firma {place}") for place in range(1, 6)]
    factor = {"payer_name": "Factor Bank", "payer_account": "LU9"}
    told = [
        clear(f"d{place}", paid(100, f"RE-20000{place}", **factor), [item(f"20000{place}", 100, customer=f"C{place}")])
        for place in range(1, 4)
    ]
    ledger = [item("200005", 43_217, customer="C5")]

    def decided(facts):
        history = History(learned=tuple(facts))
        return match([paid(43_217, "RE-200005", **factor)], ledger, customers, history, Policy(), DAY).decisions[0]

    assert decided(learn(told, customers)).allocations
    assert not decided(learn(told[:1], customers)).allocations


def test_a_text_tells_the_payer_where_nothing_else_does_and_only_one_customer_writes_it():
    payment = paid(9_900, "MIETE HALLE NORD 09/2026", payer_name="", payer_account="")
    told = [clear(f"d{place}", payment, [OLD], others=[OLD]) for place in range(ENOUGH)]
    habits = Habits(learn(told, (VOS, BERG)))
    assert habits.payer_by_text("Miete Halle Nord 10/2026") == "C1"
    other = clear("d8", payment, [item("7", 9_900, customer="C2")])
    both = Habits(learn([*told, other, replace(other, source="d9")], (VOS, BERG)))
    assert both.payer_by_text("Miete Halle Nord 10/2026") == ""


@pytest.mark.parametrize(("times", "posted"), [(1, False), (2, True)], ids=["once", "twice"])
@pytest.mark.parametrize("account", ["NL1", ""], ids=["by-account", "by-name"])
def test_a_known_customer_that_people_cleared_for_another_may_pay_what_it_names(times, posted, account):
    """Vos pays Berg's invoices; the ERP knows its account and its name as Vos', and no group."""
    owed = [item(f"90{count}", 10_003 + count, customer="C2") for count in range(times)]
    clears = [
        clear(f"s{count}", paid(one.open_amount, one.number, payer_account=account), [one])
        for count, one in enumerate(owed)
    ]
    facts = learn(clears, (VOS, BERG))
    due = item("4711", 77_013, customer="C2")
    payment = paid(due.open_amount, f"Invoice {due.number}", payer_account=account)
    history = History(learned=facts)
    (decision,) = match([payment], [due], (VOS, BERG), history, Policy(), DAY).decisions
    assert [one.item_id for one in decision.allocations] == ([due.item_id] if posted else [])
    revoked = History(learned=tuple(fact for fact in facts if fact.customer_id != "C2"))
    (decision,) = match([payment], [due], (VOS, BERG), revoked, Policy(), DAY).decisions
    assert not decision.allocations

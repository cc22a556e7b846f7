"""What must hold whatever comes: for any ledger, any payments, any policy."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.matching.table import make_world
from matching import engine
from matching.engine import match, match_batch
from matching.index import LedgerIndex
from matching.model.open_item import Customer
from matching.plainly import plainly_named
from tests.matching.worlds import TODAY, worlds

LAWS = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _run(world, **changed):
    owners, ledger, history, policy, payments = world
    parts = {
        "payments": payments,
        "open_items": ledger,
        "customers": owners,
        "history": history,
        "policy": policy,
        "as_of": TODAY,
    }
    return match(**(parts | changed))


@given(worlds())
@LAWS
def test_no_cent_is_lost_or_invented(world):
    result = _run(world)
    amounts = {payment.payment_id: payment.amount for payment in world[4]}
    assert [decision.payment_id for decision in result.decisions] == sorted(amounts)
    for decision in result.decisions:
        if decision.ignored:
            assert not decision.allocations
            assert decision.exception is None
        else:
            left = decision.exception.unallocated if decision.exception else 0
            cash = sum(allocation.cash for allocation in decision.allocations)
            assert cash + decision.on_account + left == amounts[decision.payment_id]
            assert decision.exception is None or left != 0 or amounts[decision.payment_id] == 0


@given(worlds())
@LAWS
def test_no_item_is_settled_beyond_what_is_open(world):
    settled = Counter()
    for decision in _run(world).decisions:
        for allocation in decision.allocations:
            settled[allocation.item_id] += allocation.settled
    opens = {item.item_id: item.open_amount for item in world[1]}
    for item_id, amount in settled.items():
        assert 0 < amount / opens[item_id] <= 1


@given(worlds())
@LAWS
def test_what_stays_open_is_what_was_open_less_what_was_settled(world):
    opens = {item.item_id: item.open_amount for item in world[1]}
    allocations = [a for decision in _run(world).decisions for a in decision.allocations]
    settled = Counter()
    for allocation in allocations:
        settled[allocation.item_id] += allocation.settled
    for allocation in allocations:
        assert allocation.residual in {0, opens[allocation.item_id] - settled[allocation.item_id]} or (
            sum(a.item_id == allocation.item_id for a in allocations) > 1
        )


@given(worlds(), st.randoms(use_true_random=False))
@LAWS
def test_the_order_of_the_input_does_not_matter(world, chance):
    owners, ledger, _, _, payments = world
    shuffled = [list(rows) for rows in (owners, ledger, payments)]
    for rows in shuffled:
        chance.shuffle(rows)
    again = _run(world, customers=shuffled[0], open_items=shuffled[1], payments=shuffled[2])
    assert again == _run(world)


def _all_searched(monkeypatch, decide):
    """The decisions when every payment is searched, the plain ones too; and how many were plain."""
    plain = []

    def none_is_plain(reading, index):
        plain.append(plainly_named(reading, index) is not None)

    with monkeypatch.context() as patched:
        patched.setattr(engine, "plainly_named", none_is_plain)
        return decide(), sum(plain)


@given(worlds())
@settings(parent=LAWS, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_a_plain_payment_is_decided_as_if_it_had_been_searched(monkeypatch, world):
    assert _all_searched(monkeypatch, lambda: _run(world))[0] == _run(world)


@pytest.mark.parametrize("which", ["first", "second", "third"])
def test_plain_payments_of_the_benchmark_are_decided_as_if_they_had_been_searched(monkeypatch, which):
    made = make_world(which, "hard", 500, 1_250, 17)
    world = (made.customers, made.open_items, made.history, made.policy, made.payments)
    searched, plain = _all_searched(monkeypatch, lambda: _run(world))
    assert searched == _run(world)
    assert plain > 100


@given(worlds())
@LAWS
def test_twice_is_once(world):
    owners, ledger, history, policy, payments = world
    index = LedgerIndex.build(ledger, owners, history, policy)
    first = match_batch(index, payments, TODAY)
    assert match_batch(index, payments, TODAY) == first
    assert match_batch(index, (*payments, *payments), TODAY) == first


@given(worlds())
@LAWS
def test_a_stricter_policy_posts_a_subset(world):
    policy = world[3]

    def posted(threshold):
        result = _run(world, policy=replace(policy, post_from=threshold))
        return {(d.payment_id, d.allocations) for d in result.decisions if d.allocations}

    assert posted(10_001) == set()
    assert posted(9_990) <= posted(9_970) <= posted(9_950) <= posted(9_800)


@given(worlds())
@LAWS
def test_an_unrelated_item_never_changes_a_posting(world):
    """Another customer's item, with a number and an amount that nothing in the payments comes near."""
    owners, ledger, _, _, _ = world
    before = {d.payment_id: d.allocations for d in _run(world).decisions if d.allocations}
    if not ledger:
        return
    stranger = Customer(customer_id="Z1", name="Unrelated Zoo Supplies")
    item = replace(
        ledger[0],
        item_id="zz",
        number="ZZ-88888888",
        customer_id="Z1",
        open_amount=777_777_77,
        original_amount=777_777_77,
    )
    after = {
        d.payment_id: d.allocations
        for d in _run(world, customers=(*owners, stranger), open_items=(*ledger, item)).decisions
        if d.allocations
    }
    assert after == before


@given(worlds())
@LAWS
def test_suggestions_could_be_posted_as_they_stand(world):
    opens = {item.item_id: item.open_amount for item in world[1]}
    amounts = {payment.payment_id: payment.amount for payment in world[4]}
    for decision in _run(world).decisions:
        case = decision.exception
        if case is None:
            continue
        assert case.why
        assert len(case.suggestions) <= 5
        for suggestion in case.suggestions:
            assert suggestion.why
            assert 0 <= suggestion.confidence <= 1
            cash = sum(allocation.cash for allocation in suggestion.allocations)
            assert cash + suggestion.on_account == (
                case.unallocated if not decision.allocations else suggestion.on_account
            )
            assert abs(cash) <= abs(amounts[decision.payment_id]) or cash == amounts[decision.payment_id]
            for allocation in suggestion.allocations:
                assert abs(allocation.settled) <= abs(opens[allocation.item_id])


@given(worlds())
@LAWS
def test_customers_money_is_never_ignored(world):
    known = {iban for customer in world[0] for iban in customer.ibans}
    came = {payment.payment_id: payment for payment in world[4]}
    for decision in _run(world).decisions:
        payment = came[decision.payment_id]
        if decision.ignored and payment.amount > 0:
            assert payment.payer_account not in known

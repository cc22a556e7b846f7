"""Writing to an ERP: every payment once, to the cent, whatever happens in between."""

import contextlib
import threading
from dataclasses import replace
from datetime import date

import pytest

from integrations.erp.errors import (
    AlreadyExists,
    AmbiguousOutcome,
    Conflict,
    ErpError,
    LockedPeriod,
    ProtocolError,
    StaleItem,
    Transient,
    UnknownPosting,
    Unsupported,
    ValidationFailed,
)
from integrations.erp.protocol import Note, NoteTarget
from tests.integrations.erp.conformance.world import Interrupt, Killed, decide, push, settle

DONE = {"posted", "submitted"}


def two_items(world, can=None):
    """An invoice over 100.00 and one over 50.00 of one customer."""
    customer = world.add_customer("Acme")
    return (
        customer,
        world.add_item("R-1", 10000, customer_id=customer),
        world.add_item("R-2", 5000, customer_id=customer),
    )


def payment_for_both(world, can, key="BOTH"):
    """A payment that settles one item whole, one in part, and leaves a rest on account, as far as the ERP can."""
    capabilities = world.connector().capabilities
    customer, first, second = two_items(world)
    allocations = [settle(first, 10000, customer_id=customer, number="R-1")]
    if capabilities.multi_invoice and capabilities.partial:
        allocations.append(settle(second, 2000, customer_id=customer, number="R-2", expected_open=5000))
    on_account = 700 if capabilities.on_account and capabilities.multi_invoice else 0
    return decide(world, key, *allocations, on_account=on_account, customer_id=customer), first, second


def planned(connector, posting):
    """The plan, or why there is none."""
    try:
        return connector.plan(posting)
    except Unsupported as refusal:
        return refusal


def assert_booked_once(world, posting):
    """The books show this posting and nothing else: each item fell by what was decided, the bank rose by the amount."""
    assert world.cash_booked() == posting.amount
    for each in posting.allocations:
        assert world.open_amount(each.item_id) == each.expected_open - each.cash - each.discount - each.write_off
    found = world.connector().find(posting.key)
    assert found is not None
    assert found.state in DONE
    assert found.amount == posting.amount
    assert found.on_account == posting.on_account
    settled = {each.item_id: each.settled for each in found.allocations}
    assert settled == {each.item_id: each.cash + each.discount + each.write_off for each in posting.allocations}


def test_the_same_posting_twice_has_one_effect(world, can):
    posting, *_ = payment_for_both(world, can)
    first = push(world.connector(), posting)
    again = push(world.connector(), posting)
    unaware = world.connector().apply(world.connector().plan(posting), None, lambda _step: None)
    assert first.state in DONE
    assert first == again == unaware
    assert_booked_once(world, posting)


def test_two_genuine_identical_payments_are_two_postings(world, can):
    customer = world.add_customer("Acme")
    first, second = (world.add_item(f"R-{n}", 1000, customer_id=customer) for n in range(2))
    for key, item in (("ONE", first), ("TWO", second)):
        push(world.connector(), decide(world, key, settle(item, 1000, customer_id=customer)))
    assert world.cash_booked() == 2000
    assert (world.open_amount(first), world.open_amount(second)) == (0, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("how", ["kill", "lost"])
def test_a_stop_at_any_call_converges(world, can, moment, how):
    """Each round is a fresh payment that is stopped one call later than the one before, then run again."""
    stride = world.stride if how == "kill" else max(world.stride, world.stride_lost)
    booked, at, rounds = 0, 1 - stride, 0
    while True:
        at += stride
        posting, *_ = payment_for_both(world, can, key=f"STOP{at}")
        interrupt = Interrupt(at=at, moment=moment, how=how)
        with contextlib.suppress(*((Killed,) if how == "kill" else (Transient, AmbiguousOutcome))):
            push(world.connector(interrupt), posting)
        if not interrupt.struck:
            booked += posting.amount
            break
        rounds += 1
        push(world.connector(), posting)
        booked += posting.amount
        assert world.cash_booked() == booked, f"stopped {moment} call {at}"
        for each in posting.allocations:
            assert world.open_amount(each.item_id) == each.expected_open - each.cash
    assert rounds >= 1
    assert world.cash_booked() == booked


def test_an_answer_that_cannot_be_read_is_not_taken_for_failure(world, can):
    stride = max(world.stride, world.stride_lost)
    booked, at = 0, 1 - stride
    while True:
        at += stride
        posting, *_ = payment_for_both(world, can, key=f"GARB{at}")
        interrupt = Interrupt(at=at, moment="after", how="garble")
        with contextlib.suppress(Transient, AmbiguousOutcome, ProtocolError):
            push(world.connector(interrupt), posting)
        booked += posting.amount
        push(world.connector(), posting)
        assert world.cash_booked() == booked
        if not interrupt.struck:
            break


def test_two_workers_with_one_posting_have_one_effect(world, can):
    posting, *_ = payment_for_both(world, can)
    outcomes = []

    def work():
        try:
            outcomes.append(push(world.connector(), posting))
        except ErpError as error:
            outcomes.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(outcomes) == 3
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_the_same_key_with_other_content_is_refused(world, can):
    posting, _, second = payment_for_both(world, can)
    push(world.connector(), posting)
    customer = posting.allocations[0].customer_id
    other = decide(world, "BOTH", settle(second, 3000, customer_id=customer, expected_open=world.open_amount(second)))
    with pytest.raises(AlreadyExists):
        push(world.connector(), other)
    assert_booked_once(world, posting)


@pytest.mark.parametrize("elsewhere", [10000, 3000], ids=["paid", "part-paid"])
def test_an_item_paid_between_decision_and_posting_is_refused(world, can, elsewhere):
    customer, first, _ = two_items(world)
    posting = decide(world, "STALE", settle(first, 10000, customer_id=customer))
    world.pay_outside(first, elsewhere)
    before = world.cash_booked()
    with pytest.raises(StaleItem) as caught:
        push(world.connector(), posting)
    assert caught.value.item_id == first
    assert caught.value.advice == "read_again"
    assert world.cash_booked() == before
    assert world.connector().find(posting.key) is None


def test_an_item_cancelled_between_decision_and_posting_is_refused(world, can):
    customer, first, _ = two_items(world)
    posting = decide(world, "GONE", settle(first, 10000, customer_id=customer))
    world.cancel_outside(first)
    with pytest.raises(StaleItem):
        push(world.connector(), posting)
    assert world.cash_booked() == 0
    assert world.connector().find(posting.key) is None


def test_a_locked_period_is_said_and_never_shifted(world, can):
    customer, first, _ = two_items(world)
    world.lock_until(date(2026, 10, 31))
    posting = decide(world, "LOCK", settle(first, 10000, customer_id=customer), booked_on=date(2026, 10, 20))
    with pytest.raises(LockedPeriod) as caught:
        push(world.connector(), posting)
    assert caught.value.on == date(2026, 10, 20)
    assert world.cash_booked() == 0
    assert world.open_amount(first) == 10000


def test_a_discount_settles_the_rest_of_the_item(world, can):
    can("discount")
    customer, first, _ = two_items(world)
    posting = decide(world, "DISC", settle(first, 9800, discount=200, customer_id=customer))
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_a_write_off_settles_the_rest_of_the_item(world, can):
    can("write_off")
    customer, first, _ = two_items(world)
    posting = decide(world, "WOFF", settle(first, 9997, write_off=3, customer_id=customer))
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_a_small_overpayment_is_written_off_the_other_way(world, can):
    can("write_off")
    customer, first, _ = two_items(world)
    posting = decide(world, "WOFF2", settle(first, 10002, write_off=-2, customer_id=customer))
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_an_overpayment_stays_on_account(world, can):
    can("on_account")
    customer, first, _ = two_items(world)
    posting = decide(world, "OVER", settle(first, 10000, customer_id=customer), on_account=2500, customer_id=customer)
    remote = push(world.connector(), posting)
    assert remote.on_account == 2500
    assert_booked_once(world, posting)


def test_money_without_an_item_goes_on_account(world, can):
    can("on_account")
    customer = world.add_customer("Acme")
    posting = decide(world, "PRE", on_account=12345, customer_id=customer)
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_money_that_waits_for_a_person_does_not_hold_up_what_is_decided(world, can):
    """The capability says what becomes of the rest: left out until it is decided, on suspense, or told as undecided."""
    customer, first, _ = two_items(world)
    posting = decide(world, "WAIT", settle(first, 10000, customer_id=customer))
    posting = replace(posting, amount=posting.amount + 45, unallocated=45)
    remote = push(world.connector(), posting)
    assert remote.state in DONE
    assert world.open_amount(first) == 0
    booked = 10000 if world.connector().capabilities.undecided == "left_out" else 10045
    assert world.cash_booked() == booked
    assert push(world.connector(), posting) == remote
    assert world.cash_booked() == booked


def test_a_short_payment_leaves_the_rest_open(world, can):
    can("partial")
    customer, first, _ = two_items(world)
    posting = decide(world, "PART", settle(first, 4000, customer_id=customer, expected_open=10000))
    push(world.connector(), posting)
    assert_booked_once(world, posting)
    second = decide(world, "REST", settle(first, 6000, customer_id=customer), bank_reference="BR-2")
    push(world.connector(), second)
    assert world.open_amount(first) == 0
    assert world.cash_booked() == 10000


def test_a_credit_note_is_netted(world, can):
    can("credit_notes", "multi_invoice")
    customer, first, _ = two_items(world)
    credit = world.add_item("G-1", -1500, customer_id=customer, kind="credit_note")
    posting = decide(
        world, "NET", settle(first, 10000, customer_id=customer), settle(credit, -1500, customer_id=customer)
    )
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_one_payer_settles_items_of_two_customers(world, can):
    can("cross_customer", "multi_invoice")
    first_customer, second_customer = world.add_customer("Acme"), world.add_customer("Acme Holding")
    first = world.add_item("R-1", 1000, customer_id=first_customer)
    second = world.add_item("R-2", 2000, customer_id=second_customer)
    posting = decide(
        world,
        "GROUP",
        settle(first, 1000, customer_id=first_customer),
        settle(second, 2000, customer_id=second_customer),
    )
    push(world.connector(), posting)
    assert_booked_once(world, posting)


def test_a_reversal_opens_the_items_again_and_twice_is_once(world, can):
    can("unallocate")
    posting, first, second = payment_for_both(world, can)
    push(world.connector(), posting)
    reversed_ = world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    assert reversed_.state == "reversed"
    again = world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    assert again.state == "reversed"
    assert (world.open_amount(first), world.open_amount(second)) == (10000, 5000)
    assert world.cash_booked() == 0


def test_after_a_reversal_the_old_key_is_spent_and_a_new_revision_posts(world, can):
    can("unallocate")
    posting, first, _ = payment_for_both(world, can)
    push(world.connector(), posting)
    world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    if world.connector().find(posting.key) is not None:
        with pytest.raises(Conflict):
            push(world.connector(), posting)
    customer = posting.allocations[0].customer_id
    new = decide(world, "AGAIN", settle(first, 10000, customer_id=customer), revision=2)
    push(world.connector(), new)
    assert_booked_once(world, new)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_reversal_stopped_at_any_call_converges(world, can, moment):
    can("unallocate")
    at = 1 - world.stride
    while True:
        at += world.stride
        posting, first, _ = payment_for_both(world, can, key=f"REV{at}")
        push(world.connector(), posting)
        interrupt = Interrupt(at=at, moment=moment, how="kill")
        with contextlib.suppress(Killed):
            world.connector(interrupt).reverse(posting.key, "wrong customer", date(2026, 11, 21))
        world.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
        assert world.open_amount(first) == 10000, f"stopped {moment} call {at}"
        assert world.cash_booked() == 0, f"stopped {moment} call {at}"
        if not interrupt.struck:
            break


def test_there_is_nothing_to_reverse_under_an_unknown_key(world, can):
    can("unallocate", "remembers_reversals")
    with pytest.raises(UnknownPosting):
        world.connector().reverse("NOSUCHKEYQQQQQQQ", "never was", date(2026, 11, 21))


def test_a_dry_run_writes_nothing_and_shows_every_amount(world, can):
    posting, first, _ = payment_for_both(world, can)
    interrupt = Interrupt()
    connector = world.connector(interrupt)
    calls = interrupt.calls
    plan = connector.plan(posting)
    assert plan == connector.plan(posting)
    assert interrupt.calls == calls
    assert plan.steps
    assert all(step.summary for step in plan.steps)
    assert world.cash_booked() == 0
    assert world.open_amount(first) == 10000
    assert connector.find(posting.key) is None


def test_what_the_erp_cannot_do_is_said_before_anything_is_sent(world, can):
    capabilities = world.connector().capabilities
    customer, first, _ = two_items(world)
    asks = {
        "discount": decide(world, "U1", settle(first, 9800, discount=200, customer_id=customer)),
        "write_off": decide(world, "U2", settle(first, 9997, write_off=3, customer_id=customer)),
        "on_account": decide(world, "U3", on_account=100, customer_id=customer),
    }
    refused = {name: posting for name, posting in asks.items() if not getattr(capabilities, name)}
    if not refused:
        pytest.skip("not applicable because the ERP can do all of it")
    interrupt = Interrupt()
    connector = world.connector(interrupt)
    for name, posting in refused.items():
        said = planned(connector, posting)
        if isinstance(said, Unsupported):
            assert said.capability == name
            continue
        assert said.route != "allocate", f"{name} is not declared, and nothing says that it is left out"
        assert said.degraded
    assert interrupt.calls == 0


def test_what_cannot_be_allocated_goes_down_the_ladder_in_sight(world, can):
    """Allocate, else on account, else advice, else note: the cash is booked whole and once, and the plan says how."""
    capabilities = world.connector().capabilities
    customer, first, second = two_items(world)
    credit = world.add_item("G-1", -1500, customer_id=customer, kind="credit_note")
    asks = [
        ("discount", settle(first, 9800, discount=200, customer_id=customer)),
        ("write_off", settle(second, 4998, write_off=2, customer_id=customer)),
        ("credit_notes", settle(credit, -1500, customer_id=customer)),
    ]
    other = world.add_item("R-3", 9000, customer_id=customer)
    booked = 0
    for number, (name, part) in enumerate(asks):
        parts = [part, settle(other, 9000, customer_id=customer)] if name == "credit_notes" else [part]
        posting = decide(world, f"LADDER{number}", *parts, bank_reference=f"BR-{number}")
        if getattr(capabilities, name):
            continue
        plan = planned(world.connector(), posting)
        if isinstance(plan, Unsupported):
            continue
        assert plan.route == "on_account"
        assert plan.degraded
        before = {each.item_id: world.open_amount(each.item_id) for each in parts}
        remote = push(world.connector(), posting)
        again = push(world.connector(), posting)
        booked += posting.amount
        assert remote == again
        assert (remote.amount, remote.on_account) == (posting.amount, posting.amount)
        assert all(sentence in remote.detail for sentence in plan.degraded)
        assert {each.item_id: world.open_amount(each.item_id) for each in parts} == before
        assert world.cash_booked() == booked
    if not booked:
        pytest.skip("not applicable because the ERP allocates all of it, or refuses what it cannot")


def test_what_does_not_add_up_never_leaves_the_house(world, can):
    customer, first, _ = two_items(world)
    posting = replace(decide(world, "SUM", settle(first, 10000, customer_id=customer)), amount=9999)
    with pytest.raises((AssertionError, ValidationFailed)):
        world.connector().plan(posting)


def test_a_note_is_updated_and_not_repeated(world, can):
    customer, first, _ = two_items(world)
    capabilities = world.connector().capabilities
    note = Note(key="EX-7K2M", summary="12.50 short", text="Paid 87.50 of 100.00; the customer names transport damage.")
    target = NoteTarget(item_id=first) if capabilities.notes_on_item else NoteTarget(customer_id=customer)
    if not (capabilities.notes_on_item or capabilities.notes_on_customer):
        with pytest.raises(Unsupported):
            world.connector().put_note(target, note)
        return
    created = world.connector().put_note(target, note)
    same = world.connector().put_note(target, note)
    changed = world.connector().put_note(target, replace(note, text="Settled with credit note G-1.", closed=True))
    assert created.created
    assert not same.created
    assert not changed.created
    assert created.native_id == same.native_id == changed.native_id

"""Nothing is sent that was not written down before, nothing twice, and nobody pushes beside another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.ledger.errors import LawBroken, LeaseHeld
from integrations.ledger.port import Ledger
from integrations.ledger.records import OutboxRow, PostingResult
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    connector,
    deliver,
    item,
    payment,
    person,
    post_all,
    posting_of,
    pull,
    push,
    rule,
    unexplained,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def planned(ledger: Ledger) -> Ledger:
    pull(ledger, item("1"), item("2", 5000))
    deliver(ledger, payment("p1"), payment("p2", 5000))
    ledger.record_decisions(ACME, [allocated("p1", ("1", 11900)), allocated("p2", ("2", 5000))], change=rule())
    post_all(ledger, approved=False)
    return ledger


def claim(ledger: Ledger, worker: str = "w1", minutes: int = 120, limit: int = 10) -> tuple[OutboxRow, ...]:
    return ledger.claim_postings(ACME, worker=worker, limit=limit, lease=MINUTE, change=connector(minutes))


def finish(ledger: Ledger, row: OutboxRow, state: str, worker: str = "w1", minutes: int = 120) -> OutboxRow:
    result = PostingResult(state=state)  # type: ignore[arg-type]
    return ledger.record_result(ACME, row.outbox_id, result, worker=worker, change=connector(minutes))


def states(ledger: Ledger) -> list[tuple[str, str]]:
    return [(one.action, one.state) for one in ledger.outbox(ACME)]


def test_nothing_is_sent_before_it_is_approved(planned: Ledger) -> None:
    assert claim(planned) == ()
    key = next(planned.outbox(ACME)).key
    assert planned.approve_postings(ACME, [key], change=person()) == 1
    assert [one.key for one in claim(planned)] == [key]
    assert list(planned.verify()) == []


def test_planning_again_changes_nothing_and_a_key_means_one_content(planned: Ledger) -> None:
    assert post_all(planned) == 0
    first = next(planned.outbox(ACME)).posting
    assert planned.plan_postings(ACME, [first], approved=True, change=rule()) == 0
    with pytest.raises(LawBroken, match="one key never stands for two effects"):
        planned.plan_postings(ACME, [replace(first, remittance="other")], approved=True, change=rule())
    with pytest.raises(LawBroken, match="does not say what decision 1 says"):
        planned.plan_postings(ACME, [replace(first, key="X" * 16, allocations=())], approved=True, change=rule())


def test_a_dead_workers_row_comes_back_to_be_looked_up(planned: Ledger) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    (first, _) = claim(planned)
    assert not first.must_find
    with pytest.raises(LeaseHeld, match=r"w1 is pushing for acme until 2026-11-21 02:01:00 UTC"):
        claim(planned, "w2", 120)
    again = claim(planned, "w2", 122)
    assert (again[0].key, again[0].must_find, again[0].attempts) == (first.key, True, 2)
    with pytest.raises(LeaseHeld):
        finish(planned, first, "confirmed", "w1", 122)
    with pytest.raises(LeaseHeld):
        planned.renew_lease(ACME, first.outbox_id, worker="w1", step="receipt", lease=MINUTE, change=connector(122))
    assert finish(planned, again[0], "confirmed", "w2", 122).state == "confirmed"


def test_a_step_is_on_record_before_its_write(planned: Ledger) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    first, _ = claim(planned)
    planned.renew_lease(ACME, first.outbox_id, worker="w1", step="receipt", lease=MINUTE, change=connector(121))
    planned.release_lease(ACME, worker="w1")
    assert {(one.state, one.must_find) for one in planned.outbox(ACME)} == {("ambiguous", True)}
    assert claim(planned, "w2")[0].step == "receipt"


@pytest.mark.parametrize(
    ("outcome", "then"),
    [("confirmed", "confirmed"), ("submitted", "submitted"), ("ambiguous", "ambiguous"), ("rejected", "rejected"),
     ("planned", "approved")],
)  # fmt: skip
def test_how_an_attempt_can_end(planned: Ledger, outcome: str, then: str) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    first, _ = claim(planned)
    assert finish(planned, first, outcome).state == then
    if then in ("confirmed", "rejected"):
        with pytest.raises(LawBroken, match="only while it is under way"):
            finish(planned, first, "confirmed")
    assert list(planned.verify()) == []


def reopen(ledger: Ledger, payment_id: str = "p1", amount: int = 11900) -> None:
    version = ledger.payment(ACME, payment_id).version
    ledger.decide(
        ACME, unexplained(payment_id, amount), expected_version=version, change=person(minutes=200, reason="wrong")
    )


def test_a_new_revision_waits_for_the_reversal_of_the_old(planned: Ledger) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    push(planned)
    reopen(planned)
    version = planned.payment(ACME, "p1").version
    again = planned.decide(ACME, allocated("p1", ("1", 11900)), expected_version=version, change=person())
    assert again.revision == 2
    post_all(planned)
    (reversal,) = claim(planned, minutes=210)
    assert (reversal.action, reversal.posting.revision) == ("reverse", 1)
    finish(planned, reversal, "confirmed", minutes=210)
    (second,) = claim(planned, minutes=210)
    assert (second.action, second.posting.revision) == ("post", 2)
    finish(planned, second, "confirmed", minutes=210)
    assert states(planned) == [
        ("post", "reversed"), ("post", "confirmed"), ("reverse", "confirmed"), ("post", "confirmed"),
    ]  # fmt: skip
    assert list(planned.verify()) == []


@pytest.mark.parametrize("outcome", ["planned", "rejected"])
def test_reopened_while_it_was_being_sent_and_nothing_came_of_it(planned: Ledger, outcome: str) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    first, _ = claim(planned)
    reopen(planned)
    assert states(planned)[-1] == ("reverse", "approved")
    finish(planned, first, outcome)
    assert states(planned)[0] == ("post", "reversed")
    assert states(planned)[-1] == ("reverse", "reversed")
    pull(planned, item("1", open_amount=11900), item("2", 5000))
    assert {one.item_id: one.open_amount for one in planned.open_items(ACME)} == {"1": 11900}
    assert list(planned.verify()) == []


def test_reopened_while_it_was_being_sent_and_it_arrived(planned: Ledger) -> None:
    planned.approve_postings(ACME, [one.key for one in planned.outbox(ACME)], change=person())
    first, second = claim(planned)
    reopen(planned)
    finish(planned, second, "confirmed")
    finish(planned, first, "confirmed")
    (reversal,) = claim(planned)
    assert (reversal.action, reversal.key) == ("reverse", first.key)
    finish(planned, reversal, "confirmed")
    assert list(planned.verify()) == []


def test_cases_follow_their_postings(ledger: Ledger) -> None:
    pull(ledger, item("1"))
    deliver(ledger, payment("p1"))
    ledger.record_decisions(ACME, [unexplained("p1")], change=rule())
    (case,) = ledger.exceptions(ACME)
    ledger.decide(ACME, allocated("p1", ("1", 11900)), expected_version=case.version, change=person())
    post_all(ledger)
    (row,) = claim(ledger)
    finish(ledger, row, "submitted")
    assert ledger.case(ACME, case.case_id).state == "sent"
    finish(ledger, row, "confirmed")
    assert ledger.case(ACME, case.case_id).state == "confirmed"


def test_posting_of_a_partly_explained_payment(ledger: Ledger) -> None:
    pull(ledger, item("1"))
    deliver(ledger, payment("p1", 20000))
    ledger.record_decisions(ACME, [unexplained("p1", 8100, ("1", 11900))], change=rule())
    (recorded,) = ledger.decisions_to_post(ACME)
    posting = posting_of(recorded, payment("p1", 20000))
    assert (posting.amount, posting.unallocated) == (20000, 8100)
    assert ledger.plan_postings(ACME, [posting], approved=True, change=rule()) == 1
    assert list(ledger.decisions_to_post(ACME)) == []
    assert list(ledger.verify()) == []

"""Decisions are added, never edited; cases follow them; whoever comes second is told how it stands."""

from dataclasses import replace

import pytest

from integrations.ledger.errors import ChangedMeanwhile, LawBroken, NotAllowed, NotFound
from integrations.ledger.port import Ledger
from matching.model.decision import Allocation, Decision
from matching.model.open_item import LearnedFact
from tests.integrations.ledger.story import (
    ACME,
    DAY,
    allocated,
    deliver,
    item,
    payment,
    person,
    pull,
    rule,
    set_aside,
    unexplained,
)


@pytest.fixture
def started(ledger: Ledger) -> Ledger:
    pull(ledger, item("1"), item("2", 5000), item("3", 20000))
    deliver(ledger, payment("p1"), payment("p2", 5000), payment("p3", -300))
    return ledger


def test_the_same_again_changes_nothing(started: Ledger) -> None:
    batch = [allocated("p1", ("1", 11900)), unexplained("p2", 5000), set_aside("p3")]
    assert started.record_decisions(ACME, batch, change=rule()).recorded == 3
    head = started.audit_head(ACME)
    again = started.record_decisions(ACME, batch, change=rule(5))
    assert (again.recorded, again.unchanged, again.refused) == (0, 3, ())
    assert started.audit_head(ACME) == head


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (allocated("p1", ("1", 11899)), "explains 118.99 EUR of 119.00 EUR"),
        (allocated("p1", ("2", 11900)), "has 50.00 EUR open now, 119.00 EUR is needed"),
        (allocated("p1", ("4", 11900)), "item 4 is not in this ledger"),
        (allocated("p1", ("1", 5900), ("1", 6000)), "item 1 is named twice"),
        (allocated("p1", ("3", 20000), on_account=-8100), "goes beyond its amount"),
        (allocated("nope", ("1", 1)), "no payment nope"),
        (Decision(payment_id="p1", rule="r"), "explains 0.00 EUR"),
    ],
    ids=["a-cent-short", "too-much", "unknown-item", "twice", "beyond", "unknown-payment", "nothing"],
)
def test_what_does_not_add_up_is_refused_in_words(started: Ledger, decision: Decision, why: str) -> None:
    taken = started.record_decisions(ACME, [decision, unexplained("p2", 5000)], change=rule())
    assert taken.recorded == 1
    assert why in taken.refused[0].why


def test_two_payments_of_one_batch_share_an_item(started: Ledger) -> None:
    deliver(started, payment("p7", 11900), payment("p8", 11900), name="b.sta")
    taken = started.record_decisions(
        ACME,
        [allocated("p7", ("3", 11900)), allocated("p8", ("3", 11900)), allocated("p1", ("3", 11900))],
        change=rule(),
    )
    assert taken.recorded == 1
    assert len(taken.refused) == 2
    assert "81.00 EUR open now" in taken.refused[0].why


def test_discount_and_write_off_settle_without_cash(started: Ledger) -> None:
    settled = Allocation(item_id="1", cash=11600, discount=238, write_off=62)
    taken = started.record_decisions(ACME, [allocated("p1", settled, on_account=300)], change=rule())
    assert taken.refused == ()
    assert "1" not in {one.item_id for one in started.open_items(ACME)}
    (row,) = started.allocations(ACME)
    assert (row.allocation, row.expected_open, row.by_person) == (settled, 11900, False)
    assert [one.amount for one in started.on_account(ACME)] == [300]
    assert "discount 2.38 EUR, written off 0.62 EUR" in started.history(ACME, "p1")[2]


def test_an_untouched_exception_is_matched_again_a_touched_one_is_not(started: Ledger) -> None:
    started.record_decisions(ACME, [unexplained("p1"), unexplained("p2", 5000)], change=rule())
    ids = {one.payment.payment_id: one.case_id for one in started.exceptions(ACME)}
    case = started.case(ACME, ids["p2"])
    started.propose(
        ACME,
        ids["p2"],
        allocated("p2", ("2", 5000)),
        resolution="allocate",
        needs_approval=False,
        expected_version=case.version,
        change=person(),
    )
    assert [one.payment_id for one in started.payments_to_match(ACME)] == ["p1", "p3"]
    taken = started.record_decisions(
        ACME, [allocated("p1", ("1", 11900)), allocated("p2", ("2", 5000))], change=rule(90)
    )
    assert taken.recorded == 1
    assert f"exception {ids['p2']} is proposed: a person is at it" in taken.refused[0].why
    assert started.case(ACME, ids["p1"]).state == "cleared"


def test_four_eyes(started: Ledger) -> None:
    started.record_decisions(ACME, [unexplained("p1")], change=rule())
    (case,) = started.exceptions(ACME)
    asked = started.propose(
        ACME,
        case.case_id,
        allocated("p1", ("1", 11900)),
        resolution="accept_suggestion",
        needs_approval=True,
        expected_version=case.version,
        change=person("anna", reason="telephone"),
    )
    assert [one.clearing for one in started.approvals(ACME)] == [asked]
    with pytest.raises(NotAllowed, match="a second person has to approve it"):
        started.give_verdict(ACME, asked.clearing_id, approves=True, change=person("Anna"))
    with pytest.raises(ChangedMeanwhile, match="is awaiting approval now"):
        started.propose(
            ACME,
            case.case_id,
            allocated("p1", ("1", 11900)),
            resolution="allocate",
            needs_approval=False,
            expected_version=case.version,
            change=person("carl"),
        )
    declined = started.give_verdict(ACME, asked.clearing_id, approves=False, change=person("bert", 61, reason="no"))
    assert (declined.state, started.case(ACME, case.case_id).state) == ("declined", "open")
    with pytest.raises(ChangedMeanwhile, match="declined already"):
        started.give_verdict(ACME, asked.clearing_id, approves=True, change=person("bert", 62))
    story = started.history(ACME, case.case_id)
    assert any("anna proposed to clear" in one and "telephone" in one for one in story)
    assert any("bert declined the proposal of anna: no." in one for one in story)


def test_a_decision_withdraws_what_was_only_proposed(started: Ledger) -> None:
    started.record_decisions(ACME, [unexplained("p1")], change=rule())
    (case,) = started.exceptions(ACME)
    asked = started.propose(
        ACME,
        case.case_id,
        allocated("p1", ("1", 11900)),
        resolution="allocate",
        needs_approval=True,
        expected_version=case.version,
        change=person(),
    )
    version = started.payment(ACME, "p1").version
    started.decide(ACME, allocated("p1", on_account=11900), expected_version=version, change=person("carl"))
    assert started.clearing(ACME, asked.clearing_id).state == "withdrawn"
    assert started.approvals(ACME) == []


def test_a_case_keeps_its_id_for_life(started: Ledger) -> None:
    started.record_decisions(ACME, [unexplained("p1")], change=rule())
    (case,) = started.exceptions(ACME)
    started.decide(ACME, allocated("p1", ("1", 11900)), expected_version=case.version, change=person())
    assert started.exceptions(ACME) == []
    version = started.payment(ACME, "p1").version
    started.decide(ACME, unexplained("p1"), expected_version=version, change=person(minutes=90, reason="wrong one"))
    (again,) = started.exceptions(ACME)
    assert (again.case_id, again.state) == (case.case_id, "reopened")
    assert list(started.payments_to_match(ACME)) == [payment("p2", 5000), payment("p3", -300)]
    assert started.count_exceptions(ACME) == {"reopened": 1}


def test_an_item_taken_meanwhile_is_told_to_the_second_clerk(started: Ledger) -> None:
    deliver(started, payment("p9", 11900), name="b.sta")
    started.record_decisions(ACME, [unexplained("p1"), unexplained("p9")], change=rule())
    seen = {one.payment.payment_id: one.version for one in started.exceptions(ACME)}
    started.decide(ACME, allocated("p1", ("1", 11900)), expected_version=seen["p1"], change=person())
    with pytest.raises(ChangedMeanwhile, match=r"item 1 \(R-1\) has 0.00 EUR open now, 119.00 EUR is needed"):
        started.decide(ACME, allocated("p9", ("1", 11900)), expected_version=seen["p9"], change=person("bert"))
    assert started.payment(ACME, "p9").state == "exception"


def test_a_unit_of_work_is_whole_or_nothing(started: Ledger) -> None:
    def two_things() -> None:
        with started.transaction(ACME) as tx:
            tx.record_decisions(ACME, [allocated("p2", ("2", 5000))], change=rule())
            assert tx.payment(ACME, "p2").state == "allocated"
            tx.decide(ACME, allocated("p1", ("1", 1)), expected_version=0, change=person())

    with pytest.raises(LawBroken):
        two_things()
    assert started.payment(ACME, "p2").state == "new"
    assert {one.open_amount for one in started.open_items(ACME)} == {11900, 5000, 20000}
    assert list(started.verify()) == []


def test_worklist_order_and_filters(started: Ledger) -> None:
    deliver(started, payment("p5", 100), payment("p6", 99900), name="b.sta")
    started.record_decisions(
        ACME, [unexplained("p1"), unexplained("p5", 100, kind="ambiguous"), unexplained("p6", 99900)], change=rule()
    )
    version = started.payment(ACME, "p5").version
    started.decide(ACME, allocated("p5", on_account=100), expected_version=version, change=person())
    started.decide(ACME, unexplained("p5", 100), expected_version=version + 2, change=person())

    def listed(**how: object) -> list[str]:
        return [one.payment.payment_id for one in started.exceptions(ACME, **how)]  # type: ignore[arg-type]

    assert listed() == ["p5", "p6", "p1"]
    assert listed(order="amount") == ["p6", "p1", "p5"]
    assert listed(order="payment", limit=1, offset=1) == ["p5"]
    assert listed(states=["reopened"]) == ["p5"]
    assert listed(kinds=["ambiguous"]) == []
    assert [one.payment.payment_id for one in started.all_open_exceptions(ACME)] == ["p1", "p5", "p6"]


def test_what_people_type_finds_the_payment(started: Ledger) -> None:
    started.record_decisions(ACME, [unexplained("p1")], change=rule())
    (case,) = started.exceptions(ACME)
    assert {started.find_payment(ACME, text) for text in ("p1", case.case_id.lower(), "REFp1")} == {"p1"}
    for text in ("p", "EX-0000", "", "%"):
        with pytest.raises(NotFound):
            started.find_payment(ACME, text)
    with pytest.raises(NotFound, match="no item either"):
        started.history(ACME, "nothing like it")


def test_facts_are_counted_and_taken_back(started: Ledger) -> None:
    fact = LearnedFact(
        kind="payer_name", subject="MUSTER", customer_id="C1", confirmations=1, learned_on=DAY, source="1"
    )
    assert started.learn(ACME, [fact, replace(fact, subject="OTHER")], change=person()) == 2
    assert started.learn(ACME, [fact], change=person()) == 0
    assert [one.confirmations for one in started.learned_facts(ACME)] == [2, 1]
    (on_file, _) = started.facts_on_file(ACME)
    started.revoke_fact(ACME, on_file.fact_id, change=person("bert", reason="wrong customer"))
    assert [one.subject for one in started.learned_facts(ACME)] == ["OTHER"]
    assert started.learn(ACME, [fact], change=person()) == 1
    with pytest.raises(NotFound):
        started.revoke_fact(ACME, on_file.fact_id, change=person())

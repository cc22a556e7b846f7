"""What the ERP says is open, and what is left of it after our own postings."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from integrations.ledger import intake_items
from integrations.ledger.port import Ledger
from integrations.ledger.records import PostingResult
from matching.model.open_item import Customer, HouseAccount, OpenItem
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    connector,
    customer,
    deliver,
    item,
    payment,
    person,
    post_all,
    pull,
    push,
    rule,
    unexplained,
)


def still_open(ledger: Ledger) -> dict[str, int]:
    return {one.item_id: one.open_amount for one in ledger.open_items(ACME)}


def test_an_item_comes_back_as_it_was_said(ledger: Ledger) -> None:
    said = OpenItem(
        item_id="ünï/1", number="R 1", kind="debit_note", customer_id="C 9", currency="KWD", issued_on=date(2026, 1, 2),
        due_on=date(2026, 2, 3), original_amount=9_007_199_254_740_993, open_amount=1, payment_reference="RF18 5390",
        discount_until=date(2026, 1, 9), discount_amount=3, disputed=True, other_references=("PO 1", "L-2"),
    )  # fmt: skip
    pull(ledger, said)
    assert list(ledger.open_items(ACME)) == [said]
    assert ledger.items(ACME, ["ünï/1", "nope"]) == {"ünï/1": said}
    assert ledger.find_items(ACME, "RF18") == [said]


def test_a_whole_ledger_is_read_as_its_items_one_by_one(ledger: Ledger) -> None:
    pull(ledger, *(item(str(number)) for number in range(6)), item("credit", -500))
    deliver(ledger, payment("1"), payment("2", 4000))
    ledger.record_decisions(ACME, [allocated("1", ("1", 11900)), allocated("2", ("2", 4000))], change=rule())
    pull(ledger, *(item(str(number)) for number in range(5)), item("credit", -500))
    opened, paid = list(ledger.open_items(ACME)), list(ledger.settled_items(ACME))
    assert [one.item_id for one in opened] == ["0", "2", "3", "4", "credit"]
    assert [one.item_id for one in paid] == ["1", "5"]
    by_id = ledger.items(ACME, [one.item_id for one in (*opened, *paid)])
    assert [by_id[one.item_id] for one in (*opened, *paid)] == [*opened, *paid]
    assert list(ledger.open_amounts(ACME)) == [(one.item_id, one.open_amount, one.number) for one in opened]
    assert ledger.count_settled_items(ACME) == len(paid)


def test_only_what_differs_is_written(ledger: Ledger) -> None:
    first = [item(str(number)) for number in range(50)]
    change = connector()
    assert ledger.import_open_items(ACME, first, snapshot=True, change=change).added == 50
    again = ledger.import_open_items(ACME, first, snapshot=True, change=change)
    assert (again.read, again.added, again.changed, again.gone) == (50, 0, 0, 0)
    shuffled = ledger.import_open_items(ACME, reversed(first), snapshot=True, change=change)
    assert (shuffled.added, shuffled.changed, shuffled.gone) == (0, 0, 0)
    other = [*first[1:49], item("49", open_amount=7), item("50")]
    counts = ledger.import_open_items(ACME, other, snapshot=True, change=change)
    assert (counts.added, counts.changed, counts.gone) == (1, 1, 1)
    assert still_open(ledger)["49"] == 7
    assert "0" not in still_open(ledger)
    assert {one.item_id for one in ledger.settled_items(ACME)} == {"0"}
    assert "it to no longer open" in ledger.history(ACME, "0")[1]


def test_a_source_seen_before_is_not_read_again(ledger: Ledger) -> None:
    def import_it(items: list[OpenItem], source_hash: str) -> bool:
        return ledger.import_open_items(ACME, items, snapshot=True, change=connector(), source_hash=source_hash).skipped

    assert not import_it([item("1")], "h1")
    assert import_it([item("1")], "h1")
    assert not import_it([item("1", open_amount=5)], "h2")
    assert not import_it([item("1")], "h1")
    assert still_open(ledger) == {"1": 11900}


def test_chunks_and_changes_in_between(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_items, "_CUT", 3)
    monkeypatch.setattr(intake_items, "_CHUNK_MAX", 8)
    all_of_them = [item(f"{number:03}") for number in range(100)]
    pull(ledger, *all_of_them)
    ledger.import_open_items(
        ACME, [item("050", open_amount=1)], snapshot=False, change=connector(), gone=["060", "unknown"]
    )
    assert still_open(ledger)["050"] == 1
    assert "060" not in still_open(ledger)
    counts = ledger.import_open_items(ACME, all_of_them, snapshot=True, change=connector())
    assert (counts.added, counts.changed, counts.gone) == (0, 2, 0)
    assert still_open(ledger) == {one.item_id: 11900 for one in all_of_them}
    fewer = [one for one in all_of_them if one.item_id != "033"]
    assert ledger.import_open_items(ACME, fewer, snapshot=True, change=connector()).gone == 1
    twice = ledger.import_open_items(ACME, [*fewer, fewer[0]], snapshot=True, change=connector())
    assert (twice.repeated, twice.changed, twice.gone) == (("000",), 0, 0)


def test_what_could_not_be_read_stays_until_it_is_really_gone(ledger: Ledger) -> None:
    pull(ledger, item("1"), item("2"), item("3"))
    kept = ledger.import_open_items(ACME, [item("1"), item("2")], snapshot=True, change=connector(), keep=["3"])
    assert (kept.changed, kept.gone) == (0, 0)
    again = ledger.import_open_items(ACME, [item("1"), item("2")], snapshot=True, change=connector(), keep=["3"])
    assert (again.changed, again.gone) == (0, 0)
    assert set(still_open(ledger)) == {"1", "2", "3"}
    pull(ledger, item("1"), item("2"))
    assert set(still_open(ledger)) == {"1", "2"}


def test_settled_items_teach_but_do_not_close(ledger: Ledger) -> None:
    paid = replace(item("1", open_amount=0), settled_on=date(2026, 11, 1))
    pull(ledger, item("1"), item("2"))
    ledger.import_settled_items(ACME, [paid, replace(paid, item_id="0")], change=connector())
    assert still_open(ledger) == {"1": 11900, "2": 11900}
    pull(ledger, item("2"))
    ledger.import_settled_items(ACME, [paid, replace(paid, item_id="0")], change=connector())
    assert {one.item_id: one.settled_on for one in ledger.settled_items(ACME)} == {
        "0": date(2026, 11, 1),
        "1": date(2026, 11, 1),
    }
    pull(ledger, item("1"), item("2"))
    assert still_open(ledger) == {"1": 11900, "2": 11900}


def test_customers_and_house_accounts(ledger: Ledger) -> None:
    anna = Customer(customer_id="C1", name="A", ibans=("DE1", "DE2"), country="DE", parent_id="C0", payer_ids=("C9",))
    counts = ledger.import_customers(ACME, [anna, customer("C2")], snapshot=True, change=rule())
    assert (counts.added, counts.changed) == (2, 0)
    counts = ledger.import_customers(ACME, [replace(anna, name="B")], snapshot=True, change=rule())
    assert (counts.added, counts.changed, counts.gone) == (0, 1, 1)
    assert list(ledger.customers(ACME)) == [replace(anna, name="B")]
    ours = HouseAccount(account="DE89", currency="EUR", name="Main")
    ledger.import_house_accounts(ACME, [ours], change=rule())
    ledger.import_house_accounts(ACME, [ours], change=rule())
    assert ledger.house_accounts(ACME) == (ours,)


# -- The ERP's number and our postings -----------------------------------------------------------------------------


def settle_sixty(ledger: Ledger, *, sent: bool) -> None:
    pull(ledger, item("1", 100))
    deliver(ledger, payment("p1", 60))
    ledger.record_decisions(ACME, [allocated("p1", ("1", 60))], change=rule())
    post_all(ledger)
    if sent:
        push(ledger)
    assert still_open(ledger) == {"1": 40}


ERP_SAYS = [
    # sent, what the ERP says next, what is open then
    (True, 100, 40, "not-booked-yet"),
    (True, 40, 40, "booked-ours"),
    (True, 30, 30, "booked-ours-and-ten-more"),
    (True, 90, 30, "somebody-elses-ten-but-not-ours"),
    (False, 40, 0, "somebody-elses-sixty-while-ours-waits"),
    (True, 120, 60, "raised-by-a-surcharge"),
]


@pytest.mark.parametrize(("sent", "says", "rest"), [one[:3] for one in ERP_SAYS], ids=[one[3] for one in ERP_SAYS])
def test_what_is_open_after_the_erp_spoke(ledger: Ledger, sent: bool, says: int, rest: int) -> None:
    settle_sixty(ledger, sent=sent)
    pull(ledger, item("1", 100, open_amount=says))
    assert still_open(ledger).get("1", 0) == rest
    pull(ledger, item("1", 100, open_amount=says))
    assert still_open(ledger).get("1", 0) == rest
    assert list(ledger.verify()) == []


def test_gone_and_back_again(ledger: Ledger) -> None:
    settle_sixty(ledger, sent=True)
    pull(ledger, item("2"))
    assert "1" not in still_open(ledger)
    pull(ledger, item("1", 100), item("2"))
    assert still_open(ledger)["1"] == 40
    assert list(ledger.verify()) == []


def test_taken_back_before_and_after_the_erp_booked_it(ledger: Ledger) -> None:
    settle_sixty(ledger, sent=True)
    pull(ledger, item("1", 100, open_amount=40))
    version = ledger.payment(ACME, "p1").version
    ledger.decide(ACME, unexplained("p1", 60), expected_version=version, change=person())
    assert still_open(ledger) == {"1": 100}
    pull(ledger, item("1", 100, open_amount=40))
    assert still_open(ledger) == {"1": 100}
    push(ledger, minutes=300)
    pull(ledger, item("1", 100))
    assert still_open(ledger) == {"1": 100}
    assert list(ledger.verify()) == []


def test_what_was_never_sent_leaves_no_trace_in_what_is_open(ledger: Ledger) -> None:
    settle_sixty(ledger, sent=False)
    version = ledger.payment(ACME, "p1").version
    ledger.decide(ACME, unexplained("p1", 60), expected_version=version, change=person())
    assert still_open(ledger) == {"1": 100}
    pull(ledger, item("1", 100, open_amount=40))
    assert still_open(ledger) == {"1": 40}
    assert [(one.action, one.state) for one in ledger.outbox(ACME)] == [("post", "reversed")]
    assert list(ledger.verify()) == []


def test_rejected_by_the_erp_frees_the_item(ledger: Ledger) -> None:
    pull(ledger, item("1", 100))
    deliver(ledger, payment("p1", 60))
    ledger.record_decisions(ACME, [allocated("p1", ("1", 60))], change=rule())
    post_all(ledger)
    (row,) = ledger.claim_postings(ACME, worker="w", limit=5, lease=timedelta(minutes=1), change=connector())
    with ledger.transaction(ACME) as tx:
        tx.record_result(
            ACME,
            row.outbox_id,
            PostingResult(state="rejected", message="period closed"),
            worker="w",
            change=connector(),
        )
        version = tx.payment(ACME, "p1").version
        again = unexplained("p1", 60, kind="erp_rejected")
        tx.decide(ACME, again, expected_version=version, change=connector())
    assert still_open(ledger) == {"1": 100}
    (case,) = ledger.exceptions(ACME)
    assert case.state == "rejected"
    assert any("was rejected by the ERP: period closed" in one for one in ledger.history(ACME, case.case_id))
    assert list(ledger.verify()) == []


def test_credit_notes_count_the_other_way(ledger: Ledger) -> None:
    pull(ledger, item("1", 100), item("9", -30))
    deliver(ledger, payment("p1", 70), payment("p2", 40))
    taken = ledger.record_decisions(
        ACME, [allocated("p1", ("1", 100), ("9", -30)), allocated("p2", ("9", 40))], change=rule()
    )
    assert taken.recorded == 1
    assert taken.refused[0].why == "item 9 (R-9) was settled by us with -0.30 EUR, -0.40 EUR cannot be taken back"
    assert still_open(ledger) == {}
    pull(ledger, item("1", 100), item("9", -30, open_amount=-50))
    assert still_open(ledger) == {"9": -20}


def test_a_return_can_be_put_against_the_item_it_had_paid(ledger: Ledger) -> None:
    pull(ledger, item("1", 100))
    deliver(ledger, payment("p1", 100), payment("p2", -100))
    ledger.record_decisions(ACME, [allocated("p1", ("1", 100)), allocated("p2", ("1", -100))], change=rule())
    assert still_open(ledger) == {"1": 100}
    assert list(ledger.verify()) == []

"""Every story in fixtures/stories ends as it says."""

import pytest

from matching.engine import match
from tests.matching.stories import FOLDER, TODAY, cents, ledger, payment, tables

STORIES = sorted(path for path in FOLDER.glob("*.md") if path.name != "ledger.md")


def _outcome(decision):
    parts = ["posted"] if decision.allocations else []
    if decision.exception:
        parts.append(f"exception:{decision.exception.kind}")
    if decision.ignored:
        parts.append(f"ignored:{decision.ignored}")
    return "+".join(parts)


@pytest.mark.parametrize("story", STORIES, ids=[path.stem for path in STORIES])
def test_story(story):
    told = tables(story)
    known = ledger()
    numbers = {item.item_id: item.number for item in known.open_items}
    result = match(
        map(payment, told["Payments"]), known.open_items, known.customers, known.history, known.policy, TODAY
    )
    decided = {decision.payment_id: decision for decision in result.decisions}

    for row in told["Decisions"]:
        decision = decided[row["payment"]]
        assert _outcome(decision) == row["becomes"], decision
        if not row["on"]:
            continue
        (allocation,) = [one for one in decision.allocations if numbers[one.item_id] == row["on"]]
        seen = (allocation.cash, allocation.discount, allocation.write_off)
        assert seen == (cents(row["cash"]), cents(row["discount"]), cents(row["written off"]))
        if row["stays open"]:
            assert (allocation.residual, allocation.residual_reason) == (cents(row["stays open"]), row["reason"])
        assert row["on"] in decision.explanation

    posted = {(d.payment_id, numbers[a.item_id]) for d in result.decisions for a in d.allocations}
    assert posted == {(row["payment"], row["on"]) for row in told["Decisions"] if row["on"]}

    for row in told.get("Suggestions", []):
        best = decided[row["payment"]].exception.suggestions[0]
        assert {numbers[one.item_id] for one in best.allocations} == set(row["offered first"].split(" + "))


def test_there_is_a_story_for_each_way_a_payment_can_end():
    told = {row["becomes"] for story in STORIES for row in tables(story)["Decisions"]}
    assert {"posted", "exception:ambiguous", "exception:duplicate_payment", "ignored:own_transfer"} <= told

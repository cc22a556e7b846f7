"""The generated worlds keep their own books: what is scored against them must be true."""

from collections import Counter

import pytest

from benchmarks.matching.ceiling import ceiling
from benchmarks.matching.fifth_world import generate_fifth
from benchmarks.matching.fourth_world import generate_fourth
from benchmarks.matching.generator import SHARES, generate
from benchmarks.matching.second_world import generate_second
from benchmarks.matching.third_world import generate_third
from benchmarks.matching.world import World

WORLDS = {
    "easy": lambda: generate("easy", 600, 1_500, 5),
    "normal": lambda: generate("normal", 600, 1_500, 5),
    "hard": lambda: generate("hard", 600, 1_500, 5),
    "second": lambda: generate_second(600, 1_500, 5),
    "third": lambda: generate_third(600, 1_500, 5),
    "fourth": lambda: generate_fourth(600, 1_500, 5),
    "fifth": lambda: generate_fifth(600, 1_500, 5),
}


@pytest.fixture(scope="module", params=sorted(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]()


def test_every_payment_has_one_truth_and_every_key_is_unique(world: World) -> None:
    assert {payment.payment_id for payment in world.payments} == set(world.truth)
    assert len(world.payments) == len(world.truth) >= 600
    items = [item.item_id for item in (*world.open_items, *world.history.settled_items)]
    assert len(items) == len(set(items))
    assert len({customer.customer_id for customer in world.customers}) == len(world.customers)


def test_no_item_is_settled_beyond_what_is_open(world: World) -> None:
    settled: Counter[str] = Counter()
    for truth in world.truth.values():
        for item in truth.items if truth.outcome == "settle" else ():
            settled[item.item_id] += item.settled
    opened = {item.item_id: item.open_amount for item in world.open_items}
    assert all(abs(amount) <= abs(opened[key]) and amount * opened[key] > 0 for key, amount in settled.items())


def test_what_items_take_never_exceeds_the_payment(world: World) -> None:
    for payment in world.payments:
        truth = world.truth[payment.payment_id]
        if truth.outcome == "settle":
            assert truth.items
            assert 0 < sum(item.cash for item in truth.items) <= payment.amount


def test_nothing_is_paid_before_it_was_issued_or_booked_after_the_day(world: World) -> None:
    issued = {item.item_id: item.issued_on for item in world.open_items}
    for payment in world.payments:
        assert payment.booked_on <= world.as_of
        assert all(issued[item.item_id] <= world.as_of for item in world.truth[payment.payment_id].items)


def test_what_must_not_be_posted_names_its_exception(world: World) -> None:
    assert all(truth.exception_kinds for truth in world.truth.values() if truth.must_not_be_posted)


def test_settled_items_are_closed_and_open_items_are_open(world: World) -> None:
    assert all(item.open_amount == 0 and item.settled_on for item in world.history.settled_items)
    assert all(item.open_amount != 0 and item.settled_on is None for item in world.open_items)


@pytest.mark.parametrize("make", WORLDS.values(), ids=WORLDS)
def test_the_same_seed_gives_the_same_world(make: object) -> None:
    assert callable(make)
    assert make() == make()


def test_another_seed_gives_another_world() -> None:
    assert generate("hard", 100, 400, 1).payments != generate("hard", 100, 400, 2).payments


def test_each_level_has_more_of_the_hard_kinds() -> None:
    easy_share, normal_share, hard_share = next(row[1:] for row in SHARES if row[0].__name__ == "exact")
    assert easy_share > normal_share > hard_share
    easy, normal, hard = (ceiling(generate(level, 600, 1_500, 5)).share for level in ("easy", "normal", "hard"))
    assert easy > normal > hard > 0.85


def test_all_kinds_of_case_come_up_on_the_hard_level() -> None:
    kinds = {truth.kind for truth in generate("hard", 3_000, 7_500, 1).truth.values()}
    assert len(kinds) >= 31


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="easy, normal, hard"):
        generate("impossible", 10, 100, 1)


def test_the_ceiling_counts_no_trap_as_decidable(world: World) -> None:
    limit = ceiling(world)
    traps = {truth.kind for truth in world.truth.values() if truth.must_not_be_posted}
    settles = {truth.kind for truth in world.truth.values() if not truth.must_not_be_posted}
    assert all(limit.per_kind[kind][0] == 0 for kind in traps - settles)
    assert limit.decidable <= limit.credits

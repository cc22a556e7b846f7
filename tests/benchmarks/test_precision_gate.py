"""The gate: whatever rate a change gains, it does not come in when it posts what must not be posted.

All five worlds, committed seeds. Of the third only these figures are looked at, never a payment, while the engine is
worked on.
"""

import pytest

from benchmarks.matching.bounds import lower_bound
from benchmarks.matching.engine_run import run
from benchmarks.matching.fifth_world import generate_fifth
from benchmarks.matching.fourth_world import generate_fourth
from benchmarks.matching.generator import generate
from benchmarks.matching.scoring import Score, score
from benchmarks.matching.second_world import generate_second
from benchmarks.matching.third_world import generate_third
from benchmarks.matching.world import World

SEEDS = (11, 12)
PAYMENTS, ITEMS = 2_500, 6_250
PRECISION = 0.999
AMOUNTS = 0.9995
PROVEN = 0.998


def _worlds() -> list[World]:
    first = [generate("hard", PAYMENTS, ITEMS, seed) for seed in SEEDS]
    second = [generate_second(PAYMENTS, ITEMS, seed) for seed in SEEDS]
    third = [generate_third(PAYMENTS, ITEMS, seed) for seed in SEEDS]
    fourth = [generate_fourth(PAYMENTS, ITEMS, seed) for seed in SEEDS]
    fifth = [generate_fifth(PAYMENTS, ITEMS, seed) for seed in SEEDS]
    return [*first, *second, *third, *fourth, *fifth]


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [score("Lettrage", world, run(world)) for world in _worlds()]


def _told(scores: list[Score], what: str) -> str:
    return "; ".join(f"{one.world}: {what} {one.verdicts}, kinds {dict(one.per_kind)}" for one in scores)


def test_nothing_is_posted_that_must_not_be(scores: list[Score]) -> None:
    assert sum(one.must_abstain for one in scores) > 300
    assert sum(one.false_posts for one in scores) == 0, _told(scores, "posted against the rule")


def test_no_customer_payment_is_ignored(scores: list[Score]) -> None:
    assert sum(one.verdicts["ignored_payment"] for one in scores) == 0, _told(scores, "ignored")


def test_what_is_posted_is_right(scores: list[Score]) -> None:
    posted = sum(one.posted for one in scores)
    right = sum(one.verdicts["right"] for one in scores)
    assert posted > 0.6 * len(scores) * PAYMENTS, "the gate proves nothing about an engine that hardly posts"
    assert right / posted >= PRECISION, _told(scores, "wrong")
    assert sum(one.cents_right for one in scores) / sum(one.cents_posted for one in scores) >= AMOUNTS


def test_each_world_alone_is_proven_precise(scores: list[Score]) -> None:
    for first in range(0, len(scores), len(SEEDS)):
        own = scores[first : first + len(SEEDS)]
        right = sum(one.verdicts["right"] for one in own)
        assert lower_bound(right, sum(one.posted for one in own)) >= PROVEN, _told(own, "wrong")

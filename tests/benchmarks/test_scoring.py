"""The score says what a controller would say of each posting."""

from datetime import date

import pytest

from benchmarks.matching.bounds import lower_bound
from benchmarks.matching.scoring import judge, score
from benchmarks.matching.world import TrueItem, Truth, World
from matching.model.decision import Allocation, Decision, ExceptionCase, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

KINDS = ("no_match",)
DAY = date(2026, 5, 4)


def item(key: str, amount: int, customer: str = "c1") -> OpenItem:
    return OpenItem(
        item_id=key, number=key, kind="invoice", customer_id=customer, currency="EUR", issued_on=DAY, due_on=DAY,
        original_amount=amount, open_amount=amount,
    )  # fmt: skip


ITEMS = {one.item_id: one for one in (item("a", 100), item("b", 100), item("c", 50), item("d", 100, "c2"))}


def payment(amount: int = 100) -> Payment:
    return Payment(payment_id="p", account="x", currency="EUR", amount=amount, booked_on=DAY, valued_on=None)


def truth(*items: TrueItem, outcome: str = "settle") -> Truth:
    return Truth(
        payment_id="p", kind="k", outcome=outcome, customer_id="c1", items=items, exception_kinds=("no_match",)
    )  # type: ignore[arg-type]


def decide(*allocations: Allocation, **rest: object) -> Decision:
    return Decision(payment_id="p", allocations=allocations, **rest)  # type: ignore[arg-type]


WAITING = ExceptionCase(kind="no_match", unallocated=50, why="rest")
FULL_A = TrueItem(item_id="a", cash=100)
FULL_C = TrueItem(item_id="c", cash=50)
LESS_DISCOUNT = TrueItem(item_id="a", cash=98, discount=2)
LESS_CHARGE = TrueItem(item_id="a", cash=90, write_off=10, open_instead=True)


def cash(key: str, amount: int, **more: int) -> Allocation:
    return Allocation(item_id=key, cash=amount, **more)


@pytest.mark.parametrize(
    ("true", "decision", "verdict"),
    [
        (truth(FULL_A), decide(cash("a", 100)), "right"),
        (truth(FULL_A), decide(cash("b", 100)), "equivalent"),
        (truth(FULL_A), decide(cash("d", 100)), "wrong"),
        (truth(FULL_A), decide(cash("a", 99)), "wrong"),
        (truth(FULL_A), decide(cash("a", 100, write_off=5)), "wrong"),
        (truth(FULL_A), decide(exception=WAITING), "exception"),
        (truth(FULL_A), decide(ignored="tax"), "ignored_payment"),
        (truth(FULL_A), decide(on_account=100, on_account_customer_id="c1"), "wrong"),
        (
            truth(FULL_A, TrueItem(item_id="c", cash=50)),
            decide(cash("a", 100), exception=WAITING),
            "partly",
        ),
        (
            truth(LESS_DISCOUNT),
            decide(cash("a", 98, discount=2)),
            "right",
        ),
        (truth(TrueItem(item_id="a", cash=90, discount=10)), decide(cash("a", 90)), "wrong"),
        (
            truth(LESS_CHARGE),
            decide(cash("a", 90)),
            "right",
        ),
        (truth(outcome="abstain"), decide(cash("a", 100)), "wrong"),
        (truth(outcome="abstain"), decide(exception=WAITING), "exception"),
        (truth(outcome="ignore"), decide(ignored="bank_fee"), "ignored"),
        (truth(outcome="ignore"), decide(cash("a", 100)), "wrong"),
    ],
    ids=[
        "right",
        "twin-of-the-same-customer",
        "other-customer",
        "cent-short",
        "written-off-too-much",
        "left-to-people",
        "customer-money-ignored",
        "on-account-instead",
        "half-of-a-list",
        "discount-given",
        "discount-forgotten",
        "charge-left-open",
        "trap-posted",
        "trap-left",
        "fee-ignored",
        "fee-posted",
    ],
)
def test_a_decision_is_worth_what_a_controller_says(true: Truth, decision: Decision, verdict: str) -> None:
    assert judge(payment(), true, decision, ITEMS) == verdict


def test_the_rest_of_an_overpayment_may_wait_or_stand_on_the_right_account() -> None:
    true = truth(FULL_A)
    waiting = decide(cash("a", 100), exception=WAITING)
    account = decide(cash("a", 100), on_account=50, on_account_customer_id="c1")
    foreign = decide(cash("a", 100), on_account=50, on_account_customer_id="c2")
    assert [judge(payment(150), true, decision, ITEMS) for decision in (waiting, account, foreign)] == [
        "right",
        "right",
        "wrong",
    ]


def _world(*truths: Truth) -> World:
    payments = tuple(
        Payment(payment_id=true.payment_id, account="x", currency="EUR", amount=100, booked_on=DAY, valued_on=None)
        for true in truths
    )
    return World(
        name="w", seed=0, as_of=DAY, policy=Policy(), customers=(), open_items=tuple(ITEMS.values()), history=History(),
        payments=payments, truth={true.payment_id: true for true in truths},
    )  # fmt: skip


def test_suggestions_count_when_they_would_clear_the_payment() -> None:
    right = Suggestion(allocations=(cash("a", 100),), confidence=0.5, why="")
    other = Suggestion(allocations=(cash("c", 50),), confidence=0.4, why="")
    case = ExceptionCase(kind="no_match", unallocated=100, why="", suggestions=(other, right))
    result = score("e", _world(truth(FULL_A)), [decide(exception=case)])
    assert (result.explainable, result.first, result.among_three) == (1, 0, 1)
    assert (result.kinds_told, result.kinds_right) == (1, 1)
    assert result.cost == 1


def test_a_wrong_posting_costs_a_hundred_exceptions_and_lowers_both_precisions() -> None:
    result = score("e", _world(truth(outcome="abstain")), [decide(cash("a", 100), confidence=0.9)])
    assert (result.cost, result.false_posts, result.must_abstain) == (100, 1, 1)
    assert result.precision == result.amount_precision == 0
    assert result.calibration_error == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("right", "tried", "bound"),
    [(3_000, 3_000, 0.9990), (30_000, 30_000, 0.9999), (10, 10, 0.7411), (9, 10, 0.6058), (0, 5, 0.0), (0, 0, 0.0)],
)
def test_bounds_are_the_exact_binomial_ones(right: int, tried: int, bound: float) -> None:
    assert lower_bound(right, tried) == pytest.approx(bound, abs=6e-5)

"""Scores an engine's decisions against the truth, payment by payment, at invoice level.

A payment is **right** when it is posted to exactly the true items with exactly the true cash, and discount and
write-off as agreed (where a small difference may be written off, leaving it open is right too). What the items do not
take may stand on the customer's account or wait in an exception. **Partly**: some of the true items, each with its
true cash, the rest waiting; neither right nor wrong. **Wrong**: any other posting. A wrong posting is *equivalent* when
the customer's balance comes out the same, because another open item of the same customer and amount was taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.matching.bounds import lower_bound
from benchmarks.matching.world import Truth, World
from matching.model.decision import Allocation, Decision, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

Verdict = Literal["right", "equivalent", "wrong", "partly", "exception", "ignored", "ignored_payment"]
WRONG_POSTING_COST = 100


@dataclass(slots=True)
class Score:
    """What one engine did to one world."""

    engine: str
    world: str
    payments: int = 0
    credits: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    per_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    must_abstain: int = 0
    false_posts: int = 0
    cents_posted: int = 0
    cents_right: int = 0
    explainable: int = 0
    first: int = 0
    among_three: int = 0
    kinds_told: int = 0
    kinds_right: int = 0
    confident: list[tuple[float, bool]] = field(default_factory=list)
    examples: dict[tuple[str, Verdict], list[str]] = field(default_factory=lambda: defaultdict(list))
    cpu_seconds: float = 0.0

    @property
    def posted(self) -> int:
        return self.verdicts["right"] + self.verdicts["equivalent"] + self.verdicts["wrong"]

    @property
    def rate(self) -> float:
        """Payments posted exactly right, of all credits on the statements, noise and traps included."""
        return self.verdicts["right"] / self.credits if self.credits else 0.0

    @property
    def precision(self) -> float:
        return self.verdicts["right"] / self.posted if self.posted else 1.0

    @property
    def precision_bound(self) -> float:
        return lower_bound(self.verdicts["right"], self.posted)

    @property
    def balance_precision(self) -> float:
        right = self.verdicts["right"] + self.verdicts["equivalent"]
        return right / self.posted if self.posted else 1.0

    @property
    def amount_precision(self) -> float:
        return self.cents_right / self.cents_posted if self.cents_posted else 1.0

    @property
    def exceptions(self) -> int:
        return self.verdicts["exception"] + self.verdicts["partly"]

    @property
    def cost(self) -> int:
        wrong = self.verdicts["wrong"] + self.verdicts["equivalent"] + self.verdicts["ignored_payment"]
        return self.exceptions + WRONG_POSTING_COST * wrong

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of what was posted, over bands of a hundredth."""
        bands: dict[int, list[tuple[float, bool]]] = defaultdict(list)
        for confidence, right in self.confident:
            bands[int(confidence * 100)].append((confidence, right))
        gaps = (
            abs(sum(confidence for confidence, _ in band) - sum(right for _, right in band)) for band in bands.values()
        )
        return sum(gaps) / len(self.confident) if self.confident else 0.0


def score(engine: str, world: World, decisions: Iterable[Decision], cpu_seconds: float = 0.0) -> Score:
    """Score every payment of the world; a payment without a decision raises KeyError."""
    result = Score(engine=engine, world=f"{world.name}, seed {world.seed}", cpu_seconds=cpu_seconds)
    made = {decision.payment_id: decision for decision in decisions}
    items = {item.item_id: item for item in world.open_items}
    for payment in world.payments:
        _score_one(result, payment, world.truth[payment.payment_id], made[payment.payment_id], items)
    return result


def _score_one(
    result: Score, payment: Payment, truth: Truth, decision: Decision, items: Mapping[str, OpenItem]
) -> None:
    verdict = judge(payment, truth, decision, items)
    result.payments += 1
    result.credits += payment.amount > 0
    result.verdicts[verdict] += 1
    result.per_kind[truth.kind][verdict] += 1
    _count_money(result, truth, decision)
    posted = verdict in {"right", "equivalent", "wrong", "partly"}
    if truth.must_not_be_posted:
        result.must_abstain += 1
        result.false_posts += posted
    if verdict in {"right", "equivalent", "wrong"}:
        result.confident.append((decision.confidence, verdict == "right"))
    if verdict in {"exception", "partly"}:
        _count_suggestions(result, truth, decision, items)
    result.examples[truth.kind, verdict].append(payment.payment_id)


def judge(payment: Payment, truth: Truth, decision: Decision, items: Mapping[str, OpenItem]) -> Verdict:
    """What the decision on one payment is worth."""
    if decision.ignored is not None:
        return "ignored" if truth.outcome == "ignore" or payment.amount <= 0 else "ignored_payment"
    if not decision.allocations and not decision.on_account:
        return "exception"
    if truth.must_not_be_posted:
        return "wrong"
    cash = _cash(decision.allocations)
    true_cash = {item.item_id: item.cash for item in truth.items}
    if cash == true_cash:
        return "right" if _treated_right(truth, decision) and _rest_right(truth, decision) else "wrong"
    if cash.items() <= true_cash.items() and not decision.on_account and _treated_right(truth, decision):
        return "partly"
    return "equivalent" if _same_balance(cash, true_cash, items) else "wrong"


def _cash(allocations: Sequence[Allocation]) -> dict[str, int]:
    cash: Counter[str] = Counter()
    for allocation in allocations:
        cash[allocation.item_id] += allocation.cash
    return dict(cash)


def _treated_right(truth: Truth, decision: Decision) -> bool:
    """Discount and write-off as agreed, to the cent either way; or left open where that is right too."""
    agreed = {item.item_id: item for item in truth.items}
    for allocation in decision.allocations:
        item = agreed[allocation.item_id]
        given = allocation.discount + allocation.write_off
        as_agreed = abs(given - item.discount - item.write_off) <= 1
        if not as_agreed and not (item.open_instead and given == 0):
            return False
    return True


def _rest_right(truth: Truth, decision: Decision) -> bool:
    return not decision.on_account or decision.on_account_customer_id in {"", truth.customer_id}


def _same_balance(cash: dict[str, int], true_cash: dict[str, int], items: Mapping[str, OpenItem]) -> bool:
    def shape(chosen: dict[str, int]) -> Counter[tuple[str, str, int, int]]:
        known = (items.get(item_id) for item_id in chosen)
        if not all(known):
            return Counter({("?", "?", len(chosen), id(chosen)): 1})
        return Counter(
            (items[key].customer_id, items[key].currency, items[key].open_amount, value)
            for key, value in chosen.items()
        )

    return shape(cash) == shape(true_cash)


def _count_money(result: Score, truth: Truth, decision: Decision) -> None:
    true_cash = {item.item_id: item.cash for item in truth.items} if not truth.must_not_be_posted else {}
    for allocation in decision.allocations:
        result.cents_posted += abs(allocation.cash)
        if true_cash.get(allocation.item_id) == allocation.cash:
            result.cents_right += abs(allocation.cash)


def _count_suggestions(result: Score, truth: Truth, decision: Decision, items: Mapping[str, OpenItem]) -> None:
    case = decision.exception
    if case is not None and truth.exception_kinds:
        result.kinds_told += 1
        result.kinds_right += case.kind in truth.exception_kinds
    if not truth.items or case is None:
        return
    result.explainable += 1
    good = [_suggestion_right(truth, suggestion, items) for suggestion in case.suggestions[:3]]
    result.first += bool(good and good[0])
    result.among_three += any(good)


def _suggestion_right(truth: Truth, suggestion: Suggestion, items: Mapping[str, OpenItem]) -> bool:
    cash = _cash(suggestion.allocations)
    true_cash = {item.item_id: item.cash for item in truth.items}
    return cash == true_cash or _same_balance(cash, true_cash, items)

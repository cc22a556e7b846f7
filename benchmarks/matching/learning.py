"""What confirmed clears bring: the same payments decided cold, and after people have cleared exceptions.

People clear what the worklist shows them: the exceptions of the nights before, the largest amount first, each as it
truly was. What is learned from that goes through ``matching.learn`` as in production. The payments that are counted
come later, and are the same for every number of clears; what was settled before them is settled for all.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from benchmarks.matching.engine_run import run
from benchmarks.matching.habits_world import nights
from benchmarks.matching.scoring import Score, judge, score
from benchmarks.matching.world import Truth, World
from matching.learn import ConfirmedClear, learn
from matching.model.decision import Allocation, Decision
from matching.model.open_item import LearnedFact, OpenItem
from matching.model.policy import History

HABIT_NIGHTS = 10
LEARNING_NIGHTS = 6


@dataclass(frozen=True, slots=True)
class Learned:
    """One point of the curve."""

    clears: int
    facts: int
    scores: tuple[Score, ...]
    teachable: int = 0
    """Of the payments counted: not posted right cold, and of a customer, account or name that was among the clears."""

    @property
    def credits(self) -> int:
        return sum(one.credits for one in self.scores)

    @property
    def rate(self) -> float:
        """Posted right, of all credits counted."""
        return sum(one.verdicts["right"] for one in self.scores) / max(1, sum(one.credits for one in self.scores))

    @property
    def posted(self) -> int:
        return sum(one.posted for one in self.scores)

    @property
    def wrong(self) -> int:
        return sum(one.verdicts["wrong"] + one.verdicts["equivalent"] for one in self.scores)


def second_half(world: World, clears: Iterable[int]) -> list[Learned]:
    """The second half of a world's payments after so many exceptions of the first half were cleared."""
    half = len(world.payments) // 2
    first = replace(world, payments=world.payments[:half])
    told = _clears(first, run(first))
    later = _after(world, half)
    cold = run(later)
    points = []
    for count in clears:
        known = told[:count]
        facts = learn(known, world.customers)
        knowing = replace(later, history=replace(later.history, learned=facts))
        decisions = run(knowing) if facts else cold
        scores = (score("Lettrage", knowing, decisions),)
        points.append(Learned(len(known), len(facts), scores, _teachable(later, cold, known)))
    return points


def _teachable(world: World, cold: Iterable[Decision], clears: Iterable[ConfirmedClear]) -> int:
    """What these clears could bring at most: payments left to people whose customer or payer they have seen before."""
    customers: set[str] = set()
    payers: set[str] = set()
    for clear in clears:
        customers.update(item.customer_id for item in clear.items)
        payers |= {clear.payment.payer_account, clear.payment.payer_name} - {""}
    items = {item.item_id: item for item in world.open_items}
    payments = {payment.payment_id: payment for payment in world.payments}
    found = 0
    for decision in cold:
        payment, truth = payments[decision.payment_id], world.truth[decision.payment_id]
        if truth.outcome == "settle" and judge(payment, truth, decision, items) != "right":
            found += truth.customer_id in customers or not payers.isdisjoint(
                (payment.payer_account, payment.payer_name)
            )
    return found


def habits(customers: int, seed: int, clears: Iterable[int]) -> list[Learned]:
    """The last nights of a company whose customers keep their habits, after clears of the nights before."""
    points = []
    for count in clears:
        left, facts, scores = count, tuple[LearnedFact, ...](), []
        for number, night in enumerate(nights(customers, HABIT_NIGHTS, seed)):
            world = replace(night.world, history=replace(night.world.history, learned=facts))
            decisions = run(world)
            if number >= LEARNING_NIGHTS:
                scores.append(score("Lettrage", world, decisions))
                continue
            told = _clears(world, decisions)[:left]
            left -= len(told)
            facts = learn(told, world.customers, facts)
        points.append(Learned(count - left, len(facts), tuple(scores)))
    return points


def _clears(world: World, decisions: Iterable[Decision]) -> list[ConfirmedClear]:
    """The exceptions as people clear them, the largest amount first; what nobody can know is cleared by nobody."""
    payments = {payment.payment_id: payment for payment in world.payments}
    items = {item.item_id: item for item in world.open_items}
    of_customer: dict[str, list[OpenItem]] = defaultdict(list)
    for item in world.open_items:
        of_customer[item.customer_id].append(item)
    waiting = [one for one in decisions if one.exception is not None and not one.allocations]
    found = []
    for decision in sorted(waiting, key=lambda one: (-abs(payments[one.payment_id].amount), one.payment_id)):
        truth = world.truth[decision.payment_id]
        if truth.items and not truth.must_not_be_posted:
            true = tuple(items[one.item_id] for one in truth.items)
            found.append(
                ConfirmedClear(
                    payment=payments[decision.payment_id],
                    items=true,
                    allocations=_allocations(truth, items),
                    others=tuple(of_customer[truth.customer_id]),
                    cleared_on=world.as_of,
                    source=decision.payment_id,
                )
            )
    return found


def _allocations(truth: Truth, items: dict[str, OpenItem]) -> tuple[Allocation, ...]:
    return tuple(
        Allocation(
            item_id=one.item_id,
            cash=one.cash,
            discount=one.discount,
            write_off=one.write_off,
            residual=items[one.item_id].open_amount - one.settled,
        )
        for one in truth.items
    )


def _after(world: World, half: int) -> World:
    """The second half's payments against what the first half has left open."""
    settled: dict[str, int] = defaultdict(int)
    for payment in world.payments[:half]:
        for one in world.truth[payment.payment_id].items:
            settled[one.item_id] += one.settled
    still_open: list[OpenItem] = []
    closed: list[OpenItem] = []
    for item in world.open_items:
        rest = item.open_amount - settled[item.item_id] if item.item_id in settled else item.open_amount
        if rest == item.open_amount:
            still_open.append(item)
        elif rest:
            still_open.append(replace(item, open_amount=rest))
        else:
            closed.append(replace(item, open_amount=0, settled_on=item.issued_on))
    history = History(settled_items=(*world.history.settled_items, *closed))
    return replace(world, payments=world.payments[half:], open_items=tuple(still_open), history=history)

"""Runs Lettrage's engine on a world, and takes its time, memory, learning and steadiness."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from benchmarks.matching.world import World
from matching.engine import match, match_batch
from matching.index import LedgerIndex
from matching.model.decision import Decision
from matching.model.open_item import LearnedFact, OpenItem
from matching.model.policy import History

Clock = Callable[[], float]


def run(world: World) -> tuple[Decision, ...]:
    """The engine's decisions; indexing included."""
    result = match(world.payments, world.open_items, world.customers, world.history, world.policy, world.as_of)
    return result.decisions


def timed(work: Callable[[World], Iterable[Decision]], world: World) -> tuple[list[Decision], float]:
    """The decisions and the processor seconds they took."""
    start = time.process_time()
    decisions = list(work(world))
    return decisions, time.process_time() - start


def same_in_any_order(world: World) -> bool:
    """Whether the decisions are the same when payments, items and customers come in another order."""
    chance = random.Random(world.seed)
    payments, items, customers = list(world.payments), list(world.open_items), list(world.customers)
    for rows in (payments, items, customers):
        chance.shuffle(rows)
    other = replace(world, payments=tuple(payments), open_items=tuple(items), customers=tuple(customers))
    by_id = {decision.payment_id: decision for decision in run(world)}
    return all(by_id[decision.payment_id] == decision for decision in run(other))


def with_first_half_cleared(world: World, clears: int) -> World:
    """The second half of the payments, after people have cleared up to ``clears`` exceptions of the first half.

    What people confirm is taken from the truth: the payer's account and name belong to the customer. Items that the
    first half settled are closed, so that every number of clears is measured on the same payments.
    """
    half = len(world.payments) // 2
    first, second = world.payments[:half], world.payments[half:]
    decisions = {decision.payment_id: decision for decision in run(replace(world, payments=first))}
    facts: dict[tuple[str, str], LearnedFact] = {}
    cleared = 0
    for payment in first:
        truth = world.truth[payment.payment_id]
        if (
            cleared >= clears
            or decisions[payment.payment_id].exception is None
            or not truth.items
            or truth.must_not_be_posted
        ):
            continue
        cleared += 1
        for kind, subject in (("payer_account", payment.payer_account), ("payer_name", payment.payer_name)):
            if subject:
                facts[kind, subject] = _fact(kind, subject, truth.customer_id, world.as_of, payment.payment_id)
    settled = {item.item_id: item.settled for payment in first for item in world.truth[payment.payment_id].items}
    still_open: list[OpenItem] = []
    closed: list[OpenItem] = []
    for item in world.open_items:
        rest = _left(item, settled)
        (still_open if rest.open_amount else closed).append(rest)
    history = History(settled_items=(*world.history.settled_items, *closed), learned=tuple(facts.values()))
    return replace(world, payments=second, open_items=tuple(still_open), history=history)


def _fact(kind: str, subject: str, customer: str, day: date, source: str) -> LearnedFact:
    return LearnedFact(
        kind=kind,  # type: ignore[arg-type]
        subject=subject,
        customer_id=customer,
        confirmations=1,
        learned_on=day,
        source=source,
    )


def _left(item: OpenItem, settled: dict[str, int]) -> OpenItem:
    rest = item.open_amount - settled.get(item.item_id, 0)
    return (
        replace(item, open_amount=rest, settled_on=None if rest else item.issued_on)
        if item.item_id in settled
        else item
    )


def index_memory(items: int) -> tuple[float, float]:
    """Megabytes and processor seconds of an index of so many open items, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.matching.memory", str(items)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def indexed_and_matched(world: World) -> tuple[float, float]:
    """Processor seconds of indexing the ledger, and of matching the batch against it."""
    start = time.process_time()
    index = LedgerIndex.build(world.open_items, world.customers, world.history, world.policy)
    between = time.process_time()
    match_batch(index, world.payments, world.as_of)
    return between - start, time.process_time() - between

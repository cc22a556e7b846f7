"""Runs Lettrage's engine on a world, and takes its time, memory, learning and steadiness."""

import gc
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.matching.world import World
from matching.engine import match, match_batch
from matching.index import LedgerIndex
from matching.model.decision import Decision

Clock = Callable[[], float]


def run(world: World) -> tuple[Decision, ...]:
    """The engine's decisions; indexing included."""
    result = match(world.payments, world.open_items, world.customers, world.history, world.policy, world.as_of)
    return result.decisions


def timed(work: Callable[[World], Iterable[Decision]], world: World) -> tuple[list[Decision], float]:
    """The decisions and the processor seconds they took; what was there before is not looked at for garbage again."""
    with _nothing_left_over():
        start = time.process_time()
        decisions = list(work(world))
        return decisions, time.process_time() - start


@contextmanager
def _nothing_left_over() -> Iterator[None]:
    """The world and the garbage of an earlier run are nobody's time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def times_as_long(other: Callable[[World], Iterable[Decision]], world: World, rounds: int = 3) -> float:
    """The engine's processor time, indexing included, against that of another way: the median of several rounds.

    The other way runs before and after the engine in each round, so that a busy machine slows both alike.
    """
    ratios = []
    for _ in range(rounds):
        before, ours, after = (timed(work, world)[1] for work in (other, run, other))
        ratios.append(2 * ours / max(before + after, 1e-9))
    return statistics.median(ratios)


def same_in_any_order(world: World) -> bool:
    """Whether the decisions are the same when payments, items and customers come in another order."""
    chance = random.Random(world.seed)
    payments, items, customers = list(world.payments), list(world.open_items), list(world.customers)
    for rows in (payments, items, customers):
        chance.shuffle(rows)
    other = replace(world, payments=tuple(payments), open_items=tuple(items), customers=tuple(customers))
    by_id = {decision.payment_id: decision for decision in run(world)}
    return all(by_id[decision.payment_id] == decision for decision in run(other))


def index_memory(items: int) -> tuple[float, float]:
    """Megabytes and processor seconds of an index of so many open items, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.matching.memory", str(items)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(told[0]), float(told[1])


def indexed_and_matched(world: World) -> tuple[float, float]:
    """Processor seconds of indexing the ledger, and of matching the batch against it."""
    with _nothing_left_over():
        start = time.process_time()
        index = LedgerIndex.build(world.open_items, world.customers, world.history, world.policy)
        between = time.process_time()
        match_batch(index, world.payments, world.as_of)
        return between - start, time.process_time() - between

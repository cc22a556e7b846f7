"""The matching benchmark's tables, as rows that anybody may print."""

import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks.matching import engine_run, learning
from benchmarks.matching.baselines import BASELINES, SLOW_BASELINES, exact_script
from benchmarks.matching.ceiling import ceiling
from benchmarks.matching.fifth_world import generate_fifth
from benchmarks.matching.fourth_world import generate_fourth
from benchmarks.matching.generator import generate
from benchmarks.matching.options import parse
from benchmarks.matching.scoring import Score, score
from benchmarks.matching.second_world import generate_second
from benchmarks.matching.splink_baseline import splink_decisions
from benchmarks.matching.third_world import generate_third
from benchmarks.matching.world import World

Row = dict[str, object]
SLOW_SAMPLE = 400
CLEARS = (0, 100, 1_000)
REGULARS = 1_000


def make_world(which: str, level: str, payments: int, items: int, seed: int) -> World:
    """The first world at a level, or one of the others, which have one level only."""
    if which == "first":
        return generate(level, payments, items, seed)
    others = {"second": generate_second, "third": generate_third, "fourth": generate_fourth, "fifth": generate_fifth}
    return others[which](payments, items, seed)


def row(result: Score) -> Row:
    """One engine on one world."""
    return {
        "engine": result.engine,
        "posted right": _percent(result.rate),
        "precision": _percent(result.precision, 3),
        "at least (95 %)": _percent(result.precision_bound, 2),
        "amounts right": _percent(result.amount_precision, 3),
        "wrong": result.verdicts["wrong"] + result.verdicts["equivalent"],
        "posted that must not be": f"{result.false_posts} of {result.must_abstain}",
        "first": _percent(result.first / result.explainable) if result.explainable else "",
        "first three": _percent(result.among_three / result.explainable) if result.explainable else "",
        "cost": result.cost,
        "payments/s": round(result.payments / result.cpu_seconds) if result.cpu_seconds else "",
    }


def compare(world: World, *, slow: bool, splink: bool = False) -> tuple[list[Row], Score]:
    """Lettrage and every baseline on one world; the slow baseline on a sample of its payments."""
    decisions, seconds = engine_run.timed(engine_run.run, world)
    ours = score("Lettrage", world, decisions, seconds)
    rows = [row(ours)]
    for name, baseline in BASELINES.items():
        decisions, seconds = engine_run.timed(baseline, world)
        rows.append(row(score(name, world, decisions, seconds)))
    sample = replace(world, payments=world.payments[:SLOW_SAMPLE])
    for name, baseline in SLOW_BASELINES.items() if slow else ():
        decisions, seconds = engine_run.timed(baseline, sample)
        rows.append(row(score(f"{name}, first {len(sample.payments)} payments", sample, decisions, seconds)))
    for threshold, decided in splink_decisions(world).items() if splink else ():
        rows.append(row(score(f"splink 5, probability from {threshold}", world, decided)))
    return rows, ours


def per_kind(world: World, ours: Score) -> list[Row]:
    """What became of each kind of case, beside what was decidable."""
    limit = ceiling(world)
    rows: list[Row] = [
        {
            "case": kind,
            "payments": sum(counts.values()),
            "decidable": limit.per_kind[kind][0],
            "right": counts["right"],
            "wrong": counts["wrong"] + counts["equivalent"],
            "partly": counts["partly"],
            "exception": counts["exception"],
            "ignored": counts["ignored"] + counts["ignored_payment"],
        }
        for kind, counts in sorted(ours.per_kind.items(), key=lambda entry: -sum(entry[1].values()))
    ]
    rows.append(
        {
            "case": "all credits",
            "payments": ours.credits,
            "decidable": _percent(limit.share),
            "right": _percent(ours.rate),
        }
    )
    return rows


def facts(world: World, ours: Score) -> list[Row]:
    """Everything else the goal names: time against the exact script, calibration, kinds of exception, steadiness."""
    kinds = ours.kinds_right / ours.kinds_told if ours.kinds_told else 1.0
    return [
        {
            "figure": "processor time against the exact-number script, median of three rounds",
            "value": f"{engine_run.times_as_long(exact_script, world):.1f} x",
        },
        {
            "figure": "precision, equal items of one customer taken as one",
            "value": _percent(ours.balance_precision, 3),
        },
        {"figure": "customer payments ignored as something else", "value": ours.verdicts["ignored_payment"]},
        {"figure": "partly posted, every cent of it right", "value": ours.verdicts["partly"]},
        {"figure": "exceptions of the kind a clerk would say", "value": _percent(kinds)},
        {"figure": "calibration error", "value": f"{ours.calibration_error:.4f}"},
        {"figure": "same decisions in any order", "value": engine_run.same_in_any_order(world)},
    ]


def learning_curve(which: str, level: str, payments: int, items: int, seed: int) -> list[Row]:
    """The second half of a world's payments after 0, 100 and 1,000 exceptions of the first half were cleared."""
    return _curve(learning.second_half(make_world(which, level, payments, items, seed), CLEARS))


def habit_curve(customers: int, seed: int) -> list[Row]:
    """The last nights of customers who keep their habits, after exceptions of the nights before were cleared."""
    return _curve(learning.habits(customers, seed, CLEARS))


def _curve(points: list[learning.Learned]) -> list[Row]:
    return [
        {
            "cleared by people": point.clears,
            "learned facts": point.facts,
            "posted right": _percent(point.rate),
            "posted": point.posted,
            "wrong": point.wrong,
        }
        | ({"could be taught at most": f"+{_percent(point.teachable / point.credits)}"} if point.teachable else {})
        for point in points
    ]


def scaling(level: str, payments: int, items: int, seed: int) -> list[Row]:
    """What ten times the open items do to the index and to the time per payment: medians of five rounds."""
    worlds = [generate(level, payments, count, seed) for count in (items, items * 10)]
    rounds = [[engine_run.indexed_and_matched(world) for world in worlds] for _ in range(5)]
    more = statistics.median(large[1] / small[1] for small, large in rounds)
    return [
        {
            "open items": len(world.open_items),
            "settled items": len(world.history.settled_items),
            "payments": payments,
            "seconds to index": round(statistics.median(one[at][0] for one in rounds), 2),
            "microseconds per payment": round(statistics.median(one[at][1] for one in rounds) / payments * 1e6),
            "times as long": f"{more:.2f}" if at else "",
        }
        for at, world in enumerate(worlds)
    ]


def memory(items: int) -> list[Row]:
    """What the index of a large ledger takes."""
    megabytes, seconds = engine_run.index_memory(items)
    return [{"open items": items, "megabytes": round(megabytes), "seconds to index": seconds}]


def run_tables(say: Callable[[str, Iterable[Row]], None], argv: list[str]) -> None:
    """Print the tables asked for on the command line."""
    asked = parse(argv)
    for which in asked.worlds:
        world = make_world(which, asked.level, asked.payments, asked.items, asked.seed)
        rows, ours = compare(world, slow=asked.slow, splink=asked.splink)
        size = f"{len(world.payments):,} payments, {len(world.open_items):,} open items"
        say(f"{world.name}: {size}, seed {world.seed}, cold start", rows)
        say(f"{world.name}: by kind of case", per_kind(world, ours))
        say(f"{world.name}: further figures", facts(world, ours))
        say(f"{world.name}: learning", learning_curve(which, asked.level, asked.payments, asked.items, asked.seed))
    say(f"{REGULARS:,} customers who keep their habits: learning", habit_curve(REGULARS, asked.seed))
    if asked.scaling:
        say("ten times the open items", scaling(asked.level, 2_000, asked.items, asked.seed))
        say("a large ledger in memory", memory(1_000_000))
    sys.stdout.flush()


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"

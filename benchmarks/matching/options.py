"""The command line of the matching benchmark."""

import argparse
from dataclasses import dataclass

from benchmarks.matching.generator import LEVELS

WORLDS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be measured."""

    level: str
    payments: int
    items: int
    seed: int
    worlds: tuple[str, ...]
    slow: bool
    scaling: bool
    splink: bool


def parse(argv: list[str]) -> Options:
    """The options of ``python -m benchmarks matching``; the defaults take about a minute."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks matching", description="Measure matching against generated truth."
    )
    parser.add_argument("--level", choices=LEVELS, default="hard", help="difficulty of the first world")
    parser.add_argument("--payments", type=int, default=5_000)
    parser.add_argument("--items", type=int, default=12_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--world", choices=(*WORLDS, "all"), default="all")
    parser.add_argument("--slow", action="store_true", help="also the fuzzy search of every number, on a sample")
    parser.add_argument("--scaling", action="store_true", help="also ten times the open items")
    parser.add_argument("--with-splink", action="store_true", help="also splink, in an environment of its own")
    asked = parser.parse_args(argv)
    worlds = WORLDS if asked.world == "all" else (asked.world,)
    return Options(
        asked.level, asked.payments, asked.items, asked.seed, worlds, asked.slow, asked.scaling, asked.with_splink
    )

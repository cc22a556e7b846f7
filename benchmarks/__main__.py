"""``python -m benchmarks`` prints every table; ``python -m benchmarks matching --level hard`` one, with options.

A benchmark is a module of this folder with ``run() -> list[dict]``, which may take sizes as whole numbers
(``python -m benchmarks ledger 10000 100000``), or the folder ``matching``, which takes options.
"""

import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from pkgutil import iter_modules

from benchmarks.matching.table import run_tables


def say(title: str, rows: Iterable[Mapping[str, object]]) -> None:
    """One table as Markdown, so that it can be pasted where it is quoted."""
    listed = list(rows)
    print(f"\n### {title}\n")
    if not listed:
        print("(no rows)")
        return
    columns = list(dict.fromkeys(column for row in listed for column in row))
    cells = [[str(row.get(column, "")) for column in columns] for row in listed]
    widths = [max(len(column), *(len(line[at]) for line in cells)) for at, column in enumerate(columns)]
    print("| " + " | ".join(column.ljust(width) for column, width in zip(columns, widths, strict=True)) + " |")
    print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for line in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    sys.stdout.flush()


def names() -> list[str]:
    """The benchmarks there are: matching first, then the modules of this folder."""
    modules = iter_modules([str(Path(__file__).parent)])
    return [
        "matching",
        *sorted(module.name for module in modules if not module.ispkg and not module.name.startswith("_")),
    ]


def main(argv: list[str]) -> int:
    """Run all benchmarks, or the one named first with its options."""
    sizes = argv[1:] if argv[:1] != ["matching"] else []
    if not all(size.isdecimal() for size in sizes):
        print(f"the sizes of a benchmark are whole numbers, not {' '.join(sizes)}", file=sys.stderr)
        return 2
    if argv and argv[0] not in names():
        print(f"there is no benchmark {argv[0]!r}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    for name in argv[:1] or names():
        if name == "matching":
            run_tables(say, argv[1:])
            continue
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "run"):
            say(name, module.run(*map(int, sizes)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

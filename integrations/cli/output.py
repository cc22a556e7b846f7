"""How the command line speaks: tables and progress on a terminal, plain lines elsewhere, errors in one sentence."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from integrations.services.context import Tell

# Where nobody's terminal says how wide it is, a table keeps its columns whole.
_WIDE = 180
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line to standard output, exactly as given."""
    out.print(text, markup=False)


def warn(text: str) -> None:
    """One line to standard error."""
    err.print(text, markup=False)


def fail(text: str, code: int = 2) -> NoReturn:
    """One sentence to standard error, then the exit status."""
    warn(f"lettrage: {text}")
    raise typer.Exit(code)


def table(title: str, columns: Iterable[tuple[str, bool]], rows: Iterable[Iterable[str]]) -> None:
    """A table; columns are (heading, is a number)."""
    drawn = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for heading, is_number in columns:
        drawn.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell.replace("[", "\\[") for cell in row))
    out.print(drawn)


@contextmanager
def progress() -> Iterator[Tell]:
    """A bar on a terminal; elsewhere one plain line when a step begins, so that logs stay readable."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, total=total)

        yield tell


def _plain_lines() -> Tell:
    begun: set[str] = set()

    def tell(step: str, done: int, total: int | None) -> None:  # noqa: ARG001 - a log shows beginnings only
        if step not in begun:
            begun.add(step)
            size = f" ({total})" if total else ""
            err.print(f"{step}{size}", markup=False)

    return tell

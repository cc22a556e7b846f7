"""`lettrage demo` and `lettrage bench`: what needs the project's own folder, with its fixtures and its measurements."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from integrations.cli.output import fail

_ROOT = Path(__file__).resolve().parents[2]


def demo(
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what was cleared and load the company anew")] = False,
    port: Annotated[int, typer.Option(help="where to serve; 0: 3000 if it is free")] = 0,
    prepare_only: Annotated[bool, typer.Option("--prepare-only", help="run the night, serve nothing")] = False,
) -> None:
    """Load the demo company, run one night, and serve the Dagster UI on this machine; the same as `make demo`."""
    chosen = {"--fresh": fresh, "--prepare-only": prepare_only}
    _run("scripts/demo.py", *(name for name, given in chosen.items() if given), "--port", str(port))


def bench(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="which tables; left out: all")
    ] = None,
) -> None:
    """Print the benchmark tables; the same as `make bench`. A name that is none lists them."""
    _run("benchmarks/__main__.py", *(tables or ()))


def _run(program: str, *given: str) -> None:
    """Run a program of the project in the project's folder; its exit status is ours."""
    if not (_ROOT / program).is_file():
        fail(f"{program} is part of the project's sources; run this in a clone of the project, as docs/ describe")
    command = [sys.executable, program] if program.startswith("scripts") else [sys.executable, "-m", "benchmarks"]
    raise typer.Exit(subprocess.run([*command, *given], cwd=_ROOT, check=False).returncode)  # noqa: S603 - ours

"""What Dagster itself costs on a night: `python -m benchmarks.orchestration --payments 20000 --items 50000`.

The nightly job of a generated company runs through Dagster in a process of its own, with its storage on disk, as a run
of the production setup does (in-process executor). A clock stands around each of our own functions (assets and checks);
whatever the process uses outside of them is Dagster's: starting, loading definitions, planning, events, storage.
`sync` is the same night by the command line's service, without Dagster, checks, spreadsheet and worklist.
"""

import argparse
import functools
import inspect
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.matching.generator import generate
from benchmarks.night import write_world

POLICY = {"tolerance": {"EUR": {"amount": "1.00", "share": "0.005"}}, "charges_limit": {"EUR": "15.00"}}


class OurClock:
    """Wall and processor seconds inside our own functions."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed; Dagster sees its name, signature and kind unchanged."""
        if inspect.isgeneratorfunction(work):

            @functools.wraps(work)
            def steps(*given: Any, **named: Any) -> Iterator[Any]:
                running = work(*given, **named)
                while True:
                    try:
                        yield self._timed(lambda: next(running))
                    except StopIteration:
                        return

            return steps

        @functools.wraps(work)
        def once(*given: Any, **named: Any) -> Any:
            return self._timed(lambda: work(*given, **named))

        return once

    def _timed(self, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return work()
        finally:
            self.wall += time.perf_counter() - wall
            self.cpu += time.process_time() - cpu


def attributes(folder: Path) -> dict[str, Any]:
    return {
        "name": "night", "ledger": f"sqlite:///{folder}/lettrage.db", "policy": POLICY, "schedule": None,
        "erp": {"kind": "flatfile", "inbox": str(folder / "in"), "outbox": str(folder / "out")},
        "banks": [{"inbox": str(folder / "bank")}], "worklist": str(folder / "worklist"),
    }  # fmt: skip


def through_dagster(folder: Path, as_of: date) -> dict[str, float]:
    """The night as a Dagster run; everything counts from the first import on."""
    started = time.perf_counter()
    import dagster as dg

    clock = OurClock()
    for name in ("asset", "multi_asset", "asset_check", "multi_asset_check"):
        real = getattr(dg, name)
        setattr(dg, name, lambda _real=real, **named: lambda work: _real(**named)(clock.around(work)))
    from dagster_project.components.company import CompanyAttributes, company_definitions, office_of
    from dagster_project.office import AS_OF_TAG

    office = office_of(CompanyAttributes.model_validate(attributes(folder)), folder)
    (folder / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
        loaded, loaded_cpu = time.perf_counter(), time.process_time()
        job = company_definitions(office).resolve_job_def("nightly_night")
        tags = {AS_OF_TAG: as_of.isoformat(), "user": "system"}
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
        # A night that a check stops half-way would measure nothing.
        assert result.success, [one.description for one in result.get_asset_check_evaluations() if not one.passed]
    ended, cpu = time.perf_counter(), time.process_time()
    return {
        "wall": ended - started, "cpu": cpu, "start wall": loaded - started, "start cpu": loaded_cpu,
        "ours wall": clock.wall, "ours cpu": clock.cpu,
    }  # fmt: skip


def bare(folder: Path, as_of: date) -> dict[str, float]:
    """The night by the service alone."""
    from integrations.config.settings import CompanySettings
    from integrations.ledger import open_ledger
    from integrations.services.context import Run
    from integrations.services.sync import sync

    told = {name: one for name, one in attributes(folder).items() if name not in {"ledger", "worklist"}}
    company = CompanySettings.model_validate(told)
    ledger = open_ledger(f"sqlite:///{folder}/lettrage.db")
    wall, cpu = time.perf_counter(), time.process_time()
    moment = datetime.combine(as_of, datetime.min.time(), tzinfo=UTC)
    sync(company, ledger, Run(as_of=as_of, clock=lambda: moment))
    ledger.close()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def measure(how: str, payments: int, items: int, seed: int) -> dict[str, float]:
    """One night in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="lettrage-night-") as name:
        world = generate("hard", payments, items, seed)
        write_world(world, Path(name))
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            __name__ if __name__ != "__main__" else "benchmarks.orchestration",
        ]
        done = subprocess.run(
            [*command, "--child", how, "--folder", name, "--as-of", world.as_of.isoformat()],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return figures


def run(payments: int = 20_000, items: int = 50_000, seed: int = 1) -> list[dict[str, object]]:
    """The share of a night that is Dagster's own, and the night without it."""
    night = measure("dagster", payments, items, seed)
    alone = measure("bare", payments, items, seed)
    rows: list[dict[str, object]] = []
    for what, key in (("cpu s", "cpu"), ("wall s", "wall")):
        dagster = night[key] - night[f"ours {key}"]
        rows.append(
            {
                "payments": payments,
                "measured": what,
                "whole run": round(night[key], 1),
                "our steps and checks": round(night[f"ours {key}"], 1),
                "Dagster": round(dagster, 2),
                "of it starting": round(night[f"start {key}"], 2),
                "Dagster's share": f"{100 * dagster / night[key]:.1f} %",
                "sync alone": round(alone[key], 1),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--payments", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", choices=("dagster", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as-of", type=date.fromisoformat, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child:
        work = through_dagster if wanted.child == "dagster" else bare
        print(json.dumps(work(wanted.folder, wanted.as_of)))
        return
    from benchmarks.__main__ import say

    say("orchestration", run(wanted.payments, wanted.items, wanted.seed))


if __name__ == "__main__":
    main()

"""Nights by Dagster's own scheduler: when clocks change, after days without power."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time, instance_for_test
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from dagster_project.office import AS_OF_TAG
from tests.dagster_project.code_berlin import FOLDER_VARIABLE, NIGHTS

pytestmark = pytest.mark.slow
Looks = Callable[[Sequence[datetime]], dict[str, list[str]]]


@contextmanager
def scheduler(folder: Path) -> Iterator[Looks]:
    """Dagster's scheduler with a storage of its own. Lets it look at these moments; per company the nights' days."""
    queue = {"module": "dagster", "class": "QueuedRunCoordinator"}
    target = ModuleTarget("tests.dagster_project.code_berlin", None, str(Path.cwd()), "lettrage")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(FOLDER_VARIABLE, str(folder))
        with (
            instance_for_test(overrides={"run_coordinator": queue}) as instance,
            create_test_daemon_workspace_context(target, instance) as workspace,
        ):

            def look(moments: Sequence[datetime]) -> dict[str, list[str]]:
                for moment in moments:
                    with freeze_time(moment):
                        list(launch_scheduled_runs(workspace, logging.getLogger("quiet"), moment, iteration_times={}))
                days = {}
                for name in NIGHTS:
                    runs = instance.get_runs(filters=dg.RunsFilter(job_name=f"nightly_{name}"))
                    days[name] = [run.tags[AS_OF_TAG] for run in reversed(runs)]
                return days

            yield look


def around(*days: datetime) -> list[datetime]:
    """The moments (UTC) at which the scheduler looks: the evening before, and all through the hours that change."""
    minutes = (-240, 5, 35, 65, 95, 125, 155)
    return [day + timedelta(minutes=one) for day in days for one in minutes]


@pytest.mark.parametrize(
    "days",
    [
        [datetime(2026, 10, day, tzinfo=UTC) for day in (24, 25, 26)],
        [datetime(2027, 3, day, tzinfo=UTC) for day in (27, 28, 29)],
    ],
    ids=["a-day-of-25-hours", "a-day-of-23-hours"],
)
def test_each_day_has_one_night_when_clocks_change(tmp_path: Path, days: list[datetime]) -> None:
    with scheduler(tmp_path) as looks:
        assert looks(around(*days)) == {name: [day.date().isoformat() for day in days] for name in NIGHTS}


def test_after_days_without_power_one_night_takes_in_everything(tmp_path: Path) -> None:
    monday, friday = datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 20, 5, tzinfo=UTC)
    with scheduler(tmp_path) as looks:
        assert looks([monday, friday]) == {name: ["2026-11-20"] for name in NIGHTS}

"""What runs by itself: the night of a company, statements that arrive by day, and telling people when it fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.arrivals import Seen, listing
from dagster_project.executors import executor_for
from dagster_project.office import AS_OF_TAG, Office
from integrations.services.alerts import alert

_STEPS = ("connections", "customers", "open_items", "bank_statements", "allocations", "postings", "exceptions")
_BY_DAY = ("bank_statements", "allocations", "postings", "exceptions")
_EVERY = 120


def nightly_job(office: Office) -> UnresolvedAssetJobDefinition:
    """Everything in order: in one process, or each step by a Celery worker."""
    return dg.define_asset_job(
        f"nightly_{office.name}",
        selection=[dg.AssetKey(office.key(step)) for step in _STEPS],
        description="The night: ERP and bank in, match, post, and the worklist for the morning.",
        executor_def=executor_for(office.executor),
        tags={"company": office.name},
    )


def intraday_job(office: Office) -> UnresolvedAssetJobDefinition:
    """From new statements to postings, without pulling the ERP again."""
    return dg.define_asset_job(
        f"statements_{office.name}",
        selection=[dg.AssetKey(office.key(step)) for step in _BY_DAY],
        description="Statements that arrived by day: read, match, post, and the worklist anew.",
        executor_def=executor_for(office.executor),
        tags={"company": office.name},
    )


def schedules(office: Office) -> list[dg.ScheduleDefinition]:
    """One schedule per company, in its own time zone. A night that was missed is caught up by the next one.

    The run's day is the day of the tick, so that a tick that comes late still works for its own night. The run's key is
    the time on the clock on the wall: an hour that the end of summer time brings twice starts one night.
    """
    if office.company.schedule is None:
        return []
    zone = ZoneInfo(office.company.timezone)

    def night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        wall = context.scheduled_execution_time.astimezone(zone)
        tags = {AS_OF_TAG: (office.pretend_today or wall.date()).isoformat()}
        return dg.RunRequest(run_key=f"{wall:%Y-%m-%d %H:%M}", tags=tags)

    return [
        dg.ScheduleDefinition(
            name=f"night_of_{office.name}",
            job_name=f"nightly_{office.name}",
            cron_schedule=office.company.schedule,
            execution_timezone=office.company.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"{office.company.schedule}, {office.company.timezone}",
            execution_fn=night,
        )
    ]


def statement_sensor(office: Office) -> dg.SensorDefinition:
    """Looks for new statement files every two minutes and starts the intraday job for them."""

    @dg.sensor(
        name=f"statement_files_{office.name}",
        job_name=f"statements_{office.name}",
        minimum_interval_seconds=_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts when statement files arrived that were not there the last time; half-written ones wait.",
    )
    def statement_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if _night_is_on(office, context.instance):
            return dg.SkipReason("the night is running; it takes what is there")
        before = Seen.from_cursor(context.cursor)
        now, problems = listing(office.company, datetime.now(UTC))
        if problems:
            context.log.warning("%s", " ".join(problems))
        fresh = now.new_since(before)
        if not fresh:
            return dg.SensorResult(cursor=now.or_else(before, problems=problems).cursor(), skip_reason="no new files")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=now.key())], cursor=now.cursor())

    return statement_files


def _night_is_on(office: Office, instance: dg.DagsterInstance) -> bool:
    """Whether the nightly job is running or about to."""
    waiting = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    wanted = dg.RunsFilter(job_name=f"nightly_{office.name}", statuses=waiting)
    return bool(instance.get_run_records(filters=wanted, limit=1))


def worklist_sensor(office: Office, folder: Path) -> dg.SensorDefinition:
    """Applies filled-in worklist files that are dropped into the folder `in`, in the name that the settings give."""

    @dg.sensor(
        name=f"worklist_files_{office.name}",
        job_name=f"apply_worklist_{office.name}",
        minimum_interval_seconds=_EVERY // 4,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Applies files from {folder.name}/in in the name of {office.worklist_person}.",
    )
    def worklist_files(_context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        now = datetime.now(UTC).timestamp()
        for path in sorted((folder / "in").glob("*")):
            facts = path.stat()
            if (
                path.suffix.lower() in {".csv", ".xlsx"}
                and not path.name.startswith((".", "~"))
                and now - facts.st_mtime > 5
            ):
                key = f"{path.name}:{facts.st_size}:{facts.st_mtime_ns}"
                yield dg.RunRequest(run_key=key, run_config={"file": path.name})

    return worklist_files


def failure_alert(office: Office) -> dg.SensorDefinition:
    """Tells the company's people when one of its nights or statement runs fails."""
    mine = {f"nightly_{office.name}", f"statements_{office.name}"}

    @dg.run_failure_sensor(
        name=f"alert_{office.name}",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the reason of a failed night to the addresses in the company's alerts.",
    )
    def told_of_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if run.job_name not in mine:
            return
        reasons = [_reason(event) for event in context.get_step_failure_events()]
        text = "\n".join([*(reasons or [context.failure_event.message or "failed"]), f"run {run.run_id}"])
        for failure in alert(office.company, f"{office.name}: {run.job_name} failed", text):
            context.log.warning("nobody could be told: %s", failure)

    return told_of_failure


def _reason(event: dg.DagsterEvent) -> str:
    """The step and why it failed: the sentence that was raised, not what Dagster wrapped around it."""
    data = event.step_failure_data
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    told = data.user_failure_data.description if data.user_failure_data else None
    return f"{event.step_key}: {(told or (error.message if error else '') or event.message or 'failed').strip()}"

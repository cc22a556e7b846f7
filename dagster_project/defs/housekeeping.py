"""Keeps Dagster's own storage small: records of old runs go; the ledger, which is the book, is never touched."""

from datetime import UTC, datetime, timedelta

import dagster as dg

_AT_ONCE = 200
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def purge(instance: dg.DagsterInstance, *, before: datetime, at_most: int) -> int:
    """Delete finished runs that were last updated before the moment, oldest records first; returns how many."""
    deleted = 0
    wanted = dg.RunsFilter(statuses=_FINISHED, updated_before=before)
    while deleted < at_most:
        runs = instance.get_runs(filters=wanted, limit=min(_AT_ONCE, at_most - deleted), ascending=True)
        if not runs:
            break
        for run in runs:
            instance.delete_run(run.run_id)
        deleted += len(runs)
    return deleted


@dg.op(
    config_schema={
        "keep_days": dg.Field(int, is_required=False, default_value=60, description="records younger than this stay"),
        "at_most": dg.Field(int, is_required=False, default_value=5_000, description="no more than this in one run"),
    }
)
def purge_old_runs(context: dg.OpExecutionContext) -> None:
    """Delete the records of runs that ended long ago."""
    before = datetime.now(UTC) - timedelta(days=context.op_config["keep_days"])
    deleted = purge(context.instance, before=before, at_most=context.op_config["at_most"])
    context.log.info("%d run records deleted; decisions and their history stay in the ledger", deleted)


@dg.job(executor_def=dg.in_process_executor, description="Delete the records of runs that ended long ago.")
def purge_run_history() -> None:
    """Dagster's event log grows without end otherwise."""
    purge_old_runs()


purge_schedule = dg.ScheduleDefinition(
    name="purge_run_history_weekly",
    job=purge_run_history,
    cron_schedule="30 5 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

"""Keeps the pages of a busy week fast: of lists that a newer one has replaced, only the numbers stay.

An asset's page loads, for its plots, every event of its last week with all that was told in it. A list of forty cases
with its links is a quarter of a megabyte, and each clearing run publishes one: after a hundred decisions the page would
load 25 MB. Nobody works from an old list, and its numbers are what is plotted.
"""

from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster_shared.serdes import serialize_value

from dagster_project.telling import Metadata
from dagster_project.worklist import INLINE

GONE = "only kept with the newest list"
_LOOKED_AT = 200


def tidy(context: dg.OpExecutionContext | dg.AssetExecutionContext, key: list[str]) -> None:
    """Forget an asset's old lists where that is possible. That it is not makes a page slow and nothing wrong."""
    try:
        forget_lists(context.instance, key)
    except Exception as error:  # noqa: BLE001 - Dagster's storage is not ours, and a run must not fail for speed
        context.log.warning("old lists could not be taken out of Dagster's history: %s", type(error).__name__)


def forget_lists(instance: dg.DagsterInstance, key: list[str]) -> int:
    """Take the lists out of all but the newest event of an asset; returns of how many.

    The newest stays whole until the one that replaces it is stored, so that the page is never without its lists. What
    is shown behind a button, texts longer than Dagster shows on the page itself, counts as a list. Dagster offers no
    call for this, so it is done in its table; another storage than a database is left as it is.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    # Read before the connection is open: a file of SQLite has one for each process.
    slim = {record.storage_id: entry for record in _superseded(instance, key) if (entry := _without_lists(record))}
    columns = SqlEventLogStorageTable.c
    with storage.index_connection() as connection:
        for storage_id, entry in slim.items():
            where = (columns.id == storage_id, columns.run_id == entry.run_id)
            connection.execute(SqlEventLogStorageTable.update().where(*where).values(event=serialize_value(entry)))
    return len(slim)


def _superseded(instance: dg.DagsterInstance, key: list[str]) -> Sequence[dg.EventLogRecord]:
    return instance.fetch_materializations(dg.AssetKey(key), limit=_LOOKED_AT).records[1:]


def _without_lists(record: dg.EventLogRecord) -> dg.EventLogEntry | None:
    """The event with a remark in place of each list; None where it holds none."""
    materialization, event = record.asset_materialization, record.event_log_entry.dagster_event
    lists = _lists(materialization.metadata) if materialization else {}
    if not lists or materialization is None or event is None:
        return None
    told = materialization.with_metadata({**materialization.metadata, **lists})
    data = event.step_materialization_data._replace(materialization=told)
    return record.event_log_entry._replace(dagster_event=event._replace(event_specific_data=data))


def _lists(told: Mapping[str, dg.MetadataValue]) -> Metadata:
    """The entries that are lists, each as the remark that stays of it."""
    return {
        name: dg.MetadataValue.md(GONE)
        for name, entry in told.items()
        if isinstance(entry, dg.MarkdownMetadataValue) and len(entry.md_str or "") >= INLINE
    }

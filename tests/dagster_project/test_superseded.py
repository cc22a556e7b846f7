"""Old lists leave Dagster's history, so that an asset's page does not load them all for its plots."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.superseded import GONE, forget_lists
from dagster_project.worklist import INLINE
from tests.support.postgres import running_postgres
from tests.support.programs import free_port

KEY = ["acme", "exceptions"]


def publish(instance: dg.DagsterInstance, number: int) -> None:
    told = {
        "todo": dg.MetadataValue.md(f"{number} open cases"),
        "open": dg.MetadataValue.int(number),
        "list_01": dg.MetadataValue.md(f"case {number} " * INLINE),
    }

    @dg.op
    def work(context: dg.OpExecutionContext) -> None:
        context.log_event(dg.AssetMaterialization(asset_key=KEY, metadata=told))
        # Another asset's list, in the same run, stays as it is.
        context.log_event(dg.AssetMaterialization(asset_key=["acme", "allocations"], metadata=told))

    @dg.job
    def publishing() -> None:
        work()

    assert publishing.execute_in_process(instance=instance).success


def kept(instance: dg.DagsterInstance, key: list[str]) -> list[dict[str, object]]:
    """What each event of the asset tells, newest first; lists by their first word."""
    records = instance.fetch_materializations(dg.AssetKey(key), limit=10).records
    return [
        {name: one.value.split(" 1")[0][:30] if name == "list_01" else one.value for name, one in told.metadata.items()}
        for told in (record.asset_materialization for record in records)
        if told is not None
    ]


def check(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for number in (3, 2, 1):
            publish(instance, number)
        runs = [instance.all_logs(run.run_id) for run in instance.get_runs()]
        assert forget_lists(instance, KEY) == 2
        newest, *older = kept(instance, KEY)
        assert str(newest["list_01"]).startswith("case")
        assert older == [{"todo": f"{number} open cases", "open": number, "list_01": GONE} for number in (2, 3)]
        latest = instance.get_latest_materialization_event(dg.AssetKey(KEY))
        assert latest is not None
        assert latest.asset_materialization is not None
        assert len(str(latest.asset_materialization.metadata["list_01"].value)) > INLINE
        # Nothing else in the log has changed, and a second time there is nothing to do.
        assert GONE not in str(kept(instance, ["acme", "allocations"]))
        assert [len(instance.all_logs(run.run_id)) for run in instance.get_runs()] == [len(one) for one in runs]
        assert forget_lists(instance, KEY) == 0


def test_only_the_newest_list_is_kept(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    check(tmp_path)


@pytest.mark.postgresql
@pytest.mark.slow
def test_only_the_newest_list_is_kept_on_postgresql(tmp_path: Path) -> None:
    with running_postgres(free_port()) as server:
        address = server.create_database("dagster").replace("postgresql+psycopg://", "postgresql+psycopg2://")
        settings = {"storage": {"postgres": {"postgres_url": address}}, "telemetry": {"enabled": False}}
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
        check(tmp_path)

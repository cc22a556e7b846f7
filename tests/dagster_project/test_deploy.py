"""The examples in deploy/ are what they say: parsed, accepted by Dagster, and on a real PostgreSQL, run."""

import os
from configparser import ConfigParser
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from dagster_project.components.company import company_definitions
from dagster_project.links import LOCATION
from integrations.ledger import open_ledger
from tests.dagster_project.test_company import NIGHT, office, prepare, told
from tests.support.postgres import running_postgres

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_dagster_accepts_the_settings() -> None:
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    assert settings["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    result = validate_config(dagster_instance_config_schema(), settings)
    assert result.success, result.errors


def test_every_start_names_the_location_of_the_links() -> None:
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())
    assert workspace["load_from"][0]["grpc_server"]["location_name"] == LOCATION
    helm = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())
    assert helm["dagster-user-deployments"]["deployments"][0]["name"] == LOCATION


@pytest.mark.parametrize("name", ["code", "daemon", "web"])
def test_units_start_what_is_installed(name: str) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd" / f"lettrage-{name}.service")
    program, *arguments = unit["Service"]["ExecStart"].split()
    installed = Path(dg.__file__).parents[4] / "bin" / Path(program).name
    assert os.access(installed, os.X_OK)
    if name == "web":
        assert arguments[:2] == ["-h", "127.0.0.1"]
    if name == "code":
        assert arguments[arguments.index("--location-name") + 1] == LOCATION


@pytest.mark.postgresql
@pytest.mark.slow
def test_a_night_with_ledger_and_dagster_on_postgresql(tmp_path: Path) -> None:
    prepare(tmp_path)
    with running_postgres() as server:
        ledger_url = server.create_database("ledger")
        storage = server.create_database("dagster").replace("postgresql+psycopg:", "postgresql+psycopg2:")
        (tmp_path / "home").mkdir()
        settings = {"telemetry": {"enabled": False}, "storage": {"postgres": {"postgres_url": storage}}}
        (tmp_path / "home" / "dagster.yaml").write_text(yaml.safe_dump(settings))
        acme = office(tmp_path, ledger=ledger_url)
        with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
            job = company_definitions(acme).resolve_job_def("nightly_acme")
            result = job.execute_in_process(instance=instance, tags=NIGHT)
            assert result.success
            assert told(result, "bank_statements")["files_new"] == 32
            assert instance.get_run_by_id(result.run_id).status == dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
        ledger = open_ledger(ledger_url)
        assert list(ledger.verify("acme")) == []
        ledger.close()

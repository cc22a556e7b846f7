"""The examples in deploy/ are what they say: parsed, accepted by Dagster, and on a real PostgreSQL, run."""

import importlib
import os
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

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


# What the official chart's values.schema.json (Dagster 1.13) knows of the keys we set; `None`: anything goes in there.
CHART: dict[str, Any] = {
    "dagster-user-deployments": {"enabled": bool, "deployments": list},
    "dagsterWebserver": {"image": None, "service": {"type": str, "port": int}, "enableReadOnly": bool},
    "dagsterDaemon": {
        "image": None,
        "runCoordinator": {"enabled": bool, "type": str, "config": {"customRunCoordinator": None}},
    },
    "runLauncher": {"type": str, "config": {"k8sRunLauncher": {"envSecrets": list}}},
    "postgresql": {
        "enabled": bool, "postgresqlHost": str, "postgresqlUsername": str, "postgresqlDatabase": str,
        "postgresqlScheme": str,
    },
    "global": {"postgresqlSecretName": str},
    "generatePostgresqlPasswordSecret": bool,
    "additionalInstanceConfig": None,
    "retention": {
        "enabled": bool, "schedule": {"purgeAfterDays": int},
        "sensor": {"purgeAfterDays": {"skipped": int, "success": int, "failure": int}},
    },
    "telemetry": {"enabled": bool},
}  # fmt: skip


DEPLOYMENT: dict[str, Any] = {
    "name": str, "image": {"repository": str, "tag": str, "pullPolicy": str}, "dagsterApiGrpcArgs": list, "port": int,
    "envSecrets": list, "includeConfigInLaunchedRuns": {"enabled": bool},
}  # fmt: skip


def fits(values: Any, schema: Any, where: str = "") -> list[str]:
    """What of the values the chart does not know."""
    if schema is None:
        return []
    if isinstance(schema, dict):
        unknown = [f"{where}.{key} is unknown" for key in values if key not in schema]
        return unknown + [
            found for key, one in values.items() if key in schema for found in fits(one, schema[key], f"{where}.{key}")
        ]
    return [] if isinstance(values, schema) else [f"{where} is no {schema.__name__}"]


def test_the_chart_knows_every_value() -> None:
    helm = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())
    assert fits(helm, CHART) == []
    deployments = helm["dagster-user-deployments"]["deployments"]
    assert [found for one in deployments for found in fits(one, DEPLOYMENT)] == []
    assert all(set(secret) == {"name"} for one in deployments for secret in one["envSecrets"])
    assert helm["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    # The coordinator is our code, so everything that loads it runs from our image.
    ours = helm["dagster-user-deployments"]["deployments"][0]["image"]
    assert helm["dagsterWebserver"]["image"] == helm["dagsterDaemon"]["image"] == ours
    coordinator = helm["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    written = {"run_coordinator": coordinator, **helm["additionalInstanceConfig"]}
    result = validate_config(dagster_instance_config_schema(), written)
    assert result.success, result.errors
    assert getattr(importlib.import_module(coordinator["module"]), coordinator["class"])


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("NO SYSTEMD: nothing here can verify the units")
    units = []
    for unit in (DEPLOY / "systemd").glob("*.service"):
        here = tmp_path / unit.name.replace("@", "@one")
        text = unit.read_text().replace("/opt/lettrage/.venv", str(Path(dg.__file__).parents[4]))
        # Whoever runs the tests has no user `lettrage`; an unknown directive or value is what is looked for.
        here.write_text(text.replace("=lettrage\n", "=root\n").replace("=/opt/lettrage\n", "=/\n"))
        units.append(str(here))
    done = subprocess.run([verify, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "lettrage-" in line]
    assert ours == []


@pytest.mark.parametrize("name", ["code", "daemon", "web", "worker@"])
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

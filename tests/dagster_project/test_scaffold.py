"""`dg` as integration engineers use it: list, scaffold, check; a new company loads as it is written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from dagster_project.components import Company

ROOT = Path(__file__).parents[2]


@pytest.mark.filterwarnings("ignore:.*parse_obj_as.*", "ignore:.*currently in beta.*")  # Dagster's own sandbox
@pytest.mark.parametrize(("folder", "name"), [("acme", "acme"), ("Acme-Ltd 2", "acme_ltd_2")])
def test_a_new_company_loads_as_it_is_written(folder: str, name: str) -> None:
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=Company, defs_path=folder)
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, definitions):
            assert isinstance(component, Company)
            assert component.office.name == name
            assert component.office.company.schedule is None
            dg.Definitions.validate_loadable(definitions)
            assert definitions.resolve_job_def(f"nightly_{name}")


@pytest.mark.slow
def test_dg_lists_scaffolds_and_checks(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "pyproject.toml", project)
    shutil.copytree(ROOT / "dagster_project", project / "dagster_project", ignore=shutil.ignore_patterns("__pycache__"))
    for package in ("integrations", "matching"):
        (project / package).symlink_to(ROOT / package)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ, "HOME": str(home), "DAGSTER_HOME": str(home), "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore", "COLUMNS": "200", "VIRTUAL_ENV": str(Path(sys.executable).parents[1]),
    }  # fmt: skip

    def dg_says(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            ["dg", *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    assert "dagster_project.components.Company" in dg_says("list", "components")[1]
    code, said = dg_says("scaffold", "defs", "dagster_project.components.Company", "acme")
    assert code == 0, said
    for check in ("yaml", "defs"):
        code, said = dg_says("check", check)
        assert code == 0, said
    written = project / "dagster_project" / "defs" / "acme" / "defs.yaml"
    good = written.read_text()
    for wrong, right, named in (
        ("timezon:", "timezone:", "timezon"),
        ("kind: oddo", "kind: flatfile", "no ERP that Lettrage connects to"),
    ):
        written.write_text(good.replace(right, wrong))
        code, said = dg_says("check", "defs")
        assert code != 0
        assert named in said

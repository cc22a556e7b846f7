"""The code location of the deployment test: the demo company, its nights on Celery workers, its ledger by variable."""

import os
from pathlib import Path

import dagster as dg

from dagster_project.components.company import CompanyAttributes, company_definitions, office_of
from dagster_project.office import Office

FOLDER_VARIABLE = "LETTRAGE_DEPLOY_TEST_FOLDER"


def office(folder: Path, **changes: object) -> Office:
    attributes = {
        "name": "halvemaan",
        "schedule": None,
        "ledger_env": "LETTRAGE_LEDGER",
        "erp": {"kind": "flatfile", "inbox": "inbox", "outbox": "outbox"},
        "banks": [{"inbox": "bank", "archive": "archive"}],
        "pretend_today": "2026-11-19",
        "executor": "celery",
    }
    return office_of(CompanyAttributes.model_validate(attributes | changes), folder)


if FOLDER_VARIABLE in os.environ:
    defs: dg.Definitions = company_definitions(office(Path(os.environ[FOLDER_VARIABLE])))

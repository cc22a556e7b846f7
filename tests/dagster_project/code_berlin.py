"""The code location of the scheduler's tests: companies in Berlin whose nights begin when clocks change."""

import os
from pathlib import Path

import dagster as dg

from dagster_project.components.company import CompanyAttributes, company_definitions, office_of

FOLDER_VARIABLE = "LETTRAGE_SCHEDULE_TEST_FOLDER"
NIGHTS = {"two": "0 2 * * *", "half_past_two": "30 2 * * *", "three": "0 3 * * *"}


def definitions(folder: Path) -> dg.Definitions:
    erp = {"kind": "flatfile", "inbox": "inbox", "outbox": "outbox"}
    companies = [
        CompanyAttributes.model_validate({"name": name, "timezone": "Europe/Berlin", "schedule": cron, "erp": erp})
        for name, cron in NIGHTS.items()
    ]
    return dg.Definitions.merge(*(company_definitions(office_of(one, folder)) for one in companies))


if FOLDER_VARIABLE in os.environ:
    defs = definitions(Path(os.environ[FOLDER_VARIABLE]))

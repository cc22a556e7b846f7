"""The code location of the alert test: a company whose statements stop, one whose ledger is unknown; every minute."""

import os
from pathlib import Path

import dagster as dg

from dagster_project.components.company import CompanyAttributes, company_definitions, office_of
from dagster_project.office import Office

FOLDER_VARIABLE = "LETTRAGE_ALERTS_TEST_FOLDER"


def office(folder: Path, name: str) -> Office:
    attributes = {
        "name": name,
        "schedule": "* * * * *",
        "ledger": f"sqlite:///{name}.db",
        "ledger_env": None if name == "late" else "LEDGER_THAT_NOBODY_SET",
        "erp": {"kind": "flatfile", "inbox": "inbox", "outbox": "outbox"},
        "banks": [{"inbox": "bank", "archive": "archive"}] if name == "late" else [],
        "alerts": {"webhook_env": "TEST_HOOK", "email_to": [f"finance@{name}.example"], "smtp_env": "TEST_SMTP"},
        # A Tuesday; the statements end on the Wednesday before.
        "pretend_today": "2026-11-24",
    }
    return office_of(CompanyAttributes.model_validate(attributes), folder)


if FOLDER_VARIABLE in os.environ:
    both = [company_definitions(office(Path(os.environ[FOLDER_VARIABLE]), name)) for name in ("late", "down")]
    defs: dg.Definitions = dg.Definitions.merge(*both)

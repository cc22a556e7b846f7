"""The code location of the browser tests: the demo company with people, limits and four eyes, in its own folder."""

import os
from pathlib import Path

import dagster as dg

from dagster_project.components.company import CompanyAttributes, company_definitions, office_of
from dagster_project.office import Office

FOLDER_VARIABLE = "LETTRAGE_BROWSER_TEST_FOLDER"


def office(folder: Path) -> Office:
    """Anna clears and writes off little; Ben approves; above 5,000 it takes both."""
    people = [
        {"name": "anna@example.com", "may": ["clear", "write_off", "reopen"], "write_off_limit": {"EUR": "1.00"}},
        {"name": "ben@example.com", "may": ["clear", "approve", "reopen"]},
    ]
    attributes = CompanyAttributes.model_validate(
        {
            "name": "halvemaan",
            "schedule": None,
            "ledger": "sqlite:///lettrage.db",
            "erp": {"kind": "flatfile", "inbox": "erp/inbox", "outbox": "erp/outbox"},
            "banks": [{"inbox": "bank", "archive": "bank-archive"}],
            "rights": {"people": people, "four_eyes_above": {"EUR": "5000", "GBP": "5000"}},
            "worklist": "worklist",
            "accept_from": 60,
            "pretend_today": "2026-11-19",
        }
    )
    return office_of(attributes, folder)


if FOLDER_VARIABLE in os.environ:
    defs: dg.Definitions = company_definitions(office(Path(os.environ[FOLDER_VARIABLE])))

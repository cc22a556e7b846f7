"""The component type that integration engineers use: one company with its ERP, banks, people and nights.

The attributes are the same as those of a company in a Lettrage configuration file. Secrets appear only as names of
environment variables and are looked up when a run needs them: a missing one fails that company's `connections` check
with a sentence, and never the loading of the code location.
"""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster.components import Component, ComponentLoadContext
from pydantic import BaseModel, Field

from dagster_project.assets import clearings_spec, company_assets
from dagster_project.checks import company_checks
from dagster_project.clearing_jobs import clearing_jobs
from dagster_project.components.scaffolder import CompanyScaffolder
from dagster_project.executors import Where
from dagster_project.nights import (
    failure_alert,
    intraday_job,
    nightly_job,
    schedules,
    statement_sensor,
    worklist_sensor,
)
from dagster_project.office import Office
from integrations.config.load import LEDGER_IN_PROJECT, database_beside, placed
from integrations.config.settings import CompanySettings, beside


class CompanyAttributes(CompanySettings):
    """A company as in a configuration file, and what only Dagster needs to know."""

    ledger: str = Field(LEDGER_IN_PROJECT, description="database address; a relative file is in the project")
    ledger_env: str | None = Field(None, description="environment variable with the address, where it holds a password")
    worklist: str | None = Field(
        None, description="folder for the worklist as CSV and XLSX; filled-in files are dropped into its folder `in`"
    )
    worklist_person: str = Field(
        "", description="in whose name dropped worklist files are applied; empty = only through the job"
    )
    accept_from: int = Field(85, ge=1, le=100, description="percent from which the bulk link accepts suggestions")
    rows_shown: int = Field(40, ge=20, le=200, description="most urgent cases listed on the page")
    path_prefix: str = Field("", description="the path below which a proxy serves Dagster, such as /dagster")
    executor: Where = Field(
        "in_process", description="where the steps of a night work; celery = workers, see deploy/README.md"
    )
    pretend_today: date | None = Field(None, description="for demonstrations and rehearsals only: the day it shall be")

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The JSON schema, in the shape that Dagster's samples can walk: each array says what its items are."""
        schema = super().model_json_schema(*args, **kwargs)
        _say_items(schema)
        return schema


@dg.scaffold_with(CompanyScaffolder)
class Company(Component):
    """One company: its ERP, bank inboxes, matching policy, people, schedule and alerts.

    Brings the assets from open items to postings, the checks, the worklist of exceptions, the jobs with which finance
    clears them, the nightly schedule, and the sensor for statements that arrive by day.
    """

    def __init__(self, office: Office) -> None:
        self.office = office

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes` in defs.yaml."""
        return CompanyAttributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: ComponentLoadContext) -> "Company":
        """The component from its attributes; relative folders are taken from the project's root."""
        assert isinstance(attributes, CompanyAttributes)
        return cls(office_of(attributes, Path(context.project_root)))

    def build_defs(self, context: ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002 - Dagster's signature
        """All definitions of the company."""
        return company_definitions(self.office)


def _say_items(part: Any) -> None:
    """Pairs are `prefixItems` in JSON schema, for which Dagster's samples look in vain for `items`."""
    if isinstance(part, dict):
        if "prefixItems" in part:
            part.setdefault("items", part["prefixItems"][0])
        for one in part.values():
            _say_items(one)
    elif isinstance(part, list):
        for one in part:
            _say_items(one)


def office_of(attributes: CompanyAttributes, root: Path) -> Office:
    """What runs of this company need, with relative folders below ``root``."""
    return Office(
        company=placed(attributes, root),
        ledger_url=database_beside(attributes.ledger, root),
        ledger_env=attributes.ledger_env,
        pretend_today=attributes.pretend_today,
        worklist_folder=Path(beside(root, attributes.worklist)) if attributes.worklist else None,
        worklist_person=attributes.worklist_person,
        accept_from=attributes.accept_from,
        rows_shown=attributes.rows_shown,
        path_prefix=attributes.path_prefix,
        executor=attributes.executor,
    )


def company_definitions(office: Office) -> dg.Definitions:
    """Assets, checks, jobs, schedule and sensors of one company."""
    sensors: list[Any] = [statement_sensor(office), failure_alert(office)]
    if office.worklist_folder and office.worklist_person:
        sensors.append(worklist_sensor(office, office.worklist_folder))
    return dg.Definitions(
        assets=[*company_assets(office), clearings_spec(office)],
        asset_checks=company_checks(office),
        jobs=[nightly_job(office), intraday_job(office), *clearing_jobs(office)],
        schedules=schedules(office),
        sensors=sensors,
        executor=dg.in_process_executor,
    )

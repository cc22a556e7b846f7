"""What every asset, check and job of one company needs at run time: its settings, its ledger, and which day it is."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dagster_project.attribution import SYSTEM, UNKNOWN, USER_TAG
from dagster_project.executors import Where
from dagster_project.links import LOCATION, Place
from dagster_project.worklist import Page
from integrations.config.load import secret
from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.services.context import Run

# A run for another day than today carries it as a tag: schedules set it, so that a late tick works for its own night.
AS_OF_TAG = "lettrage/as_of"
LOCATION_TAG = "dagster/code_location"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One company as Dagster runs it. Secrets are looked up when they are used, never while definitions load."""

    company: CompanySettings
    ledger_url: str
    ledger_env: str | None = None
    pretend_today: date | None = None
    worklist_folder: Path | None = None
    worklist_person: str = ""
    accept_from: int = 85
    rows_shown: int = 40
    path_prefix: str = ""
    executor: Where = "in_process"

    @property
    def name(self) -> str:
        """The company's short name; first part of every asset key and last part of every job name."""
        return self.company.name

    def key(self, *parts: str) -> list[str]:
        """An asset key of this company."""
        return [self.name, *parts]

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, closed again afterwards. Raises SecretMissing and the ledger's own errors."""
        url = secret(self.ledger_env) if self.ledger_env else self.ledger_url
        _make_folder(url)
        ledger = open_ledger(url)
        try:
            yield ledger
        finally:
            ledger.close()

    def today(self, now: datetime | None = None) -> date:
        """The day in the company's own time zone.

        An aware UTC moment late in the evening is the next day already further east.
        """
        return self.pretend_today or (now or datetime.now(UTC)).astimezone(ZoneInfo(self.company.timezone)).date()

    def run(self, run_id: str, tags: Mapping[str, str]) -> Run:
        """What services are told about a Dagster run."""
        as_of = date.fromisoformat(tags[AS_OF_TAG]) if AS_OF_TAG in tags else self.today()
        return Run(as_of=as_of, clock=lambda: datetime.now(UTC), run_id=run_id)

    def page(self, tags: Mapping[str, str]) -> Page:
        """Where the worklist of a run is shown; the location's name is that of the run, so that links always fit."""
        place = Place(location=tags.get(LOCATION_TAG, LOCATION), prefix=self.path_prefix)
        sheet = str(self.worklist_folder / f"worklist_{self.name}.xlsx") if self.worklist_folder else ""
        return Page(company=self.name, place=place, accept_from=self.accept_from, spreadsheet=sheet)

    def person(self, tags: Mapping[str, str]) -> str:
        """Who acts in a run that changes decisions: the proxy's name for them, never what the Launchpad says."""
        name = tags.get(USER_TAG, UNKNOWN)
        return self.worklist_person if name == SYSTEM and self.worklist_person else name


def _make_folder(url: str) -> None:
    """A new SQLite ledger may lie in a folder that is not there yet."""
    if url.startswith("sqlite:///") and ":memory:" not in url:
        Path(os.path.expandvars(url.removeprefix("sqlite:///"))).parent.mkdir(parents=True, exist_ok=True)

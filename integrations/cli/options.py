"""Options that several commands share, and how a command comes by its company and its ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.cli.output import fail
from integrations.config.load import ConfigurationError, load_settings
from integrations.config.settings import CompanySettings
from integrations.erp.errors import ErpError
from integrations.inbox.arrivals import InboxUnreachable
from integrations.ledger.errors import LedgerError
from integrations.ledger.port import Ledger
from integrations.services.context import Run, Tell
from integrations.services.open import ledger_of

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="LETTRAGE_CONFIG", help="configuration file (YAML), or a company's defs.yaml"
    ),
]
CompanyOption = Annotated[str | None, typer.Option("--company", help="which company, where there are several")]
ByOption = Annotated[str, typer.Option("--by", envvar="LETTRAGE_USER", help="who decides", default_factory=getuser)]
AsOfOption = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day that counts as today")
]

# What may go wrong outside of us; each says in its message what to do.
OUTSIDE = (ErpError, LedgerError, InboxUnreachable, ConfigurationError, NotAStatement, UnreadableStatement, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A company with its ledger, open."""

    company: CompanySettings
    ledger: Ledger


@contextmanager
def one_company(config: Path, name: str | None) -> Iterator[Work]:
    """The company of that name, or the only one there is; trouble outside ends the command with one sentence."""
    with said_plainly():
        settings = load_settings(config)
        if name is None and len(settings.companies) > 1:
            known = ", ".join(company.name for company in settings.companies)
            fail(f"there are several companies ({known}); name one with --company")
        try:
            company = settings.company(name) if name else settings.companies[0]
        except KeyError as error:
            fail(str(error.args[0]))
        ledger = ledger_of(settings)
        try:
            yield Work(company=company, ledger=ledger)
        finally:
            ledger.close()


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turns what went wrong outside into one sentence on standard error and exit status 2."""
    try:
        yield
    except OUTSIDE as error:
        fail(str(error))


def now() -> datetime:
    """The present moment; only the doors of Lettrage read the clock."""
    return datetime.now(UTC)


def run_of(company: CompanySettings, as_of: datetime | None, tell: Tell) -> Run:
    """A run for today in the company's time zone, or for the day that was asked for."""
    today: date = as_of.date() if as_of else now().astimezone(ZoneInfo(company.timezone)).date()
    return Run(as_of=today, clock=now, tell=tell)

"""`lettrage sync`: one whole night."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from integrations.cli.options import AsOfOption, CompanyOption, run_of, said_plainly
from integrations.cli.output import fail, progress, say, table, warn
from integrations.config.load import load_settings
from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.services.context import Tell
from integrations.services.match import Amounts
from integrations.services.money_text import money_text
from integrations.services.open import flat_file_company, ledger_of
from integrations.services.sync import SyncReport
from integrations.services.sync import sync as run_sync


def sync(
    *,
    inbox: Annotated[Path | None, typer.Option(help="folder with customers.csv and open_items.csv")] = None,
    statements: Annotated[Path | None, typer.Option(help="folder with bank statement files")] = None,
    outbox: Annotated[Path | None, typer.Option(help="folder that receives the result")] = None,
    database: Annotated[
        str | None, typer.Option(help="ledger database; default: lettrage.db in the outbox folder")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="configuration file with companies, banks and ERPs")
    ] = None,
    company: CompanyOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Pull open items, read bank statements, match, post the result, and write what is left for people.

    Either with --inbox, --statements and --outbox for one flat-file company, or with --config for configured ones.
    Running it again on the same input changes nothing.
    Exit status: 0 done (exceptions are normal), 1 some input was set aside (all the rest is done), 2 unusable arguments
    or something outside failed; what was done before stays done, run it again.
    """
    with said_plainly():
        if config is not None:
            if inbox or statements or outbox or database:
                fail("give either --config, or --inbox, --statements and --outbox; not both")
            reports = _configured(config, company, as_of)
        elif inbox and statements and outbox:
            reports = [_flat_files(inbox, statements, outbox, database, as_of)]
        else:
            fail("give --inbox, --statements and --outbox, or --config; `lettrage sync --help` explains them")
    for report in reports:
        _show(report)
    raise typer.Exit(1 if any(report.quarantined for report in reports) else 0)


def _configured(config: Path, company: str | None, as_of: datetime | None) -> list[SyncReport]:
    settings = load_settings(config)
    try:
        companies = [settings.company(company)] if company else list(settings.companies)
    except KeyError as error:
        fail(str(error.args[0]))
    ledger = ledger_of(settings)
    try:
        with progress() as tell:
            return [_one(one, ledger, as_of, tell) for one in companies]
    finally:
        ledger.close()


def _flat_files(
    inbox: Path, statements: Path, outbox: Path, database: str | None, as_of: datetime | None
) -> SyncReport:
    for option, folder in (("--inbox", inbox), ("--statements", statements)):
        if not folder.is_dir():
            fail(f"{option}: there is no folder {folder}; create it or correct the name")
    outbox.mkdir(parents=True, exist_ok=True)
    ledger = open_ledger(database or f"sqlite:///{outbox.resolve() / 'lettrage.db'}")
    try:
        with progress() as tell:
            return _one(flat_file_company(inbox, statements, outbox), ledger, as_of, tell)
    finally:
        ledger.close()


def _one(company: CompanySettings, ledger: Ledger, as_of: datetime | None, tell: Tell) -> SyncReport:
    return run_sync(company, ledger, run_of(company, as_of, tell))


def _show(report: SyncReport) -> None:
    for problem in report.quarantined:
        warn(f"set aside: {problem}")
    for message in report.pushed.messages:
        warn(f"not posted: {message}")
    for message in report.noted.messages:
        warn(f"not noted in the ERP: {message}")
    pulled, imported, matched, pushed = report.pulled, report.imported, report.matched, report.pushed
    say(
        f"{report.company}: {pulled.open_items} open items of {pulled.customers} customers; "
        f"{imported.files_new} new statement files with {imported.payments_new} new payments "
        f"({imported.files_known} files known already)"
    )
    if matched.skipped:
        say("nothing has changed since the last run, so nothing was decided anew")
    else:
        rows = [
            ("allocated", matched.allocated),
            ("partly allocated", matched.partly_allocated),
            ("exceptions", matched.exceptions),
            ("ignored", matched.ignored),
        ]
        table("", [("", False), ("payments", True), ("amount", True)], [_row(name, one) for name, one in rows])
    say(f"posted {pushed.confirmed + pushed.submitted}, refused {pushed.rejected}, unsure {pushed.ambiguous}")


def _row(name: str, amounts: Amounts) -> tuple[str, str, str]:
    return name, str(amounts.count), ", ".join(money_text(minor, currency) for currency, minor in amounts.amounts)

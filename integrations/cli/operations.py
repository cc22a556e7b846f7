"""`lettrage push`, `verify`, `history`, `doctor`: keeping the night in order."""

from typing import Annotated

import typer

from integrations.cli.options import AsOfOption, CompanyOption, ConfigOption, Work, one_company, run_of
from integrations.cli.output import progress, say
from integrations.services.doctor import doctor as look_at
from integrations.services.money_text import money_text
from integrations.services.publish import publish
from integrations.services.sync import connected, push_connected


def push(
    config: ConfigOption,
    *,
    company: CompanyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be posted, post nothing")] = False,
    as_of: AsOfOption = None,
) -> None:
    """Bring what waits in the outbox into the ERP; with --dry-run, print the exact postings and make none."""
    with one_company(config, company) as work, progress() as tell:
        if dry_run:
            _show_what_waits(work)
            return
        report = push_connected(work.company, work.ledger, run_of(work.company, as_of, tell))
        publish(work.company, work.ledger)
    for message in report.messages:
        say(message)
    say(f"posted {report.confirmed + report.submitted}, refused {report.rejected}, unsure {report.ambiguous}")
    raise typer.Exit(1 if report.rejected or report.ambiguous or report.waiting else 0)


def _show_what_waits(work: Work) -> None:
    """Print exactly what would be written for each posting, and what of it the ERP would not allocate."""
    with connected(work.company) as connector:
        for row in work.ledger.outbox(work.company.name, states=("planned", "approved", "ambiguous")):
            plan, posting = connector.plan(row.posting), row.posting
            remarks = [*plan.degraded]
            if posting.unallocated:
                remarks.append(f"{money_text(posting.unallocated, posting.currency)} of it are not explained yet")
            say(f"{row.action} {row.key} by {plan.route}" + (f" ({'; '.join(remarks)})" if remarks else ""))
            for step in plan.steps:
                say(f"  {step.name}: {step.summary} -> {step.target} {dict(step.content)}")


def verify(config: ConfigOption, *, company: CompanyOption = None) -> None:
    """Recompute every law over the whole ledger and name each violation. Changes nothing. Exit status 1 if any."""
    with one_company(config, company) as work:
        count = 0
        for violation in work.ledger.verify(work.company.name):
            count += 1
            say(f"{violation.law}: {violation.where}: {violation.message}")
    say("the ledger keeps all its laws" if not count else f"{count} violations; do not post before they are understood")
    raise typer.Exit(1 if count else 0)


def history(
    about: Annotated[str, typer.Argument(help="payment id, bank reference, case id or item id")],
    config: ConfigOption,
    *,
    company: CompanyOption = None,
) -> None:
    """Tell the story of one payment, item or case, oldest first."""
    with one_company(config, company) as work:
        for sentence in work.ledger.history(work.company.name, about):
            say(sentence)


def doctor(config: ConfigOption, *, company: CompanyOption = None, as_of: AsOfOption = None) -> None:
    """Look whether ledger, ERP, bank inboxes, secrets and people are in order, and say what to fix."""
    with one_company(config, company) as work, progress() as tell:
        findings = look_at(work.company, work.ledger, run_of(work.company, as_of, tell))
    for finding in findings:
        say(f"{finding.status:8} {finding.check}: {finding.message}")
    raise typer.Exit(1 if any(finding.status == "failed" for finding in findings) else 0)

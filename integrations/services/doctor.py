"""Looks whether everything a night needs is in place, and says what to fix. Writes nothing, never raises for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from integrations.bank.second_opinion import WrongParserInstalled, assert_right_parsers
from integrations.config.load import ConfigurationError, secret
from integrations.config.settings import BankSettings, CompanySettings
from integrations.erp.errors import ErpError
from integrations.inbox.arrivals import InboxUnreachable
from integrations.ledger.errors import LedgerError
from integrations.ledger.port import Ledger
from integrations.services.context import Run
from integrations.services.ingest import inbox_of
from integrations.services.sync import connected


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFinding:
    """One thing that was looked at. ``message`` says what to fix when it is not in order."""

    check: str
    status: Literal["ok", "warning", "failed"]
    message: str


def doctor(
    company: CompanySettings, ledger: Ledger, run: Run, environment: Mapping[str, str] | None = None
) -> tuple[DoctorFinding, ...]:
    """Check ledger, ERP, statement inboxes, secrets, people and alerts of one company."""
    return (
        *_libraries(),
        *_ledger(company, ledger),
        *_erp(company, environment),
        *(finding for bank in company.banks for finding in _bank(bank, run, environment)),
        *_people(company),
        *_alerts(company, environment),
    )


def _libraries() -> Iterator[DoctorFinding]:
    try:
        assert_right_parsers()
    except WrongParserInstalled as error:
        yield DoctorFinding(check="libraries", status="failed", message=str(error))
        return
    yield DoctorFinding(check="libraries", status="ok", message="the second readers of statements are the right ones")


def _ledger(company: CompanySettings, ledger: Ledger) -> Iterator[DoctorFinding]:
    try:
        head = ledger.audit_head(company.name)
    except LedgerError as error:
        yield DoctorFinding(check="ledger", status="failed", message=str(error))
        return
    yield DoctorFinding(
        check="ledger", status="ok", message=f"the ledger answers; its audit trail has {head.sequence} rows"
    )


def _erp(company: CompanySettings, environment: Mapping[str, str] | None) -> Iterator[DoctorFinding]:
    try:
        with connected(company, environment) as connector:
            results = connector.check()
        for result in results:
            yield DoctorFinding(check=f"ERP: {result.name}", status=result.status, message=result.message)
    except ErpError as error:
        yield DoctorFinding(check="ERP", status="failed", message=str(error))


def _bank(bank: BankSettings, run: Run, environment: Mapping[str, str] | None) -> Iterator[DoctorFinding]:
    try:
        with inbox_of(bank, environment) as inbox:
            arrived = inbox.arrivals(run.clock())
    except (InboxUnreachable, ConfigurationError) as error:
        yield DoctorFinding(check="bank inbox", status="failed", message=str(error))
        return
    yield DoctorFinding(check="bank inbox", status="ok", message=f"{bank.inbox}: {len(arrived)} files lie there")


def _people(company: CompanySettings) -> Iterator[DoctorFinding]:
    people = company.rights.people
    if not people:
        message = (
            "no people are listed, so everybody who reaches Lettrage may clear and write off; list them in `rights`"
        )
        yield DoctorFinding(check="people", status="warning", message=message)
        return
    approvers = [person.name for person in people if "approve" in person.may]
    if company.rights.four_eyes_above and len(approvers) < 2:
        message = "four eyes are wanted, but fewer than two people may approve; give a second person that right"
        yield DoctorFinding(check="people", status="failed", message=message)
        return
    yield DoctorFinding(check="people", status="ok", message=f"{len(people)} people, {len(approvers)} may approve")


def _alerts(company: CompanySettings, environment: Mapping[str, str] | None) -> Iterator[DoctorFinding]:
    wanted = [name for name in (company.alerts.webhook_env, company.alerts.smtp_env) if name]
    if not wanted:
        message = "nobody is told when a night fails; set `alerts.webhook_env`, or `alerts.email_to` with `smtp_env`"
        yield DoctorFinding(check="alerts", status="warning", message=message)
    for name in wanted:
        try:
            secret(name, environment)
        except ConfigurationError as error:
            yield DoctorFinding(check="alerts", status="failed", message=str(error))
        else:
            yield DoctorFinding(check="alerts", status="ok", message=f"{name} is set")

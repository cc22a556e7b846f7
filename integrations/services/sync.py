"""One whole night: pull, read statements, match, post, publish. Every step can be killed and run again."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from integrations.config.settings import CompanySettings
from integrations.erp import registry
from integrations.erp.protocol import Connector
from integrations.erp.settings import ErpSettings
from integrations.ledger.port import Ledger
from integrations.services.context import Problem, Run
from integrations.services.ingest import ImportReport, import_statements
from integrations.services.match import MatchReport, match_payments
from integrations.services.notes import NotesReport, put_notes
from integrations.services.publish import publish
from integrations.services.pull import PullReport, pull
from integrations.services.push import PushReport, push
from integrations.services.told import files_told_of, remember_told, with_untold


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a night did for one company."""

    company: str
    pulled: PullReport
    imported: ImportReport
    matched: MatchReport
    pushed: PushReport
    noted: NotesReport

    @property
    def quarantined(self) -> tuple[Problem, ...]:
        """All input that was set aside."""
        return (*self.pulled.quarantined, *self.imported.quarantined)


def connector_of(company: CompanySettings, environment: Mapping[str, str] | None = None) -> Connector:
    """The company's ERP connector; secrets are read from the environment now. Raises ConfigError."""
    assert isinstance(company.erp, ErpSettings)
    return registry.connect(company.erp, os.environ if environment is None else environment)


@contextmanager
def connected(company: CompanySettings, environment: Mapping[str, str] | None = None) -> Iterator[Connector]:
    """The company's ERP connector for as long as the block lasts; let go of it whatever happens. Raises ConfigError."""
    connector = connector_of(company, environment)
    try:
        yield connector
    finally:
        connector.close()


def push_connected(company: CompanySettings, ledger: Ledger, run: Run) -> PushReport:
    """`push` over connections of its own, as many as the ERP allows; all are closed afterwards."""
    with connected(company) as connector:
        return push(company, ledger, connector, run, another=lambda: connector_of(company))


def sync(company: CompanySettings, ledger: Ledger, run: Run) -> SyncReport:
    """Do everything that a night does for one company; doing it again on the same input changes nothing.

    First the postings that an earlier run left in the outbox are brought to an end, so that the pull that follows
    sees them. The report also counts the statements that a run before took in and did not live to tell of. Raises the
    ERP's, the inbox's and the ledger's named errors; what was done before stays done.
    """
    with connected(company) as connector:
        told = files_told_of(company.name, ledger, run)
        left_over = push(company, ledger, connector, run, another=lambda: connector_of(company))
        pulled = pull(company, ledger, connector, run)
        imported = with_untold(company.name, ledger, import_statements(company, ledger, run), told)
        matched = match_payments(company, ledger, run)
        pushed = push(company, ledger, connector, run, another=lambda: connector_of(company))
        noted = put_notes(company, ledger, connector, run)
        publish(company, ledger)
        remember_told(company.name, ledger, run)
    return SyncReport(
        company=company.name,
        pulled=pulled,
        imported=imported,
        matched=matched,
        pushed=left_over.and_then(pushed),
        noted=noted,
    )

"""Which statement files a night's report has told people of, so that none is left out when a night was killed.

A file is in the ledger as soon as it is read, the report comes at the end. A night that dies between the two leaves
files that no report names, and to the next night they are nothing new. So the last file that was told of is
remembered, and what came after it belongs to the next report, whichever night read it.
"""

from dataclasses import replace
from typing import cast

from integrations.ledger.port import Ledger
from integrations.ledger.records import KnownFile
from integrations.services.context import Problem, Run
from integrations.services.ingest import FileReport, ImportReport, StatementLine
from matching.model.bank_statement import Integrity

_CURSOR = "told_of"


def files_told_of(name: str, ledger: Ledger, run: Run) -> int:
    """The number of the last file that a finished night told of; a company's first night begins with what is there."""
    known = ledger.cursor(name, _CURSOR)
    if known:
        return int(known)
    last = _last(name, ledger)
    ledger.save_cursor(name, _CURSOR, str(last), change=run.change("system", "report", "first night"))
    return last


def remember_told(name: str, ledger: Ledger, run: Run) -> None:
    """The night is over: everything in the ledger now was told of."""
    last = str(_last(name, ledger))
    if ledger.cursor(name, _CURSOR) != last:
        ledger.save_cursor(name, _CURSOR, last, change=run.change("system", "report", "told"))


def _last(name: str, ledger: Ledger) -> int:
    return max((file.file_id for file in ledger.files(name)), default=0)


def with_untold(name: str, ledger: Ledger, report: ImportReport, told: int) -> ImportReport:
    """The report, and the files taken in since ``told`` that it does not know as new."""
    new = {file.sha256 for file in report.files if file.status == "imported"}
    untold = [file for file in ledger.files(name) if file.file_id > told and file.sha256 not in new]
    if not untold:
        return report
    hashes, numbers = {file.sha256 for file in untold}, {file.file_id for file in untold}
    lines = [
        StatementLine(
            file=one.file_name,
            account=one.account,
            currency=one.header.currency or "",
            from_date=one.header.from_date,
            to_date=one.header.to_date,
            opening=one.header.opening,
            closing=one.header.closing,
            entries=one.entry_count,
            integrity=cast("Integrity", one.integrity),
        )
        for one in ledger.statements(name)
        if one.file_id in numbers
    ]
    return replace(
        report,
        files=(*map(_report, untold), *(file for file in report.files if file.sha256 not in hashes)),
        statements=(*lines, *report.statements),
        findings=(*(one for file in untold for one in ledger.findings(name, file.file_id)), *report.findings),
        quarantined=(
            *(
                Problem(where=f"{file.name}, {part.where}", message=part.message, raw=part.raw)
                for file in untold
                for part in ledger.quarantined(name, file.file_id)
            ),
            *report.quarantined,
        ),
    )


def _report(file: KnownFile) -> FileReport:
    return FileReport(
        name=file.name,
        sha256=file.sha256,
        status="imported",
        entries=file.entries_read,
        entries_new=file.entries_new,
        payments_new=file.payments_new,
        quarantined=file.quarantined,
    )

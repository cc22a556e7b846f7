"""Do the statements of each account follow one another: opening + booked = closing, and closing = next opening?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import cast

from integrations.bank.trust import DeliveredStatement, Weight, check_statements, weigh
from integrations.config.settings import CompanySettings
from integrations.ledger.records import StatementOnFile
from matching.model.bank_statement import Integrity


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One place where the chain does not hold, in words."""

    account: str
    message: str


def breaks(statements: Iterable[StatementOnFile], company: CompanySettings) -> Iterator[Break]:
    """Statements that do not balance, and neighbours that do not meet.

    What is odd between statements is told by `integrations.bank.trust`; here it is only decided what blocks the night:
    what the account's settings (`findings`) or else the defaults call an error. Missing numbers and days are no more
    than a warning (another check tells of missing statements). Of a statement that was delivered again in another
    version, the last one counts. Where an account's settings say that `unbalanced_statement` is no more than an
    information, its statements are taken as they are.
    """
    accounts: dict[str, dict[tuple[date | None, str | None, int | None], StatementOnFile]] = {}
    for one in statements:
        header = one.header
        if header.kind == "final" and _weights(company, one.account).get("unbalanced_statement") != "info":
            period = (header.to_date or header.from_date, header.sequence, header.page)
            accounts.setdefault(one.account, {})[period] = one
    for account, by_period in sorted(accounts.items()):
        yield from (_unbalanced(account, one) for one in by_period.values() if one.integrity == "unbalanced")
        found, _ = weigh(check_statements(map(_delivered, by_period.values())), _weights(company, account))
        for finding in found:
            if finding.severity == "error":
                yield Break(account=account, message=f"{finding.where}: account {account}: {finding.message}")


def _weights(company: CompanySettings, account: str) -> dict[str, Weight]:
    """What the company has decided about findings on the account.

    Where anything shall stop it, a file may have been kept out: then what follows waits for the statements between,
    unless the settings say otherwise.
    """
    settings = (bank.accounts[account] for bank in company.banks if account in bank.accounts)
    weights = {code: weight for one in settings for code, weight in one.findings.items()}
    return {"sequence_gap": "stop", **weights} if "stop" in weights.values() else weights


def _delivered(one: StatementOnFile) -> DeliveredStatement:
    return DeliveredStatement(
        where=one.file_name, header=one.header, integrity=cast("Integrity", one.integrity), entry_count=one.entry_count
    )


def _unbalanced(account: str, one: StatementOnFile) -> Break:
    number = one.header.statement_id or one.header.sequence or "without number"
    message = (
        f"{one.file_name}: account {account}, statement {number}: "
        "opening balance and bookings do not give the closing balance; ask the bank for the statement anew"
    )
    return Break(account=account, message=message)

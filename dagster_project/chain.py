"""Do the statements of each account follow one another: opening + booked = closing, and closing = next opening?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from integrations.config.settings import CompanySettings
from integrations.ledger.records import StatementOnFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One place where the chain does not hold, in words."""

    account: str
    day: date | None
    message: str


def breaks(statements: Iterable[StatementOnFile], company: CompanySettings) -> Iterator[Break]:
    """Statements that do not balance, and neighbours that do not meet.

    A gap that is explained by a bank day without a statement is no break (another check tells of missing statements);
    of a statement that was delivered again in another version, the last one counts. Where an account's settings say
    that `unbalanced_statement` is no more than an information, its statements are taken as they are.
    """
    accounts: dict[str, dict[tuple[date | None, str | None, int | None], StatementOnFile]] = {}
    for one in statements:
        header = one.header
        if header.kind == "final" and not _accepted(company, one.account):
            period = (header.to_date or header.from_date, header.sequence, header.page)
            accounts.setdefault(one.account, {})[period] = one
    for account, by_period in sorted(accounts.items()):
        ordered = sorted(by_period.values(), key=_order)
        yield from (_unbalanced(account, one) for one in ordered if one.integrity == "unbalanced")
        for before, after in pairwise(ordered):
            yield from _meeting(account, before, after)


def _accepted(company: CompanySettings, account: str) -> bool:
    settings = (bank.accounts[account] for bank in company.banks if account in bank.accounts)
    return any(one.findings.get("unbalanced_statement") == "info" for one in settings)


def _order(one: StatementOnFile) -> tuple[date, int, int, int]:
    header = one.header
    day = header.to_date or header.from_date or date.min
    sequence = int(header.sequence) if header.sequence and header.sequence.isdecimal() else 0
    return day, sequence, header.page or 0, one.statement_no


def _unbalanced(account: str, one: StatementOnFile) -> Break:
    day = one.header.to_date or one.header.from_date
    number = one.header.statement_id or one.header.sequence or "without number"
    message = (
        f"{one.file_name}: account {account}, statement {number}: "
        "opening balance and bookings do not give the closing balance; ask the bank for the statement anew"
    )
    return Break(account=account, day=day, message=message)


def _meeting(account: str, before: StatementOnFile, after: StatementOnFile) -> Iterator[Break]:
    closing, opening = before.header.closing, after.header.opening
    if closing is None or opening is None or closing == opening:
        return
    ended = before.header.to_date or before.header.from_date
    began = after.header.from_date or after.header.to_date
    if ended and began and _bank_days_between(ended, began):
        return
    message = (
        f"{after.file_name}: account {account} opens with {opening}, but {before.file_name} closed with {closing}; "
        "one of the two is incomplete, ask the bank for them anew"
    )
    yield Break(account=account, day=began, message=message)


def _bank_days_between(ended: date, began: date) -> int:
    days = (ended + timedelta(days=step) for step in range(1, max(0, (began - ended).days)))
    return sum(day.weekday() < 5 for day in days)

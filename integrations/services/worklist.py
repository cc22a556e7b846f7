"""What people look at: the open cases, most urgent first, and how fresh and complete everything is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise
from typing import NamedTuple

from integrations.config.settings import CompanySettings
from integrations.ledger.port import Ledger
from integrations.ledger.records import OPEN_CASE_STATES, CaseState, CaseSummary, OpenCases, Resolution
from matching.model.decision import Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

_PAGE = 500
_NEVER_IN_BULK = frozenset(
    {"disputed_item", "currency_mismatch", "returned_payment", "erp_rejected", "unreadable", "pending"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistCase:
    """One open case with all that a person needs to decide.

    ``items`` are the facts of every item a suggestion names. ``allowed`` are the resolutions that make sense now.
    ``proposed_by`` and ``proposal`` are filled while a second person is awaited.
    """

    case_id: str
    state: CaseState
    kind: str
    why: str
    payment: Payment
    unallocated: int
    customer_id: str
    customer_name: str
    opened_on: date
    age_days: int
    suggestions: tuple[Suggestion, ...]
    items: dict[str, OpenItem]
    allowed: tuple[Resolution, ...]
    proposed_by: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """The open cases of a company at a glance, and the most urgent of them."""

    open_count: int
    awaiting_approval_count: int
    amounts: tuple[tuple[str, int], ...]
    oldest_days: int
    acceptable_count: int
    by_kind: tuple[tuple[str, int], ...]
    cases: tuple[WorklistCase, ...]


def worklist(
    company: CompanySettings, ledger: Ledger, *, as_of: date, limit: int = 200, accept_from: int = 85
) -> Worklist:
    """Counts over all open cases and the first ``limit`` of them, most urgent first.

    Urgent is what the ERP rejected or a person reopened, then the largest amount, then the oldest. ``accept_from`` is
    the confidence in percent from which a suggestion counts as acceptable in bulk.
    """
    name = company.name
    with ledger.snapshot() as view:
        counted = view.open_cases(name)
        acceptable = sum(is_acceptable(case, accept_from) for case in view.all_open_exceptions(name))
        first = view.exceptions(name, states=OPEN_CASE_STATES, order="urgency", limit=limit)
        cases = tuple(_dressed(company, view, first, as_of))
    amounts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for one in counted:
        amounts[one.currency] += one.amount
        kinds[one.kind] += one.count
    return Worklist(
        open_count=kinds.total(),
        awaiting_approval_count=sum(one.count for one in counted if one.state == "awaiting_approval"),
        amounts=tuple(sorted(amounts.items())),
        oldest_days=_oldest(counted, as_of),
        acceptable_count=acceptable,
        by_kind=tuple(kinds.most_common()),
        cases=cases,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many cases are open, how many days the oldest one is, and per currency what settles nothing yet."""

    open_count: int
    oldest_days: int
    unapplied: tuple[tuple[str, int], ...]


def backlog(company: CompanySettings, ledger: Ledger, *, as_of: date) -> Backlog:
    """What still waits, counted by the database. Unapplied is what is on account, and what came in and is unexplained.

    Money on account is counted on every day there ever was: it stays unapplied until somebody uses it.
    """
    with ledger.snapshot() as view:
        counted = view.open_cases(company.name)
        sums: Counter[str] = Counter()
        for day in view.totals(company.name):
            sums[day.currency] += day.on_account
    for one in counted:
        sums[one.currency] += one.incoming
    return Backlog(
        open_count=sum(one.count for one in counted),
        oldest_days=_oldest(counted, as_of),
        unapplied=tuple(sorted((currency, minor) for currency, minor in sums.items() if minor)),
    )


def _oldest(counted: Sequence[OpenCases], as_of: date) -> int:
    return max(0, (as_of - min((one.oldest for one in counted), default=as_of)).days)


def all_cases(company: CompanySettings, ledger: Ledger, *, as_of: date) -> Iterator[WorklistCase]:
    """Every open case, for a spreadsheet; in order of payment, a page in memory at a time."""
    with ledger.snapshot() as view:
        cases = view.all_open_exceptions(company.name)
        while page := list(islice(cases, _PAGE)):
            yield from _dressed(company, view, page, as_of)


def one_case(company: CompanySettings, ledger: Ledger, case_id: str, *, as_of: date) -> WorklistCase:
    """One case. Raises NotFound."""
    with ledger.snapshot() as view:
        (case,) = _dressed(company, view, [view.case(company.name, case_id)], as_of)
    return case


def is_acceptable(case: CaseSummary, accept_from: int) -> bool:
    """Whether the best suggestion may be accepted in bulk: sure enough in percent, and it explains the whole rest.

    Never where a person has to look first: an item in dispute, another currency, a returned payment, what the ERP
    refused; nor what waits for a second person already.
    """
    if case.kind in _NEVER_IN_BULK or case.state not in {"open", "reopened"} or not case.suggestions:
        return False
    best = case.suggestions[0]
    explained = sum(one.cash for one in best.allocations) + best.on_account
    whole = explained in {case.unallocated, case.payment.amount}
    return whole and int(best.confidence * 100) >= accept_from


def _dressed(
    company: CompanySettings, view: Ledger, cases: Iterable[CaseSummary], as_of: date
) -> Iterator[WorklistCase]:
    cases = list(cases)
    name = company.name
    wanted = {one.item_id for case in cases for each in case.suggestions for one in each.allocations}
    items = view.items(name, sorted(wanted))
    owners = {item.customer_id for item in items.values()} | {case.customer_id for case in cases}
    names = view.customer_names(name, sorted(owners))
    waiting = {one.clearing.case_id: one.clearing for one in view.approvals(name)}
    for case in cases:
        mine = {one.item_id for each in case.suggestions for one in each.allocations}
        clearing = waiting.get(case.case_id)
        yield WorklistCase(
            case_id=case.case_id,
            state=case.state,
            kind=case.kind,
            why=case.why,
            payment=case.payment,
            unallocated=case.unallocated,
            customer_id=case.customer_id,
            customer_name=names.get(case.customer_id, ""),
            opened_on=case.opened_at.date(),
            age_days=max(0, (as_of - case.payment.booked_on).days),
            suggestions=case.suggestions,
            items={item_id: items[item_id] for item_id in sorted(mine) if item_id in items},
            allowed=allowed(case),
            proposed_by=clearing.person if clearing else "",
            proposal=clearing.decision.explanation if clearing else "",
        )


def allowed(case: CaseSummary) -> tuple[Resolution, ...]:
    """The resolutions that make sense for a case as it stands; none while it waits for a second person.

    There is something to write off, to grant or to dispute only where an item would stay open in part.
    """
    if case.state == "awaiting_approval":
        return ()
    choices: list[Resolution] = ["accept_suggestion"] if case.suggestions else []
    choices.append("allocate")
    if case.unallocated > 0:
        choices.append("on_account")
    if case.kind == "short_payment" or any(one.residual for each in case.suggestions for one in each.allocations):
        choices += ["write_off", "discount", "dispute"]
    if case.unallocated > 0:
        choices.append("refund_due")
    if case.unallocated == case.payment.amount:
        choices.append("not_customer_payment")
    return tuple(choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How complete the statements of one account are. ``missing`` are bank days (Monday to Friday) without one."""

    account: str
    last_day: date | None
    missing: tuple[date, ...]


def statement_coverage(company: CompanySettings, ledger: Ledger, *, as_of: date) -> tuple[Coverage, ...]:
    """Per account: the last day a statement covers, and the bank days before ``as_of`` that none covers.

    Many banks send nothing for a day without bookings, nor on their holidays: days between two statements count as
    covered where the later one opens with the balance at which the earlier one closed.
    """
    accounts: dict[str, list[_Period]] = {}
    for one in ledger.statements(company.name):
        said = one.header
        begin, end = said.from_date or said.to_date, said.to_date or said.from_date
        periods = accounts.setdefault(one.account, [])
        if begin is not None and end is not None and 0 <= (end - begin).days <= 366:
            periods.append(_Period(begin, end, said.opening, said.closing))
    found = []
    for account, periods in sorted(accounts.items()):
        covered = {day for one in periods for day in _days(one.begin, one.end)}
        by_day = sorted(periods, key=lambda one: (one.begin, one.end))
        for earlier, later in pairwise(by_day):
            if earlier.closing is not None and earlier.closing == later.opening:
                covered.update(_days(earlier.end, later.begin))
        found.append(Coverage(account=account, last_day=max(covered, default=None), missing=_missing(covered, as_of)))
    return tuple(found)


class _Period(NamedTuple):
    begin: date
    end: date
    opening: Decimal | None
    closing: Decimal | None


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


def _missing(covered: set[date], as_of: date) -> tuple[date, ...]:
    if not covered:
        return ()
    first = min(covered)
    span = min((as_of - first).days, 366)
    wanted = (first + timedelta(days=step) for step in range(span))
    return tuple(day for day in wanted if day.weekday() < 5 and day not in covered)


def pulled_at(company: CompanySettings, ledger: Ledger) -> datetime | None:
    """When the ERP was last pulled, None when never."""
    text = ledger.cursor(company.name, "pulled_at")
    return datetime.fromisoformat(text) if text else None

"""Arithmetic of trust: do the statements of an account tell one unbroken story?

A statement that balances in itself may still be the wrong one. Closing must be the next opening, numbers and pages
must not be missing, and what comes a second time must say the same. Nothing here refuses a file: everything is a
finding with a default severity, and configuration may raise (or lower) each code, up to stopping the account.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import Literal

from integrations.bank.identity import normalised_account
from integrations.bank.render import decimal_text
from integrations.bank.succession import sequence_number
from matching.model.bank_statement import Finding, Integrity, Severity, StatementEnd, StatementHeader

Weight = Severity | Literal["stop"]

DEFAULT_SEVERITIES: Mapping[str, Severity] = {
    "chain_broken": "error",
    "sequence_gap": "warning",
    "sequence_gap_without_money": "info",
    "page_missing": "warning",
    "restated_statement": "error",
    "duplicate_delivery": "info",
    "periods_overlap": "info",
    "ledger_balance_jump": "info",
}
"""What each code weighs unless the company has decided otherwise."""

_WIDE = Context(prec=100)
_WEEK, _SATURDAY = 7, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredStatement:
    """One statement as it was delivered: where it stands (file, number in the file), and what it says.

    ``booked_total`` and ``content`` (any digest of the entries) are None where they are not known; then two
    deliveries are held against each other by balances and number of entries alone.
    """

    where: str
    header: StatementHeader
    integrity: Integrity
    entry_count: int
    booked_total: Decimal | None = None
    content: str | None = None


def delivered(end: StatementEnd, where: str, content: str | None = None) -> DeliveredStatement:
    """What a reader said at the end of a statement, as a delivery."""
    return DeliveredStatement(
        where=where,
        header=end.header,
        integrity=end.integrity,
        entry_count=end.entry_count,
        booked_total=end.booked_total,
        content=content,
    )


def check_statements(
    statements: Iterable[DeliveredStatement], *, accounts: Mapping[str, str] | None = None
) -> list[Finding]:
    """What is odd between the final statements, for each account and currency apart, in any order of delivery.

    Reports and notifications (CAMT.052, CAMT.054, MT942) are announcements: they neither chain nor count here.
    """
    series: defaultdict[tuple[str, str], list[DeliveredStatement]] = defaultdict(list)
    for one in statements:
        if one.header.kind == "final":
            account = normalised_account(one.header.account or "", accounts)
            series[account, one.header.currency or ""].append(one)
    return [finding for each in series.values() for finding in _check_series(each)]


def weigh(findings: Iterable[Finding], weights: Mapping[str, Weight]) -> tuple[list[Finding], list[Finding]]:
    """The findings with the company's severities, and those of them that stop the account (as errors).

    >>> gap = Finding(severity="warning", code="sequence_gap", where="a.sta", message="7 is missing")
    >>> [[one.severity for one in part] for part in weigh([gap], {"sequence_gap": "stop"})]
    [['error'], ['error']]
    """
    weighed, stopping = [], []
    for finding in findings:
        weight = weights.get(finding.code, finding.severity)
        decided = replace(finding, severity="error" if weight == "stop" else weight)
        weighed.append(decided)
        if weight == "stop":
            stopping.append(decided)
    return weighed, stopping


# -- One account ---------------------------------------------------------------------------------------------------


def joined(earlier: DeliveredStatement, later: DeliveredStatement) -> list[Finding]:
    """What is odd between two statements of one account that a file holds one after the other.

    Statements without opening balance (OFX) all show the balance at the moment of download: those cannot join.
    """
    if _place(earlier) == _place(later):
        return [_repetition(earlier, later)]
    if later.header.opening is None or earlier.header.opening is None:
        return []
    if _in_time(later) < _in_time(earlier):
        earlier, later = later, earlier  # some banks deliver the newest first
    return list(_between(earlier, later))


def _check_series(statements: Sequence[DeliveredStatement]) -> Iterator[Finding]:
    once: dict[tuple[object, ...], DeliveredStatement] = {}
    for one in statements:
        place = _place(one)
        earlier = once.setdefault(place, one)
        if earlier is not one:
            yield _repetition(earlier, one)
    ordered = sorted(once.values(), key=_in_time)
    yield from _incomplete_pages(ordered)
    for earlier, later in pairwise(ordered):
        yield from _between(earlier, later)


def _place(one: DeliveredStatement) -> tuple[object, ...]:
    """What makes it "the same statement": number, page and period; without a number its own id, too."""
    header = one.header
    numbered = (header.sequence, header.page, header.from_date, header.to_date)
    if header.sequence is None or (header.from_date is None and header.to_date is None):
        return (*numbered, header.statement_id, header.opening, header.closing)
    return numbered


def _repetition(earlier: DeliveredStatement, later: DeliveredStatement) -> Finding:
    name = _name(later.header)
    if _says_the_same(earlier, later):
        message = f"{name} was delivered before ({earlier.where}); nothing of it counts twice"
        return _finding("duplicate_delivery", later, message)
    message = (
        f"{name} was delivered before ({earlier.where}) with other content: {_content(earlier)} then, "
        f"{_content(later)} now; ask the bank which one holds"
    )
    return _finding("restated_statement", later, message)


def _says_the_same(one: DeliveredStatement, other: DeliveredStatement) -> bool:
    if one.content is not None and other.content is not None and one.content != other.content:
        return False
    totals = None in {one.booked_total, other.booked_total} or one.booked_total == other.booked_total
    balances = (one.header.opening, one.header.closing) == (other.header.opening, other.header.closing)
    return balances and totals and one.entry_count == other.entry_count


def _content(one: DeliveredStatement) -> str:
    opening, closing = (_money(amount, one.header) for amount in (one.header.opening, one.header.closing))
    return f"{one.entry_count} entries from {opening} to {closing}"


def _in_time(one: DeliveredStatement) -> tuple[date, date, int, int]:
    header = one.header
    last = header.to_date or header.from_date or date.min
    return (last, header.from_date or last, sequence_number(header.sequence) or 0, header.page or 0)


def _incomplete_pages(ordered: Sequence[DeliveredStatement]) -> Iterator[Finding]:
    """Statements of which the first or the last page is missing; gaps between pages show in the walk."""
    books: defaultdict[tuple[object, ...], list[DeliveredStatement]] = defaultdict(list)
    for one in ordered:
        if one.header.page is not None and one.header.sequence is not None:
            books[one.header.sequence, (one.header.to_date or date.min).year].append(one)
    for pages in books.values():
        numbers = sorted({one.header.page or 0 for one in pages})
        missing = [number for number in range(1, numbers[-1]) if number not in numbers][:20]
        if missing:
            text = f"{_name(pages[0].header)} lacks page {', '.join(map(str, missing))}; fetch it from the bank"
            yield _finding("page_missing", pages[-1], text)
        if all(one.header.last_page is False for one in pages):
            text = f"{_name(pages[0].header)} goes on after page {numbers[-1]}, which is the last that was delivered"
            yield _finding("page_missing", pages[-1], text)


def _between(earlier: DeliveredStatement, later: DeliveredStatement) -> Iterator[Finding]:
    """Two neighbours in time."""
    first, second = earlier.header, later.header
    if first.to_date and second.from_date and second.from_date < first.to_date:
        text = f"{_name(second)} begins before {_name(first)} ends ({earlier.where}); what both hold counts once"
        yield _finding("periods_overlap", later, text)
        return
    if second.opening is None:
        yield from _ledger_balance(earlier, later)
        return
    jump = None if first.closing is None else _WIDE.subtract(second.opening, first.closing)
    missing = _missing_numbers(first, second)
    if missing:
        lost = f"; balances jump by {_money(jump, second)}" if jump else ""
        text = f"between {_name(first)} ({earlier.where}) and {_name(second)} {missing} missing{lost}"
        code = "sequence_gap_without_money" if jump == 0 else "sequence_gap"
        yield _finding(code, later, f"{text}; {'no money is' if jump == 0 else 'fetch it from the bank'}")
    elif jump and not _numbered(first, second) and _bank_days_between(first, second):
        text = f"between {_name(first)} ({earlier.where}) and {_name(second)} bank days have no statement"
        yield _finding("sequence_gap", later, f"{text}; balances jump by {_money(jump, second)}; fetch what is missing")
    elif jump:
        opening, closing = _money(second.opening, second), _money(first.closing, first)
        text = (
            f"{_name(second)} opens with {opening}, but {_name(first)} ({earlier.where}) closed with {closing}: "
            f"{_money(jump, second)} in between are on no statement; fetch what is missing"
        )
        yield _finding("chain_broken", later, text)


def _numbered(first: StatementHeader, second: StatementHeader) -> bool:
    return sequence_number(first.sequence) is not None and sequence_number(second.sequence) is not None


def _bank_days_between(first: StatementHeader, second: StatementHeader) -> bool:
    """Whether a day from Monday to Friday lies between two statements, so that one may be missing there."""
    ended, began = first.to_date or first.from_date, second.from_date or second.to_date
    if ended is None or began is None:
        return True
    days = (ended + timedelta(days=step) for step in range(1, min(max(0, (began - ended).days), _WEEK)))
    return any(day.weekday() < _SATURDAY for day in days)


def _ledger_balance(earlier: DeliveredStatement, later: DeliveredStatement) -> Iterator[Finding]:
    """OFX gives no opening balance: the ledger balance before plus what was booked must be the ledger balance."""
    first, second = earlier.header, later.header
    adjoining = first.to_date and second.from_date and second.from_date - first.to_date == timedelta(days=1)
    if not adjoining or first.closing is None or second.closing is None or later.booked_total is None:
        return
    jump = _WIDE.subtract(second.closing, _WIDE.add(first.closing, later.booked_total))
    if jump:
        text = (
            f"the ledger balance {_money(second.closing, second)} is not {_money(first.closing, first)} of "
            f"{earlier.where} plus {_money(later.booked_total, second)} booked since; {_money(jump, second)} differ, "
            "unless the bank shows the balance of the day of the download"
        )
        yield _finding("ledger_balance_jump", later, text)


def _missing_numbers(first: StatementHeader, second: StatementHeader) -> str:
    """The statement numbers that lie between two neighbours, in words; empty where none do or nobody can tell."""
    one, two = sequence_number(first.sequence), sequence_number(second.sequence)
    if one is None or two is None or two <= one + 1 or two - one > 400:
        return ""
    return f"no. {one + 1} is" if two == one + 2 else f"no. {one + 1} to {two - 1} are"


def _name(header: StatementHeader) -> str:
    """How a person would call the statement."""
    days = " to ".join(dict.fromkeys(day.isoformat() for day in (header.from_date, header.to_date) if day))
    number = f"no. {header.sequence}" if header.sequence else header.statement_id or ""
    page = f"page {header.page}" if header.page and not (header.page == 1 and header.last_page) else ""
    told = ", ".join(part for part in (number, page, days) if part)
    return f"statement {told} of account {header.account or 'unknown'}".replace("  ", " ")


def _money(amount: Decimal | None, header: StatementHeader) -> str:
    text = decimal_text(amount, header.currency)
    return "an unknown balance" if text is None else f"{text} {header.currency or ''}".rstrip()


def _finding(code: str, about: DeliveredStatement, message: str) -> Finding:
    return Finding(severity=DEFAULT_SEVERITIES[code], code=code, where=about.where, message=message)

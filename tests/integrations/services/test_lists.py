"""What people look at is counted by the database; the counts are those of the cases themselves."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from integrations.ledger.records import StatementOnFile
from integrations.services.allocated import allocations_view, latest_settled, settled
from integrations.services.worklist import backlog, statement_coverage, worklist
from matching.model.bank_statement import StatementHeader
from tests.integrations.services.test_clear import AS_OF, Books


@pytest.fixture
def books(tmp_path):
    made = Books(tmp_path, {})
    yield made
    made.ledger.close()


def test_the_counts_are_those_of_the_cases(books):
    books.do("OVER", "on_account", customer_id="C1")
    cases = list(books.ledger.all_open_exceptions("acme"))
    found = worklist(books.company, books.ledger, as_of=AS_OF)
    waits = backlog(books.company, books.ledger, as_of=AS_OF)
    assert found.open_count == waits.open_count == len(cases)
    assert dict(found.amounts) == {"EUR": sum(abs(case.unallocated) for case in cases)}
    assert dict(found.by_kind) == Counter(case.kind for case in cases)
    oldest = min(case.payment.booked_on for case in cases)
    assert found.oldest_days == waits.oldest_days == (AS_OF - oldest).days
    on_account = sum(row.amount for row in books.ledger.on_account("acme"))
    assert on_account > 0
    assert dict(waits.unapplied) == {"EUR": on_account + sum(max(0, case.unallocated) for case in cases)}


def test_names_are_read_of_those_customers_alone(books):
    known = {one.customer_id: one.name for one in books.ledger.customers("acme")}
    wanted = sorted(known)[:1]
    assert books.ledger.customer_names("acme", [*wanted, "nobody"]) == {one: known[one] for one in wanted}


def test_the_latest_allocations_come_first_and_a_run_shows_its_own(books):
    books.do("SHORT", "dispute", "RE-2026-0102", reason="quality")
    everything = list(books.ledger.allocations("acme"))
    newest = max(row.decision_id for row in everything)
    (last,) = latest_settled(books.company, books.ledger, 1)
    assert {row.decision_id for row in last.rows} == {newest}
    assert last.payment.bank_reference == "SHORT"
    short = last.payment.payment_id
    assert list(books.ledger.allocations("acme", of=[short])) == [
        row for row in everything if row.payment.payment_id == short
    ]
    # A person's decision is among the latest, and not among what the rules are audited for.
    view = allocations_view(settled(books.company, books.ledger, [short]), [last], seed="x")
    assert (view.latest, view.to_audit, view.by_rule) == ([last], [], {})


class Statements:
    """A ledger that knows only statements: (first day, last day, opening, closing) in November 2026."""

    def __init__(self, *periods):
        self.periods = periods

    def statements(self, company):
        for number, (begin, end, opening, closing) in enumerate(self.periods):
            header = StatementHeader(
                account="NL20", account_owner=None, currency="EUR", kind="final", statement_id=None, sequence=None,
                page=None, last_page=None, from_date=date(2026, 11, begin), to_date=date(2026, 11, end),
                opening=None if opening is None else Decimal(opening),
                closing=None if closing is None else Decimal(closing),
            )  # fmt: skip
            yield StatementOnFile(
                statement_no=number, file_name="f", account="NL20", header=header, integrity="balanced", entry_count=1
            )


@pytest.mark.parametrize(
    ("periods", "missing"),
    [
        (((2, 2, 0, 10), (3, 3, 10, 20), (4, 4, 20, 30)), []),
        (((2, 2, 0, 10), (4, 4, 10, 30)), []),
        (((4, 4, 10, 30), (2, 2, 0, 10)), []),
        (((2, 2, 0, 10), (4, 4, 25, 30)), [3]),
        (((2, 2, None, None), (4, 4, None, None)), [3]),
        (((2, 2, 0, 10),), [3, 4]),
    ],
    ids=["each-day", "a-day-without-bookings", "delivered-backwards", "money-moved", "no-balances", "stopped"],
)
def test_a_day_between_two_statements_that_meet_is_not_missing(books, periods, missing):
    (coverage,) = statement_coverage(books.company, Statements(*periods), as_of=date(2026, 11, 5))
    assert [day.day for day in coverage.missing] == missing

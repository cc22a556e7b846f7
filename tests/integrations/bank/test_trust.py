"""Do the statements of an account tell one unbroken story? What does not fit is found, whatever order they came in."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.bank.trust import DeliveredStatement, check_statements, joined, weigh
from tests.integrations.bank.entries import DAY, header


def delivered(number, opening, closing, *, where=None, entries=1, day=None, **said):
    """Statement ``number`` of a day (the number-th by default) from one balance to the other."""
    when = DAY + timedelta(days=number if day is None else day)
    sequence = said.pop("sequence", str(number))
    facts = {"from_date": when, "to_date": when, "opening": Decimal(opening), "closing": Decimal(closing)}
    return DeliveredStatement(
        where=where or f"{number}.sta",
        header=header(sequence=sequence, **(facts | said)),
        integrity="balanced",
        entry_count=entries,
        booked_total=Decimal(closing) - Decimal(opening),
    )


def codes(*statements):
    return sorted(finding.code for finding in check_statements(statements))


def test_an_unbroken_series_has_nothing_to_say():
    assert codes(delivered(1, 0, 10), delivered(2, 10, 5), delivered(3, 5, 7)) == []


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ((delivered(1, 0, 10), delivered(2, 11, 5)), "chain_broken"),
        ((delivered(1, 0, 10), delivered(3, 12, 5)), "sequence_gap"),
        ((delivered(1, 0, 10), delivered(3, 10, 5)), "sequence_gap_without_money"),
        ((delivered(1, 0, 10), delivered(1, 0, 10, where="again.sta")), "duplicate_delivery"),
        ((delivered(1, 0, 10), delivered(1, 0, 12, where="again.sta")), "restated_statement"),
        ((delivered(1, 0, 10), delivered(1, 0, 10, entries=2)), "restated_statement"),
        ((delivered(1, 0, 10, page=1, last_page=False),), "page_missing"),
        ((delivered(1, 5, 10, page=2, last_page=True),), "page_missing"),
        ((delivered(4, 0, 10, to_date=DAY + timedelta(9)), delivered(5, 3, 12, day=6, to_date=DAY + timedelta(11))),
         "periods_overlap"),
    ],
    ids=["chain", "gap", "gap without money", "duplicate", "restated balance", "restated entries", "last page",
         "first page", "overlap"],
)  # fmt: skip
def test_what_does_not_fit_is_found_in_any_order(statements, code):
    assert codes(*statements) == [code]
    assert codes(*reversed(statements)) == [code]


def test_pages_join_by_their_balances():
    first = delivered(1, 0, 10, page=1, last_page=False)
    assert codes(first, delivered(1, 10, 12, page=2, last_page=True, day=1)) == []
    assert codes(first, delivered(1, 11, 12, page=2, last_page=True, day=1)) == ["chain_broken"]


def test_accounts_currencies_and_announcements_stand_apart():
    other = delivered(2, 99, 100, account="NL91ABNA0417164300")
    dollars = delivered(2, 99, 100, currency="USD")
    announced = delivered(2, 99, 100, kind="interim")
    assert codes(delivered(1, 0, 10), other, dollars, announced) == []


def test_numbers_begin_anew_with_the_year():
    last = delivered(250, 0, 10, day=300)
    assert codes(last, delivered(1, 10, 11, day=301)) == []


def test_an_ofx_series_is_held_together_by_its_ledger_balance():
    first, second = (
        replace(one, header=replace(one.header, opening=None, sequence=None))
        for one in (delivered(1, 0, 10), delivered(2, 10, 15))
    )
    assert codes(first, second) == []
    assert codes(first, replace(second, booked_total=Decimal(6))) == ["ledger_balance_jump"]


def test_messages_say_how_much_where_and_what_to_do():
    (finding,) = check_statements([delivered(1, 0, 10), delivered(2, 25, 30)])
    assert finding.where == "2.sta"
    for part in ("15.00 EUR", "25.00 EUR", "10.00 EUR", "1.sta", "no. 2", "fetch"):
        assert part in finding.message


def test_newest_first_in_one_file_is_no_break():
    assert joined(delivered(2, 10, 12), delivered(1, 0, 10)) == []


def test_the_company_decides_what_weighs_how_much():
    findings = check_statements([delivered(1, 0, 10), delivered(2, 11, 5)])
    assert weigh(findings, {})[1] == []
    weighed, stopping = weigh(findings, {"chain_broken": "stop"})
    assert weighed == stopping
    assert weigh(findings, {"chain_broken": "info"})[0][0].severity == "info"


@settings(derandomize=True)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8), st.data())
def test_a_true_series_never_complains_and_a_missing_statement_with_money_always_shows(moves, data):
    balance, series = 0, []
    for number, move in enumerate(moves, start=1):
        series.append(delivered(number, balance, balance + move))
        balance += move
    shuffled = data.draw(st.permutations(series))
    assert codes(*shuffled) == []
    for lost in range(1, len(series) - 1):
        rest = [one for one in shuffled if one is not series[lost]]
        assert codes(*rest) == ["sequence_gap" if moves[lost] else "sequence_gap_without_money"]

"""From file to ledger: each booking once, whichever files bring it, in one part or in many."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.identity import normalised_account
from integrations.bank.read import ReadOptions, events_of
from integrations.bank.recognise import Recognised, recognised
from integrations.bank.reconcile import KnownBooking
from matching.model.bank_statement import BankEntry, FileFacts, Finding, StatementEnd, StatementStart
from tests.integrations.bank.entries import DAY, entry, header
from tests.integrations.bank.test_mutations import CAMT, MT940, OFX

ALONE = ReadOptions(second_opinion_entries=0)


class Ledger:
    """Keeps what was recognised; a file becomes visible only when it is complete, as in a transaction."""

    def __init__(self):
        self.bookings = {}
        self.files = 0

    def take(self, events, *, family="camt", at_once=5_000, accounts=None):
        self.files += 1
        fresh, arrivals = {}, []
        for one in recognised(
            events, family=family, delivery=f"file{self.files}", known=self.known, at_once=at_once, accounts=accounts
        ):
            if isinstance(one, Recognised):
                arrivals.append(one.arrival)
                old = fresh.get(one.arrival.key) or self.bookings.get(one.arrival.key)
                assert (old is None) == (one.arrival.kind == "new"), "a key is new exactly once"
                units = (*old.units, one.unit) if old else (one.unit,)
                better = old.booking if old and one.arrival.kind == "same" else one.booking
                fresh[one.arrival.key] = KnownBooking(key=one.arrival.key, booking=better, units=units)
        self.bookings |= fresh
        return arrivals

    def known(self, account, first, last):
        return [
            one for one in self.bookings.values() if one.booking.account == account and first <= one.booking.day <= last
        ]

    def amounts(self):
        return sorted(one.booking.amount for one in self.bookings.values())


def statement(*entries, **said):
    head = header(**said)
    yield StatementStart(header=head)
    yield from entries
    total = sum((one.amount for one in entries), Decimal(0))
    yield StatementEnd(header=head, integrity="unverifiable", entry_count=len(entries), booked_total=total)


def read(text, family):
    return events_of(io.BytesIO(text.encode()), family, options=ALONE)


def test_everything_but_entries_passes_in_its_place():
    finding = Finding(severity="info", code="odd", where="", message="")
    facts = FileFacts(format="ofx", version=None, encoding=None, dialect=None, entries_in_file=2)
    events = [*statement(entry(), entry("5")), finding, facts]
    events.insert(2, finding)
    seen = list(recognised(events, family="ofx", delivery="f", known=lambda *_: [], at_once=1))
    assert [one.entry if isinstance(one, Recognised) else one for one in seen] == events


@pytest.mark.parametrize("at_once", [1, 2, 5_000])
def test_mt940_camt_and_ofx_of_one_day_are_three_bookings(at_once):
    ledger = Ledger()
    accounts = {"0532013000": "DE89370400440532013000"}
    for text, family in ((MT940, "mt940"), (CAMT, "camt"), (OFX, "ofx"), (MT940, "mt940")):
        arrivals = ledger.take(read(text, family), family=family, at_once=at_once, accounts=accounts)
        assert all(arrival.certain for arrival in arrivals)
    assert ledger.amounts() == [Decimal("-20.50"), Decimal("119.00"), Decimal("119.00")]
    assert {normalised_account(one.booking.account) for one in ledger.bookings.values()} == {"DE89370400440532013000"}


def test_a_statement_that_stands_twice_in_one_file_counts_once():
    ledger = Ledger()
    assert [one.kind for one in ledger.take(read(MT940 * 2, "mt940"), family="mt940")] == ["new"] * 3 + ["same"] * 3


def test_twins_in_pages_of_one_file_and_of_two_files_are_two():
    first = {"sequence": "7", "page": 1, "last_page": False, "opening": Decimal(0), "closing": Decimal(10)}
    second = {"sequence": "7", "page": 2, "last_page": True, "opening": Decimal(10), "closing": Decimal(20)}
    together, apart = Ledger(), Ledger()
    together.take([*statement(entry("10"), **first), *statement(entry("10"), **second)])
    apart.take(statement(entry("10"), **first))
    apart.take(statement(entry("10"), **second))
    assert set(together.bookings) == set(apart.bookings)
    assert len(apart.bookings) == 2


@pytest.mark.parametrize("in_one_file", [True, False])
def test_a_chain_holds_over_pages_without_the_amount_or_without_entries(in_one_file):
    """Twins on the first and the last of five pages are two, although nothing between them is like them."""
    pages, balance = [], Decimal(0)
    for number, amounts in enumerate([["10"], ["3"], [], ["4"], ["10"]], start=1):
        closing = balance + sum(map(Decimal, amounts))
        said = {"sequence": "7", "page": number, "last_page": number == 5, "opening": balance, "closing": closing}
        pages.append(list(statement(*map(entry, amounts), **said)))
        balance = closing
    ledger = Ledger()
    if in_one_file:
        ledger.take([event for page in pages for event in page])
        assert ledger.amounts().count(10) == 2
    else:
        for page in (pages[0], pages[1], pages[3], pages[4]):
            ledger.take(page)
        # The ledger that gives only bookings cannot know of the page without entries; its closing is its opening.
        assert ledger.amounts().count(10) == 2
    again = [ledger.take(page) for page in pages]
    assert {arrival.kind for arrivals in again for arrival in arrivals} == {"same"}


@given(st.lists(st.sampled_from(["1", "2"]), max_size=12), st.integers(1, 5), st.integers(1, 5))
def test_parts_do_not_matter_even_for_twins(amounts, first, second):
    """The same twins delivered again, cut into parts otherwise."""
    entries = [entry(amount) for amount in amounts]
    ledger = Ledger()
    ledger.take(statement(*entries, sequence="3", to_date=DAY), at_once=first)
    kinds = [one.kind for one in ledger.take(statement(*entries, sequence="3", to_date=DAY), at_once=second)]
    assert kinds == ["same"] * len(entries)
    assert ledger.amounts() == sorted(map(Decimal, amounts))


def test_more_twins_than_before_are_new_even_when_they_come_in_parts():
    ledger = Ledger()
    ledger.take(statement(entry("1"), entry("1")))
    kinds = [one.kind for one in ledger.take(statement(*[entry("1")] * 4), at_once=1)]
    assert sorted(kinds) == ["new", "new", "same", "same"]
    assert len(ledger.bookings) == 4


def test_what_was_forgotten_in_full_still_keeps_its_key(monkeypatch):
    monkeypatch.setattr("integrations.bank.recognise._Memory._IN_FULL", 3)
    ledger = Ledger()
    arrivals = ledger.take(statement(*[entry("1")] * 10), at_once=2)
    assert len({one.key for one in arrivals}) == 10


def test_entries_without_any_date_come_through():
    undated = replace(entry(), booking_date=None, value_date=None)
    assert isinstance(undated, BankEntry)
    seen = list(recognised(statement(undated, undated), family="ofx", delivery="f", known=lambda *_: []))
    assert len({one.arrival.key for one in seen if isinstance(one, Recognised)}) == 2

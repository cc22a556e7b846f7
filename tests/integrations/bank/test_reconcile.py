"""No payment twice and no genuine twin swallowed, however often and in whatever documents a booking is delivered."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.bank.identity import booking_of, unit_of
from integrations.bank.reconcile import Arrival, KnownBooking, reconcile_deliveries
from tests.integrations.bank.entries import DAY, entry, header


@dataclass
class Ledger:
    """What a ledger does with the decisions: keep each booking once, remember who delivered it."""

    known: dict[str, KnownBooking] = field(default_factory=dict)
    deliveries: int = 0

    def take(self, head, entries, *, family="camt", chunk=None) -> list[Arrival]:
        self.deliveries += 1
        unit = unit_of(head, delivery=str(self.deliveries), family=family)
        size = chunk or max(len(entries), 1)
        arrivals = []
        for start in range(0, len(entries), size):
            bookings = [booking_of(one, head) for one in entries[start : start + size]]
            decided = reconcile_deliveries(list(self.known.values()), bookings, unit)
            for booking, arrival in zip(bookings, decided, strict=True):
                self.remember(arrival, booking, unit)
            arrivals += decided
        return arrivals

    def remember(self, arrival, booking, unit):
        if arrival.kind == "new":
            assert arrival.key not in self.known
            self.known[arrival.key] = KnownBooking(key=arrival.key, booking=booking, units=(unit,))
            return
        old = self.known[arrival.key]
        better = booking if arrival.kind == "enriches" else old.booking
        better = replace(better, status="booked" if "booked" in {booking.status, old.booking.status} else better.status)
        self.known[arrival.key] = KnownBooking(key=old.key, booking=better, units=(*old.units, unit))

    def amounts(self):
        return sorted(one.booking.amount for one in self.known.values())


# -- worlds: some days of one account, with twins ------------------------------------------------------------------

_BOOLEANS = st.booleans()
_AMOUNTS = st.sampled_from(["10.00", "10.00", "25.50", "-10.00", "100.00", "0.00"])
_TEXTS = st.sampled_from(["RENT", "RENT", "INVOICE 17", "INVOICE 18"])
_PARTIES = st.sampled_from([None, "NL91ABNA0417164300", "DE89370400440532013001"])


@st.composite
def worlds(draw, with_references=_BOOLEANS):
    """Days of bookings, each a list of entries; some carry the bank's reference, unique in the world."""
    numbered = draw(with_references)
    days, number = [], 0
    for day in range(draw(st.integers(1, 3))):
        entries = []
        for _ in range(draw(st.integers(0, 5))):
            number += 1
            reference = f"BANKREF{number:05}" if numbered else None
            when = DAY + timedelta(days=day)
            party = draw(_PARTIES)
            one = entry(
                draw(_AMOUNTS), text=draw(_TEXTS), day=when, bank_reference=reference, counterparty_account=party
            )
            entries.append(one)
        days.append(entries)
    return days


def statements(days, *, start=Decimal(0), **said):
    """One numbered, balanced statement per day."""
    balance, result = start, []
    for number, entries in enumerate(days, start=1):
        day = DAY + timedelta(days=number - 1)
        closing = balance + sum(one.amount for one in entries)
        head = header(
            sequence=str(number), from_date=day, to_date=day, opening=balance, closing=closing, page=1, last_page=True
        )
        result.append((replace(head, **said), entries))
        balance = closing
    return result


def in_all(days):
    return sorted(one.amount for entries in days for one in entries)


@given(worlds(), st.randoms(use_true_random=False))
def test_the_same_statements_twice_in_any_order(days, random):
    ledger = Ledger()
    deliveries = statements(days) * 2
    random.shuffle(deliveries)
    for head, entries in deliveries:
        ledger.take(head, entries)
    assert ledger.amounts() == in_all(days)


@given(worlds(), st.integers(1, 3))
def test_a_statement_in_parts_is_the_statement_whole(days, chunk):
    ledger = Ledger()
    for head, entries in statements(days) * 2:
        ledger.take(head, entries, chunk=chunk)
    assert ledger.amounts() == in_all(days)


@given(worlds())
def test_overlapping_exports_without_numbers_or_balances(days):
    ledger = Ledger()
    for last in range(1, len(days) + 1):
        exported = [one for entries in days[:last] for one in entries]
        head = header(from_date=DAY, to_date=DAY + timedelta(days=last - 1))
        ledger.take(head, exported, family="ofx")
    assert ledger.amounts() == in_all(days)


def pages(entries, cuts, opening=Decimal(0)):
    """The entries of one day as pages cut at these places, with intermediate balances."""
    result, balance, edges = [], opening, [0, *sorted(cuts), len(entries)]
    for number, (start, end) in enumerate(pairwise(edges), start=1):
        closing = balance + sum(one.amount for one in entries[start:end])
        last = number == len(edges) - 1
        head = header(
            sequence="7", page=number, last_page=last, from_date=DAY, to_date=DAY, opening=balance, closing=closing
        )
        result.append((head, entries[start:end]))
        balance = closing
    return result


_CUTS = st.lists(st.integers(0, 6), max_size=3, unique=True)


@given(st.lists(st.tuples(st.sampled_from(["10.00", "10.00", "20.00"]), _TEXTS), min_size=6, max_size=6), _CUTS, _CUTS)
def test_pages_cut_anew_bring_nothing_new(rows, first, second):
    entries = [entry(amount, text=text) for amount, text in rows]
    ledger = Ledger()
    for head, part in pages(entries, first) + pages(entries, second):
        ledger.take(head, part)
    assert ledger.amounts() == sorted(one.amount for one in entries)


@given(worlds(), st.randoms(use_true_random=False), st.booleans(), st.sampled_from(["interim", "notification"]))
def test_what_was_announced_is_booked_once(days, random, reworded, kind):
    """052 or 054 first and the statement then, or beside it, in any order."""
    deliveries = [(head, entries, True) for head, entries in statements(days)]
    for entries in days:
        seen = [one for one in entries if random.random() < 0.7]
        if reworded:
            seen = [replace(one, details=(replace(one.details[0], remittance="WORDED OTHERWISE"),)) for one in seen]
        random.shuffle(seen)
        deliveries.append((header(kind=kind), seen, False))
    random.shuffle(deliveries)
    ledger = Ledger()
    for head, entries, _ in deliveries:
        ledger.take(head, entries)
    assert ledger.amounts() == in_all(days)


@given(worlds(), st.booleans())
def test_mt940_and_camt_of_the_same_days(days, mt940_first):
    camt = [(head, entries, "camt") for head, entries in statements(days)]
    poorer = [
        [
            replace(
                one,
                bank_reference=None,
                details=(replace(one.details[0], remittance=f"?20{number}", counterparty_account=None),),
            )
            for number, one in enumerate(entries)
        ]
        for entries in days
    ]
    mt940 = [(head, entries, "mt940") for head, entries in statements(poorer)]
    ledger = Ledger()
    for head, entries, family in mt940 + camt if mt940_first else camt + mt940:
        ledger.take(head, entries, family=family)
    assert ledger.amounts() == in_all(days)


@settings(max_examples=50)
@given(worlds(with_references=st.just(True)))
def test_the_order_of_entries_does_not_change_the_keys(days):
    forward, backward = Ledger(), Ledger()
    for head, entries in statements(days):
        forward.take(head, entries)
        backward.take(head, entries[::-1])
    assert set(forward.known) == set(backward.known)


# -- cases a person can read ------------------------------------------------------------------------------------------


def test_twins_in_two_statements_of_one_day_are_two_payments():
    ledger = Ledger()
    first = header(sequence="1", from_date=DAY, to_date=DAY, opening=Decimal(0), closing=Decimal(10))
    second = header(sequence="2", from_date=DAY, to_date=DAY, opening=Decimal(10), closing=Decimal(20))
    ledger.take(first, [entry("10")])
    assert [one.kind for one in ledger.take(second, [entry("10")])] == ["new"]
    assert [one.kind for one in ledger.take(first, [entry("10")])] == ["same"]
    assert [one.kind for one in ledger.take(second, [entry("10")])] == ["same"]
    assert {key.rpartition("-")[2] for key in ledger.known} == {"1", "2"}


def test_a_pending_entry_becomes_the_booked_one_on_a_later_day():
    ledger = Ledger()
    pending = entry("75.00", bank_reference="REF-4711", status="pending", text="VORGEMERKT")
    booked = entry("75.00", bank_reference="REF-4711", day=DAY + timedelta(days=2))
    (announced,) = ledger.take(header(kind="interim"), [pending])
    (arrival,) = ledger.take(header(sequence="9", to_date=DAY + timedelta(days=2)), [booked])
    assert (arrival.kind, arrival.key, arrival.certain) == ("enriches", announced.key, True)


def test_two_payers_of_one_amount_are_not_merged_silently():
    ledger = Ledger()
    ledger.take(header(kind="notification"), [entry("50", counterparty_account="NL91ABNA0417164300")])
    (arrival,) = ledger.take(
        header(sequence="3", to_date=DAY), [entry("50", counterparty_account="FR7630006000011234567890189")]
    )
    assert arrival.certain is False
    assert "look" in arrival.why


def test_two_payers_of_one_amount_in_overlapping_exports_are_two_payments():
    ledger = Ledger()
    ledger.take(header(), [entry("50", text="FROM ANNA")], family="ofx")
    assert [one.kind for one in ledger.take(header(), [entry("50", text="FROM BERT")], family="ofx")] == ["new"]


def test_a_repeated_reference_does_not_swallow_the_second_payer():
    ledger = Ledger()
    anna = entry("50", bank_reference="BATCH1", end_to_end_id="A-1")
    bert = entry("50", bank_reference="BATCH1", end_to_end_id="B-2")
    ledger.take(header(), [anna], family="ofx")
    assert [one.kind for one in ledger.take(header(), [bert, anna], family="ofx")] == ["new", "same"]
    assert len(ledger.known) == 2


def test_a_richer_document_enriches_the_poorer():
    ledger = Ledger()
    head = {"sequence": "3", "from_date": DAY, "to_date": DAY}
    ledger.take(header(**head), [entry("50", text="")], family="mt940")
    (arrival,) = ledger.take(header(**head), [entry("50", counterparty_name="ACME", end_to_end_id="E2E-1")])
    assert (arrival.kind, arrival.certain) == ("enriches", True)


@pytest.mark.parametrize(
    ("mt940_account", "camt_account"),
    [("37040044/0532013000EUR", "DE89370400440532013000"), ("NL91ABNA0417164300EUR", "NL91 ABNA 0417 1643 00")],
)
def test_the_account_is_one_however_the_format_writes_it(mt940_account, camt_account):
    one = booking_of(entry(), header(account=mt940_account))
    other = booking_of(entry(), header(account=camt_account))
    assert one.account == other.account
    assert one.same_booking_key == other.same_booking_key


@pytest.mark.parametrize("filler", ["NONREF", "NOTPROVIDED", "0000000", "", "1", None])
def test_what_only_fills_the_field_is_no_reference(filler):
    assert booking_of(entry(bank_reference=filler), header()).reference == ""


def test_keys_do_not_depend_on_wraps_zeros_or_the_file():
    one = booking_of(entry("10.0", text="INVOICE 4711 THANKS"), header())
    other = booking_of(entry("10.00", text="Invoice 47 11\nthanks"), header(statement_id="X", sequence="4"))
    assert one.base == other.base


def test_an_entry_without_any_date_still_has_a_key():
    undated = replace(entry(), booking_date=None, value_date=None)
    assert Ledger().take(header(), [undated])[0].kind == "new"
    assert booking_of(undated, header()).day is None
    assert isinstance(DAY, date)

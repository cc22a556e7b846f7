"""The ledger in columns: the same for the same items however they come, and found by whatever can be quoted."""

import string
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.columns import month
from matching.index import LedgerIndex
from matching.lookup import Known, Lookup
from matching.model.open_item import Customer, OpenItem
from matching.model.policy import History, Policy
from matching.numbers.layouts import Layouts
from matching.numbers.series import DIGITS, learn, parts, shape

DAY = date(2026, 3, 1)
NUMBERS = st.text("0123459#RE-/. ", min_size=1, max_size=14) | st.from_regex(
    r"[A-Z]{0,3}20(25|26)[-/]?[0-9]{4,6}", fullmatch=True
)


def item(number, place=0, **more):
    given = {"customer_id": "C1", "currency": "EUR", "issued_on": DAY, "due_on": DAY, "open_amount": 1_000, **more}
    return OpenItem(
        item_id=given.pop("item_id", f"i{place:04d}"),
        number=number,
        kind="invoice",
        original_amount=given["open_amount"],
        **given,
    )


def index(items, policy=None):
    return LedgerIndex.build(items, (Customer(customer_id="C1", name="One"),), History(), policy or Policy())


@given(
    st.lists(
        st.tuples(st.sampled_from((0, 1, -5, 100, 7_000, 2**59, -(2**59))) | st.integers(-300, 300), st.integers(0, 99))
    )
)
def test_a_lookup_is_a_sorted_dictionary(rows):
    lookup = Lookup([key for key, _ in rows], [place for _, place in rows])
    for key in {key for key, _ in rows} | {3, -3, 10**17}:
        wanted = sorted(place for other, place in rows if other == key)
        assert lookup.get(key, most=1_000) == tuple(wanted)
        assert lookup.get(key, most=2) == tuple(wanted[:2])


@given(st.lists(NUMBERS, min_size=1, max_size=30))
@settings(max_examples=200)
def test_a_layout_cuts_out_the_same_parts_as_the_number_read_by_itself(numbers):
    layouts = Layouts()
    by_shape = {}
    for number in numbers:
        by_shape.setdefault(shape(number), []).append(number)
    for alike in by_shape.values():
        series = learn([(number, DAY) for number in alike])
        for number in alike:
            layout = layouts.of(number)
            layout.learned(series)
            assert layout.shape == shape(number)
            assert layout.parts(number) == parts(number, series)
            groups = DIGITS.findall(number)
            if groups:
                running = series.running
                assert layout.before(number) == (groups[running - 1] if running else groups[0][: series.lead])


@given(st.lists(NUMBERS, max_size=12, unique=True))
def test_every_number_is_found_by_its_digits(numbers):
    built = index([item(number, place) for place, number in enumerate(numbers)])
    for place, number in enumerate(built.open.numbers):
        digits = "".join(DIGITS.findall(number))
        if digits:
            assert place in built.numbers.full.get(int(digits[-18:]))
            assert built.numbers.written(place)[1] == digits


def test_a_number_sign_in_a_number_is_no_group_of_digits():
    built = index([item("#-#1", 0), item("1-#2", 1), item("3-4", 2)])
    assert sorted(built.numbers.full.get(12)) == [1]


def test_an_item_delivered_twice_counts_with_its_smaller_open_amount():
    rows = [item("A-1", 1, open_amount=900), item("A-1", 1, open_amount=-400), item("A-2", 2)]
    for items in (rows, rows[::-1]):
        assert list(index(items).open.open) == [-400, 1_000]


def test_items_stand_by_customer_due_date_and_id_however_they_come():
    rows = [
        item(f"N-{place}", place, customer_id=f"C{place % 3}", due_on=DAY + timedelta(days=place % 2))
        for place in range(24)
    ]
    wanted = [row.item_id for row in sorted(rows, key=lambda row: (row.customer_id, row.due_on, row.item_id))]
    for items in (rows, rows[::-1], (row for row in rows)):
        built = index(items)
        assert built.open.item_ids == wanted
        assert [built.open.numbers[place] for place in built.open.of_customer(built.parties.place("C2"))] == [
            f"N-{place}" for place in (2, 8, 14, 20, 5, 11, 17, 23)
        ]


def test_numbers_of_an_ignored_range_are_not_found():
    built = index([item("A-100", 1), item("A-150", 2)], Policy(ignored_number_ranges=(("A-100", "A-120"),)))
    assert built.numbers.full.get(100) == ()
    assert built.numbers.full.get(150) == (1,)


@pytest.mark.parametrize(
    "day", [date(1, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2026, 2, 28), date(9999, 12, 31)]
)
def test_the_months_of_a_column_are_those_of_its_days(day):
    built = index([item("A-1", 1, due_on=day)])
    assert built.open.due_month[0] == month(day.toordinal()) == day.year * 12 + day.month - 1


def test_an_amount_beyond_any_money_is_held_at_the_edge():
    built = index([item("A-1", 1, open_amount=10**30), item("A-2", 2, open_amount=-(10**30)), item("A-3", 3)])
    assert list(built.open.open) == [2**60, -(2**60), 1_000]
    assert built.with_amount(10**40, "EUR") == [0]


def test_a_ledger_of_odd_numbers_is_no_error():
    odd = ["", "#", "Ünïcödé 12", "\ud800 1", "٣٤", "0" * 40, *string.punctuation]
    assert index([item(number, place) for place, number in enumerate(odd)]).open.size == len(odd)


def test_what_a_lookup_holds_is_known_and_little_else() -> None:
    keys = [2026_000_000 + 7 * number for number in range(2_000)]
    one, other = Lookup(keys[:1_500], range(1_500)), Lookup(keys[1_500:], range(500))
    known = Known((one, other))
    assert all(known.flags[key & known.mask] for key in keys)
    strangers = range(1, 4_000_000, 997)
    assert sum(known.flags[key & known.mask] for key in strangers) < len(strangers) / 5
    assert not any(Known(()).flags)


@pytest.mark.parametrize("alike", [1, 3, 40], ids=["alone", "few", "many"])
def test_a_key_is_found_however_many_rows_share_it(alike: int) -> None:
    lookup = Lookup([7] * alike + [8, 9], range(alike + 2))
    assert lookup.get(7) == tuple(range(alike))
    assert lookup.get(7, 2) == tuple(range(min(alike, 2)))
    assert (lookup.get(8), lookup.get(10)) == ((alike,), ())

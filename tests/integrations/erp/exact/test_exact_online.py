"""Exact Online: what its API does not match, what a split receivable looks like, and limits that are kept."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.erp.errors import (
    AlreadyExists,
    ConfigError,
    LockedPeriod,
    RateLimited,
    Unsupported,
    ValidationFailed,
)
from integrations.erp.exact.config import Settings
from integrations.erp.exact.connector import ExactConnector
from integrations.erp.exact.read import _FIELDS, RECEIVABLES
from integrations.erp.protocol import Note, NoteTarget
from integrations.erp.settings import Secret
from tests.integrations.erp.conformance.world import decide, push, settle
from tests.integrations.erp.conformance.worlds.exact import ExactWorld, GeneralJournalWorld
from tests.integrations.erp.standins.exact import BANK_CODE, FIRST_TOKEN, MEMO_CODE, PROPERTIES, SECRET
from tests.integrations.erp.standins.kit import Answer, Struck


@pytest.fixture
def exact(tmp_path):
    world = ExactWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def general(tmp_path):
    world = GeneralJournalWorld(tmp_path / "general")
    yield world
    world.close()


def one_invoice(world, amount=10000):
    customer = world.add_customer("Acme")
    return customer, world.add_item("R-1", amount, customer_id=customer)


def test_every_field_that_is_read_or_written_is_in_the_published_list(exact, general):
    assert set(_FIELDS) <= PROPERTIES[RECEIVABLES]
    for world, entries, lines in (
        (exact, "financialtransaction/BankEntries", "financialtransaction/BankEntryLines"),
        (general, "generaljournalentry/GeneralJournalEntries", "generaljournalentry/GeneralJournalEntryLines"),
    ):
        customer, item = one_invoice(world)
        posting = decide(world, "NAMES", settle(item, 9800, discount=200, customer_id=customer))
        (step,) = world.connector().plan(posting).steps
        assert step.target == entries
        assert all(set(line) <= PROPERTIES[lines] for line in step.content["lines"])


# -- What is not matched -------------------------------------------------------------------------------------------


def test_a_part_payment_is_booked_and_says_that_a_person_has_to_match_it(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "PART", settle(item, 4000, customer_id=customer, expected_open=10000))
    plan = exact.connector().plan(posting)
    assert plan.route == "on_account"
    assert "whole amounts only" in plan.degraded[0]
    remote = push(exact.connector(), posting)
    assert remote.state == "posted"
    assert plan.degraded[0] in remote.detail
    assert (exact.cash_booked(), exact.open_amount(item)) == (4000, 10000)
    assert push(exact.connector(), posting) == remote
    assert exact.cash_booked() == 4000


def test_a_whole_payment_that_exact_leaves_alone_is_said_too(exact):
    exact.server.matches = False
    customer, item = one_invoice(exact)
    remote = push(exact.connector(), decide(exact, "WHOLE", settle(item, 10000, customer_id=customer)))
    assert "has not matched" in remote.detail
    assert exact.open_amount(item) == 10000
    (beside,) = (row for page in exact.connector().pull_open_items(None) for row in page.rows if row.open_amount < 0)
    assert beside.kind == "on_account"


def test_money_on_account_already_is_not_matched_through_the_api(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "HELD", settle(item, 10000, customer_id=customer))
    wrong = replace(posting, allocations=(replace(posting.allocations[0], item_id="credit:17"),))
    with pytest.raises(Unsupported) as caught:
        exact.connector().plan(wrong)
    assert caught.value.capability == "allocate_existing"


def test_a_general_entry_balances_against_the_clearing_account(general):
    customer, item = one_invoice(general)
    push(general.connector(), decide(general, "MEMO", settle(item, 9800, discount=200, customer_id=customer)))
    lines = general.server.rows[general.lines]
    assert sum((row["AmountFC"] for row in lines), Decimal(0)) == 0
    assert general.cash_booked() == 9800
    assert general.open_amount(item) == 0


def test_the_sign_of_receipts_can_be_turned_round(exact):
    exact.settings = exact.settings.model_copy(update={"receipt_sign": "negative"})
    customer, item = one_invoice(exact)
    posting = decide(exact, "SIGN", settle(item, 10000, customer_id=customer))
    (step,) = exact.connector().plan(posting).steps
    assert [line["AmountFC"] for line in step.content["lines"]] == ["-100.00"]


# -- Pulling -------------------------------------------------------------------------------------------------------


def test_a_receivable_in_parts_is_one_item_whatever_pages_its_parts_stand_on(exact):
    customer, item = one_invoice(exact)
    before = exact.connector().get_items([item])[item]
    exact.pay_outside(item, 4000)
    exact.add_item("R-2", 700, customer_id=customer)
    exact.pay_outside(item, 1000)
    exact.server.page_size = 1
    rows = {row.item_id: row for page in exact.connector().pull_open_items(None) for row in page.rows}
    assert (rows[item].open_amount, rows[item].original_amount) == (5000, 10000)
    assert before.original_amount == 10000
    assert len(rows) == 2


def test_instalments_are_items_of_their_own(exact):
    customer = exact.add_customer("Acme")
    server, transaction = exact.server, "1c0f2d3e-0000-4000-8000-00000000aaaa"
    for month, amount in ((10, "60.00"), (11, "40.00")):
        row = server.add_receivable(Decimal(amount), customer, kind=20, currency="EUR", issued_on=date(2026, 9, 1),
                                    due_on=date(2026, month, 30), transaction=transaction)  # fmt: skip
        row["TransactionAmountFC"] = Decimal("100.00")
    (page,) = exact.connector().pull_open_items(None)
    assert sorted((row.due_on.month, row.open_amount) for row in page.rows) == [(10, 6000), (11, 4000)]
    first = f"{transaction}/2026-10-30"
    posting = decide(exact, "INST", settle(first, 6000, customer_id=customer))
    push(exact.connector(), posting)
    assert exact.open_amount(first) == 0
    assert [row.item_id for page in exact.connector().pull_open_items(None) for row in page.rows] == [
        f"{transaction}/2026-11-30"
    ]


def test_a_row_that_cannot_be_true_is_set_aside_and_the_rest_is_pulled(exact):
    customer, item = one_invoice(exact)
    bad = exact.add_item("R-2", 700, customer_id=customer)
    exact._rows(bad)[0]["Currency"] = "XYZ"
    (page,) = exact.connector().pull_open_items(None)
    assert [row.item_id for row in page.rows] == [item]
    assert [row.item_id for row in page.quarantined] == [bad]


# -- Limits and refusals -------------------------------------------------------------------------------------------


def waiting_connector(world, waits):
    secret, first = Secret(SECRET, name="EXACT_SECRET"), Secret(FIRST_TOKEN, name="EXACT_TOKEN")

    def sleep(seconds):
        waits.append(seconds)
        world.server.tick(seconds)
        world.server.per_minute = 60

    return ExactConnector(world.settings, secret, first, transport=Struck(), sleep=sleep)


def test_the_calls_of_a_minute_are_kept_without_being_refused(exact):
    for number in range(4):
        exact.add_item(f"R-{number}", 1000, customer_id=exact.add_customer("Acme"))
    exact.server.page_size, exact.server.per_minute = 1, 2
    waits = []
    rows = [row for page in waiting_connector(exact, waits).pull_open_items(None) for row in page.rows]
    assert len(rows) == 4
    assert waits == [31]


def test_a_refused_minute_is_waited_for_by_the_servers_clock(exact):
    exact.add_item("R-1", 1000, customer_id=exact.add_customer("Acme"))
    exact.server.per_minute = 0
    waits = []
    list(waiting_connector(exact, waits).pull_open_items(None))
    assert waits == [31]


def test_a_used_up_day_stops_at_once(exact):
    exact.server.per_day = 0
    waits = []
    with pytest.raises(RateLimited) as caught:
        list(waiting_connector(exact, waits).pull_open_items(None))
    assert caught.value.scope == "day"
    assert waits == []


def test_a_refusal_with_status_500_is_looked_into_before_it_is_believed(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "LIES", settle(item, 10000, customer_id=customer))

    def booked_and_denied(request):
        if request.method != "POST":
            return None
        exact.server.handle(request)
        return Answer(500, {"error": {"message": {"value": "Error while processing"}}})

    exact.server.faults.extend([booked_and_denied] * 20)
    assert push(exact.connector(), posting).state == "posted"
    assert exact.cash_booked() == 10000
    exact.server.faults.clear()
    other = decide(exact, "TRUTH", settle(exact.add_item("R-9", 500, customer_id=customer), 500, customer_id=customer))
    exact.server.faults.extend(
        lambda request: (
            Answer(500, {"error": {"message": {"value": "Not allowed"}}}) if request.method == "POST" else None
        )
        for _ in range(20)
    )
    with pytest.raises(ValidationFailed, match="Not allowed"):
        push(exact.connector(), other)


def test_two_entries_with_one_key_are_a_case_for_a_person(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "TWICE", settle(item, 10000, customer_id=customer))
    push(exact.connector(), posting)
    lines = exact.server.rows[exact.lines]
    lines.append({**lines[0], "EntryID": "1c0f2d3e-0000-4000-8000-00000000bbbb"})
    with pytest.raises(AlreadyExists, match="two entries"):
        push(exact.connector(), posting)


def test_a_day_without_a_period_and_a_journal_in_another_currency_are_said(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "NOPERIOD", settle(item, 10000, customer_id=customer), booked_on=date(2027, 2, 1))
    with pytest.raises(LockedPeriod, match="no financial period"):
        push(exact.connector(), posting)
    exact.server.rows["financial/Journals"][0]["Currency"] = "USD"
    with pytest.raises(ConfigError, match=f"journal {BANK_CODE} is kept in USD"):
        push(exact.connector(), decide(exact, "CURR", settle(item, 10000, customer_id=customer)))
    assert exact.cash_booked() == 0


def test_an_entry_that_was_processed_is_not_deleted(exact):
    customer, item = one_invoice(exact)
    posting = decide(exact, "DONE", settle(item, 10000, customer_id=customer))
    push(exact.connector(), posting)
    exact.server.rows["financialtransaction/BankEntries"][0]["Status"] = 50
    with pytest.raises(ValidationFailed, match="processed"):
        exact.connector().reverse(posting.key, "wrong", date(2026, 11, 21))
    assert exact.open_amount(item) == 0


def test_a_note_about_an_item_stands_on_its_customer(exact):
    customer, item = one_invoice(exact)
    note = Note(key="EX-7K2M", summary="12.50 short", text="transport damage", disputed=True)
    reference = exact.connector().put_note(NoteTarget(item_id=item), note)
    (row,) = exact.server.rows["activities/CommunicationNotes"]
    assert row["Account"] == customer
    assert exact.number_of(item) in row["Notes"]
    assert reference.left_out == ("Exact's API sets no dispute mark on a receivable",)


def test_a_general_journal_needs_an_account_for_the_bank():
    with pytest.raises(ValueError, match="clearing_account"):
        Settings(division=1, client_id="x", secret_variable="A", refresh_token_variable="B", token_file="t.json",
                 book_in="general", journals={"NL20INGB0001234567": MEMO_CODE})  # fmt: skip

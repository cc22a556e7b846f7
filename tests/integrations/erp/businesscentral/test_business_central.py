"""Business Central: what its API leaves to people, and what happens when people are in the journal too."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.lines import values_of
from integrations.erp.businesscentral.receivables import collections
from integrations.erp.errors import (
    AlreadyExists,
    AmbiguousOutcome,
    AuthError,
    ConfigError,
    LockedPeriod,
    ProtocolError,
    SnapshotRefused,
    Unsupported,
    VersionMismatch,
)
from integrations.erp.protocol import Note, NoteTarget
from tests.integrations.erp.conformance.world import decide, push, settle
from tests.integrations.erp.conformance.worlds.business_central import JournalWorld, LedgerPageWorld, PostedWorld
from tests.integrations.erp.standins.business_central import JOURNAL, METADATA
from tests.integrations.erp.standins.kit import Answer


@pytest.fixture
def journal(tmp_path):
    world = JournalWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def posted(tmp_path):
    world = PostedWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def ledger(tmp_path):
    world = LedgerPageWorld(tmp_path)
    yield world
    world.close()


def one_invoice(world, amount=10000):
    customer = world.add_customer("Acme")
    return customer, world.add_item("R-1", amount, customer_id=customer)


def payment(world, key="PAY", amount=10000, **more):
    customer, item = one_invoice(world, amount)
    return decide(world, key, settle(item, amount, customer_id=customer), **more), item


def foreign_line(world, amount="-55.00"):
    """A bookkeeper's own line in our journal."""
    server, journal = world.server, next(iter(world.server.journals))
    customer = world.add_customer("Walk-in")
    values = {"customerNumber": customer, "postingDate": "2026-11-20", "amount": Decimal(amount),
              "description": "Counter cash", "documentNumber": "KASSE-7"}  # fmt: skip
    server.insert_line(type("Typed", (), {"body": values})(), journal)


# -- Held to the vendor's metadata ---------------------------------------------------------------------------------


def test_every_field_that_is_read_or_written_is_in_the_published_metadata(journal):
    for collection in collections(journal.settings):
        METADATA.require(collection.entities, collection.select.split(","))
    posting, _ = payment(journal)
    plan = journal.connector().plan(posting)
    for step in plan.steps:
        METADATA.require("customerPayments", step.content)
    assert ("journal", "post") in METADATA.actions
    assert "Open" in METADATA.members["invoiceEntityAggregateStatus"]


def test_what_is_written_fits_the_fields(journal):
    customer, item = one_invoice(journal)
    posting = replace(
        decide(journal, "LONG", settle(item, 10000, customer_id=customer)), payer_name="Ü" * 200, remittance="x" * 2000
    )
    plan = journal.connector().plan(posting)
    for name, value in plan.steps[0].content.items():
        longest = METADATA.sets["customerPayments"][name][1]
        assert not longest or len(str(value)) <= longest, name
    assert push(journal.connector(), posting).state == "submitted"


# -- People in the journal -----------------------------------------------------------------------------------------


def test_lines_stand_unposted_until_somebody_posts_them_and_are_found_again(journal):
    posting, item = payment(journal)
    remote = push(journal.connector(), posting)
    assert remote.state == "submitted"
    assert "unposted" in remote.detail
    journal.server.post_journal(next(iter(journal.server.journals)))
    found = journal.connector().find(posting.key)
    assert (found.state, found.amount) == ("posted", posting.amount)
    assert [each.item_id for each in found.allocations] == [item]
    with pytest.raises(Unsupported, match="reverse it in Business Central"):
        journal.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    journal.server.reverse_posted(posting.key)
    assert journal.connector().find(posting.key).state == "reversed"
    with pytest.raises(AlreadyExists, match="new key"):
        push(journal.connector(), posting)


def test_lines_of_others_are_never_posted(posted):
    foreign_line(posted)
    posting, _ = payment(posted)
    remote = push(posted.connector(), posting)
    assert remote.state == "submitted"
    assert "KASSE-7" in remote.detail
    assert posted.server.ledger == []
    assert len(posted.server.lines) == 2


def test_a_line_that_a_person_changed_is_a_conflict(journal):
    posting, _ = payment(journal)
    push(journal.connector(), posting)
    (line,) = journal.server.lines.values()
    line["amount"] = Decimal("-99.00")
    with pytest.raises(AlreadyExists, match="not what was decided"):
        push(journal.connector(), posting)


@pytest.mark.parametrize("when", [1, 2])
def test_a_job_queue_may_post_between_our_lines(journal, when):
    customer = journal.add_customer("Acme")
    items = [journal.add_item(f"R-{n}", 1000 * n, customer_id=customer) for n in (1, 2, 3)]
    posting = decide(journal, "BETWEEN", *(settle(item, 1000 * (n + 1), customer_id=customer)
                                           for n, item in enumerate(items)))  # fmt: skip
    seen = []

    def tick(step):
        seen.append(step)
        if len(seen) == when + 1:
            journal.server.post_journal(next(iter(journal.server.journals)))

    connector = journal.connector()
    remote = connector.apply(connector.plan(posting), None, tick)
    assert remote.amount == 6000
    assert journal.cash_booked() == 6000
    journal.server.post_journal(next(iter(journal.server.journals)))
    assert push(journal.connector(), posting).state == "posted"
    assert journal.cash_booked() == 6000


def test_a_second_worker_that_looked_too_early_takes_its_line_out_again(journal):
    posting, _ = payment(journal)
    slow = journal.connector()

    def tick(_step):
        push(journal.connector(), posting)
        journal.server.post_journal(next(iter(journal.server.journals)))

    remote = slow.apply(slow.plan(posting), None, tick)
    assert remote.state == "posted"
    assert journal.server.lines == {}
    assert journal.cash_booked() == posting.amount


def test_a_posting_that_broke_off_in_the_middle_is_finished_and_not_repeated(posted):
    customer = posted.add_customer("Acme")
    items = [posted.add_item(f"R-{n}", 1000, customer_id=customer) for n in (1, 2)]
    posting = decide(posted, "HALF", *(settle(item, 1000, customer_id=customer) for item in items))
    posted.server.half_post = 1
    with pytest.raises(AmbiguousOutcome):
        push(posted.connector(), posting)
    assert posted.connector().find(posting.key).state == "submitted"
    assert push(posted.connector(), posting).state == "posted"
    assert posted.cash_booked() == 2000


def test_a_period_that_closes_between_the_look_and_the_posting_leaves_no_line_behind(posted):
    posting, _ = payment(posted, booked_on=date(2026, 10, 20))
    connector = posted.connector()

    def tick(step):
        if step == "post":
            posted.lock_until(date(2026, 10, 31))

    with pytest.raises(LockedPeriod):
        connector.apply(connector.plan(posting), None, tick)
    assert posted.server.lines == {}


def test_a_line_that_changes_while_it_is_deleted_is_left_alone(journal):
    posting, _ = payment(journal)
    push(journal.connector(), posting)
    journal.server.faults.extend(
        lambda request: (
            Answer(412, {"error": {"code": "Request_EntityChanged", "message": "changed"}})
            if request.method == "DELETE"
            else None
        )
        for _ in range(20)
    )
    with pytest.raises(VersionMismatch):
        journal.connector().reverse(posting.key, "wrong customer", date(2026, 11, 21))
    assert len(journal.server.lines) == 1


# -- The ladder ----------------------------------------------------------------------------------------------------


def test_a_credit_note_in_a_payment_puts_all_of_the_customers_money_on_account(journal):
    customer, item = one_invoice(journal)
    credit = journal.add_item("G-1", -1500, customer_id=customer, kind="credit_note")
    posting = decide(
        journal, "NETTED", settle(item, 10000, customer_id=customer), settle(credit, -1500, customer_id=customer)
    )
    plan = journal.connector().plan(posting)
    assert plan.route == "on_account"
    assert [step.content["amount"] for step in plan.steps] == ["-85.00"]
    (numbers,) = plan.degraded
    assert journal.number_of(credit) in numbers
    remote = push(journal.connector(), posting)
    assert (remote.amount, remote.on_account, remote.allocations) == (8500, 8500, ())


def test_who_wants_no_ladder_gets_a_refusal(journal):
    settings = journal.settings.model_copy(update={"not_allocatable": "refuse"})
    customer, item = one_invoice(journal)
    posting = decide(journal, "NOLADDER", settle(item, 9800, discount=200, customer_id=customer))
    journal.settings = settings
    with pytest.raises(Unsupported) as caught:
        journal.connector().plan(posting)
    assert caught.value.capability == "discount"


def test_another_currency_and_an_unmapped_account_are_said_before_anything_is_sent(journal):
    posting, _ = payment(journal)
    with pytest.raises(Unsupported, match="USD"):
        journal.connector().plan(replace(posting, currency="USD"))
    with pytest.raises(ConfigError, match="journals"):
        journal.connector().plan(replace(posting, account="DE00UNKNOWN"))
    assert values_of.__doc__


# -- Pulling -------------------------------------------------------------------------------------------------------


def test_a_token_that_runs_out_between_two_pages_is_renewed_once(ledger):
    customer = ledger.add_customer("Acme")
    for number in range(5):
        ledger.add_item(f"R-{number}", 1000, customer_id=customer)
    pages = ledger.connector().pull_open_items(None)
    next(pages)
    ledger.server.expire_tokens()
    rest = list(pages)
    assert sum(len(page.rows) for page in rest) == 3
    assert ledger.server.token_requests == 2


def test_a_wrong_secret_is_said_without_showing_it(journal):
    journal.settings = journal.settings.model_copy(update={"client_id": "99999999-2222-4333-8444-555555555555"})
    with pytest.raises(AuthError, match="gives no token"):
        journal.connector().find("ANYKEYQQQQQQQQQQ")


def test_a_list_that_was_cut_short_is_refused(journal):
    customer = journal.add_customer("Acme")
    for number in range(3):
        journal.add_item(f"R-{number}", 1000, customer_id=customer)

    def cut(request):
        if "salesInvoices" not in request.path or request.query.get("$top") == "1":
            return None
        answer = journal.server.handle(request)
        answer.body["value"] = answer.body["value"][:1]
        return answer

    journal.server.faults.extend([cut] * 10)
    with pytest.raises(SnapshotRefused, match="3 rows, 1 came"):
        list(journal.connector().pull_open_items(None))


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v2.0?$skiptoken=1", None], ids=["elsewhere", "in-a-circle"]
)
def test_a_page_link_is_followed_only_where_it_may_lead(journal, link):
    def lead(request):
        if "salesInvoices" not in request.path:
            return None
        answer = journal.server.handle(request)
        answer.body["@odata.nextLink"] = link or f"{journal.server.url}{request.path}?$skiptoken=0"
        return answer

    journal.server.faults.extend([lead] * 10)
    with pytest.raises(ProtocolError):
        list(journal.connector().pull_open_items(None))


def test_a_partial_payment_that_does_not_move_the_invoices_date_is_seen_by_the_next_pull(journal):
    _, item = one_invoice(journal)
    list(journal.connector().pull_open_items(None))
    stamp = journal.server.document_of(journal.number_of(item))["lastModifiedDateTime"]
    journal.pay_outside(item, 4000)
    assert journal.server.document_of(journal.number_of(item))["lastModifiedDateTime"] == stamp
    (page, *_) = journal.connector().pull_open_items(None)
    assert [row.open_amount for row in page.rows] == [6000]


def test_foreign_currency_items_are_pulled_in_their_own(journal):
    customer = journal.add_customer("Acme")
    item = journal.add_item("R-1", 123456, customer_id=customer, currency="KWD")
    assert journal.connector().get_items([item])[item].open_amount == 123456


# -- Notes and check -----------------------------------------------------------------------------------------------


def test_a_disputed_item_is_marked_and_freed_again(journal):
    _, item = one_invoice(journal)
    note = Note(key="EX-7K2M", summary="12.50 short", text="transport damage", disputed=True, assignee="anna")
    reference = journal.connector().put_note(NoteTarget(item_id=item), note)
    assert journal.connector().get_items([item])[item].disputed
    assert reference.left_out == ("the note carries no assignee and no due date",)
    ((attachment, content),) = journal.server.contents.items()
    assert "transport damage" in content
    assert journal.server.attachments[attachment]["fileName"].startswith("EX-7K2M ")
    journal.connector().put_note(NoteTarget(item_id=item), replace(note, disputed=False, closed=True))
    assert not journal.connector().get_items([item])[item].disputed


def test_a_note_on_a_customer(journal):
    customer = journal.add_customer("Acme")
    note = Note(key="EX-9999", summary="who is this", text="unknown payer")
    assert journal.connector().put_note(NoteTarget(customer_id=customer), note).created


def test_the_check_names_what_is_wrong(journal):
    journal.server.setup["localCurrencyCode"] = "DKK"
    journal.settings = journal.settings.model_copy(update={"journals": {journal.account: "NOSUCH"}})
    found = {each.name: each for each in journal.connector().check()}
    assert found["company"].status == "ok"
    assert "DKK" in found["currency"].message
    assert JOURNAL in found["journals"].message
    assert found["open items"].status == "warning"


def test_series_numbers_need_a_page_to_find_them_by():
    with pytest.raises(ValueError, match="ledger_page"):
        Settings(url="https://bc.example/v2.0/t/e", token_url="https://login.example/token", client_id="x",
                 secret_variable="BC_SECRET", company="A", currency="EUR", document_number="series")  # fmt: skip

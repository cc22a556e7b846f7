"""People decide about cases: each choice checked in the ledger and in the files the ERP reads."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.services.clear import approve, clear, clear_batch, decline, reopen, suggestions_from
from integrations.services.context import Run
from integrations.services.publish import publish
from integrations.services.push import push
from integrations.services.resolutions import ClearRequest, ItemShare
from integrations.services.sync import connector_of, sync
from integrations.services.worklist import is_acceptable, worklist
from matching.model.decision import Suggestion
from tests.integrations.services.test_sync import CUSTOMERS, ITEM_COLUMNS, ITEMS

AS_OF = date(2026, 3, 3)
STATEMENT = """:20:STARTUMSE
:25:NL20INGB0001234567
:28C:00001/001
:60F:C260301EUR1000,00
:61:2603020302C240,00NTRFNONREF//SHORT
:86:RE-2026-0102 less breakage
:61:2603020302C60,00NTRFNONREF//STRANGE
:86:greetings from a stranger
:61:2603020302C105,00NTRFNONREF//OVER
:86:RE-2026-0101
:62F:C260302EUR1405,00
"""
PEOPLE = {
    "people": [
        {"name": "anna", "may": ["clear", "write_off", "reopen"], "write_off_limit": {"EUR": "5.00"}},
        {"name": "bert", "may": ["clear", "approve", "reopen", "write_off"], "write_off_limit": {"EUR": "500.00"}},
        {"name": "carla", "may": ["clear"], "limit": {"EUR": "100.00"}},
    ],
    "four_eyes_above": {"EUR": "200.00"},
}
RUN = Run(as_of=AS_OF, clock=lambda: datetime(2026, 3, 3, 8, 0, tzinfo=UTC), run_id="test")


class Books:
    """A small company with three open cases: a short payment, a strange one, an over-payment."""

    def __init__(self, folder: Path, rights: dict, statement: str = STATEMENT) -> None:
        (folder / "in").mkdir()
        (folder / "bank").mkdir()
        (folder / "in" / "customers.csv").write_text(CUSTOMERS)
        (folder / "in" / "open_items.csv").write_text("\n".join([ITEM_COLUMNS, *ITEMS]) + "\n")
        (folder / "bank" / "s.sta").write_text(statement)
        erp = {"kind": "flatfile", "inbox": str(folder / "in"), "outbox": str(folder / "out")}
        banks = [{"inbox": str(folder / "bank")}]
        self.folder = folder
        self.company = CompanySettings.model_validate({"name": "acme", "erp": erp, "banks": banks, "rights": rights})
        self.ledger = open_ledger(f"sqlite:///{folder / 'lettrage.db'}")
        sync(self.company, self.ledger, RUN)

    def case(self, reference: str) -> str:
        listed = worklist(self.company, self.ledger, as_of=AS_OF)
        return next(one.case_id for one in listed.cases if one.payment.bank_reference == reference)

    def do(self, reference: str, resolution: str, *items: str, by: str = "bert", **more):
        shares = tuple(ItemShare(item=name) for name in items)
        request = ClearRequest(case_id=self.case(reference), resolution=resolution, items=shares, **more)
        return clear(self.company, self.ledger, request, by=by, run=RUN)

    def send(self) -> None:
        push(self.company, self.ledger, connector_of(self.company), RUN)
        publish(self.company, self.ledger)

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "out" / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def open_amount(self, item_id: str) -> int:
        return self.ledger.items("acme", [item_id])[item_id].open_amount

    def sound(self) -> None:
        assert [str(one) for one in self.ledger.verify("acme")] == []


@pytest.fixture
def books(tmp_path):
    made = Books(tmp_path, {})
    yield made
    made.sound()
    made.ledger.close()


@pytest.fixture
def strict(tmp_path):
    made = Books(tmp_path, PEOPLE)
    yield made
    made.sound()
    made.ledger.close()


def test_a_short_payment_is_disputed_and_the_rest_stays_open(books):
    outcome = books.do("SHORT", "dispute", "RE-2026-0102", reason="quality")
    assert outcome.outcome == "cleared", outcome.message
    assert books.open_amount("I2") == 1000
    books.send()
    row = next(row for row in books.rows("allocations") if row["bank_reference"] == "SHORT")
    assert (row["allocated_amount"], row["status"], row["item_id"]) == ("240.00", "cleared", "I2")


def test_a_write_off_closes_the_item(books):
    assert books.do("SHORT", "write_off", "I2", reason="breakage").outcome == "cleared"
    assert books.open_amount("I2") == 0
    books.send()
    row = next(row for row in books.rows("allocations") if row["bank_reference"] == "SHORT")
    assert (row["allocated_amount"], row["write_off_amount"]) == ("240.00", "10.00")


def test_what_is_not_ours_is_ignored_and_remembered(books):
    assert books.do("STRANGE", "not_customer_payment").outcome == "cleared"
    books.send()
    assert [row["bank_reference"] for row in books.rows("ignored")] == ["STRANGE"]


def test_money_of_an_unknown_payer_goes_on_account_of_the_named_customer(books):
    assert "payer is not known" in books.do("STRANGE", "on_account").message
    assert books.do("STRANGE", "on_account", customer_id="C1").outcome == "cleared"
    books.send()
    row = next(row for row in books.rows("allocations") if row["bank_reference"] == "STRANGE")
    assert (row["item_id"], row["customer_id"], row["allocated_amount"]) == ("", "C1", "60.00")


def test_clearing_twice_is_refused_with_the_state_of_things(books):
    case_id = books.case("STRANGE")
    assert books.do("STRANGE", "on_account", customer_id="C1").outcome == "cleared"
    again = ClearRequest(case_id=case_id, resolution="not_customer_payment")
    outcome = clear(books.company, books.ledger, again, by="bert", run=RUN)
    assert outcome.outcome == "refused"
    assert "is cleared" in outcome.message


def test_a_cleared_payment_can_be_taken_back_also_in_the_files(books):
    case_id = books.case("SHORT")
    books.do("SHORT", "write_off", "I2")
    books.send()
    outcome = reopen(books.company, books.ledger, case_id, by="anna", run=RUN, reason="wrong customer")
    assert outcome.outcome == "reopened", outcome.message
    assert books.open_amount("I2") == 25000
    books.send()
    assert "SHORT" not in {row["bank_reference"] for row in books.rows("allocations")}
    assert "SHORT" in {row["bank_reference"] for row in books.rows("exceptions")}
    assert books.do("SHORT", "dispute", "I2", reason="price").outcome == "cleared"
    books.send()
    assert [row["allocated_amount"] for row in books.rows("allocations") if row["bank_reference"] == "SHORT"] == [
        "240.00"
    ]


def test_what_a_rule_decided_and_a_person_took_back_is_not_decided_by_a_rule_again(tmp_path):
    exact = STATEMENT.replace("C60,00NTRFNONREF//STRANGE", "C250,00NTRFNONREF//EXACT").replace(
        "greetings from a stranger", "Brouwerij De Vries RE-2026-0102"
    )
    exact = exact.replace(":61:2603020302C240,00NTRFNONREF//SHORT\n:86:RE-2026-0102 less breakage\n", "")
    exact = exact.replace("C260302EUR1405,00", "C260302EUR1355,00")
    books = Books(tmp_path, PEOPLE, exact)
    assert books.open_amount("I2") == 0, "the rule did not settle it; this test would show nothing"
    outcome = reopen(books.company, books.ledger, "EXACT", by="anna", run=RUN, reason="the other brewery")
    assert outcome.outcome == "reopened", outcome.message
    for _ in range(2):
        sync(books.company, books.ledger, RUN)
    assert books.open_amount("I2") == 25000
    waiting = worklist(books.company, books.ledger, as_of=AS_OF)
    assert [case.state for case in waiting.cases if case.payment.bank_reference == "EXACT"] == ["reopened"]
    books.ledger.close()


def test_nothing_is_taken_back_without_a_reason(books):
    books.do("SHORT", "dispute", "RE-2026-0102", reason="quality")
    for reason in ("", "  "):
        outcome = reopen(books.company, books.ledger, "SHORT", by="anna", run=RUN, reason=reason)
        assert (outcome.outcome, "write it as `reason`" in outcome.message) == ("refused", True)
    assert books.open_amount("I2") == 1000


def test_reopening_what_is_open_is_refused(books):
    outcome = reopen(books.company, books.ledger, books.case("STRANGE"), by="anna", run=RUN, reason="")
    assert outcome.outcome == "refused"
    assert "open already" in outcome.message


def test_a_batch_takes_each_case_for_itself(books):
    requests = [
        ClearRequest(case_id=books.case("STRANGE"), resolution="on_account", customer_id="C1"),
        ClearRequest(case_id="EX-NONE", resolution="on_account"),
        ClearRequest(case_id=books.case("SHORT"), resolution="write_off", items=(ItemShare(item="I2"),)),
    ]
    outcomes = clear_batch(books.company, books.ledger, requests, by="bert", run=RUN)
    assert [one.outcome for one in outcomes] == ["cleared", "refused", "cleared"]


def test_giving_something_up_is_offered_only_where_something_is_short(books):
    offered = {one.kind: set(one.allowed) for one in worklist(books.company, books.ledger, as_of=AS_OF).cases}
    giving_up = {"write_off", "discount", "dispute"}
    assert giving_up <= offered["short_payment"]
    assert not any(giving_up & choices for kind, choices in offered.items() if kind != "short_payment")


@pytest.mark.parametrize(
    ("kind", "state", "explained", "fit"),
    [
        ("over_payment", "open", 100, True),
        ("over_payment", "reopened", 100, True),
        ("over_payment", "rejected", 100, False),
        ("over_payment", "awaiting_approval", 100, False),
        ("over_payment", "open", 99, False),
        ("disputed_item", "open", 100, False),
        ("returned_payment", "open", 100, False),
        ("currency_mismatch", "open", 100, False),
        ("erp_rejected", "open", 100, False),
    ],
)
def test_a_bulk_takes_only_what_needs_no_look(books, kind, state, explained, fit):
    case = books.ledger.case("acme", books.case("STRANGE"))
    suggestion = Suggestion(allocations=(), confidence=0.9, why="", on_account=explained, customer_id="C1")
    case = replace(case, kind=kind, state=state, unallocated=100, suggestions=(suggestion,))
    assert is_acceptable(case, 90) == fit
    assert not is_acceptable(case, 91)


def test_sure_suggestions_are_found_for_the_bulk_link(books):
    everything = suggestions_from(books.company, books.ledger, percent=0)
    assert {one.resolution for one in everything} == {"accept_suggestion"}
    assert suggestions_from(books.company, books.ledger, percent=101) == []


def test_the_next_night_leaves_alone_what_people_decided(books):
    books.do("SHORT", "dispute", "I2", reason="quality")
    books.do("STRANGE", "not_customer_payment")
    books.send()
    before = books.rows("allocations"), books.rows("ignored")
    sync(books.company, books.ledger, RUN)
    assert (books.rows("allocations"), books.rows("ignored")) == before


@pytest.mark.parametrize(
    ("reference", "resolution", "items", "by", "words"),
    [
        ("STRANGE", "not_customer_payment", (), "mallory", "not among the people"),
        ("SHORT", "dispute", ("I2",), "carla", "up to 100.00 EUR"),
        ("SHORT", "write_off", ("I2",), "anna", "may write off up to 5.00 EUR"),
        ("STRANGE", "write_off", ("I3",), "carla", "may not write off"),
    ],
    ids=["stranger", "over-own-limit", "over-write-off-limit", "no-right-to-write-off"],
)
def test_rights_and_limits_hold(strict, reference, resolution, items, by, words):
    outcome = strict.do(reference, resolution, *items, by=by, reason="quality" if resolution == "dispute" else "")
    assert outcome.outcome == "refused"
    assert words in outcome.message


def test_a_large_payment_needs_a_second_person_who_is_another(strict):
    case_id = strict.case("SHORT")
    assert strict.do("SHORT", "write_off", "I2").outcome == "awaiting_approval"
    assert strict.open_amount("I2") == 25000
    own = approve(strict.company, strict.ledger, case_id, by="bert", run=RUN)
    assert (own.outcome, "proposed by you" in own.message) == ("refused", True)
    assert "may not approve" in approve(strict.company, strict.ledger, case_id, by="anna", run=RUN).message
    assert strict.open_amount("I2") == 25000


def test_the_second_person_agrees_and_it_is_done(strict):
    case_id = strict.case("SHORT")
    assert strict.do("SHORT", "dispute", "I2", by="anna", reason="quality").outcome == "awaiting_approval"
    outcome = approve(strict.company, strict.ledger, case_id, by="bert", run=RUN)
    assert outcome.outcome == "cleared", outcome.message
    assert strict.open_amount("I2") == 1000


def test_the_second_person_disagrees_and_the_case_is_open_again(strict):
    case_id = strict.case("SHORT")
    strict.do("SHORT", "dispute", "I2", by="anna", reason="quality")
    assert decline(strict.company, strict.ledger, case_id, by="bert", run=RUN, note="ask first").outcome == "declined"
    assert case_id == strict.case("SHORT")
    assert strict.do("SHORT", "dispute", "I2", by="anna", reason="price").outcome == "awaiting_approval"


def test_what_people_confirm_is_learned_and_can_be_revoked(tmp_path):
    named = STATEMENT.replace(
        ":86:greetings from a stranger", ":86:/TRTP/SEPA/IBAN/NL02ABNA0123456789/NAME/J Jansen/REMI/x"
    )
    books = Books(tmp_path, {}, named)
    assert books.do("STRANGE", "on_account", customer_id="C1").outcome == "cleared"
    facts = books.ledger.facts_on_file("acme")
    assert {(one.fact.kind, one.fact.subject, one.fact.customer_id) for one in facts} >= {
        ("payer_account", "NL02ABNA0123456789", "C1")
    }
    for one in facts:
        books.ledger.revoke_fact("acme", one.fact_id, change=RUN.change("person", "anna", "was a mistake"))
    assert books.ledger.learned_facts("acme") == ()
    books.ledger.close()


def test_a_returned_payment_opens_again_what_it_had_settled(tmp_path):
    german = (
        ":61:2603020302C100,00NDDTNONREF//DEBIT\n:86:171?00LASTSCHRIFT?20EREF+E2E-4711?21SVWZ+RE-2026-0101"
        "?32Bakker Bouw B.V.\n"
        ":61:2603030303D100,00NRTINONREF//BACK\n:86:108?00RUECKLASTSCHRIFT?20EREF+E2E-4711?21SVWZ+RETURN AC04"
        "?32Bakker Bouw B.V.\n:62F:C260303EUR1000,00\n"
    )
    books = Books(tmp_path, {}, STATEMENT.split(":61:")[0] + german)
    assert books.open_amount("I1") == 0
    (case,) = worklist(books.company, books.ledger, as_of=AS_OF).cases
    assert case.kind == "returned_payment"
    assert "open again" in case.suggestions[0].why
    outcome = books.do("BACK", "accept_suggestion")
    assert outcome.outcome == "cleared", outcome.message
    assert books.open_amount("I1") == 10000
    books.send()
    told = sorted((row["bank_reference"], row["allocated_amount"]) for row in books.rows("allocations"))
    assert told == [("BACK", "-100.00"), ("DEBIT", "100.00")]
    books.sound()
    books.ledger.close()

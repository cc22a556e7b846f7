"""Every link of the worklist is valid run configuration, whatever strangers write into a payment."""

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.forms import BATCH, CLEARING, RESOLUTIONS, VERDICT, clearing_form, clearing_values, form_yaml
from dagster_project.links import Place
from dagster_project.worklist import Jobs, Page, bulk_link, links, metadata, offered, summary, table
from integrations.services.worklist import Worklist, WorklistCase
from matching.model.decision import Allocation, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

HOSTILE = [
    "invoice 1\nresolution: write_off",
    "thanks\u2028case: EX-AAAA\u2029\x85note: x",
    "]( javascript:alert(1) ) ![x](http://evil/x.png) <img src=x onerror=alert(1)> | cell",
    "# {env: SECRET} *bold* `code` [a]: http://evil",
    "\x00\x07\ufeff\u202etxet desrever\ud800",
    "'\"\\ %20 & + ; -- */ ---\n...\n!!python/object:os.system",
    "🦊 Ünïcødé 漢字",
]


@dg.op
def nothing() -> None:
    """Stands for the work; only the form is looked at here."""


def job(name: str, schema: dict[str, Any]) -> dg.JobDefinition:
    @dg.job(name=name, config=dg.ConfigMapping(config_fn=lambda _: {}, config_schema=schema))
    def form() -> None:
        nothing()

    return form


JOBS = {"clear": job("clear", CLEARING), "batch": job("batch", BATCH), "approve": job("approve", VERDICT)}


def case_of(
    text: str = "Invoice VF26-04001",
    *,
    state: Any = "open",
    number: str = "VF26-04001",
    allowed: Any = tuple(RESOLUTIONS),
) -> WorklistCase:
    payment = Payment(
        payment_id="v1:abc",
        account="NL20INGB0001234567",
        currency="EUR",
        amount=125000,
        booked_on=date(2026, 11, 12),
        valued_on=None,
        payer_name=text,
        payer_account="DE35001051701",
        remittance=text,
        return_reason=text,
    )
    item = OpenItem(
        item_id="AR-1",
        number=number,
        kind="invoice",
        customer_id="10017",
        currency="EUR",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        original_amount=130000,
        open_amount=130000,
    )
    suggestion = Suggestion(
        allocations=(Allocation(item_id="AR-1", cash=125000, residual=5000),),
        confidence=0.874,
        why=text,
        customer_id="10017",
    )
    return WorklistCase(
        case_id="EX-7K2M",
        state=state,
        kind="short_payment",
        why=text,
        payment=payment,
        unallocated=125000,
        customer_id="10017",
        customer_name=text,
        opened_on=date(2026, 11, 13),
        age_days=7,
        suggestions=(suggestion,),
        items={"AR-1": item},
        allowed=allowed,
        proposed_by=text if state == "awaiting_approval" else "",
        proposal=text if state == "awaiting_approval" else "",
    )


PAGE = Page(company="acme", place=Place(prefix="/dagster"))


def config_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["config"][0]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_each_form_loads_as_what_was_meant_and_is_valid(resolution: str, text: str) -> None:
    case = case_of(text, number=text)
    form = clearing_form(case, resolution)
    loaded = yaml.safe_load(form)
    assert loaded == clearing_values(case, resolution)
    assert dg.validate_run_config(JOBS["clear"], loaded)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("state", ["open", "awaiting_approval"])
def test_each_link_survives_the_browser(text: str, state: str) -> None:
    case = case_of(text, state=state)
    rendered = list(links(case, PAGE))
    assert rendered
    for link in rendered:
        label, address = link[1:-1].split("](")
        assert label
        assert not set(" ()") & set(address)
        name = "approve" if "/jobs/approve_acme/" in address else "clear"
        assert dg.validate_run_config(JOBS[name], yaml.safe_load(config_of(address)))


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_no_text_leaves_its_comment_or_its_value(text: str) -> None:
    form = form_yaml({"case": text, "items": [{"item": text}]}, [text])
    assert yaml.safe_load(form) == {"case": text, "items": [{"item": text}]}


def test_a_long_reason_is_read_without_scrolling_sideways() -> None:
    reason = "because The payment of 9,631.37 EUR booked 10 Nov 2026 came back " + "(end-to-end reference) " * 6
    form = form_yaml({"case": "EX-1"}, ["short", reason, "x" * 300])
    remarks = form.splitlines()[:-1]
    assert max(map(len, remarks)) <= 86
    assert remarks[0] == "# short"
    assert " ".join(line.lstrip("# ") for line in remarks[1:]).startswith(reason.strip())
    assert yaml.safe_load(form) == {"case": "EX-1"}


@pytest.mark.parametrize("text", HOSTILE)
def test_bank_text_makes_no_link_and_no_cell_of_its_own(text: str) -> None:
    lines = table([case_of(text)], PAGE).splitlines()
    assert len(lines) == 3
    unescaped = [cell for cell in lines[2].replace("\\|", "").split("|") if cell]
    assert len(unescaped) == 8
    outside_links = lines[2].split("| [Accept]", maxsplit=1)[0]
    assert outside_links.startswith("| `EX-7K2M` |")
    outside_links = outside_links.removeprefix("| `EX-7K2M` |")
    for mark in "[]()<>`!":
        assert outside_links.count(mark) == outside_links.count(f"\\{mark}")


def worklist(**changes: Any) -> Worklist:
    values: dict[str, Any] = {
        "cases": tuple(case_of() for _ in range(47)),
        "open_count": 9_999,
        "awaiting_approval_count": 2,
        "amounts": (("EUR", 123_456_789), ("JPY", 5)),
        "oldest_days": 12,
        "by_kind": (("short_payment", 3),),
        "acceptable_count": 16,
    }
    return Worklist(**{**values, **changes})


@pytest.mark.parametrize("currencies", [("EUR",), ("EUR", "GBP", "USD", "CHF", "JPY", "KWD", "SEK", "NOK", "DKK")])
def test_the_summary_is_visible_without_a_click_and_holds_the_bulk_link(currencies: tuple[str, ...]) -> None:
    page = Page(company="a" * 40, place=Place(location="a-rather-long-location-name", prefix="/a/long/prefix"))
    full = worklist(amounts=tuple((currency, 10**13) for currency in currencies))
    text = summary(full, page)
    assert len(text) < 1_000
    assert "9,999 open cases" in text
    loaded = yaml.safe_load(config_of(bulk_link(full, page)))
    assert loaded == {"accept_from_percent": 85, "at_most": 16, "note": ""}
    assert dg.validate_run_config(JOBS["batch"], loaded)


def test_lists_hold_twenty_and_numbers_are_whole() -> None:
    shown = metadata(worklist(), PAGE)
    assert [key for key in shown if key.startswith("list_")] == ["list_01", "list_02", "list_03"]
    assert shown["amount_EUR"].value == 1_234_567
    assert shown["amount_JPY"].value == 5
    assert shown["open"].value == 9_999


def test_an_empty_worklist_says_so() -> None:
    empty = worklist(cases=(), open_count=0, awaiting_approval_count=0, amounts=(), acceptable_count=0)
    assert summary(empty, PAGE).startswith("Nothing to do")


def test_only_what_makes_sense_is_offered() -> None:
    allowed = ("allocate", "on_account", "refund_due", "not_customer_payment")
    over = replace(case_of(), kind="over_payment", suggestions=(), allowed=allowed)
    expected = ["Allocate", "On\u00a0account", "Refund", "Not\u00a0ours"]
    assert [link[1:].split("]")[0] for link in links(over, PAGE)] == expected
    # Another suggestion may leave an item open in part; what was paid twice is not short for that.
    short_too = replace(over, kind="duplicate_payment", allowed=(*allowed, "write_off", "discount", "dispute"))
    assert [link[1:].split("]")[0] for link in links(short_too, PAGE)] == expected
    assert list(links(replace(over, allowed=()), PAGE)) == []


@pytest.mark.parametrize(
    ("kind", "state", "residual", "offers"),
    [
        ("short_payment", "open", 500, {"write_off", "discount", "dispute"}),
        ("ambiguous", "open", 500, {"dispute"}),
        ("ambiguous", "reopened", 500, {"write_off", "discount", "dispute"}),
        ("disputed_item", "open", 500, {"dispute"}),
        ("payer_mismatch", "open", 500, {"write_off", "discount", "dispute"}),
        ("payer_mismatch", "open", 0, set()),
        ("over_payment", "open", 500, set()),
    ],
)
def test_nothing_is_given_up_before_it_is_clear_what_is_short(
    kind: str, state: str, residual: int, offers: set[str]
) -> None:
    suggestion = Suggestion(
        allocations=(Allocation(item_id="1", cash=1000, residual=residual),), confidence=0.9, why="", customer_id="C"
    )
    everything = ("accept_suggestion", "allocate", "write_off", "discount", "dispute")
    case = replace(case_of(), kind=kind, state=state, suggestions=(suggestion,), allowed=everything)
    assert set(offered(case)) - {"accept_suggestion", "allocate"} == offers


def test_the_environment_cannot_be_read_through_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    for field in ("note", "case", "customer", "reason"):
        filled = {"case": "EX-1", "resolution": "allocate", field: {"env": "SECRET_TOKEN"}}
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(JOBS["clear"], filled)


def test_jobs_are_named_after_their_company() -> None:
    assert Jobs.of("acme").batch == "clear_exceptions_batch_acme"

"""Finance at work in the Dagster UI; what each click did is looked up in the ledger."""

from collections.abc import Callable

import pytest

from dagster_project.forms import form_yaml
from dagster_project.links import Place
from integrations.ledger.records import CaseSummary
from integrations.services.clear import suggestions_from
from tests.browser.conftest import Clerk, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
ANNA, BEN = "anna@example.com", "ben@example.com"
DECIDED = {"cleared", "sent", "confirmed", "awaiting_approval"}
AsPerson = Callable[[str], Clerk]


def cases(site: Site, **wanted: object) -> list[CaseSummary]:
    """Open cases, most urgent first, with these attributes."""
    ledger = site.ledger()
    found = ledger.exceptions("halvemaan", limit=500)
    ledger.close()
    return [case for case in found if all(getattr(case, name) == one for name, one in wanted.items())]


def case(site: Site, case_id: str) -> CaseSummary:
    ledger = site.ledger()
    found = ledger.case("halvemaan", case_id)
    ledger.close()
    return found


def story(site: Site, about: str) -> str:
    ledger = site.ledger()
    told = "\n".join(ledger.history("halvemaan", about))
    ledger.close()
    return told


def verified(site: Site) -> bool:
    ledger = site.ledger()
    broken = list(ledger.verify("halvemaan"))
    ledger.close()
    return broken == []


def test_one_case_is_cleared_in_three_clicks(site: Site, as_person: AsPerson) -> None:
    wanted = cases(site, kind="duplicate_payment")[0]
    anna = as_person(ANNA)
    anna.open("exceptions")
    anna.open_list("list_01")
    anna.choose("Accept", case_id=wanted.case_id)
    run = anna.launch("clear_exception")
    assert (run["status"], anna.clicks) == ("SUCCESS", 3), site.why_failed(run["runId"])
    assert {"key": "user", "value": ANNA} in run["tags"]  # type: ignore[operator]
    assert wanted.case_id not in {one.case_id for one in cases(site)}
    assert ANNA in story(site, wanted.case_id)
    assert verified(site)
    # The list is current as soon as the run has ended.
    anna.open("exceptions")
    assert anna.page.get_by_text(f"{len(cases(site))} open cases").first.is_visible()


def test_a_batch_is_cleared_in_two_clicks(site: Site, as_person: AsPerson) -> None:
    ledger = site.ledger()
    wanted = [one.case_id for one in suggestions_from(site.office.company, ledger, percent=site.office.accept_from)]
    ledger.close()
    anna = as_person(ANNA)
    anna.open("exceptions")
    link = anna.page.get_by_role("link", name="suggestions of at least")
    assert int(link.inner_text().split()[1]) == len(wanted) > 1
    link.click()
    anna.clicks += 1
    run = anna.launch("clear_exceptions_batch")
    assert (run["status"], anna.clicks) == ("SUCCESS", 2), site.why_failed(run["runId"])
    states = {case(site, case_id).state for case_id in wanted}
    # Above her limit Anna's word alone does not do.
    assert states <= DECIDED
    assert len(states - {"awaiting_approval"}) >= 1
    assert verified(site)


def test_what_was_posted_can_be_taken_back(site: Site, as_person: AsPerson) -> None:
    anna = as_person(ANNA)
    before = {one.case_id for one in cases(site)}
    anna.open("allocations")
    anna.open_list("latest_01")
    anna.choose("Undo")
    # Not without a reason, which is kept for ever.
    run = anna.launch("reopen_exception")
    assert (run["status"], {one.case_id for one in cases(site)}) == ("FAILURE", before)
    assert "write it as `reason`" in site.why_failed(run["runId"])
    anna.open("allocations")
    anna.open_list("latest_01")
    anna.choose("Undo")
    anna.fill("reason", "paid for another invoice")
    run = anna.launch("reopen_exception")
    assert run["status"] == "SUCCESS", site.why_failed(run["runId"])
    (reopened,) = [one for one in cases(site) if one.case_id not in before]
    assert reopened.unallocated == reopened.payment.amount
    assert verified(site)
    # And settled again, as it was.
    anna.open("exceptions")
    anna.open_list("list_01")
    anna.choose("Allocate", case_id=reopened.case_id)
    assert anna.launch("clear_exception")["status"] == "SUCCESS"
    assert case(site, reopened.case_id).state in DECIDED
    assert verified(site)


def test_a_write_off_over_the_limit_is_refused_with_a_sentence(site: Site, as_person: AsPerson) -> None:
    ledger = site.ledger()
    short = next(
        row
        for row in ledger.allocations("halvemaan")
        if row.allocation.residual > 1000 and row.payment.amount < 500_000
    )
    ledger.close()
    anna = as_person(ANNA)
    form = form_yaml({"case_or_payment": short.payment.payment_id, "reason": "deducted without right"})
    anna.page.goto(site.base + Place().launch("reopen_exception_halvemaan", form))
    assert anna.launch("reopen_exception")["status"] == "SUCCESS"
    (reopened,) = [one for one in cases(site) if one.payment.payment_id == short.payment.payment_id]
    anna.open("exceptions")
    anna.open_list("list_01")
    anna.choose("Write", case_id=reopened.case_id)
    run = anna.launch("clear_exception")
    assert run["status"] == "FAILURE"
    assert f"{ANNA} may write off up to 1.00" in site.why_failed(run["runId"])
    still = case(site, reopened.case_id)
    assert (still.state, still.unallocated) == (reopened.state, short.payment.amount)
    assert verified(site)


def test_above_the_limit_a_second_person_approves(site: Site, as_person: AsPerson) -> None:
    wanted = next(one for one in cases(site, kind="ambiguous", state="open") if one.payment.amount > 500_000)
    anna = as_person(ANNA)
    anna.open("exceptions")
    anna.open_list("list_01")
    anna.choose("Accept", case_id=wanted.case_id)
    run = anna.launch("clear_exception")
    assert run["status"] == "SUCCESS", site.why_failed(run["runId"])
    assert case(site, wanted.case_id).state == "awaiting_approval"

    for name, status in ((ANNA, "FAILURE"), (BEN, "SUCCESS")):
        person = as_person(name)
        person.open("exceptions")
        person.open_list("to_approve")
        person.choose("Approve", case_id=wanted.case_id)
        run = person.launch("approve")
        assert (run["status"], person.clicks) == (status, 3), site.why_failed(run["runId"])
    assert wanted.case_id not in {one.case_id for one in cases(site)}
    told = story(site, wanted.case_id)
    assert ANNA in told
    assert BEN in told
    assert verified(site)

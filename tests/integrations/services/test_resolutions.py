"""What each resolution makes of a case, as a table a clerk can read: payment, items, choice, result."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.ledger.records import CaseSummary
from integrations.services.resolutions import Case, ClearingRefused, ClearRequest, ItemShare, resolve, written_off
from matching.model.decision import Allocation, Decision, Suggestion
from matching.model.open_item import OpenItem
from matching.model.payment import Payment

DAY = date(2026, 3, 2)


def item(item_id: str, open_amount: int, currency: str = "EUR") -> OpenItem:
    return OpenItem(
        item_id=item_id, number=f"R-{item_id}", kind="credit_note" if open_amount < 0 else "invoice", customer_id="C1",
        currency=currency, issued_on=DAY, due_on=DAY, original_amount=open_amount, open_amount=open_amount,
    )  # fmt: skip


ITEMS = {
    one.item_id: one for one in (item("100", 10000), item("50", 5000), item("credit", -2000), item("usd", 100, "USD"))
}


def case(paid: int, *suggested: tuple[str, int], standing: tuple[Allocation, ...] = (), customer: str = "C1") -> Case:
    payment = Payment(payment_id="P", account="A", currency="EUR", amount=paid, booked_on=DAY, valued_on=DAY)
    allocations = tuple(Allocation(item_id=name, cash=cash) for name, cash in suggested)
    suggestions = (Suggestion(allocations=allocations, confidence=0.9, why="Named."),) if suggested else ()
    left = paid - sum(one.cash for one in standing)
    summary = CaseSummary(
        case_id="EX-1", state="open", version=1, kind="short_payment", unallocated=left, why="", customer_id=customer,
        payment=payment, opened_at=datetime(2026, 3, 2, tzinfo=UTC), suggestions=suggestions,
    )  # fmt: skip
    return Case(summary=summary, standing=Decision(payment_id="P", allocations=standing), items=ITEMS)


def request(resolution: str, *items: tuple[str, int | None], **more) -> ClearRequest:
    shares = tuple(ItemShare(item=name, amount=amount) for name, amount in items)
    return ClearRequest(case_id="EX-1", resolution=resolution, items=shares, **more)


def told(decision: Decision) -> tuple:
    parts = [(one.item_id, one.cash, one.discount, one.write_off, one.residual) for one in decision.allocations]
    left = decision.exception.unallocated if decision.exception else 0
    return parts, decision.on_account, left, decision.ignored


@pytest.mark.parametrize(
    ("the_case", "choice", "expected"),
    [
        (case(10000, ("100", 10000)), request("accept_suggestion"), ([("100", 10000, 0, 0, 0)], 0, 0, None)),
        (case(12000, ("100", 10000)), request("accept_suggestion"), ([("100", 10000, 0, 0, 0)], 0, 2000, None)),
        (case(10000), request("allocate", ("R-100", None)), ([("100", 10000, 0, 0, 0)], 0, 0, None)),
        (case(12000), request("allocate", ("100", None)), ([("100", 10000, 0, 0, 0)], 0, 2000, None)),
        (case(12000), request("allocate", ("100", None), customer_id="C1"), ([("100", 10000, 0, 0, 0)], 2000, 0, None)),
        (case(13000), request("split", ("100", None), ("50", None), ("credit", None)),
         ([("100", 10000, 0, 0, 0), ("50", 3000, 0, 0, 0), ("credit", -2000, 0, 0, 0)], 0, 2000, None)),
        (case(13000), request("split", ("credit", None), ("100", None), ("50", None)),
         ([("credit", -2000, 0, 0, 0), ("100", 10000, 0, 0, 0), ("50", 5000, 0, 0, 0)], 0, 0, None)),
        (case(10000), request("on_account"), ([], 10000, 0, None)),
        (case(10000), request("refund_due", customer_id="C9"), ([], 10000, 0, None)),
        (case(9800), request("write_off", ("100", None)), ([("100", 9800, 0, 200, 0)], 0, 0, None)),
        (case(9800), request("discount", ("100", None)), ([("100", 9800, 200, 0, 0)], 0, 0, None)),
        (case(9800), request("dispute", ("100", None), reason="price"), ([("100", 9800, 0, 0, 200)], 0, 0, None)),
        (case(700), request("not_customer_payment"), ([], 0, 0, "confirmed_not_ours")),
        (case(12000, standing=(Allocation(item_id="100", cash=10000),)), request("on_account"),
         ([("100", 10000, 0, 0, 0)], 2000, 0, None)),
        (case(15000, ("50", 5000), standing=(Allocation(item_id="100", cash=10000),)), request("accept_suggestion"),
         ([("100", 10000, 0, 0, 0), ("50", 5000, 0, 0, 0)], 0, 0, None)),
    ],
)  # fmt: skip
def test_a_choice_becomes_a_decision(the_case, choice, expected):
    assert told(resolve(the_case, choice)) == expected


@pytest.mark.parametrize(
    ("the_case", "choice", "words"),
    [
        (case(10000), request("accept_suggestion"), "no suggestions"),
        (case(10000, ("100", 10000)), request("accept_suggestion", suggestion=2), "only 1"),
        (case(10000), request("allocate"), "no suggestions"),
        (case(10000), request("allocate", ("R-999", None)), "no item 'R-999'"),
        (case(10000), request("allocate", ("100", 10001)), "100.00 EUR open"),
        (case(10000), request("allocate", ("100", -1)), "cannot be settled"),
        (case(4000), request("allocate", ("50", 5000)), "more than the payment"),
        (case(10000), request("allocate", ("usd", None)), "USD"),
        (case(10000, customer=""), request("on_account"), "payer is not known"),
        (case(10000), request("write_off", ("100", None)), "nothing is missing"),
        (case(9800), request("dispute", ("100", None), reason="colour"), "choose one of"),
        (case(10000), request("dispute", ("100", None), reason="price"), "nothing is left"),
        (case(100, standing=(Allocation(item_id="100", cash=50),)), request("not_customer_payment"), "reopen"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(the_case, choice, words):
    with pytest.raises(ClearingRefused, match=words):
        resolve(the_case, choice)


def test_only_what_is_newly_given_up_counts_against_a_limit():
    standing = (Allocation(item_id="50", cash=4990, write_off=10),)
    short = case(14790, standing=standing)
    decision = resolve(short, request("write_off", ("100", None)))
    assert written_off(decision, short.standing) == 200


@given(
    paid=st.integers(-20000, 20000).filter(bool),
    shares=st.lists(st.tuples(st.sampled_from(["100", "50", "credit"]), st.integers(-3000, 12000)), max_size=3),
    resolution=st.sampled_from(["allocate", "split", "write_off", "discount", "dispute", "on_account"]),
    customer=st.sampled_from(["", "C1"]),
)
def test_whatever_is_chosen_no_cent_is_lost_or_invented(paid, shares, resolution, customer):
    try:
        decision = resolve(case(paid), request(resolution, *shares, customer_id=customer))
    except ClearingRefused:
        return
    left = decision.exception.unallocated if decision.exception else 0
    assert sum(one.cash for one in decision.allocations) + decision.on_account + left == paid
    for one in decision.allocations:
        assert abs(one.settled) <= abs(ITEMS[one.item_id].open_amount)

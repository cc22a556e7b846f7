"""One payment from the bank to the ERP, and back again, as services will do it."""

from datetime import timedelta

import pytest

from integrations.ledger.errors import ChangedMeanwhile
from integrations.ledger.port import Ledger
from integrations.ledger.records import PostingResult
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    connector,
    deliver,
    item,
    payment,
    person,
    post_all,
    pull,
    rule,
    set_aside,
    unexplained,
)


def test_from_bank_to_erp_and_back(ledger: Ledger) -> None:
    pull(ledger, item("1"), item("2", 5000))
    imported = deliver(ledger, payment("p1"), payment("p2", 5000), payment("p3", -300))
    assert (imported.entries_new, imported.payments_new, imported.already_known) == (3, 3, False)
    assert [one.payment_id for one in ledger.payments_to_match(ACME)] == ["p1", "p2", "p3"]

    recorded = ledger.record_decisions(
        ACME, [allocated("p1", ("1", 11900)), unexplained("p2", 5000), set_aside("p3")], change=rule()
    )
    assert (recorded.recorded, recorded.refused) == (3, ())
    assert [(one.item_id, one.open_amount) for one in ledger.open_items(ACME)] == [("2", 5000)]
    assert post_all(ledger) == 1

    (row,) = ledger.claim_postings(ACME, worker="w1", limit=10, lease=timedelta(minutes=1), change=connector())
    assert (row.state, row.must_find, row.posting.amount) == ("sending", False, 11900)
    done = ledger.record_result(
        ACME, row.outbox_id, PostingResult(state="confirmed", native_ids=("RE-9",)), worker="w1", change=connector()
    )
    assert done.state == "confirmed"

    (case,) = ledger.exceptions(ACME)
    cleared = ledger.decide(
        ACME, allocated("p2", ("2", 5000)), expected_version=case.version, change=person(reason="telephone")
    )
    assert cleared.revision == 1
    assert ledger.case(ACME, case.case_id).state == "cleared"
    with pytest.raises(ChangedMeanwhile, match="was allocated to R-2 by anna"):
        ledger.decide(ACME, allocated("p2", ("2", 5000)), expected_version=case.version, change=person("bert", 61))

    view = ledger.payment(ACME, "p1")
    ledger.decide(
        ACME,
        unexplained("p1", kind="returned_payment"),
        expected_version=view.version,
        change=person(minutes=180, reason="the bank returned it"),
    )
    rows = {one.action: one for one in ledger.outbox(ACME, states=["confirmed", "approved"])}
    assert rows["reverse"].key == rows["post"].key == row.key
    (sent,) = ledger.claim_postings(ACME, worker="w1", limit=10, lease=timedelta(minutes=1), change=connector(200))
    assert (sent.action, sent.must_find) == ("reverse", True)
    ledger.record_result(ACME, sent.outbox_id, PostingResult(state="confirmed"), worker="w1", change=connector(201))
    assert [one.state for one in ledger.payment(ACME, "p1").postings] == ["reversed", "confirmed"]
    assert [one.open_amount for one in ledger.open_items(ACME)] == [11900]

    (total,) = ledger.totals(ACME)
    assert (total.movement, total.allocated, total.in_exceptions, total.ignored) == (16600, 5000, 11900, -300)
    story = ledger.history(ACME, "p1")
    assert "119.00 EUR from Muster GmbH booked on account" in story[0]
    assert any("decision 1 was reversed by anna. Reason: the bank returned it." in one for one in story)
    assert story[-1].startswith("Now: exception; case EX-")
    assert ledger.history(ACME, "R-1")[-1] == "Now: 119.00 EUR open."
    assert list(ledger.verify()) == []

"""Personal data goes, sums and proof stay."""

import json
from datetime import date

import pytest
from sqlalchemy import create_engine, text

from integrations.ledger.database import database_url
from integrations.ledger.errors import LawBroken, NotFound
from integrations.ledger.port import Ledger
from integrations.ledger.schema import metadata
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    deliver,
    payment,
    person,
    post_all,
    push,
    rule,
    tell_again,
)

PERSONAL = ("Muster", "DE02120300000000202051", "Invoice for p", "telephone")


def everything(url: str) -> str:
    """All the database holds, as one text."""
    engine = create_engine(database_url(url))
    try:
        with engine.connect() as connection:
            return "\n".join(
                str(tuple(row))
                for table in metadata.sorted_tables
                for row in connection.execute(text(f"SELECT * FROM {table.name}"))
            )
    finally:
        engine.dispose()


def finished(ledger: Ledger) -> None:
    """Everything of the lived-in ledger that was still under way is brought to its end."""
    push(ledger, minutes=400)
    for one in ledger.exceptions(ACME):
        rest = one.payment.amount
        decision = allocated(one.payment.payment_id, on_account=rest)
        ledger.decide(ACME, decision, expected_version=one.version, change=person(minutes=401))
    post_all(ledger)
    push(ledger, minutes=402)
    push(ledger, minutes=403)


def test_old_payments_lose_their_texts_and_still_verify(lived_in_ledger: Ledger, lived_in_url: str) -> None:
    finished(lived_in_ledger)
    deliver(lived_in_ledger, payment("young", booked_on=date(2027, 1, 1)), name="young.sta")
    totals = list(lived_in_ledger.totals(ACME))
    head = lived_in_ledger.audit_head(ACME)
    erased = lived_in_ledger.erase_older_than(ACME, before=date(2026, 12, 1), change=rule(500))
    assert erased.counts["payments"] == 7
    assert erased.counts["files"] == 1
    assert list(lived_in_ledger.totals(ACME)) == totals
    assert list(lived_in_ledger.verify()) == []
    assert lived_in_ledger.audit_head(ACME).sequence == head.sequence + 1
    left = everything(lived_in_url)
    assert "Invoice for young" in left
    assert "Invoice for p" not in left
    assert "telephone" not in left
    view = lived_in_ledger.payment(ACME, "p1")
    assert (view.payment.payer_name, view.payment.amount, view.entry) == ("", 11900, None)
    assert lived_in_ledger.history(ACME, "p2")
    again = lived_in_ledger.erase_older_than(ACME, before=date(2026, 12, 1), change=rule(501))
    assert again.counts == {}
    assert not deliver(lived_in_ledger, payment("p1"), name="again.sta").payments_new


def test_what_later_files_said_is_erased_with_the_payments(lived_in_ledger: Ledger, lived_in_url: str) -> None:
    tell_again(lived_in_ledger)
    finished(lived_in_ledger)
    parts = [allocated(one.payment_id, on_account=one.amount) for one in lived_in_ledger.payments_to_match(ACME)]
    assert sorted(one.payment_id for one in parts) == ["p8.1", "p8.2"]
    lived_in_ledger.record_decisions(ACME, parts, change=rule(404))
    post_all(lived_in_ledger)
    push(lived_in_ledger, minutes=405)
    lived_in_ledger.erase_older_than(ACME, before=date(2026, 12, 1), change=rule(500))
    left = everything(lived_in_url)
    assert [one for one in ("Invoice for p", "The bank") if one in left] == []
    assert list(lived_in_ledger.verify()) == []
    assert any("what it said was erased" in line for line in lived_in_ledger.history(ACME, "p9"))


def test_what_is_under_way_stays(lived_in_ledger: Ledger) -> None:
    erased = lived_in_ledger.erase_older_than(ACME, before=date(2026, 12, 1), change=rule(500))
    assert lived_in_ledger.payment(ACME, "p4").payment.payer_name == "Muster GmbH"
    assert lived_in_ledger.payment(ACME, "p5").payment.payer_name == "Muster GmbH"
    assert lived_in_ledger.payment(ACME, "p1").payment.payer_name == ""
    assert "files" not in erased.counts
    assert list(lived_in_ledger.verify()) == []


def test_an_erased_payment_can_still_be_reopened(lived_in_ledger: Ledger) -> None:
    finished(lived_in_ledger)
    lived_in_ledger.erase_older_than(ACME, before=date(2026, 12, 1), change=rule(500))
    version = lived_in_ledger.payment(ACME, "p1").version
    lived_in_ledger.decide(
        ACME, allocated("p1", on_account=11900), expected_version=version, change=person(minutes=600)
    )
    assert list(lived_in_ledger.verify()) == []


def test_one_customer_is_exported_and_erased(lived_in_ledger: Ledger, lived_in_url: str) -> None:
    exported = lived_in_ledger.export_customer(ACME, "C1")
    as_text = json.dumps(exported, ensure_ascii=False)
    assert all(one in as_text for one in PERSONAL[:3])
    assert exported["customer"] == {
        "customer_id": "C1",
        "name": "Muster GmbH",
        "ibans": ["DE02120300000000202051"],
        "aliases": ["Muster"],
    }
    with pytest.raises(LawBroken, match="still has 3 payments under way"):
        lived_in_ledger.erase_customer(ACME, "C1", change=person(minutes=500))
    finished(lived_in_ledger)
    lived_in_ledger.decide(
        ACME,
        allocated("p3", on_account=-300),
        expected_version=lived_in_ledger.payment(ACME, "p3").version,
        change=person(minutes=501),
    )
    post_all(lived_in_ledger)
    push(lived_in_ledger, minutes=502)
    lived_in_ledger.erase_customer(ACME, "C1", change=person(minutes=503))
    left = everything(lived_in_url)
    assert [one for one in PERSONAL if one in left] == []
    assert "Beispiel AG" in left
    assert list(lived_in_ledger.verify()) == []
    assert lived_in_ledger.learned_facts(ACME) == ()


def test_nothing_about_an_unknown_customer(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="holds nothing about customer C99"):
        ledger.export_customer(ACME, "C99")
    with pytest.raises(NotFound):
        ledger.erase_customer(ACME, "C99", change=person())

"""A night's matching: the ledger is read once, nothing is decided twice, and the engine sees what the ledger says."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.ledger.store import SqlLedger
from integrations.services.context import Run
from integrations.services.match import match_payments
from matching.engine import match
from matching.model.open_item import OpenItem
from matching.model.payment import Payment
from matching.model.policy import History
from tests.integrations.ledger.story import ACME, connector, customer, deliver, item, payment, pull

COMPANY = CompanySettings.model_validate(
    {"name": ACME, "erp": {"kind": "flatfile", "inbox": "in", "outbox": "out"}, "banks": []}
)
RUN = Run(as_of=date(2026, 11, 21), clock=lambda: datetime(2026, 11, 21, tzinfo=UTC), run_id="test")


def invoice(number: int) -> OpenItem:
    return replace(item(f"{number:03}", 10_000 + 37 * number), number=f"RE-2026-{number:05}")


def paying(number: int, *, less: int = 0, text: str = "") -> Payment:
    paid = payment(f"p{number:03}", 10_000 + 37 * number - less)
    said = text or f"RE-2026-{number:05}"
    return replace(paid, remittance=said, remittance_lines=(said,))


@pytest.fixture
def ledger(tmp_path) -> Iterator[Ledger]:
    opened = open_ledger(f"sqlite:///{tmp_path / 'l.db'}")
    pull(opened, *(invoice(number) for number in range(60)))
    opened.import_customers(ACME, [customer()], snapshot=True, change=connector())
    yield opened
    opened.close()


@pytest.fixture
def reads(monkeypatch) -> Counter[str]:
    """How often whole items, and how often amounts alone, are read."""
    counted: Counter[str] = Counter()

    def count(name):
        read = getattr(SqlLedger, name)

        def reading(self, company):
            counted[name] += 1
            return read(self, company)

        monkeypatch.setattr(SqlLedger, name, reading)

    for name in ("open_items", "settled_items", "open_amounts"):
        count(name)
    return counted


def test_a_night_reads_every_item_once(ledger, reads):
    deliver(ledger, *(paying(number) for number in range(10)), paying(30, text="greetings from a stranger", less=1))
    assert match_payments(COMPANY, ledger, RUN).allocated.count == 10
    assert dict(reads) == {"open_items": 1, "settled_items": 1, "open_amounts": 1}


def test_a_night_with_nothing_new_reads_amounts_alone(ledger, reads):
    deliver(ledger, paying(1), paying(30, text="greetings from a stranger", less=1))
    assert match_payments(COMPANY, ledger, RUN).exceptions.count == 1
    reads.clear()
    assert match_payments(COMPANY, ledger, RUN).skipped
    assert dict(reads) == {"open_amounts": 1}


def test_a_night_without_a_payment_to_decide_reads_no_item(ledger, reads):
    deliver(ledger, paying(1))
    match_payments(COMPANY, ledger, RUN)
    reads.clear()
    assert match_payments(COMPANY, ledger, RUN).skipped
    assert not reads


def test_a_payment_that_comes_while_the_batch_is_decided_is_new_to_the_next_run(ledger, monkeypatch):
    deliver(ledger, paying(1), paying(30, text="greetings from a stranger", less=1), name="a.sta")
    settled = SqlLedger.settled_items

    def meanwhile(self, company):
        monkeypatch.undo()
        deliver(ledger, paying(2), name="b.sta")
        return settled(self, company)

    monkeypatch.setattr(SqlLedger, "settled_items", meanwhile)
    assert match_payments(COMPANY, ledger, RUN).payments == 2
    report = match_payments(COMPANY, ledger, RUN)
    assert (report.payments, report.allocated.count) == (2, 1)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("an amount", lambda one: replace(one, open_amount=one.open_amount - 1)),
        ("a number", lambda one: replace(one, number="RE-2026-77777")),
    ],
    ids=["amount", "number"],
)
def test_what_has_changed_is_looked_at_again(ledger, what, change):
    deliver(ledger, paying(30, text="greetings from a stranger", less=1))
    match_payments(COMPANY, ledger, RUN)
    pull(ledger, *(change(invoice(number)) if number == 40 else invoice(number) for number in range(60)))
    assert not match_payments(COMPANY, ledger, RUN).skipped, what


def test_what_is_decided_is_what_the_engine_says_of_the_whole_ledger(ledger):
    first = [paying(number, less=number % 3) for number in range(20)]
    deliver(ledger, *first, name="a.sta")
    match_payments(COMPANY, ledger, RUN)
    second = [paying(number, less=number % 2) for number in range(20, 50)]
    deliver(
        ledger, *second, *(replace(paying(number), payment_id=f"again{number}") for number in range(4)), name="b.sta"
    )
    known = {one.item_id: one for one in (*ledger.open_items(ACME), *ledger.settled_items(ACME))}
    waiting = list(ledger.payments_to_match(ACME))
    expected = match(
        waiting,
        [one for one in known.values() if one.open_amount],
        list(ledger.customers(ACME)),
        History(settled_items=tuple(one for one in known.values() if not one.open_amount)),
        COMPANY.policy.policy(()),
        RUN.as_of,
    )
    report = match_payments(COMPANY, ledger, RUN)
    assert report.payments == len(expected.decisions) >= 30
    posted = {(one.payment_id, each.item_id, each.cash) for one in expected.decisions for each in one.allocations}
    recorded = {
        (one.payment.payment_id, one.allocation.item_id, one.allocation.cash) for one in ledger.allocations(ACME)
    }
    assert len(posted) > 10
    assert posted <= recorded
    assert {key for key in recorded if key[0] in {one.payment_id for one in waiting}} == posted

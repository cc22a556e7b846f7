"""Many postings in one push, as many side by side as the ERP allows, over HTTP into a server that counts.

LETTRAGE_MANY_POSTINGS says how many the slow one has; a thousand take a minute and a half of a processor.
"""

import os
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from integrations.config.settings import CompanySettings
from integrations.ledger import open_ledger
from integrations.services.context import Run
from integrations.services.push import push
from tests.integrations.erp.conformance.worlds.odoo import OdooWorld
from tests.integrations.ledger.story import ACME, allocated, deliver, item, payment, posting_of, pull, rule

COMPANY = CompanySettings.model_validate(
    {"name": ACME, "erp": {"kind": "flatfile", "inbox": "in", "outbox": "out"}, "banks": []}
)
MANY = int(os.environ.get("LETTRAGE_MANY_POSTINGS", "250"))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def plan(ledger):
    """A posting for every decision, each expecting its item to be open with what is paid."""
    postings = []
    for one in ledger.decisions_to_post(ACME):
        made = posting_of(one, ledger.payment(ACME, one.decision.payment_id).payment)
        (part,) = made.allocations
        postings.append(replace(made, allocations=(replace(part, expected_open=part.cash),)))
    ledger.plan_postings(ACME, postings, approved=True, change=rule(1))


@pytest.mark.parametrize("count", [20, pytest.param(MANY, marks=pytest.mark.slow)])
def test_many_postings_go_side_by_side_and_each_is_booked_once(tmp_path, count):
    world = OdooWorld(tmp_path)
    customer = world.add_customer("Acme")
    ids = [world.add_item(f"R-{number}", 100 + number, customer_id=customer) for number in range(count)]
    ledger = open_ledger(str(tmp_path / "ledger.db"))
    pull(ledger, *(replace(item(each, 100 + number), customer_id=customer) for number, each in enumerate(ids)))
    deliver(ledger, *(replace(payment(f"p{each}", 100 + n), account=world.account) for n, each in enumerate(ids)))
    decided = [allocated(f"p{each}", (each, 100 + number)) for number, each in enumerate(ids)]
    assert ledger.record_decisions(ACME, decided, change=rule()).refused == ()
    plan(ledger)
    made = []

    def connect():
        made.append(world.connector())
        return made[-1]

    run = Run(as_of=date(2026, 11, 21), clock=lambda: NOON)
    report = push(COMPANY, ledger, connect(), run, another=connect)
    assert report.confirmed == count
    assert len(made) == world.connector().capabilities.parallel
    assert world.cash_booked() == sum(100 + number for number in range(count))
    assert [world.open_amount(each) for each in ids] == [0] * count
    assert len(world.server.data["account.bank.statement.line"]) == count
    assert push(COMPANY, ledger, connect(), run).confirmed == 0
    assert len(world.server.data["account.bank.statement.line"]) == count
    assert list(ledger.verify()) == []
    ledger.close()
    world.close()

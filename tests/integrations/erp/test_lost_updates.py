"""What live servers were seen to do and no interface documents: lost updates, and cash that moves to another day."""

from datetime import date

import pytest

from integrations.erp.errors import LockedPeriod, VersionMismatch
from tests.integrations.erp.conformance.world import decide, push, settle
from tests.integrations.erp.conformance.worlds.erpnext import ErpNextWorld
from tests.integrations.erp.conformance.worlds.odoo import OdooWorld


@pytest.fixture
def erpnext(tmp_path):
    world = ErpNextWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def odoo(tmp_path):
    world = OdooWorld(tmp_path)
    yield world
    world.close()


def test_two_payments_submitted_at_once_in_erpnext_are_seen_in_the_ledger(erpnext):
    customer = erpnext.add_customer("Acme")
    item = erpnext.add_item("R-1", 10000, customer_id=customer)
    # Both pass ERPNext's own check; neither sees the other.
    erpnext.server.interfere = lambda: erpnext.pay_outside(item, 10000)
    with pytest.raises(VersionMismatch, match="same moment"):
        push(erpnext.connector(), decide(erpnext, "RACE", settle(item, 10000, customer_id=customer)))


def test_an_invoice_that_was_paid_twice_in_erpnext_is_set_aside_and_not_taken_for_settled(erpnext):
    customer = erpnext.add_customer("Acme")
    item = erpnext.add_item("R-1", 10000, customer_id=customer)
    erpnext.server.interfere = lambda: erpnext.pay_outside(item, 10000)
    erpnext.pay_outside(item, 10000)
    erpnext.server.docs["Sales Invoice"][item]["outstanding_amount"] = 0
    pages = list(erpnext.connector().pull_open_items(None))
    (aside,) = [row for page in pages for row in page.quarantined]
    assert aside.item_id == item
    assert "more was allocated than was owed" in aside.message


def test_cash_that_odoo_moves_out_of_a_locked_period_is_taken_back(odoo, monkeypatch):
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    # A lock that cannot be read beforehand: Odoo takes the payment and books it on another day.
    monkeypatch.setattr(odoo.server, "unlocked", lambda wanted: "2026-11-30")
    posting = decide(odoo, "MOVED", settle(item, 10000, customer_id=customer), booked_on=date(2026, 10, 20))
    with pytest.raises(LockedPeriod) as caught:
        push(odoo.connector(), posting)
    assert caught.value.on == date(2026, 10, 20)
    assert odoo.cash_booked() == 0
    assert odoo.open_amount(item) == 10000
    assert odoo.connector().find(posting.key) is None

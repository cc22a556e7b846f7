"""Says out loud whether a real Odoo was there: the conformance suite runs against it only when it is named."""

import pytest

from tests.integrations.erp.conformance.worlds import odoo_live


def test_a_real_odoo_is_checked_when_one_is_named(tmp_path):
    if not odoo_live.URL:
        pytest.skip("NO LIVE ODOO: set LETTRAGE_LIVE_ODOO and its companions to run the connector against a real one")
    world = odoo_live.OdooLiveWorld(tmp_path)
    try:
        assert [each for each in world.connector().check() if each.status == "failed"] == []
    finally:
        world.close()

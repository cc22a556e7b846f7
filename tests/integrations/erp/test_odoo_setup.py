"""What other companies' Odoo looks like: accounts that must not be used, contacts, archived debtors, sealed journals.

The errors and the outcomes are those of live 17 and 18 servers.
"""

from datetime import date

import pytest

from integrations.erp.errors import ConfigError, Unsupported
from integrations.erp.odoo.connector import OdooConnector
from integrations.erp.settings import Secret
from tests.integrations.erp.conformance.world import decide, push, settle
from tests.integrations.erp.conformance.worlds.odoo import Odoo17World, OdooWorld
from tests.integrations.erp.standins.kit import no_sleep
from tests.integrations.erp.standins.odoo import DISCOUNT, KEY, SUSPENSE, USD, WRITE_OFF


@pytest.fixture(params=[Odoo17World, OdooWorld], ids=["17", "18"])
def odoo(request, tmp_path):
    world = request.param(tmp_path)
    yield world
    world.close()


def checked(world, **more):
    connector = OdooConnector(world.settings.model_copy(update=more), Secret(KEY, name="ODOO_KEY"), sleep=no_sleep)
    found = {each.name: each for each in connector.check()}
    connector.close()
    return found


def change(world, account, **values):
    world.server.data["account.account"][account].update(values)


UNUSABLE = pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"account_type": "asset_receivable"}, "keeps open items"),
        ({"account_type": "liability_payable"}, "keeps open items"),
        ({"account_type": "asset_cash"}, "is a bank account"),
        ({"deprecated": True}, "is deprecated"),
        ({"currency_id": USD}, "is kept in USD only"),
        ({"allowed_journal_ids": [77]}, "does not allow all of the bank journals"),
    ],
    ids=["receivable", "payable", "bank", "deprecated", "other currency", "other journals"],
)


@UNUSABLE
def test_an_account_that_cannot_take_differences_is_named_before_the_first_posting(odoo, values, said):
    change(odoo, WRITE_OFF, **values)
    found = checked(odoo)["accounts"]
    assert found.status == "failed"
    assert "709000" in found.message
    assert said in found.message


@UNUSABLE
def test_nothing_is_booked_on_such_an_account(odoo, values, said):
    change(odoo, WRITE_OFF, **values)
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    posting = decide(odoo, "WOFF", settle(item, 9997, write_off=3, customer_id=customer))
    with pytest.raises(ConfigError, match=said):
        push(odoo.connector(), posting)
    assert odoo.connector().find(posting.key) is None
    assert odoo.cash_booked() == 0


def test_a_discount_account_that_cannot_be_used_is_a_failure_and_a_missing_one_a_warning(odoo):
    change(odoo, DISCOUNT, account_type="asset_cash")
    assert checked(odoo)["accounts"].status == "failed"
    found = checked(odoo, discount_account=None)
    assert (found["accounts"].status, found["discounts"].status) == ("ok", "warning")


def test_taxes_that_odoo_proposes_for_an_account_are_warned_of_and_not_booked(odoo):
    change(odoo, WRITE_OFF, tax_ids=[1])
    found = checked(odoo)["taxes"]
    assert found.status == "warning"
    assert "709000" in found.message
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    posting = decide(odoo, "WOFF", settle(item, 9000, write_off=1000, customer_id=customer))
    push(odoo.connector(), posting)
    assert not [line for line in odoo.server.data["account.move.line"].values() if line["account_id"] == SUSPENSE]
    odoo.connector().reverse(posting.key, "wrong", date(2026, 11, 21))
    assert odoo.open_amount(item) == 10000


def customers(world):
    return {each.customer_id: each for page in world.connector().pull_customers(None) for each in page.rows}


def test_the_bank_accounts_of_contacts_are_those_of_their_company(odoo):
    company = odoo.add_customer("Holding SA", iban="NL91ABNA0417164300")
    contact = str(odoo.server.add_partner("Accounts department", "FR7630006000011234567890189", parent=int(company)))
    found = customers(odoo)
    assert contact not in found
    assert found[company].ibans == ("NL91ABNA0417164300", "FR7630006000011234567890189")


def test_a_contacts_new_bank_account_brings_its_company(odoo):
    company = odoo.add_customer("Holding SA")
    contact = odoo.server.add_partner("Accounts department", "", parent=int(company))
    odoo.server.now = odoo.server.now.replace(hour=12)
    odoo.server.make("res.partner.bank", partner_id=contact, sanitized_acc_number="FR7630006000011234567890189")
    changed = [each for page in odoo.connector().pull_customers("2026-11-20 11:00:00") for each in page.rows]
    assert [(each.customer_id, each.ibans) for each in changed] == [(company, ("FR7630006000011234567890189",))]


def test_an_archived_customer_is_there_as_long_as_it_owes(odoo):
    owing, paid_up = odoo.add_customer("Old Ltd"), odoo.add_customer("Duplicate Ltd")
    odoo.add_item("R-1", 10000, customer_id=owing)
    for each in (owing, paid_up):
        odoo.server.data["res.partner"][int(each)]["active"] = False
    found = customers(odoo)
    assert owing in found
    assert paid_up not in found


def test_what_a_journal_seals_is_warned_of_and_left_whole(odoo):
    odoo.server.data["account.journal"][1]["restrict_mode_hash_table"] = True
    assert checked(odoo)["taking back"].status == "warning"
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    posting = decide(odoo, "SEAL", settle(item, 10000, customer_id=customer))
    booked = push(odoo.connector(), posting)
    with pytest.raises(Unsupported, match="opposite bank line"):
        odoo.connector().reverse(posting.key, "wrong", date(2026, 11, 21))
    assert odoo.connector().find(posting.key) == booked
    assert odoo.open_amount(item) == 0


def test_a_key_that_another_company_of_the_database_holds_is_said_and_not_written_over(odoo):
    customer = odoo.add_customer("Acme")
    item = odoo.add_item("R-1", 10000, customer_id=customer)
    posting = decide(odoo, "OTHER", settle(item, 10000, customer_id=customer))
    odoo.server.references[f"lettrage.{posting.key}"] = ("account.bank.statement.line", 999)
    with pytest.raises(ConfigError, match="another company"):
        push(odoo.connector(), posting)
    assert (odoo.open_amount(item), odoo.cash_booked()) == (10000, 0)

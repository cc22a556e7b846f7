"""Reading from an ERP: nothing missed, nothing twice, signs and decimals right."""

from datetime import date

import pytest

from integrations.erp.protocol import Connector


def pulled(connector, cursor=None):
    pages = list(connector.pull_open_items(cursor))
    assert pages, "a pull has at least one page"
    assert [page.last for page in pages].count(True) == 1
    assert pages[-1].last
    return pages


def open_items(connector, cursor=None):
    return {row.item_id: row for page in pulled(connector, cursor) for row in page.rows}


def test_it_is_a_connector_and_its_check_finds_nothing_wrong(world):
    connector = world.connector()
    assert isinstance(connector, Connector)
    world.add_item("R-1", 100, customer_id=world.add_customer("Acme"))
    failed = [each for each in connector.check() if each.status == "failed"]
    assert failed == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_everything_open_is_pulled_once(world, count):
    customer = world.add_customer("Acme")
    ids = [world.add_item(f"R-{n}", 1000 + n, customer_id=customer) for n in range(count)]
    pages = pulled(world.connector())
    rows = [row for page in pages for row in page.rows]
    assert sorted(row.item_id for row in rows) == sorted(ids)
    assert {row.open_amount for row in rows} == {1000 + n for n in range(count)}
    assert sorted(world.connector().list_open_keys()) == sorted(ids)


def test_an_item_says_what_the_erp_says(world):
    customer = world.add_customer("Acme")
    item_id = world.add_item(
        "R-4711", 11900, customer_id=customer, issued_on=date(2026, 9, 1), due_on=date(2026, 9, 30)
    )
    item = open_items(world.connector())[item_id]
    assert "4711" in " ".join((item.number, *item.other_references))
    assert (item.kind, item.customer_id, item.currency) == ("invoice", customer, "EUR")
    assert (item.original_amount, item.open_amount) == (11900, 11900)
    assert (item.issued_on, item.due_on) == (date(2026, 9, 1), date(2026, 9, 30))
    assert world.connector().get_items([item_id, "999999999"]) == {item_id: item}


def test_credit_is_negative(world, can):
    can("credit_notes")
    customer = world.add_customer("Acme")
    item_id = world.add_item("G-1", -5000, customer_id=customer, kind="credit_note")
    item = open_items(world.connector())[item_id]
    assert (item.kind, item.open_amount) == ("credit_note", -5000)


@pytest.mark.parametrize("name", ["Ünïcøde 日本 🚲 עברית", 'O\'Neill "quoted" & <b>bold</b>, \\ Söhne'])
def test_names_come_through_unharmed(world, name):
    customer = world.add_customer(name, iban="DE75512108001245126199")
    customers = {row.customer_id: row for page in world.connector().pull_customers(None) for row in page.rows}
    assert customers[customer].name == name
    if world.connector().capabilities.customer_bank_accounts:
        assert customers[customer].ibans == ("DE75512108001245126199",)


def test_an_item_paid_elsewhere_is_noticed(world):
    customer = world.add_customer("Acme")
    paid, part_paid, kept = (world.add_item(f"R-{n}", 1000, customer_id=customer) for n in range(3))
    cursor = pulled(world.connector())[-1].cursor or None
    world.pay_outside(paid, 1000)
    world.pay_outside(part_paid, 400)
    pages = pulled(world.connector(), cursor)
    rows = {row.item_id: row for page in pages for row in page.rows}
    gone = {key for page in pages for key in page.gone}
    assert paid not in rows
    if not pages[-1].snapshot:
        assert paid in gone
        assert kept not in gone
    assert rows[part_paid].open_amount == 600
    assert rows[part_paid].original_amount == 1000
    assert set(world.connector().list_open_keys()) == {part_paid, kept}


def test_an_item_cancelled_elsewhere_is_noticed(world):
    customer = world.add_customer("Acme")
    cancelled, kept = (world.add_item(f"R-{n}", 1000, customer_id=customer) for n in range(2))
    cursor = pulled(world.connector())[-1].cursor or None
    world.cancel_outside(cancelled)
    assert cancelled not in open_items(world.connector(), cursor)
    assert set(world.connector().list_open_keys()) == {kept}
    found = world.connector().get_items([cancelled])
    assert cancelled not in found or found[cancelled].open_amount == 0


def test_a_second_pull_from_the_cursor_misses_nothing_that_came_since(world):
    customer = world.add_customer("Acme")
    first = world.add_item("R-1", 1000, customer_id=customer)
    cursor = pulled(world.connector())[-1].cursor or None
    second = world.add_item("R-2", 2000, customer_id=customer)
    pages = pulled(world.connector(), cursor)
    rows = {row.item_id for page in pages for row in page.rows}
    assert second in rows
    if pages[-1].snapshot:
        assert first in rows


def test_the_discount_and_its_last_day_are_pulled(world, can):
    can("discount_terms")
    customer = world.add_customer("Acme")
    item_id = world.add_item("R-1", 10000, customer_id=customer, discount=(date(2026, 10, 15), 200))
    item = open_items(world.connector())[item_id]
    assert (item.discount_until, item.discount_amount) == (date(2026, 10, 15), 200)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 120000), ("KWD", 123456)])
def test_currencies_without_two_decimals_are_exact(world, can, currency, amount):
    if not getattr(world, "pulls_currencies", False):
        can("foreign_currency")
    item_id = world.add_item("R-1", amount, customer_id=world.add_customer("Acme"), currency=currency)
    item = open_items(world.connector())[item_id]
    assert (item.currency, item.open_amount) == (currency, amount)

"""Edges that only show when pages are small, moments equal, answers late and people busy.

A world offers what these cases need as optional methods (see `world.py`); where it does not, the case does not apply
and says why.
"""

import pytest

from integrations.erp.errors import Conflict, ValidationFailed
from tests.integrations.erp.conformance.test_pull import open_items, pulled
from tests.integrations.erp.conformance.world import decide, push, settle

# Where a connector asks for its pages by a number of rows of its own.
PAGE_ROWS = {
    "erpnext": "integrations.erp.erpnext.client.PAGE_ROWS",
    "odoo": "integrations.erp.odoo.read.PAGE_ROWS",
}


@pytest.fixture
def hook(world, monkeypatch):
    """An optional method of the world, or a skip with the reason."""

    def find(name, reason):
        if name == "small_pages" and type(world).__module__.rpartition(".")[2] in PAGE_ROWS:
            place = PAGE_ROWS[type(world).__module__.rpartition(".")[2]]
            return lambda rows: monkeypatch.setattr(place, rows)
        if name == "same_moment" and hasattr(getattr(world, "server", None), "stamp"):
            moment = world.server.stamp()
            return lambda: monkeypatch.setattr(world.server, "stamp", lambda: moment)
        found = getattr(world, name, None)
        if found is None:
            pytest.skip(f"not applicable because {reason}")
        return found

    return find


WHOLE = "this ERP's list comes whole, without pages by moment"


def test_equal_moments_at_the_edge_of_a_page_lose_nothing(world, hook):
    same_moment, small_pages = hook("same_moment", WHOLE), hook("small_pages", WHOLE)
    customer = world.add_customer("Acme")
    first = world.add_item("R-0", 1000, customer_id=customer)
    small_pages(2)
    cursor = pulled(world.connector())[-1].cursor or None
    same_moment()
    ids = {world.add_item(f"R-{number}", 1000 + number, customer_id=customer) for number in range(1, 6)}
    whole = [row.item_id for page in pulled(world.connector()) for row in page.rows]
    assert sorted(whole) == sorted({first, *ids})
    assert ids <= set(open_items(world.connector(), cursor))
    assert sorted(world.connector().list_open_keys()) == sorted({first, *ids})


def test_an_item_that_vanishes_between_two_pages_takes_no_other_with_it(world, hook):
    hook("small_pages", WHOLE)(2)
    customer = world.add_customer("Acme")
    ids = [world.add_item(f"R-{number}", 1000, customer_id=customer) for number in range(6)]
    pages = world.connector().pull_open_items(None)
    seen = [row.item_id for row in next(pages).rows]
    victim = next(each for each in ids if each in seen) if seen else ids[0]
    world.cancel_outside(victim)
    seen += [row.item_id for page in pages for row in page.rows]
    # What slipped over the edge while it was read comes with the next pull, which nothing is closed before.
    seen += open_items(world.connector())
    assert set(ids) - {victim} <= set(seen)
    assert victim not in open_items(world.connector())


def test_a_pull_that_was_stopped_after_a_page_is_repeated_whole(world):
    customer = world.add_customer("Acme")
    ids = {world.add_item(f"R-{number}", 1000, customer_id=customer) for number in range(3)}
    stopped = world.connector().pull_open_items(None)
    next(stopped)
    stopped.close()
    assert set(open_items(world.connector())) == ids


def test_two_payments_alike_in_everything_but_the_key_are_two(world, can):
    can("on_account")
    customer = world.add_customer("Acme")
    first, second = (decide(world, key, on_account=5000, customer_id=customer) for key in ("ALIKE1", "ALIKE2"))
    push(world.connector(), first)
    push(world.connector(), second)
    push(world.connector(), first)
    assert world.cash_booked() == 10000
    found = [world.connector().find(each.key) for each in (first, second)]
    assert [each.amount for each in found] == [5000, 5000]
    assert not set(found[0].native_ids) & set(found[1].native_ids)


def test_a_posting_that_a_person_changed_is_a_conflict_and_stays_as_it_is(world, hook):
    change = hook("edit_outside", "what is posted cannot be edited in this ERP")
    customer = world.add_customer("Acme")
    item = world.add_item("R-1", 10000, customer_id=customer)
    posting = decide(world, "EDITED", settle(item, 10000, customer_id=customer))
    push(world.connector(), posting)
    change(posting.key)
    booked = world.cash_booked()
    with pytest.raises(Conflict):
        push(world.connector(), posting)
    assert world.cash_booked() == booked


def test_what_is_handed_over_is_confirmed_later_however_often_it_is_looked_up(world, can, hook):
    can("asynchronous")
    confirm = hook("confirm_outside", "this world has nobody who answers")
    customer = world.add_customer("Acme")
    item = world.add_item("R-1", 10000, customer_id=customer)
    posting = decide(world, "LATER", settle(item, 10000, customer_id=customer))
    assert push(world.connector(), posting).state == "submitted"
    assert push(world.connector(), posting).state == "submitted"
    confirm(posting.key)
    assert [world.connector().find(posting.key).state for _ in range(2)] == ["posted", "posted"]
    assert push(world.connector(), posting).state == "posted"
    assert world.cash_booked() == 10000


def test_what_is_handed_over_and_refused_later_says_so(world, can, hook):
    can("asynchronous")
    refuse = hook("refuse_outside", "a person who refuses deletes the posting, which is looked up like any other")
    customer = world.add_customer("Acme")
    item = world.add_item("R-1", 10000, customer_id=customer)
    posting = decide(world, "REFUSED", settle(item, 10000, customer_id=customer))
    assert push(world.connector(), posting).state == "submitted"
    refuse(posting.key)
    with pytest.raises(ValidationFailed, match="customer is blocked"):
        world.connector().find(posting.key)

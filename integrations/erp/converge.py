"""What every connector does the same way around a write: compare what is there with what was decided."""

from collections.abc import Mapping
from dataclasses import replace

from integrations.erp.errors import AlreadyExists, StaleItem
from integrations.erp.protocol import RemotePosting
from matching.model.money import Money
from matching.model.open_item import OpenItem
from matching.model.posting import Posting


def assert_whole(posting: Posting) -> None:
    """Stops a posting whose parts do not add up to its amount: that would be our own mistake."""
    parts = sum(each.cash for each in posting.allocations) + posting.on_account + posting.unallocated
    assert posting.amount == parts, f"posting {posting.key}: {parts} is allocated of {posting.amount}"


def decided_part(posting: Posting) -> Posting:
    """The posting without the money that still waits for a person; it is booked once somebody has decided."""
    return replace(posting, amount=posting.amount - posting.unallocated, unallocated=0)


def settled_per_item(posting: Posting) -> dict[str, int]:
    """By how much each item falls: cash, discount and write-off together, in minor units."""
    settled: dict[str, int] = {}
    for each in posting.allocations:
        settled[each.item_id] = settled.get(each.item_id, 0) + each.cash + each.discount + each.write_off
    return {item_id: amount for item_id, amount in settled.items() if amount}


def differences(posting: Posting, remote: RemotePosting) -> tuple[str, ...]:
    """In sentences, how the ERP's posting differs from the decision; empty when it says the same.

    What is still missing of an ``incomplete`` posting is no difference: `apply` goes on from there.
    """
    found = []
    if remote.currency != posting.currency or remote.amount != posting.amount:
        theirs, ours = Money(remote.amount, remote.currency), Money(posting.amount, posting.currency)
        found.append(f"the ERP holds {theirs} where {ours} was decided")
    if remote.booked_on is not None and remote.booked_on != posting.booking_date:
        found.append(f"the ERP booked it on {remote.booked_on} where the bank booked it on {posting.booking_date}")
    wanted = settled_per_item(posting)
    there: dict[str, int] = {}
    for each in remote.allocations:
        there[each.item_id] = there.get(each.item_id, 0) + each.settled
    for item_id in sorted(wanted.keys() | there.keys()):
        have, want = there.get(item_id, 0), wanted.get(item_id, 0)
        if have == want or (remote.state == "incomplete" and not have):
            continue
        theirs, ours = Money(have, remote.currency), Money(want, posting.currency)
        found.append(f"the ERP settles {theirs} of item {item_id} where {ours} was decided")
    return tuple(found)


def refuse_other_content(posting: Posting, remote: RemotePosting) -> RemotePosting:
    """The remote posting when it says what was decided. Raises AlreadyExists otherwise, or when it was reversed."""
    if remote.state == "reversed":
        message = f"posting {posting.key} was taken back in the ERP; a new decision needs a new key"
        raise AlreadyExists(message, key=posting.key)
    other = differences(posting, remote)
    if other:
        message = f"the ERP already holds posting {posting.key} with other content: {'; '.join(other)}"
        raise AlreadyExists(message, key=posting.key)
    return remote


def refuse_stale(posting: Posting, items: Mapping[str, OpenItem]) -> None:
    """Raises StaleItem when an item's open amount is not what it was when the decision was made."""
    for each in posting.allocations:
        item = items.get(each.item_id)
        actual = None if item is None else item.open_amount
        if actual == each.expected_open:
            continue
        if item is None or actual is None:
            said = "is no longer there"
        else:
            said = f"is open with {Money(actual, item.currency)}, not {Money(each.expected_open, posting.currency)}"
        message = f"item {each.number} ({each.item_id}) {said}; pull again and match the payment again"
        raise StaleItem(message, item_id=each.item_id, expected=each.expected_open, actual=actual)

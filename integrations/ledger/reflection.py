"""Which of our postings an ERP's open amount already contains.

The ERP says 100 is open, we let a payment settle 60 of it: 40 is open, whatever the ERP still says. When the ERP says
40, it has booked ours, and still 40 is open. So every movement of ours is *reflected* or not, and what is open is the
ERP's amount less our movements it does not reflect.

The rule: when the ERP's amount moved by exactly what some of our sent movements add up to, it reflects those. When it
moved otherwise, somebody else was there too: then it reflects, oldest first, ours that fit as a whole into a fall, and
every reversal that the ERP has confirmed; a rise takes back what was reflected and fits into it. Where the reason is
not ours, this errs on the side of too little open: a payment becomes an exception, never an item settled twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from integrations.ledger import schema
from integrations.ledger.unit import Unit

_NOT_SENT = ("planned", "approved", "rejected")
# How many movements of one item are tried in all combinations.
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """By how much one decision moved one item; ``reflected`` in the ERP's amount so far or not."""

    item_no: int
    decision_id: int
    settled: int
    reflected: bool
    sent: bool
    confirmed: bool
    live: bool


def movements_of(unit: Unit, item_nos: Sequence[int]) -> dict[int, list[Movement]]:
    """All movements of these items, oldest first."""
    allocations, decisions, outbox = schema.allocations.c, schema.decisions.c, schema.outbox.c
    found = unit.connection.execute(
        select(
            allocations.item_no,
            allocations.decision_id,
            allocations.settled,
            allocations.reflected,
            outbox.state,
            decisions.live,
        )
        .join(
            schema.decisions,
            and_(decisions.company_id == allocations.company_id, decisions.decision_id == allocations.decision_id),
        )
        .outerjoin(
            schema.outbox,
            and_(outbox.company_id == allocations.company_id, outbox.decision_id == allocations.decision_id),
        )
        .where(allocations.company_id == unit.company_id, allocations.item_no.in_(item_nos))
        .order_by(allocations.decision_id)
    )
    movements = defaultdict(list)
    for row in found:
        movements[row.item_no].append(
            Movement(
                item_no=row.item_no,
                decision_id=row.decision_id,
                settled=row.settled,
                reflected=row.reflected,
                sent=row.state is not None and row.state not in _NOT_SENT,
                confirmed=row.state in ("confirmed", "reversed"),
                live=row.live,
            )
        )
    return movements


def reflect(movements: Sequence[Movement], *, direction: int, before: int, after: int, gone: bool) -> list[Movement]:
    """The movements whose ``reflected`` turns round when the ERP's open amount goes from ``before`` to ``after``.

    ``direction`` is 1 for what is owed, -1 for credit. An item that is ``gone`` reflects everything that was sent.

    >>> sixty = Movement(item_no=1, decision_id=7, settled=60, reflected=False, sent=True, confirmed=True, live=True)
    >>> [one.settled for one in reflect([sixty], direction=1, before=100, after=40, gone=False)]
    [60]
    >>> reflect([sixty], direction=1, before=100, after=90, gone=False)
    []
    """
    if gone:
        return [one for one in movements if one.sent and not one.reflected]
    fall = direction * (before - after)
    # What the ERP has confirmed is likelier to be in its number than what may or may not have arrived.
    waiting = [one for one in movements if one.sent and not one.reflected]
    waiting.sort(key=lambda one: (not one.confirmed, one.decision_id))
    exact = _adding_up_to(fall, waiting[:_MOST], direction)
    if exact is not None:
        return exact
    turned = [one for one in waiting if one.confirmed and direction * one.settled < 0]
    fall -= sum(direction * one.settled for one in turned)
    for one in waiting:
        if 0 < direction * one.settled <= fall:
            turned.append(one)
            fall -= direction * one.settled
    for one in reversed(movements):
        if one.reflected and one.live and one.sent and 0 < direction * one.settled <= -fall:
            turned.append(one)
            fall += direction * one.settled
    return turned


def _adding_up_to(fall: int, waiting: Sequence[Movement], direction: int) -> list[Movement] | None:
    """Some of these movements that add up to exactly the fall, the earlier ones preferred."""
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for place, one in enumerate(waiting):
        for total, places in list(reached.items()):
            reached.setdefault(total + direction * one.settled, (*places, place))
    found = reached.get(fall)
    return None if found is None else [waiting[place] for place in found]

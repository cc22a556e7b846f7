"""Which of our postings an ERP's open amount already contains.

The ERP says 100 is open, we let a payment settle 60 of it: 40 is open, whatever the ERP still says. When the ERP says
40, it has booked ours, and still 40 is open. So every movement of ours is *reflected* or not, and what is open is the
ERP's amount less our movements it does not reflect.

The rule: when the ERP's amount falls, it reflects those of our movements, oldest first, that were sent and fit into
the fall as a whole. When it rises, it reflects our reversals that fit, and then no longer reflects live ones that fit.
Where the reason of a fall is not ours, this errs on the side of too little open: a payment too many becomes an
exception, never an item settled twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from integrations.ledger import schema
from integrations.ledger.unit import Unit

_NOT_SENT = ("planned", "approved", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """By how much one decision moved one item; ``reflected`` in the ERP's amount so far or not."""

    item_no: int
    decision_id: int
    settled: int
    reflected: bool
    sent: bool
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
                live=row.live,
            )
        )
    return movements


def reflect(movements: Sequence[Movement], *, direction: int, before: int, after: int, gone: bool) -> list[Movement]:
    """The movements whose ``reflected`` turns round when the ERP's open amount goes from ``before`` to ``after``.

    ``direction`` is 1 for what is owed, -1 for credit. An item that is ``gone`` reflects everything that was sent.

    >>> sixty = Movement(item_no=1, decision_id=7, settled=60, reflected=False, sent=True, live=True)
    >>> [one.settled for one in reflect([sixty], direction=1, before=100, after=40, gone=False)]
    [60]
    >>> reflect([sixty], direction=1, before=100, after=90, gone=False)
    []
    """
    if gone:
        return [one for one in movements if one.sent and not one.reflected]
    fall = direction * (before - after)
    turned = []
    for one in movements:
        size = direction * one.settled
        if one.sent and not one.reflected and size * fall > 0 and abs(size) <= abs(fall):
            turned.append(one)
            fall -= size
    if fall < 0:
        for one in reversed(movements):
            size = direction * one.settled
            if one.reflected and one.live and one.sent and 0 < size <= -fall:
                turned.append(one)
                fall += size
    return turned

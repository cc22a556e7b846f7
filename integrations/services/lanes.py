"""Which postings may go to the ERP side by side: those that touch neither the same item nor the same payment."""

from collections.abc import Iterator, Sequence

from integrations.ledger.records import OutboxRow


def lanes_of(rows: Sequence[OutboxRow], at_most: int) -> list[list[OutboxRow]]:
    """The rows in at most so many lanes, each in the given order; what belongs together is in one lane.

    A posting expects an item to be open by exactly what those before it leave, so two on one item never overtake each
    other. The same rows always give the same lanes.
    """
    if at_most < 2 or len(rows) < 2:
        return [list(rows)]
    groups = sorted(_groups(rows), key=lambda group: (-len(group), rows.index(group[0])))
    lanes: list[list[OutboxRow]] = [[] for _ in range(min(at_most, len(groups)))]
    for group in groups:
        min(lanes, key=len).extend(group)
    place = {row.outbox_id: number for number, row in enumerate(rows)}
    return [sorted(lane, key=lambda row: place[row.outbox_id]) for lane in lanes]


def _groups(rows: Sequence[OutboxRow]) -> Iterator[list[OutboxRow]]:
    """Rows joined by any item, payment or key they share, directly or through others."""
    group_of: dict[str, list[OutboxRow]] = {}
    for row in rows:
        marks = [f"payment {row.posting.payment_id}", *(f"item {one.item_id}" for one in row.posting.allocations)]
        joined = [row]
        for group in {id(group_of[mark]): group_of[mark] for mark in marks if mark in group_of}.values():
            joined = [*group, *joined]
            marks += [mark for mark, held in group_of.items() if held is group]
        for mark in marks:
            group_of[mark] = joined
    yield from {id(group): group for group in group_of.values()}.values()

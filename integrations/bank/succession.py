"""Which delivered statements follow each other, so that no booking stands in both.

An official statement goes on where the one before ended: its number or page is the next one, and its opening balance
is the closing balance of the other. Exports of freely chosen periods also carry numbers and balances, but those do not
join. So the unbroken chain of balances is what proves that two statements share no booking.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Literal

from integrations.bank.identity import StatementUnit

Relation = Literal["disjoint", "same_statement", "covers", "overlap"]

_LOOKED_AT = 64


class DeliveredUnits:
    """The statements delivered so far, found by their balances, so that a chain of many pages is walked quickly."""

    def __init__(self, units: Iterable[StatementUnit] = ()) -> None:
        self._by_delivery: dict[str, StatementUnit] = {}
        self._by_opening: defaultdict[tuple[str, Decimal], dict[str, None]] = defaultdict(dict)
        self._by_closing: defaultdict[tuple[str, Decimal], dict[str, None]] = defaultdict(dict)
        for unit in units:
            self.add(unit)

    def add(self, unit: StatementUnit) -> None:
        """Take in a statement, or what is known of it by now."""
        if unit.kind != "final" or self._by_delivery.get(unit.delivery) == unit:
            return
        self._by_delivery[unit.delivery] = unit
        if unit.opening is not None:
            self._by_opening[unit.account, unit.opening][unit.delivery] = None
        if unit.closing is not None:
            self._by_closing[unit.account, unit.closing][unit.delivery] = None

    def relations_to(self, unit: StatementUnit, others: Iterable[StatementUnit]) -> dict[str, Relation]:
        """For each other delivery, by its id, whether it can hold the same bookings as ``unit``.

        ``disjoint``: it cannot. ``same_statement``: it is the same statement again. ``covers``: the one is
        provisional or in another format, so both tell of the same bookings. ``overlap``: it may.
        """
        relations = {one.delivery: _closeness(unit, one) for one in others}
        open_ends = {delivery for delivery, relation in relations.items() if relation == "overlap"}
        for joined in self._chained_to(unit, open_ends):
            relations[joined] = "disjoint"
        return relations

    def _chained_to(self, unit: StatementUnit, wanted: set[str]) -> set[str]:
        """Which of the deliveries ``wanted`` an unbroken chain of balances joins to ``unit``, before or after it."""
        found: set[str] = set()
        for step in (self._after, self._before):
            ends, seen = [unit], {unit.delivery}
            while ends and len(found) < len(wanted):
                for one in step(ends.pop()):
                    if one.delivery not in seen:
                        seen.add(one.delivery)
                        ends.append(one)
                        if one.delivery in wanted:
                            found.add(one.delivery)
        return found

    def _after(self, unit: StatementUnit) -> Iterator[StatementUnit]:
        if unit.closing is not None:
            for one in self._latest(self._by_opening.get((unit.account, unit.closing))):
                if follows(unit, one):
                    yield one

    def _before(self, unit: StatementUnit) -> Iterator[StatementUnit]:
        if unit.opening is not None:
            for one in self._latest(self._by_closing.get((unit.account, unit.opening))):
                if follows(one, unit):
                    yield one

    def _latest(self, deliveries: dict[str, None] | None) -> Iterator[StatementUnit]:
        """The last ones delivered: an account that is always at zero has thousands with this balance."""
        for delivery in islice(reversed(deliveries or {}), _LOOKED_AT):
            yield self._by_delivery[delivery]


def _closeness(unit: StatementUnit, other: StatementUnit) -> Relation:
    if other.delivery == unit.delivery:
        return "disjoint"
    if unit.kind != other.kind or unit.family != other.family:
        return "covers"
    if is_same_statement(unit, other):
        return "same_statement"
    if unit.kind == "final" and _numbers_apart(unit, other):
        return "disjoint"
    return "overlap"


def is_same_statement(one: StatementUnit, other: StatementUnit) -> bool:
    """The same number, page and period, and no balance that says otherwise."""
    if _place(one) != _place(other) or (one.opening, one.closing) != (other.opening, other.closing):
        return False
    numbered = one.sequence is not None and (one.to_date or one.from_date) is not None
    identified = one.statement_id is not None and one.statement_id == other.statement_id
    proven = one.opening is not None and one.closing is not None and one.to_date is not None
    return numbered or identified or proven


def _place(unit: StatementUnit) -> tuple[object, ...]:
    return (unit.account, unit.kind, unit.family, unit.sequence, unit.page, unit.from_date, unit.to_date)


def follows(earlier: StatementUnit, later: StatementUnit) -> bool:
    """Whether ``later`` goes on where ``earlier`` ended: a later page or number, and the balance joins.

    Numbers may be missing in between: what was not delivered, or held no entry, moved no money.
    """
    if (earlier.account, earlier.family) != (later.account, later.family) or is_same_statement(earlier, later):
        return False
    if earlier.closing is None or earlier.closing != later.opening:
        return False
    if earlier.to_date and later.from_date and later.from_date < earlier.to_date:
        return False
    if earlier.sequence is not None and earlier.sequence == later.sequence:
        later_page = earlier.page is not None and later.page is not None and later.page > earlier.page
        return later_page and not earlier.last_page
    first, second = sequence_number(earlier.sequence), sequence_number(later.sequence)
    if first is None or second is None:
        return bool(earlier.to_date and later.from_date)
    begins_anew = second <= 1 < first and bool(earlier.to_date and later.to_date and earlier.to_date <= later.to_date)
    return second > first or begins_anew


def _numbers_apart(one: StatementUnit, other: StatementUnit) -> bool:
    """Without balances on one side, two numbers and periods that do not run against each other have to do."""
    first, second = sequence_number(one.sequence), sequence_number(other.sequence)
    if first is None or second is None or first == second:
        return False
    if None not in {one.opening, one.closing, other.opening, other.closing} and abs(first - second) == 1:
        return False  # their balances would have to join, and they do not
    earlier, later = (one, other) if first < second else (other, one)
    return not (earlier.to_date and later.from_date and later.from_date < earlier.to_date)


def sequence_number(sequence: str | None) -> int | None:
    """The leading number of a statement number; None where there is none.

    >>> sequence_number("00005/001"), sequence_number("2026-7"), sequence_number(None)
    (5, None, None)
    """
    digits = (sequence or "").partition("/")[0].strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None

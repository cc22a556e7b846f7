"""Which delivered statements follow each other, so that no booking stands in both.

An official statement goes on where the one before ended: its number or page is the next one, and its opening balance
is the closing balance of the other. Exports of freely chosen periods also carry numbers and balances, but those do not
join. So the unbroken chain of balances is what proves that two statements share no booking.
"""

from collections.abc import Iterable
from typing import Literal

from integrations.bank.identity import StatementUnit

Relation = Literal["disjoint", "same_statement", "covers", "overlap"]


def relations_to(unit: StatementUnit, others: Iterable[StatementUnit]) -> dict[str, Relation]:
    """For each other delivery, by its id, whether it can hold the same bookings as ``unit``.

    ``disjoint``: it cannot. ``same_statement``: it is the same statement again. ``covers``: the one is provisional or
    in another format, so both tell of the same bookings. ``overlap``: it may.
    """
    by_delivery = {one.delivery: one for one in others}
    chained = _chained_to(unit, by_delivery.values())
    return {
        delivery: "disjoint" if delivery in chained else _closeness(unit, one) for delivery, one in by_delivery.items()
    }


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


def _chained_to(unit: StatementUnit, others: Iterable[StatementUnit]) -> set[str]:
    """The deliveries before and after ``unit`` that an unbroken chain of final balances joins to it."""
    finals = [one for one in others if one.kind == "final" and one.family == unit.family and one != unit]
    chained: set[str] = set()
    if unit.kind == "final":
        for forward in (True, False):
            ends = [unit]
            while ends:
                end = ends.pop()
                for one in finals:
                    joins = follows(end, one) if forward else follows(one, end)
                    if joins and one.delivery not in chained:
                        chained.add(one.delivery)
                        ends.append(one)
    return chained


def follows(earlier: StatementUnit, later: StatementUnit) -> bool:
    """Whether ``later`` is the next page or the next statement after ``earlier``, by number and balance."""
    if earlier.account != later.account or is_same_statement(earlier, later):
        return False
    if earlier.closing is None or earlier.closing != later.opening:
        return False
    if earlier.to_date and later.from_date and later.from_date < earlier.to_date:
        return False
    if earlier.sequence is not None and earlier.sequence == later.sequence:
        next_page = earlier.page is not None and later.page == earlier.page + 1
        return next_page and not earlier.last_page
    first, second = sequence_number(earlier.sequence), sequence_number(later.sequence)
    if first is None or second is None:
        return bool(earlier.to_date and later.from_date)
    begins_anew = second <= 1 < first and bool(earlier.to_date and later.to_date and earlier.to_date <= later.to_date)
    return second == first + 1 or begins_anew


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

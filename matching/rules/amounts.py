"""How an amount can fit a set of items: the arithmetic every rule shares.

All amounts are minor units of one currency. The first reading that fits is the plainest; later ones are offered only
when the plainer ones do not fit.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from matching.hypothesis import Line
from matching.index import LedgerIndex
from matching.model.decision import ResidualReason
from matching.model.policy import Policy, Tolerance
from matching.reading import Reading

_new = tuple.__new__
_SUBSETS_OF = 8
_CENTS_PER_DOCUMENT = 1
_HABIT_AT_MOST = 10
"""What a customer is used to deduct is written off up to a tenth of what is owed."""


def whole_lines(places: Sequence[int], index: LedgerIndex) -> tuple[Line, ...]:
    """Each item settled in full with cash."""
    amounts = index.open.open
    if len(places) == 1:
        return (_new(Line, (places[0], amounts[places[0]], 0, 0, 0, None)),)
    return tuple([_new(Line, (place, amounts[place], 0, 0, 0, None)) for place in places])


def fits(places: Sequence[int], reading: Reading, index: LedgerIndex) -> Iterator[tuple[str, tuple[Line, ...], int]]:
    """The ways this payment's amount fits these items: (relation, lines, rest of the payment)."""
    amount = reading.payment.amount
    amounts = index.open.open
    total = amounts[places[0]] if len(places) == 1 else sum([amounts[place] for place in places])
    missing = total - amount
    if missing == 0:
        yield "exact", whole_lines(places, index), 0
        return
    if missing < 0:
        # Money that comes in does not pay a credit note: that would leave more over than was paid.
        if total > 0:
            yield "over", whole_lines(places, index), -missing
        return
    discounted = _discounted(places, missing, reading, index)
    if discounted is not None:
        yield discounted
        return
    forgiven = _forgiven(places, missing, reading, index)
    if forgiven is not None:
        yield forgiven
        return
    short = short_lines(places, missing, reading, index)
    if short is not None:
        yield "short", short, 0


def _discounted(
    places: Sequence[int], missing: int, reading: Reading, index: LedgerIndex
) -> tuple[str, tuple[Line, ...], int] | None:
    """The missing part is the early-payment discount of all items, or of exactly one choice among them."""
    table = index.open
    offered = [place for place in places if table.discount[place] > 0]
    if not offered:
        return None
    in_time = [place for place in offered if reading.paid_on <= table.discount_until[place] + index.policy.grace_days]
    taken = _choice(in_time, missing, table.discount)
    if taken is not None:
        return "discount", _discount_lines(places, taken, missing, index), 0
    taken = _choice(offered, missing, table.discount)
    if taken is None:
        return None
    if index.policy.accept_late_discount or _granted_late(taken, reading, index):
        return "late", _discount_lines(places, taken, missing, index), 0
    lines = []
    for place in places:
        kept = table.discount[place] if place in taken else 0
        reason: ResidualReason | None = "discount_too_late" if kept else None
        lines.append(Line(place, table.open[place] - kept, residual=kept, reason=reason))
    surplus = sum(table.discount[place] for place in taken) - missing
    if surplus:
        first = next(number for number, line in enumerate(lines) if line.residual)
        line = lines[first]
        lines[first] = Line(line.place, line.cash + surplus, residual=line.residual - surplus, reason=line.reason)
    return "late", tuple(lines), 0


def _granted_late(places: list[int], reading: Reading, index: LedgerIndex) -> bool:
    """Whether people have granted these customers their discount so late each time."""
    table, habits = index.open, index.habits
    return bool(habits) and all(
        habits.grants_late(index.parties.ids[table.customer[place]], reading.paid_on - table.discount_until[place])
        for place in places
    )


def _choice(places: list[int], missing: int, discount: Sequence[int]) -> list[int] | None:
    """The items whose discounts make up what is missing: all of them, else exactly one choice among few."""
    if not places:
        return None
    surplus = sum(discount[place] for place in places) - missing
    if 0 <= surplus <= _CENTS_PER_DOCUMENT * len(places):
        return places
    if len(places) > _SUBSETS_OF:
        return None
    found = [
        list(chosen)
        for size in range(1, len(places))
        for chosen in combinations(places, size)
        if sum(discount[place] for place in chosen) == missing
    ]
    return found[0] if len(found) == 1 else None


def _discount_lines(places: Sequence[int], taken: list[int], missing: int, index: LedgerIndex) -> tuple[Line, ...]:
    """Discounts as offered; a cent that the payer rounded in our favour is taken off the first."""
    table = index.open
    surplus = sum(table.discount[place] for place in taken) - missing
    lines = []
    for place in places:
        discount = table.discount[place] if place in taken else 0
        if discount and surplus:
            off = min(surplus, discount)
            discount, surplus = discount - off, surplus - off
        lines.append(Line(place, table.open[place] - discount, discount=discount))
    return tuple(lines)


def tolerance_of(reading: Reading, customer_id: str, policy: Policy) -> Tolerance:
    """What may be written off for this customer in this currency."""
    for known, tolerance in policy.tolerance_per_customer:
        if known == customer_id:
            return tolerance
    by_currency = dict(policy.tolerance)
    return by_currency.get(reading.payment.currency, by_currency.get("", Tolerance()))


def _forgiven(
    places: Sequence[int], missing: int, reading: Reading, index: LedgerIndex
) -> tuple[str, tuple[Line, ...], int] | None:
    """The missing part is small enough to write off, or a bank charge that may be believed."""
    table = index.open
    total = sum(table.open[place] for place in places)
    tolerance = tolerance_of(reading, index.parties.ids[table.customer[places[0]]], index.policy)
    small = missing <= tolerance.amount and missing * 10_000 <= tolerance.per_ten_thousand * total
    limits = dict(index.policy.charges_limit)
    limit = limits.get(reading.payment.currency, limits.get("", 0))
    shared = reading.payment.charge_bearer.upper() in {"SHA", "SHAR", "CRED", "BEN"}
    charged = missing <= limit and (shared or missing == abs(reading.payment.charges))
    habit = bool(index.habits) and index.habits.writes_off(
        index.parties.ids[table.customer[places[0]]], missing, reading.payment.currency
    )
    charged = charged or (habit and missing * _HABIT_AT_MOST <= total)
    largest = max(places, key=lambda place: (table.open[place], -place))
    if not (small or charged) or table.open[largest] <= missing:
        return None
    reason: ResidualReason = "bank_charges" if charged else "rounding"
    lines = tuple(
        Line(place, table.open[place] - missing, write_off=missing, reason=reason)
        if place == largest
        else Line(place, table.open[place])
        for place in places
    )
    return "tolerated", lines, 0


def short_lines(places: Sequence[int], missing: int, reading: Reading, index: LedgerIndex) -> tuple[Line, ...] | None:
    """The payment pays part: documents oldest first, what is missing stays open on the last."""
    table = index.open
    amount = reading.payment.amount
    if amount <= 0 or missing >= sum(table.open[place] for place in places):
        return None
    lines = []
    left = amount - sum(min(0, table.open[place]) for place in places)
    for place in sorted(places, key=lambda place: (table.open[place] > 0, table.due[place], place)):
        open_amount = table.open[place]
        if open_amount < 0:
            lines.append(Line(place, open_amount))
            continue
        cash = min(left, open_amount)
        left -= cash
        if cash > 0:
            kept = open_amount - cash
            lines.append(
                Line(place, cash, residual=kept, reason=reading.short_reason(kept, open_amount) if kept else None)
            )
    return tuple(lines) if lines else None

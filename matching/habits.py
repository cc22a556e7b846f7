"""How a customer is used to pay, as people have confirmed it clear by clear.

A habit is written as a plain sentence and kept as a learned fact beside the customer. It counts only once it was
confirmed several times and never contradicted: what speaks against it is learned as well.

| kind | subject | what speaks against it |
|---|---|---|
| tolerance | ``short by 500 EUR is written off`` (minor units) | ``short by 500 EUR stays open`` |
| tolerance | ``discount taken up to 7 days late is granted`` | ``late discount stays open`` |
| reference | ``without a word, everything that is due`` | ``without a word, something else`` |
| reference | ``without a word, of equal items the oldest`` | ``without a word, of equal items another`` |
| reference | ``text MIETE HALLE NORD`` | the same text confirmed for another customer |
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from matching.model.decision import Allocation
from matching.model.open_item import LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.numbers.series import DIGITS
from matching.text.normal import compact, plain

ENOUGH = 3
"""How often a habit must have been confirmed before it counts."""
ENOUGH_CHOICES = 7
"""The same for a choice among equal items: one without any habit agrees with one choice in two by luck."""
EVERYTHING_DUE = "without a word, everything that is due"
SOMETHING_ELSE = "without a word, something else"
OLDEST = "without a word, of equal items the oldest"
ANOTHER = "without a word, of equal items another"
LATE_STAYS = "late discount stays open"
_TEXT = "text "
_WORDS = re.compile(r"[A-Z]{3,}")
_LONGEST_LATE = 28
_FEW_LETTERS = 8


def short_written_off(amount: int, currency: str) -> str:
    """The habit of paying short by exactly this much, which was written off each time."""
    return f"short by {amount} {currency} is written off"


def short_stays(amount: int, currency: str) -> str:
    """What speaks against writing it off."""
    return f"short by {amount} {currency} stays open"


def late_granted(days: int) -> str:
    """The habit of taking the early-payment discount so many days late, counted in whole weeks.

    >>> late_granted(3), late_granted(8)
    ('discount taken up to 7 days late is granted', 'discount taken up to 14 days late is granted')
    """
    return f"discount taken up to {-(-max(days, 1) // 7) * 7} days late is granted"


def fingerprint(text: str) -> str:
    """The words of a text without its numbers, by which a payer without name and account is known; or nothing.

    >>> fingerprint("MIETE HALLE NORD 09/2026"), fingerprint("RE 4711")
    ('MIETE HALLE NORD', '')
    """
    words = _WORDS.findall(plain(text[:200]))
    return " ".join(words) if sum(map(len, words)) >= _FEW_LETTERS and len(words) > 1 else ""


class Habits:
    """The habits in force, by customer id."""

    def __init__(self, facts: Iterable[LearnedFact] = ()) -> None:
        self._known: dict[str, dict[str, int]] = {}
        texts: dict[str, set[str]] = {}
        for fact in facts:
            if fact.kind == "reference_habit" and fact.subject.startswith(_TEXT):
                if fact.confirmations >= ENOUGH - 1:
                    texts.setdefault(fact.subject.removeprefix(_TEXT), set()).add(fact.customer_id)
            elif fact.kind in {"reference_habit", "tolerance_habit"}:
                own = self._known.setdefault(fact.customer_id, {})
                own[fact.subject] = own.get(fact.subject, 0) + fact.confirmations
        self._texts = {text: next(iter(owners)) for text, owners in texts.items() if len(owners) == 1}

    def __bool__(self) -> bool:
        return bool(self._known or self._texts)

    def has(self, customer_id: str, habit: str, against: str = "") -> bool:
        """Whether the habit was confirmed often enough, and nothing speaks against it."""
        own = self._known.get(customer_id)
        enough = ENOUGH_CHOICES if habit == OLDEST else ENOUGH
        return own is not None and own.get(habit, 0) >= enough and not own.get(against, 0)

    def writes_off(self, customer_id: str, missing: int, currency: str) -> bool:
        """Whether exactly this difference was written off for the customer each time."""
        habit, against = short_written_off(missing, currency), short_stays(missing, currency)
        return self.has(customer_id, habit, against)

    def grants_late(self, customer_id: str, days: int) -> bool:
        """Whether the customer's discount was granted so late, each time."""
        own = self._known.get(customer_id, {})
        if own.get(LATE_STAYS) or days > _LONGEST_LATE:
            return False
        return sum(own.get(late_granted(late), 0) for late in range(days, _LONGEST_LATE + 1, 7)) >= ENOUGH

    def payer_by_text(self, text: str) -> str:
        """The customer that people have confirmed for a text like this, or nothing."""
        return self._texts.get(fingerprint(text), "") if self._texts else ""


def confirmed(
    payment: Payment, items: Sequence[OpenItem], allocations: Sequence[Allocation], others: Sequence[OpenItem]
) -> list[tuple[str, str]]:
    """What one clear of one customer's payment says of the customer's habits: kinds and subjects of facts.

    ``items`` are the items as they were before the clear, ``others`` what else was open of the customer then.
    """
    by_id = {item.item_id: item for item in items}
    found = [("tolerance_habit", habit) for habit in _tolerances(payment, by_id, allocations)]
    text = payment.remittance or " ".join(payment.remittance_lines)
    read = compact(text)
    named = any(digits in read for item in items for digits in _quotable(item))
    if not named and items:
        found += [("reference_habit", habit) for habit in _choices(payment, items, allocations, others)]
    if not payment.payer_account and not payment.payer_name and fingerprint(text):
        found.append(("reference_habit", _TEXT + fingerprint(text)))
    return found


def _quotable(item: OpenItem) -> list[str]:
    digits = "".join(DIGITS.findall(plain(item.number)))
    forms = [compact(item.number), digits, digits.lstrip("0"), digits[-4:], compact(item.payment_reference)]
    return [form for form in (*forms, *map(compact, item.other_references)) if len(form) >= 4]


def _tolerances(payment: Payment, items: Mapping[str, OpenItem], allocations: Sequence[Allocation]) -> list[str]:
    written = sum(one.write_off for one in allocations)
    left = sum(one.residual for one in allocations)
    found = []
    if written > 0 and not left:
        found.append(short_written_off(written, payment.currency))
    elif left > 0 and not written:
        found.append(short_stays(left, payment.currency))
    for one in allocations:
        item = items.get(one.item_id)
        if item is None or item.discount_until is None or not item.discount_amount:
            continue
        late = ((payment.valued_on or payment.booked_on) - item.discount_until).days
        if late > 0 and one.discount == item.discount_amount:
            found.append(late_granted(late))
        elif late > 0 and one.residual == item.discount_amount:
            found.append(LATE_STAYS)
    return found


def _choices(
    payment: Payment, items: Sequence[OpenItem], allocations: Sequence[Allocation], others: Sequence[OpenItem]
) -> list[str]:
    """What of the open items was paid without a word, where that tells anything: only whole items count."""
    chosen = {item.item_id for item in items}
    whole = len(allocations) == len(items) and all(
        item.open_amount == one.cash for item, one in zip(items, _in_order(items, allocations), strict=True)
    )
    rest = [item for item in others if item.item_id not in chosen and item.currency == payment.currency]
    if not whole or not rest:
        return []
    if len(items) == 1:
        equal = [item for item in rest if item.open_amount == items[0].open_amount]
        if not equal:
            return []
        return [OLDEST if all(items[0].due_on < item.due_on for item in equal) else ANOTHER]
    paid_on = payment.valued_on or payment.booked_on
    due = {item.item_id for item in (*items, *rest) if item.due_on <= paid_on and item.open_amount > 0}
    return [EVERYTHING_DUE if chosen == due else SOMETHING_ELSE]


def _in_order(items: Sequence[OpenItem], allocations: Sequence[Allocation]) -> list[Allocation]:
    by_id = {one.item_id: one for one in allocations}
    return [by_id[item.item_id] for item in items if item.item_id in by_id]

"""Other ways to match, run on the same worlds: what a day's scripting gives, and what two ERPs do.

The ERP rules are **re-implementations** of documented behaviour in our own code, not the products themselves:
Odoo/OCA after the behaviour described for the reconciliation model "invoice matching" (tolerance 0, validated
automatically), Business Central after the documented application rule table (rules of confidence High that apply by
themselves).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from rapidfuzz import fuzz, process

from benchmarks.matching.world import World
from matching.model.decision import Allocation, Decision, ExceptionCase
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment

Baseline = Callable[[World], list[Decision]]
_TOKEN = re.compile(r"[\s,;+()]+")


def _post(payment: Payment, items: Iterable[OpenItem], rule: str, rest: int = 0) -> Decision:
    chosen = tuple(Allocation(item_id=item.item_id, cash=item.open_amount) for item in items)
    return Decision(payment_id=payment.payment_id, allocations=chosen, on_account=rest, confidence=1.0, rule=rule)


def _leave(payment: Payment) -> Decision:
    case = ExceptionCase(kind="no_match", unallocated=payment.amount, why="no rule fits")
    return Decision(payment_id=payment.payment_id, exception=case)


def exact_script(world: World) -> list[Decision]:
    """The number stands in the text as a word, or the structured reference is the item's, and the amount is exact."""
    by_number: dict[str, list[OpenItem]] = defaultdict(list)
    for item in world.open_items:
        by_number[item.number.upper()].append(item)
        if item.payment_reference:
            by_number[item.payment_reference].append(item)
    decisions = []
    for payment in world.payments:
        words = set(_TOKEN.split(payment.remittance.upper())) | {
            reference.reference for reference in payment.references
        }
        found = [item for word in words for item in by_number.get(word, ()) if item.open_amount == payment.amount]
        single = len({item.item_id for item in found}) == 1
        decisions.append(_post(payment, found[:1], "exact") if single else _leave(payment))
    return decisions


def fuzzy_number_and_amount(world: World) -> list[Decision]:
    """Among items of exactly the amount, the number that is found best in the text (partial ratio 90 or more)."""
    by_amount = _by_amount(world)
    decisions = []
    for payment in world.payments:
        candidates = by_amount.get(payment.amount, [])
        text = payment.remittance.upper()
        best = process.extractOne(
            text, [item.number for item in candidates], scorer=fuzz.partial_ratio, score_cutoff=90
        )
        decisions.append(_post(payment, [candidates[best[2]]], "fuzzy number") if best and text else _leave(payment))
    return decisions


def fuzzy_number_only(world: World) -> list[Decision]:
    """The number found best in the text of all items (partial ratio 90 or more), whatever the amount: the tutorial."""
    numbers = [item.number for item in world.open_items]
    decisions = []
    for payment in world.payments:
        text = payment.remittance.upper()
        best = process.extractOne(text, numbers, scorer=fuzz.partial_ratio, score_cutoff=90) if text else None
        if best is None or payment.amount <= 0:
            decisions.append(_leave(payment))
            continue
        item = world.open_items[best[2]]
        allocation = Allocation(item_id=item.item_id, cash=payment.amount)
        decisions.append(
            Decision(payment_id=payment.payment_id, allocations=(allocation,), confidence=1.0, rule="fuzzy")
        )
    return decisions


def amount_and_fuzzy_name(world: World) -> list[Decision]:
    """Among items of exactly the amount, the customer whose name is likest (token set ratio 85 or more)."""
    by_amount = _by_amount(world)
    names = {customer.customer_id: customer.name.upper() for customer in world.customers}
    decisions = []
    for payment in world.payments:
        candidates = by_amount.get(payment.amount, []) if payment.amount > 0 else []
        choices = [names[item.customer_id] for item in candidates]
        best = process.extractOne(payment.payer_name.upper(), choices, scorer=fuzz.token_set_ratio, score_cutoff=85)
        decisions.append(_post(payment, [candidates[best[2]]], "amount and name") if best else _leave(payment))
    return decisions


def odoo_rule(world: World) -> list[Decision]:
    """Re-implementation: partner by account or name, digits of words equal to digits of a number, oldest first until
    the amount is reached; paying more than the sum is accepted.
    """
    by_digits: dict[str, list[OpenItem]] = defaultdict(list)
    for item in sorted(world.open_items, key=lambda item: (item.due_on, item.item_id)):
        for text in (item.number, item.payment_reference):
            digits = re.sub(r"\D", "", text)
            if len(digits) >= 4:
                by_digits[digits].append(item)
    partner_of = _partner_finder(world.customers)
    decisions = []
    for payment in world.payments:
        partner = partner_of(payment)
        words = {re.sub(r"\D", "", word) for word in payment.remittance.split()}
        words |= {re.sub(r"\D", "", reference.reference) for reference in payment.references}
        found = {item.item_id: item for word in words if len(word) >= 4 for item in by_digits.get(word, ())}
        mine = [item for item in found.values() if partner in {None, item.customer_id} and item.open_amount > 0]
        taken, total = [], 0
        for item in sorted(mine, key=lambda item: (item.due_on, item.item_id)):
            if total >= payment.amount:
                break
            taken.append(item)
            total += item.open_amount
        fits = taken and total <= payment.amount
        decisions.append(_post(payment, taken, "odoo", payment.amount - total) if fits else _leave(payment))
    return decisions


def business_central_rule(world: World) -> list[Decision]:
    """Re-implementation: party by account (fully), document numbers in the text, and the amount of one or several of
    them: the rows of the table that apply without a person.
    """
    by_account = {account: customer.customer_id for customer in world.customers for account in customer.ibans}
    of_customer: dict[str, list[OpenItem]] = defaultdict(list)
    for item in world.open_items:
        of_customer[item.customer_id].append(item)
    decisions = []
    for payment in world.payments:
        text = re.sub(r"[\W_]", "", payment.remittance.upper()) + "".join(ref.reference for ref in payment.references)
        party = by_account.get(payment.payer_account, "")
        named = [
            item
            for item in of_customer.get(party, ())
            if re.sub(r"[\W_]", "", item.number.upper()) in text
            or (item.payment_reference and item.payment_reference in text)
        ]
        single = [item for item in named if item.open_amount == payment.amount]
        together = sum(item.open_amount for item in named) == payment.amount
        chosen = named if together else single[:1]
        decisions.append(
            _post(payment, chosen, "business central") if chosen and payment.amount > 0 else _leave(payment)
        )
    return decisions


def _by_amount(world: World) -> dict[int, list[OpenItem]]:
    index: dict[int, list[OpenItem]] = defaultdict(list)
    for item in world.open_items:
        index[item.open_amount].append(item)
    return index


def _partner_finder(customers: Iterable[Customer]) -> Callable[[Payment], str | None]:
    """By account; else the first customer whose whole name is contained in the statement's name."""
    by_account = {account: customer.customer_id for customer in customers for account in customer.ibans}
    by_name = {customer.name.upper(): customer.customer_id for customer in customers}

    def find(payment: Payment) -> str | None:
        return by_account.get(payment.payer_account) or by_name.get(payment.payer_name.upper())

    return find


BASELINES: dict[str, Baseline] = {
    "exact number and amount": exact_script,
    "fuzzy number, exact amount (rapidfuzz)": fuzzy_number_and_amount,
    "exact amount, fuzzy name (rapidfuzz)": amount_and_fuzzy_name,
    "Odoo/OCA rule (re-implementation)": odoo_rule,
    "Business Central table (re-implementation)": business_central_rule,
}
SLOW_BASELINES: dict[str, Baseline] = {"fuzzy number, no amount (rapidfuzz)": fuzzy_number_only}

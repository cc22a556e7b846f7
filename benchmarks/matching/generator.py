"""The first world: an engine's training ground, seeded, in three levels. Shares are judgement, not measured.

``generate(level, payments, items, seed)``: the same arguments give the same world, everywhere.
"""

import random
from datetime import date, timedelta

from benchmarks.matching import cases, traps
from benchmarks.matching.cases import Case
from benchmarks.matching.draft import HOUSE_ACCOUNT, SECOND_HOUSE_ACCOUNT, Draft
from benchmarks.matching.numbering import Series, draw_series, structured_reference
from benchmarks.matching.people import Debtor, draw_amount, draw_debtors
from benchmarks.matching.world import World
from matching.model.open_item import HouseAccount, OpenItem
from matching.model.policy import History, Policy, Tolerance

AS_OF = date(2026, 10, 30)
LEVELS = ("easy", "normal", "hard")

# kind: share in per cent on the levels easy, normal, hard.
SHARES: tuple[tuple[Case, float, float, float], ...] = (
    (cases.exact, 60, 41, 24),
    (cases.check_digit, 12, 10, 8),
    (cases.mangled, 5, 10, 14),
    (cases.no_reference_known_account, 5, 7, 8),
    (cases.no_reference_name_only, 1, 3, 4),
    (cases.list_with_references, 7, 9, 12),
    (cases.many_without_references, 1, 3, 5),
    (cases.discount, 3, 4, 4),
    (cases.late_discount, 0, 0.5, 0.8),
    (cases.bank_charge, 1, 1, 1.2),
    (cases.deduction, 0.5, 1, 1.4),
    (cases.rounding, 0.5, 0.5, 0.6),
    (cases.partial, 1, 2, 2),
    (cases.over, 0, 1, 1),
    (cases.credit_note, 1, 1, 2),
    (cases.third_party, 0, 1, 2),
    (cases.merged_company, 0, 0.3, 0.7),
    (cases.order_number_only, 0, 0.5, 1.2),
    (cases.split, 0, 0.2, 0.4),
    (cases.advice, 0.5, 0.5, 0.8),
    (cases.factor_batch_with_advice, 0, 0.1, 0.2),
    (cases.foreign_currency, 0, 0.4, 0.8),
    (cases.paid_again_after_return, 0, 0.2, 0.4),
    (traps.duplicate_of_settled, 0, 0.3, 0.6),
    (traps.duplicate_in_batch, 0, 0.2, 0.4),
    (traps.old_number_other_amount, 0, 0.2, 0.5),
    (traps.wrong_reference, 0, 0.5, 1),
    (traps.neighbour_of_equal_price, 0, 0.1, 0.3),
    (traps.misdirected, 0, 0.2, 0.3),
    (traps.bulk_without_advice, 0, 0.1, 0.3),
    (traps.noise, 2, 2, 2),
)
_NOISE = {"easy": 0.3, "normal": 0.7, "hard": 1.0}


def policy() -> Policy:
    """What the benchmark's company has decided: small differences and bank charges may be written off."""
    return Policy(
        tolerance=(("EUR", Tolerance(amount=100, per_ten_thousand=50)), ("", Tolerance())),
        charges_limit=(("EUR", 1_500),),
        house_accounts=(
            HouseAccount(account=HOUSE_ACCOUNT, currency="EUR", name="Unser Haus GmbH"),
            HouseAccount(account=SECOND_HOUSE_ACCOUNT, currency="EUR", name="Unser Haus GmbH"),
            HouseAccount(account="DE88500105175407324999", currency="USD", name="Unser Haus GmbH"),
        ),
    )


def generate(level: str, payments: int, items: int, seed: int) -> World:
    """A world of ``items`` open items and at least ``payments`` payments. Raises ValueError for an unknown level."""
    if level not in LEVELS:
        message = f"there is no level {level!r}; choose one of {', '.join(LEVELS)}"
        raise ValueError(message)
    chance = random.Random(f"first {level} {payments} {items} {seed}")
    series = draw_series(chance)
    debtors = draw_debtors(chance, max(8, items // 15), len(series))
    _issue(chance, debtors, series, items)
    draft = Draft(chance, AS_OF, debtors, series, _NOISE[level])
    column = 1 + LEVELS.index(level)
    kinds = [row[0] for row in SHARES]
    shares = [float(row[column]) for row in SHARES]  # type: ignore[arg-type]
    while len(draft.rows) < payments:
        _write_one(draft, chance.choices(kinds, shares)[0])
    return _finish(level, seed, draft)


def _write_one(draft: Draft, case: Case) -> None:
    """Look for a customer whom the case fits; some need a rare one, so the search is long before it gives up."""
    for _ in range(400):
        if case(draft, *draft.deal()):
            return


def _issue(chance: random.Random, debtors: list[Debtor], series: list[Series], count: int) -> None:
    """Issue settled and open documents in order of date, so that numbers grow with time as in life."""
    weights = [chance.paretovariate(1.1) for _ in debtors]
    weights = [min(weight, 30) for weight in weights]
    plan: list[tuple[date, bool, Debtor]] = []
    for is_open in (True, False):
        owners = chance.choices(debtors, weights, k=count)
        for debtor in owners:
            age = int(min(chance.expovariate(1 / 32), 150)) if is_open else 12 + int(chance.triangular(0, 700, 40))
            plan.append((AS_OF - timedelta(days=age), is_open, debtor))
    plan.sort(key=lambda entry: (entry[0], entry[2].customer_id))
    keys = chance.sample(range(10**7, 10**8), len(plan))
    for key, (issued, is_open, debtor) in zip(keys, plan, strict=True):
        item = _item(chance, f"L{key}", issued, debtor, series[debtor.company], is_open=is_open)
        (debtor.items if is_open else debtor.closed).append(item)


def _item(chance: random.Random, key: str, issued: date, debtor: Debtor, series: Series, *, is_open: bool) -> OpenItem:
    credit = chance.random() < 0.03
    amount = draw_amount(chance, debtor)
    amount = -max(100, amount // chance.choice((2, 3, 5, 8))) if credit else amount
    dollars = chance.random() < 0.02
    discount = debtor.discount if debtor.discount and not credit and not dollars else None
    number = series.issue(issued.year, credit=credit)
    opened = amount
    if is_open and not credit and chance.random() < 0.03:
        opened = amount * chance.choice((30, 50, 70)) // 100
    order = chance.random()
    orders = (
        (f"45{chance.randrange(10**8):08d}",)
        if order < 0.2
        else (f"PO-{chance.randrange(10**4, 10**6)}",)
        if order < 0.3
        else ()
    )
    scheme = series.reference if not credit and chance.random() < 0.55 else ""
    return OpenItem(
        item_id=key,
        number=number,
        kind="credit_note" if credit else "invoice",
        customer_id=debtor.customer_id,
        currency="USD" if dollars else "EUR",
        issued_on=issued,
        due_on=issued if credit else issued + timedelta(days=debtor.terms),
        original_amount=amount,
        open_amount=opened if is_open else 0,
        payment_reference=structured_reference(chance, scheme, number),
        discount_until=issued + timedelta(days=discount[1]) if discount else None,
        discount_amount=amount * discount[0] // 100 if discount else 0,
        settled_on=None
        if is_open
        else min(AS_OF - timedelta(days=chance.randint(5, 12)), issued + timedelta(days=debtor.terms)),
        other_references=orders,
    )


def _finish(level: str, seed: int, draft: Draft) -> World:
    """Mix everything, so that no order in the input gives the truth away."""
    chance = draft.chance
    customers = [debtor.as_customer() for debtor in draft.debtors]
    items = [item for debtor in draft.debtors for item in debtor.items]
    closed = [item for debtor in draft.debtors for item in debtor.closed]
    for rows in (customers, items, closed, draft.rows):
        chance.shuffle(rows)
    return World(
        name=f"first world, {level}",
        seed=seed,
        as_of=AS_OF,
        policy=policy(),
        customers=tuple(customers),
        open_items=tuple(items),
        history=History(settled_items=tuple(closed)),
        payments=tuple(payment for payment, _ in draft.rows),
        truth={truth.payment_id: truth for _, truth in draft.rows},
    )

"""Nights of one company whose customers keep their habits: what does confirming exceptions bring?

Every customer pays once a night (a month apart), always in the same way. The shares are judgement. Some habits leave
nothing to learn, most need people to confirm them a few times before the engine may trust them.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.matching.people import COUNTRIES, company_name, make_iban
from benchmarks.matching.world import TrueItem, Truth, World
from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

FIRST_NIGHT = date(2026, 1, 31)
_POLICY = Policy(grace_days=0)
_FACTORS = tuple((f"Factor {name} Bank AG", f"LU28{number:018d}") for number, name in enumerate(("Alpha", "Beta")))
Way = tuple[list[TrueItem], str, str, str]
"""What one payment settles, its text, and the payer's name and account as the bank gives them."""


@dataclass(slots=True)
class Regular:
    """A customer and how it pays."""

    customer: Customer
    iban: str
    habit: Callable[[random.Random, "Regular", date], Way | None]
    agent: tuple[str, str]
    price: int
    fee: int
    days_late: int
    flat: bool
    open: list[OpenItem] = field(default_factory=list)

    @property
    def bare(self) -> tuple[str, str]:
        """Name and account as the ERP knows them."""
        return self.customer.name, self.iban

    def debts(self, day: date) -> list[OpenItem]:
        """Open invoices of that day, oldest first."""
        known = [item for item in self.open if item.issued_on <= day]
        return sorted(known, key=lambda item: (item.due_on, item.item_id))


def _whole(item: OpenItem) -> TrueItem:
    return TrueItem(item_id=item.item_id, cash=item.open_amount)


def _tidy(chance: random.Random, who: Regular, day: date) -> Way | None:
    items = who.debts(day)[:1]
    return ([_whole(items[0])], f"Rechnung {items[0].number}", *who.bare) if items else None


def _through_an_agent(chance: random.Random, who: Regular, day: date) -> Way | None:
    """A group's pay office or a bookkeeper: an account and a name that the ERP does not know, and no word."""
    items = who.debts(day)[:1]
    return ([_whole(items[0])], "", *who.agent) if items else None


def _through_a_factor(chance: random.Random, who: Regular, day: date) -> Way | None:
    items = who.debts(day)[:1]
    return ([_whole(items[0])], f"{items[0].number}", *_FACTORS[who.price % 2]) if items else None


def _less_a_fee(chance: random.Random, who: Regular, day: date) -> Way | None:
    """Bank charges taken off by habit, the same each time. Posted short, the rest stays open: that is right as well."""
    items = [item for item in who.debts(day) if item.open_amount > 20 * who.fee][:1]
    if not items:
        return None
    true = TrueItem(item_id=items[0].item_id, cash=items[0].open_amount - who.fee, write_off=who.fee, open_instead=True)
    return [true], f"Invoice {items[0].number}", *who.bare


def _discount_late(chance: random.Random, who: Regular, day: date) -> Way | None:
    """Takes the discount some days late; granted for peace's sake, or left open."""
    late = timedelta(days=who.days_late)
    items = [item for item in who.debts(day) if item.discount_until and item.discount_until + late >= day]
    items = [item for item in items if item.discount_until and item.discount_until < day]
    if not items:
        return None
    off = items[0].discount_amount
    true = TrueItem(item_id=items[0].item_id, cash=items[0].open_amount - off, discount=off, open_instead=True)
    return [true], f"Facture {items[0].number}", *who.bare


def _all_due(chance: random.Random, who: Regular, day: date) -> Way | None:
    items = [item for item in who.debts(day) if item.due_on <= day]
    return ([_whole(item) for item in items], "", *who.bare) if len(items) > 1 else None


def _oldest(chance: random.Random, who: Regular, day: date) -> Way | None:
    """The same amount each month, now and then two months behind: always the oldest."""
    items = who.debts(day)
    return ([_whole(items[0])], "", *who.bare) if len(items) > 1 else None


def _any_of_equals(chance: random.Random, who: Regular, day: date) -> Way | None:
    """No habit at all: any of several equal items. Nobody can know, and nothing may be learned from it."""
    items = who.debts(day)
    return ([_whole(chance.choice(items))], "", *who.bare) if len(items) > 1 else None


_HABITS = (
    (_tidy, 50), (_through_an_agent, 12), (_through_a_factor, 4), (_less_a_fee, 8), (_discount_late, 6), (_all_due, 8),
    (_oldest, 8), (_any_of_equals, 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Night:
    """One night's world, and what is settled by its payments."""

    world: World
    day: date


def nights(customers: int, count: int, seed: int) -> Iterator[Night]:
    """Night after night; before each, the payments of the one before have been booked as they truly were."""
    chance = random.Random(f"habits {customers} {count} {seed}")
    regulars = [_regular(chance, number) for number in range(customers)]
    settled: list[OpenItem] = []
    issued = 0
    for number in range(count):
        day = FIRST_NIGHT + timedelta(days=30 * number)
        for who in regulars:
            for _ in range(chance.choice((1, 2)) + (number == 0)):
                issued += 1
                who.open.append(_invoice(chance, who, day, issued))
        rows = [_pay(chance, who, day, place) for place, who in enumerate(regulars)]
        paid = [row for row in rows if row is not None]
        world = World(
            name="habits",
            seed=seed,
            as_of=day,
            policy=_POLICY,
            customers=tuple(who.customer for who in regulars),
            open_items=tuple(item for who in regulars for item in who.open),
            history=History(settled_items=tuple(settled)),
            payments=tuple(payment for payment, _ in paid),
            truth={truth.payment_id: truth for _, truth in paid},
        )
        yield Night(world, day)
        gone = {item.item_id for _, truth in paid for item in truth.items}
        settled += [item for who in regulars for item in who.open if item.item_id in gone]
        for who in regulars:
            who.open = [item for item in who.open if item.item_id not in gone]


def _regular(chance: random.Random, number: int) -> Regular:
    country = chance.choice(COUNTRIES)
    name = f"{company_name(chance, country)} {number}"
    iban = make_iban(chance, country)
    habit = chance.choices([habit for habit, _ in _HABITS], [share for _, share in _HABITS])[0]
    return Regular(
        customer=Customer(customer_id=f"H{number:05d}", name=name, ibans=(iban,), country=country),
        iban=iban,
        habit=habit,
        agent=(f"{company_name(chance, country)} Treuhand {number}", make_iban(chance, country)),
        price=chance.choice((19_900, 29_900, 49_900, 75_000)),
        fee=chance.choice((500, 750, 1_200)),
        days_late=chance.choice((5, 12)),
        flat=habit in {_all_due, _oldest, _any_of_equals},
    )


def _invoice(chance: random.Random, who: Regular, day: date, number: int) -> OpenItem:
    on = day - timedelta(days=chance.randrange(1, 29))
    if who.habit is _discount_late:
        on = day - timedelta(days=10 + chance.randrange(1, who.days_late + 1))
    same = who.habit in {_oldest, _any_of_equals}
    amount = who.price * (1 if same else chance.choice((1, 1, 2))) if who.flat else chance.randrange(15_000, 900_000)
    return OpenItem(
        item_id=f"h{number:07d}",
        number=f"RE{day:%Y}-{number:06d}",
        kind="invoice",
        customer_id=who.customer.customer_id,
        currency="EUR",
        issued_on=on,
        due_on=on + timedelta(days=14),
        original_amount=amount,
        open_amount=amount,
        discount_until=on + timedelta(days=10) if who.habit is _discount_late else None,
        discount_amount=amount * 2 // 100 if who.habit is _discount_late else 0,
    )


def _pay(chance: random.Random, who: Regular, day: date, place: int) -> tuple[Payment, Truth] | None:
    way = who.habit(chance, who, day)
    if way is None:
        return None
    items, text, name, account = way
    payment_id = f"h{day:%y%m%d}{place:05d}"
    payment = Payment(
        payment_id=payment_id,
        account="HOUSE",
        currency="EUR",
        amount=sum(item.cash for item in items),
        booked_on=day,
        valued_on=day,
        payer_name=name,
        payer_account=account,
        remittance=text,
    )
    kind = who.habit.__name__.strip("_")
    customer = who.customer.customer_id
    truth = Truth(payment_id=payment_id, kind=kind, outcome="settle", customer_id=customer, items=tuple(items))
    return payment, truth

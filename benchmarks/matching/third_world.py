"""The third world: kept apart from all work on the engine, measured for the record only.

A trading house in Poland and Britain: numbers like ``87/09/2026`` and ``FS 12/26/MAG1``, Roman months, alphanumeric
blocks, and a series that begins anew for every customer; long narratives with contract numbers, VAT numbers and
telephones; month-end statement totals; cheques; strangers who pay for others.
"""

import random
from collections import defaultdict
from datetime import date, timedelta

from benchmarks.matching.people import make_iban
from benchmarks.matching.third_plays import AS_OF, HOUSE, SHARES, Desk, House
from benchmarks.matching.world import World
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.policy import History, Policy, Tolerance

_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_HEAD = "Zakład|Przedsiębiorstwo|Hurtownia|The|Old|Royal|Grupa|Firma|Studio|Northern|Nowa|Biuro".split("|")
_BODY = (
    "Cedr|Wisła Paper|Kestrel|Brzoza|Thornbury|Ostoja|Halcyon|Sokół|Marlow|Źródło|Quayside|Jantar|Wrexham Tile|Łąka|"
    "Pembroke|Gwiazda|Ravenscroft|Świt|Dunmore|Bursztyn|Ashdown|Żubr|Kingsley|Morena"
).split("|")
_KIND = (
    "Handlowe|Usługi|Stores|Dairies|Budowa|Instalacje|Press|Chemia|Timber|Catering|Lakiery|Optics|Meble|Haulage".split(
        "|"
    )
)
_PLACE = ("Kraków", "Hull", "Oddział 2", "Gdynia", "North", "Radom", "Leeds")
_FORM = ("Sp. z o.o.", "S.A.", "Ltd", "plc", "LLP", "sp.k.", "s.c.", "")


def generate_third(payments: int, items: int, seed: int) -> World:
    """A world of ``items`` open items and at least ``payments`` payments; the same arguments, the same world."""
    dice = random.Random(f"third {payments} {items} {seed}")
    houses = _houses(dice, max(10, items // 12))
    _bills(dice, houses, items)
    desk = Desk(dice, houses)
    owners = [(house, one) for house in houses for one in house.open if one.open_amount > 0]
    plays, shares = [play for play, _ in SHARES], [share for _, share in SHARES]
    while len(desk.rows) < payments:
        play = dice.choices(plays, shares)[0]
        for _ in range(200):
            house, one = dice.choice(owners)
            if one.item_id not in desk.used and house.key not in desk.shut and play(desk, house, one):
                break
    for rows in (houses, desk.rows):
        dice.shuffle(rows)
    policy = Policy(
        tolerance=(("EUR", Tolerance(amount=20, per_ten_thousand=10)),),
        charges_limit=(("EUR", 1_000),),
        grace_days=0,
        house_accounts=(HouseAccount(account=HOUSE, currency="EUR"),),
    )
    return World(
        name="third world",
        seed=seed,
        as_of=AS_OF,
        policy=policy,
        customers=tuple(
            Customer(
                customer_id=house.key,
                name=house.name,
                ibans=(house.iban,) if house.known else (),
                parent_id=house.parent,
            )
            for house in houses
        ),
        open_items=tuple(one for house in houses for one in house.open),
        history=History(settled_items=tuple(one for house in houses for one in house.done)),
        payments=tuple(payment for payment, _ in desk.rows),
        truth={truth.payment_id: truth for _, truth in desk.rows},
    )


def _houses(dice: random.Random, count: int) -> list[House]:
    houses: list[House] = []
    for number in range(count):
        name = " ".join(
            filter(None, (dice.choice((*_HEAD, "", "")), dice.choice(_BODY), dice.choice(_KIND), dice.choice(_FORM)))
        )
        if any(house.name == name for house in houses[-400:]) or dice.random() < 0.3:
            name = f"{name} {dice.choice(_PLACE)} {number % 97}"
        shown = (
            name.upper()
            if dice.random() < 0.5
            else name.replace("Sp. z o.o.", "SPÓŁKA Z OGRANICZONĄ ODPOWIEDZIALNOŚCIĄ")
        )
        parent = dice.choice(houses) if houses and dice.random() < 0.08 else None
        houses.append(
            House(
                key=str(300_000 + number),
                name=name,
                shown=shown,
                iban=make_iban(dice, dice.choice(("PL", "GB"))),
                known=dice.random() < 0.7,
                style=dice.randrange(6),
                prices=tuple(dice.choice((9_900, 19_900, 24_600, 49_200, 61_500)) for _ in range(2)),
                terms=dice.choice((7, 14, 30, 60)),
                parent=(parent.parent or parent.key) if parent else "",
            )
        )
    return houses


def _bills(dice: random.Random, houses: list[House], count: int) -> None:
    counters: dict[str, int] = defaultdict(int)
    sizes = [dice.choice((1, 1, 1, 2, 5)) for _ in houses]
    plan = [
        (AS_OF - timedelta(days=dice.randrange(1, 100)), dice.random(), house, True)
        for house in dice.choices(houses, sizes, k=count)
    ]
    plan += [
        (AS_OF - timedelta(days=dice.randrange(20, 500)), dice.random(), house, False)
        for house in dice.choices(houses, sizes, k=count)
    ]
    plan.sort(key=lambda bill: bill[:2])
    keys = dice.sample(range(10**9), len(plan))
    for key, (day, _, house, is_open) in zip(keys, plan, strict=True):
        subscription = house.style == 5
        amount = (
            dice.choice(house.prices)
            if subscription
            else dice.choice((dice.randrange(900, 90_000), dice.randrange(90_000, 900_000)))
        )
        credit = dice.random() < 0.03
        amount = -amount // 4 if credit else amount
        series = f"{house.style}{'k' if credit else ''}"
        span = (
            house.key
            if house.style == 4
            else str(day.year)
            if house.style in {1, 3}
            else f"{day:%Y%m}"
            if house.style < 3
            else ""
        )
        counters[series + span] += 1
        early = not credit and not subscription and dice.random() < 0.15
        item = OpenItem(
            item_id=f"{key:09d}",
            number=_number(house.style, day, counters[series + span], credit=credit),
            kind="credit_note" if credit else "invoice",
            customer_id=house.key,
            currency="EUR",
            issued_on=day,
            due_on=day + timedelta(days=house.terms),
            original_amount=amount,
            open_amount=amount if is_open else 0,
            discount_until=day + timedelta(days=10) if early else None,
            discount_amount=amount * 2 // 100 if early else 0,
            settled_on=None if is_open else min(AS_OF - timedelta(days=5), day + timedelta(days=house.terms)),
        )
        (house.open if is_open else house.done).append(item)


def _number(style: int, day: date, count: int, *, credit: bool) -> str:
    """Six series: per month, per year and store, Roman month, alphanumeric block, per customer, and for ever."""
    mark = "K" if credit else ""
    return (
        f"{mark}{count}/{day:%m/%Y}",
        f"FS{mark} {count}/{day:%y}/MAG1",
        f"{mark}A/{count}/{_ROMAN[day.month]}/{day:%Y}",
        f"INV{mark}-{chr(65 + count // 2600 % 26)}{count % 2600:04d}-{day:%y}",
        f"{mark}{count:04d}",
        f"{mark}{700_000 + count}",
    )[style]

"""The fourth world: a wholesaler of the North, the East and the South, made to find wrong postings.

Numbers that look like anything else: four digits (years, postcodes, ends of telephone numbers), two years' numbers that
begin anew, dates with a counter, check digits, branches, the Czech variable symbol; Norwegian, Swedish and Finnish
references. Narratives in eight languages, cut at 35, 70 or 140 characters or broken at 27.
"""

import random
from collections import defaultdict
from datetime import date, timedelta

from stdnum import luhn

from benchmarks.matching.fourth_desk import AS_OF, HOUSE, Counter, Trader
from benchmarks.matching.fourth_plays import PLAYS
from benchmarks.matching.fourth_traps import TRAPS
from benchmarks.matching.people import make_iban
from benchmarks.matching.world import World
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.policy import History, Policy, Tolerance

_STEMS = {
    "NO": "Nordtex Fjellbygg Havbruk Lofoten-Fisk Bryggen Solberg Østlund Åsgård Trondheim-Stål Vestkyst",
    "SE": "Björklund Sjöberg Göta-Plåt Norrlack Västerhus Ångström Malmö-Färg Lindqvist Åkerlund Ystad-Trä",
    "DK": "Sønderskov Jysk-Beton Ærø-Marine Kjærgaard Nørrebro Fynbo Rødby-Glas Søgaard Holbæk Østerbro",
    "FI": "Mäkinen Järvi-Puu Lähde Hämeen-Teräs Pöyry Äänekoski Virtanen Saimaa Ylä-Savo Kallio",
    "PL": "Żywiec-Stal Łukasz Krępa Wójcik Śląsk-Met Gdyniak Brzęczek Ostrów Źródełko Zieliński",
    "CZ": "Dvořák Šumava Kovář Jihlava-Sklo Třinec Růžička Hájek Beskydy Žatec Příbram",
    "PT": "Conceição Simões Lusitânia Magalhães Estremoz Açores Gonçalves Ribatejo Fundão Guimarães",
    "ES": "Peñalver Ibáñez Castellón Muñoz Cataluña-Acero Logroño Núñez Cáceres Alcalá Vigo-Mar",
}
_TRADES = {
    "NO": "Bygg Handel Transport Eiendom", "SE": "Bygg Handel Åkeri Maskin", "DK": "Byg Handel Transport Maskiner",
    "FI": "Rakennus Kauppa Kuljetus Kone", "PL": "Budowa Handel Transport Hurt", "CZ": "Stavby Obchod Doprava Stroje",
    "PT": "Construções Comércio Transportes Máquinas", "ES": "Obras Comercial Transportes Maquinaria",
}  # fmt: skip
_FORMS = {
    "NO": "AS",
    "SE": "AB",
    "DK": "ApS",
    "FI": "Oy",
    "PL": "Sp. z o.o.",
    "CZ": "s.r.o.",
    "PT": "Lda",
    "ES": "S.L.",
}
_TOWNS = ("Nord", "Syd", "Vest", "Centrum", "II", "Holding", "Service")
_STYLES = 9


def generate_fourth(payments: int, items: int, seed: int) -> World:
    """A world of ``items`` open items and at least ``payments`` payments; the same arguments, the same world."""
    dice = random.Random(f"fourth {payments} {items} {seed}")
    traders = _traders(dice, max(12, items // 11))
    _invoice(dice, traders, items)
    counter = Counter(dice, traders)
    owners = [(trader, one) for trader in traders for one in trader.open if one.open_amount > 0]
    table = (*PLAYS, *TRAPS)
    plays, shares = [play for play, _ in table], [share for _, share in table]
    while len(counter.rows) < payments:
        play = dice.choices(plays, shares)[0]
        for _ in range(150):
            trader, one = dice.choice(owners)
            if one.item_id not in counter.used and play(counter, trader, one):
                break
    for rows in (traders, counter.rows):
        dice.shuffle(rows)
    return World(
        name="fourth world",
        seed=seed,
        as_of=AS_OF,
        policy=Policy(
            tolerance=(("EUR", Tolerance(amount=50, per_ten_thousand=20)),),
            charges_limit=(("EUR", 2_000),),
            house_accounts=(HouseAccount(account=HOUSE, currency="EUR"),),
        ),
        customers=tuple(
            Customer(
                customer_id=trader.key,
                name=trader.name,
                ibans=(trader.iban,) if trader.known else (),
                country=trader.country,
                parent_id=trader.parent,
                payer_ids=trader.factors,
            )
            for trader in traders
        ),
        open_items=tuple(one for trader in traders for one in trader.open),
        history=History(settled_items=tuple(one for trader in traders for one in trader.done)),
        payments=tuple(payment for payment, _ in counter.rows),
        truth={truth.payment_id: truth for _, truth in counter.rows},
    )


def _traders(dice: random.Random, count: int) -> list[Trader]:
    """Customers; one in seven is a sister of another with nearly the same name, half of those in one group with it."""
    traders: list[Trader] = []
    names: set[str] = set()
    while len(traders) < count:
        country = dice.choice(tuple(_STEMS))
        sister = dice.choice(traders) if traders and dice.random() < 0.15 else None
        if sister is not None:
            country = sister.country
            stem = sister.name.removesuffix(" " + _FORMS[country])
            name = f"{stem} {dice.choice(_TOWNS)} {_FORMS[country]}"
        else:
            first = dice.choice(_STEMS[country].split())
            second = f" & {dice.choice(_STEMS[country].split())}" if dice.random() < 0.3 else ""
            name = f"{first}{second} {dice.choice(_TRADES[country].split())} {_FORMS[country]}"
        if name in names:
            name = f"{name.removesuffix(_FORMS[country])}{dice.randrange(2, 99)} {_FORMS[country]}"
        if name in names:
            continue
        names.add(name)
        factor = (make_iban(dice, dice.choice(("DE", "FR", "NL"))),) if dice.random() < 0.04 else ()
        traders.append(
            Trader(
                key=f"{dice.choice('KCD')}{20_000 + 7 * len(traders)}"
                if count > 300
                else f"{4_000 + 3 * len(traders)}",
                name=name,
                country=country,
                iban=_account(dice, country),
                known=dice.random() < 0.65,
                style=dice.randrange(_STYLES),
                habit=dice.choice(("any", "any", "any", "net", "flat")),
                flat=dice.choice((25_000, 49_900, 62_500, 99_000, 124_900)),
                terms=dice.choice((8, 14, 20, 30, 45)),
                parent=(sister.parent or sister.key) if sister and dice.random() < 0.5 else "",
                factors=factor,
            )
        )
    return traders


def _account(dice: random.Random, country: str) -> str:
    """An IBAN of the country's length; its check digits are not looked at by anybody here."""
    length = {"NO": 15, "SE": 24, "DK": 18, "FI": 18, "PL": 28, "CZ": 24, "PT": 25, "ES": 24}[country]
    return country + "".join(dice.choice("0123456789") for _ in range(length - 2))


def _invoice(dice: random.Random, traders: list[Trader], count: int) -> None:
    sizes = [dice.choice((1, 1, 2, 3, 8)) for _ in traders]
    plan = [
        (AS_OF - timedelta(days=1 + int(dice.triangular(0, 120, 15))), dice.random(), trader, True)
        for trader in dice.choices(traders, sizes, k=count)
    ]
    plan += [
        (AS_OF - timedelta(days=14 + int(dice.triangular(0, 600, 60))), dice.random(), trader, False)
        for trader in dice.choices(traders, sizes, k=count)
    ]
    plan.sort(key=lambda row: row[:2])
    counters: dict[str, int] = defaultdict(int)
    keys = dice.sample(range(10**8, 10**9), len(plan))
    for key, (day, _, trader, is_open) in zip(keys, plan, strict=True):
        credit = dice.random() < 0.04
        amount = _amount(dice, trader)
        amount = -max(500, amount // dice.choice((2, 4, 10))) if credit else amount
        number = _number(trader, day, counters, credit=credit)
        early = not credit and dice.random() < 0.12
        item = OpenItem(
            item_id=f"{key}",
            number=number,
            kind="credit_note" if credit else "invoice",
            customer_id=trader.key,
            currency="EUR",
            issued_on=day,
            due_on=day + timedelta(days=trader.terms),
            original_amount=amount,
            open_amount=amount if is_open else 0,
            payment_reference="" if credit else _reference(trader, number),
            discount_until=day + timedelta(days=10) if early else None,
            discount_amount=amount * 3 // 100 if early else 0,
            settled_on=None if is_open else min(AS_OF - timedelta(days=4), day + timedelta(days=trader.terms)),
            other_references=(f"{dice.randrange(10**5, 10**6)}",) if dice.random() < 0.15 else (),
        )
        (trader.open if is_open else trader.done).append(item)


def _amount(dice: random.Random, trader: Trader) -> int:
    if trader.habit == "flat":
        return trader.flat * dice.choice((1, 1, 1, 2, 4))
    if trader.habit == "net":
        return dice.choice((800, 1_000, 1_200, 2_000, 2_400, 4_000, 5_000, 6_000, 8_000, 10_000)) * 125
    return max(900, round(dice.lognormvariate(10.9, 1.2)))


def _number(trader: Trader, day: date, counters: dict[str, int], *, credit: bool) -> str:
    """Nine ways to number, and the credit notes of each."""
    style, mark = trader.style, "K" if credit else ""
    yearly = style in {0, 4, 8}
    span = f"{style}{mark}{day.year if yearly else ''}{trader.key[-1] if style == 2 else ''}"
    counters[span] += 1
    count = counters[span]
    checked = f"{('9' if credit else '4')}{123_000 + count}"
    return (
        f"{day:%y}{'Z' if credit else 'A'}{count:05d}",
        checked + luhn.calc_check_digit(checked),
        f"BR0{trader.key[-1]}{mark}-{2_000 + count}",
        f"{mark}{1_000 + count}",
        f"{'NC' if credit else 'FT'} {day:%Y}A/{count}",
        f"{day:%y}{'7' if credit else '1'}05{count:05d}",
        f"{'R' if credit else 'F'}-{day:%y%m%d}-{count % 9 + 1}{count // 9 % 90:02d}",
        f"{mark}{31_000_000 + count * 3}",
        f"{count}/{day.year}{mark}",
    )[style]


def _reference(trader: Trader, number: str) -> str:
    """What is printed for the bank: KID, OCR, viitenumero, variable symbol; nothing in the other countries."""
    digits = "".join(filter(str.isdigit, number))
    body = "".join(filter(str.isdigit, trader.key)) + f"{digits[-8:]:0>8}"
    if trader.country in {"NO", "SE"}:
        return body + luhn.calc_check_digit(body)
    if trader.country == "FI":
        weights = (7, 3, 1)
        total = sum(int(digit) * weights[at % 3] for at, digit in enumerate(reversed(body)))
        return body + str(-total % 10)
    return digits[-10:] if trader.country == "CZ" and trader.style in {1, 5, 7} else ""

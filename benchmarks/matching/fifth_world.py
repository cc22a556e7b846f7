"""The fifth world: a wholesaler in southern and northern Europe, written from the trade before reading the engine.

Its numbers look like dates, postcodes and amounts; credit notes take the next number of the invoices' series; branches,
shops and tills stand in the number; order and customer numbers are other people's invoice numbers; groups owe the same
amounts; crowns and złoty stand beside euros. One payment in six must not be posted. Shares are judgement.
"""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from stdnum.iso7064 import mod_97_10

from benchmarks.matching.fifth_office import HOUSES, OWN_NAME, TODAY, Firm, Office, number
from benchmarks.matching.fifth_plays import PLAYS
from benchmarks.matching.fifth_tangles import TANGLES
from benchmarks.matching.world import World
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.policy import History, Policy, Tolerance

_NAMES = {
    "ES": ("Almazara Bodegas Carpintería Ferretería Hostal Panadería Talleres Viveros Áridos Confecciones",
           "Albéniz Barral Cifuentes Egea Garrido Ibáñez Lozano Muñoz Ortega Pastor Quintana Rosales Sáez Zamora",
           ("S.L.", "S.A.", "S.L.U.", "S.Coop.")),
    "IT": ("Officine Panificio Cartoleria Ceramiche Edilizia Ferramenta Mobilificio Pastificio Tipografia Vivai",
           "Abate Bellini Conti D'Angelo Esposito Ferri Grassi Lombardi Marchetti Neri Orsini Rinaldi Sartori Villa",
           ("S.r.l.", "S.p.A.", "S.n.c.", "S.a.s.")),
    "PL": ("Zakład Hurtownia Cukiernia Drukarnia Stolarnia Młyn Tartak Warsztat Apteka Piekarnia",
           "Adamczyk Borkowski Czarnecki Dąbrowski Gajda Jabłoński Kaźmierczak Łuczak Olejnik Śliwiński Żurek Wrona",
           ("Sp. z o.o.", "S.A.", "Sp.j.", "Sp.k.")),
    "SE": ("Bageri Bygg El Färg Glas Järn Måleri Plåt Rör Trä",
           "Almgren Björk Dahlén Engström Forsberg Hägg Åkesson Lindqvist Nordin Öberg Sjögren Wikström Ståhl Ek",
           ("AB", "HB", "KB", "AB")),
    "FR": ("Ateliers Boulangerie Chaudronnerie Domaine Établissements Garage Imprimerie Menuiserie Pépinières Scierie",
           "Aubert Besnard Chevalier Delaunay Fournier Guérin Joubert Lemaître Moreau Noël Perrault Rivière Vasseur",
           ("SARL", "SAS", "SA", "EURL")),
}  # fmt: skip
_TOWNS = ("Norte", "Sur", "Est", "Ouest", "Centro", "Nord", "Syd", "Zachód")
_LENGTH = {"ES": 24, "IT": 27, "PL": 28, "SE": 24, "FR": 27}
_SCHEMES = {
    "ES": (2, 3, 7, 8, 0), "IT": (4, 1, 5, 4, 0), "PL": (8, 0, 1, 6, 7), "SE": (6, 7, 3, 6, 1), "FR": (5, 0, 7, 2, 5)
}  # fmt: skip


def generate_fifth(payments: int, items: int, seed: int) -> World:
    """A world of ``items`` open items and at least ``payments`` payments; the same arguments, the same world."""
    luck = random.Random(f"fifth {payments} {items} {seed}")
    firms = _firms(luck, max(15, items // 10))
    _bill(luck, firms, items)
    _share_numbers(luck, firms)
    office = Office(luck, firms)
    cards = [(firm, one) for firm in firms for one in firm.open if one.open_amount > 0 and not one.disputed]
    table = (*PLAYS, *TANGLES)
    plays, shares = [play for play, _ in table], [share for _, share in table]
    while len(office.rows) < payments:
        play = luck.choices(plays, shares)[0]
        for _ in range(200):
            firm, one = luck.choice(cards)
            if one.item_id not in office.taken and play(office, firm, one):
                break
    luck.shuffle(firms)
    luck.shuffle(office.rows)
    return World(
        name="fifth world",
        seed=seed,
        as_of=TODAY,
        policy=Policy(
            tolerance=(("EUR", Tolerance(amount=60, per_ten_thousand=25)),),
            charges_limit=(("EUR", 1_500), ("SEK", 1_500), ("PLN", 1_500)),
            house_accounts=tuple(
                HouseAccount(account=account, currency=currency, name=OWN_NAME) for currency, account in HOUSES.items()
            ),
        ),
        customers=tuple(
            Customer(
                customer_id=firm.key,
                name=firm.name,
                ibans=(firm.iban,) if firm.known else (),
                country=firm.country,
                parent_id=firm.head,
                payer_ids=(firm.factor,) if firm.factor else (),
            )
            for firm in firms
        ),
        open_items=tuple(one for firm in firms for one in firm.open),
        history=History(settled_items=tuple(one for firm in firms for one in firm.gone)),
        payments=tuple(payment for payment, _ in office.rows),
        truth={truth.payment_id: truth for _, truth in office.rows},
    )


def _firms(luck: random.Random, count: int) -> list[Firm]:
    """Customers; one in six belongs to a group and pays the prices of its head, one in twenty shares a first name."""
    firms: list[Firm] = []
    names: set[str] = set()
    while len(firms) < count:
        country = luck.choice(tuple(_NAMES))
        head = luck.choice(firms) if firms and luck.random() < 0.16 else None
        if head is not None:
            head = next((firm for firm in firms if firm.key == head.head), head)
            country = head.country
        trades, people, forms = _NAMES[country]
        stem = f"{luck.choice(trades.split())} {luck.choice(people.split())}"
        if head is not None:
            stem = " ".join(head.name.split()[:2])
        name = f"{stem} {luck.choice(_TOWNS) if head or luck.random() < 0.3 else luck.choice(people.split())}"
        name = f"{name} {luck.choice(forms)}"
        if name in names:
            name = f"{stem} {luck.randrange(3, 99)} {luck.choice(forms)}"
        if name in names:
            continue
        names.add(name)
        firms.append(_firm(luck, len(firms), name, country, head))
    return firms


def _firm(luck: random.Random, place: int, name: str, country: str, head: Firm | None) -> Firm:
    own = {"SE": "SEK", "PL": "PLN"}.get(country, "EUR")
    price = luck.choice((12_500, 24_200, 36_300, 48_400, 60_500, 99_900))
    return Firm(
        key=f"{12_100 + 7 * place}",
        name=name,
        country=country,
        iban=_iban(luck, country),
        known=luck.random() < 0.6,
        scheme=head.scheme if head else luck.choice(_SCHEMES[country]),
        currency=head.currency if head else own if luck.random() < 0.3 else "EUR",
        prices=head.prices if head else luck.choice(((), (), (price,), (price, price * 2, price * 3))),
        days=luck.choice((10, 15, 30, 30, 60)),
        head=head.key if head else "",
        factor=_iban(luck, "ES") if luck.random() < 0.03 else "",
        owner=(f"{luck.choice('ABCEGLMPRST')}. {name.split()[1]}", _iban(luck, country)),
    )


def _iban(luck: random.Random, country: str) -> str:
    letter = luck.choice("ABKX") if country == "IT" else ""
    body = letter + "".join(luck.choice("0123456789") for _ in range(_LENGTH[country] - 4 - len(letter)))
    rest = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00")) % 97
    return f"{country}{98 - rest:02d}{body}"


def _bill(luck: random.Random, firms: list[Firm], count: int) -> None:
    """Issue open and settled documents by date, so that numbers grow with time."""
    weights = [min(luck.paretovariate(1.2), 25) for _ in firms]
    plan = [
        (TODAY - timedelta(days=min(1 + int(luck.expovariate(1 / 35)), 160)), luck.random(), firm, True)
        for firm in luck.choices(firms, weights, k=count)
    ]
    plan += [
        (TODAY - timedelta(days=15 + int(luck.triangular(0, 500, 30))), luck.random(), firm, False)
        for firm in luck.choices(firms, weights, k=count)
    ]
    plan.sort(key=lambda row: row[:2])
    counts: dict[str, int] = defaultdict(int)
    keys = luck.sample(range(10**6, 10**8), len(plan))
    for key, (day, _, firm, is_open) in zip(keys, plan, strict=True):
        credit = luck.random() < 0.05
        amount = luck.choice(firm.prices) if firm.prices else max(800, round(luck.lognormvariate(10.7, 1.25)))
        amount = -max(400, amount // luck.choice((2, 3, 7))) if credit else amount
        told = number(firm, day, counts, credit=credit)
        early = not credit and luck.random() < 0.15
        item = OpenItem(
            item_id=f"{key}",
            number=told,
            kind="credit_note" if credit else "invoice",
            customer_id=firm.key,
            currency=firm.currency,
            issued_on=day,
            due_on=day if credit else day + timedelta(days=firm.days),
            original_amount=amount,
            open_amount=amount if is_open else 0,
            payment_reference="" if credit else _printed(firm, told),
            discount_until=day + timedelta(days=8) if early else None,
            discount_amount=amount * 2 // 100 if early else 0,
            disputed=is_open and not credit and luck.random() < 0.02,
            settled_on=None if is_open else min(TODAY - timedelta(days=4), day + timedelta(days=firm.days)),
            other_references=(f"{luck.randrange(10_000, 99_999)}",) if luck.random() < 0.1 else (),
        )
        (firm.open if is_open else firm.gone).append(item)


def _printed(firm: Firm, told: str) -> str:
    """RF on Spanish, Italian and French paper of three series, a Swedish OCR number with its length digit."""
    digits = "".join(filter(str.isdigit, told))
    if firm.country in {"ES", "IT", "FR"} and firm.scheme in {0, 1, 8}:
        body = f"{firm.key}{digits[-8:]}"
        return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"
    if firm.country == "SE":
        body = f"{firm.key}{digits[-7:]:0>7}"
        body += str((len(body) + 2) % 10)
        total = sum(sum(divmod(int(sign) * (2 - at % 2), 10)) for at, sign in enumerate(reversed(body)))
        return body + str(-total % 10)
    return ""


def _share_numbers(luck: random.Random, firms: list[Firm]) -> None:
    """One order number in four is what somebody else's invoice of five or six digits is called."""
    short = [one.number for firm in firms for one in firm.open if firm.scheme in {6, 7}]
    for firm in firms if short else ():
        for at, one in enumerate(firm.open):
            if one.other_references and luck.random() < 0.25:
                firm.open[at] = replace(one, other_references=(luck.choice(short),))

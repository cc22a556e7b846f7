"""Debtors of the second world: chains with branches, landlords' tenants, sole traders, shared accounts."""

import random
from dataclasses import dataclass, field

from benchmarks.matching.people import make_iban
from matching.model.open_item import Customer, OpenItem

_FIRST = (
    "Anna Bram Carla Dirk Elena Fabio Greta Hugo Ines Jonas Karin Luis Marta Nils Olga Piotr Rosa Sven Tess Ugo".split()
)
_LAST = (
    "van den Berg|de Wit|O'Brien|García López|Lindström|Rossi|Van de Velde|Nguyen|Øvergård|Håkansson|D'Angelo|Novák|"
    "Fernández|Bianchi|ter Horst|Čermák|Pérez Ruiz|Mac Donald|Sørensen|Ferrari|de la Cruz|Åberg|Żak|El Amrani"
).split("|")
_CORE = (
    "Nordlicht Aqua|Delta Fresh|Casa Verde|Blue Anchor|Polar Freight|Sole Mio|Tulip Trading|Iberia Fruta|Alpen Frisch|"
    "Baltic Timber|Grand Café|Zephyr Media|Monte Rosa|Fjord Seafood|Atlas Rental|Orion Dental|Pico Textil|Hanse Kontor|"
    "Noord Bouw|Lago Hotels|Vega Solar|Metro Clean|Silva Wood|Porto Sul|Arctic Parts|Campo Bio|Rialto Foods"
).split("|")
_TAIL = "Group|International|Services|Trading|Europe|Retail|Partners|Solutions|Concept|Holding|Systems|Works".split("|")
_FORM = {
    "ES": ("S.L.", "S.A.", "SLU"), "IT": ("S.r.l.", "S.p.A.", "S.n.c."),
    "SE": ("AB", "Aktiebolag"), "FI": ("Oy", "Oyj"),
    "NO": ("AS", "ASA"), "NL": ("B.V.", "Holding B.V."), "CH": ("AG", "Sàrl"), "IE": ("Limited", "DAC"),
    "DE": ("GmbH", "gGmbH", "eG"), "CZ": ("s.r.o.", "a.s."),
}  # fmt: skip
_CITY = (
    "Malmö|Bilbao|Torino|Turku|Bergen|Eindhoven|Basel|Cork|Kiel|Brno|Sevilla|Verona|Uppsala|Genève|Arnhem|Galway".split(
        "|"
    )
)
_LANGUAGE = {
    "ES": "es",
    "IT": "it",
    "SE": "en",
    "FI": "en",
    "NO": "en",
    "NL": "nl",
    "CH": "fr",
    "IE": "en",
    "DE": "de",
    "CZ": "en",
}
# Countries whose accounts the shared IBAN maker does not know bank there through another one.
_BANK_COUNTRY = {"ES": "FR", "IT": "FR", "SE": "DE", "FI": "BE", "NO": "DE", "IE": "GB", "CZ": "PL"}
KINDS = ("chain", "branch", "tenant", "trader", "firm")


@dataclass(slots=True)
class Party:
    """A debtor with what only the generator knows: how the bank prints the name, and who else pays."""

    key: str
    kind: str
    name: str
    printed: str
    country: str
    language: str
    account: str
    in_erp: bool
    head: "Party | None"
    rent: int
    terms: int
    rebate: int
    structured: bool
    open: list[OpenItem] = field(default_factory=list)
    paid: list[OpenItem] = field(default_factory=list)

    def customer(self) -> Customer:
        return Customer(
            customer_id=self.key,
            name=self.name,
            ibans=(self.account,) if self.in_erp else (),
            country=self.country,
            parent_id=self.head.key if self.head else "",
            aliases=(self.printed,) if self.in_erp and self.printed != self.name and self.kind == "firm" else (),
        )


def draw_parties(dice: random.Random, count: int) -> list[Party]:
    """Mostly firms, many tenants and sole traders, a few chains whose head office pays for the branches."""
    parties: list[Party] = []
    heads: list[Party] = []
    used: set[str] = set()
    for number in range(count):
        kind = dice.choices(KINDS, (3, 22, 18, 17, 40))[0]
        if kind == "branch" and not heads:
            kind = "chain"
        head = dice.choice(heads) if kind == "branch" else None
        party = _draw_one(dice, number, kind, head, used)
        parties.append(party)
        if kind == "chain":
            heads.append(party)
    return parties


def _draw_one(dice: random.Random, number: int, kind: str, head: Party | None, used: set[str]) -> Party:
    country = head.country if head else dice.choice(sorted(_FORM))
    name, printed = _name(dice, kind, head, country)
    while name in used:
        name, printed = _name(dice, kind, head, country)
        if name in used:
            name, printed = f"{name} {number}", f"{printed} {number}"
    used.add(name)
    return Party(
        key=f"C{number * 7 + 1003:06d}",
        kind=kind,
        name=name,
        printed=printed,
        country=country,
        language=_LANGUAGE.get(country, "en"),
        account=make_iban(dice, _BANK_COUNTRY.get(country, country)),
        in_erp=dice.random() < (0.9 if kind in {"chain", "tenant"} else 0.65),
        head=head,
        rent=dice.choice((45_000, 60_000, 72_500, 80_000, 95_000, 110_000, 125_000, 148_750)),
        terms=dice.choice((8, 10, 30, 30, 60, 90)),
        rebate=dice.choice((0, 0, 0, 1, 3)),
        structured=dice.random() < 0.5,
    )


def _name(dice: random.Random, kind: str, head: Party | None, country: str) -> tuple[str, str]:
    """The legal name, and how the payer's bank prints it."""
    if kind == "branch" and head:
        town = dice.choice(_CITY)
        shop = f"{head.name.rsplit(' ', 1)[0]} {town} {dice.choice(_FORM[country])}"
        return shop, shop
    if kind in {"tenant", "trader"} and dice.random() < 0.7:
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        trade = f" t/a {last} {dice.choice(_TAIL)}" if kind == "trader" else ""
        shown = dice.choice((f"{last} {first}", f"{first[0]}. {last}", f"{first} {last}", f"HR {first[0]} {last}"))
        return f"{first} {last}{trade}", shown
    core, tail = dice.choice(_CORE), dice.choice(_TAIL)
    city = f" {dice.choice(_CITY)}" if dice.random() < 0.5 else ""
    legal = f"{core}{city} {tail} {dice.choice(_FORM[country])}"
    address = f", {dice.choice(_CITY)} {dice.randrange(10, 99)}" if dice.random() < 0.25 else ""
    return legal, f"{legal}{address}" if dice.random() < 0.8 else f"{core}{city} {tail}"

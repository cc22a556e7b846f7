"""Who owes what: customers, invoices and credit notes of the demo company, before anybody pays."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from demo_company.numbers import belgian_reference, creditor_reference, finnish_reference, iban, invented_account

# Eight bank days; the night after the last of them is the one that the demo runs.
BANK_DAYS = [date(2026, 11, day) for day in (9, 10, 11, 12, 13, 16, 17, 18)]


@dataclass(frozen=True, kw_only=True)
class House:
    """One of the company's own bank accounts."""

    key: str
    account: str
    currency: str
    name: str
    opening: int


HOUSES = {
    "NL": House(
        key="NL", account=iban("NL", "INGB0001234567"), currency="EUR", name="ING Nederland", opening=48_211_950
    ),
    "DE": House(
        key="DE", account=iban("DE", "370400440532013000"), currency="EUR", name="Commerzbank Köln", opening=12_904_417
    ),
    "BE": House(key="BE", account=iban("BE", "735123456736"), currency="EUR", name="KBC Antwerpen", opening=20_650_003),
    "GB": House(
        key="GB", account=iban("GB", "NWBK60161331926819"), currency="GBP", name="NatWest London", opening=9_377_280
    ),
}
PAYS_INTO = {"NL": "NL", "DE": "DE", "CH": "DE", "BE": "BE", "FR": "BE", "FI": "BE", "GB": "GB"}


@dataclass(kw_only=True)
class Customer:
    """A debtor; `language` is the one in which they write what they pay for."""

    customer_id: str
    name: str
    country: str
    language: str
    account: str
    known_account: bool = True
    parent_id: str = ""
    aliases: str = ""

    @property
    def house(self) -> House:
        """The account of ours that they pay into."""
        return HOUSES[PAYS_INTO[self.country]]

    @property
    def currency(self) -> str:
        """British customers are invoiced in pounds, everybody else in euros."""
        return self.house.currency


@dataclass(kw_only=True)
class Item:
    """An invoice or credit note; its number is given once all are there, in the order of issue."""

    customer: Customer
    kind: str
    issued_on: date
    due_on: date
    amount: int
    currency: str
    number: str = ""
    item_id: str = ""
    reference_scheme: str = ""
    payment_reference: str = ""
    discount_date: date | None = None
    discount: int = 0
    disputed: bool = False
    open_amount: int = 0
    settled_on: date | None = None
    serial: int = field(default=0)


NAMES = {
    ("NL", "nl"): [
        "Bakkerij De Vier Winden B.V.",
        "Van der Meulen Installatietechniek B.V.",
        "Gebr. Oosterwijk V.O.F.",
        "Stichting Zorggroep Hoogeveld",
        "Kwekerij Rozenhof B.V.",
        "Jansen & Zn. Bouwmaterialen B.V.",
        "Jansma Transport B.V.",
        "Technische Groothandel Terwisscha B.V.",
        "Drukkerij Meridiaan B.V.",
        "Hotel De Gouden Leeuw Exploitatie B.V.",
        "Scheepswerf Nieuwersluis B.V.",
        "Groenlab Advies",
        "Fietsfabriek Ketting & Zonen B.V.",
        "Zuivelhoeve Winterswijk B.V.",
        "Aannemersbedrijf K. Dijkgraaf B.V.",
        "Sportcentrum Merwede B.V.",
        "Apotheek Lindehout",
        "Autobedrijf Terpstra B.V.",
        "Visgroothandel Urkerland B.V.",
        "Keukenstudio Van Leusden B.V.",
        "Interieurbouw Haverkort B.V.",
        "Waterland Holding B.V.",
        "Waterland Logistiek B.V.",
        "Waterland Retail B.V.",
    ],
    ("DE", "de"): [
        "Müller Maschinenbau GmbH & Co. KG",
        "Bäckerei Großkopf e.K.",
        "Nordlicht Elektrotechnik GmbH",
        "Schäfer & Söhne Holzhandel GmbH",
        "Rheintal Verpackungen AG",
        "Autohaus Königsforst GmbH",
        "Klinikum Weserblick gGmbH",
        "Stahlbau Overrath GmbH",
        "Weingut Sonnleitner",
        "Hahnemeier Druckguss GmbH",
        "Bergmann Sanitär GmbH",
        "Bergmann Sanitätshaus GmbH",
        "Lüdenscheider Leuchten GmbH",
        "Friesische Teehandlung OHG",
        "Brauerei Löwenstein KG",
        "Ostwald Gruppe GmbH",
        "Ostwald Service GmbH",
        "Ostwald Technik GmbH",
    ],
    ("BE", "nl"): [
        "Brouwerij Ten Duinen NV",
        "Textiel Vandenbossche BV",
        "Garage Maeterlinck BV",
        "Vlaamse Bouwunie NV",
    ],
    ("BE", "fr"): ["Imprimerie Sambre et Meuse SA", "Carrières de l'Ourthe SRL", "Clinique Saint-Amand ASBL"],
    ("FR", "fr"): [
        "Établissements Lefèvre SARL",
        "Société Générale de Menuiserie SAS",
        "Boulangerie Chez Élodie",
        "Transports Garonne SAS",
        "Vignobles du Haut-Clos SCEA",
        "Électricité Marchand & Fils SARL",
        "Groupe Ardoise SA",
        "Ardoise Distribution SAS",
    ],
    ("GB", "en"): [
        "Thornbury Foods Ltd",
        "Pemberton & Sons Ltd",
        "Oakfield Joinery Limited",
        "Harrogate Tea Rooms LLP",
        "Cotswold Bicycle Co Ltd",
        "Whitby Marine Supplies Ltd",
        "Langley Print plc",
        "St Aldhelm's School Trust",
        "Fenwick Dairy Ltd",
        "Blackmoor Textiles Ltd",
    ],
    ("FI", "en"): ["Kuusijärvi Saha Oy"],
    ("CH", "de"): ["Zürcher Feinmechanik AG"],
}
# Group heads that pay for their members.
GROUPS = {
    "Waterland Logistiek B.V.": "Waterland Holding B.V.",
    "Waterland Retail B.V.": "Waterland Holding B.V.",
    "Ostwald Service GmbH": "Ostwald Gruppe GmbH",
    "Ostwald Technik GmbH": "Ostwald Gruppe GmbH",
    "Ardoise Distribution SAS": "Groupe Ardoise SA",
}
ALIASES = {
    "Hotel De Gouden Leeuw Exploitatie B.V.": "De Gouden Leeuw",
    "Gebr. Oosterwijk V.O.F.": "Oosterwijk;Gebroeders Oosterwijk",
    "Müller Maschinenbau GmbH & Co. KG": "Mueller Maschinenbau",
    "Établissements Lefèvre SARL": "Ets Lefevre",
    "St Aldhelm's School Trust": "ST ALDHELMS SCHOOL",
}
# The ERP does not know everybody's bank account.
ACCOUNT_UNKNOWN = {
    "Groenlab Advies",
    "Weingut Sonnleitner",
    "Boulangerie Chez Élodie",
    "Harrogate Tea Rooms LLP",
    "Apotheek Lindehout",
    "Garage Maeterlinck BV",
    "Langley Print plc",
}


class World:
    """Everything that is drawn: customers first, then items as the cases ask for them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.customers = self._customers()
        self.items: list[Item] = []
        self._amounts_used: set[tuple[str, int]] = set()

    def by_name(self, name: str) -> Customer:
        """The customer with this legal name."""
        return next(customer for customer in self.customers if customer.name == name)

    def paying_into(self, house: str, *, known_account: bool = False) -> list[Customer]:
        """Customers that pay into this account of ours, group members left out."""
        return [
            customer
            for customer in self.customers
            if customer.house.key == house
            and customer.name not in GROUPS
            and (customer.known_account or not known_account)
        ]

    def amount(self, customer: Customer, band: tuple[int, int] | None = None) -> int:
        """An invoice total including 21 % VAT, in cents, that this customer does not owe already."""
        low, high = band or self.chance.choice(
            [(4_000, 30_000)] * 3 + [(30_000, 180_000)] * 4 + [(180_000, 950_000)] * 2
        )
        while True:
            total = self.chance.randrange(low, high) * 121 // 100
            if (customer.customer_id, total) not in self._amounts_used:
                self._amounts_used.add((customer.customer_id, total))
                return total

    def invoice(
        self, customer: Customer, *, amount: int | None = None, issued: date | None = None, scheme: str = ""
    ) -> Item:
        """A new open invoice of the customer, issued some weeks before the statements."""
        issued = issued or BANK_DAYS[0] - timedelta(days=self.chance.randrange(12, 75))
        terms = self.chance.choice([14, 30, 30, 30, 45])
        total = amount if amount is not None else self.amount(customer)
        item = Item(
            customer=customer,
            kind="invoice",
            issued_on=issued,
            due_on=issued + timedelta(days=terms),
            amount=total,
            currency=customer.currency,
            reference_scheme=scheme,
            open_amount=total,
        )
        self.items.append(item)
        return item

    def credit_note(self, customer: Customer, amount: int) -> Item:
        """Money that we owe the customer."""
        issued = BANK_DAYS[0] - timedelta(days=self.chance.randrange(10, 30))
        item = Item(
            customer=customer,
            kind="credit_note",
            issued_on=issued,
            due_on=issued,
            amount=-amount,
            currency=customer.currency,
            open_amount=-amount,
        )
        self.items.append(item)
        return item

    def settled(self, customer: Customer, *, days_ago: int, amount: int | None = None) -> Item:
        """An invoice that was paid before the demo begins."""
        paid = BANK_DAYS[0] - timedelta(days=days_ago)
        item = self.invoice(customer, amount=amount, issued=paid - timedelta(days=self.chance.randrange(10, 45)))
        item.open_amount, item.settled_on = 0, paid
        return item

    def number_items(self) -> None:
        """Give numbers in the order of issue, as an ERP does: one range per kind and branch."""
        counters = {"VF26-": 3_871, "UK26-": 611, "CN26-": 204}
        widths = {"VF26-": 5, "UK26-": 4, "CN26-": 5}
        for place, item in enumerate(
            sorted(self.items, key=lambda item: (item.issued_on, item.customer.customer_id, item.amount))
        ):
            prefix = "CN26-" if item.kind == "credit_note" else "UK26-" if item.currency == "GBP" else "VF26-"
            counters[prefix] += self.chance.choice([1, 1, 1, 2])
            item.serial = counters[prefix]
            item.number = f"{prefix}{item.serial:0{widths[prefix]}d}"
            item.item_id = f"AR-{700_000 + place * 7}"
            item.payment_reference = _reference(item)

    def _customers(self) -> list[Customer]:
        made = []
        for (country, language), names in NAMES.items():
            for name in names:
                made.append(
                    Customer(
                        customer_id=f"{10_000 + 17 * (len(made) + 1)}",
                        name=name,
                        country=country,
                        language=language,
                        account=invented_account(country, self.chance),
                        known_account=name not in ACCOUNT_UNKNOWN,
                        aliases=ALIASES.get(name, ""),
                    )
                )
        ids = {customer.name: customer.customer_id for customer in made}
        for customer in made:
            customer.parent_id = ids.get(GROUPS.get(customer.name, ""), "")
        return made


def _reference(item: Item) -> str:
    """The structured reference printed on the invoice, where its country has the habit."""
    match item.reference_scheme:
        case "RF":
            return creditor_reference(item.number.replace("-", ""))
        case "OGM":
            return belgian_reference(260_000_000 + item.serial)
        case "viite":
            return finnish_reference(2_600_000 + item.serial)
        case _:
            return ""

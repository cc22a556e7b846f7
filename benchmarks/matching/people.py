"""Invented companies of the first world: names, legal forms, towns and bank accounts of eight countries."""

import random
from dataclasses import dataclass, field

from matching.model.open_item import Customer, OpenItem

_SURNAMES = {
    "DE": "Müller Schmidt Schäfer Köhler Weiß Krüger Hartmann Lange Brandt Vogel Böhm Winkler Pfeiffer Groß Jäger "
    "Seidel Kühn Engel Lindner Beck Franke Albrecht Haas Dietrich Ziegler Busch Bergmann Voigt Sauer Arnold Wolff",
    "AT": "Gruber Huber Wagner Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Schwarz Reiter Aigner",
    "CH": "Meier Keller Frei Baumann Gerber Graf Bühler Zürcher Wyss Kunz Widmer Brunner Suter Hofmann Egli Lüthi",
    "NL": "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Kuipers Veenstra Post Prins "
    "Blom Huisman Kok Schouten Koster Verhoeven Scholten Postma Kramer Maas Willems Hoekstra Koopman Dijkstra",
    "BE": "Peeters Janssens Maes Jacobs Mertens Claes Goossens Wouters Dubois Lambert Simon Martens Hermans Leroy "
    "Desmet Michiels Aerts Dupont Declercq Vermeulen Pauwels Lemmens Segers Coppens",
    "FR": "Martin Bernard Durand Moreau Laurent Lefèvre Roux Fournier Girard Mercier Bonnet François Guérin Boyer "
    "Garnier Chevalier Perrin Clément Gauthier Dumas Fontaine Barbier Brun Renault Colin Vidal Picard Aubert Béranger",
    "GB": "Harrison Bennett Walker Turner Palmer Fletcher Barker Holmes Dawson Ellis Marshall Webster Chapman "
    "Foster Knight Sutton Parsons Hewitt Lawson Gibson Fisher Porter Hayes Carlton Norris Ashby",
    "PL": "Kowalski Nowak Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Mazur "
    "Krawczyk Grabowski Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Majewski Olszewski Stępień Górski",
}
_TRADES = {
    "DE": "Maschinenbau Elektrotechnik Metallbau Logistik Druckerei Möbelwerk Haustechnik Bäckerei Fördertechnik "
    "Stahlhandel Verpackungen Medizintechnik Getränke Tiefbau Gebäudereinigung Kunststoffe Werbetechnik Feinkost",
    "AT": "Holzbau Installationen Stahlbau Spedition Gastronomiebedarf Fenster Anlagentechnik Landtechnik",
    "CH": "Präzisionstechnik Bau Treuhand Elektro Garage Metallbau Transporte Gartenbau",
    "NL": "Installatietechniek Bouwbedrijf Transport Groothandel Drukkerij Verhuur Schoonmaak Techniek Kwekerij "
    "Metaalwerken Zuivel Interieurbouw Verpakkingen Bakkerij Grafisch Dakwerken",
    "BE": "Bouwwerken Drukkerij Transport Garage Elektro Schrijnwerkerij Construct Plastics Textiles Brasserie",
    "FR": "Mécanique Bâtiment Transports Menuiserie Imprimerie Distribution Électricité Boulangerie Équipements "
    "Emballages Viticole Maçonnerie Chauffage Hydraulique",
    "GB": "Engineering Supplies Logistics Printing Catering Packaging Electrical Fabrications Motors Interiors "
    "Consulting Foods Plumbing Scaffolding",
    "PL": "Transport Budownictwo Hurtownia Meble Elektronika Drukarnia Stal Opakowania Chłodnictwo Serwis",
}
_TOWNS = {
    "DE": "Hamburg Köln Nürnberg Münster Kassel Ulm Bremen Leipzig Würzburg Lübeck Erfurt Mainz",
    "AT": "Wien Graz Linz Salzburg Wels Villach",
    "CH": "Zürich Basel Bern Luzern Thun Chur",
    "NL": "Utrecht Groningen Breda Zwolle Tilburg Almere Venlo Delft Leiden Assen",
    "BE": "Gent Antwerpen Leuven Namur Liège Hasselt Brugge",
    "FR": "Lyon Nantes Lille Bordeaux Reims Dijon Angers Rouen",
    "GB": "Leeds Bristol Derby Hull Norwich Exeter Preston",
    "PL": "Kraków Poznań Łódź Gdańsk Lublin Wrocław",
}
_FORMS = {
    "DE": ("GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "UG (haftungsbeschränkt)", "OHG"),
    "AT": ("GmbH", "Ges.m.b.H.", "KG"),
    "CH": ("AG", "GmbH", "SA"),
    "NL": ("B.V.", "BV", "V.O.F.", "N.V."),
    "BE": ("BV", "NV", "SRL", "SA"),
    "FR": ("SARL", "SAS", "SA", "EURL"),
    "GB": ("Ltd", "Limited", "PLC", "LLP"),
    "PL": ("Sp. z o.o.", "S.A.", "Sp. j.", "Spółka z ograniczoną odpowiedzialnością"),
}
COUNTRIES = tuple(_FORMS)
_COUNTRY_SHARES = (28, 5, 5, 24, 12, 12, 8, 6)
LANGUAGE = {"DE": "de", "AT": "de", "CH": "de", "NL": "nl", "BE": "nl", "FR": "fr", "GB": "en", "PL": "pl"}
_BBAN_LENGTH = {"DE": 18, "AT": 16, "CH": 17, "NL": 14, "BE": 12, "FR": 23, "GB": 18, "PL": 24}
_BANKS = {"NL": ("INGB", "RABO", "ABNA"), "GB": ("BARC", "LOYD", "NWBK")}

AmountHabit = str


@dataclass(slots=True)
class Debtor:
    """A customer as the generator knows it, with what the ERP does not know."""

    customer_id: str
    name: str
    country: str
    language: str
    company: int
    iban: str
    iban_known: bool
    habit: AmountHabit
    prices: tuple[int, ...]
    terms: int
    discount: tuple[int, int] | None
    wire: str
    parent: str = ""
    trade_name: str = ""
    agent: tuple[str, str] | None = None
    agent_declared: bool = False
    items: list[OpenItem] = field(default_factory=list)
    closed: list[OpenItem] = field(default_factory=list)

    def as_customer(self) -> Customer:
        return Customer(
            customer_id=self.customer_id,
            name=self.name,
            ibans=(self.iban,) if self.iban_known else (),
            country=self.country,
            parent_id=self.parent,
            payer_ids=(self.agent[1],) if self.agent and self.agent_declared else (),
        )


def make_iban(chance: random.Random, country: str) -> str:
    """A valid IBAN of the country's length; the bank behind it is invented."""
    length = _BBAN_LENGTH[country]
    letters = chance.choice(_BANKS[country]) if country in _BANKS else ""
    bban = letters + "".join(chance.choice("0123456789") for _ in range(length - len(letters)))
    value = int("".join(str(int(sign, 36)) for sign in bban + country + "00"))
    return f"{country}{98 - value % 97:02d}{bban}"


def _stem(chance: random.Random, country: str) -> str:
    surname = chance.choice(_SURNAMES[country].split())
    trade = chance.choice(_TRADES[country].split())
    shape = chance.random()
    if shape < 0.45:
        return f"{surname} {trade}"
    if shape < 0.6:
        return f"{trade} {surname}"
    if shape < 0.72:
        second = chance.choice(_SURNAMES[country].split())
        return f"{surname} & {second} {trade}"
    return f"{trade} {surname} {chance.choice(_TOWNS[country].split())}"


def company_name(chance: random.Random, country: str, stem: str = "") -> str:
    """A company's legal name; French ones sometimes carry the form in front."""
    form = chance.choice(_FORMS[country])
    stem = stem or _stem(chance, country)
    return f"{form} {stem}" if country == "FR" and chance.random() < 0.4 else f"{stem} {form}"


def _prices(chance: random.Random) -> tuple[int, ...]:
    points = (1_990, 2_900, 4_900, 7_900, 9_900, 14_900, 19_900, 29_900, 49_900, 99_000)
    return tuple(chance.sample(points, 3))


def draw_amount(chance: random.Random, debtor: Debtor) -> int:
    """An invoice amount in cents after the customer's habit: log-normal, round net plus VAT, or a price list."""
    if debtor.habit == "prices":
        return chance.choice(debtor.prices) * chance.choice((1, 1, 1, 2, 3))
    if debtor.habit == "round":
        return chance.choice((50, 75, 100, 120, 150, 200, 250, 300, 400, 500, 750, 1000, 1200, 1500, 2000, 2500)) * 121
    return max(500, round(chance.lognormvariate(11.4, 1.1)))


def draw_debtors(chance: random.Random, count: int, companies: int) -> list[Debtor]:
    """Customers: 8 % with a name easily confused with another, 10 % in groups, 75 % with their account in the ERP."""
    debtors: list[Debtor] = []
    taken: set[str] = set()
    for index in range(count):
        country = chance.choices(COUNTRIES, _COUNTRY_SHARES)[0]
        stem = ""
        parent = ""
        roll = chance.random()
        if debtors and roll < 0.18:
            other = chance.choice(debtors)
            country = other.country
            bare = other.name
            for form in sorted(_FORMS[country], key=len, reverse=True):
                bare = bare.removesuffix(f" {form}").removeprefix(f"{form} ")
            stem = f"{bare} {chance.choice(_TOWNS[country].split())}"
            parent = (other.parent or other.customer_id) if roll < 0.10 else ""
        name = company_name(chance, country, stem)
        while name in taken:
            name = company_name(chance, country)
        taken.add(name)
        debtors.append(_debtor(chance, index, name, country, companies, parent))
    return debtors


def _debtor(chance: random.Random, index: int, name: str, country: str, companies: int, parent: str) -> Debtor:
    agent_country = chance.choice(COUNTRIES)
    has_agent = chance.random() < 0.06
    return Debtor(
        customer_id=f"{10_000 + index * 3}",
        name=name,
        country=country,
        language="fr" if country == "BE" and chance.random() < 0.4 else LANGUAGE[country],
        company=chance.randrange(companies),
        iban=make_iban(chance, country),
        iban_known=chance.random() < 0.75,
        habit=chance.choices(("normal", "round", "prices"), (60, 25, 15))[0],
        prices=_prices(chance),
        terms=chance.choice((14, 30, 30, 30, 45, 60)),
        discount=chance.choice(((2, 10), (2, 14), (3, 10))) if chance.random() < 0.25 else None,
        wire=chance.choices(("mt940", "camt", "ofx"), (45, 45, 10))[0],
        parent=parent,
        trade_name=company_name(chance, country) if chance.random() < 0.05 else "",
        agent=(company_name(chance, agent_country), make_iban(chance, agent_country)) if has_agent else None,
        agent_declared=chance.random() < 0.5,
    )

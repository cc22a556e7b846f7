"""What payers write: four languages, good and bad habits."""

import random

from demo_company.world import Customer, Item

US = "Halvemaan Handel B.V."
THANKS = {
    "nl": ["betaling", "conform afspraak", "dank voor de levering", "zie mail"],
    "de": ["Zahlung", "wie besprochen", "Danke für die Lieferung", "Überweisung November"],
    "fr": ["règlement", "comme convenu", "virement novembre", "merci"],
    "en": ["payment", "as agreed", "many thanks", "November payment"],
}
THIRD_PARTIES = {
    "nl": ["Notariskantoor Zijlstra & Blom", "Kringfactoring Nederland B.V.", "M. Dijkgraaf-Post"],
    "de": ["Rheinfactor Finanz GmbH", "Steuerkanzlei Achenbach"],
    "fr": ["Cabinet Morel Notaires", "Affacturage du Midi SA"],
    "en": ["Severn Invoice Finance Ltd"],
}
STRANGERS = {
    "NL": ("H. Brinkhorst", "contributie 4e kwartaal"),
    "DE": ("Sabine Altenburg", "Miete Stellplatz 12"),
    "FR": ("M. ou Mme Castaing", "cadeau anniversaire"),
    "GB": ("J R HOLLOWAY", "deposit"),
}
FEES = {
    "NL": "Kosten zakelijk betalingsverkeer oktober",
    "DE": "ENTGELT KONTOFUEHRUNG OKTOBER",
    "BE": "Frais de gestion du compte / beheerskosten",
    "GB": "ACCOUNT CHARGES TO 31OCT",
}
INTEREST = {"NL": "Creditrente 3e kwartaal", "GB": "GROSS INTEREST"}
OWN_TRANSFER = {"NL": "overboeking eigen rekening", "DE": "Umbuchung eigenes Konto", "BE": "virement interne"}
SUPPLIERS = [
    ("NL", "Havenkade Vastgoed B.V.", "huur november pand Westzijde"),
    ("NL", "Belastingdienst", "omzetbelasting oktober 8104.22.511.B.01.2100"),
    ("NL", "Salarissen november", "SALARIS 2026-11"),
    ("NL", "Lichtstroom Energie B.V.", "termijnnota 88120934"),
    ("DE", "Spedition Kranich GmbH", "Rechnung 2026/5571 Fracht KW 44"),
    ("DE", "Bürobedarf Tannhäuser", "RNr 90021 Kd 4471"),
    ("BE", "Assurances du Hainaut SA", "prime 2026 police 774.221"),
    ("BE", "Cartonnerie Vesdre SRL", "facture F-20991"),
    ("GB", "MERSEY FREIGHT LTD", "INV 40921"),
    ("GB", "COMPANIES REGISTRY", "CONFIRMATION STATEMENT"),
]


def end_to_end(chance: random.Random) -> str:
    """The payer's own reference, which half of them do not give."""
    return f"E{chance.randrange(10**9):09d}" if chance.random() < 0.5 else ""


def _day(item: Item, mark: str) -> str:
    return item.issued_on.strftime(f"%d{mark}%m{mark}%Y")


def quote(chance: random.Random, customer: Customer, item: Item) -> str:
    """One invoice, named as it should be."""
    number, code = item.number, customer.customer_id
    choices = {
        "nl": [
            f"Factuur {number}",
            f"betaling fact.nr. {number}",
            number,
            f"Factuur {number} d.d. {_day(item, '-')}",
            f"klantnr {code} factuur {number}",
        ],
        "de": [
            f"Rechnung {number}",
            f"RG-NR. {number} VOM {_day(item, '.')}",
            f"Rechnungsnr {number} Kd.-Nr. {code}",
            number,
        ],
        "fr": [
            f"Facture {number}",
            f"Règlement facture {number} du {_day(item, '/')}",
            f"FACT. {number} client {code}",
        ],
        "en": [f"Invoice {number}", f"INV {number}", f"Payment of invoice {number} dated {_day(item, '/')}", number],
    }
    return chance.choice(choices[customer.language])


def mangled(chance: random.Random, customer: Customer, item: Item) -> str:
    """The same number, badly written: without dash, in pieces, in small letters, O for zero, without its year."""
    word = {"nl": "fact", "de": "RE", "fr": "fact", "en": "inv"}[customer.language]
    prefix, digits = item.number.split("-")
    return chance.choice(
        [
            f"{word} {prefix}{digits}",
            f"{word}nr {prefix.lower()} {digits}",
            f"{word} {prefix[:2]} {prefix[2:]} {digits}",
            f"{word} {prefix}-{digits.replace('0', 'O', 1)}",
            f"{word} {digits}",
            f"{word}{prefix}/{digits}",
        ]
    )


def mistyped(chance: random.Random, customer: Customer, item: Item) -> str:
    """One digit wrong, so that the number is nobody's or, worse, somebody else's."""
    place = chance.randrange(len(item.number) - 2, len(item.number))
    wrong = str((int(item.number[place]) + chance.choice([1, 2, 8])) % 10)
    return quote(chance, customer, item).replace(item.number, item.number[:place] + wrong + item.number[place + 1 :])


def listed(chance: random.Random, customer: Customer, items: list[Item]) -> str:
    """Several invoices, all in full."""
    joined = chance.choice([", ", " / ", " + ", " "]).join(item.number for item in items)
    word = {"nl": "facturen", "de": "Rechnungen", "fr": "factures", "en": "invoices"}[customer.language]
    return f"{word} {joined}"


def shorthand(items: list[Item]) -> str:
    """The first number in full, the others by their last three digits: VF26-03921/925/930."""
    numbers = sorted(item.number for item in items)
    return "/".join([numbers[0], *(number[-3:] for number in numbers[1:])])


def discounted(chance: random.Random, customer: Customer, item: Item) -> str:
    """One invoice less early-payment discount."""
    word = {
        "nl": "min betalingskorting",
        "de": "abzgl. Skonto",
        "fr": "escompte déduit",
        "en": "less settlement discount",
    }
    return f"{quote(chance, customer, item)} {word[customer.language]}"


def deducted(chance: random.Random, customer: Customer, item: Item, short: int) -> str:
    """One invoice less a deduction that the customer explains."""
    amount = f"{short // 100},{short % 100:02d}"
    reasons = {
        "nl": [f"minus {amount} breuk transport", f"korting {amount} prijsverschil"],
        "de": [f"abzgl. {amount} Transportschaden", f"Kürzung {amount} Preisdifferenz"],
        "fr": [f"moins {amount} marchandise abîmée"],
        "en": [f"less {short // 100}.{short % 100:02d} damaged goods", "short delivery deducted"],
    }
    return f"{quote(chance, customer, item)} {chance.choice(reasons[customer.language])}"


def instalment(customer: Customer, item: Item) -> str:
    """A first part of one invoice, announced as such."""
    words = {
        "nl": "1e termijn factuur",
        "de": "Teilzahlung Rechnung",
        "fr": "acompte sur facture",
        "en": "part payment inv",
    }
    return f"{words[customer.language]} {item.number}"


def netted(customer: Customer, item: Item, credit: Item) -> str:
    """An invoice less a credit note."""
    words = {"nl": "minus creditnota", "de": "abzgl. Gutschrift", "fr": "moins avoir", "en": "less credit note"}
    return f"{item.number} {words[customer.language]} {credit.number}"


def on_behalf(customer: Customer, item: Item) -> str:
    """Somebody pays for the customer."""
    words = {"nl": "namens", "de": "im Auftrag von", "fr": "pour le compte de", "en": "on behalf of"}
    return f"{words[customer.language]} {customer.name} {item.number}"


def balance(customer: Customer) -> str:
    """The whole account."""
    return {"nl": "saldo per heden volgens overzicht", "fr": "solde de notre compte client"}[customer.language]


def customer_number(customer: Customer) -> str:
    """Their number with us and nothing else."""
    words = {"nl": "klantnummer", "de": "Kundennummer", "fr": "client", "en": "account"}
    return f"{words[customer.language]} {customer.customer_id}"

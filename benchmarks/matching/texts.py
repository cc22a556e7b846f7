"""What payers of the first world write, in five languages."""

import random

SINGLE = {
    "de": (
        "Rechnung {n}",
        "RG {n}",
        "Re.Nr. {n}",
        "{n}",
        "RNr {n} v. {date}",
        "Zahlung {n}",
        "Ihre Rechnung {n} vom {date}",
        "Rechnungsnr. {n} Kd-Nr. {c}",
        "Beleg {n}",
    ),
    "nl": (
        "Factuur {n}",
        "fact. {n}",
        "{n}",
        "factuurnr {n} d.d. {date}",
        "Betaling {n}",
        "Uw factuur {n}",
        "Fact {n} debnr {c}",
        "Betreft {n}",
    ),
    "fr": (
        "Facture {n}",
        "FACT {n}",
        "{n}",
        "Règlement facture {n} du {date}",
        "Fact. no {n}",
        "VIR {n}",
        "votre facture {n} client {c}",
    ),
    "en": (
        "Invoice {n}",
        "INV {n}",
        "{n}",
        "Payment of invoice {n} dated {date}",
        "Inv. no. {n}",
        "your ref {n} acc {c}",
    ),
    "pl": ("Faktura {n}", "FV {n}", "{n}", "Zapłata za fakturę {n} z dnia {date}", "fakt. nr {n}", "za {n}"),
}
MANY = {
    "de": ("Rechnungen {n}", "RG {n}", "{n}", "Sammelzahlung {n}", "Ausgleich {n}"),
    "nl": ("Facturen {n}", "fact. {n}", "{n}", "Betaling facturen {n}"),
    "fr": ("Factures {n}", "{n}", "Règlement fact {n}"),
    "en": ("Invoices {n}", "{n}", "Payment of {n}", "INVS {n}"),
    "pl": ("Faktury {n}", "{n}", "Zapłata za faktury {n}"),
}
NOTHING = {
    "de": (
        "Zahlung",
        "Ueberweisung {date}",
        "Danke",
        "offene Posten",
        "",
        "Rechnung vom {date}",
        "Kd-Nr. {c}",
        "lt. Vereinbarung",
    ),
    "nl": ("Betaling", "openstaand saldo", "", "debiteur {c}", "Factuur", "dank u", "rekening {date}"),
    "fr": ("Règlement", "virement", "", "solde", "client {c}", "Facture du {date}"),
    "en": ("Payment", "Settlement of account", "", "acc {c}", "thank you", "statement {date}"),
    "pl": ("Zapłata", "przelew", "", "rozliczenie", "klient {c}", "faktura z {date}"),
}
PARTIAL = {
    "de": ("Teilzahlung {n}", "Abschlag {n}", "1. Rate {n}", "a conto {n}"),
    "nl": ("Deelbetaling {n}", "aanbetaling {n}", "1e termijn {n}"),
    "fr": ("Acompte {n}", "règlement partiel {n}", "1er versement {n}"),
    "en": ("Part payment {n}", "on account of {n}", "1st instalment {n}"),
    "pl": ("Częściowa zapłata {n}", "zaliczka {n}", "I rata {n}"),
}
DEDUCTION = {
    "de": (
        "{n} abzgl. Transportschaden",
        "{n} Kürzung Fehlmenge",
        "{n} abz. Mängel lt. Schreiben",
        "{n} - Werbekostenzuschuss",
    ),
    "nl": ("{n} minus transportschade", "{n} korting manco", "{n} inhouding prijsverschil"),
    "fr": ("{n} déduction avarie", "{n} manquant déduit", "{n} retenue écart de prix"),
    "en": ("{n} less damaged goods", "{n} short delivery deducted", "{n} less price difference"),
    "pl": ("{n} potrącenie uszkodzenie", "{n} minus braki", "{n} różnica ceny"),
}
DISCOUNT = {
    "de": ("{n} abzgl. {p}% Skonto", "RG {n} Skonto", "{n} ./. {p} %", "Rechnung {n}"),
    "nl": ("{n} -{p}% korting", "factuur {n} min betalingskorting", "Factuur {n}"),
    "fr": ("{n} escompte {p}%", "Facture {n} esc. déduit", "Facture {n}"),
    "en": ("{n} less {p}% discount", "Invoice {n} cash discount", "Invoice {n}"),
    "pl": ("{n} skonto {p}%", "Faktura {n}"),
}
CREDIT = {
    "de": ("{n} abzgl. GS {g}", "RG {n} minus Gutschrift {g}", "{n} / {g}"),
    "nl": ("{n} minus credit {g}", "fact {n} verrekend met {g}", "{n} / {g}"),
    "fr": ("{n} moins avoir {g}", "fact {n} avoir {g} déduit"),
    "en": ("{n} less credit note {g}", "inv {n} CN {g}"),
    "pl": ("{n} minus korekta {g}", "FV {n} kor. {g}"),
}
ORDER = {
    "de": ("Bestellung {n}", "Ihr Auftrag {n}", "Best.Nr. {n}"),
    "nl": ("Bestelling {n}", "Order {n}", "uw order {n}"),
    "fr": ("Commande {n}", "BC {n}"),
    "en": ("PO {n}", "Purchase order {n}", "Order {n}"),
    "pl": ("Zamówienie {n}", "zam. {n}"),
}
BOILERPLATE = {
    "de": ("SEPA-UEBERWEISUNG ", "GUTSCHRIFT ", "SVWZ+", "EREF+NOTPROVIDED SVWZ+", "DAUERAUFTRAG "),
    "nl": ("SEPA OVERBOEKING ", "/TRTP/SEPA OVERBOEKING/REMI/", "OMSCHRIJVING: ", "SPOEDOVERBOEKING "),
    "fr": ("VIREMENT SEPA RECU ", "VIR INST ", "MOTIF: "),
    "en": ("BGC ", "FASTER PAYMENT ", "TFR "),
    "pl": ("PRZELEW PRZYCHODZACY ", "TYTUL: "),
}


def say(chance: random.Random, phrases: dict[str, tuple[str, ...]], language: str, **parts: str) -> str:
    """One of the phrases of a language, filled."""
    return chance.choice(phrases[language]).format(**parts)

"""Who paid or was paid, told from labels that banks of many countries print in free text."""

import pytest

from integrations.bank.mt940.ibans import ibans_in
from integrations.bank.mt940.party_labels import labelled_name
from tests.integrations.bank.mt940.oracle import read


@pytest.mark.parametrize(
    ("text", "received", "name"),
    [
        ("PAYMENT TO: SUPPLIER LTD REF 99", False, "SUPPLIER LTD"),
        ("RECEIVED FROM: ACME LTD INVOICE NO. 2026-0099", True, "ACME LTD"),
        ("PAYER: REF ENGINEERING LTD", True, "REF ENGINEERING LTD"),
        ("PAYER: INVOICE 2 GO LTD", True, "INVOICE 2 GO LTD"),
        ("PLATITOR: SC ALFA SRL CUI RO123456 CONT: RO66BACX0000001234567890", True, "SC ALFA SRL"),
        ("GELEN HAVALE GONDEREN: AYDIN TEKSTIL A.S. ACIKLAMA: FATURA 2026000123", True, "AYDIN TEKSTIL A.S."),
        ("BEFIZETŐ: KOVÁCS ÉS TÁRSA KFT. SZÁMLASZÁM: 11773016-11111018", True, "KOVÁCS ÉS TÁRSA KFT."),
        ("KEDVEZMÉNYEZETT: KOVÁCS KFT. KÖZLEMÉNY: SZ-2026/0456", False, "KOVÁCS KFT."),
        ("GIRO FRA: KARI AS BELØP 100,00 MELDING: FAKTURA 10023", True, "KARI AS"),
        ("VIR SEPA RECU /DE SARL MARTIN ET FILS /MOTIF FACTURE F2026-031", True, "SARL MARTIN ET FILS"),
        ("VIR SEPA EMIS /MOTIF LOYER /BEN SCI DUPONT", False, "SCI DUPONT"),
        ("ACH CREDIT WIDGETS INC DES:PAYMENTS ID:9876543 INDN:OUR CO", True, "WIDGETS INC"),
        ("WIRE TYPE:WIRE IN ORIG:ALPHA CORP ID:000123456 SND BK:WELLS FARGO", True, "ALPHA CORP"),
        ("NAME: ACME LTD IBAN: GB29NWBK60161331926819 REF: INV-4711", True, "ACME LTD"),
        ("BANK NAME: FIRST LAKE BANK REF: INV-4711", True, None),
        ("OUR INVOICE 12/DE 13 OF MARCH", True, None),
    ],
)
def test_the_name_ends_where_something_else_begins(text: str, received: bool, name: str | None):
    assert labelled_name(text, received=received) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VAN BE71 0961 2345 6769 BIC GKCCBEBB", {"BE71096123456769"}),
        ("BE71096123456769 and NO93 8601 1117 947.", {"BE71096123456769", "NO9386011117947"}),
        ("XDE89370400440532013000", set()),
        ("DE89370400440532013000X", set()),
        ("DE88370400440532013000", set()),
    ],
)
def test_an_iban_ends_where_its_country_says(text: str, found: set[str]):
    assert ibans_in(text) == found


def entry_of(text: str):
    whole = (
        f":20:A\n:25:1\n:28C:1/1\n:60F:C260311EUR0,\n:61:2603120312C5,NTRFNONREF\n:86:{text}\n:62F:C260312EUR5,\n-\n"
    )
    (entry,) = read(whole.encode()).entries
    return entry.details[0]


def test_a_label_on_a_line_of_its_own_is_not_joined_with_the_full_line_before():
    detail = entry_of("TRANSFERENCIA RECIBIDA ORDENANTE: TALLERES GARCIA E HIJOS SL\nCONCEPTO: FACTURA 2026/00123")
    assert detail.counterparty_name == "TALLERES GARCIA E HIJOS SL"
    assert detail.remittance.endswith("HIJOS SL CONCEPTO: FACTURA 2026/00123")


def test_running_text_behind_codes_that_mean_nothing_is_remittance():
    detail = entry_of("/PT/DE/EI/ACH CREDIT WIDGETS INC DES:PAYMENTS ID:98\nPMT INFO:RMR*IV*INV-5501**5000")
    assert detail.counterparty_name == "WIDGETS INC"
    assert "INV-5501" in detail.remittance


def test_a_number_behind_the_ordering_partys_name_is_what_the_payment_is_for():
    detail = entry_of("AUFTRAGGEBER: MEIER AG RE-NR. 4711")
    assert detail.counterparty_name == "MEIER AG"
    assert "4711" in detail.remittance


def test_the_purpose_code_ends_where_another_code_begins():
    detail = entry_of("/ORDP//NAME/ACME BV/REMI/INV 1/PURP/CD/GDDS/UETR/eb6305c9-1f7f-49de-aed0-16487c27b42d")
    assert (detail.purpose, detail.remittance) == ("GDDS", "INV 1")

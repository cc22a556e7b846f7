"""Field 86: what each bank's way of writing yields."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.bank.mt940.dialects import DIALECTS
from matching.model.bank_statement import Charge, EntryDetail, StructuredReference
from tests.integrations.bank.mt940.oracle import read


def detail(
    text: str, line: str = "2601020102C25,50NTRFNONREF//B1", dialect: str | None = None
) -> tuple[str, EntryDetail]:
    """The dialect recognised and the detail read of one entry with this text."""
    raw = f":20:X\n:25:1\n:28C:1\n:60F:C260101EUR0,\n:61:{line}\n:86:{text}\n:62F:C260102EUR0,\n-\n"
    reading = read(raw.encode(), dialect=dialect)
    assert len(reading.entries) == 1
    assert reading.facts.dialect is not None
    return reading.facts.dialect, reading.entries[0].details[0]


DEBIT = "2601020102D25,50NTRFNONREF//B1"
RABO = "260102C000000000025,50N541EREF\nNL02INGB0002447973"
CASES: list[tuple[str, str, str, str, dict[str, Any]]] = [
    (
        "gvc-with-keywords",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        (
            "166?00GUTSCHRIFT?109248?20EREF+INV-4711MREF+M-1SVWZ+R?21e 4711 vom 1.3. ABWA+Dritte G?22mbH PURP+SUPP"
            "?30COBADEFFXXX?31DE89370400440532013000?32ACME MASCHINENBAU UND VERTR?33IEB GMBH?34000"
        ),
        {
            "counterparty_name": "ACME MASCHINENBAU UND VERTRIEB GMBH",
            "counterparty_account": "DE89370400440532013000",
            "counterparty_bic": "COBADEFFXXX",
            "end_to_end_id": "INV-4711",
            "mandate_id": "M-1",
            "ultimate_name": "Dritte GmbH",
            "purpose": "SUPP",
            "remittance": "Re 4711 vom 1.3.",
        },
    ),
    (
        "gvc-keyword-cut-by-sub-fields",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?00GUTSCHRIFT?20EREF+1234567890 1234567 SVW?21Z+RE 4711?32ACME",
        {"end_to_end_id": "1234567890 1234567", "remittance": "RE 4711", "counterparty_name": "ACME"},
    ),
    (
        "gvc-old-keywords-after-the-purpose",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?20SVWZ+Musical EREF: ZV0100284?21190 IBAN: DE8935040044053201?223000 BIC: COBADEFF",
        {
            "remittance": "Musical",
            "end_to_end_id": "ZV0100284190",
            "counterparty_account": "DE89350400440532013000",
            "counterparty_bic": "COBADEFF",
        },
    ),
    (
        "gvc-purpose-lines-keep-both-readings",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?20RECHNUNGEN 4711 4712 4713 47?2114 UND?224715?32ACME",
        {
            "remittance": "RECHNUNGEN 4711 4712 4713 4714 UND 4715",
            "remittance_lines": ("RECHNUNGEN 4711 4712 4713 47", "14 UND", "4715"),
        },
    ),
    (
        "gvc-text-after-a-short-reference-is-remittance",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?20EREF+TFNR 40001 00005?21MTLG:Grund nicht spezifizie?22rt Reject?32KARL     KAUFMANN",
        {
            "end_to_end_id": "TFNR 40001 00005",
            "remittance": "MTLG:Grund nicht spezifiziert Reject",
            "counterparty_name": "KARL KAUFMANN",
        },
    ),
    (
        "gvc-not-provided",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?20EREF+NOTPROVIDED?21SVWZ+RE 1?32ACME",
        {"end_to_end_id": None, "remittance": "RE 1"},
    ),
    (
        "gvc-payer-typed-the-separator",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166?20SVWZ+WAS?JA? 4711?32ACME?CO",
        {"remittance": "WAS?JA? 4711", "counterparty_name": "ACME?CO"},
    ),
    (
        "gvc-bank-code-is-no-bic",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "051?20SPENDE?3020010020?310012345678?32MUELLER",
        {"counterparty_bic": None, "counterparty_account": "0012345678", "remittance": "SPENDE"},
    ),
    (
        "gvc-return-with-charges",
        "gvc",
        "2601020102D12,35NRTIKREF+//2016\n/OCMT/EUR11,85//CHGS/EUR0,50/",
        "109?00SEPA-LASTSCHR. RETOURE CORE?20EREF+INV-9 SVWZ+AC04 KONTO AUFGELOEST?32TESTER?34914",
        {
            "return_reason": "AC04",
            "original_end_to_end_id": "INV-9",
            "instructed_amount": Decimal("11.85"),
            "instructed_currency": "EUR",
            "charges": (Charge(amount=Decimal("-0.50"), currency="EUR", bearer=None),),
        },
    ),
    (
        "gvc-other-separator",
        "gvc",
        "2601020102C25,50NTRFNONREF",
        "166!20RE 1!31DE89370400440532013000!32ACME",
        {"remittance": "RE 1", "counterparty_account": "DE89370400440532013000", "counterparty_name": "ACME"},
    ),
    (
        "abn-amro-words",
        "abn-amro",
        "2601020102C25,50N654NONREF",
        (
            "/TRTP/SEPA OVERBOEKING/IBAN/FR1420041010050500013M02606/BIC/GEFRADAM\n/NAME/QASD JGRED/REMI/Factuur 12/A "
            "en //INV/13/EREF/NOTPRO\nVIDED"
        ),
        {
            "counterparty_account": "FR1420041010050500013M02606",
            "counterparty_bic": "GEFRADAM",
            "counterparty_name": "QASD JGRED",
            "remittance": "Factuur 12/A en //INV/13",
            "end_to_end_id": None,
        },
    ),
    (
        "abn-amro-return",
        "abn-amro",
        "2601020102D25,50N657NONREF",
        "/TRTP/SEPA OVERBOEKING/NAME/X/EREF/E1/RTRN/MS02",
        {"return_reason": "MS02", "original_end_to_end_id": "E1"},
    ),
    (
        "abn-amro-labels-in-columns",
        "abn-amro",
        "2601020102C25,50N654NONREF",
        (
            "SEPA OVERBOEKING                 IBAN: NL91ABNA0417164300\nBIC: ABNANL2A                    NAAM: AA "
            "NETHERLANDS B.V.\nOMSCHRIJVING: FACTUUR 1412\nKENMERK: 7541410"
        ),
        {
            "counterparty_account": "NL91ABNA0417164300",
            "counterparty_bic": "ABNANL2A",
            "end_to_end_id": "7541410",
            "counterparty_name": "AA NETHERLANDS B.V.",
            "remittance": "FACTUUR 1412",
        },
    ),
    (
        "abn-amro-giro-columns",
        "abn-amro",
        DEBIT,
        "GIRO   428428 KPN BV             BETALINGSKENM.  000000018503995\nINCL. 1,44 BTW",
        {
            "counterparty_account": "428428",
            "counterparty_name": "KPN BV",
            "remittance": "BETALINGSKENM. 000000018503995 INCL. 1,44 BTW",
        },
    ),
    (
        "ing-groups",
        "ing",
        "2601020102D25,50NDDTEREF//150\n/TRCD/01018/",
        (
            "/EREF/0000008668-001//MARF/00004444-001//CSID/NL53ZZZ341191060000\n//CNTP/NL88INGB0999999999/INGBNL2A/A/S "
            "RAAMEN NV/AMSTERDAM//REMI/USTD//FACTUUR 2 05/31/2017//PURP/OTHR/"
        ),
        {
            "end_to_end_id": "0000008668-001",
            "mandate_id": "00004444-001",
            "counterparty_account": "NL88INGB0999999999",
            "counterparty_bic": "INGBNL2A",
            "counterparty_name": "A/S RAAMEN NV",
            "purpose": "OTHR",
            "remittance": "FACTUUR 2 05/31/2017",
        },
    ),
    (
        "ing-name-with-a-slash-and-no-city",
        "ing",
        DEBIT,
        "/CNTP/NL88INGB0999999999/INGBNL2A/A/S RAAMEN NV///REMI/USTD//FACTUUR 2/",
        {"counterparty_name": "A/S RAAMEN NV", "counterparty_bic": "INGBNL2A", "remittance": "FACTUUR 2"},
    ),
    (
        "ing-structured-reference",
        "ing",
        DEBIT,
        "/CNTP/NL86INGB0002445588/INGBNL2A/BELASTINGDIENST///REMI/STRD/CUR/9001 1234/",
        {
            "structured_references": (StructuredReference(type="CUR", reference="90011234"),),
            "remittance": "",
            "counterparty_name": "BELASTINGDIENST",
        },
    ),
    (
        "rabobank-words",
        "rabobank",
        RABO,
        "/EREF/E2E-1/ORDP//NAME/Hr R Kuil en/of Mw A Kuil/REMI/NR.201303-111/11.3.2013\nNR.201303-112/ISDT/2013-04-03",
        {
            "end_to_end_id": "E2E-1",
            "counterparty_name": "Hr R Kuil en/of Mw A Kuil",
            "counterparty_account": "NL02INGB0002447973",
            "remittance_lines": ("NR.201303-111/11.3.2013", "NR.201303-112"),
        },
    ),
    (
        "rabobank-creditor-reference",
        "rabobank",
        "260102D000000000025,50N086EREF\nNL86INGB0002445588",
        "/EREF/123456789/BENM//NAME/Belastingdienst/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/1234567899874563/ISDT/2013",
        {"structured_references": (StructuredReference(type="SCOR", reference="1234567899874563"),)},
    ),
    (
        "rabobank-before-sepa",
        "rabobank",
        "121008D000000000190,14N0600101000731      INSURANCE                ",
        "BETALINGSKENM.  490022201282   ",
        {
            "counterparty_account": "0101000731",
            "counterparty_name": "INSURANCE",
            "remittance": "BETALINGSKENM. 490022201282",
        },
    ),
    (
        "knab",
        "knab",
        "2601020102C25,50NTRFNONREF",
        "FACTUUR 1, 2\nREK: NL65INGB0123456789/NAAM: PICQER",
        {"counterparty_account": "NL65INGB0123456789", "counterparty_name": "PICQER", "remittance": "FACTUUR 1, 2"},
    ),
    (
        "sns",
        "sns",
        "2601020102C25,50NOVBNL47INGB9999999999\nhr gjlm paulissen",
        "NL47INGB9999999999 hr gjlm paulissen\n" + " " * 65 + "\nBetaling factuur 12",
        {
            "counterparty_account": "NL47INGB9999999999",
            "counterparty_name": "hr gjlm paulissen",
            "remittance": "Betaling factuur 12",
        },
    ),
    (
        "triodos",
        "triodos",
        "260102C25,50NET NONREF",
        (
            "000>100000000000\n>20RABONL2U\n>21NL13RABO0123456789\n"
            ">22RABO BETAALVERZOEK ORDERNUM>23MER 4711\n>311234567890"
        ),
        {
            "counterparty_account": "NL13RABO0123456789",
            "counterparty_bic": "RABONL2U",
            "counterparty_name": None,
            "remittance": "RABO BETAALVERZOEK ORDERNUMMER 4711",
        },
    ),
    (
        "bunq",
        "bunq",
        "2601020102C25,50NTRFNONREF",
        "/IBAN/NL65BUNQ2206724936/NAME/P.C. Wacki/REMI/Factuur 7",
        {"counterparty_account": "NL65BUNQ2206724936", "counterparty_name": "P.C. Wacki", "remittance": "Factuur 7"},
    ),
    (
        "polish-tilde",
        "polish",
        "2601020102C25,50N152NONREF",
        (
            "020~00152\n~20FAKTURA FV/2026/7\n~21˙\n~22˙\n~3010205561\n~319000361245650140\n~32ACME SP. Z O.O."
            "\n~33UL. DLUGA 1\n~38PL50102055619000361245650140"
        ),
        {
            "counterparty_account": "PL50102055619000361245650140",
            "counterparty_name": "ACME SP. Z O.O. UL. DLUGA 1",
            "remittance": "FAKTURA FV/2026/7",
            "counterparty_bic": None,
        },
    ),
    (
        "polish-caret",
        "polish",
        "2601020102C25,50N152NONREF",
        "^20FAKTURA 7^31PL50102055619000361245650140^32ACME",
        {
            "counterparty_account": "PL50102055619000361245650140",
            "counterparty_name": "ACME",
            "remittance": "FAKTURA 7",
        },
    ),
    (
        "polish-labels",
        "polish",
        "2601020102CN25,50NTRFNONREF",
        (
            "911 TRANSAKCJA COLLECT; ID IPH: XX01; Z RACH.: \n56114010810000267002001001; OD: JAN NOWAK  \n"
            "UL. NIJAKA 1; TYT.: FAKTURA 7   ; \nTNR: 179"
        ),
        {
            "counterparty_account": "56114010810000267002001001",
            "counterparty_name": "JAN NOWAK UL. NIJAKA 1",
            "remittance": "FAKTURA 7",
        },
    ),
    (
        "postfinance",
        "postfinance",
        "2601020102C25,50FMSC01916//NONREF",
        "GIRO AUS ONLINE-SIC 80532 AUFTRAGGEBER: JANE DOE EXAMPLEWEG 1 131209CH98765432 MITTEILUNGEN: RECHNUNG 7",
        {"counterparty_name": "JANE DOE EXAMPLEWEG 1", "remittance": "RECHNUNG 7"},
    ),
    (
        "swift-party-with-account",
        "swift-codes",
        "2601020102C25,50NMSCNONREF",
        "/ORDP/300000000460495\n/IVOTEHNA DOOEL SKOPJE\n/747//747\n/Uplata po faktura 747",
        {"counterparty_account": "300000000460495", "counterparty_name": "IVOTEHNA DOOEL SKOPJE"},
    ),
    (
        "swift-original-amount-then-text",
        "swift-codes",
        DEBIT,
        "/OCMT/USD2853,12/\nPAYMENT OF INVOICES 204011665",
        {
            "instructed_amount": Decimal("2853.12"),
            "instructed_currency": "USD",
            "remittance": "PAYMENT OF INVOICES 204011665",
        },
    ),
    (
        "nordic-kid",
        "nordic",
        "2601020102C25,50NTRFNONREF",
        "INNBETALING KID: 000123456789\nBETALER: OLA NORDMANN",
        {
            "structured_references": (StructuredReference(type="KID", reference="000123456789"),),
            "counterparty_name": "OLA NORDMANN",
        },
    ),
    (
        "free-text-takes-only-a_certain_iban",
        "free-text",
        "2601020102C25,50NTRFNONREF\nFROM SUPPLEMENT",
        "INVOICES 4711,\n4712 GB82 WEST 1234 5698 7654 32 THANKS",
        {
            "counterparty_account": "GB82WEST12345698765432",
            "counterparty_name": None,
            "remittance": "FROM SUPPLEMENT INVOICES 4711, 4712 GB82 WEST 1234 5698 7654 32 THANKS",
        },
    ),
    (
        "free-text-with-two-ibans-takes-none",
        "free-text",
        "2601020102C25,50NTRFNONREF",
        "FROM GB82WEST12345698765432 TO DE89370400440532013000",
        {"counterparty_account": None},
    ),
]


@pytest.mark.parametrize(
    ("name", "line", "text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_a_dialect_yields(name: str, line: str, text: str, expected: dict[str, Any]):
    recognised, found = detail(text, line)
    assert recognised == name
    assert {key: getattr(found, key) for key in expected} == expected
    assert found == detail(text, line, dialect=name)[1]


def test_every_dialect_is_shown_by_a_case_or_a_fixture():
    fixtures = Path(__file__).parents[4] / "fixtures" / "statements" / "mt940"
    goldens = {json.loads(golden.read_text("utf-8")).get("dialect") for golden in fixtures.rglob("*.json")}
    assert {case[1] for case in CASES} | goldens >= set(DIALECTS)


@pytest.mark.parametrize(("line", "text"), [case[2:4] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_wrongly_named_dialect_costs_meaning_but_no_money(dialect: str, line: str, text: str):
    _, found = detail(text, line, dialect=dialect)
    assert abs(found.amount) in {Decimal("25.50"), Decimal("12.35"), Decimal("190.14")}


def test_mixed_dialects_in_one_statement_are_read_entry_by_entry():
    entries = "".join(f":61:{case[2]}\n:86:{case[3]}\n" for case in CASES)
    reading = read(f":20:X\n:25:1\n:60F:C260101EUR0,\n{entries}:62F:C260102EUR0,\n".encode())
    assert len(reading.entries) == len(CASES)
    for entry, case in zip(reading.entries, CASES, strict=True):
        assert entry.details[0] == detail(case[3], case[2])[1], case[0]


def test_a_dialect_that_fails_costs_the_meaning_of_the_text_and_says_so(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise ValueError("not made for this")

    monkeypatch.setattr(DIALECTS["gvc"], "read", fail)
    raw = b":20:X\n:25:1\n:60F:C260101EUR0,\n:61:260102C1,00NTRF\n:86:166?20RE 1\n?32ACME\n:62F:C260102EUR1,\n"
    reading = read(raw, dialect="gvc")
    assert [(entry.amount, entry.details[0].remittance_lines) for entry in reading.entries] == [
        (Decimal("1.00"), ("166?20RE 1", "?32ACME"))
    ]
    assert [(finding.severity, finding.code, finding.where) for finding in reading.findings] == [
        ("warning", "dialect_failed", "line 4")
    ]
    assert reading.statements[0].integrity == "balanced"

"""What the words in front of a number call it: a document of ours, something else, or nothing that we know.

An amount that is exactly what is open speaks for a number however it is introduced. An amount that is not needs the
words: ``proforma 4711``, ``tlf 4711`` and ``4711 Bergen`` must never leave a residual on invoice 4711.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache


class Called(IntEnum):
    """How a number is introduced."""

    OTHERWISE = 0
    """As a quotation, an order, a delivery, a contract, a telephone: not as a document that is owed."""
    STRANGELY = 1
    """By a word that says nothing to us."""
    BARE = 2
    """By nothing, or by no more than 'number'."""
    DOCUMENT = 3
    """As an invoice or credit note, or as what a payment is for."""


# Beginnings of words, upper case and plain, in the languages of Europe's remittance texts.
_DOCUMENT_WORDS = """
RECHN RG RGN RE RENR RNR RGNR FAKT FAKTU FAC FACT FACTU FATT FATTU FATUR FRA FRAS FAT FV FVS FA FAS FS FT INV INVS INVOI
BILL BILLS BELEG LASK LASKU SZLA SZAML RACUN RACHU SASKA SF ARVE REKN REKEN NOTA FN FNR AVSER VEDR VEDRO BETR BETREF
ZAHLUNG BETAL PAY PAYME PMT REGLEM PAIEM VIR VIREM PAGO PAGAM PAG ZAPL ZAPLA PLATBA UHRADA MAKSU OVERF SIIRT INNB INBET
ABONO COBRO SALDO AUSGLEICH DOC DOK DOKUM DOCUM VS VARIA SYMBOL KID OCR VIITE OGM GUTSCH GS CN CREDI KREDI AVOIR KOREK
DOBRO HYVIT TEILZ TEILB ABSCHL ANZAH RATE RATEN RATA RATY DEELB GEDEE AANBET TERMIJ ACOMPT ECHEAN PART PARTI INSTAL
DEPOSI ZALIC CZESC DELBE AVBET AVDRAG AKONTO ACONTO OSAMA OSA ZALOHA SPLATK PRESTA CUENTA CONTO VERSEM OVERB SPOED
TRANSF TFR MOTIF DAUERAUF INSTR PARCIA ACCONT ANTICI
EREF SVWZ REMI KREF USTRD TXT OMSCHR KENME
"""
_OTHER_WORDS = """
PROFOR PRO QUOTE QUOTA OFFER OFFERT OFERT ANGEB AUFTR DEVIS TILBUD TARJO NABID ORCAM PRESUP PREVEN ORDER ORDRE ORDIN
BESTEL BESTNR BON BESTIL COMMAN CDE PEDIDO ENCOME ZAM ZAMOW OBJ OBJED TILAUS NARUD DELIV LIEFER LEVER PAKBON LIVRAI BL
WZ FOLGE FOELG FOLJE FOELJ PACKS PACKI LAHET DODAC GUIA ALBAR DDT BOLLA
TLF TEL TELEF PHONE FAX MOB MOBIL GSM KONTRA CONTRA AVTAL AFTAL VERTR UMOWA SMLOU SOPIM LEASI POLI POLIS POLIC POLIZ
FORSI FORSA VERSI INSUR ASSUR SEGUR KUNDE KUND KUNDEN KND KDNR KLANT KLIEN CLIEN CUST CUSTO DEB DEBIT DEBNR ASIAK ODBER
ZAKAZ MEMBE MEDLE MITGL ORG ORGNR NIP NIF CIF ICO DIC VAT BTW UST SIRET SIREN KVK KENNZ REG MALER MAALE METER ZAEHL
COUNTE PLZ POSTB BOX PLASS PLATZ PLATS KS SS IBAN BIC KONTO BLZ ACCOU
"""
_PASSED_WORDS = """
INST RECU SEPA NR NRO NO NUM NUMMER NUMER NUMBER NUMERO N C CISLO V VOM VON OF FOR FUER FUR DE DEL DELLA DO DU DA ZA
OM O THE YOUR OUR IHRE IHR UNSERE UW VOTRE NOTRE VAR VART DERES ER SU VASI VASE D DD DATED LIST LISTE NOTE LA LE EL OG
OCH UND AND ET EN I E Y A P PT TO
"""
_DOCUMENT, _OTHERWISE = tuple(_DOCUMENT_WORDS.split()), tuple(_OTHER_WORDS.split())
_PASSED = frozenset(_PASSED_WORDS.split())
_STEM = 5
_WORD = re.compile(r"([A-Z]+)[^A-Z0-9]{0,6}$")
_WORDS_BACK = 5
_OWN_LETTERS = re.compile(r"([A-Z]+)[^A-Z0-9]{0,3}$")
_BEHIND = re.compile(r"[^A-Z0-9]{0,3}([A-Z]{3,})")
_DAY = re.compile(
    r"(?:20)?[1-3][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])(?:20)?[1-3][0-9]"
)
"""A day without marks, year first or last."""
_ENOUGH = 5
_LONG = 8


@lru_cache(maxsize=5_000)
def _kind(word: str) -> Called | None:
    """What one word says; words of up to four letters are met exactly, longer ones by their beginning."""
    for kind, words in ((Called.DOCUMENT, _DOCUMENT), (Called.OTHERWISE, _OTHERWISE)):
        if any(word == known or (len(known) >= _STEM and word.startswith(known)) for known in words):
            return kind
    return None


def called(text: str, start: int, of_no_meaning: Iterable[str] = ()) -> Called:
    """What the words in front of this place of a plain text call the number there.

    ``of_no_meaning`` are words that may stand in front of any number: the payer's own name.

    >>> called("FAKTURA NR 4711", 11).name, called("PROFORMA FAKTURA 4711", 17).name, called("4711", 0).name
    ('DOCUMENT', 'OTHERWISE', 'BARE')
    >>> called("ZIMMER 4711", 7).name, called("FOLGESEDDEL NR. 4711", 16).name
    ('STRANGELY', 'OTHERWISE')
    """
    end = start
    found = Called.BARE
    for _ in range(_WORDS_BACK):
        match = _WORD.search(text, max(0, end - 40), end)
        if match is None:
            break
        word, end = match.group(1), match.start()
        kind = Called.DOCUMENT if word == "ACCOUNT" and text.endswith("ON ", 0, end) else _kind(word)
        if kind is Called.OTHERWISE:
            return kind
        if kind is Called.DOCUMENT and found is not Called.STRANGELY:
            # ``proforma invoice``, ``order invoice``: the word in front decides.
            found = kind
        elif word not in _PASSED and word not in of_no_meaning:
            if found is Called.DOCUMENT:
                break
            found = Called.STRANGELY
    return found


def introduced(
    text: str, start: int, number: str, *, in_full: bool, reason_given: bool = False, of_no_meaning: Iterable[str] = ()
) -> str:
    """Why a number, read at this place, may be no document at all; empty where it surely is one.

    ``number`` is the document's own, ``in_full`` whether it stands there as it is printed, ``reason_given`` whether the
    text says why less is paid. A number with letters of its own needs no word in front; one that stands bare needs five
    digits and nothing strange behind it; one with a strange word in front needs eight and a reason.

    >>> introduced("RE2026-001023", 2, "RE2026-001023", in_full=True)
    ''
    >>> introduced("OFERTA 415/2026", 7, "415/2026", in_full=True)
    'the text calls the number something else than an invoice'
    >>> introduced("042187 BERGEN", 0, "BR04-2187", in_full=False)
    'nothing in the text says that the number is a document'
    >>> introduced("DEL 261103", 4, "261103", in_full=True), introduced("FATTURA 261103", 8, "261103", in_full=True)
    ('the number may as well be a date', '')
    """
    prefix = _OWN_LETTERS.search(text, max(0, start - 12), start)
    own = prefix is not None and number.upper().startswith(prefix.group(1))
    how = called(text, prefix.start(1) if own and prefix else start, of_no_meaning)
    if how is Called.OTHERWISE:
        return "the text calls the number something else than an invoice"
    if how is Called.DOCUMENT:
        return ""
    digits = sum(sign.isdigit() for sign in number)
    if in_full and (any(sign.isalpha() for sign in number) or (reason_given and digits >= _LONG)):
        return ""
    if how is Called.BARE and _DAY.fullmatch(number):
        return "the number may as well be a date"
    behind = _BEHIND.match(text, start + len(number))
    alone = behind is None or reason_given or _kind(behind.group(1)) is Called.DOCUMENT
    if in_full and how is Called.BARE and digits >= _ENOUGH and alone:
        return ""
    return "nothing in the text says that the number is a document"

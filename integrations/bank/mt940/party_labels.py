"""The other party's name in free text, where the bank puts a label before it.

Banks that structure nothing still print who paid: ``ORDERING PARTY: ACME LTD``, ``DONNEUR D'ORDRE: ...``, ``B/O: ...``
on American wires, ``/FRM`` in French statements. A label of the payer counts for money received, one of the payee for
money sent; the name ends with the line, with a semicolon, with the next label that is known, or where a document or tax
number begins (``... LTD REF 99``).
"""

import re

_PAYER = (
    r"ORDERING (?:PARTY|CUSTOMER)|ORDERED BY|BY ORDER OF|ORIGINATOR(?: NAME)?|ORIG(?: CO NAME)?|REMITTER(?: NAME)?"
    r"|PAYER(?: NAME)?|PAID BY|SENDER(?: NAME)?|RECEIVED FROM|FROM|AUFTRAGGEBER|ABSENDER|ZAHLER|ZAHLUNGSPFLICHTIGER"
    r"|DONNEUR D'ORDRE|EMETTEUR|DE|ORDENANTE|ORDINANTE|MITTENTE|OPDRACHTGEVER|BETALER|AVSENDER|AVSÄNDARE|AVSANDARE"
    r"|FRA|FRÅN|FRAN|INDBETALER|MAKSAJA|MAKSJA|MAKS[AĀ]T[AĀ]JS|MOK[EĖ]TOJAS|PLATITOR|PL[AÁ]TCE|PL[AÁ]TITE[LĽ]"
    r"|(?:U)?PLATITELJ|NALOGODAVAC|ZLECENIODAWCA|NADAWCA|P[LŁ]ATNIK|BEFIZET[OÓÖŐ]|MEGB[IÍ]Z[OÓ]|G[OÖ]NDEREN"
    r"|PAGADOR|B/O"
)
_PAYEE = (
    r"BENEFICIARY(?: NAME)?|BENEFICIARIO|B[EÉ]N[EÉ]FICIAIRE|BEG[UÜ]E?NSTIGTER?|EMPF[AÄ]E?NGER|ZUGUNSTEN|PAYEE|PAID TO"
    r"|PAYMENT TO|BEGUNSTIGDE|MOTTAGARE|MOTTAKER|MODTAGER|SAAJA|SA[NŅ][EĒ]M[EĒ]JS|GAV[EĖ]JAS|ODBIORCA|P[RŘ][IÍ]JEMCE"
    r"|PR[IÍ]JEMCA|PRIMATELJ|PRIMALAC|KEDVEZM[EÉ]NYEZETT|ALICI"
)
_OTHER = (
    r"REASON(?: FOR PAYMENT)?|DETAILS(?: OF PAYMENT)?|PAYMENT DETAILS|REMITTANCE(?: INFO(?:RMATION)?)?|INFO"
    r"|REF(?:ERENCE)?|YOUR REF|OUR REF|MOTIF|LIBELLE|CHEZ|CONCEPTO|CAUSALE|DETALII|MITTEILUNG(?:EN)?|ZAHLUNGSGRUND"
    r"|VERWENDUNGSZWECK|ZAHLUNGSREFERENZ|REFERENZ(?:EN)?|OMSCHRIJVING|KENMERK|MEDDELANDE|MELDING|KID|OCR|VIITE"
    r"|BET\.? ?ID|TYT(?:UŁ|UL|\.)?|IBAN|BIC|ACC(?:OUNT)?(?: (?:NO|NUMBER))?\.?|A/C|KONTO|COMPTE|CUENTA|CONTO|CONT"
    r"|BANK|VIA|BANQUE|DATE|ADDRESS|K[OÖ]ZLEM[EÉ]NY|SZ[AÁ]MLASZ[AÁ]M|A[CÇ]IKLAMA|HESAP NO|OPIS PL[AĆ]{1,2}ANJA"
    r"|SVRHA|SELGITUS|PASKIRTIS|M[EĒ]R[KĶ]IS|DESCRI[CÇ][AÃ]O|ZPR[AÁ]VA|ID|SND BK|PMT DET|PMT INFO|TRN|SEQ|DES|INDN"
)
# An amount, a document or a tax number behind the name: the word for it, "no." or nothing, and digits.
_NUMBER = (
    r"(?:REF(?:ERENCE|ERENZ)?|INV(?:OICES?)?|BILL|FACT(?:URAS?|URES?|UUR)?|FATT(?:URA|URE)?|FAKTUR[AY]?|RECHN(?:UNG)?"
    r"|RE-?NR|RG-?NR|KD-?NR|KUNDEN-?NR|CUSTOMER|ORDER"
    r"|BEL[ØO]PP?|AMOUNT|BETRAG|BEDRAG|MONTANT|IMPORTE|IMPORTO|KWOTA"
    r"|CUI|CIF|NIF|NIP|I[CČ]O|P\. ?IVA|VAT|INN|KPP|UST-?ID(?:-?NR)?)"
    r"\.?[ ]?(?:NO|NR|N°|#)?[.:]?[ ]?[A-Z]{0,4}[-/]?[0-9]"
)
_LABELS = rf"(?:{_PAYER}|{_PAYEE}|{_OTHER})"
_END = rf"(?=\s*(?:[;\n]|$|\s{_LABELS}\s?:|\s(?:OGB|OBI|RFB|BNF|BBI|INS|SND|ORG)=|\s{_NUMBER}))"
_START = r"(?:^|(?<=[\s;,]))"
_PAYERS = re.compile(rf"{_START}(?:(?:{_PAYER})\s?:|ORG=)\s*(?:/\S+\s)?\s*([^;\n]+?){_END}", re.IGNORECASE)
_PAYEES = re.compile(rf"{_START}(?:(?:{_PAYEE})\s?:|BNF=)\s*(?:/\S+\s)?\s*([^;\n]+?){_END}", re.IGNORECASE)
_CUT_BEFORE_LABEL = re.compile(rf"\r(?={_LABELS}\s?:)", re.IGNORECASE)
_NUMBERS_BEHIND = re.compile(rf"(?<=\w|\.)\s{_NUMBER}.*", re.IGNORECASE | re.DOTALL)
# "NAME:" alone says whose name it is only where it begins the text or a line: "BANK NAME:" is another's.
_NAMES = re.compile(rf"(?:^|[;\n])\s*NAME\s?:\s*([^;\n]+?){_END}", re.IGNORECASE)
# French banks: /FRM or /DE who pays, /BNF or /BEN who is paid, /EID end-to-end reference, /RNF or /MOTIF text.
_CFONB = re.compile(r"(?:^|\s)/(FRM|DE|BNF|BEN)\s+(\S.*?)(?=\s*/[A-Z]{2,6}\s|\n|$)")
_SIDES = {"FRM": True, "DE": True, "BNF": False, "BEN": False}
# American ACH entries: the other company stands before the description that it gave its batch.
_ACH = re.compile(r"^(?:[^:;\n]*?ACH (?:CREDIT|DEBIT) )?([^:;\n]{2,}?) DES:", re.MULTILINE)


def labelled_name(text: str, *, received: bool) -> str | None:
    """The name behind a label; None where no label tells. Lines are parted by LF, wrapped ones joined.

    >>> labelled_name("CREDIT ORDERING PARTY: ACME LTD DETAILS: INV 4711", received=True)
    'ACME LTD'
    >>> labelled_name("PAYMENT TO: SUPPLIER LTD REF 99", received=False)
    'SUPPLIER LTD'
    >>> labelled_name("VIREMENT RECU /FRM ACME SAS /EID FA-12 /RNF FACTURE 12", received=True)
    'ACME SAS'
    >>> labelled_name("BENEFICIARY: OUR COMPANY", received=True)
    """
    if ":" in text or "=" in text:
        found = (_PAYERS if received else _PAYEES).search(text) or _ACH.search(text) or _NAMES.search(text)
        if found and any(map(str.isalpha, found.group(1))):
            return " ".join(found.group(1).split()).rstrip(",") or None
    if "/" in text:
        for code, name in _CFONB.findall(text):
            if _SIDES[code] is received:
                return " ".join(name.split())
    return None


def name_alone(name: str) -> str:
    """A name without the document number that was written behind it.

    >>> name_alone("MEIER AG RE-NR. 4711"), name_alone("ORDER 66 STUDIOS"), name_alone("REF ENGINEERING LTD")
    ('MEIER AG', 'ORDER 66 STUDIOS', 'REF ENGINEERING LTD')
    """
    return _NUMBERS_BEHIND.sub("", name)


def before_labels(marked: str) -> str:
    r"""A marked text in which a full line is not joined with a label that the bank began the next one with.

    >>> before_labels("ORDENANTE: TALLERES GARCIA SL\rCONCEPTO: FRA 12\r34")
    'ORDENANTE: TALLERES GARCIA SL\nCONCEPTO: FRA 12\r34'
    """
    return _CUT_BEFORE_LABEL.sub("\n", marked) if "\r" in marked else marked

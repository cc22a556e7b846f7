"""The other party's name in free text, where the bank puts a label before it.

Banks that structure nothing still print who paid: ``ORDERING PARTY: ACME LTD``, ``DONNEUR D'ORDRE: ...``, ``B/O: ...``
on American wires, ``/FRM`` in French statements. A label of the payer counts for money received, one of the payee for
money sent; the name ends with the line, with a semicolon or with the next label that is known.
"""

import re

_PAYER = (
    r"ORDERING (?:PARTY|CUSTOMER)|ORDERED BY|BY ORDER OF|ORIGINATOR(?: NAME)?|ORIG CO NAME|REMITTER(?: NAME)?|PAYER"
    r"|PAID BY|SENDER|RECEIVED FROM|FROM|AUFTRAGGEBER|ABSENDER|ZAHLER|ZAHLUNGSPFLICHTIGER|DONNEUR D'ORDRE|EMETTEUR"
    r"|DE|ORDENANTE|ORDINANTE|MITTENTE|OPDRACHTGEVER|BETALER|AVSENDER|AVSÄNDARE|AVSANDARE|FRA|FRÅN|FRAN|INDBETALER"
    r"|MAKSAJA|PLATITOR|PL[AÁ]TCE|ZLECENIODAWCA|NADAWCA|B/O"
)
_PAYEE = (
    r"BENEFICIARY(?: NAME)?|BENEFICIARIO|B[EÉ]N[EÉ]FICIAIRE|BEG[UÜ]E?NSTIGTER?|EMPF[AÄ]E?NGER|ZUGUNSTEN|PAYEE|PAID TO"
    r"|PAYMENT TO|BEGUNSTIGDE|MOTTAGARE|MOTTAKER|MODTAGER|SAAJA|ODBIORCA|PRIJEMCE"
)
_OTHER = (
    r"REASON(?: FOR PAYMENT)?|DETAILS(?: OF PAYMENT)?|PAYMENT DETAILS|REMITTANCE(?: INFO(?:RMATION)?)?|INFO"
    r"|REF(?:ERENCE)?|YOUR REF|OUR REF|MOTIF|LIBELLE|CHEZ|CONCEPTO|CAUSALE|DETALII|MITTEILUNG(?:EN)?|ZAHLUNGSGRUND"
    r"|VERWENDUNGSZWECK|ZAHLUNGSREFERENZ|REFERENZ(?:EN)?|OMSCHRIJVING|KENMERK|MEDDELANDE|MELDING|KID|OCR|VIITE"
    r"|BET\.? ?ID|TYT(?:UŁ|UL|\.)?|IBAN|BIC|ACC(?:OUNT)?(?: (?:NO|NUMBER))?\.?|A/C|KONTO|COMPTE|CUENTA|CONTO|CONT"
    r"|BANK|VIA|BANQUE|DATE|ADDRESS"
)
_END = rf"(?=\s*(?:[;\n]|$|\s(?:{_PAYER}|{_PAYEE}|{_OTHER})\s?:|\s(?:OGB|OBI|RFB|BNF|BBI|INS|SND|ORG)=))"
_START = r"(?:^|(?<=[\s;,]))"
_PAYERS = re.compile(rf"{_START}(?:(?:{_PAYER})\s?:|ORG=)\s*(?:/\S+\s)?\s*([^;\n]+?){_END}", re.IGNORECASE)
_PAYEES = re.compile(rf"{_START}(?:(?:{_PAYEE})\s?:|BNF=)\s*(?:/\S+\s)?\s*([^;\n]+?){_END}", re.IGNORECASE)
# French banks after CFONB: /FRM who pays, /BNF who is paid, /EID end-to-end reference, /RNF text.
_CFONB = re.compile(r"(?:^|\s)/(FRM|BNF)\s+(\S.*?)(?=\s+/[A-Z]{3}\s|\n|$)")


def labelled_name(text: str, *, received: bool) -> str | None:
    """The name behind a label; None where no label tells. Lines are parted by LF, wrapped ones joined.

    >>> labelled_name("CREDIT ORDERING PARTY: ACME LTD DETAILS: INV 4711", received=True)
    'ACME LTD'
    >>> labelled_name("VIREMENT RECU /FRM ACME SAS /EID FA-12 /RNF FACTURE 12", received=True)
    'ACME SAS'
    >>> labelled_name("BENEFICIARY: OUR COMPANY", received=True)
    """
    if ":" in text or "=" in text:
        found = (_PAYERS if received else _PAYEES).search(text)
        if found and any(map(str.isalpha, found.group(1))):
            return " ".join(found.group(1).split()).rstrip(",") or None
    if "/FRM " in text or "/BNF " in text:
        for code, name in _CFONB.findall(text):
            if code == ("FRM" if received else "BNF"):
                return " ".join(name.split())
    return None

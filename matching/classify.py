"""What is no customer payment at all: bank fees, interest, own transfers, supplier payments, salaries, taxes.

Ignoring is the most dangerous decision, because nobody looks again. So money that comes in is ignored only where it
comes from one of our own accounts, is named by the bank's own transaction code, or was confirmed by a person; and a
debit only where nothing says that it takes back or pays back a customer's money.
"""

import re

from matching.model.payment import IgnoredReason
from matching.reading import Reading
from matching.text.names import name_key
from matching.text.normal import plain

_FEE = re.compile(
    r"KONTOFUEHRUNG|KONTOFUHRUNG|KONTOABSCHLUSS|ENTGELT|BANKGEBUEHR|BANKGEBUHR|BANKKOSTEN"
    r"|KOSTEN BETALINGSVERKEER|BANK ?CHARGES?\b"
    r"|BANK FEE|ACCOUNT FEE|SERVICE CHARGE|FRAIS BANCAIRES|FRAIS DE TENUE|COMMISSION|COTISATION CARTE"
    r"|PROWIZJA|OPLATA ZA|KOSTEN REKENING"
    r"|TRANSACTION FEE|MONTHLY FEE|GEBUEHR|GEBUHR|SPESEN|GEBYR|AVGIFT|COMMISSIONI|COMISION"
)
_INTEREST = re.compile(
    r"\bZINSEN\b|HABENZINS|SOLLZINS|\bINTEREST\b|\bRENTE\b|CREDITRENTE|DEBETRENTE|\bINTERETS?\b|AGIOS"
    r"|ODSETKI|INTERESSI|\bRANTA\b"
)
_RETURN = re.compile(
    r"RUECKLAST|RUCKLAST|RUECKGABE|RUCKGABE|RETOURE?\b|STORNO|STORNIERUNG|\bRETURN(?:ED)?\b|REJECT"
    r"|CHARGEBACK|R-TRANSACTION|REFUSED"
    r"|REVERSAL|IMPAYE|REJET|ANNULATION|ZWROT|REFUND|TERUGBOEK|STORNERING|INSOLUTO|DEVOLUCION"
    r"|RETRAIT SDD|UNPAID|UNGEDECKT"
    r"|\b(?:AC|AM|MD|MS|FF|RC|SL|BE|AG|DT|RR|TM)[0-9]{2}\b"
)
_RETURN_CODES = re.compile(r"/(?:RRTN|RRCT|UPDD|UPCT|PRDD|ARET|RDDT/[A-Z]*RET|RCDT/RRTN)|NRTI|\bRTI\b|RTRN")
_FEE_CODES = re.compile(r"/(?:CHRG|FEES|COMM|COMT)\b|NCHG|NCOM|SRVCHG|\bFEE\b")
_INTEREST_CODES = re.compile(r"/INTR\b|NINT|\bINT\b")
_SALARY = re.compile(r"\bSALA(?:RY|RIS|IRE)|\bGEHALT|\bLOHN|\bLOON\b|WYNAGRODZENIE|PAYROLL|\bLON\b|STIPENDIO|NOMINA\b")
_TAX = re.compile(
    r"FINANZAMT|BELASTINGDIENST|DGFIP|HMRC|URZAD SKARBOWY|SKATTEVERKET|SKATTEETATEN|SKAT\b"
    r"|STEUERKASSE|BUNDESKASSE|AGENZIA ENTRATE"
    r"|TRESOR PUBLIC|IMPOTS"
)
_TAX_TEXT = re.compile(
    r"UST|UMSATZSTEUER|VORSTEUER|\bBTW\b|\bVAT\b|\bTVA\b|\bTAX|STEUER|BELASTING|PODATEK|\bMOMS\b"
    r"|OMZETBELASTING|IMPOT|ERSTATTUNG|TERUGGAAF|REFUND|ZWROT"
)


def ignored_reason(reading: Reading) -> IgnoredReason | None:
    """Why this entry is no customer payment, or None where it may be one."""
    payment = reading.payment
    if payment.amount == 0:
        return "zero_amount"
    parties = reading.index.parties
    account = reading.payer.account
    if account and account in parties.house_accounts:
        return "own_transfer"
    if (
        parties.not_ours
        and (account in parties.not_ours or name_key(payment.payer_name) in parties.not_ours)
        and not reading.strong
    ):
        return "confirmed_not_ours"
    return _incoming(reading) if payment.amount > 0 else _outgoing(reading)


def _incoming(reading: Reading) -> IgnoredReason | None:
    """Only what the bank itself pays: interest, a fee given back. Everything else may be a customer's money."""
    payment = reading.payment
    code = payment.transaction_code.upper()
    by_the_bank = not payment.payer_account and not payment.payer_name
    if reading.payer.by_account or reading.payer.by_name:
        return None
    reason: IgnoredReason | None = None
    if _INTEREST_CODES.search(code) or (by_the_bank and _INTEREST.search(reading.text)):
        reason = "interest"
    elif _FEE_CODES.search(code) and by_the_bank:
        reason = "bank_fee"
    elif payment.payer_name and _TAX.search(plain(payment.payer_name)) and _TAX_TEXT.search(reading.text):
        reason = "tax"
    return reason if reason and not reading.strong else None


def is_return(reading: Reading) -> bool:
    """Whether an outgoing entry takes back a customer's money (a returned direct debit, a recalled transfer)."""
    payment = reading.payment
    if payment.amount >= 0:
        return False
    return bool(
        payment.reversal
        or payment.return_reason
        or _RETURN_CODES.search(payment.transaction_code.upper())
        or _RETURN.search(reading.text)
    )


def _outgoing(reading: Reading) -> IgnoredReason | None:
    """Only where nothing says that it takes back or pays back what a customer had paid."""
    customer = reading.payer.by_account or (reading.payer.name_grade in {"name", "cut"} and reading.payer.by_name)
    if is_return(reading) or customer or reading.strong:
        return None
    return _kind_of_debit(reading)


def _kind_of_debit(reading: Reading) -> IgnoredReason:
    payment = reading.payment
    code = payment.transaction_code.upper()
    by_the_bank = not payment.payer_account
    if _INTEREST_CODES.search(code) or (by_the_bank and _INTEREST.search(reading.text)):
        return "interest"
    if _FEE_CODES.search(code) or (by_the_bank and _FEE.search(reading.text)):
        return "bank_fee"
    if payment.purpose.upper() in {"SALA", "PAYR", "PENS"} or _SALARY.search(reading.text):
        return "salary"
    if payment.purpose.upper() in {"TAXS", "VATX"} or _TAX.search(plain(payment.payer_name)):
        return "tax"
    return "supplier_payment"

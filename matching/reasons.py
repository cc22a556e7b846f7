"""Why less was paid than is open, as far as the payer's words say it: the seed of a dispute, or of an instalment plan.

Upper-case plain text, in German, Dutch, French, English, Polish, Danish, Norwegian,
Swedish, Finnish, Czech, Italian, Spanish and Portuguese. The first reason that is met counts, in the table's order.
"""

import re
from functools import lru_cache
from typing import cast

from matching.model.decision import ResidualReason

# A reason, and the patterns that tell it; ``_`` stands for a blank.
_TABLE = r"""
partial_payment   TEILZAHL TEILBETR ABSCHLAG ANZAHLUNG \bRATEN?\b DEELBETAL GEDEELTELIJK AANBETAL TERMIJN
partial_payment   \bDEEL_?[0-9] ACOMPTE PAIEMENT_PARTIEL ECHEANCE VERSEMENT PART(?:IAL)?_?PAYMENT PARTIAL
partial_payment   INSTALL?MENT PART_PAYT \bDEPOSIT\b ZALICZKA CZESCIOW \bRATA\b ON_ACCOUNT \bA_?CONTO AKONTO DELBETAL
partial_payment   AVBETAL DELBELOP DELBELOEP OSAMAKSU OSASUORITUS ENNAKKO ZALOHA SPLATKA CASTECN ACCONTO A_CUENTA
partial_payment   PAGO_PARCIAL PLAZO PRESTACAO PAGAMENTO_PARCIAL PARCELA (?<![0-9/])\(?[1-9]/[2-9]\)?(?![0-9/])
bank_charges      BANK_?CHARGES? BANKSPESEN SPESEN BANKKOSTEN FRAIS_BANCAIRES OPLATA_BANKOWA PROWIZJA BANKGEBYR
bank_charges      BANKAVGIFT PANKKIKULU BANKOVNI_POPLAT SPESE_BANCARIE GASTOS_BANCARIOS DESPESAS_BANCARIAS
quality           MANGEL MAENGEL DEFEKT DEFECT DAMAGED? BESCHAD BESCHAED KAPUTT REKLAMATION REKLAMACJ REKLAMAC
quality           REKLAMASJON KLACHT QUALIT WADA USZKODZ ENDOMMAG AVARIE SKADET SKADAT SKADAD BESKADIG VIRHE VIALL
quality           REKLAMAATIO VADN POSKOZ DIFETT DANNEGG DEFEITO DANIFIC DANAD TRANSPORTSCHA
quantity          FEHLMENGE FEHLT MINDERMENGE SHORT_DELIVERY SHORTAGE MISSING MANCO TEKORT NIET_GELEVERD MANQUANT
quantity          BRAK_TOWARU NIEDOBOR MANKO SAKNAS MANGLER PUUTTU CHYBI MANCANZ FALTANT FALTA_DE
price             PREISDIFF PREISABWEICH FALSCHER_PREIS PRICE_?(?:DIFF|QUERY) WRONG_PRICE PRIJSVERSCHIL PRIJSAFSPRAAK
price             ECART_DE_PRIX ROZNICA_CEN \bCENA\b PRISAVVIK PRISDIFF PRISFORSKEL HINTAERO ROZDIL_V_CENE
price             DIFFERENZA_PREZZO DIFERENCIA_DE_PRECIO DIFERENCA_DE_PRECO
freight           FRACHT FREIGHT VRACHT TRANSPORT PORTO\b VERZENDKOSTEN SHIPPING \bFRAKT FRAGT RAHTI DOPRAVNE
freight           TRASPORTO
promotion         \bWKZ\b WERBEKOSTEN BONUS RABATT REBATE PROMO MARKETING ACTIEKORTING RABAT\b REMISE ALENNUS
promotion         DESCONTO
tax               REVERSE_CHARGE WITHHOLDING QUELLENSTEUER BRONBELASTING RETENUE_A_LA_SOURCE SPLIT_PAYMENT
tax               \bVAT_DEDUCT IRPF
deduction_claimed ABZUG ABZGL \bABZ\b ABZUEGLICH GEKUERZT GEKURZT EINBEHALT DEDUCT \bLESS\b MINUS INHOUDING
deduction_claimed INGEHOUDEN IN_MINDERING KORTING DEDUI RETENU RETENTION RETENC RITENUTA POTRAC MINDERUNG DEBIT_NOTE
deduction_claimed BELASTUNG WG_NOTY RETOUR RETURNS RETUR\b AVDRAG FRATRUKKET FRATREKK FRADRAG TRUKKET VAHENNE VAHENN
deduction_claimed SRAZKA SLEVA MENO\b DETRAZ MENOS\b DEDUZ ABATIM
"""


def _read(table: str) -> tuple[tuple[ResidualReason, re.Pattern[str]], ...]:
    told: dict[str, list[str]] = {}
    for row in table.strip().splitlines():
        reason, *patterns = row.split()
        told.setdefault(reason, []).extend(pattern.replace("_", " ") for pattern in patterns)
    return tuple((cast("ResidualReason", reason), re.compile("|".join(all_of))) for reason, all_of in told.items())


_REASONS = _read(_TABLE)


@lru_cache(maxsize=256)
def said(text: str) -> ResidualReason:
    """The reason for a short payment that a plain text gives, or ``unknown``.

    >>> said("FAKTURA 4711 DELBETALING"), said("276113 DEDUCTION AVARIE"), said("RE 4711")
    ('partial_payment', 'quality', 'unknown')
    """
    return next((reason for reason, pattern in _REASONS if pattern.search(text)), "unknown")

"""Triodos before 2018: sub-fields behind ``>``; >10 holds the account, or >20 BIC and >21 IBAN for SEPA payments.

Name, address and text follow without any mark between them, so all of it is remittance. >31 is our own account.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, is_bic

NAME = "triodos"
FIRST = "0"

_SUBFIELD = re.compile(r">([0-9]{2})")
_IBAN_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_WIDTH = 27


def score(remarks: Remarks) -> int:
    """Certain with the business code 000 and the account sub-field."""
    return 97 if remarks.text.startswith("000>10") else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; 000 is no business code."""
    parts = _SUBFIELD.split(remarks.body.replace("\n", ""))
    texts: list[str] = []
    for number, value in zip(parts[1::2], parts[2::2], strict=True):
        if number == "10":
            draft.counterparty_account = account(value)
        elif "20" <= number <= "29":
            texts.append(value)
    if len(texts) > 1 and is_bic(texts[0].strip()) and _IBAN_SHAPE.fullmatch(texts[1].strip()):
        draft.counterparty_bic, draft.counterparty_account = texts[0].strip(), texts[1].strip()
        texts = texts[2:]
    draft.remittance_lines = tuple(texts)
    text = ""
    for piece in texts:
        text += piece if len(piece) >= _WIDTH or piece.endswith(" ") else piece + " "
    draft.remittance = " ".join(text.split())
    return None

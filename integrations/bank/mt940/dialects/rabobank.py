"""Rabobank: words between slashes, the counterparty's account on the second line of field 61.

Before SEPA: sixteen characters of account and then the name in field 61, one field 86 per remittance line.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account
from integrations.bank.mt940.slash_codes import read_codes

NAME = "rabobank"
FIRST = ""

_STARTS = ("/EREF/", "/MARF/", "/PREF/", "/ORDP//", "/BENM//", "/REMI/", "/TRCD/", "/RTRN/")
_ACCOUNT = re.compile(r"P?[0-9]{8,12}|[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")


def score(remarks: Remarks) -> int:
    """Certain with a party group; likely with a code in front, or with the old name in field 61."""
    text = remarks.text
    if text.startswith(_STARTS):
        return 94 if "/ORDP//" in text or "/BENM//" in text or "/ISDT/" in text else 80
    return 91 if remarks.line.trailing and text[:1] not in "/?~" else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    line = remarks.line
    if remarks.text.startswith("/"):
        read_codes(remarks.marked, draft)
        if draft.counterparty_account is None:
            draft.counterparty_account = _account(line.supplementary[0]) if line.supplementary else None
        return None
    draft.counterparty_name = line.trailing
    draft.counterparty_account = _account(line.reference) if line.reference else None
    draft.remittance_lines = tuple(text for text in remarks.lines if text.strip())
    draft.remittance = " ".join(" ".join(draft.remittance_lines).split())
    return None


def _account(text: str) -> str | None:
    compact = text.strip()
    return account(compact) if _ACCOUNT.fullmatch(compact) else None

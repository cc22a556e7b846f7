"""Penta (solarisBank): kind, text, name and account parted by colons behind the business code 999.

``999SEPA_CREDIT_TRANSFER:Rechnung Nr 7983:ACME GmbH:DE70...``; the text may hold colons itself, and a note may
follow the account.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, pieces

NAME = "penta"
FIRST = "9"

_PARTS = re.compile(r"999([A-Z_]{4,40}):(.*):([^:]*):([A-Z]{2}[0-9]{2}[A-Z0-9]{10,30})(?::(.*))?", re.DOTALL)


def score(remarks: Remarks) -> int:
    """Certain when kind, text, name and account are there."""
    return 93 if remarks.text.startswith("999") and _PARTS.fullmatch(remarks.text) else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; returns the business code with the kind of payment."""
    found = _PARTS.fullmatch(remarks.text)
    if found is None:
        draft.remittance_lines = pieces(remarks.marked)
        draft.remittance = remarks.text
        return None
    kind, text, name, number, note = found.groups()
    # Bank's own card purchases carry an account that belongs to nobody (country XX).
    draft.counterparty_account = None if number.startswith("XX") else account(number)
    draft.counterparty_name = name.strip() or None
    draft.remittance_lines = tuple(part for part in (text, note) if part and part.strip())
    draft.remittance = " ".join(draft.remittance_lines)
    return f"999/{kind}"

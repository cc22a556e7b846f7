"""German field 86: a three-digit business code (GVC) and numbered sub-fields, with SEPA keywords in the purpose.

The separator is a question mark with most banks; any other sign may stand for it. Text without sub-fields may
follow the business code too.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks
from integrations.bank.mt940.sub_fields import read_subfields

NAME = "gvc"
FIRST = "?0123456789"

_SEPARATORS = frozenset("?!*§$%&#@=;|+'")
# Business codes of payments that come back: returned debits and credit transfers.
_RETURNS = frozenset({"108", "109", "110", "111", "159", "181", "182", "183", "184"})
# ISO 20022 external return reason codes.
_REASON = re.compile(
    r"\b(A[CGM](?:0[1-9]|1[0-6])|BE0[1-8]|CNOR|DNOR|DUPL|ED05|FF05|FOCR|MD0[1-8]|MS0[23]|NOAS|NOOR|RC0[1-8]|RR0[1-4]"
    r"|SL0[1-5]|SL1[1-4]|SVNR|TECH|TM01|UPAY|AGNT|CURR|CUST|FRAD|ARDT|LEGL|NARR)\b"
)


def score(remarks: Remarks) -> int:
    """Certain when three digits, one sign and a sub-field number begin the text."""
    text = remarks.text
    if text[:3].isdigit() and text[3:4] in _SEPARATORS and text[4:6].isdigit():
        return 95
    if text[:1] == "?" and text[1:3].isdigit():
        return 92
    # A business code alone, with unstructured text behind it.
    if text[:3].isdigit() and text[3:4].isalpha() and len(remarks.line.type_code or "") == 4:
        return 30
    return 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft from the sub-fields; returns the GVC."""
    text = remarks.text
    if text[:1] == "?":
        read_subfields(text, "?", draft)
        return None
    code, separator = text[:3], text[3:4]
    if separator not in _SEPARATORS:
        lines = remarks.lines
        draft.remittance_lines = (lines[0][3:], *lines[1:])
        draft.remittance = text[3:].strip()
        return code
    addition = read_subfields(text, separator, draft)
    if code in _RETURNS:
        found = _REASON.search(draft.remittance)
        draft.return_reason = found.group(1) if found else addition.lstrip("0") or None
        draft.original_end_to_end_id = draft.end_to_end_id
    return code

"""Knab before 2016: remittance text, then ``REK: account/NAAM: name`` on the last line."""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, joined, mark_line_ends

NAME = "knab"
FIRST = ""

_PARTY = re.compile(r"(?:^|\n)(?:REK: *([A-Z0-9]{5,34})/)?NAAM: *([^\n]*)")


def score(remarks: Remarks) -> int:
    """Certain when the label of the name begins a line, with or without account."""
    return 92 if "NAAM: " in remarks.body and _PARTY.search(remarks.body) else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    found = _PARTY.search(remarks.body)
    if found:
        draft.counterparty_account = account(found.group(1))
        draft.counterparty_name = " ".join(found.group(2).split()) or None
    text = remarks.body[: found.start()] if found else remarks.body
    draft.remittance_lines = tuple(line for line in text.split("\n") if line.strip())
    draft.remittance = joined(mark_line_ends(text)) if text else ""
    return None

"""Field 86 without any structure: the text is remittance, and little else may be concluded from it.

An IBAN is taken when its check digits are right and it is the only one; a name only where a label says so.
"""

import re

from integrations.bank.mt940.drafts import DetailDraft
from integrations.bank.mt940.party_labels import labelled_name
from integrations.bank.mt940.remarks import Remarks, is_iban

NAME = "free-text"
FIRST = ""

# Written with its letters in front, so that the search passes over everything else without trying.
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?<!\w.{4})(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SUPPLEMENTARY_WIDTH = 34
_SUPPLEMENTARY_LINES = 12  # the standard has one
_IBAN_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_AMOUNTS = re.compile(r"/(?:OCMT|CHGS|EXCH|TRCD)/")


def score(remarks: Remarks) -> int:  # noqa: ARG001 - the port's signature
    """Everything is free text, if nothing better."""
    return 1


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """All lines are remittance, the second line of field 61 first unless it is said again."""
    lines = [line for line in remarks.lines if line.strip()]
    text = " ".join(remarks.text.split())
    extras = remarks.line.supplementary
    if len(extras) > _SUPPLEMENTARY_LINES:
        lines, text = [*extras, *lines], " ".join([*extras, text])
        extras = []
    for extra in reversed(extras):
        if _IBAN_SHAPE.fullmatch(extra.strip()):
            draft.counterparty_account = extra.strip()
        elif not _AMOUNTS.match(extra) and extra.strip().lower() not in text.lower():
            lines.insert(0, extra)
            # A full second line of field 61 goes on in field 86.
            text = (extra.strip() + ("" if len(extra) >= _SUPPLEMENTARY_WIDTH else " ") + text).rstrip()
    draft.remittance_lines = tuple(lines)
    draft.remittance = text
    if ":" in text or "=" in text or "/FRM" in text or "/BNF" in text:
        marked = remarks.marked.replace("\r", "")
        draft.counterparty_name = labelled_name(marked, received=not draft.amount.is_signed())
    ibans = {compact for found in _IBAN.findall(text) if is_iban(compact := found.replace(" ", ""))}
    if len(ibans) == 1 and draft.counterparty_account is None:
        draft.counterparty_account = ibans.pop()
    return None

"""Field 86 without any structure: the text is remittance, and little else may be concluded from it.

An IBAN is taken when its check digits are right and it is the only one; a name only where a label says so.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.ibans import ibans_in
from integrations.bank.mt940.party_labels import before_labels, labelled_name
from integrations.bank.mt940.remarks import Remarks

NAME = "free-text"
FIRST = ""

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
    marked = before_labels(remarks.marked) if ":" in remarks.text else remarks.marked
    text = " ".join(marked.replace("\r", "").split())
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
    if ":" in text or "=" in text or "/" in text:
        draft.counterparty_name = labelled_name(marked.replace("\r", ""), received=not draft.amount.is_signed())
    ibans = ibans_in(text)
    if len(ibans) == 1 and draft.counterparty_account is None:
        draft.counterparty_account = ibans.pop()
    return None

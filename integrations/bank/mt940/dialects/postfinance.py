"""PostFinance: labels in the text; AUFTRAGGEBER is the party (name and address in one), MITTEILUNGEN the text."""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.party_labels import name_alone
from integrations.bank.mt940.remarks import Remarks, joined, pieces

NAME = "postfinance"
FIRST = ""

_LABELS = re.compile(r"\b(AUFTRAGGEBER|ABSENDER|MITTEILUNGEN|ZAHLUNGSGRUND|REFERENZEN): ")
_BOOKING_REFERENCE = re.compile(r" ?\b[0-9]{6}CH[0-9A-Z]{8}\b")


def score(remarks: Remarks) -> int:
    """Certain with the label of the party."""
    return 92 if "AUFTRAGGEBER: " in remarks.text or "ABSENDER: " in remarks.text else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    parts = _LABELS.split(remarks.marked)
    texts: list[str] = []
    for label, value in zip(parts[1::2], parts[2::2], strict=True):
        if label in {"AUFTRAGGEBER", "ABSENDER"}:
            name = joined(_BOOKING_REFERENCE.sub("", joined(value)))
            draft.counterparty_name = name_alone(name) or None
            if draft.counterparty_name != (name or None):
                texts.append(value)  # a number stands behind the name, which is what the payment is for
        else:
            texts.append(value)
    text = "\n".join(texts)
    draft.remittance_lines = pieces(text)
    draft.remittance = joined(text.replace("\n", " "))
    return None

"""Polish banks: numbered sub-fields behind ``~``, ``^``, ``<`` or ``>``; mBank also as text with labels.

~20 to ~25 title, ~30 sort code, ~31 account, ~32 and ~33 name (and address), ~38 IBAN. Unused sub-fields are
filled with the byte FF.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account
from integrations.bank.mt940.sub_fields import read_subfields

NAME = "polish"
FIRST = "0123456789~^<> "

_SUBFIELDS = re.compile(r"\s*([0-9]{3})?([~^<>])[0-9]{2}")
_FILLER = re.compile("[\xff˙]")
_LABELS = re.compile(r"\b(Z RACH\.|NA RACH\.|OD|DLA|TYT\.|TNR|ID IPH): ", re.IGNORECASE)
_LABELLED = re.compile(r"; (?:TNR|TYT\.): ", re.IGNORECASE)


def score(remarks: Remarks) -> int:
    """Certain with a sub-field number behind one of the four signs, or with mBank's labels."""
    if _SUBFIELDS.match(remarks.text):
        return 0 if remarks.text.startswith("000>") else 95  # that is Triodos
    return 91 if ": " in remarks.text and _LABELLED.search(remarks.text) else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; returns the bank's three-digit code where there is one."""
    text = _FILLER.sub("", remarks.text)
    found = _SUBFIELDS.match(text)
    if found is None:
        return _read_labels(text, draft)
    code, sign = found.groups()
    read_subfields(_names_where_expected(text, sign), sign, draft)
    return code


def _names_where_expected(text: str, sign: str) -> str:
    """ING and BNP write the name in 27 and 28 and the address in 29, where others leave them to the title.

    >>> _names_where_expected("020~00VE02~20FV 1/2026~27ACME~28PROSTA 1~29WARSZAWA", "~")
    '020~00VE02~20FV 1/2026~32ACME~33PROSTA 1'
    """
    if f"{sign}27" not in text or f"{sign}32" in text or (f"{sign}26" in text and not text.count(f"{sign}26{sign}")):
        return text
    text = text.replace(f"{sign}27", f"{sign}32").replace(f"{sign}28", f"{sign}33")
    return re.sub(rf"{re.escape(sign)}29[^{re.escape(sign)}]*", "", text)


def _read_labels(text: str, draft: DetailDraft) -> str | None:
    parts = _LABELS.split(text)
    for label, value in zip(map(str.upper, parts[1::2]), parts[2::2], strict=True):
        plain = " ".join(value.split()).rstrip("; ")
        if label in {"Z RACH.", "NA RACH."}:
            draft.counterparty_account = account(plain)
        elif label in {"OD", "DLA"}:
            draft.counterparty_name = plain or None
        elif label == "TYT.":
            draft.remittance = plain
            draft.remittance_lines = (plain,)
    return parts[0][:3] if parts[0][:3].isdigit() else None

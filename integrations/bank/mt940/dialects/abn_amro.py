"""ABN AMRO: words between slashes beginning with /TRTP/, and before SEPA two columns of 32 characters.

The structured form is also what Knab and Van Lanschot write since 2016. The older forms have labels (``IBAN:``,
``NAAM:``, ``OMSCHRIJVING:``), or account and name in front (``GIRO 428428 KPN``, ``52.89.39.882 MYCOM``).
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, given, is_bic
from integrations.bank.mt940.slash_codes import read_codes
from matching.model.bank_statement import StructuredReference

NAME = "abn-amro"
FIRST = "/SEGB0123456789"

_COLUMN = 32
_LABELLED = re.compile(r"(?:SEPA|EU) [A-Z. ]{5,30}?(?: {2,}|\n| (?=[A-Z]+: ))")
_LABELS = re.compile(
    r"(?:^|[ \n])(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|BETALINGSKENM\.?(?=:)|BETALINGSKENM\.(?= ))"
    r" ?:? "
)
_GIRO = re.compile(r"GIRO +([0-9]{1,10}) ([^\n]*)")
_DOTTED = re.compile(r"([0-9]{1,3}(?:\.[0-9]{2,3}){3}) ([^\n]*)")
_CARD = re.compile(r"[BG]EA +(?:NR:\S+ +)?[0-9]{2}\.[0-9]{2}\.[0-9]{2}/[0-9]{2}\.[0-9]{2} ([^,\n]*)")
_STRUCTURED = re.compile(r"ISSUER: (\w+) +REF: ([0-9A-Z ]+)")


def score(remarks: Remarks) -> int:
    """Certain with /TRTP/ or one of the labelled and columned beginnings."""
    text = remarks.text
    if text.startswith("/TRTP/"):
        return 96
    if text[:1] in "SEGB0123456789" and (
        (_LABELLED.match(remarks.body) and _LABELS.search(remarks.body))
        or _GIRO.match(text)
        or _DOTTED.match(text)
        or _CARD.match(text)
    ):
        return 93
    return 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    if remarks.text.startswith("/"):
        read_codes(remarks.marked, draft)
        if "ISSUER: " in remarks.text and (found := _STRUCTURED.search(remarks.text)):
            reference = StructuredReference(type=found.group(1), reference=found.group(2).replace(" ", ""))
            draft.structured_references += (reference,)
    elif _LABELLED.match(remarks.body):
        _read_labels(remarks.body, draft)
    else:
        _read_columns(remarks, draft)
    return None


def _read_labels(body: str, draft: DetailDraft) -> None:
    parts = _LABELS.split(body)
    remittance: list[str] = []
    for label, text in zip(parts[1::2], parts[2::2], strict=True):
        value = " ".join(text.split())
        if label == "IBAN":
            draft.counterparty_account = account(value)
        elif label == "BIC":
            draft.counterparty_bic = value if is_bic(value) else None
        elif label == "NAAM":
            draft.counterparty_name = value or None
        elif label == "KENMERK":
            draft.end_to_end_id = given(value)
        elif label == "MACHTIGING":
            draft.mandate_id = given(value)
        elif label != "INCASSANT":
            remittance += [line.strip() for line in text.split("\n") if line.strip()]
    draft.remittance_lines = tuple(remittance)
    draft.remittance = " ".join(" ".join(remittance).split())


def _read_columns(remarks: Remarks, draft: DetailDraft) -> None:
    body = remarks.body
    lines = [column for line in body.split("\n") for column in _columns(line)]
    card = _CARD.match(body)
    if card:
        draft.counterparty_name = " ".join(card.group(1).split()) or None
        lines = body.split("\n")
    elif found := _GIRO.match(lines[0]) or _DOTTED.match(lines[0]):
        draft.counterparty_account = account(found.group(1).replace(".", ""))
        draft.counterparty_name = found.group(2).partition("  ")[0].strip() or None
        lines = lines[1:]
    draft.remittance_lines = tuple(line for line in lines if line.strip())
    draft.remittance = " ".join(" ".join(draft.remittance_lines).split())


def _columns(line: str) -> list[str]:
    """The two halves of a line that has a gap between its columns, else the line."""
    if line[_COLUMN - 1 : _COLUMN] != " ":
        return [line.rstrip()]
    return [line[:_COLUMN].rstrip(), line[_COLUMN:].strip()]

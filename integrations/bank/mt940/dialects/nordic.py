"""Nordic banks: free lines in which a label names the payment reference: KID, OCR, FIK or VIITE, and the payer."""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, joined, pieces
from matching.model.bank_statement import StructuredReference

NAME = "nordic"
FIRST = ""

_REFERENCE = re.compile(
    r"(?:^|[\r\n ])(KID|OCR|FIK|VIITE)(?: ?[:.]| (?:NR|REF)\.?:?)? ?(\+?[0-9][0-9 +<>]{2,33})(?=$|[\r\n A-ZÅÄÖÆØ])"
)
_NAME = re.compile(
    r"(?:^|[\r\n ])(?:FRA|FRÅN|FRAN|AVSENDER|AVSÄNDARE|MAKSAJA|BETALER|INDBETALER): *([^\r\n]+?)"
    r"(?= *(?:$|[\r\n]|(?:KID|OCR|FIK|VIITE|BEL[ØO]PP?|MELDING|MEDDELANDE|MEDDELELSE|TEKST|DATO|DATUM)\b))"
)


def score(remarks: Remarks) -> int:
    """Certain when one of the four labels stands before digits."""
    text = remarks.text
    if "KID" in text or "OCR" in text or "FIK" in text or "VIITE" in text:
        return 91 if text[:1] not in "/?~" and _REFERENCE.search(remarks.marked) else 0
    return 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    marked = remarks.marked
    draft.structured_references = tuple(
        StructuredReference(type=label, reference=re.sub(r"[^0-9+<>]", "", digits))
        for label, digits in _REFERENCE.findall(marked)
    )
    found = _NAME.search(marked)
    if found:
        draft.counterparty_name = " ".join(found.group(1).split())
    draft.remittance_lines = pieces(marked)
    draft.remittance = joined(marked.replace("\n", " "))
    return None

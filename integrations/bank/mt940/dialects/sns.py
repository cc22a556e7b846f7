"""SNS, ASN and RegioBank: account and name of the counterparty stand in field 61 and again before the text."""

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, joined, mark_line_ends
from integrations.bank.mt940.slash_codes import read_codes

NAME = "sns"
FIRST = ""


def score(remarks: Remarks) -> int:
    """Certain when the text repeats reference and second line of field 61."""
    line = remarks.line
    if not line.reference or not line.supplementary:
        return 0
    return 98 if remarks.text.startswith(f"{line.reference} {line.supplementary[0].strip()}") else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    line = remarks.line
    if line.reference and line.supplementary:
        draft.counterparty_account = account(line.reference)
        draft.counterparty_name = " ".join(line.supplementary[0].split())
    lines = remarks.lines[1:]
    if lines and lines[0].startswith("/TRTP/"):
        read_codes(mark_line_ends("\n".join(lines)), draft)
        return None
    draft.remittance_lines = tuple(text.rstrip() for text in lines if text.strip())
    draft.remittance = joined(mark_line_ends("\n".join(lines))) if lines else ""
    return None

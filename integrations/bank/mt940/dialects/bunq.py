"""bunq: words between slashes beginning with the account or the name, nothing else."""

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks
from integrations.bank.mt940.slash_codes import read_codes

NAME = "bunq"
FIRST = "/"


def score(remarks: Remarks) -> int:
    """Certain with /IBAN/ or /NAME/ in front."""
    return 92 if remarks.text.startswith(("/IBAN/", "/NAME/")) else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    read_codes(remarks.marked, draft)
    return None

"""The code words SWIFT recommends for field 86, with banks that follow no stricter form.

Banks of New Zealand, North Macedonia, Russia, the Nordic countries and the large American ones write
``/ORDP/name``, ``/BENM/name``, ``/REMI/text``, ``/OCMT/``, ``/CHGS/``, ``/EXCH/`` and codes of their own.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks
from integrations.bank.mt940.slash_codes import CODES, read_codes, split_codes

NAME = "swift-codes"
FIRST = "/ "

_CODE = re.compile(r"\s*/([A-Z0-9]{2,9})/")


def score(remarks: Remarks) -> int:
    """Possible when the text begins with a known code, holds several, or a party or remittance code."""
    found = _CODE.match(remarks.text)
    if found and found.group(1) in CODES:
        return 70
    if found and len(split_codes(remarks.text)) > 1:
        return 60
    return 40 if found and ("/ORDP/" in remarks.text or "/BENM/" in remarks.text or "/REMI/" in remarks.text) else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    read_codes(remarks.marked, draft)
    return None

"""ING (Netherlands): groups parted by two slashes, ``/EREF/..//CNTP/account/BIC/name/city//REMI/USTD//text/``.

Triodos writes the same since 2018. Before 2014 ING wrote the account number in front of free text; the BIC and
IBAN of the first SEPA years stand there too, but nothing tells where a name ends.
"""

import re

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account
from integrations.bank.mt940.slash_codes import read_codes

NAME = "ing"
FIRST = ""

_GROUPED = re.compile(r"/CNTP/|/REMI/(?:USTD|STRD)/|/(?:EREF|MARF|PREF)/[^/]*//(?:CSID|MARF|CNTP|REMI)/")
_OLD = re.compile(r"(?:([0-9]{9,10}) )?(?:([A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}) ([A-Z]{6}[A-Z0-9]{2,5}) )?(.*)", re.DOTALL)
_OLD_TYPES = frozenset({"NOV", "NGT", "NGM", "NVZ", "NIC", "NAC", "NDV", "NBA"})


def score(remarks: Remarks) -> int:
    """Certain with the counterparty group; likely where field 61 has one of the old three-letter types."""
    text = remarks.text
    if text[:1] == "/" and _GROUPED.search(text):
        return 97
    return 60 if remarks.line.type_code in _OLD_TYPES and text[:1] != "/" else 0


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft; there is no business code beside the one of field 61."""
    if remarks.text.startswith("/"):
        read_codes(remarks.marked, draft)
        return None
    found = _OLD.match(remarks.text)
    assert found is not None
    number, iban, bic, rest = found.groups()
    if iban:
        draft.counterparty_account, draft.counterparty_bic = iban, bic
    elif number:
        draft.counterparty_account = account(number)
        rest = remarks.text[len(number) + 1 :]
    else:
        rest = remarks.text
    draft.remittance_lines = tuple(line for line in remarks.lines if line.strip())
    draft.remittance = " ".join(rest.split())
    return None

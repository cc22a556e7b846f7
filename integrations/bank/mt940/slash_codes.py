"""Field 86 as words between slashes: ``/EREF/4711/ORDP//NAME/ACME BV/REMI/INVOICE 12/A``.

Dutch banks write this and SWIFT recommends it; the codes are those of the SWIFT usage guidelines for MT940 and of
the banks' own descriptions (ABN AMRO, ING, Rabobank). A slash between unknown words is text of the code before:
payers use slashes, so only known codes part the text.
"""

import re
from decimal import Decimal

from integrations.bank.mt940.drafts import DetailDraft
from integrations.bank.mt940.remarks import account, given, is_bic, joined, pieces, set_original_amount
from matching.model.bank_statement import StructuredReference

CODES = frozenset(
    """TRTP EREF KREF PREF IREF CREF MARF CSID IBAN BBAN ACNO BIC NAME ADDR REMI USTD STRD ISDT ORDP BENM ULTD ULTB ULTC
    CNTP PURP PY RTRN OCMT CHGS CHGS1 CHGS2 EXCH TRCD SVCL BAI CDTRREFTP CDTRREF ISSR CRNM CACT CBIC DBNM DACT DBIC OPRP
    TXTP TXID NRTX BUSP ACCW EI BO BO1 BI BN BN1 PT BAI TR""".split()  # noqa: SIM905 - reads best as lines of words
)
_PARTIES = frozenset({"ORDP", "BENM"})
_ULTIMATE = frozenset({"ULTD", "ULTB", "ULTC"})
_AMOUNTS = frozenset({"OCMT", "CHGS", "EXCH"})
_ACCOUNT_LINE = re.compile(r"[0-9][0-9 .-]{7,}")

Groups = list[tuple[str, str]]


def split_codes(marked: str) -> Groups:
    r"""Codes and their values in order; text before the first code has the code ``""``. Line marks are kept.

    >>> split_codes("/EREF/A/1/ORDP//NAME/ACME/REM\rI/INV 1/2 /ISDT/")
    [('EREF', 'A/1'), ('ORDP', ''), ('NAME', 'ACME'), ('REMI', 'INV 1/2 '), ('ISDT', '')]
    """
    groups: Groups = []
    code = ""
    words: list[str] = []
    for word in marked.split("/"):
        name = word if word in CODES else _without_marks(word)
        if name in CODES:
            if code or words:
                groups.append((code, "/".join(words)))
            code, words = name, []
        else:
            words.append(word)
    groups.append((code, "/".join(words)))
    if not groups[0][0] and not groups[0][1].strip("/ \r\n"):
        del groups[0]
    return groups


def _without_marks(word: str) -> str:
    return word.replace("\r", "").replace("\n", "") if "\r" in word or "\n" in word else ""


def read_codes(marked: str, draft: DetailDraft) -> None:
    """Fill the draft from a text of codes."""
    party = ""
    remittance: list[str] = []
    for code, value in split_codes(marked):
        if code in {"REMI", "USTD", "PY", ""}:
            remittance.append(value)
        elif code == "NAME":
            _name(party, joined(value.strip("/")), draft)
        elif code in _PARTIES or code in _ULTIMATE:
            party = code
            _party(code, value, draft)
        elif code == "CNTP":
            _counterparty(value.replace("\r", "").replace("\n", " "), draft)
        elif code[:4] in _AMOUNTS:
            word, _, text = value.replace("\r/", "\n/").lstrip("/").partition("\n")
            set_original_amount(draft, code[:4], joined(word))
            remittance.append(text)
        else:
            _value(code, value, draft)
    text = "\n".join(found for part in remittance if (found := part.strip("/ \r\n")))
    if text:
        draft.remittance_lines = pieces(text)
        draft.remittance = joined(text)
    if draft.return_reason:
        draft.original_end_to_end_id = draft.end_to_end_id


def _value(code: str, value: str, draft: DetailDraft) -> None:
    value = joined(value.strip("/"))
    if not value:
        return
    if code == "EREF":
        draft.end_to_end_id = draft.end_to_end_id or given(value)
    elif code in {"IBAN", "BBAN", "ACNO"}:
        draft.counterparty_account = draft.counterparty_account or account(value)
    elif code == "BIC":
        draft.counterparty_bic = draft.counterparty_bic or _bic(value)
    elif code == "MARF":
        draft.mandate_id = given(value)
    elif code == "PURP":
        draft.purpose = value.rpartition("/")[2]
    elif code == "RTRN":
        draft.return_reason = value.partition("/")[0]
    elif code == "STRD":
        issuer, _, reference = value.partition("/")
        _reference(issuer, reference, draft)
    elif code == "CDTRREF":
        _reference("SCOR", value, draft)
    else:
        _bank_specific(code, value, draft)


def _bank_specific(code: str, value: str, draft: DetailDraft) -> None:
    """Names and accounts by direction of the payment: debtor's for money received, creditor's for money sent."""
    received = draft.amount >= 0
    side = {"DB": received, "CR": not received}.get(code[:2]) if len(code) == 4 else None
    if side is not None:
        if side and code.endswith("NM"):
            draft.counterparty_name = value
        elif side and code.endswith("ACT"):
            draft.counterparty_account = account(value)
        elif side and code.endswith("BIC"):
            draft.counterparty_bic = _bic(value)
    elif (code == "BO1" and received) or (code == "BN1" and not received):
        draft.counterparty_name = draft.counterparty_name or value


def _name(party: str, value: str, draft: DetailDraft) -> None:
    if not value:
        return
    if party in _ULTIMATE:
        draft.ultimate_name = draft.ultimate_name or value
    elif draft.counterparty_name is None or _is_counterparty(party, draft.amount):
        draft.counterparty_name = value


def _is_counterparty(party: str, amount: Decimal) -> bool:
    """Whether the party is the other side: who ordered money we received, who benefits from money we sent."""
    return (party == "ORDP" and amount >= 0) or (party == "BENM" and amount < 0)


def _party(code: str, value: str, draft: DetailDraft) -> None:
    """A party whose name follows without a NAME code, maybe with the account on the line before."""
    value = value.strip("/ \r\n")
    if not value or value.startswith("ID/"):
        return
    first, _, rest = value.replace("\r/", "\n/").partition("\n/")
    if rest and _ACCOUNT_LINE.fullmatch(first.strip()):
        draft.counterparty_account = draft.counterparty_account or account(first)
        name, _, purpose = rest.partition("\n/")
        if purpose:
            draft.remittance_lines = pieces(purpose)
            draft.remittance = joined(purpose)
        value = name
    _name(code, joined(value), draft)


def _counterparty(value: str, draft: DetailDraft) -> None:
    """ING: account, BIC, name and city, parted by slashes; the name may hold slashes itself."""
    parts = value.rstrip("/ ").split("/") if value.endswith("/") else value.split("/")
    draft.counterparty_account = account(parts[0])
    if len(parts) > 1:
        draft.counterparty_bic = _bic(parts[1])
    # The city is the last of four or more; fewer parts have none.
    given_name = "/".join(parts[2:-1]) if len(parts) > 3 and not value.endswith("//") else "/".join(parts[2:])
    draft.counterparty_name = joined(given_name.strip("/")) or None


def _bic(value: str) -> str | None:
    compact = value.replace(" ", "").upper()
    return compact if is_bic(compact) else None


def _reference(kind: str, reference: str, draft: DetailDraft) -> None:
    compact = "".join(reference.split())
    if compact:
        draft.structured_references += (StructuredReference(type=kind or "STRD", reference=compact),)

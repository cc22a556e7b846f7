"""German field 86: a three-digit business code (GVC) and numbered sub-fields, with SEPA keywords in the purpose.

Source: Deutsche Kreditwirtschaft, DFÜ-Abkommen annex 3, MT940 field 86: ?00 posting text, ?10 journal number,
?20 to ?29 and ?60 to ?63 purpose (27 characters each), ?30 bank code or BIC, ?31 account or IBAN, ?32 and ?33
name, ?34 text key addition. The separator is a question mark with most banks; any other sign may stand for it.
"""

import re
from decimal import Decimal
from functools import lru_cache

from integrations.bank.mt940.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks, account, given
from integrations.bank.mt940.sepa_keywords import keyword_spans
from matching.model.bank_statement import Charge

NAME = "gvc"

_PURPOSE_WIDTH = 27
_SEPARATORS = frozenset("?!*§$%&#@=;|+'")
# Business codes of payments that come back: returned debits and credit transfers.
_RETURNS = frozenset({"108", "109", "110", "111", "159", "181", "182", "183", "184"})
_AMOUNT = re.compile(r"(?:([A-Z]{3}) ?)?([0-9]{1,15}(?:[,.][0-9]{0,3})?)")
_RETURN_CODE = re.compile(
    r"\b(A[CGM](?:0[1-9]|1[0-6])|BE0[1-8]|CNOR|DNOR|DUPL|ED05|FF05|FOCR|MD0[1-8]|MS0[23]|NOAS|NOOR|RC0[1-8]|RR0[1-4]"
    r"|SL0[1-5]|SL1[1-4]|SVNR|TECH|TM01|UPAY|AGNT|CURR|CUST|FRAD|ARDT|LEGL|NARR)\b"
)


def score(remarks: Remarks) -> int:
    """Certain when three digits, one sign and a sub-field number begin the text."""
    text = remarks.text
    if text[:3].isdigit() and text[3:4] in _SEPARATORS and text[4:6].isdigit():
        return 95
    if text[:1] == "?" and text[1:3].isdigit():
        return 92
    # A business code alone, with unstructured text behind it.
    if text[:3].isdigit() and not text[3:4].isdigit() and text[3:4].strip():
        return 30
    return 0


@lru_cache(maxsize=64)
def _subfields(separator: str) -> re.Pattern[str]:
    return re.compile(re.escape(separator) + r"([0-37][0-9]|6[0-9])")


def read(remarks: Remarks, draft: DetailDraft) -> str | None:
    """Fill the draft from the sub-fields; returns the GVC."""
    text = remarks.text
    code: str | None = text[:3]
    separator = text[3:4]
    if text[:1] == "?":
        code, separator = None, "?"
    if separator not in _SEPARATORS:
        draft.remittance_lines = (text[3:], *remarks.lines[1:]) if len(remarks.lines) == 1 else tuple(remarks.lines)
        draft.remittance = text[3:].strip()
        return code
    read_subfields(_subfields(separator).split(text), draft, returned=code in _RETURNS)
    return code


def read_subfields(parts: list[str], draft: DetailDraft, *, returned: bool) -> None:
    """Fill the draft from text, number, text, number, text ... as splitting at the sub-field numbers gives them."""
    purpose: list[str] = []
    name = ""
    addition = ""
    for at in range(1, len(parts) - 1, 2):
        number, value = parts[at], parts[at + 1]
        if "20" <= number <= "29" or "60" <= number <= "63":
            purpose.append(value)
        elif number in ("32", "33"):
            name = name + value if len(name) >= _PURPOSE_WIDTH or not name else f"{name.rstrip()} {value}"
        elif number == "30":
            draft.counterparty_bic = value.strip() or None
        elif number in {"31", "38"}:
            draft.counterparty_account = account(value) or draft.counterparty_account
        elif number == "34":
            addition = value.strip()
    draft.counterparty_name = name.strip() or None
    if purpose:
        _read_purpose(purpose, draft)
    if returned:
        found = _RETURN_CODE.search(draft.remittance)
        draft.return_reason = found.group(1) if found else addition.lstrip("0") or None
        draft.original_end_to_end_id = draft.end_to_end_id


def _read_purpose(purpose: list[str], draft: DetailDraft) -> None:
    text = "".join(purpose)
    lines: list[str] = []
    texts: list[str] = []
    for keyword, begin, end in keyword_spans(text):
        if keyword in ("SVWZ", ""):
            pieces, piece = _pieces(purpose, begin, end)
            lines += pieces
            if piece:
                texts.append(piece)
            continue
        value = text[begin:end].strip()
        if keyword == "EREF":
            draft.end_to_end_id = draft.end_to_end_id or given(value)
        elif keyword == "MREF":
            draft.mandate_id = draft.mandate_id or given(value)
        elif keyword in ("ABWA", "ABWE"):
            draft.ultimate_name = draft.ultimate_name or value or None
        elif keyword == "PURP":
            draft.purpose = value or None
        elif keyword == "IBAN":
            draft.counterparty_account = draft.counterparty_account or account(value)
        elif keyword == "BIC":
            draft.counterparty_bic = draft.counterparty_bic or value or None
        elif keyword in ("OAMT", "COAM", "CHGS"):
            _read_amount(keyword, value, draft)
    draft.remittance_lines = tuple(lines)
    draft.remittance = " ".join(texts)


def _read_amount(keyword: str, value: str, draft: DetailDraft) -> None:
    """OAMT: the amount before a return's charges; COAM and CHGS: what the banks take for it, a cost to us."""
    found = _AMOUNT.match(value)
    if found is None:
        return
    currency, amount = found.group(1), Decimal(found.group(2).replace(",", "."))
    if keyword == "OAMT":
        draft.instructed_amount, draft.instructed_currency = amount, currency
    else:
        draft.charges += (Charge(amount=-amount, currency=currency, bearer=None),)


def _pieces(purpose: list[str], begin: int, end: int) -> tuple[list[str], str]:
    """The sub-fields' own lines between two places of the joined text, and how they read together.

    A sub-field of full width goes on in the next one without a blank; a shorter one ended on purpose, or lost the
    blank at its end on the way.
    """
    lines: list[str] = []
    text = ""
    at = 0
    full = True
    for value in purpose:
        after = at + len(value)
        if after > begin and at < end:
            piece = value[max(0, begin - at) : end - at]
            text += piece if full or text[-1:] == " " else " " + piece
            full = after - at >= _PURPOSE_WIDTH
            if piece.strip():
                lines.append(piece)
        at = after
    return lines, text.strip()

"""Numbered sub-fields of field 86, as German and Polish banks write them.

Source: Deutsche Kreditwirtschaft, DFÜ-Abkommen annex 3, MT940 field 86: 00 posting text, 10 journal number, 20 to
29 and 60 to 63 purpose (27 characters each), 30 bank code or BIC, 31 account or IBAN, 32 and 33 name, 34 text key
addition, 38 IBAN, 70 and 71 the party behind the party.
"""

import re
from decimal import Decimal

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import account, given, joined, pieces
from integrations.bank.mt940.sepa_keywords import keyword_values
from matching.model.bank_statement import Charge

_WIDTH = 27
_REFERENCES = frozenset({"EREF", "MREF", "KREF", "CRED", "DEBT", "RREF"})
_AMOUNT = re.compile(r"(?:([A-Z]{3}) ?)?([0-9]{1,15}(?:[,.][0-9]{0,3})?)")

_PURPOSE, _NAME, _BIC, _ACCOUNT, _ADDITION, _ULTIMATE, _OTHER = range(7)
_KINDS = (
    dict.fromkeys((f"{number:02d}" for number in (*range(40), *range(60, 80))), _OTHER)
    | dict.fromkeys((f"{number}" for number in (*range(20, 30), *range(60, 64))), _PURPOSE)
    | {
        "30": _BIC,
        "31": _ACCOUNT,
        "32": _NAME,
        "33": _NAME,
        "34": _ADDITION,
        "38": _ACCOUNT,
        "70": _ULTIMATE,
        "71": _ULTIMATE,
    }
)


# Keywords whose values are references, and the text they end with: what nearly every SEPA payment has.
_PLAIN_KEYWORDS = frozenset({"EREF", "KREF", "MREF", "CRED", "DEBT"})


def _once(*numbers: int | str) -> str:
    """Each sub-field once or not at all, in this order; the text of each is a group."""
    return "".join(rf"(?:\?{number}([^?]*+))?+" for number in numbers)


# The usual order, where no sub-field is given twice and no separator was typed by a payer.
_USUAL = re.compile(rf"[0-9]{{3}}(?:\?00[^?]*+)?+(?:\?10[^?]*+)?+{_once(*range(20, 35), *range(60, 64))}")
_PARTY = slice(10, 15)  # of the groups: 30 to 34; before them the purpose, after them the rest of it


def read_subfields(text: str, separator: str, draft: DetailDraft) -> str:
    """Fill the draft from a text with sub-fields; returns the text key addition (34).

    The text before the first separator is left out.
    """
    usual = _USUAL.fullmatch(text) if separator == "?" else None
    if usual is None:
        return _read_in_order(text.split(separator), separator, draft)
    texts = usual.groups("")
    bank, number, name, more_name, addition = texts[_PARTY]
    if bank and not bank[0].isdigit():
        draft.counterparty_bic = bank.strip() or None
    if number:
        draft.counterparty_account = account(number)
    if name or more_name:
        draft.counterparty_name = _name(continued([name, more_name]) if more_name else name)
    if purpose := [*filter(None, texts[:10]), *filter(None, texts[15:])]:
        read_purpose(_marked(purpose), draft)
    return addition.strip()


def _read_in_order(parts: list[str], separator: str, draft: DetailDraft) -> str:
    """The same from any order of sub-fields.

    A part that does not begin with a known number is text of the part before: the separator was typed by the payer.
    """
    purpose: list[str] = []
    names: list[str] = []
    ultimate: list[str] = []
    addition = ""
    last: list[str] | None = None
    for part in parts[1:]:
        kind = _KINDS.get(part[:2])
        if kind == _PURPOSE:
            last = purpose
            purpose.append(part[2:])
        elif kind == _NAME:
            last = names
            names.append(part[2:])
        elif kind == _ULTIMATE:
            last = ultimate
            ultimate.append(part[2:])
        elif kind is None:
            if last:
                last[-1] += separator + part
        else:
            last = None
            if kind == _ACCOUNT:
                draft.counterparty_account = account(part[2:]) or draft.counterparty_account
            elif kind == _BIC:
                draft.counterparty_bic = None if part[2:3].isdigit() else part[2:].strip() or None
            elif kind == _ADDITION:
                addition = part[2:].strip()
    draft.counterparty_name = _name(continued(names))
    draft.ultimate_name = _name(continued(ultimate))
    if purpose:
        read_purpose(_marked(purpose), draft)
    return addition


def _name(text: str) -> str | None:
    return (" ".join(text.split()) if "  " in text else text.strip()) or None


def continued(texts: list[str]) -> str:
    """Sub-fields as one text.

    One of full width goes on in the next without a blank; a shorter one ended on purpose, or lost the blank at
    its end on the way.

    >>> continued(["Finanzamt Muenchen Abteilun", "g Erhebung"]), continued(["MUELLER", "MANNHEIM"])
    ('Finanzamt Muenchen Abteilung Erhebung', 'MUELLER MANNHEIM')
    """
    whole = ""
    full = True
    for text in texts:
        whole += text if full or whole[-1:] == " " else " " + text
        full = len(text) >= _WIDTH
    return whole


def read_purpose(marked: str, draft: DetailDraft) -> None:
    """Fill the draft from the purpose sub-fields as one marked text, with or without SEPA keywords in it."""
    if ": " in marked:
        remittance = _read_keywords(marked, draft)
    elif "+" not in marked:
        remittance = marked
    elif (text := _read_plain_keywords(marked.split("+"), draft)) is None:
        remittance = _read_keywords(marked, draft)
    else:
        remittance = text
    if "\n" in remittance:
        draft.remittance_lines = pieces(remittance)
        draft.remittance = remittance.replace("\r", "").replace("\n", " ").strip()
    else:
        lines = remittance.split("\r")
        draft.remittance_lines = tuple(filter(str.strip, lines))
        draft.remittance = "".join(lines).strip()


def _read_plain_keywords(chunks: list[str], draft: DetailDraft) -> str | None:
    r"""The same as `_read_keywords` for references alone with the text behind them, else None.

    >>> _read_plain_keywords(["EREF", "INV\r-1SVWZ", "thanks"], draft := DetailDraft()), draft.end_to_end_id
    ('thanks', 'INV-1')
    """
    keyword = chunks[0]
    reference = mandate = None
    for chunk in chunks[1:-1]:
        if keyword not in _PLAIN_KEYWORDS or "\n" in chunk:
            return None
        if keyword == "EREF":
            reference = reference or given(chunk[:-4].replace("\r", ""))
        elif keyword == "MREF":
            mandate = mandate or given(chunk[:-4].replace("\r", ""))
        keyword = chunk[-4:]
    if keyword != "SVWZ":
        return None
    draft.end_to_end_id = reference
    draft.mandate_id = mandate
    return chunks[-1]


def _read_keywords(marked: str, draft: DetailDraft) -> str:
    """Fill the draft from whatever keywords there are; returns the text for the payee."""
    remittance = ""
    for keyword, value in keyword_values(marked):
        if keyword == "SVWZ" or not keyword:
            remittance = f"{remittance}\n{value}" if remittance else value
        elif keyword in _REFERENCES:
            # A reference ends with the first sub-field that is not full; what follows without keyword is text.
            reference, _, text = value.partition("\n")
            if keyword == "EREF":
                draft.end_to_end_id = draft.end_to_end_id or given(reference.replace("\r", ""))
            elif keyword == "MREF":
                draft.mandate_id = draft.mandate_id or given(reference.replace("\r", ""))
            if text:
                remittance = f"{remittance}\n{text}" if remittance else text
        else:
            _read_keyword(keyword, value, draft)
    return remittance


def _marked(purpose: list[str]) -> str:
    """The sub-fields as one text: CR after a full one, which goes on in the next, LF after a shorter one."""
    last = purpose[-1]
    whole = "\r".join(purpose)
    if len(whole) - len(last) == (_WIDTH + 1) * (len(purpose) - 1):
        return whole
    return "".join([text + ("\r" if len(text) >= _WIDTH else "\n") for text in purpose[:-1]]) + last


def _run_on(value: str) -> str:
    return value.replace("\r", "").replace("\n", "")


def _read_keyword(keyword: str, marked: str, draft: DetailDraft) -> None:
    value = _run_on(marked).strip()
    if keyword in {"ABWA", "ABWE"}:
        value = joined(marked)
        draft.ultimate_name = draft.ultimate_name or value or None
    elif keyword == "PURP":
        draft.purpose = value or None
    elif keyword == "IBAN":
        draft.counterparty_account = draft.counterparty_account or account(value)
    elif keyword == "BIC":
        draft.counterparty_bic = draft.counterparty_bic or value or None
    elif keyword in {"OAMT", "COAM", "CHGS"}:
        _read_amount(keyword, value, draft)


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

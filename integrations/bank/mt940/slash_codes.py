"""Field 86 as words between slashes: ``/EREF/4711/ORDP//NAME/ACME BV/REMI/INVOICE 12/A``.

Dutch banks write this and SWIFT recommends it; the codes are those of the SWIFT usage guidelines for MT940 and of
the banks' own descriptions (ABN AMRO, ING, Rabobank). A slash between unknown words is text of the code before:
payers use slashes, so only known codes part the text.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import account, given, is_bic, joined, pieces, set_original_amount
from matching.model.bank_statement import StructuredReference

_REMITTANCE = frozenset({"REMI", "USTD", "PY", ""})
_PARTIES = frozenset({"ORDP", "BENM"})
_ULTIMATE = frozenset({"ULTD", "ULTB", "ULTC"})
_AMOUNTS = frozenset({"OCMT", "CHGS", "CHGS1", "CHGS2", "EXCH"})
_ACCOUNT_LINE = re.compile(r"[0-9][0-9 .-]{7,}")

Groups = list[tuple[str, str]]


def split_codes(marked: str) -> Groups:
    r"""Codes and their values in order; text before the first code has the code ``""``. Line marks are kept.

    >>> split_codes("/EREF/A/1/ORDP//NAME/ACME/REM\rI/INV 1/2 /ISDT/")
    [('EREF', 'A/1'), ('ORDP', ''), ('NAME', 'ACME'), ('REMI', 'INV 1/2 ')]
    """
    words = marked.split("/")
    return [(code, "/".join(words[begin:end])) for code, begin, end in _layout(tuple(map(_CODE_OF.get, words)))]


@lru_cache(maxsize=4096)
def _layout(codes: tuple[str | None, ...]) -> list[tuple[str, int, int]]:
    """Each code that means something to us, and the words that are its value: from and up to.

    A bank writes a handful of orders, so that each is worked out once.

    >>> _layout((None, "EREF", None, None, "REMI", None, "ISDT", None))
    [('EREF', 2, 4), ('REMI', 5, 6)]
    >>> _layout((None, None))
    [('', 0, 2)]
    """
    places = [at for at, code in enumerate(codes) if code is not None]
    ends = [*places[1:], len(codes)][: len(places)]
    found = [(codes[at] or "", at + 1, end) for at, end in zip(places, ends, strict=True) if codes[at] not in _LEFT_OUT]
    # Nothing but the empty word before a leading slash is no text.
    before = places[0] if places else len(codes)
    return found if before == 1 and places else [("", 0, before), *found]


def read_codes(marked: str, draft: DetailDraft) -> None:
    """Fill the draft from a text of codes."""
    party = ""
    remittance: list[str] = []
    words = marked.split("/")
    for code, begin, end in _layout(tuple(map(_CODE_OF.get, words))):
        value = words[begin] if end == begin + 1 else "/".join(words[begin:end])
        if code in _REMITTANCE:
            remittance.append(value)
        elif code in _PLAIN:
            if value:
                _PLAIN[code](value, draft)
        elif code == "NAME":
            _name(party, joined(value.strip("/")), draft)
        elif code in _HANDLERS:
            if text := joined(value.strip("/")):
                _HANDLERS[code](text, draft)
        elif code in _PARTIES or code in _ULTIMATE:
            party = code
            _party(code, value, draft)
        elif code in _AMOUNTS:
            # What follows the amount after a slash or on a new line is text of the payment.
            amount, _, text = value.lstrip("/").replace("\n", "/", 1).partition("/")
            set_original_amount(draft, code[:4], joined(amount))
            remittance.append(text)
    if text := "\n".join([found for part in remittance if (found := part.strip("/ \r\n"))]):
        draft.remittance_lines = pieces(text)
        draft.remittance = joined(text)
    if draft.return_reason:
        draft.original_end_to_end_id = draft.end_to_end_id


def _end_to_end(value: str, draft: DetailDraft) -> None:
    draft.end_to_end_id = draft.end_to_end_id or given(joined(value.strip("/")))


def _account(value: str, draft: DetailDraft) -> None:
    draft.counterparty_account = draft.counterparty_account or account(value.strip("/ \r\n"))


def _bank(value: str, draft: DetailDraft) -> None:
    draft.counterparty_bic = draft.counterparty_bic or _bic(value)


def _mandate(value: str, draft: DetailDraft) -> None:
    draft.mandate_id = given(value)


def _purpose(value: str, draft: DetailDraft) -> None:
    words = [word for word in value.split("/") if word and word not in {"CD", "PRTRY"}]
    draft.purpose = words[0] if words else None


def _return(value: str, draft: DetailDraft) -> None:
    draft.return_reason = value.partition("/")[0]


def _structured(value: str, draft: DetailDraft) -> None:
    issuer, _, reference = value.partition("/")
    _reference(issuer, reference, draft)


def _creditor_reference(value: str, draft: DetailDraft) -> None:
    _reference("SCOR", value, draft)


def _counterparty(marked: str, draft: DetailDraft) -> None:
    """ING: account, BIC, name and city, each ended by a slash; the name may hold slashes, the city be empty."""
    number, _, rest = joined(marked).partition("/")
    bank, _, rest = rest.partition("/")
    words = rest.removesuffix("/").split("/")
    if len(words) > 1:
        words.pop()
    draft.counterparty_account = account(number)
    draft.counterparty_bic = _bic(bank)
    draft.counterparty_name = "/".join(words).strip(" /") or None


def _of_side(*, received: bool, field: str) -> Callable[[str, DetailDraft], None]:
    """A debtor's field counts for money received, a creditor's for money sent: then it is the counterparty's."""

    def handle(value: str, draft: DetailDraft) -> None:
        if draft.amount.is_signed() is not received:
            found = _bic(value) if field == "counterparty_bic" else value
            setattr(draft, field, getattr(draft, field) or found)

    return handle


# The most frequent ones; their values come as they stand, line marks and slashes included.
_PLAIN: dict[str, Callable[[str, DetailDraft], None]] = {
    "EREF": _end_to_end,
    "IBAN": _account,
    "BBAN": _account,
    "ACNO": _account,
    "BIC": _bank,
    "CNTP": _counterparty,
}
_HANDLERS: dict[str, Callable[[str, DetailDraft], None]] = {
    "MARF": _mandate,
    "PURP": _purpose,
    "RTRN": _return,
    "STRD": _structured,
    "CDTRREF": _creditor_reference,
    "DBNM": _of_side(received=True, field="counterparty_name"),
    "DACT": _of_side(received=True, field="counterparty_account"),
    "DBIC": _of_side(received=True, field="counterparty_bic"),
    "BO1": _of_side(received=True, field="counterparty_name"),
    "BO": _of_side(received=True, field="counterparty_name"),
    "CRNM": _of_side(received=False, field="counterparty_name"),
    "CACT": _of_side(received=False, field="counterparty_account"),
    "CBIC": _of_side(received=False, field="counterparty_bic"),
    "BN1": _of_side(received=False, field="counterparty_name"),
}
# Known, so that they end the text before them, but of no use to matching.
_LEFT_OUT = frozenset(
    """TRTP KREF PREF IREF CREF CSID ADDR ISDT TRCD SVCL BAI CDTRREFTP ISSR OPRP TXTP TXID NRTX BUSP ACCW EI BI BN PT
    CTC OB TR INN KPP UETR""".split()  # noqa: SIM905 - reads best as words
)
CODES = frozenset({"NAME", *_PLAIN, *_HANDLERS, *_PARTIES, *_ULTIMATE, *_AMOUNTS, *_LEFT_OUT, *_REMITTANCE} - {""})
# The codes as they may stand in a text: a line end can go through one.
_CODE_OF = {code: code for code in CODES} | {
    code[:at] + mark + code[at:]: code for code in CODES for at in range(len(code) + 1) for mark in "\r\n"
}


def _name(party: str, value: str, draft: DetailDraft) -> None:
    if not value:
        return
    if party in _ULTIMATE:
        draft.ultimate_name = draft.ultimate_name or value
    elif draft.counterparty_name is None or _is_counterparty(party, draft.amount):
        draft.counterparty_name = value


def _is_counterparty(party: str, amount: Decimal) -> bool:
    """Whether the party is the other side: who ordered money we received, who benefits from money we sent."""
    return party == ("BENM" if amount.is_signed() else "ORDP")


def _party(code: str, value: str, draft: DetailDraft) -> None:
    """A party whose name follows without a NAME code, maybe with the account on the line before."""
    value = value.strip("/ \r\n")
    if not value or value.startswith("ID/"):
        return
    first, _, rest = value.replace("\r/", "\n/").partition("\n/")
    if rest and _ACCOUNT_LINE.fullmatch(first.strip()):
        draft.counterparty_account = draft.counterparty_account or account(first)
        value, _, purpose = rest.partition("\n/")
        if purpose:
            draft.remittance_lines = pieces(purpose)
            draft.remittance = joined(purpose)
    _name(code, joined(value), draft)


@lru_cache(maxsize=4096)
def _bic(value: str) -> str | None:
    compact = "".join(value.split()).strip("/").upper()
    return compact if is_bic(compact) else None


def _reference(kind: str, reference: str, draft: DetailDraft) -> None:
    compact = "".join(reference.split())
    if compact:
        draft.structured_references += (StructuredReference(type=kind or "STRD", reference=compact),)

"""One STMTTRN element as one bank entry (OFX specification, clause 11.4.4)."""

import re
from datetime import date
from decimal import Decimal

from integrations.bank.drafts import DetailDraft, EntryDraft, seal_detail, seal_entry
from integrations.bank.ofx.values import AmountUnreadable, parse_amount, parse_date, plain_text
from matching.model.bank_statement import BankEntry, EntryDetail
from matching.model.currencies import MINOR_DIGITS

_NAME_LENGTH = 32
"""NAME holds 32 characters (A-32); what does not fit, many banks continue in MEMO."""

_FIELD = re.compile(r"<([A-Za-z][\w.]*)\s*>([^<]*(?:<(?!/?[A-Za-z][\w.]*\s*/?>)[^<]*)*)")
_TOKEN = re.compile(r"<(/?)([A-Za-z][\w.]*)\s*(/?)>([^<]*(?:<(?!/?[A-Za-z][\w.]*\s*/?>)[^<]*)*)")
_AGGREGATES = {"CURRENCY", "ORIGCURRENCY", "PAYEE", "BANKACCTTO", "CCACCTTO", "EXTDPAYEE", "IMAGEDATA"}
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_MAX_DATES = 4_000

Fields = dict[str, str]


class EntryUnreadable(ValueError):  # noqa: N818 - becomes a quarantined part of the file, not a crash
    """Why an element cannot be an entry: a stable code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class EntryBuilder:
    """Makes entries of one statement; keeps the statement's currency and the dates it has met."""

    def __init__(self) -> None:
        self.currency: str | None = None
        self._dates: dict[str, date | None] = {}

    def build(self, text: str, ordinal: int, where: str) -> tuple[BankEntry, Fields]:
        """The entry and the raw fields it was read from. Raises EntryUnreadable.

        An element that corrects or deletes an entry delivered before (CORRECTFITID, clause 11.4.4) moves no money of
        its own: booked beside the entry it names, it would count twice. It has the status "info" until a person has
        seen to the entry it names, which stands in ``original_end_to_end_id``. So has a line that only states a
        balance, as Brazilian banks write them between the entries.
        """
        fields = read_fields(text)
        amount_text = fields.get("TRNAMT")
        if amount_text is None:
            raise EntryUnreadable("amount_missing", "the entry has no amount (TRNAMT)")
        posted = self._day(fields.get("DTPOSTED", ""))
        if posted is None:
            raise EntryUnreadable("date_unreadable", _no_date(fields.get("DTPOSTED", "").strip()))
        currency, instructed, rate = self.currency, None, None
        if "CURSYM" in fields or "ORIGCURRENCY.CURSYM" in fields:
            currency, instructed, rate = self._currencies(fields)
        try:
            amount = parse_amount(amount_text, MINOR_DIGITS.get(currency or ""))
        except AmountUnreadable as trouble:
            raise EntryUnreadable(trouble.code, str(trouble)) from None
        fitid = fields.get("FITID", "").strip() or None
        corrected = corrected_entry(fields)
        informs = corrected is not None or states_a_balance(fields)
        detail = _detail(fields, amount, currency, instructed=instructed, rate=rate)
        available = fields.get("DTAVAIL") or fields.get("VALUEDATE")
        draft = EntryDraft(
            ordinal,
            posted,
            self._day(available) if available else None,
            amount,
            currency,
            "info" if informs else "booked",
            False,  # noqa: FBT003 - OFX has no reversals, only corrections
            fitid,
            _reference(fields),
            fields.get("TRNTYPE", "").strip().upper() or None,
            (detail,),
            where,
        )
        return seal_entry(draft), fields

    def _day(self, text: str) -> date | None:
        try:
            return self._dates[text]
        except KeyError:
            if len(self._dates) >= _MAX_DATES:
                self._dates.clear()
            day = self._dates[text] = parse_date(text)
            return day

    def _currencies(self, fields: Fields) -> tuple[str | None, str | None, Decimal | None]:
        """Currency of the amount, currency of the order behind it, and rate.

        CURRENCY says in which currency TRNAMT stands; ORIGCURRENCY says from which one it was converted
        (specification, clause 5.2). Without CURDEF, CURRENCY is all there is.
        """
        stated = currency_code(fields.get("CURSYM", ""))
        original = currency_code(fields.get("ORIGCURRENCY.CURSYM", ""))
        rate = _rate(fields.get("ORIGCURRENCY.CURRATE") or fields.get("CURRATE") or "")
        currency = stated or self.currency
        foreign = original or stated
        if foreign is None or foreign == (self.currency or currency):
            return currency, None, None
        return currency, foreign, rate


def read_fields(text: str) -> Fields:
    """The leaves of an element by their upper-case name; what stands in an aggregate keeps the aggregate's meaning.

    Raises EntryUnreadable where a leaf that may stand once stands twice with two values: then two entries ran
    together, and neither can be trusted.
    """
    pairs = _FIELD.findall(text)
    fields: Fields = dict(pairs)
    if len(fields) == len(pairs) and "TRNAMT" in fields and "ORIGCURRENCY" not in fields:
        return fields
    return _fields_in_scope(text)


def _fields_in_scope(text: str) -> Fields:
    fields: Fields = {}
    scope = ""
    for closing, raw_name, _, value in _TOKEN.findall(text):
        name = raw_name.upper()
        if name in _AGGREGATES:
            scope = "" if closing else name
            continue
        if closing:
            continue
        if scope == "ORIGCURRENCY" and name in {"CURSYM", "CURRATE"}:
            name = f"ORIGCURRENCY.{name}"
        elif scope == "PAYEE" and name == "NAME":
            name = "PAYEE.NAME"
        _put(fields, name, value)
    if "PAYEE.NAME" in fields:
        fields.setdefault("NAME", fields["PAYEE.NAME"])
    return fields


def _put(fields: Fields, name: str, value: str) -> None:
    known = fields.get(name, "")
    if not known.strip():
        fields[name] = value
    elif name == "MEMO":
        fields[name] = f"{known}\n{value}"
    elif name in {"TRNAMT", "DTPOSTED", "FITID"} and value.strip() and value.strip() != known.strip():
        message = f"two entries ran together: {name} is both {known.strip()[:40]!r} and {value.strip()[:40]!r}"
        raise EntryUnreadable("entries_run_together", message)


def _no_date(text: str) -> str:
    return (
        f"the booking date {text[:40]!r} is no date" if text.strip("0") else "the entry has no booking date (DTPOSTED)"
    )


def _rate(text: str) -> Decimal | None:
    try:
        rate = parse_amount(text, 3)
    except AmountUnreadable:
        return None
    return rate if rate > 0 else None


def corrected_entry(fields: Fields) -> str | None:
    """The FITID of the entry that this one corrects or deletes, None for an ordinary entry.

    >>> corrected_entry({"CORRECTFITID": " F7 "}), corrected_entry({"CORRECTFITID": ""})
    ('F7', None)
    """
    return fields["CORRECTFITID"].strip() or None if "CORRECTFITID" in fields else None


_BALANCE_LINE = re.compile(
    r"SALDO (?:ANTERIOR|(?:DO )?DIA|INICIAL|FINAL|ATUAL|DISPON[IÍ]VEL|BLOQUEADO|EM CONTA(?: CORRENTE)?|PRECEDENTE)"
    r"|(?:OPENING|CLOSING|PREVIOUS|BEGINNING|ENDING|LEDGER) BALANCE|BALANCE (?:BROUGHT|CARRIED) FORWARD"
    r"|SOLDE (?:PR[EÉ]C[EÉ]DENT|INITIAL|FINAL)|ANFANGSSALDO|ENDSALDO|S A L D O|SALDO|BALANCE|SOLDE",
    re.IGNORECASE,
)


def states_a_balance(fields: Fields) -> bool:
    """Whether a line among the entries is a balance: its whole text says so, and it has no number of its own.

    >>> states_a_balance({"MEMO": "Saldo final", "FITID": ""}), states_a_balance({"MEMO": "Saldo final", "FITID": "7"})
    (True, False)
    >>> states_a_balance({"NAME": "ACME", "MEMO": "SALDO", "FITID": ""})
    False
    """
    if fields.get("FITID", "").strip(" \r\n\t0"):
        return False
    texts = [" ".join(text.split()) for name in ("NAME", "MEMO") if (text := plain_text(fields.get(name, "")))]
    return bool(texts) and all(map(_BALANCE_LINE.fullmatch, texts))


def currency_code(text: str) -> str | None:
    """Three letters of ISO 4217, or None.

    >>> currency_code(" eur "), currency_code("$"), currency_code("")
    ('EUR', None, None)
    """
    code = text.strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def _reference(fields: Fields) -> str | None:
    """REFNUM, else CHECKNUM; a number of zeros says "none"."""
    for name in ("REFNUM", "CHECKNUM"):
        reference = fields.get(name)
        if reference:
            reference = plain_text(reference)
            if reference.strip("0"):
                return reference
    return None


def _detail(
    fields: Fields, amount: Decimal, currency: str | None, *, instructed: str | None, rate: Decimal | None
) -> EntryDetail:
    name = short_name = plain_text(fields.get("NAME", ""))
    if "EXTDNAME" in fields:
        name = plain_text(fields["EXTDNAME"]) or name
    whole_name = len(name) > len(short_name)  # then nothing of it goes on in MEMO
    lines = _remittance_lines("" if whole_name else name, fields.get("MEMO", "")) or ((name,) if name else ())
    account = fields.get("ACCTID")
    bank = fields.get("BANKID", "").strip().upper() if account else ""
    draft = DetailDraft(amount, currency, fields.get("FITID", "").strip() or None)
    draft.counterparty_name = name or None
    draft.counterparty_account = account.strip() or None if account else None
    draft.counterparty_bic = bank if bank and _BIC.fullmatch(bank) else None
    draft.remittance = lines[0] if len(lines) == 1 else _joined(lines, "" if whole_name else short_name)
    draft.remittance_lines = lines
    draft.instructed_amount = amount if instructed is not None and instructed == currency else None
    draft.instructed_currency = instructed
    draft.exchange_rate = rate
    draft.original_end_to_end_id = corrected_entry(fields)
    return seal_detail(draft)


def _remittance_lines(name: str, memo: str) -> tuple[str, ...]:
    """What the payment is for, in the bank's own lines.

    NAME is "name of payee or description of transaction" (clause 11.4.4): it is the description where there is no
    MEMO, and the beginning of it where it fills its 32 characters and MEMO goes on from there.
    """
    text = plain_text(memo)
    if not text:
        return (name,) if name else ()
    lines = (text,) if "\n" not in text and "\r" not in text else tuple(_non_blank(text))
    if len(name) == _NAME_LENGTH and not text.startswith(name):
        return (name, *lines)
    return lines


def _non_blank(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _joined(lines: tuple[str, ...], name: str) -> str:
    """The lines as one text; a NAME that was cut at its 32nd character joins its continuation without a blank."""
    if lines and lines[0] == name and len(name) == _NAME_LENGTH:
        return lines[0] + " ".join(lines[1:])
    return " ".join(lines)

"""Builds one payment inside an entry from its `TxDtls`: who paid, what for, and how much of the entry it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from integrations.bank.camt.fields import ChargeFields, DetailFields, EntryFields
from integrations.bank.camt.remittance import read_remittance
from integrations.bank.camt.shapes import Shape
from integrations.bank.camt.values import SIGN_OF_INDICATOR, account_number, given, parse_amount, parse_rate
from integrations.bank.drafts import DetailDraft, seal_detail
from matching.model.bank_statement import Charge, EntryDetail

# ISO 20022 external bank transaction sub-families in which money comes back: the parties are those of the original.
_RETURN_CODES: Final = frozenset({"RRTN", "RPCR", "UPDD", "UPCT", "UPCQ", "PRDD", "RCDD"})
_ZERO: Final = Decimal(0)

Party = tuple[str | None, str | None, str | None, str | None]
"""Name, account number, BIC and ultimate name."""


@dataclass(slots=True)
class EntryFrame:
    """What the details of an entry take from it, and what they tell it back.

    ``amount`` is unsigned. ``alone`` says that the entry has one detail at most, which then speaks for the whole entry.
    """

    amount: Decimal
    currency: str | None
    sign: int
    reversal: bool
    bank_reference: str | None
    fields: EntryFields
    own_account: str | None
    own_name: str | None
    alone: bool
    charges: tuple[Charge, ...] = ()
    instructed: Decimal | None = None
    instructed_currency: str | None = None
    rate: Decimal | None = None
    unreadable: int = 0
    silent: int = 0
    exchanged: bool = False


def detail_of(shape: Shape[Any], texts: Sequence[str], entry: EntryFrame) -> EntryDetail:
    """The payment in a `TxDtls` element.

    Its direction is its own `CdtDbtInd`, else the entry's: in a netted batch payments go both ways. Where it has no
    amount of its own, it is the whole entry if it is alone, and zero if it is not; ``entry.silent`` counts those.
    """
    fields: DetailFields = shape.record(texts)
    sign = _sign(fields.indicator, entry)
    amount, currency = _amount(fields, shape.currencies, entry)
    draft = DetailDraft(amount if sign > 0 else -amount, currency, given(fields.bank_reference) or entry.bank_reference)
    draft.end_to_end_id = given(fields.end_to_end_id)
    draft.mandate_id = given(fields.mandate_id)
    draft.purpose = fields.purpose or None
    returned = fields.return_code or fields.return_proprietary
    swapped = bool(returned) or entry.reversal or (fields.sub_family or entry.fields.sub_family) in _RETURN_CODES
    draft.return_reason = returned or None
    draft.original_end_to_end_id = given(fields.original_end_to_end_id) or (draft.end_to_end_id if returned else None)
    (
        draft.counterparty_name,
        draft.counterparty_account,
        draft.counterparty_bic,
        draft.ultimate_name,
    ) = counterparty(fields, entry, incoming=sign > 0, swapped=swapped)
    read_remittance(shape, texts, entry.fields.additional if entry.alone else "", draft)
    draft.instructed_amount, draft.instructed_currency, draft.exchange_rate = _exchange(fields, shape.currencies, entry)
    charges = charges_of(shape, texts) if shape.groups else ()
    draft.charges = charges or (entry.charges if entry.alone else ())
    return seal_detail(draft)


def synthetic_detail(entry: EntryFrame) -> EntryDetail:
    """The one payment of an entry that the bank did not break down: the entry itself."""
    text = entry.fields.additional
    draft = DetailDraft(entry.amount if entry.sign > 0 else -entry.amount, entry.currency, entry.bank_reference)
    draft.remittance = text
    draft.remittance_lines = (text,) if text else ()
    draft.instructed_amount = entry.instructed
    draft.instructed_currency = entry.instructed_currency
    draft.exchange_rate = entry.rate
    draft.charges = entry.charges
    return seal_detail(draft)


# -- How much --------------------------------------------------------------------------------------------------


def _sign(indicator: str, entry: EntryFrame) -> int:
    sign = SIGN_OF_INDICATOR.get(indicator)
    if sign is None:
        if indicator:
            entry.unreadable += 1
        return entry.sign
    return sign


def _amount(fields: DetailFields, currencies: Mapping[str, str], entry: EntryFrame) -> tuple[Decimal, str | None]:
    """The unsigned amount of the payment with its currency, which is the account's if the bank gives it so.

    The bank may give the amount of the transaction, its counter value in the account's currency, and what the payer
    instructed, each in its own currency; of a payment alone in its entry, the one that was booked is meant.
    """
    text = fields.amount
    if text and currencies.get("amount") == entry.currency:
        if text == entry.fields.amount:
            return entry.amount, entry.currency
        amount = parse_amount(text)
        if amount is not None and (amount == entry.amount or not entry.alone):
            return amount, entry.currency
    offered: list[tuple[Decimal, str | None]] = []
    for name in ("amount", "counter_value", "transaction_amount", "announced", "instructed"):
        text = getattr(fields, name)
        if text:
            amount = parse_amount(text)
            if amount is None:
                entry.unreadable += 1
            else:
                offered.append((amount, currencies.get(name, entry.currency)))
    booked = [each for each in offered if each[1] == entry.currency]
    if entry.alone and (not offered or (entry.amount, entry.currency) in booked):
        return entry.amount, entry.currency
    if not offered:
        entry.silent += 1
        return _ZERO, entry.currency
    return (booked or offered)[0]


def _exchange(
    fields: DetailFields, currencies: Mapping[str, str], entry: EntryFrame
) -> tuple[Decimal | None, str | None, Decimal | None]:
    """What the payer instructed, its currency, and the rate between that and what was booked."""
    rate_text = fields.rate_counter_value or fields.rate_transaction or fields.rate_instructed or fields.rate_announced
    rate = parse_rate(rate_text) if rate_text else entry.rate
    instructed = parse_amount(fields.instructed) if fields.instructed else None
    if instructed is None:
        instructed, currency = entry.instructed, entry.instructed_currency
    else:
        currency = currencies.get("instructed")
    if rate is not None or (instructed is not None and currency != entry.currency):
        entry.exchanged = True
    return instructed, currency, rate


# -- Who -------------------------------------------------------------------------------------------------------


def counterparty(fields: DetailFields, entry: EntryFrame, *, incoming: bool, swapped: bool) -> Party:
    """The other side of the payment.

    Money that comes in is from the debtor, money that goes out is for the creditor. In returns and reversals most
    banks repeat the parties of the original payment, so they stand the other way round; some name only one party
    then, who is the other side unless it is recognisably us. A party with our own account number never is.
    """
    from_debtor = incoming != swapped
    expected = _debtor(fields) if from_debtor else _creditor(fields)
    own = entry.own_account
    if (own is not None and expected[1] == own) or (swapped and not any(expected)):
        other = _creditor(fields) if from_debtor else _debtor(fields)
        if any(other) and not _is_own(other, entry):
            return other
    return expected


def _name(text: str) -> str | None:
    """A name on one line; None where the bank only says that there is none."""
    if "\n" in text or "  " in text:
        text = " ".join(text.split())
    return given(text)


def _debtor(fields: DetailFields) -> Party:
    return (
        _name(fields.debtor_name) if fields.debtor_name else None,
        account_number(fields.debtor_account) if fields.debtor_account else None,
        fields.debtor_bic or None,
        _name(fields.ultimate_debtor_name) if fields.ultimate_debtor_name else None,
    )


def _creditor(fields: DetailFields) -> Party:
    return (
        _name(fields.creditor_name) if fields.creditor_name else None,
        account_number(fields.creditor_account) if fields.creditor_account else None,
        fields.creditor_bic or None,
        _name(fields.ultimate_creditor_name) if fields.ultimate_creditor_name else None,
    )


def _is_own(party: Party, entry: EntryFrame) -> bool:
    """Whether a party is the account's owner, by number or by the beginning of the name (addresses follow it)."""
    name, account = party[0], party[1]
    if account is not None and account == entry.own_account:
        return True
    if not name or not entry.own_name:
        return not name
    mine, theirs = entry.own_name.casefold(), name.casefold()
    return mine.startswith(theirs) or theirs.startswith(mine)


# -- What it cost, and what kind it is -------------------------------------------------------------------------


def charges_of(shape: Shape[Any], texts: Sequence[str]) -> tuple[Charge, ...]:
    """The charges named in an entry or transaction, what they cost us negative; unreadable ones are left out."""
    charges: list[Charge] = []
    for block in shape.groups.get("charges", ()):
        for part in block.groups.get("records") or (block,):
            fields: ChargeFields = part.record(texts)
            text, name = (fields.amount, "amount") if fields.amount else (fields.total, "total")
            amount = parse_amount(text)
            if amount is not None:
                signed = amount if fields.indicator == "CRDT" else -amount
                charges.append(Charge(amount=signed, currency=part.currencies.get(name), bearer=fields.bearer or None))
    return tuple(charges)


def transaction_code(fields: EntryFields | DetailFields) -> str | None:
    """The bank transaction code in one text: ISO's three levels ("PMNT/RCDT/ESCT"), else the bank's own code."""
    if fields.domain:
        return "/".join([code for code in (fields.domain, fields.family, fields.sub_family) if code])
    return fields.proprietary or None

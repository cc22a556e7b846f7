"""Builds one payment inside an entry from its `TxDtls`: who paid, what for, and how much of the entry it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.bank.camt.fields import DETAIL, ChargeFields, DetailFields
from integrations.bank.camt.remittance import remittance_of
from integrations.bank.camt.shapes import Shape, ShapeReader
from integrations.bank.camt.values import SIGN_OF_INDICATOR, account_number, given, parse_amount, parse_rate
from matching.model.bank_statement import Charge, EntryDetail

# ISO 20022 external bank transaction sub-families in which money comes back: the parties are those of the original.
_RETURN_CODES = frozenset({"RRTN", "RPCR", "UPDD", "UPCT", "UPCQ", "PRDD", "RCDD"})


@dataclass(frozen=True, slots=True)
class EntryFrame:
    """What the details of an entry take from it."""

    amount: Decimal
    currency: str | None
    sign: int
    bank_reference: str | None
    additional: str
    sub_family: str
    reversal: bool
    own_account: str | None
    charges: tuple[Charge, ...]
    alone: bool
    instructed: Decimal | None
    instructed_currency: str | None
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class ReadDetail:
    """A detail, and what the entry needs to know of it to check its sum."""

    detail: EntryDetail
    amount_known: bool
    readable: bool
    foreign: bool
    code: str | None
    settled_on: str


class DetailReader:
    """Reads `TxDtls` elements."""

    def __init__(self) -> None:
        self._shapes = ShapeReader(DETAIL)

    def read(self, xml: str, entry: EntryFrame) -> ReadDetail:
        """The payment in the canonical text of a `TxDtls` element."""
        shape, texts = self._shapes.read(xml)
        fields = shape.record(texts)
        sign = SIGN_OF_INDICATOR.get(fields.indicator, entry.sign)
        amount, currency, readable = _amount(fields, shape.currencies, entry)
        returned = bool(fields.return_code or fields.return_proprietary)
        sub_family = fields.sub_family or entry.sub_family
        swapped = returned or entry.reversal or sub_family in _RETURN_CODES
        name, account, bic, ultimate = _counterparty(fields, entry.own_account, from_debtor=(sign > 0) != swapped)
        remittance, lines, references, documents = remittance_of(shape, texts, entry.additional if entry.alone else "")
        end_to_end_id = given(fields.end_to_end_id)
        original = given(fields.original_end_to_end_id) or (end_to_end_id if returned else None)
        instructed = parse_amount(fields.instructed) if fields.instructed else None
        rate = fields.rate_counter_value or fields.rate_transaction or fields.rate_instructed or fields.rate_announced
        charges = charges_of(shape, texts) if shape.groups else ()
        detail = EntryDetail(
            amount=(amount if sign > 0 else -amount) if amount is not None else Decimal(0),
            currency=currency,
            bank_reference=given(fields.bank_reference) or entry.bank_reference,
            end_to_end_id=end_to_end_id,
            mandate_id=given(fields.mandate_id),
            counterparty_name=name,
            counterparty_account=account,
            counterparty_bic=bic,
            ultimate_name=ultimate,
            remittance=remittance,
            remittance_lines=lines,
            structured_references=references,
            documents=documents,
            instructed_amount=instructed if instructed is not None else entry.instructed,
            instructed_currency=shape.currencies.get("instructed")
            if instructed is not None
            else entry.instructed_currency,
            exchange_rate=parse_rate(rate) if rate else entry.rate,
            charges=charges or (entry.charges if entry.alone else ()),
            return_reason=fields.return_code or fields.return_proprietary or None,
            original_end_to_end_id=original,
            purpose=fields.purpose or None,
        )
        return ReadDetail(
            detail=detail,
            amount_known=amount is not None,
            readable=readable and fields.indicator in _INDICATORS,
            foreign=bool(rate) or (instructed is not None and detail.instructed_currency != entry.currency),
            code=transaction_code(fields.domain, fields.family, fields.sub_family, fields.proprietary),
            settled_on=fields.settled_on,
        )


_INDICATORS = frozenset({"", *SIGN_OF_INDICATOR})


def synthetic_detail(entry: EntryFrame) -> EntryDetail:
    """The one payment of an entry that the bank did not break down: the entry itself."""
    signed = entry.amount if entry.sign > 0 else -entry.amount
    return EntryDetail(
        amount=signed,
        currency=entry.currency,
        bank_reference=entry.bank_reference,
        end_to_end_id=None,
        mandate_id=None,
        counterparty_name=None,
        counterparty_account=None,
        counterparty_bic=None,
        ultimate_name=None,
        remittance=entry.additional,
        remittance_lines=(entry.additional,) if entry.additional else (),
        structured_references=(),
        documents=(),
        instructed_amount=entry.instructed,
        instructed_currency=entry.instructed_currency,
        exchange_rate=entry.rate,
        charges=entry.charges,
        return_reason=None,
        original_end_to_end_id=None,
        purpose=None,
    )


def _amount(fields: DetailFields, currencies: Any, entry: EntryFrame) -> tuple[Decimal | None, str | None, bool]:
    """The unsigned amount of the payment, in the account's currency if the bank gives it so; and whether it reads.

    The bank may give the amount of the transaction, its counter value in the account's currency, and what the payer
    instructed, each in its own currency. None where it gives nothing that is an amount.
    """
    if fields.amount and currencies.get("amount") == entry.currency:
        amount = parse_amount(fields.amount)
        if amount is not None:
            return amount, entry.currency, True
    other: tuple[Decimal, str | None] | None = None
    readable = True
    for name in ("amount", "counter_value", "transaction_amount", "announced", "instructed"):
        text = getattr(fields, name)
        if not text:
            continue
        amount = parse_amount(text)
        if amount is None:
            readable = False
        elif currencies.get(name, entry.currency) == entry.currency:
            return amount, entry.currency, readable
        elif other is None:
            other = amount, currencies[name]
    if other is not None:
        return *other, readable
    return (entry.amount, entry.currency, readable) if entry.alone else (None, entry.currency, readable)


def _counterparty(
    fields: DetailFields, own_account: str | None, *, from_debtor: bool
) -> tuple[str | None, str | None, str | None, str | None]:
    """Name, account, BIC and ultimate name of the other side.

    Money that comes in is from the debtor, money that goes out is for the creditor; in returns and reversals the
    bank repeats the parties of the original payment, so they stand the other way round. A party with our own account
    number is never the other side.
    """
    account = account_number(fields.debtor_account if from_debtor else fields.creditor_account)
    if account is not None and account == own_account:
        other = account_number(fields.creditor_account if from_debtor else fields.debtor_account)
        other_name = fields.creditor_name if from_debtor else fields.debtor_name
        if other != own_account and (other or other_name):
            from_debtor, account = not from_debtor, other
    if from_debtor:
        return (
            fields.debtor_name or None,
            account,
            fields.debtor_bic or None,
            fields.ultimate_debtor_name or None,
        )
    return (
        fields.creditor_name or None,
        account,
        fields.creditor_bic or None,
        fields.ultimate_creditor_name or None,
    )


def charges_of(shape: Shape[Any], texts: Sequence[str]) -> tuple[Charge, ...]:
    """The charges named in an entry or transaction, what they cost us negative; unreadable ones are left out."""
    charges: list[Charge] = []
    for block in shape.groups.get("charges", ()):
        records = block.groups.get("records", ())
        for part in records or (block,):
            fields: ChargeFields = part.record(texts)
            text, name = (fields.amount, "amount") if fields.amount else (fields.total, "total")
            amount = parse_amount(text)
            if amount is not None:
                sign = SIGN_OF_INDICATOR.get(fields.indicator, -1)
                charges.append(
                    Charge(amount=sign * amount, currency=part.currencies.get(name), bearer=fields.bearer or None)
                )
    return tuple(charges)


def transaction_code(domain: str, family: str, sub_family: str, proprietary: str) -> str | None:
    """The bank transaction code in one text: ISO's three levels, else the bank's own code.

    >>> transaction_code("PMNT", "RCDT", "ESCT", "NTRF+166"), transaction_code("", "", "", "NTRF+166")
    ('PMNT/RCDT/ESCT', 'NTRF+166')
    """
    if domain:
        return f"{domain}/{family}/{sub_family}" if family and sub_family else f"{domain}/{family}".rstrip("/")
    return proprietary or None

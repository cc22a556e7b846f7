"""From what the bank booked to what matching looks at: one payment per entry, or one per detail of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from matching.model.bank_statement import BankEntry, EntryDetail, ReferredDocument, StatementHeader
from matching.model.money import AmountError, round_to_minor, to_minor
from matching.model.payment import Payment, PaymentReference, RemittanceDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An entry that was read but whose money cannot be taken over exactly; a person must look at the statement."""

    where: str
    message: str


def payments_of(
    entry_key: str, entry: BankEntry, header: StatementHeader, *, currency: str | None
) -> tuple[Payment, ...] | Unusable:
    """The payments an entry stands for: its details where they add up to it, else the entry as a whole.

    ``currency`` is the configured currency of the account, used only where neither entry nor statement says one.
    The sum of the payments' amounts is always the entry's amount.
    """
    money = entry.currency or header.currency or currency
    if money is None:
        return Unusable(
            where=entry.where,
            message=f"the statement names no currency; give account {header.account or 'without number'} a currency "
            "in the configuration and import the file again",
        )
    booked_on = entry.booking_date or entry.value_date or header.to_date or header.from_date
    if booked_on is None:
        return Unusable(where=entry.where, message="the entry has no date at all; ask the bank")
    try:
        total = to_minor(entry.amount, money)
        amounts = _amounts_that_add_up(entry, money, total)
    except AmountError as error:
        return Unusable(where=entry.where, message=f"{error}; ask the bank for a corrected statement")
    account = header.account or ""
    if amounts is None:
        whole = _merged(entry.details)
        return (_payment(entry_key, entry, whole, account=account, currency=money, amount=total, booked_on=booked_on),)
    return tuple(
        _payment(
            f"{entry_key}.{number}",
            entry,
            detail,
            account=account,
            currency=money,
            amount=amount,
            booked_on=booked_on,
        )
        for number, (amount, detail) in enumerate(zip(amounts, entry.details, strict=True), start=1)
    )


def _amounts_that_add_up(entry: BankEntry, currency: str, total: int) -> list[int] | None:
    """The details' amounts in minor units when the entry is a batch of several payments, else None."""
    if len(entry.details) < 2:
        return None
    if any((detail.currency or currency) != currency or not detail.amount for detail in entry.details):
        return None  # in another currency, or the bank does not say how much of the entry it is
    amounts = [to_minor(detail.amount, currency) for detail in entry.details]
    return amounts if sum(amounts) == total else None


def _merged(details: Sequence[EntryDetail]) -> EntryDetail:
    """One detail that says all that several say; what differs between them is left out, texts are kept all."""
    first = details[0]
    if len(details) == 1:
        return first

    def common(name: str) -> str | None:
        values = {getattr(detail, name) for detail in details}
        return values.pop() if len(values) == 1 else None

    return EntryDetail(
        amount=first.amount,
        currency=first.currency,
        bank_reference=common("bank_reference"),
        end_to_end_id=common("end_to_end_id"),
        mandate_id=common("mandate_id"),
        counterparty_name=common("counterparty_name"),
        counterparty_account=common("counterparty_account"),
        counterparty_bic=common("counterparty_bic"),
        ultimate_name=common("ultimate_name"),
        remittance=" ".join(detail.remittance for detail in details if detail.remittance),
        remittance_lines=tuple(line for detail in details for line in detail.remittance_lines),
        structured_references=tuple(one for detail in details for one in detail.structured_references),
        documents=tuple(one for detail in details for one in detail.documents),
        instructed_amount=None,
        instructed_currency=None,
        exchange_rate=None,
        charges=tuple(one for detail in details for one in detail.charges),
        return_reason=common("return_reason"),
        original_end_to_end_id=common("original_end_to_end_id"),
        purpose=common("purpose"),
    )


def _payment(
    payment_id: str, entry: BankEntry, detail: EntryDetail, *, account: str, currency: str, amount: int, booked_on: date
) -> Payment:
    instructed, instructed_currency = _instructed(detail)
    return Payment(
        payment_id=payment_id,
        account=account,
        currency=currency,
        amount=amount,
        booked_on=booked_on,
        valued_on=entry.value_date,
        bank_reference=detail.bank_reference or entry.bank_reference or "",
        end_to_end_id=detail.end_to_end_id or "",
        mandate_id=detail.mandate_id or "",
        payer_name=detail.counterparty_name or "",
        payer_account=detail.counterparty_account or "",
        payer_bic=detail.counterparty_bic or "",
        ultimate_name=detail.ultimate_name or "",
        remittance=detail.remittance,
        remittance_lines=detail.remittance_lines,
        references=tuple(
            PaymentReference(type=one.type, reference=one.reference) for one in detail.structured_references
        ),
        documents=tuple(_document(one, currency) for one in detail.documents if one.number),
        transaction_code=entry.transaction_code or "",
        purpose=detail.purpose or "",
        instructed_amount=instructed,
        instructed_currency=instructed_currency,
        charges=_charges(detail, currency),
        charge_bearer=next((charge.bearer for charge in detail.charges if charge.bearer), ""),
        reversal=entry.reversal,
        return_reason=detail.return_reason or "",
        original_end_to_end_id=detail.original_end_to_end_id or "",
    )


def _document(document: ReferredDocument, currency: str) -> RemittanceDocument:
    """What the payer says about one document; an amount that does not fit the currency is left out, never bent."""
    adjustments = [_minor_or_none(one.amount, currency) for one in document.adjustments]
    known = [amount for amount in adjustments if amount is not None]
    return RemittanceDocument(
        type=document.type,
        number=document.number or "",
        remitted=_minor_or_none(document.remitted_amount, currency),
        discount=_minor_or_none(document.discount_amount, currency),
        adjustment=sum(known) if known else None,
        adjustment_reason=next((one.reason for one in document.adjustments if one.reason), None),
    )


def _minor_or_none(amount: Decimal | None, currency: str) -> int | None:
    if amount is None:
        return None
    try:
        return to_minor(amount, currency)
    except AmountError:
        return None


def _instructed(detail: EntryDetail) -> tuple[int | None, str]:
    if detail.instructed_amount is None or not detail.instructed_currency:
        return None, ""
    amount = _minor_or_none(detail.instructed_amount, detail.instructed_currency)
    return (amount, detail.instructed_currency) if amount is not None else (None, "")


def _charges(detail: EntryDetail, currency: str) -> int:
    """The charges in the payment's currency, as a positive cost in minor units; others cannot be added up."""
    own = [charge.amount for charge in detail.charges if charge.currency in (None, currency)]
    return abs(round_to_minor(sum(own, Decimal(0)), currency)) if own else 0

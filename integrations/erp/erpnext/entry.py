"""What a Payment Entry of ours says, worked out without asking anybody.

ERPNext books one customer and one receivable account in each entry. Deductions are in the company's currency, whatever
the payment is in; the entry must close there to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.items import Place
from integrations.erp.errors import ConfigError, StaleItem, ValidationFailed
from matching.model.money import Money, round_to_minor, to_decimal
from matching.model.posting import PostedAllocation, Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One Payment Entry to be. Minor units of the posting's currency."""

    customer_id: str
    receivable: str
    allocations: tuple[PostedAllocation, ...]
    on_account: int

    @property
    def paid(self) -> int:
        """What of the payment this entry takes."""
        return sum(each.cash for each in self.allocations) + self.on_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The company's currency, and what one unit of the payment's currency is worth in it."""

    home: str
    rate: Decimal

    def base(self, amount: Decimal) -> Decimal:
        """An amount in the company's currency, rounded as ERPNext does: half away from zero, per row."""
        return to_decimal(round_to_minor(amount * self.rate, self.home), self.home)


def entries(posting: Posting, places: Mapping[str, Place], on_account_receivable: str) -> list[Entry]:
    """The entries of a posting: one per customer and receivable account. Raises StaleItem, ValidationFailed."""
    groups: dict[tuple[str, str], list[PostedAllocation]] = {}
    for each in posting.allocations:
        place = places.get(each.item_id)
        if place is None:
            message = f"item {each.number} ({each.item_id}) is no longer there; pull again and match again"
            raise StaleItem(message, item_id=each.item_id, expected=each.expected_open)
        if place.currency != posting.currency:
            message = (
                f"item {each.number} is kept in {place.currency} and the payment is in {posting.currency}; book it in "
                "ERPNext by hand, at the rate of the bank"
            )
            raise ValidationFailed(message, field="currency")
        groups.setdefault((each.customer_id, place.account), []).append(each)
    target = next((group for group in groups if group[0] == posting.on_account_customer_id), None)
    if posting.on_account and target is None:
        target = (posting.on_account_customer_id, on_account_receivable)
        groups[target] = []
    found = [
        Entry(
            customer_id=group[0],
            receivable=group[1],
            allocations=tuple(rows),
            on_account=posting.on_account if group == target else 0,
        )
        for group, rows in groups.items()
    ]
    short = next((entry for entry in found if entry.paid <= 0), None)
    if short is not None:
        message = (
            f"customer {short.customer_id} would get an entry over {Money(short.paid, posting.currency)}; ERPNext "
            "takes receipts only, so book the credit there by hand"
        )
        raise ValidationFailed(message, field="paid_amount")
    return found


def references(entry: Entry, places: Mapping[str, Place], currency: str) -> list[dict[str, Any]]:
    """The rows that settle documents: the full amount by which each falls, per payment term where there is one."""
    settled: dict[tuple[str, str, str], int] = {}
    for each in entry.allocations:
        place = places[each.item_id]
        key = (place.doctype, place.name, place.term)
        settled[key] = settled.get(key, 0) + each.cash + each.discount + each.write_off
    rows = []
    for (doctype, name, term), amount in settled.items():
        row = {
            "reference_doctype": doctype,
            "reference_name": name,
            "allocated_amount": to_decimal(amount, currency),
        }
        if amount:
            rows.append({**row, "payment_term": term} if term else row)
    return rows


def deductions(
    settings: Settings,
    entry: Entry,
    rows: Sequence[Mapping[str, Any]],
    *,
    currency: str,
    rate: Rate,
    company: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Discounts and write-offs per account, in the company's currency, so that the entry closes. Raises ConfigError."""
    per_account: dict[str, int] = {}
    for each in entry.allocations:
        for amount, account in (
            (each.discount, discount_account(settings) if each.discount else ""),
            (each.write_off, write_off_account(settings, each.write_off_reason) if each.write_off else ""),
        ):
            if amount:
                per_account[account] = per_account.get(account, 0) + amount
    amounts = {account: rate.base(to_decimal(amount, currency)) for account, amount in per_account.items() if amount}
    allocated = sum((rate.base(row["allocated_amount"]) for row in rows), Decimal(0))
    left = rate.base(to_decimal(entry.on_account, currency))
    missing = allocated + left - rate.base(to_decimal(entry.paid, currency)) - sum(amounts.values())
    if missing:  # Cents that appear when every row is converted on its own.
        account = next(reversed(amounts), None) or str(company.get("exchange_gain_loss_account") or "")
        if not account:
            message = (
                f"converting the payment into {rate.home} leaves {missing}; set the Exchange Gain / Loss Account of "
                "the company in ERPNext"
            )
            raise ConfigError(message)
        amounts[account] = amounts.get(account, Decimal(0)) + missing
    center = settings.cost_center or company.get("cost_center")
    return [
        {"account": account, "cost_center": center, "amount": amount} for account, amount in amounts.items() if amount
    ]


def by_document(posting: Posting, places: Mapping[str, Place]) -> dict[str, int]:
    """By how much each document falls through the posting."""
    settled: dict[str, int] = {}
    for each in posting.allocations:
        name = places[each.item_id].name
        settled[name] = settled.get(name, 0) + each.cash + each.discount + each.write_off
    return settled


def discount_account(settings: Settings) -> str:
    """The account for discounts. Raises ConfigError."""
    if not settings.discount_account:
        message = "no account is set for early-payment discounts; name one under discount_account"
        raise ConfigError(message)
    return settings.discount_account


def write_off_account(settings: Settings, reason: str) -> str:
    """The account for a write-off. Raises ConfigError."""
    account = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not account:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return account


def remarks(posting: Posting, number: int, count: int) -> str:
    """What people read on the entry; the first line says which entry of how many it is."""
    return f"Lettrage {posting.key} {number}/{count}\n{posting.payer_name}\n{posting.remittance[:500]}"


def part_of(document: Mapping[str, Any]) -> tuple[int, int]:
    """Which entry of how many, from the first line of the remarks; an entry without it stands alone.

    >>> part_of({"remarks": "Lettrage ABC 2/3"}), part_of({})
    ((2, 3), (1, 1))
    """
    first = str(document.get("remarks") or "").split("\n", maxsplit=1)[0]
    number, _, count = first.rpartition(" ")[2].partition("/")
    return (int(number), int(count)) if number.isdigit() and count.isdigit() else (1, 1)

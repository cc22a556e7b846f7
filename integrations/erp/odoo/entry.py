"""What stands in the bank line of a posting: the bank's side, and one counterpart for each thing it is for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.erp.errors import ConfigError, StaleItem, ValidationFailed
from integrations.erp.odoo.books import MODULE, external
from integrations.erp.odoo.discount import OdooDiscounts
from integrations.erp.odoo.mapping import OdooMapping
from integrations.erp.odoo.read import OdooReader
from integrations.erp.odoo.returned import OdooReturns
from integrations.erp.odoo.rpc import OdooRpc
from matching.model.money import round_to_minor, to_decimal
from matching.model.posting import PostedAllocation, Posting

_COLUMNS = [
    "id",
    "journal_id/.id",
    "date",
    "amount",
    "payment_ref",
    "ref",
    "partner_name",
    "account_number",
    "line_ids/account_id/.id",
    "line_ids/name",
    "line_ids/partner_id/.id",
    "line_ids/balance",
]
# Only where the journal is not kept in the company's currency.
_CURRENCY_COLUMNS = ["line_ids/currency_id/.id", "line_ids/amount_currency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counterpart:
    """One line beside the bank line: account, label, partner, amount in the posting's currency (debit positive)."""

    account: int
    label: str
    partner: int | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The rows that `load` takes: the bank line with its first counterpart, then one row per further one."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class OdooEntries:
    """Makes entries for one company."""

    def __init__(self, rpc: OdooRpc, reader: OdooReader, mapping: OdooMapping) -> None:
        self._rpc = rpc
        self._reader = reader
        self._mapping = mapping
        self._discounts = OdooDiscounts(rpc, reader)
        self._returns = OdooReturns(rpc, reader)

    def entry(self, posting: Posting) -> Entry:
        """The bank line of this posting. Raises StaleItem, ConfigError, ValidationFailed."""
        journal = self._mapping.journal(posting)
        company_currency_id = int(self._reader.company["currency_id"])
        currency_id = int(journal["currency_id"] or company_currency_id)
        foreign = currency_id != company_currency_id
        counterparts = self._counterparts(posting, journal)
        label = f"{posting.remittance[:200]} ({posting.key})" if posting.remittance.strip() else posting.key
        header = [
            f"{MODULE}.{external(posting.key)}",
            str(journal["id"]),
            posting.booking_date.isoformat(),
            str(to_decimal(posting.amount, posting.currency)),
            label,
            posting.key,
            posting.payer_name,
            posting.payer_account,
        ]
        weigh = self._weigh(currency_id, posting) if foreign else None
        amounts = [each.amount for each in counterparts]
        balances = [weigh(each) if weigh else to_decimal(each, posting.currency) for each in amounts]
        bank = _Counterpart(
            account=int(journal["default_account_id"]), label=label, partner=None, amount=posting.amount
        )
        rows: list[list[Any]] = []
        # What the counterparts round to is what the bank line must weigh, or the entry would not balance.
        for each, weight in zip((bank, *counterparts), (-sum(balances), *balances), strict=True):
            line = [str(each.account), each.label, str(each.partner or ""), str(weight)]
            if foreign:
                line += [str(currency_id), str(to_decimal(each.amount, posting.currency))]
            rows.append([*(header if not rows else [""] * len(header)), *line])
        assert sum(amounts) == -posting.amount, f"posting {posting.key}: the counterparts do not make up its amount"
        return Entry(columns=[*_COLUMNS, *(_CURRENCY_COLUMNS if foreign else [])], rows=rows)

    def _weigh(self, currency_id: int, posting: Posting) -> Callable[[int], Decimal]:
        """How an amount of the posting's currency weighs in the company's, at Odoo's rate of the day."""
        (record,) = self._rpc.search_read(
            "res.currency", [["id", "=", currency_id]], ["rate"], context={"date": posting.booking_date.isoformat()}
        )
        home = self._reader.currency(self._reader.company["currency_id"])
        rate = Decimal(record["rate"])
        return lambda amount: to_decimal(round_to_minor(to_decimal(amount, posting.currency) / rate, home), home)

    def _counterparts(self, posting: Posting, journal: Mapping[str, Any]) -> list[_Counterpart]:
        items = {str(line["id"]): line for line in self._reader.lines([a.item_id for a in posting.allocations])}
        found: list[_Counterpart] = []
        for number, each in enumerate(posting.allocations, start=1):
            line = items.get(each.item_id)
            if line is None:
                message = f"item {each.number} ({each.item_id}) is no longer there; pull again and match again"
                raise StaleItem(message, item_id=each.item_id, expected=each.expected_open)
            currency = self._reader.currency(line["currency_id"])
            if currency != posting.currency:
                message = (
                    f"item {each.number} is owed in {currency}, the payment is in {posting.currency}; "
                    "register the payment in Odoo, where the rate can be chosen"
                )
                raise ValidationFailed(message, field="currency")
            found += self._for_item(posting, journal, number, each, line)
        if posting.on_account:
            partner = int(posting.on_account_customer_id)
            account = self._mapping.receivable_account(partner)
            label = f"{posting.key}#A on account"
            found.append(_Counterpart(account=account, label=label, partner=partner, amount=-posting.on_account))
        if posting.unallocated:
            account = journal["suspense_account_id"]
            if not account:
                message = f"the journal {journal['code']} has no suspense account for what is not decided yet; set one"
                raise ConfigError(message)
            label = f"{posting.key}#S waits for a decision"
            found.append(_Counterpart(account=int(account), label=label, partner=None, amount=-posting.unallocated))
        return found

    def _for_item(
        self,
        posting: Posting,
        journal: Mapping[str, Any],
        number: int,
        each: PostedAllocation,
        line: Mapping[str, Any],
    ) -> list[_Counterpart]:
        partner = line["partner_id"] or None
        settled = each.cash + each.discount + each.write_off
        label = f"{posting.key}#{number} {each.number}"
        if each.discount and self._discounts.carries_vat(line):
            self._discounts.refuse_other_than_odoo(posting, int(journal["id"]), each, line)
            label = f"{posting.key}#{number}W {each.number}"
            return [_Counterpart(account=line["account_id"], label=label, partner=partner, amount=-each.cash)]
        if settled * line["amount_currency"] < 0:
            credit = self._returns.credit_to_take_back(each, line, settled, posting.currency)
            label = f"{posting.key}#{number}R{each.item_id}C{credit} {each.number}"
        found = []
        if settled:
            found.append(_Counterpart(account=line["account_id"], label=label, partner=partner, amount=-settled))
        if each.discount:
            account = self._mapping.discount_account(int(journal["id"]))
            text = f"discount {label}"
            found.append(_Counterpart(account=account, label=text, partner=partner, amount=each.discount))
        if each.write_off:
            account = self._mapping.write_off_account(each.write_off_reason, int(journal["id"]))
            text = f"write-off {label}"
            found.append(_Counterpart(account=account, label=text, partner=partner, amount=each.write_off))
        return found

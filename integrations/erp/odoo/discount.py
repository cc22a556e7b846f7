"""Early-payment discounts that carry VAT: booked by Odoo's own payment wizard, because Odoo knows the taxes.

Where a payment term reduces the tax only when the discount is taken ("on early payment"), the discount takes VAT with
it: tax accounts, tax grids, rounding. We do not compute that. The wizard makes a payment that settles the invoice, and
the bank line is then matched with that payment over Odoo's account for outstanding receipts.
"""

from collections.abc import Mapping
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.errors import ConfigError, ValidationFailed, VersionMismatch
from integrations.erp.odoo.books import PAYMENT, Held, OdooBooks, OwnLine, memo
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from matching.model.money import Money, to_decimal
from matching.model.posting import PostedAllocation, Posting

_WIZARD = "account.payment.register"


class OdooDiscounts:
    """Discounts with VAT of one company."""

    def __init__(self, rpc: OdooRpc, reader: OdooReader) -> None:
        self._rpc = rpc
        self._reader = reader

    def carries_vat(self, line: Mapping[str, Any]) -> bool:
        """Whether a discount on this receivable line reduces the tax that the invoice had charged."""
        (move,) = self._rpc.search_read(
            "account.move", [["id", "=", line["move_id"]]], ["invoice_payment_term_id", "amount_tax"]
        )
        if not move["invoice_payment_term_id"] or not move["amount_tax"]:
            return False
        (term,) = self._rpc.search_read(
            "account.payment.term", [["id", "=", move["invoice_payment_term_id"]]],
            ["early_discount", "early_pay_discount_computation"], context={"active_test": False},
        )  # fmt: skip
        return bool(term["early_discount"]) and term["early_pay_discount_computation"] == "included"

    def refuse_other_than_odoo(
        self, posting: Posting, journal_id: int, each: PostedAllocation, line: Mapping[str, Any]
    ) -> None:
        """Raises ValidationFailed unless Odoo itself would grant exactly this discount on that day."""
        if not self._reader.company.get("account_journal_early_pay_discount_loss_account_id"):
            message = (
                "the company has no account for cash discounts in Odoo; set it, Odoo books discounts with VAT on it"
            )
            raise ConfigError(message)
        currency = posting.currency
        agreed = minor(line["amount_currency"], currency) - minor(line["discount_amount_currency"], currency)
        until = day(line["discount_date"])
        whole = minor(line["amount_residual_currency"], currency) == minor(line["amount_currency"], currency)
        granted = until is not None and posting.booking_date <= until and whole
        if (
            granted
            and (each.discount, each.write_off) == (agreed, 0)
            and each.cash + each.discount == each.expected_open
        ):
            wizard = self._wizard(posting, journal_id, each, memo(posting.key, "?"))
            fields = ["early_payment_discount_mode", "payment_difference"]
            (seen,) = self._rpc.search_read(_WIZARD, [["id", "=", wizard]], fields)
            if seen["early_payment_discount_mode"] and minor(seen["payment_difference"], currency) == each.discount:
                return
        message = (
            f"the discount of {Money(each.discount, currency)} on {each.number} carries VAT, and Odoo grants it only "
            f"whole ({Money(agreed, currency)}), on an untouched invoice, up to {until}; register it in Odoo, or clear "
            "the payment without the discount"
        )
        raise ValidationFailed(message, field="discount")

    def settle(self, posting: Posting, held: Held, each: PostedAllocation, own: OwnLine, books: OdooBooks) -> None:
        """The payment of the wizard, made once, and our line matched with it."""
        journal_id = int(held.record["journal_id"])
        text = memo(posting.key, own.number)
        payments = books.payments([text])
        if not payments:
            wizard = self._wizard(posting, journal_id, each, text)
            self._rpc.call(_WIZARD, "action_create_payments", ids=[wizard], writing=True)
            payments = self._only_one(books.payments([text]), each, posting.currency, books)
        payment = payments[0]
        if not payment["move_id"]:
            message = (
                f"Odoo made a payment without an entry for {each.number}; set an outstanding account on the journal"
            )
            raise ConfigError(message)
        self._match(own, payment)

    def _wizard(self, posting: Posting, journal_id: int, each: PostedAllocation, text: str) -> int:
        values = {
            "journal_id": journal_id,
            "payment_date": posting.booking_date.isoformat(),
            "amount": to_decimal(each.cash, posting.currency),
            "communication": text,
            "group_payment": True,
        }
        context = {"active_model": LINE, "active_ids": [int(each.item_id)]}
        # A wizard is a form that is filled in: it books nothing, and Odoo throws it away.
        return self._rpc.fill_in(_WIZARD, values, context)

    def _only_one(
        self, payments: list[dict[str, Any]], each: PostedAllocation, currency: str, books: OdooBooks
    ) -> list[dict[str, Any]]:
        """Of two workers' payments the one that settles the item; Odoo takes both and matches one."""
        if len(payments) == 1:
            return payments
        settling = []
        for payment in payments:
            domain = [["move_id", "=", payment["move_id"]], ["account_type", "=", "asset_receivable"]]
            ids = {row["id"] for row in self._rpc.search_read(LINE, domain, ["id"])}
            if any(int(each.item_id) in matches for matches in books.matched(ids, currency).values()):
                settling.append(payment)
            else:
                self.cancel(payment)
        if not settling:
            message = f"Odoo's payment wizard left {each.number} open; look at the payment in Odoo"
            raise VersionMismatch(message)
        return settling

    def _match(self, own: OwnLine, payment: Mapping[str, Any]) -> None:
        outstanding = int(payment["outstanding_account_id"])
        if own.record["account_id"] != outstanding:
            self._rpc.write(LINE, [own.line_id], {"account_id": outstanding})
        domain = [["move_id", "=", payment["move_id"]], ["account_id", "=", outstanding]]
        (theirs,) = self._rpc.search_read(LINE, domain, ["id"])
        self._rpc.call(LINE, "reconcile", ids=[own.line_id, theirs["id"]], writing=True)

    def cancel(self, payment: Mapping[str, Any]) -> None:
        """Cancel a payment of the wizard; its invoice is open again. Deleting it would break an audit trail."""
        self._rpc.call(PAYMENT, "action_cancel", ids=[payment["id"]], writing=True)

"""Money that came back: what it had settled is open again.

The returned payment is a bank line of its own, so that both movements of the statement stand in the books. The match of
the original with the item is undone, and the original is matched with the return instead: nothing is left over of
either, and the invoice is open.
"""

from collections.abc import Mapping
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.errors import ValidationFailed
from integrations.erp.odoo.books import MATCH, OwnLine
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from matching.model.money import Money
from matching.model.posting import PostedAllocation


class OdooReturns:
    """Returned payments of one company."""

    def __init__(self, rpc: OdooRpc, reader: OdooReader) -> None:
        self._rpc = rpc
        self._reader = reader

    def credit_to_take_back(self, each: PostedAllocation, line: Mapping[str, Any], settled: int, currency: str) -> int:
        """The line that had settled the item: the newest match that is large enough, an exact one first.

        Raises ValidationFailed where there is none, or where the original's money is partly on account.
        """
        wanted = abs(settled)
        fits = []
        for match in self._matches(int(line["id"])):
            other = self._other(match, int(line["id"]))
            amount = minor(match["debit_amount_currency"], currency)
            if amount >= wanted:
                fits.append((amount != wanted, -match["id"], other))
        whole = {
            row["id"]
            for row in self._rpc.search_read(
                LINE, [["id", "in", sorted(fit[2] for fit in fits)], ["reconciled", "=", True]], ["id"]
            )
        }
        for _, _, other in sorted(fits):
            if other in whole:
                return other
        message = (
            f"no payment of {Money(wanted, currency)} or more is matched with {each.number} in Odoo, so nothing can be "
            "taken back there; undo the match in Odoo and book the return by hand"
        )
        raise ValidationFailed(message, field="item_id")

    def settle(self, own: OwnLine) -> None:
        """Undo the original's match, match it with the return, and what is left of it with the item again."""
        for match in self._matches(own.taken_back):
            if self._other(match, own.taken_back) == own.credit and own.untouched:
                self._undo(own.taken_back, match["id"])
        if own.untouched:
            self._rpc.call(LINE, "reconcile", ids=[own.line_id, own.credit], writing=True)
        self._match_rest(own)

    def restore(self, own: OwnLine) -> None:
        """The return is taken away: the original settles the item again."""
        for match in self._matches(own.line_id):
            self._undo(own.line_id, match["id"])
        self._match_rest(own)

    def _match_rest(self, own: OwnLine) -> None:
        rows = self._rpc.search_read(
            LINE, [["id", "in", [own.credit, own.taken_back]], ["amount_residual_currency", "!=", 0]], ["id"]
        )
        if len(rows) == 2:
            self._rpc.call(LINE, "reconcile", ids=[own.taken_back, own.credit], writing=True)

    def _matches(self, line_id: int) -> list[dict[str, Any]]:
        domain = ["|", ["debit_move_id", "=", line_id], ["credit_move_id", "=", line_id]]
        fields = ["debit_move_id", "credit_move_id", "debit_amount_currency"]
        return self._rpc.search_read(MATCH, domain, fields, order="id")

    @staticmethod
    def _other(match: Mapping[str, Any], line_id: int) -> int:
        debit, credit = int(match["debit_move_id"]), int(match["credit_move_id"])
        return credit if debit == line_id else debit

    def _undo(self, line_id: int, match_id: int) -> None:
        (line,) = self._rpc.search_read(LINE, [["id", "=", line_id]], ["move_id"])
        self._rpc.call(
            "account.move", "js_remove_outstanding_partial", ids=[line["move_id"]], writing=True, partial_id=match_id
        )

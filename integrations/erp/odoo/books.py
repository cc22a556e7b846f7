"""What Odoo holds under a posting key, read back from its books.

A posting of ours is a bank line under the external id ``lettrage.<key>`` whose counterparts carry labels that say what
each is for, so that a new process understands a half-done posting without asking anybody:

    KEY#1 INV/2026/0042          settles the first item; to be matched with it
    KEY#2W INV/2026/0043         the same through Odoo's payment wizard, because the discount carries VAT
    KEY#3R17C25 INV/2026/0044    takes back what line 25 had settled of item 17: that match is undone, and line 25
                                 is matched with this one instead
    KEY#A on account             stays as the customer's credit
    KEY#S waits for a decision   not decided yet; stands on the journal's suspense account
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.errors import ConfigError, ProtocolError, ValidationFailed
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from integrations.erp.protocol import RemoteAllocation, RemotePosting

MODULE = "lettrage"
STATEMENT_LINE = "account.bank.statement.line"
PAYMENT = "account.payment"
MATCH = "account.partial.reconcile"

_LABEL = re.compile(r"(?P<number>\d+|A|S)(?:(?P<wizard>W)|R(?P<item>\d+)C(?P<credit>\d+))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLine:
    """One counterpart of ours as it stands in Odoo. ``taken_back`` and ``credit`` are ids of lines, else 0."""

    number: str
    wizard: bool
    taken_back: int
    credit: int
    record: Mapping[str, Any]

    @property
    def line_id(self) -> int:
        """Odoo's id of the line."""
        return int(self.record["id"])

    @property
    def untouched(self) -> bool:
        """Whether it is not matched with anything."""
        amount, left = self.record["amount_currency"], self.record["amount_residual_currency"]
        return bool(amount == left and not self.record["reconciled"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A bank line of ours as Odoo holds it, with our own counterparts by their number (or "A", "S")."""

    key: str
    line_id: int
    record: Mapping[str, Any]
    own: Mapping[str, OwnLine]
    bank_amount: int


class OdooBooks:
    """Looks at what was posted."""

    def __init__(self, rpc: OdooRpc, reader: OdooReader) -> None:
        self._rpc = rpc
        self._reader = reader

    def find(self, key: str) -> RemotePosting | None:
        """What stands under the key."""
        held = self.held(key)
        return None if held is None else self.remote(held)

    def held(self, key: str) -> Held | None:
        """The bank line under the key and our counterparts, as they are now."""
        assert self._reader.company
        line_id = self._line_id(key)
        if line_id is None:
            return None
        fields = ["date", "amount", "currency_id", "journal_id", "move_id", "ref", "company_id"]
        records = self._rpc.search_read(STATEMENT_LINE, [["id", "=", line_id]], fields)
        if not records:
            return None
        record = records[0]
        lines = self._rpc.search_read(
            LINE,
            [["move_id", "=", record["move_id"]]],
            ["name", "amount_currency", "amount_residual_currency", "reconciled", "account_id", "account_type"],
            order="id",
        )
        currency = self._reader.currency(record["currency_id"])
        own = {each.number: each for line in lines if (each := _own(key, line))}
        in_bank = [line for line in lines if line["account_type"] in {"asset_cash", "liability_credit_card"}]
        return Held(
            key=key,
            line_id=line_id,
            record=record,
            own=own,
            bank_amount=sum(minor(line["amount_currency"], currency) for line in in_bank),
        )

    def _line_id(self, key: str) -> int | None:
        try:
            found = self._rpc.call(
                "ir.model.data", "check_object_reference", writing=False, module=MODULE, xml_id=external(key)
            )
        except (ProtocolError, ValidationFailed):
            # "External ID not found" arrives as a plain ValueError. Our key in `ref` is the second place to look.
            rows = self._rpc.search_read(STATEMENT_LINE, [["ref", "=", key]], ["id"], limit=1)
            return int(rows[0]["id"]) if rows else None
        if found and not found[1]:
            message = (
                f"posting {key} is in Odoo already, in another company or out of our sight; check company_id, "
                "and give every company a name of its own in the settings"
            )
            raise ConfigError(message)
        return int(found[1]) if found else None

    def remote(self, held: Held) -> RemotePosting:
        """The posting in the words of the protocol."""
        currency = self._reader.currency(held.record["currency_id"])
        numbered = [each for label, each in held.own.items() if label not in {"A", "S"}]
        settled = _Settled()
        unmatched = self._direct([each for each in numbered if not (each.wizard or each.credit)], currency, settled)
        unmatched += self._through_payments(held.key, [each for each in numbered if each.wizard], currency, settled)
        unmatched += self._taken_back([each for each in numbered if each.credit], currency, settled)
        on_account = -minor(held.own["A"].record["amount_currency"], currency) if "A" in held.own else 0
        return RemotePosting(
            key=held.key,
            state="incomplete" if unmatched or not held.own else "posted",
            native_ids=(f"{STATEMENT_LINE},{held.line_id}", f"account.move,{held.record['move_id']}"),
            # Odoo takes a bank line whose own amount is not what its entry says; the entry is what counts.
            amount=held.bank_amount,
            currency=currency,
            booked_on=day(held.record["date"]),
            allocations=settled.allocations(),
            on_account=on_account,
            detail=f"not matched yet: {', '.join(sorted(unmatched))}" if unmatched else "",
        )

    # -- what our lines are matched with ---------------------------------------------------------------------------

    def _direct(self, own: list[OwnLine], currency: str, settled: "_Settled") -> list[str]:
        matched = self.matched({each.line_id for each in own}, currency)
        for each in own:
            settled.add(matched.get(each.line_id, {}))
        return [each.number for each in own if not matched.get(each.line_id)]

    def _through_payments(self, key: str, own: list[OwnLine], currency: str, settled: "_Settled") -> list[str]:
        if not own:
            return []
        missing = []
        payments = self.payments([memo(key, each.number) for each in own])
        for each in own:
            entries = [row["move_id"] for row in payments if row["memo"] == memo(key, each.number) and row["move_id"]]
            domain = [["move_id", "in", entries], ["account_type", "=", "asset_receivable"]]
            lines = self._rpc.search_read(LINE, domain, ["id"]) if entries else []
            for matches in self.matched({line["id"] for line in lines}, currency).values():
                settled.add(matches)
            if each.untouched or not lines:
                missing.append(each.number)
        return missing

    def _taken_back(self, own: list[OwnLine], currency: str, settled: "_Settled") -> list[str]:
        if not own:
            return []
        matched = self.matched({each.line_id for each in own}, currency)
        credits_ = self._rpc.search_read(
            LINE, [["id", "in", sorted({each.credit for each in own})]], ["amount_residual_currency"]
        )
        loose = {row["id"] for row in credits_ if row["amount_residual_currency"]}
        missing = []
        for each in own:
            back = sum(abs(amount) for other, amount in matched.get(each.line_id, {}).items() if other == each.credit)
            if back:
                amount = minor(each.record["amount_currency"], currency)
                settled.add({each.taken_back: -back if amount > 0 else back})
            if not back or each.credit in loose:
                missing.append(each.number)
        return missing

    def payments(self, memos: Iterable[str]) -> list[dict[str, Any]]:
        """Payments of the wizard that carry these texts, oldest first; cancelled ones are left out."""
        field = self.memo_field
        domain = [[field, "in", sorted(memos)], ["state", "not in", ["cancel", "canceled", "rejected"]]]
        rows = self._rpc.search_read(PAYMENT, domain, [field, "move_id", "state", "outstanding_account_id"], order="id")
        for row in rows:
            row["memo"] = row[field]
        return rows

    @property
    def memo_field(self) -> str:
        """Where this version keeps the text of a payment."""
        return "memo" if self._rpc.version >= 18 else "ref"

    def matched(self, own_ids: set[int], currency: str) -> dict[int, dict[int, int]]:
        """Per line, how much of which other line it is matched with; what exchange differences add is left out.

        Positive where the other line is an invoice (a debit), negative where it is credit.
        """
        if not own_ids:
            return {}
        ids = sorted(own_ids)
        fields = ["debit_move_id", "credit_move_id", "debit_amount_currency", "credit_amount_currency"]
        exchanged = self._rpc.fields(MATCH, ["exchange_move_id"])
        matches = self._rpc.search_read(
            MATCH, ["|", ["debit_move_id", "in", ids], ["credit_move_id", "in", ids]], [*fields, *sorted(exchanged)]
        )
        exchange = self._exchange_lines(matches, own_ids) if exchanged else set()
        found: dict[int, dict[int, int]] = {}
        for match in matches:
            debit, credit = match["debit_move_id"], match["credit_move_id"]
            if debit in exchange or credit in exchange:
                continue
            # Our line stands on the credit side against an invoice, on the debit side against credit.
            if credit in own_ids:
                own, item, amount = credit, debit, minor(match["debit_amount_currency"], currency)
            else:
                own, item, amount = debit, credit, -minor(match["credit_amount_currency"], currency)
            per_item = found.setdefault(own, {})
            per_item[item] = per_item.get(item, 0) + amount
        return found

    def _exchange_lines(self, matches: list[dict[str, Any]], own_ids: set[int]) -> set[int]:
        """The lines among these matches that belong to entries of exchange differences."""
        others = sorted({match[side] for match in matches for side in ("debit_move_id", "credit_move_id")} - own_ids)
        if not others:
            return set()
        either = ["|", ["debit_move_id", "in", others], ["credit_move_id", "in", others]]
        rows = self._rpc.search_read(MATCH, ["&", ["exchange_move_id", "!=", False], *either], ["exchange_move_id"])
        entries = sorted({row["exchange_move_id"] for row in rows})
        if not entries:
            return set()
        lines = self._rpc.search_read(LINE, [["id", "in", others], ["move_id", "in", entries]], ["id"])
        return {line["id"] for line in lines}


class _Settled:
    """By how much each item fell, added up."""

    def __init__(self) -> None:
        self._amounts: dict[int, int] = {}

    def add(self, amounts: Mapping[int, int]) -> None:
        for item_id, amount in amounts.items():
            self._amounts[item_id] = self._amounts.get(item_id, 0) + amount

    def allocations(self) -> tuple[RemoteAllocation, ...]:
        return tuple(RemoteAllocation(item_id=str(each), settled=self._amounts[each]) for each in sorted(self._amounts))


def memo(key: str, number: str | int) -> str:
    """The text by which a payment of the wizard is found again.

    >>> memo("ABCDEFGHJKLMNPQR", 2)
    'ABCDEFGHJKLMNPQR#2'
    """
    return f"{key}#{number}"


def external(key: str) -> str:
    """The key as the second half of an external id, in which a dot would start a module name.

    >>> external("v1.ABC")
    'v1_ABC'
    """
    return key.replace(".", "_")


def _own(key: str, line: Mapping[str, Any]) -> OwnLine | None:
    """The line as one of ours; None for what is not."""
    name = line["name"]
    if not isinstance(name, str) or not name.startswith(f"{key}#"):
        return None
    found = _LABEL.match(name.removeprefix(f"{key}#").split(" ")[0])
    if found is None:
        return None
    return OwnLine(
        number=found["number"],
        wizard=bool(found["wizard"]),
        taken_back=int(found["item"] or 0),
        credit=int(found["credit"] or 0),
        record=line,
    )


def without_day(remote: RemotePosting) -> RemotePosting:
    """The posting as if nothing were known about its day and nothing about what is missing."""
    return replace(remote, booked_on=None, state="incomplete")

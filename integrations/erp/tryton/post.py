"""Posting to Tryton: one bank statement per payment, named by the posting key, its lines related to the invoices.

A statement is created as draft, validated and posted. A stop in between leaves a draft that is found by its name and
taken further. Tryton accepts the same statement twice and silently puts the second on account, so it is always looked
for first, and one writer per company is the rule.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.converge import decided_part, differences, refuse_other_content, refuse_stale
from integrations.erp.errors import (
    AlreadyExists,
    ConfigError,
    LockedPeriod,
    StaleItem,
    UnknownPosting,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.protocol import RemoteAllocation, RemotePosting, Tick
from integrations.erp.tryton.config import Settings
from integrations.erp.tryton.read import LINE, TrytonReader, invoice_key
from integrations.erp.tryton.rpc import TrytonRefused, TrytonRpc
from matching.model.money import to_decimal
from matching.model.posting import PostedAllocation, Posting

STATEMENT, STATEMENT_LINE, MOVE = "account.statement", "account.statement.line", "account.move"


class TrytonPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, rpc: TrytonRpc, reader: TrytonReader) -> None:
        self._settings = settings
        self._rpc = rpc
        self._reader = reader

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, key: str) -> RemotePosting | None:
        """The statement of that name, a cancelled one only when there is no other."""
        statements = self._statements(key)
        return self._remote(key, statements[0]) if statements else None

    def _statements(self, key: str) -> list[dict[str, Any]]:
        domain = [["name", "=", key], ["company", "=", self._reader.company["id"]], ["state", "!=", "cancelled"]]
        found = self._rpc.search_read(
            STATEMENT, domain, ["state", "date", "lines", "journal.currency", "journal.account"]
        )
        if len(found) > 1:
            message = f"Tryton holds {len(found)} statements named {key}: two writers were at work; cancel one of them"
            raise VersionMismatch(message)
        return found

    def _remote(self, key: str, statement: Mapping[str, Any]) -> RemotePosting:
        currency = self._reader.currency(statement["journal."]["currency"])
        lines = self._lines(statement)
        settled: dict[str, int] = {}
        on_account = 0
        for line in lines:
            amount = minor(line["amount"], currency)
            if line["related_to"]:
                settled[line["related_to"]] = settled.get(line["related_to"], 0) + amount
            elif line["description"] == "on account":
                on_account += amount
        state = "posted" if statement["state"] == "posted" else "incomplete"
        moves = sorted({line["move"] for line in lines if line["move"]})
        if state == "posted" and moves and self._uncancelled(moves) == []:
            state = "reversed"
        return RemotePosting(
            key=key,
            state="reversed" if state == "reversed" else "posted" if state == "posted" else "incomplete",
            native_ids=(f"{STATEMENT},{statement['id']}", *(f"{MOVE},{move}" for move in moves)),
            amount=sum(minor(line["amount"], currency) for line in lines),
            currency=currency,
            booked_on=statement["date"],
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=on_account,
            detail="" if statement["state"] == "posted" else f"the statement is {statement['state']}",
        )

    def _lines(self, statement: Mapping[str, Any]) -> list[dict[str, Any]]:
        fields = ["amount", "related_to", "description", "move", "account"]
        return self._rpc.search_read(STATEMENT_LINE, [["statement", "=", statement["id"]]], fields)

    def _uncancelled(self, moves: Sequence[int]) -> list[int]:
        """Which of our moves no other move cancels; a cancelling move names the cancelled one as its origin."""
        origins = [f"{MOVE},{move}" for move in moves]
        found = self._rpc.search_read(MOVE, [["origin", "in", origins], ["state", "=", "posted"]], ["origin"])
        cancelled = {row["origin"] for row in found}
        return [move for move in moves if f"{MOVE},{move}" not in cancelled]

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Create, validate and post what is missing; read back and compare."""
        posting = decided_part(posting)
        statements = self._statements(posting.key)
        if statements:
            there = self._remote(posting.key, statements[0])
            if there.state != "incomplete":
                return refuse_other_content(posting, there)
            self._refuse_edited(posting, there)
            statement_id, state = statements[0]["id"], statements[0]["state"]
        else:
            statement_id, state = self._create(posting, tick), "draft"
        self._refuse_locked(posting.booking_date)
        if state == "draft":  # A validated statement has paid its invoices already, so they are open no more.
            self._refuse_stale(posting)
        for wanted, method in (("draft", "validate_statement"), ("validated", "post")):
            if state == wanted:
                tick(method)
                self._push(posting, method, statement_id)
                state = "validated"
        remote = self.find(posting.key)
        if remote is None or remote.state != "posted" or differences(posting, remote):
            said = "it is gone" if remote is None else "; ".join(differences(posting, remote)) or remote.detail
            message = f"posting {posting.key} is not what was planned: {said}; look at it in Tryton"
            raise VersionMismatch(message)
        return remote

    def _create(self, posting: Posting, tick: Tick) -> int:
        self._refuse_locked(posting.booking_date)
        self._refuse_stale(posting)
        values = self._values(posting)
        tick("statement")
        found = self._rpc.call(f"model.{STATEMENT}.create", [values], writing=True)
        return int(found[0])

    def _push(self, posting: Posting, method: str, statement_id: int) -> None:
        try:
            self._rpc.call(f"model.{STATEMENT}.{method}", [statement_id], writing=True)
        except TrytonRefused as error:
            # Another worker may have done it, or an item changed in this very moment; reading tells which.
            remote = self.find(posting.key)
            if remote is not None and remote.state == "posted":
                return
            if method == "validate_statement":
                self._refuse_stale(posting)
            raise ValidationFailed(str(error), code=error.code, field=error.field) from None

    def _refuse_edited(self, posting: Posting, there: RemotePosting) -> None:
        other = differences(posting, there)
        settled = {each.item_id for each in there.allocations}
        wanted = {each.item_id for each in posting.allocations if each.cash + each.discount + each.write_off}
        if other or settled != wanted:
            message = (
                f"the draft statement {posting.key} in Tryton is not what was decided: "
                f"{'; '.join(other) or 'its lines were changed'}; put it right or delete it there"
            )
            raise AlreadyExists(message, key=posting.key)

    def _refuse_stale(self, posting: Posting) -> None:
        refuse_stale(posting, self._reader.items([each.item_id for each in posting.allocations]))

    def _refuse_locked(self, on: date) -> None:
        company = self._reader.company["id"]
        periods = self._rpc.search_read(
            "account.period",
            [["company", "=", company], ["type", "=", "standard"], ["end_date", ">=", on]],
            ["start_date", "end_date", "state"],
            order="start_date ASC",
        )
        own = next((row for row in periods if row["start_date"] <= on <= row["end_date"]), None)
        if own is None or own["state"] != "open":
            later = next(
                (row["start_date"] for row in periods if row["state"] == "open" and row["start_date"] > on), None
            )
            what = "has no period" if own is None else "is in a closed period"
            message = f"{on} {what} in Tryton; open the period, or decide on another day"
            raise LockedPeriod(message, on=on, first_open=later)

    def _values(self, posting: Posting) -> dict[str, Any]:
        journal = self.journal(posting)
        amount = to_decimal(posting.amount, posting.currency)
        lines = []
        invoices = {
            invoice_key(row["id"]): row for row in self._reader.invoices([a.item_id for a in posting.allocations])
        }
        for each in posting.allocations:
            invoice = invoices.get(each.item_id)
            if invoice is None:
                message = f"item {each.number} ({each.item_id}) is no longer there; pull again and match again"
                raise StaleItem(message, item_id=each.item_id, expected=each.expected_open)
            lines += self._for_item(posting, each, invoice)
        if posting.on_account:
            party = int(posting.on_account_customer_id)
            lines.append(self._line(posting, posting.on_account, party, self._receivable(party), "on account"))
        return {
            "name": posting.key,
            "company": self._reader.company["id"],
            "journal": journal["id"],
            "date": posting.booking_date,
            "start_balance": Decimal(0),
            "end_balance": amount,
            "total_amount": amount,
            "number_of_lines": len(lines),
            "lines": [["create", [{**line, "sequence": place} for place, line in enumerate(lines, start=1)]]],
        }

    def _for_item(self, posting: Posting, each: PostedAllocation, invoice: Mapping[str, Any]) -> list[dict[str, Any]]:
        settled = each.cash + each.discount + each.write_off
        party = invoice["party"]
        lines = []
        if settled:
            line = self._line(posting, settled, party, invoice["account"], each.number)
            lines.append({**line, "related_to": each.item_id})
        for amount, code, what in (
            (each.discount, self._settings.discount_account, "discount"),
            (each.write_off, write_off_account(self._settings, each.write_off_reason) if each.write_off else None,
             "write-off"),
        ):  # fmt: skip
            if amount:
                lines.append(self._line(posting, -amount, party, self.account(code, what), f"{what} {each.number}"))
        return lines

    def _line(self, posting: Posting, amount: int, party: int, account: int, description: str) -> dict[str, Any]:
        """A statement line; lines with one number, date and party become one move."""
        return {
            "number": posting.key,
            "date": posting.booking_date,
            "amount": to_decimal(amount, posting.currency),
            "party": party,
            "account": account,
            "description": description,
        }

    # -- the mapping -----------------------------------------------------------------------------------------------

    def journal(self, posting: Posting) -> dict[str, Any]:
        """The statement journal of the bank account. Raises ConfigError."""
        name = self._settings.journals.get(posting.account)
        journals = self._reader.journals()
        found = [row for row in journals if (row["name"] == name if name else posting.account in row["accounts"])]
        if not found:
            named = f"named {name!r}" if name else f"for bank account {posting.account}"
            message = f"Tryton has no statement journal {named}; map the account under journals"
            raise ConfigError(message)
        if found[0]["code"] != posting.currency:
            message = (
                f"the journal {found[0]['name']} is kept in {found[0]['code']}, the payment is in {posting.currency}"
            )
            raise ConfigError(message)
        return found[0]

    def account(self, code: str | None, what: str) -> int:
        """The id of an account by its code. Raises ConfigError when there is none that may take differences."""
        domain = [["code", "=", code], ["company", "=", self._reader.company["id"]]]
        fields = ["code", "closed", "party_required", "type.receivable", "type.payable"]
        rows = self._rpc.search_read("account.account", domain, fields) if code else []
        if len(rows) != 1:
            message = f"Tryton has no account {code} for {what}; correct its code in the settings"
            raise ConfigError(message)
        kind = rows[0].get("type.")
        trouble = ""
        if rows[0]["closed"] or not kind:
            trouble = "is closed" if rows[0]["closed"] else "only groups other accounts"
        elif rows[0]["party_required"] or kind.get("receivable") or kind.get("payable"):
            trouble = "keeps open items of parties, so the difference would stand there as a new one"
        if trouble:
            message = f"account {code} cannot be used for {what}: it {trouble}; choose another account"
            raise ConfigError(message)
        return int(rows[0]["id"])

    def _receivable(self, party: int) -> int:
        """The receivable account of a party, else the company's default."""
        rows = self._rpc.search_read("party.party", [["id", "=", party]], ["account_receivable"])
        account = rows[0]["account_receivable"] if rows else None
        if not account:
            fields = ["default_account_receivable"]
            defaults = self._rpc.call("model.account.configuration.read", [1], fields, writing=False)
            account = defaults[0]["default_account_receivable"] if defaults else None
        if not rows or not account:
            message = f"party {party} has no receivable account in Tryton; set one"
            raise ConfigError(message)
        return int(account)

    # -- taking back -----------------------------------------------------------------------------------------------

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Cancel the moves of a posted statement; a draft is cancelled whole. The statement stays."""
        statements = self._statements(key)
        if not statements:
            message = f"Tryton holds no statement named {key}; there is nothing to take back"
            raise UnknownPosting(message)
        there = self._remote(key, statements[0])
        if there.state == "reversed":
            return there
        if there.state == "incomplete":
            self._rpc.call(f"model.{STATEMENT}.cancel", [statements[0]["id"]], writing=True)
            return there
        moves = sorted({line["move"] for line in self._lines(statements[0]) if line["move"]})
        for move in self._uncancelled(moves):
            matched = self._rpc.search_read(LINE, [["move", "=", move], ["reconciliation", "!=", None]], ["id"])
            if matched:
                self._rpc.wizard("account.move.unreconcile_lines", LINE, [row["id"] for row in matched], [])
            self._detach(move)
            form = {"default": {"description": reason[:100], "reversal": True}}
            self._rpc.wizard("account.move.cancel", MOVE, [move], [("cancel", form)])
        found = self.find(key)
        if found is None or found.state != "reversed":
            message = f"posting {key} could not be taken back whole; look at its moves in Tryton"
            raise VersionMismatch(message)
        return found

    def _detach(self, move: int) -> None:
        """Take our lines off their invoices, or they would still count as payments when the invoice is paid anew."""
        for line in self._rpc.search_read(LINE, [["move", "=", move]], ["invoice_payments"]):
            for invoice in line["invoice_payments"] or ():
                taken_off = {"payment_lines": [["remove", [line["id"]]]]}
                self._rpc.call("model.account.invoice.write", [invoice], taken_off, writing=True)


def write_off_account(settings: Settings, reason: str) -> str:
    """The account code for a write-off. Raises ConfigError."""
    code = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not code:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return code

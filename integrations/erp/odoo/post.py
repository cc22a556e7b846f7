"""Posting to Odoo: one keyed bank line with its own counterparts, then matched pair by pair.

The bank line is loaded under the external id ``lettrage.<key>``, which the database keeps unique: two workers, or a
worker that lost the answer, end with one line. Its counterparts stand on the receivable account, so a stop between
load and match leaves the money safely on account. Each counterpart is then matched with its item alone, because Odoo
chooses the order within larger sets. No partner stands on the bank side: with one, the match could not be undone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.converge import differences, refuse_other_content, refuse_stale
from integrations.erp.errors import (
    ConfigError,
    LockedPeriod,
    PartialFailure,
    ProtocolError,
    StaleItem,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from integrations.erp.protocol import RemoteAllocation, RemotePosting, Tick
from matching.model.money import round_to_minor, to_decimal
from matching.model.posting import PostedAllocation, Posting

MODULE = "lettrage"
STATEMENT_LINE = "account.bank.statement.line"
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
class _Held:
    """A bank line of ours as Odoo holds it, with our own receivable lines by their number (or "A": on account)."""

    line_id: int
    record: Mapping[str, Any]
    own: Mapping[str, Mapping[str, Any]]


class OdooPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, rpc: OdooRpc, reader: OdooReader) -> None:
        self._settings = settings
        self._rpc = rpc
        self._reader = reader

    # -- finding -------------------------------------------------------------------------------------------------

    def find(self, key: str) -> RemotePosting | None:
        """What stands under the key."""
        held = self._held(key)
        return None if held is None else self._remote(key, held)

    def _held(self, key: str) -> _Held | None:
        assert self._reader.company
        line_id = self._line_id(key)
        if line_id is None:
            return None
        fields = ["date", "amount", "currency_id", "journal_id", "move_id", "ref", "company_id"]
        records = self._rpc.search_read(STATEMENT_LINE, [["id", "=", line_id]], fields)
        if not records:
            return None
        lines = self._rpc.search_read(
            LINE,
            [["move_id", "=", records[0]["move_id"]], ["account_type", "=", "asset_receivable"]],
            ["name", "amount_currency", "amount_residual_currency", "reconciled", "currency_id"],
            order="id",
        )
        prefix = f"{key}#"
        own = {line["name"].removeprefix(prefix).split(" ")[0]: line for line in lines if _is_ours(line, prefix)}
        return _Held(line_id=line_id, record=records[0], own=own)

    def _line_id(self, key: str) -> int | None:
        try:
            found = self._rpc.call(
                "ir.model.data", "check_object_reference", writing=False, module=MODULE, xml_id=_external(key)
            )
        except (ProtocolError, ValidationFailed):
            # "External ID not found" arrives as a plain ValueError. Our key in `ref` is the second place to look.
            rows = self._rpc.search_read(STATEMENT_LINE, [["ref", "=", key]], ["id"], limit=1)
            return int(rows[0]["id"]) if rows else None
        return int(found[1]) if found and found[1] else None

    def _remote(self, key: str, held: _Held) -> RemotePosting:
        currency = self._reader.currency(held.record["currency_id"])
        matched = self._matched({line["id"] for line in held.own.values()}, currency)
        numbered = {label: line for label, line in held.own.items() if label != "A"}
        settled: dict[str, int] = {}
        for line in numbered.values():
            for item_id, amount in matched.get(line["id"], {}).items():
                settled[item_id] = settled.get(item_id, 0) + amount
        unmatched = [label for label, line in numbered.items() if not matched.get(line["id"])]
        on_account = -minor(held.own["A"]["amount_currency"], currency) if "A" in held.own else 0
        return RemotePosting(
            key=key,
            state="incomplete" if unmatched or not held.own else "posted",
            native_ids=(f"{STATEMENT_LINE},{held.line_id}", f"account.move,{held.record['move_id']}"),
            amount=minor(held.record["amount"], currency),
            currency=currency,
            booked_on=day(held.record["date"]),
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=on_account,
            detail=f"not matched yet: {', '.join(unmatched)}" if unmatched else "",
        )

    def _matched(self, own_ids: set[int], currency: str) -> dict[int, dict[str, int]]:
        """Per own line, how much of which item it is matched with; what exchange differences add is left out."""
        if not own_ids:
            return {}
        ids = sorted(own_ids)
        matches = self._rpc.search_read(
            "account.partial.reconcile",
            ["|", ["debit_move_id", "in", ids], ["credit_move_id", "in", ids]],
            ["debit_move_id", "credit_move_id", "debit_amount_currency", "credit_amount_currency"],
        )
        others = {match[side] for match in matches for side in ("debit_move_id", "credit_move_id")} - own_ids
        exchange = self._exchange_lines(sorted(others))
        found: dict[int, dict[str, int]] = {}
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
            per_item[str(item)] = per_item.get(str(item), 0) + amount
        return found

    def _exchange_lines(self, line_ids: list[int]) -> set[int]:
        if not line_ids:
            return set()
        known = self._rpc.fields("account.partial.reconcile", ["exchange_move_id"])
        if not known:
            return set()
        moves = {
            row["exchange_move_id"]
            for row in self._rpc.search_read(
                "account.partial.reconcile",
                ["&", ["exchange_move_id", "!=", False], "|", ["debit_move_id", "in", line_ids],
                 ["credit_move_id", "in", line_ids]],
                ["exchange_move_id"],
            )
        }  # fmt: skip
        if not moves:
            return set()
        rows = self._rpc.search_read(LINE, [["id", "in", line_ids], ["move_id", "in", sorted(moves)]], ["id"])
        return {row["id"] for row in rows}

    # -- applying ------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Load the bank line unless it is there, match what is not matched, read back and compare."""
        held = self._held(posting.key)
        fresh = held is None
        held = self._load(posting, tick) if held is None else held
        if day(held.record["date"]) != posting.booking_date and (fresh or self._was_moved(posting, held)):
            # Odoo moves new cash out of a locked period without saying so. Ours must not stay on a wrong day.
            self._take_back(held.line_id)
            message = (
                f"Odoo booked the payment of {posting.booking_date} on {held.record['date']}; "
                "a lock date stands in the way"
            )
            raise LockedPeriod(message, on=posting.booking_date)
        refuse_other_content(posting, self._remote(posting.key, held))
        self._match_all(posting, held, tick)
        remote = self.find(posting.key)
        if remote is None or remote.state != "posted" or differences(posting, remote):
            said = "it is gone" if remote is None else "; ".join(differences(posting, remote)) or remote.detail
            message = f"posting {posting.key} is not what was planned: {said}; look at it in Odoo"
            raise VersionMismatch(message)
        return remote

    def _load(self, posting: Posting, tick: Tick) -> _Held:
        self._refuse_locked(posting.booking_date)
        refuse_stale(posting, self._reader.items([each.item_id for each in posting.allocations]))
        columns, rows = self._rows(posting)
        tick("bank line")
        answer = self._rpc.call(STATEMENT_LINE, "load", writing=True, fields=columns, data=rows) or {}
        held = self._held(posting.key)
        if held is None:
            said = "; ".join(str(each.get("message", "")).strip() for each in answer.get("messages") or [])
            message = f"Odoo did not take the bank line of posting {posting.key}: {said or 'no reason given'}"
            raise ValidationFailed(message)
        return held

    def _was_moved(self, posting: Posting, held: _Held) -> bool:
        """Whether a line on another day is ours from a run that stopped right after Odoo moved it."""
        remote = self._remote(posting.key, held)
        if remote.allocations or differences(posting, replace(remote, booked_on=None, state="incomplete")):
            return False
        try:
            self._refuse_locked(posting.booking_date)
        except LockedPeriod:
            return True
        return False

    def _match_all(self, posting: Posting, held: _Held, tick: Tick) -> None:
        failed = []
        for number, each in enumerate(posting.allocations, start=1):
            if not each.cash + each.discount + each.write_off:
                continue
            own = held.own.get(str(number))
            if own is None:
                message = (
                    f"someone took the match of posting {posting.key} apart in Odoo; decide there what it shall be"
                )
                raise VersionMismatch(message)
            if own["amount_residual_currency"] != own["amount_currency"] or own["reconciled"]:
                continue
            tick(f"match {number}")
            try:
                self._rpc.call(LINE, "reconcile", ids=[own["id"], int(each.item_id)], writing=True)
            except (ValidationFailed, VersionMismatch) as error:
                # Another worker may have been first; reading back tells. Otherwise the money stays on account.
                failed.append(f"{each.number}: {error}")
        remote = self.find(posting.key) if failed else None
        if remote is not None and remote.state != "posted":
            message = (
                f"posting {posting.key} is in the books, but not all of it could be matched: {'; '.join(failed)}; "
                "the rest stands on account of the customer"
            )
            raise PartialFailure(message, done=[f"bank line {held.line_id}"], failed=failed)

    def _refuse_locked(self, on: date) -> None:
        self._reader.forget_company()
        company = self._reader.company
        names = ("fiscalyear_lock_date", "hard_lock_date", "user_fiscalyear_lock_date", "user_hard_lock_date")
        locks = [locked for name in names if (locked := day(company.get(name)))]
        if locks and on <= max(locks):
            first_open = max(locks) + timedelta(days=1)
            message = f"Odoo's books are locked up to {max(locks)}; the payment of {on} cannot be booked on its day"
            raise LockedPeriod(message, on=on, first_open=first_open)

    def _rows(self, posting: Posting) -> tuple[list[str], list[list[Any]]]:
        """The rows that `load` takes: the bank line with its first counterpart, then one row per further one."""
        journal = self.journal(posting)
        currency_id = int(journal["currency_id"] or self._reader.company["currency_id"])
        foreign = currency_id != int(self._reader.company["currency_id"])
        balance = self._balance(currency_id, posting)
        counterparts = self._counterparts(posting)
        label = f"{posting.remittance[:200]} ({posting.key})" if posting.remittance.strip() else posting.key
        header = [
            f"{MODULE}.{_external(posting.key)}",
            str(journal["id"]),
            posting.booking_date.isoformat(),
            str(to_decimal(posting.amount, posting.currency)),
            label,
            posting.key,
            posting.payer_name,
            posting.payer_account,
        ]
        balances = [balance(each.amount) for each in counterparts]
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
        return [*_COLUMNS, *(_CURRENCY_COLUMNS if foreign else [])], rows

    def _balance(self, currency_id: int, posting: Posting) -> Callable[[int], Decimal]:
        """How an amount of the posting's currency weighs in the company's, at Odoo's rate of the day."""
        company_currency_id = int(self._reader.company["currency_id"])
        if currency_id == company_currency_id:
            return lambda amount: to_decimal(amount, posting.currency)
        (record,) = self._rpc.search_read(
            "res.currency", [["id", "=", currency_id]], ["rate"], context={"date": posting.booking_date.isoformat()}
        )
        home = self._reader.currency(company_currency_id)
        rate = Decimal(record["rate"])
        return lambda amount: to_decimal(round_to_minor(to_decimal(amount, posting.currency) / rate, home), home)

    def _counterparts(self, posting: Posting) -> list[_Counterpart]:
        items = {str(line["id"]): line for line in self._reader.lines([a.item_id for a in posting.allocations])}
        found: list[_Counterpart] = []
        for number, each in enumerate(posting.allocations, start=1):
            line = items.get(each.item_id)
            if line is None:
                message = f"item {each.number} ({each.item_id}) is no longer there; pull again and match again"
                raise StaleItem(message, item_id=each.item_id, expected=each.expected_open)
            found += self._for_item(posting, number, each, line)
        if posting.on_account:
            partner = int(posting.on_account_customer_id)
            found.append(
                _Counterpart(
                    account=self._receivable_account(partner),
                    label=f"{posting.key}#A on account",
                    partner=partner,
                    amount=-posting.on_account,
                )
            )
        return found

    def _for_item(
        self, posting: Posting, number: int, each: PostedAllocation, line: Mapping[str, Any]
    ) -> list[_Counterpart]:
        partner = line["partner_id"] or None
        settled = each.cash + each.discount + each.write_off
        label = f"{posting.key}#{number} {each.number}"
        found = []
        if settled:
            found.append(_Counterpart(account=line["account_id"], label=label, partner=partner, amount=-settled))
        if each.discount:
            account = self.account(self._settings.discount_account, "early-payment discounts")
            found.append(
                _Counterpart(account=account, label=f"discount {label}", partner=partner, amount=each.discount)
            )
        if each.write_off:
            code = write_off_account(self._settings, each.write_off_reason)
            account = self.account(code, f"write-offs for {each.write_off_reason or 'no given reason'}")
            found.append(
                _Counterpart(account=account, label=f"write-off {label}", partner=partner, amount=each.write_off)
            )
        return found

    # -- the mapping ---------------------------------------------------------------------------------------------

    def journal(self, posting: Posting) -> dict[str, Any]:
        """The bank journal of the posting's bank account. Raises ConfigError."""
        code = self._configured(posting.account)
        journals = self._reader.journals()
        fitting = [row for row in journals if (row["code"] == code if code else row["account"] == posting.account)]
        if len(fitting) > 1:
            fitting = [row for row in fitting if row["currency"] == posting.currency]
        if not fitting:
            named = f"short code {code!r}" if code else f"bank account {posting.account}"
            message = f"Odoo has no bank journal with {named}; map the account under journals"
            raise ConfigError(message)
        if fitting[0]["currency"] != posting.currency:
            message = (
                f"the journal {fitting[0]['code']} is kept in {fitting[0]['currency']}, the payment is in "
                f"{posting.currency}; map the account to a journal of its currency"
            )
            raise ConfigError(message)
        return fitting[0]

    def _configured(self, account: str) -> str | None:
        """The journal code that the settings give for a bank account, however its number is spaced."""
        wanted = "".join(account.split()).upper()
        return next(
            (code for own, code in self._settings.journals.items() if "".join(own.split()).upper() == wanted), None
        )

    def account(self, code: str | None, what: str) -> int:
        """The id of an account by its code; without a code the company's own account. Raises ConfigError."""
        if code is None:
            own = self._reader.company.get("account_journal_early_pay_discount_loss_account_id")
            if own:
                return int(own)
            message = f"no account is set for {what}; name its code in the settings"
            raise ConfigError(message)
        rows = self._rpc.search_read("account.account", [["code", "=", code]], ["id"], limit=2)
        if len(rows) != 1:
            message = f"Odoo has no account {code} for {what}; correct its code in the settings"
            raise ConfigError(message)
        return int(rows[0]["id"])

    def _receivable_account(self, partner: int) -> int:
        rows = self._rpc.search_read("res.partner", [["id", "=", partner]], ["property_account_receivable_id"])
        if not rows or not rows[0]["property_account_receivable_id"]:
            message = f"customer {partner} has no receivable account in Odoo; set one"
            raise ConfigError(message)
        return int(rows[0]["property_account_receivable_id"])

    # -- taking back ---------------------------------------------------------------------------------------------

    def reverse(self, key: str) -> RemotePosting:
        """Undo the matches and take the bank line away; Odoo keeps nothing of it."""
        held = self._held(key)
        gone = RemotePosting(
            key=key,
            state="reversed",
            native_ids=(),
            amount=0,
            currency=self._reader.currency(self._reader.company["currency_id"]),
            booked_on=None,
            detail="Odoo holds nothing under this key",
        )
        if held is None:
            return gone
        booked_on = day(held.record["date"])
        if booked_on is not None:
            self._refuse_locked(booked_on)
        self._take_back(held.line_id)
        if self._held(key) is not None:
            message = f"the bank line of posting {key} is still in Odoo; look whether someone changed it"
            raise VersionMismatch(message)
        return gone

    def _take_back(self, line_id: int) -> None:
        self._rpc.call(STATEMENT_LINE, "action_undo_reconciliation", ids=[line_id], writing=True)
        self._rpc.call(STATEMENT_LINE, "unlink", ids=[line_id], writing=True)


def write_off_account(settings: Settings, reason: str) -> str:
    """The account code for a write-off. Raises ConfigError."""
    code = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not code:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return code


def _external(key: str) -> str:
    """The key as the second half of an external id, in which a dot would start a module name."""
    return key.replace(".", "_")


def _is_ours(line: Mapping[str, Any], prefix: str) -> bool:
    return isinstance(line["name"], str) and line["name"].startswith(prefix)

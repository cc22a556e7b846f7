"""Posting to Odoo: one keyed bank line with its own counterparts, then matched pair by pair.

The bank line is loaded under the external id ``lettrage.<key>``, which the database keeps unique: two workers, or a
worker that lost the answer, end with one line. Its counterparts stand on the receivable account, so a stop between
load and match leaves the money safely on account. Each counterpart is then matched with its item alone, because Odoo
chooses the order within larger sets. No partner stands on the bank side: with one, the match could not be undone.
"""

from datetime import date, timedelta

from integrations.erp.amounts import day
from integrations.erp.converge import differences, refuse_other_content, refuse_stale
from integrations.erp.errors import (
    LockedPeriod,
    PartialFailure,
    Unsupported,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.odoo.books import STATEMENT_LINE, Held, OdooBooks, OwnLine, memo, without_day
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.discount import OdooDiscounts
from integrations.erp.odoo.entry import OdooEntries
from integrations.erp.odoo.mapping import OdooMapping
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.returned import OdooReturns
from integrations.erp.odoo.rpc import OdooRpc
from integrations.erp.protocol import RemotePosting, Tick
from matching.model.posting import PostedAllocation, Posting


class OdooPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, rpc: OdooRpc, reader: OdooReader) -> None:
        self._rpc = rpc
        self._reader = reader
        self.books = OdooBooks(rpc, reader)
        self.mapping = OdooMapping(settings, rpc, reader)
        self._entries = OdooEntries(rpc, reader, self.mapping)
        self._discounts = OdooDiscounts(rpc, reader)
        self._returns = OdooReturns(rpc, reader)

    def find(self, key: str) -> RemotePosting | None:
        """The bank line under the key, with what it is matched with."""
        return self.books.find(key)

    # -- applying ------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Load the bank line unless it is there, match what is not matched, read back and compare."""
        held = self.books.held(posting.key)
        fresh = held is None
        held = self._load(posting, tick) if held is None else held
        if day(held.record["date"]) != posting.booking_date and (fresh or self._was_moved(posting, held)):
            # Odoo moves new cash out of a locked period without saying so. Ours must not stay on a wrong day.
            self._take_back(held)
            message = (
                f"Odoo booked the payment of {posting.booking_date} on {held.record['date']}; "
                "a lock date stands in the way"
            )
            raise LockedPeriod(message, on=posting.booking_date)
        refuse_other_content(posting, self.books.remote(held))
        self._match_all(posting, held, tick)
        remote = self.books.find(posting.key)
        if remote is None or remote.state != "posted" or differences(posting, remote):
            said = "it is gone" if remote is None else "; ".join(differences(posting, remote)) or remote.detail
            message = f"posting {posting.key} is not what was planned: {said}; look at it in Odoo"
            raise VersionMismatch(message)
        return remote

    def _load(self, posting: Posting, tick: Tick) -> Held:
        self._refuse_locked(posting.booking_date)
        refuse_stale(posting, self._reader.items([each.item_id for each in posting.allocations]))
        entry = self._entries.entry(posting)
        tick("bank line")
        # Odoo would add the taxes that it proposes for an account, and with them lines that nobody decided.
        untaxed = {"skip_computed_taxes": True}
        answer = (
            self._rpc.call(STATEMENT_LINE, "load", writing=True, fields=entry.columns, data=entry.rows, context=untaxed)
            or {}
        )
        held = self.books.held(posting.key)
        if held is None:
            said = "; ".join(str(each.get("message", "")).strip() for each in answer.get("messages") or [])
            message = f"Odoo did not take the bank line of posting {posting.key}: {said or 'no reason given'}"
            raise ValidationFailed(message)
        return held

    def _was_moved(self, posting: Posting, held: Held) -> bool:
        """Whether a line on another day is ours from a run that stopped right after Odoo moved it."""
        remote = self.books.remote(held)
        if remote.allocations or differences(posting, without_day(remote)):
            return False
        try:
            self._refuse_locked(posting.booking_date)
        except LockedPeriod:
            return True
        return False

    def _match_all(self, posting: Posting, held: Held, tick: Tick) -> None:
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
            if not own.untouched and not own.credit:
                continue
            tick(f"match {number}")
            try:
                self._match(posting, held, each, own)
            except (ValidationFailed, VersionMismatch) as error:
                # Another worker may have been first; reading back tells. Otherwise the money stays on account.
                failed.append(f"{each.number}: {error}")
        remote = self.books.find(posting.key) if failed else None
        if remote is not None and remote.state != "posted":
            message = (
                f"posting {posting.key} is in the books, but not all of it could be matched: {'; '.join(failed)}; "
                "the rest stands on account of the customer"
            )
            raise PartialFailure(message, done=[f"bank line {held.line_id}"], failed=failed)

    def _match(self, posting: Posting, held: Held, each: PostedAllocation, own: OwnLine) -> None:
        if own.wizard:
            self._discounts.settle(posting, held, each, own, self.books)
        elif own.credit:
            self._returns.settle(own)
        else:
            self._rpc.call(LINE, "reconcile", ids=[own.line_id, int(each.item_id)], writing=True)

    def _refuse_locked(self, on: date) -> None:
        self._reader.forget_company()
        locked = self._reader.locked_until()
        if locked and on <= locked:
            first_open = locked + timedelta(days=1)
            message = f"Odoo's books are locked up to {locked}; the payment of {on} cannot be booked on its day"
            raise LockedPeriod(message, on=on, first_open=first_open)

    # -- taking back ---------------------------------------------------------------------------------------------

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Undo the matches and take the bank line away; Odoo keeps nothing of it, not even why."""
        held = self.books.held(key)
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
        self._refuse_sealed(held)
        self._take_back(held)
        if self.books.held(key) is not None:
            message = f"the bank line of posting {key} is still in Odoo; look whether someone changed it"
            raise VersionMismatch(message)
        return gone

    def _refuse_sealed(self, held: Held) -> None:
        """Where a journal seals what is posted, nothing can be deleted, and half of the undoing would go through."""
        sealed = self._reader.sealed_journals([int(held.record["journal_id"])])
        if sealed:
            message = (
                f"journal {sealed[0]} seals its entries with a hash, so posting {held.key} cannot "
                "be taken away; book the opposite bank line in Odoo and match the two there"
            )
            raise Unsupported(message, capability="unallocate")

    def _take_back(self, held: Held) -> None:
        """Payments of the wizard and taken-back matches first: they are found by the bank line, which goes last."""
        through_wizard = [memo(held.key, each.number) for each in held.own.values() if each.wizard]
        for payment in self.books.payments(through_wizard) if through_wizard else []:
            self._discounts.cancel(payment)
        for own in held.own.values():
            if own.credit:
                self._returns.restore(own)
        self._rpc.call(STATEMENT_LINE, "action_undo_reconciliation", ids=[held.line_id], writing=True)
        self._rpc.call(STATEMENT_LINE, "unlink", ids=[held.line_id], writing=True)

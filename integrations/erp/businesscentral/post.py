"""Posting to Business Central: journal lines under the posting key, posted by the service, a person or a job.

The customer payments of the API have no action that posts them. They stand in the journal until a person or a job queue
posts it, or until ``journals(id)/Microsoft.NAV.post`` does, which posts *every* line of that journal: so it is called
only when nothing but this posting stands there. The key is the external document number of each line and, where the
journal has no number series, its document number as well: by that a posted line is found in the general ledger, the
only ledger that the standard API shows.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from integrations.erp.amounts import minor
from integrations.erp.businesscentral.client import BusinessCentralClient, LockedOnServer, NothingToPost
from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.lines import Booking, Found, Line, booking_of, read_description, values_of
from integrations.erp.businesscentral.read import BusinessCentralReader
from integrations.erp.converge import refuse_other_content, refuse_stale
from integrations.erp.errors import (
    AlreadyExists,
    LockedPeriod,
    Unsupported,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.odata import Row, day_of, text_literal
from integrations.erp.protocol import RemoteAllocation, RemotePosting, RemoteState, Tick
from integrations.erp.remote import journal_of
from matching.model.posting import Posting

_PAYMENTS = "customerPayments"
_LINE_FIELDS = (
    "id,lineNumber,customerNumber,postingDate,documentNumber,externalDocumentNumber,amount,appliesToInvoiceNumber,"
    "description"
)


class BusinessCentralPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, client: BusinessCentralClient, reader: BusinessCentralReader) -> None:
        self._settings = settings
        self._client = client
        self._reader = reader

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, key: str) -> RemotePosting | None:
        """The lines under the key, in the journals and posted."""
        found = self._found(key)
        return self._remote(key, found) if found else None

    def _found(self, key: str) -> list[Found]:
        """Journal first: a line that is posted between the two looks is seen twice rather than never."""
        waiting = [self._waiting(row) for code in self._codes() for row in self._journal_lines(code, key)]
        posted = self._posted_entries(key) if self._settings.ledger_page else self._posted_documents(key)
        there = {each.number for each in posted}
        return sorted([*posted, *(each for each in waiting if each.number not in there)], key=lambda each: each.number)

    def _codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._settings.journals.values()))

    def _journal_lines(self, code: str, key: str = "") -> list[Row]:
        journal = self._reader.journal(code)
        wanted = f"externalDocumentNumber eq {text_literal(key)}" if key else ""
        path = f"customerPaymentJournals({journal['id']})/{_PAYMENTS}"
        return list(self._client.rows(path, filter=wanted, select=_LINE_FIELDS))

    def _waiting(self, row: Row) -> Found:
        told = read_description(str(row.get("description") or ""), self._settings.currency)
        return Found(
            number=told[0] if told else 0,
            count=told[1] if told else 0,
            amount=-minor(row.get("amount"), self._settings.currency),
            applies_to=str(row.get("appliesToInvoiceNumber") or ""),
            customer_id=str(row.get("customerNumber") or ""),
            native_id=f"{_PAYMENTS}({row['id']})",
            posted_on=day_of(row.get("postingDate")),
            row=row,
        )

    def _posted_documents(self, key: str) -> list[Found]:
        """Posted lines from the general ledger, told apart by their description; one with its reversal is reversed."""
        select = "id,entryNumber,postingDate,documentNumber,accountNumber,description,debitAmount,creditAmount"
        rows = list(self._client.rows("generalLedgerEntries", filter=f"documentNumber eq {text_literal(key)}",
                                      select=select))  # fmt: skip
        found = []
        for text in dict.fromkeys(str(row.get("description") or "") for row in rows):
            own = [row for row in rows if str(row.get("description") or "") == text]
            told = read_description(text, self._settings.currency)
            booked = sum(minor(row.get("debitAmount"), self._settings.currency) for row in own)
            number, count, applies_to, amount = told or (0, 0, "", booked)
            found.append(
                Found(
                    number=number,
                    count=count,
                    amount=amount,
                    applies_to=applies_to,
                    customer_id="",
                    native_id=f"{key} ({', '.join(str(row['entryNumber']) for row in own)})",
                    posted_on=day_of(own[0].get("postingDate")),
                    reversed=self._nets_to_nothing(own),
                )
            )
        return found

    def _nets_to_nothing(self, rows: Sequence[Row]) -> bool:
        currency, per_account = self._settings.currency, dict[str, int]()
        for row in rows:
            account = str(row.get("accountNumber"))
            moved = minor(row.get("debitAmount"), currency) - minor(row.get("creditAmount"), currency)
            per_account[account] = per_account.get(account, 0) + moved
        return not any(per_account.values())

    def _posted_entries(self, key: str) -> list[Found]:
        page = self._settings.ledger_page
        assert page is not None
        names = ("entry", "type", "number", "external_number", "description", "customer", "posted_on", "original")
        fields = {name: page.field(name) for name in (*names, "reversed")}
        api, _, entities = page.path.rpartition("/")
        wanted = f"{fields['external_number']} eq {text_literal(key)}"
        select = ",".join(field for field in fields.values() if field)
        found = []
        for row in self._client.rows(entities, api=api, filter=wanted, select=select):
            amount = -minor(row.get(fields["original"]), self._settings.currency)
            told = read_description(str(row.get(fields["description"]) or ""), self._settings.currency)
            taken_back = bool(fields["reversed"] and row.get(fields["reversed"]))
            if amount < 0 and taken_back:
                continue  # the other half of a reversed line
            found.append(
                Found(
                    number=told[0] if told else 0,
                    count=told[1] if told else 0,
                    amount=amount,
                    applies_to=told[2] if told else "",
                    customer_id=str(row.get(fields["customer"]) or ""),
                    native_id=f"{row.get(fields['number'])} ({row.get(fields['entry'])})",
                    posted_on=day_of(row.get(fields["posted_on"])),
                    reversed=taken_back,
                )
            )
        return found

    def _remote(self, key: str, found: Sequence[Found]) -> RemotePosting:
        live = [each for each in found if not each.reversed] or list(found)
        numbers = [each.applies_to for each in live if each.applies_to]
        ids = self._reader.invoice_ids(list(dict.fromkeys(numbers)))
        settled: dict[str, int] = {}
        for each in live:
            if each.applies_to:
                item_id = ids.get(each.applies_to, each.applies_to)
                settled[item_id] = settled.get(item_id, 0) + each.amount
        state, detail = self._state(live)
        return RemotePosting(
            key=key,
            state=state,
            native_ids=tuple(each.native_id for each in live),
            amount=sum(each.amount for each in live),
            currency=self._settings.currency,
            booked_on=live[0].posted_on,
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=sum(each.amount for each in live if not each.applies_to),
            detail=detail,
        )

    def _state(self, live: Sequence[Found]) -> tuple[RemoteState, str]:
        if all(each.reversed for each in live):
            return "reversed", ""
        waiting = [each for each in live if each.row is not None]
        missing = max((each.count for each in live), default=0) - len(live)
        if missing > 0:
            return ("draft" if len(waiting) == len(live) else "incomplete"), f"{missing} lines are still missing"
        if not waiting:
            return "posted", ""
        return "submitted", f"{len(waiting)} lines stand unposted in the journal; post it in Business Central"

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Insert the lines that are missing, post the journal where that is wanted, read back and compare."""
        booking = booking_of(posting, self._settings)
        code = journal_of(posting.account, self._settings.journals)
        found = self._found(posting.key)
        self._refuse_other_lines(booking, found)
        there = {each.number for each in found}
        missing = [line for line in booking.lines if line.number not in there]
        if missing:
            if not there:
                self._refuse_locked(posting)
                self._refuse_stale(posting, code)
            self._insert(posting, code, missing, tick)
            found = self._without_doubles(posting.key)
        if self._settings.post_journal and any(each.row is not None for each in found):
            return self._told(booking, self._posted(posting, code, tick))
        return self._told(booking, self._remote(posting.key, found))

    def _insert(self, posting: Posting, code: str, lines: Sequence[Line], tick: Tick) -> None:
        journal = self._reader.journal(code)
        for line in lines:
            tick(f"line {line.number} of {line.count}")
            try:
                path = f"customerPaymentJournals({journal['id']})/{_PAYMENTS}"
                self._client.create(path, values_of(line, posting, self._settings))
            except AlreadyExists:
                # Another worker, or a request of ours that was thought lost; what is there is compared afterwards.
                continue
            except ValidationFailed:
                if line.number == 1:
                    self._refuse_stale(posting, code)
                raise

    def _refuse_other_lines(self, booking: Booking, found: Sequence[Found]) -> None:
        """Lines under the key that are not the decision's: changed by a person, or another decision with this key."""
        if not found:
            return
        wanted = {line.number: line for line in booking.lines}
        key = booking.booked.key
        if all(each.reversed for each in found):
            message = f"posting {key} was reversed in Business Central; a new decision needs a new key"
            raise AlreadyExists(message, key=key)
        for each in found:
            line = wanted.get(each.number)
            same = (
                line is not None
                and (line.amount, line.applies_to, line.count) == (each.amount, each.applies_to, each.count)
                and each.customer_id in {"", line.customer_id}
                and each.posted_on in {None, booking.booked.booking_date}
                and not each.reversed
            )
            if not same:
                message = (
                    f"Business Central holds lines under {key} that are not what was decided ({each.native_id}); "
                    "correct or delete them there"
                )
                raise AlreadyExists(message, key=key)

    def _refuse_locked(self, posting: Posting) -> None:
        first, last = self._reader.posting_range()
        on = posting.booking_date
        if (first and on < first) or (last and on > last):
            said = f"from {first}" if first and on < first else f"up to {last}"
            message = f"Business Central allows posting only {said}; the payment was booked on {on}"
            raise LockedPeriod(message, on=on, first_open=first if first and on < first else None)

    def _refuse_stale(self, posting: Posting, code: str) -> None:
        """Read the items anew; what waits in the journal for an invoice is going to settle it, so it counts already."""
        items = self._reader.items([each.item_id for each in posting.allocations])
        waiting: dict[str, int] = {}
        for row in self._journal_lines(code) if items else []:
            if row.get("externalDocumentNumber") != posting.key:
                number = str(row.get("appliesToInvoiceNumber") or "")
                waiting[number] = waiting.get(number, 0) - minor(row.get("amount"), posting.currency)
        refuse_stale(
            posting,
            {
                item_id: replace(item, open_amount=item.open_amount - waiting.get(item.number, 0))
                for item_id, item in items.items()
            },
        )

    def _without_doubles(self, key: str) -> list[Found]:
        """What is there after inserting; a line that somebody posted meanwhile does not stay in the journal as well."""
        waiting = [self._waiting(row) for code in self._codes() for row in self._journal_lines(code, key)]
        found = self._found(key)
        posted = {each.number for each in found if each.row is None}
        for each in waiting:
            if each.number in posted and each.row is not None:
                self._client.remove(_PAYMENTS, each.row)
        return found

    def _posted(self, posting: Posting, code: str, tick: Tick) -> RemotePosting:
        """Post the journal when nothing but this posting stands in it; else the lines wait, and it is said."""
        foreign = [row for row in self._journal_lines(code) if row.get("externalDocumentNumber") != posting.key]
        if foreign:
            remote = self._remote(posting.key, self._found(posting.key))
            others = ", ".join(str(row.get("documentNumber") or row["lineNumber"]) for row in foreign[:3])
            detail = (
                f"journal {code} also holds {len(foreign)} other lines ({others}); posting would post them too, "
                "so ours stand unposted until somebody posts the journal"
            )
            return replace(remote, detail=detail)
        tick("post")
        try:
            self._client.post_journal(str(self._reader.journal(code)["id"]))
        except NothingToPost:
            pass  # Somebody else posted it; what the books hold is looked at below.
        except ValidationFailed as error:
            self._take_out(posting.key)
            if isinstance(error, LockedOnServer):
                message = f"Business Central does not allow posting on {posting.booking_date}: {error}"
                raise LockedPeriod(message, on=posting.booking_date) from None
            raise
        after = self.find(posting.key)
        if after is None or after.state != "posted":
            said = "nothing is found" if after is None else f"it is {after.state}"
            message = f"posting {posting.key}: the journal was posted, but {said}; look at it in Business Central"
            raise VersionMismatch(message)
        return after

    def _told(self, booking: Booking, remote: RemotePosting) -> RemotePosting:
        """The remote posting when it says what was to be booked, with what could not be applied in its detail."""
        refuse_other_content(booking.booked, remote)
        return replace(remote, detail="; ".join(filter(None, (*booking.degraded, remote.detail))))

    # -- taking back -----------------------------------------------------------------------------------------------

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Delete the lines while they are unposted. What is posted is reversed in Business Central by a person."""
        found = self._found(key)
        posted = [each for each in found if each.row is None and not each.reversed]
        if posted:
            message = (
                f"posting {key} is posted ({', '.join(each.native_id for each in posted)}), and the API reverses no "
                "posted payment: unapply and reverse it in Business Central, then it counts as taken back"
            )
            raise Unsupported(message, capability="unallocate")
        self._take_out(key)
        amount = sum(each.amount for each in found)
        return RemotePosting(
            key=key,
            state="reversed",
            native_ids=tuple(each.native_id for each in found),
            amount=amount,
            currency=self._settings.currency,
            booked_on=found[0].posted_on if found else None,
            detail="" if found else "nothing stands under this key; deleted lines are not remembered",
        )

    def _take_out(self, key: str) -> None:
        for code in self._codes():
            for row in self._journal_lines(code, key):
                self._client.remove(_PAYMENTS, row)

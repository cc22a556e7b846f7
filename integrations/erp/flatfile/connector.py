"""The flat-file ERP as a connector: pulls are readings of the inbox, postings are rows of allocations.csv.

A posting is in the books when its rows are in allocations.csv; taken back, they leave it and one row appears in
reversals.csv, so that an ERP that has already imported them knows. The inbox is a snapshot: an item that is no longer
in it is settled, unless its row was quarantined.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from integrations.erp.converge import assert_whole
from integrations.erp.errors import AlreadyExists, AmbiguousOutcome, ErpError, StaleItem, UnknownPosting, Unsupported
from integrations.erp.flatfile import outbox, read
from integrations.erp.flatfile.config import Settings
from integrations.erp.flatfile.csv_rows import open_text
from integrations.erp.flatfile.manifest import ControlTotals, read_manifest
from integrations.erp.flatfile.outbox import Line
from integrations.erp.protocol import (
    Capabilities,
    CheckResult,
    Note,
    NoteRef,
    NoteTarget,
    Page,
    PlanStep,
    PostingPlan,
    RemoteAllocation,
    RemotePosting,
    Tick,
)
from integrations.erp.settings import ErpSettings
from matching.model.money import to_minor
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.posting import Posting

_COLUMN = {name: place for place, name in enumerate(outbox.ALLOCATION_COLUMNS)}

CAPABILITIES = Capabilities(
    push="file",
    multi_invoice=True,
    partial=True,
    discount=True,
    write_off=True,
    on_account=True,
    credit_notes=True,
    cross_customer=True,
    foreign_currency=True,
    outgoing=True,
    unallocate=True,
    idempotency="whole_file",
    stepwise=False,
    asynchronous=False,
    notes_on_item=False,
    notes_on_customer=False,
    dispute_flag=False,
    dunning_block=False,
    settled_detection="snapshot",
    customer_bank_accounts=True,
    discount_terms=True,
    structured_reference=True,
    key_length=64,
    undecided="told",
)


class FlatFileConnector:
    """One inbox folder and one outbox folder."""

    def __init__(self, *, inbox: Path, outbox_folder: Path, manifest_required: bool = False) -> None:
        self._inbox = inbox
        self._outbox = outbox_folder
        self._manifest_required = manifest_required

    @property
    def capabilities(self) -> Capabilities:
        """Everything a file can say, and no notes."""
        return CAPABILITIES

    # -- reading ---------------------------------------------------------------------------------------------------

    def check(self) -> tuple[CheckResult, ...]:
        """Whether the files are there and the outbox can be written."""
        found = [self._check_file("customers.csv", needed=True), self._check_file("open_items.csv", needed=True)]
        found += [self._check_file(name, needed=False) for name in ("settled_items.csv", "house_accounts.csv")]
        try:
            with outbox.locked(self._outbox):
                pass
            found.append(CheckResult(name="outbox", status="ok", message=f"{self._outbox} can be written"))
        except OSError as error:
            message = f"{self._outbox} cannot be written: {error.strerror}; give the process the right to write there"
            found.append(CheckResult(name="outbox", status="failed", message=message))
        return tuple(found)

    def pull_open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """The whole of open_items.csv, whatever the cursor; checked against manifest.csv where there is one."""
        totals = read_manifest(self._inbox, "open_items.csv", required=self._manifest_required)
        counted = ControlTotals()
        for page in read.read_open_items(self._inbox / "open_items.csv"):
            counted.add(page)
            if page.last and totals is not None:
                totals.compare(counted, "open_items.csv")
            yield page

    def pull_customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """The whole of customers.csv."""
        return read.read_customers(self._inbox / "customers.csv")

    def pull_settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """What settled_items.csv holds; items settled before ``since`` are left out, undated ones are kept."""
        path = self._inbox / "settled_items.csv"
        if not path.exists():
            yield Page(rows=(), last=True)
            return
        for page in read.read_settled_items(path):
            rows = tuple(row for row in page.rows if not (since and row.settled_on and row.settled_on < since))
            yield Page(rows=rows, quarantined=page.quarantined, snapshot=False, last=page.last)

    def pull_house_accounts(self) -> Iterator[Page[HouseAccount]]:
        """What house_accounts.csv holds, with the rows that cannot be believed."""
        path = self._inbox / "house_accounts.csv"
        if path.exists():
            yield from read.read_house_accounts(path)
        else:
            yield Page(rows=(), last=True)

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts; nothing when the file is not there."""
        return tuple(row for page in self.pull_house_accounts() for row in page.rows)

    def list_open_keys(self) -> Iterator[str]:
        """The ids in open_items.csv, quarantined ones included: they are not settled, only unreadable."""
        for page in self.pull_open_items(None):
            yield from (row.item_id for row in page.rows)
            yield from (row.item_id for row in page.quarantined if row.item_id)

    def get_items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as the newest files show them."""
        wanted = set(item_ids)
        found: dict[str, OpenItem] = {}
        if not wanted:
            return found
        for pages in (self.pull_settled_items(None), self.pull_open_items(None)):
            for page in pages:
                found.update({row.item_id: row for row in page.rows if row.item_id in wanted})
        return found

    # -- writing ---------------------------------------------------------------------------------------------------

    def plan(self, posting: Posting) -> PostingPlan:
        """The rows that would stand in allocations.csv."""
        assert_whole(posting)
        steps = tuple(
            PlanStep(
                name=f"row {number}",
                summary=f"{line[_COLUMN['allocated_amount']]} {posting.currency} against "
                + (line[_COLUMN["number"]] or f"the account of {line[_COLUMN['customer_id']]}"),
                target="allocations.csv",
                content=dict(zip(outbox.ALLOCATION_COLUMNS, line, strict=True)),
            )
            for number, line in enumerate(_lines(posting), start=1)
        )
        return PostingPlan(posting=posting, route="allocate", steps=steps)

    def find(self, key: str) -> RemotePosting | None:
        """The posting as allocations.csv shows it, or that it was taken back."""
        return self.find_many([key]).get(key)

    def find_many(self, keys: Sequence[str]) -> Mapping[str, RemotePosting]:
        """The same for many keys with one reading."""
        wanted = set(keys)
        found = {key: _reversed(key, line) for key, line in self._reversals().items() if key in wanted}
        for key, lines in _by_key(self._allocations()).items():
            if key in wanted:
                found[key] = _remote(key, lines)
        return found

    def apply(self, plan: PostingPlan, prior: RemotePosting | None, tick: Tick) -> RemotePosting:
        """Add the posting's rows. Raises AlreadyExists, StaleItem."""
        (result,) = self.apply_many([(plan, prior)], tick)
        if isinstance(result, ErpError):
            raise result
        return result

    def apply_many(
        self, work: Sequence[tuple[PostingPlan, RemotePosting | None]], tick: Tick
    ) -> tuple[RemotePosting | ErpError, ...]:
        """Add the rows of many postings with one writing; a refused one is left out and says why."""
        with outbox.locked(self._outbox):
            present = _by_key(self._allocations())
            taken_back = self._reversals()
            new = [plan.posting for plan, _ in work if plan.posting.key not in present]
            refused = self._refused(new)
            results: list[RemotePosting | ErpError] = []
            added = False
            for plan, _ in work:
                posting = plan.posting
                lines = outbox.sort_allocation_lines(_lines(posting))
                if posting.key in taken_back and posting.key not in present:
                    message = f"posting {posting.key} was taken back; a new decision needs a new key"
                    results.append(AlreadyExists(message, key=posting.key))
                elif posting.key in refused:
                    results.append(refused[posting.key])
                elif posting.key in present and not _same_money(present[posting.key], lines):
                    message = f"allocations.csv holds posting {posting.key} with other content; compare before going on"
                    results.append(AlreadyExists(message, key=posting.key))
                else:
                    added = added or posting.key not in present
                    present.setdefault(posting.key, lines)
                    results.append(_remote(posting.key, present[posting.key]))
            if added:
                tick("allocations.csv")
                self._write(present)
            return tuple(results)

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Take the posting's rows out of allocations.csv and say so in reversals.csv. Raises UnknownPosting."""
        with outbox.locked(self._outbox):
            present = _by_key(self._allocations())
            taken_back = self._reversals()
            lines = present.pop(key, None)
            if lines is None and key in taken_back:
                return _reversed(key, taken_back[key])
            if lines is None:
                message = f"allocations.csv holds no posting {key}; there is nothing to take back"
                raise UnknownPosting(message)
            taken_back[key] = (key, on.isoformat(), reason, *lines[0][1:8])
            self._write(present, taken_back)
            return _reversed(key, taken_back[key])

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """Not possible here: the exceptions stand in exceptions.csv. Raises Unsupported."""
        message = "files have no place for notes; exceptions.csv carries the exception and its suggestions"
        raise Unsupported(message, capability="notes")

    def close(self) -> None:
        """Nothing is held open between calls."""

    # -- inside ----------------------------------------------------------------------------------------------------

    def _check_file(self, name: str, *, needed: bool) -> CheckResult:
        path = self._inbox / name
        if path.is_file():
            return CheckResult(name=name, status="ok", message=f"{path} is there")
        message = f"{path} is not there" + ("; export it from the ERP" if needed else "; it is optional")
        return CheckResult(name=name, status="failed" if needed else "ok", message=message)

    def _refused(self, postings: Sequence[Posting]) -> dict[str, ErpError]:
        """Which of the postings settle more than the newest snapshot shows open, or items that left it."""
        wanted = {each.item_id for posting in postings for each in posting.allocations}
        if not wanted:
            return {}
        items = self.get_items(tuple(wanted))
        refused: dict[str, ErpError] = {}
        for posting in postings:
            for each in posting.allocations:
                item = items.get(each.item_id)
                settled = each.cash + each.discount + each.write_off
                if posting.amount < 0 and settled < 0 and (item is None or item.original_amount > 0):
                    continue  # money that came back opens the item again
                if item is None or abs(settled) > abs(item.open_amount):
                    actual = None if item is None else item.open_amount
                    message = (
                        f"item {each.number} ({each.item_id}) is "
                        + ("no longer in open_items.csv" if item is None else "open with less than this settles")
                        + "; match the payment again"
                    )
                    refused[posting.key] = StaleItem(
                        message, item_id=each.item_id, expected=each.expected_open, actual=actual
                    )
        return refused

    def _allocations(self) -> list[Line]:
        return _read_back(self._outbox / "allocations.csv", outbox.ALLOCATION_COLUMNS)

    def _reversals(self) -> dict[str, Line]:
        return {line[0]: line for line in _read_back(self._outbox / "reversals.csv", outbox.REVERSAL_COLUMNS)}

    def _write(self, present: Mapping[str, Sequence[Line]], reversals: Mapping[str, Line] | None = None) -> None:
        lines = outbox.sort_allocation_lines(line for lines in present.values() for line in lines)
        files: dict[str, tuple[Sequence[str], Sequence[Line]]] = {}
        if reversals is not None:
            files["reversals.csv"] = (outbox.REVERSAL_COLUMNS, sorted(reversals.values()))
        files["allocations.csv"] = (outbox.ALLOCATION_COLUMNS, lines)
        try:
            outbox.put_in_place(self._outbox, files)
        except OSError as error:
            message = f"{self._outbox} could not be written ({error.strerror}); look what is there before going on"
            raise AmbiguousOutcome(message) from None


def connect(settings: ErpSettings, _env: Mapping[str, str]) -> FlatFileConnector:
    """The connector for these settings; files need no secrets."""
    assert isinstance(settings, Settings)
    return FlatFileConnector(inbox=settings.inbox, outbox_folder=settings.outbox, manifest_required=settings.manifest)


def _lines(posting: Posting) -> list[Line]:
    return outbox.allocation_lines(outbox.allocation_rows(posting))


def _read_back(path: Path, columns: Sequence[str]) -> list[Line]:
    if not path.exists():
        return []
    with open_text(path) as stream:
        rows = csv.DictReader(stream)
        return [tuple(row.get(column) or "" for column in columns) for row in rows]


def _by_key(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line[0], []).append(line)
    return found


def _same_money(present: Sequence[Line], wanted: Sequence[Line]) -> bool:
    """Whether both say the same about payment and items; a sentence or a confidence may have been reworded."""
    last = _COLUMN["status"]
    return sorted(line[:last] for line in present) == sorted(line[:last] for line in wanted)


def _remote(key: str, lines: Sequence[Line]) -> RemotePosting:
    currency = lines[0][_COLUMN["currency"]]

    def minor(line: Line, column: str) -> int:
        return to_minor(Decimal(line[_COLUMN[column]] or "0"), currency)

    item, cash = _COLUMN["item_id"], "allocated_amount"
    return RemotePosting(
        key=key,
        state="posted",
        native_ids=(key,),
        amount=minor(lines[0], "payment_amount"),
        currency=currency,
        booked_on=date.fromisoformat(lines[0][_COLUMN["booking_date"]]),
        allocations=tuple(
            RemoteAllocation(
                item_id=line[item],
                settled=minor(line, cash) + minor(line, "discount_amount") + minor(line, "write_off_amount"),
            )
            for line in lines
            if line[item]
        ),
        on_account=sum(minor(line, cash) for line in lines if not line[item]),
    )


def _reversed(key: str, line: Line) -> RemotePosting:
    columns = dict(zip(outbox.REVERSAL_COLUMNS, line, strict=True))
    currency = columns["currency"]
    return RemotePosting(
        key=key,
        state="reversed",
        native_ids=(key,),
        amount=to_minor(Decimal(columns["payment_amount"]), currency),
        currency=currency,
        booked_on=date.fromisoformat(columns["booking_date"]),
        detail=f"taken back on {columns['reversed_on']}: {columns['reason']}",
    )

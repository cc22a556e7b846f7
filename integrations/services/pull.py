"""Takes over what the ERP says: customers, open items, what was settled, our own accounts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Generic, TypeVar

from integrations.config.settings import CompanySettings
from integrations.erp.protocol import Connector, Page, QuarantinedRow
from integrations.ledger.port import Ledger
from integrations.ledger.records import Change, ImportCounts
from integrations.services.context import Problem, Run
from matching.model.open_item import Customer, OpenItem

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What a pull brought. ``open_amounts``: per currency, minor units, what all open items add up to."""

    customers: int
    open_items: int
    settled_items: int
    house_accounts: int
    changed: int
    gone: int
    open_amounts: tuple[tuple[str, int], ...]
    quarantined: tuple[Problem, ...]
    pulled_at: datetime


class _Stream(Generic[Row]):
    """The rows of a pull as they come, remembering what pages say beside their rows."""

    def __init__(self, pages: Iterator[Page[Row]], run: Run, what: str) -> None:
        first = next(pages, None)
        self.snapshot = first.snapshot if first else True
        self._pages = chain([first] if first else [], pages)
        self._run, self._what = run, what
        self.cursor = ""
        self.gone: list[str] = []
        self.quarantined: list[QuarantinedRow] = []
        self.count = 0

    def rows(self) -> Iterator[Row]:
        for page in self._pages:
            self.gone.extend(page.gone)
            self.quarantined.extend(page.quarantined)
            self.cursor = page.cursor or self.cursor
            self.count += len(page.rows)
            self._run.tell(self._what, self.count, None)
            yield from page.rows


def pull(company: CompanySettings, ledger: Ledger, connector: Connector, run: Run) -> PullReport:
    """Bring the ledger up to date with the ERP; pulling the same again changes nothing.

    Each kind of data is one unit of work: stored wholly with its cursor, or not at all. Raises the connector's errors.
    """
    change = run.change("connector", type(connector).__name__, "pull")
    customers, _ = _pull_customers(company.name, ledger, connector, run, change)
    settled, _ = _pull_settled(company.name, ledger, connector, run, change)
    items, counts = _pull_items(company.name, ledger, connector, run, change)
    accounts = connector.house_accounts()
    ledger.import_house_accounts(company.name, accounts, change=change)
    ledger.save_cursor(company.name, "pulled_at", run.clock().isoformat(), change=change)
    amounts: Counter[str] = Counter()
    open_count = 0
    for item in ledger.open_items(company.name):
        amounts[item.currency] += item.open_amount
        open_count += 1
    quarantined = (*customers.quarantined, *settled.quarantined, *items.quarantined)
    return PullReport(
        customers=customers.count,
        open_items=open_count,
        settled_items=settled.count,
        house_accounts=len(accounts),
        changed=counts.added + counts.changed,
        gone=counts.gone,
        open_amounts=tuple(sorted(amounts.items())),
        quarantined=tuple(Problem(where=row.where, message=row.message, raw=row.raw) for row in quarantined),
        pulled_at=run.clock(),
    )


def _pull_customers(
    name: str, ledger: Ledger, connector: Connector, run: Run, change: Change
) -> tuple[_Stream[Customer], ImportCounts]:
    with ledger.transaction(name) as unit:
        stream = _Stream(connector.pull_customers(unit.cursor(name, "customers") or None), run, "pulling customers")
        counts = unit.import_customers(name, stream.rows(), snapshot=stream.snapshot, change=change)
        _keep_cursor(unit, name, "customers", stream.cursor, change)
    return stream, counts


def _pull_settled(
    name: str, ledger: Ledger, connector: Connector, run: Run, change: Change
) -> tuple[_Stream[OpenItem], ImportCounts]:
    with ledger.transaction(name) as unit:
        stream = _Stream(connector.pull_settled_items(None), run, "pulling settled items")
        counts = unit.import_settled_items(name, stream.rows(), change=change)
    return stream, counts


def _pull_items(
    name: str, ledger: Ledger, connector: Connector, run: Run, change: Change
) -> tuple[_Stream[OpenItem], ImportCounts]:
    """Open items; where the source only tells changes, the full list of keys shows what silently vanished.

    A quarantined row is an item that cannot be read today, not one that was paid: what the ledger holds of it stays.
    """
    with ledger.transaction(name) as unit:
        stream = _Stream(connector.pull_open_items(unit.cursor(name, "open_items") or None), run, "pulling open items")
        counts = unit.import_open_items(
            name,
            stream.rows(),
            snapshot=stream.snapshot,
            gone=_late(stream),
            keep=_unreadable(stream),
            change=change,
        )
        if connector.capabilities.settled_detection != "snapshot":
            counts = _sweep(name, unit, connector, change, counts)
        _keep_cursor(unit, name, "open_items", stream.cursor, change)
    return stream, counts


def _unreadable(stream: _Stream[OpenItem]) -> Iterator[str]:
    """The keys of rows that were set aside, known only once all pages were read."""
    yield from sorted({row.item_id for row in stream.quarantined if row.item_id})


def _late(stream: _Stream[OpenItem]) -> Iterator[str]:
    """The keys that are gone, known only once all pages were read."""
    yield from stream.gone


def _sweep(name: str, unit: Ledger, connector: Connector, change: Change, counts: ImportCounts) -> ImportCounts:
    remote = set(connector.list_open_keys())
    known = {item.item_id for item in unit.open_items(name)}
    vanished = known - remote
    if not vanished:
        return counts
    now = connector.get_items(sorted(vanished))
    still_there = [item for item in now.values() if item.open_amount]
    gone = sorted(vanished - {item.item_id for item in still_there})
    swept = unit.import_open_items(name, still_there, snapshot=False, change=change, gone=gone)
    return ImportCounts(
        read=counts.read + swept.read,
        added=counts.added + swept.added,
        changed=counts.changed + swept.changed,
        gone=counts.gone + swept.gone,
    )


def _keep_cursor(unit: Ledger, name: str, what: str, cursor: str, change: Change) -> None:
    if cursor and cursor != unit.cursor(name, what):
        unit.save_cursor(name, what, cursor, change=change)

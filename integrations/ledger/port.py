"""What the rest of Lettrage may ask of the ledger.

    ledger = open_ledger("sqlite:///lettrage.db")
    with ledger.transaction("acme") as tx:      # one unit of work: all of it, or nothing
        tx.record_decisions("acme", result.decisions, change=change)
        tx.plan_postings("acme", postings, approved=True, change=change)

Every method called outside `transaction` is a unit of work of its own. Writers of one company take turns (one write
lock per company, held for the transaction), so no two of them can deadlock; readers never wait. What keeps a *foreign*
writer honest are the constraints and triggers in the schema. Every write carries a `Change`: who, when, why, what run.

Iterators stream: they hold one batch at a time, and see the ledger as it stood when they began. Exhaust or close them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Literal, Protocol

from integrations.ledger.records import (
    AllocationRow,
    Approval,
    ArrivedFile,
    AuditHead,
    CaseState,
    CaseSummary,
    Change,
    Clearing,
    DayTotal,
    DecisionsRecorded,
    DeliveredEntry,
    Erasure,
    FactOnFile,
    IgnoredRow,
    ImportCounts,
    ItemStatus,
    KnownFile,
    OnAccountRow,
    OpenCases,
    OutboxRow,
    PaymentView,
    PostingAction,
    PostingResult,
    PreparedEntry,
    RecordedDecision,
    Resolution,
    SameMoneyEntries,
    StandingEntry,
    StatementOnFile,
    UnbookedEntry,
    Violation,
)
from matching.model.bank_statement import (
    FileFacts,
    Finding,
    Quarantined,
    StatementEnd,
    StatementHeader,
    StatementStart,
)
from matching.model.decision import Decision
from matching.model.open_item import Customer, HouseAccount, LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.model.posting import Posting, PostingState

# What `import_statement_file` eats, in file order: what a reader yields, with entries already keyed.
StatementRow = StatementStart | PreparedEntry | SameMoneyEntries | StatementEnd | Finding | Quarantined | FileFacts
# What an entry is after another delivery told of it, whose statement has that header; None where it cannot be said.
Combine = Callable[[StandingEntry, PreparedEntry, StatementHeader], PreparedEntry | None]


class Intake(Protocol):
    """What arrived: statement files and what the ERP says. Every import is idempotent, whole or not at all."""

    def known_file(self, company: str, sha256: str) -> KnownFile | None:
        """The file of that content if it was imported before."""
        ...

    def import_statement_file(
        self,
        company: str,
        file: ArrivedFile,
        rows: Iterable[StatementRow],
        *,
        change: Change,
        combine: Combine | None = None,
    ) -> KnownFile:
        """Take in one statement file, streaming; the entries belong to the statement begun last.

        An entry that another file delivered before is not stored twice: it is linked to this statement too, and when
        it was pending and is booked now, it becomes booked and its payments are added. What it says more is taken
        over as ``combine`` says while nothing is decided about the entry, and kept beside it afterwards: see
        docs/decisions/0009. A file known already changes nothing. Raises LawBroken when entries and quarantined parts
        do not add up to ``FileFacts.entries_in_file``.
        """
        ...

    def import_open_items(
        self,
        company: str,
        items: Iterable[OpenItem],
        *,
        snapshot: bool,
        change: Change,
        gone: Iterable[str] = (),
        keep: Iterable[str] = (),
        source_hash: str = "",
    ) -> ImportCounts:
        """Take over what the ERP says is open; only rows that differ are written, each change kept as history.

        ``snapshot``: the items are all there are, so what is missing is no longer open, except what ``keep`` (read
        after the items) names: rows that are there but cannot be read today. ``gone`` (read after the items too)
        names keys no longer open in a partial pull. ``source_hash``: hash of the source as a whole; the same as
        last time means nothing is read. An ERP amount that fell is held against our postings that were sent:
        see docs/ledger.md, "What is still open".
        """
        ...

    def import_settled_items(
        self, company: str, items: Iterable[OpenItem], *, change: Change, source_hash: str = ""
    ) -> ImportCounts:
        """Take over what was paid before; teaches number ranges and reveals double payments.

        After the open items of the same pull: an item that is still among them stays as it is there.
        """
        ...

    def import_customers(
        self, company: str, customers: Iterable[Customer], *, snapshot: bool, change: Change
    ) -> ImportCounts:
        """Take over who the customers are."""
        ...

    def import_house_accounts(self, company: str, accounts: Iterable[HouseAccount], *, change: Change) -> ImportCounts:
        """Replace the list of our own bank accounts."""
        ...

    def accounts(self, company: str) -> Iterator[str]:
        """Our accounts as the banks of all imported statements wrote them."""
        ...

    def delivered_entries(
        self, company: str, accounts: Sequence[str], *, since: date, until: date
    ) -> list[DeliveredEntry]:
        """Entries of these accounts booked (else valued) between two days, with the statements that brought them."""
        ...

    def unbooked_entries(self, company: str) -> Iterator[UnbookedEntry]:
        """Entries that a bank announced and no statement has booked so far, in order of key."""
        ...

    def cursor(self, company: str, name: str) -> str:
        """Where the last pull of that name ended; empty when there was none."""
        ...

    def cursors(self, company: str, prefix: str, *, without: str = "") -> dict[str, str]:
        """All cursors whose name begins with ``prefix``, by the rest of their name; not those that say ``without``."""

    def save_cursor(self, company: str, name: str, value: str, *, change: Change) -> None:
        """Remember where a pull ended, in the unit of work that stored its rows."""
        ...


class Deciding(Protocol):
    """What is decided about payments. Decisions are only ever added; a correction reverses and adds."""

    def record_decisions(self, company: str, decisions: Iterable[Decision], *, change: Change) -> DecisionsRecorded:
        """Take a batch of automatic decisions, each on its own merits.

        Same as the live one: unchanged. Live one is an exception nobody has touched: replaced. Refused, with the
        reason in words: a payment already allocated, ignored or in a person's hands, an item that has not enough open
        any more, sums that do not add up.
        """
        ...

    def decide(
        self, company: str, decision: Decision, *, expected_version: int, change: Change, clearing_id: int | None = None
    ) -> RecordedDecision:
        """Take one decision, reversing the live one if there is one (clear, reopen, return, rejected by the ERP).

        What the reversed decision had posted is taken back as well: not yet sent, it is cancelled; sent, a reversal is
        put in the outbox. A decision with an exception opens or reopens the payment's case; one without closes it.
        ``expected_version`` is the payment's version as the decider saw it. Raises ChangedMeanwhile when it differs,
        or when an item has not enough open any more; LawBroken when sums do not add up.
        """
        ...

    def propose(
        self,
        company: str,
        case_id: str,
        decision: Decision,
        *,
        resolution: Resolution,
        needs_approval: bool,
        expected_version: int,
        change: Change,
    ) -> Clearing:
        """Note how a person wants to clear a case, before it is done; with ``needs_approval`` it waits for a second.

        Raises ChangedMeanwhile.
        """
        ...

    def give_verdict(self, company: str, clearing_id: int, *, approves: bool, change: Change) -> Clearing:
        """A second person's say. Raises NotAllowed to the proposer, ChangedMeanwhile when it no longer waits.

        Declined, the case is open again. Approved, hand ``clearing.decision`` to `decide` in the same unit of work.
        """
        ...

    def learn(self, company: str, facts: Iterable[LearnedFact], *, change: Change) -> int:
        """Store facts people confirmed; one that exists counts up. Returns how many are new."""
        ...

    def revoke_fact(self, company: str, fact_id: int, *, change: Change) -> None:
        """Take a learned fact back. Raises NotFound."""
        ...


class Outbox(Protocol):
    """What shall happen, and did happen, in the ERP. One process per company pushes at a time."""

    def decisions_to_post(self, company: str) -> Iterator[RecordedDecision]:
        """Live decisions with allocations or money on account that no posting stands for yet."""
        ...

    def plan_postings(self, company: str, postings: Iterable[Posting], *, approved: bool, change: Change) -> int:
        """Put postings in the outbox, before anything is sent; returns how many are new.

        The same key with the same content changes nothing. Raises LawBroken when a key comes with other content, or
        a posting does not say what its payment's live decision says.
        """
        ...

    def approve_postings(self, company: str, keys: Sequence[str], *, change: Change) -> int:
        """Release planned postings for sending; returns how many were."""
        ...

    def claim_postings(
        self,
        company: str,
        *,
        worker: str,
        limit: int,
        lease: timedelta,
        change: Change,
        settle: timedelta = timedelta(0),
    ) -> tuple[OutboxRow, ...]:
        """Take what to send next, oldest first, and the sole right to push for this company until the lease ends.

        Rows that a dead worker left in ``sending`` come back with ``must_find``, but not before ``settle`` has passed
        since their last step: what was sent then may still be in the making. An uncertain one waits as long as its
        result said. A new posting of a payment waits for the reversal of the one before. Raises LeaseHeld.
        """
        ...

    def renew_lease(
        self, company: str, outbox_id: int, *, worker: str, step: str, lease: timedelta, change: Change
    ) -> None:
        """Report a step right before its write is sent. Raises LeaseHeld when the lease went to another worker."""
        ...

    def renew_leases(
        self, company: str, outbox_ids: Sequence[int], *, worker: str, step: str, lease: timedelta, change: Change
    ) -> None:
        """`renew_lease` for all rows that one write concerns: for all of them, or for none."""
        ...

    def record_result(
        self, company: str, outbox_id: int, result: PostingResult, *, worker: str, change: Change
    ) -> OutboxRow:
        """Note how an attempt ended. A confirmed reversal makes its posting ``reversed``. Raises LeaseHeld."""
        ...

    def record_results(
        self, company: str, results: Sequence[tuple[int, PostingResult]], *, worker: str, change: Change
    ) -> None:
        """`record_result` for many attempts, in their order; all of them are noted, or none."""
        ...

    def release_lease(self, company: str, *, worker: str, settle: timedelta = timedelta(0)) -> None:
        """Give the right to push back early; rows still in ``sending`` become ``ambiguous``, as in `claim_postings`."""
        ...

    def outbox(
        self, company: str, *, states: Sequence[PostingState] = (), action: PostingAction | None = None
    ) -> Iterator[OutboxRow]:
        """The outbox in order of entry."""
        ...


class Reading(Protocol):
    """What the ledger can tell. Never waits for a writer, never writes."""

    def companies(self) -> tuple[str, ...]:
        """All companies with anything in this ledger."""
        ...

    def payments_to_match(self, company: str) -> Iterator[Payment]:
        """Payments that are new, or exceptions nobody has touched; in order of payment id."""
        ...

    def open_items(self, company: str) -> Iterator[OpenItem]:
        """Items with something still open, in order of item id; ``open_amount`` counts our own postings already."""
        ...

    def open_amounts(self, company: str) -> Iterator[tuple[str, int, str]]:
        """Item id, open amount and number of each of the same items in the same order: a tenth of the reading."""
        ...

    def open_items_of(self, company: str, customer_id: str) -> list[OpenItem]:
        """What is still open of one customer, in order of item id."""
        ...

    def settled_items(self, company: str) -> Iterator[OpenItem]:
        """What was paid before: delivered as settled, vanished from the ERP, or paid by our own decisions."""
        ...

    def count_settled_items(self, company: str) -> int:
        """How many those are."""
        ...

    def items(self, company: str, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """These items as they stand, open or not; unknown ids are left out."""
        ...

    def find_items(self, company: str, text: str, *, limit: int = 20) -> list[OpenItem]:
        """Items whose id, number or payment reference begins with the text, for people who search."""
        ...

    def customers(self, company: str) -> Iterator[Customer]:
        """The customers."""
        ...

    def customer_names(self, company: str, customer_ids: Sequence[str]) -> dict[str, str]:
        """The names of these customers, also of those the ERP no longer knows; unknown ids are left out."""

    def house_accounts(self, company: str) -> tuple[HouseAccount, ...]:
        """Our own bank accounts."""
        ...

    def learned_facts(self, company: str) -> tuple[LearnedFact, ...]:
        """Facts in force."""
        ...

    def facts_on_file(self, company: str) -> list[FactOnFile]:
        """All facts with their ids, revoked ones too."""
        ...

    def payment(self, company: str, payment_id: str) -> PaymentView:
        """Everything about one payment. Raises NotFound."""
        ...

    def payments(self, company: str, payment_ids: Sequence[str]) -> dict[str, Payment]:
        """These payments as the bank told of them; unknown ids are left out."""
        ...

    def find_payment(self, company: str, text: str) -> str:
        """The payment id for what a person typed: payment id, its beginning, case id or bank reference.

        Raises NotFound, also when the text fits several (the message lists them).
        """
        ...

    def case(self, company: str, case_id: str) -> CaseSummary:
        """One exception. Raises NotFound."""
        ...

    def clearing(self, company: str, clearing_id: int) -> Clearing:
        """One clearing with its verdicts. Raises NotFound."""
        ...

    def exceptions(
        self,
        company: str,
        *,
        states: Sequence[CaseState] = (),
        kinds: Sequence[str] = (),
        customer_id: str = "",
        order: Literal["urgency", "oldest", "amount", "payment"] = "urgency",
        limit: int = 100,
        offset: int = 0,
    ) -> list[CaseSummary]:
        """Exceptions for a worklist; without ``states``, those where a person has something to do.

        ``urgency``: what the ERP rejected or a person reopened first, then the largest amount, then the oldest.
        """
        ...

    def count_exceptions(self, company: str) -> dict[str, int]:
        """How many exceptions in which state."""
        ...

    def open_cases(self, company: str) -> list[OpenCases]:
        """The open exceptions at a glance, the most numerous first; read without their contents."""

    def all_open_exceptions(self, company: str) -> Iterator[CaseSummary]:
        """Every exception with something to do, streamed, in order of payment id."""
        ...

    def approvals(self, company: str) -> list[Approval]:
        """Clearings that wait for a second person, oldest first."""
        ...

    def allocations(self, company: str, *, of: Collection[str] | None = None) -> Iterator[AllocationRow]:
        """Live allocations in order of payment and item; ``of``: those of these payments alone."""

    def latest_allocations(self, company: str, *, limit: int) -> Iterator[AllocationRow]:
        """Those of the ``limit`` decisions that came last, newest first; the items of one decision stand together."""

    def on_account(self, company: str) -> Iterator[OnAccountRow]:
        """Live amounts on account in order of payment id."""

    def ignored(self, company: str) -> Iterator[IgnoredRow]:
        """Payments that are no customer payments, in order of payment id."""

    def item_statuses(self, company: str) -> Iterator[ItemStatus]:
        """Every item the ERP's last pull knew, in order of item id."""

    def totals(self, company: str, *, since: date | None = None) -> Iterator[DayTotal]:
        """Per account and booking day, what came and what became of it."""
        ...

    def statements(self, company: str, *, account: str = "") -> Iterator[StatementOnFile]:
        """Imported statements by account and date."""

    def files(self, company: str) -> Iterator[KnownFile]:
        """Imported files, oldest first."""

    def findings(self, company: str, file_id: int) -> list[Finding]:
        """What a person may want to know about one imported file."""
        ...

    def quarantined(self, company: str, file_id: int) -> list[Quarantined]:
        """The parts of one file that could not be read."""
        ...

    def history(self, company: str, about: str) -> list[str]:
        """The story of one payment, item or case, oldest first, as sentences. Raises NotFound."""
        ...

    def audit_head(self, company: str) -> AuditHead:
        """The end of the audit trail, to be kept outside the ledger."""
        ...


class Privacy(Protocol):
    """How long personal data stays. Sums, states and the proof of the audit trail outlive it."""

    def erase_older_than(self, company: str, *, before: date, change: Change) -> Erasure:
        """Erase raw files, texts, names and accounts of payments booked before that day and wholly dealt with."""
        ...

    def export_customer(self, company: str, customer_id: str) -> dict[str, object]:
        """All the ledger holds about one customer, as plain data for JSON. Raises NotFound."""
        ...

    def erase_customer(self, company: str, customer_id: str, *, change: Change) -> Erasure:
        """Erase one customer's personal data. Raises LawBroken while anything of theirs is undecided."""
        ...


class Ledger(Intake, Deciding, Outbox, Reading, Privacy, Protocol):
    """The system of record, on SQLite or PostgreSQL."""

    def transaction(self, company: str) -> AbstractContextManager["Ledger"]:
        """One unit of work for one company: everything done on the yielded ledger happens, or nothing does.

        Raises LedgerBusy when another writer of the company does not finish in time, LedgerUnavailable when the
        database is gone.
        """
        ...

    def snapshot(self) -> AbstractContextManager["Ledger"]:
        """Reads on the yielded ledger all see the same moment."""
        ...

    def verify(self, company: str | None = None) -> Iterator[Violation]:
        """Recompute every law over the whole ledger, read-only, and name each violation."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class OpenLedger(Protocol):
    """How a ledger is opened: `integrations.ledger.open_ledger`."""

    def __call__(self, url: str, *, migrate: bool = True, wait: timedelta = ...) -> Ledger:
        """Open the ledger at a database URL (``sqlite:///lettrage.db``, ``postgresql://...``), or a plain file path.

        An older one is upgraded first, under a lock. Raises LedgerTooNew, LedgerTooOld (with ``migrate=False``),
        LedgerUnavailable. ``wait``: how long a writer waits for its turn.
        """
        ...

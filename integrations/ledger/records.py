"""What goes into the ledger and what comes out of it, as frozen data.

Amounts are integers in minor units of the currency beside them; bank movements are credit positive, items positive
for what the customer owes. Moments are aware UTC, days are the bank's or the ERP's calendar days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from matching.model.bank_statement import BankEntry, EntryDetail, StatementHeader
from matching.model.decision import Allocation, Decision, ExceptionKind, Suggestion
from matching.model.open_item import LearnedFact
from matching.model.payment import Payment
from matching.model.posting import Posting, PostingState

ActorKind = Literal["person", "rule", "connector", "system"]
DecisionKind = Literal["allocated", "exception", "ignored", "reversal"]
PaymentState = Literal["new", "allocated", "exception", "ignored"]
CaseState = Literal["open", "proposed", "awaiting_approval", "cleared", "sent", "confirmed", "rejected", "reopened"]
ItemState = Literal["open", "partly_paid", "paid"]
PostingAction = Literal["post", "reverse"]
Resolution = Literal[
    "accept_suggestion",
    "allocate",
    "on_account",
    "write_off",
    "discount",
    "refund_due",
    "dispute",
    "not_customer_payment",
    "split",
]

# The states in which a person has something to do.
OPEN_CASE_STATES: tuple[CaseState, ...] = ("open", "proposed", "awaiting_approval", "rejected", "reopened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes something, when, in which run, and why; every write carries one.

    ``at`` is an aware moment. ``actor`` is a person as the proxy names them, a rule with its version, a connector or
    the part of the system. ``run_id`` is the run or request it belongs to, empty when there is none.
    """

    actor_kind: ActorKind
    actor: str
    at: datetime
    run_id: str = ""
    reason: str = ""


# -- Intake: statements -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile:
    """A statement file as it arrived. ``content`` is kept (compressed) where given, until retention erases it."""

    sha256: str
    name: str
    size: int
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEntry:
    """An entry with its key and the payments it stands for; the payments add up to the entry, or there are none.

    An entry that is not booked yet has no payments; they come with the statement that books it. Not ``certain``: it is
    only taken for the entry of that key, so nothing it says may be put to that entry's account. Not ``counts``: its
    money stands in the ledger under other entries, which a `SameMoneyEntries` names.
    """

    entry_key: str
    entry: BankEntry
    amount: int
    currency: str
    payments: tuple[Payment, ...]
    certain: bool = True
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SameMoneyEntries:
    """Entries that tell of the same money, in whole amounts and in parts; those ``beside`` have no payments.

    ``details``: of what the one whole consists, where the parts beside it say so; its payments follow while nothing
    is decided about it. The entries stand before this row in the file, or in the ledger.
    """

    wholes: tuple[str, ...]
    parts: tuple[str, ...]
    beside: tuple[str, ...]
    details: tuple[EntryDetail, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingEntry:
    """An entry as the ledger holds it when another delivery tells of it; ``final``: a statement has booked it."""

    entry_key: str
    entry: BankEntry
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """What the ledger knows of a file that was imported before, or just now (``entries_new`` > 0 or not).

    ``entries_in_file == entries_read + quarantined`` always. ``entries_new`` of them no file had delivered before,
    of ``entries_enriched`` it told more than the files before.
    """

    file_id: int
    sha256: str
    name: str
    imported_at: datetime
    format: str
    entries_in_file: int
    entries_read: int
    entries_new: int
    payments_new: int
    quarantined: int
    findings: int
    already_known: bool = False
    entries_enriched: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementOnFile:
    """One imported statement, for completeness checks: gaps, balances, breaks."""

    statement_no: int
    file_name: str
    account: str
    header: StatementHeader
    integrity: str
    entry_count: int
    file_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDelivery:
    """One statement that brought an entry: which file, the statement's place in it, and what it said of itself."""

    sha256: str
    position: int
    format: str
    header: StatementHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredEntry:
    """An entry of the ledger with every statement that brought it.

    ``also``: what was said of it before or beside, where that differs, so that the same words are known again.
    ``collective``: it is one of several entries that tell of the same money.
    """

    entry_key: str
    entry: BankEntry
    deliveries: tuple[EntryDelivery, ...]
    also: tuple[BankEntry, ...] = ()
    collective: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbookedEntry:
    """An entry that was announced only: no payment stands for it yet. ``amount`` in minor units, credit positive."""

    entry_key: str
    account: str
    currency: str
    amount: int
    entry: BankEntry


# -- Intake: ERP --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """What an import changed. ``skipped`` is true when the source was recognised as unchanged without reading it.

    ``gone`` items were open before and are missing from a whole snapshot, or named by the ERP as no longer open.
    ``repeated`` are keys that came twice within one import; the first counts. ``refused`` says in words which rows
    could not be taken over, and why.
    """

    read: int
    added: int
    changed: int
    gone: int = 0
    repeated: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    skipped: bool = False


# -- Decisions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A decision that the ledger did not take, and the current state in words: why not."""

    payment_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsRecorded:
    """What became of a batch of decisions: taken, the same as what stands already, or refused."""

    recorded: int
    unchanged: int
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """A decision as it stands in the ledger. ``decision_id`` grows and is never used again.

    ``revision`` counts the decisions of this payment that had something to post, from 1: the posting key is made
    from it. ``live`` is false once a later decision reversed this one.
    """

    decision_id: int
    revision: int
    decision: Decision
    kind: DecisionKind
    actor_kind: ActorKind
    actor: str
    at: datetime
    run_id: str
    reason: str
    live: bool
    reverses_id: int | None
    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRow:
    """One live allocation with its payment and its item, as listings need it. ``by_person``: cleared, not posted."""

    decision_id: int
    payment: Payment
    allocation: Allocation
    number: str
    customer_id: str
    expected_open: int
    posting_key: str
    posting_state: PostingState | None
    by_person: bool
    confidence: float
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAccountRow:
    """One live amount on account: money taken without an item, as credit of a customer."""

    decision_id: int
    payment: Payment
    customer_id: str
    amount: int
    posting_key: str
    by_person: bool
    confidence: float
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredRow:
    """One payment that is no customer payment, and why."""

    payment: Payment
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatus:
    """Where an item stands after everything decided so far. ``open_amount`` counts our own postings already."""

    item_id: str
    number: str
    customer_id: str
    currency: str
    open_amount: int
    state: ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """The movement of one account on one booking day and what became of it; the parts add up to ``movement``."""

    account: str
    currency: str
    booked_on: date
    payments: int
    movement: int
    allocated: int
    on_account: int
    in_exceptions: int
    ignored: int
    undecided: int


# -- Exceptions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCases:
    """How many open cases of one state, kind and currency there are.

    ``amount`` is what is unexplained in them, in size; ``incoming`` only what came in. ``oldest`` is the earliest
    booking day among them.
    """

    state: CaseState
    kind: str
    currency: str
    count: int
    amount: int
    incoming: int
    oldest: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """One exception as a worklist shows it. ``version`` is what `decide` and `propose` want back unchanged."""

    case_id: str
    state: CaseState
    version: int
    kind: ExceptionKind
    unallocated: int
    why: str
    customer_id: str
    payment: Payment
    opened_at: datetime
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One person's say on a proposed clearing."""

    person: str
    approves: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """How a person wants to clear (or cleared) a case; ``decision`` is what it makes of the payment.

    ``state``: ``proposed`` (nothing done yet), ``awaiting_approval``, ``done``, ``declined`` (by the second person),
    ``withdrawn`` (something else happened to the case meanwhile).
    """

    clearing_id: int
    case_id: str
    resolution: Resolution
    decision: Decision
    person: str
    at: datetime
    reason: str
    state: Literal["proposed", "awaiting_approval", "done", "declined", "withdrawn"]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """Everything about one payment: decisions oldest first, postings, its case where it ever was an exception."""

    payment: Payment
    state: PaymentState
    version: int
    entry: BankEntry | None
    files: tuple[str, ...]
    decisions: tuple[RecordedDecision, ...]
    postings: "tuple[OutboxRow, ...]"
    case: "CaseSummary | None"
    clearings: tuple[Clearing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A clearing that waits for a second person."""

    clearing: Clearing
    payment: Payment


# -- Outbox -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One intended effect in the ERP: book this posting, or reverse it.

    ``key`` is the posting's own key; a reversal carries the key of what it reverses. ``must_find`` is true when an
    earlier attempt may have had an effect: look in the ERP by key before writing. ``native_ids`` are what the ERP
    answered so far, ``step`` the last step reported, ``message`` the ERP's last answer in words.
    """

    outbox_id: int
    key: str
    action: PostingAction
    posting: Posting
    decision_id: int
    state: PostingState
    attempts: int
    must_find: bool
    step: str
    native_ids: tuple[str, ...]
    message: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingResult:
    """How an attempt ended. ``planned`` means: surely nothing happened, try again later.

    ``settle_seconds``: so long the ERP may still be at work on what it was sent; looking earlier proves nothing.
    """

    state: Literal["confirmed", "submitted", "ambiguous", "rejected", "planned"]
    native_ids: tuple[str, ...] = ()
    message: str = ""
    settle_seconds: int = 0


# -- Learning, privacy, proof -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FactOnFile:
    """A learned fact as stored; ``revoked_at`` is set once somebody took it back."""

    fact_id: int
    fact: LearnedFact
    actor: str
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What retention erased, by kind: raw files, entries, payments, decisions, postings, customers, audit texts."""

    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of a company's audit trail; kept elsewhere, it proves that nothing before it was changed since."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken law: which (a stable code), where (payment, item, posting, day), and in words what is wrong."""

    law: str
    where: str
    message: str

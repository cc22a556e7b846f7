"""What every ERP connector can be asked, and the words used for it.

One connector instance speaks for one company of one ERP, is used by one thread at a time, and holds no state that a
new instance would miss: the truth is in the ERP and in the outbox. Reading is safe to repeat. Writing is not, in any
ERP, so a posting is never "sent again": it is *found* by its key and then *converged* to what was planned.

    plan = connector.plan(posting)              # pure; shown to people as dry run
    prior = connector.find(posting.key)         # always, also the first time
    remote = connector.apply(plan, prior, tick)

Amounts are minor units, positive for what the customer owes or pays. Dates are the ERP's calendar dates. Nothing here
reads the clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

from integrations.erp.errors import ErpError
from matching.model.open_item import Customer, HouseAccount, OpenItem
from matching.model.posting import Posting

Row = TypeVar("Row")

Route = Literal["allocate", "on_account", "advice", "note"]
RemoteState = Literal["draft", "incomplete", "posted", "submitted", "reversed"]
CheckStatus = Literal["ok", "warning", "failed"]

# Called with the step's name right before each write is sent; may raise to stop there. The outbox records the step
# and renews its lease with it.
Tick = Callable[[str], None]


# -- What an ERP can do -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can really be done through this ERP's interface as configured. Finance reads it on the connector's page.

    ``discount``: an agreed early-payment discount can be booked with the receipt. ``write_off``: a tolerated difference
    or bank charge can. ``on_account``: money can be left as the customer's credit. ``credit_notes``: a credit note can
    be used in a posting. ``cross_customer``: one receipt may settle items of several customers.
    ``foreign_currency``: payment in another currency than the company's. ``unallocate``: `reverse` frees the items
    again through the interface. ``outgoing``: negative payments (refunds) can be posted. ``idempotency``: how two
    effects for one key are excluded: by the ERP itself (``unique_key``), by looking before writing with one writer
    (``search``), or because files are written whole (``whole_file``). ``stepwise``: a posting takes several writes,
    each of which leaves the books safe. ``settled_detection``: how an item that is no longer open is noticed.
    ``remembers_reversals``: a posting taken back can still be found; where the ERP deletes it, `reverse` of an
    unknown key says ``reversed`` too. ``parallel``: how many postings may be in flight at once. ``asynchronous``: a
    posting is first ``submitted`` and confirmed later. ``settle_seconds``: how long the ERP may still be at work on a
    request whose sender died; a look before that proves nothing. ``undecided``: what becomes of the part of a payment
    that still waits for a person: it is ``left_out`` until then, so that the ERP shows less than the bank; it stands on
    the bank's ``suspense`` account, so that the ERP shows what the bank shows; or it is ``told``: the whole payment is
    handed over with the undecided amount named, and the receiver books it.
    """

    push: Literal["bank_line", "receipt", "journal", "statement", "advice", "file", "table"]
    multi_invoice: bool
    partial: bool
    discount: bool
    write_off: bool
    on_account: bool
    credit_notes: bool
    cross_customer: bool
    foreign_currency: bool
    outgoing: bool
    unallocate: bool
    idempotency: Literal["unique_key", "search", "whole_file"]
    stepwise: bool
    asynchronous: bool
    notes_on_item: bool
    notes_on_customer: bool
    dispute_flag: bool
    dunning_block: bool
    settled_detection: Literal["delta", "sweep", "snapshot"]
    customer_bank_accounts: bool
    discount_terms: bool
    structured_reference: bool
    key_length: int
    remembers_reversals: bool = True
    parallel: int = 1
    settle_seconds: int = 0
    undecided: Literal["left_out", "suspense", "told"] = "left_out"


# -- Pulling ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row of the ERP that cannot be believed, set aside and counted. ``message`` says what to correct, and where."""

    where: str
    message: str
    raw: str
    item_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Some rows of a pull, few enough to hold in memory.

    ``gone`` are keys that are known to be no longer open (settled, cancelled, deleted); only a pull since a cursor
    names them. ``cursor`` is what to hand to the next pull once everything up to and including this page is stored; it
    follows the ERP's clock and already contains an overlap, so rows may come twice and are stored by key. ``last``
    marks the end of the pull: only then, and only where ``snapshot`` is true, does absence mean "no longer open".
    """

    rows: tuple[Row, ...]
    gone: tuple[str, ...] = ()
    quarantined: tuple[QuarantinedRow, ...] = ()
    cursor: str = ""
    snapshot: bool = True
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One thing that was looked at before the first push, whether it is in order, and what to do if not."""

    name: str
    status: CheckStatus
    message: str


# -- Pushing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One write that would be made: ``summary`` for a person, ``target`` and ``content`` as the ERP would see it.

    Values that only the ERP knows (native ids read just before writing) stand in ``content`` as ``<...>``.
    """

    name: str
    summary: str
    target: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingPlan:
    """Exactly what would be written for one posting, and how far down the ladder it had to go.

    ``route``: ``allocate`` settles the items; ``on_account`` books the money with the references as text because the
    ERP has no way to allocate it; ``advice`` and ``note`` book nothing. ``degraded`` says why it is not ``allocate``;
    it is shown wherever the plan is shown.
    """

    posting: Posting
    route: Route
    steps: tuple[PlanStep, ...]
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAllocation:
    """By how much the ERP says one item fell through a posting: cash, discount and write-off together."""

    item_id: str
    settled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePosting:
    """What the ERP holds under a posting key.

    ``state``: ``draft`` (not in the books), ``incomplete`` (money booked, some allocation still missing: safe, `apply`
    goes on from here), ``posted`` (all of it), ``submitted`` (handed over, not yet confirmed), ``reversed``.
    ``native_ids`` are the ERP's own ids or numbers, for people and for links. ``amount`` is what was booked on the bank
    account, ``on_account`` what is left as credit. ``booked_on`` is the date in the ERP's books.
    """

    key: str
    state: RemoteState
    native_ids: tuple[str, ...]
    amount: int
    currency: str
    booked_on: date | None
    allocations: tuple[RemoteAllocation, ...] = ()
    on_account: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An exception for the people who work in the ERP, kept up to date there and never repeated.

    ``key`` (the case id) makes it one note. ``summary`` is one line, ``text`` the whole with the best suggestion.
    ``closed`` marks a case that is settled. ``disputed`` and ``dunning_blocked``: set or lift the ERP's flag; None
    leaves it alone. ``due_on`` and ``assignee`` (the ERP's own user id or name) where the ERP has to-dos.
    """

    key: str
    summary: str
    text: str
    closed: bool = False
    disputed: bool | None = None
    dunning_blocked: bool | None = None
    due_on: date | None = None
    assignee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTarget:
    """Where a note belongs: on an item, else on a customer, else on what is posted under a key."""

    item_id: str = ""
    customer_id: str = ""
    posting_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRef:
    """The note in the ERP. ``left_out`` says in sentences what the ERP has no place for, so that nothing is silent."""

    native_id: str
    created: bool
    left_out: tuple[str, ...] = ()


@runtime_checkable
class Connector(Protocol):
    """One company in one ERP.

    Every method may raise AuthError, PermissionDenied, ConfigError, RateLimited and ProtocolError, and every method
    that reads may raise Transient; what else a method may raise stands with it.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this connector can do as configured."""
        ...

    def check(self) -> tuple[CheckResult, ...]:
        """Look at sign-in, rights, version, company, currency, lock dates and every mapping. Writes nothing.

        Findings are returned, not raised: a person sees the whole list at once.
        """
        ...

    def pull_open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Invoices, credit notes and money on account that are open; with a cursor, what changed since.

        Raises SnapshotRefused when a pull that should be complete is truncated or older than the one before.
        """
        ...

    def pull_customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """The customers with their bank accounts; with a cursor, what changed since."""
        ...

    def pull_settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Items settled on or after ``since``: they teach number ranges and tell a double from a strange payment."""
        ...

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts as the ERP knows them."""
        ...

    def list_open_keys(self) -> Iterator[str]:
        """The ids of all open items and nothing else: the cheap nightly sweep that notices what a delta cannot."""
        ...

    def get_items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as they are now, settled ones with open amount 0; what is missing is not there any more."""
        ...

    def plan(self, posting: Posting) -> PostingPlan:
        """What would be written. Pure: no I/O, the same posting and configuration give the same plan.

        Raises Unsupported or ConfigError (no journal for the account, no account for a discount).
        """
        ...

    def find(self, key: str) -> RemotePosting | None:
        """What the ERP holds under a posting key, in drafts, posted and, where visible, reversed."""
        ...

    def apply(self, plan: PostingPlan, prior: RemotePosting | None, tick: Tick) -> RemotePosting:
        """Bring the ERP to what the plan says, starting from what `find` found; afterwards read back and compare.

        Doing it again changes nothing. Raises AmbiguousOutcome, StaleItem, VersionMismatch, AlreadyExists (the key is
        there with other content), ValidationFailed, LockedPeriod, PartialFailure, Transient (nothing was written).
        """
        ...

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Take a posting back, so that its items are open again. Reversing what is reversed changes nothing.

        ``on`` is the date of the reversal where the ERP books one. Raises UnknownPosting, LockedPeriod,
        ValidationFailed, VersionMismatch, AmbiguousOutcome, Unsupported.
        """
        ...

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """Write or update the note with this key. Raises Unsupported, ValidationFailed, AmbiguousOutcome."""
        ...

    def close(self) -> None:
        """Let connections go; the connector is not used afterwards."""
        ...


@runtime_checkable
class BatchConnector(Connector, Protocol):
    """A connector whose writes cost the same for one posting or thousands, because files are written whole."""

    def apply_many(
        self, work: Sequence[tuple[PostingPlan, RemotePosting | None]], tick: Tick
    ) -> tuple[RemotePosting | ErpError, ...]:
        """`apply` for many with one writing. In the order of the work: what is there now, or why it was refused.

        Raises only what concerns all of them (the folder cannot be written); then none was applied.
        """
        ...

    def find_many(self, keys: Sequence[str]) -> Mapping[str, RemotePosting]:
        """`find` for many keys with one reading; what is missing is not there."""
        ...

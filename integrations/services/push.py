"""Carries the outbox to the ERP: find by key, then converge; never the same effect twice."""

import os
import socket
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

from integrations.config.settings import CompanySettings
from integrations.erp.errors import (
    AmbiguousOutcome,
    AuthError,
    ConfigError,
    ErpError,
    PartialFailure,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    Transient,
    UnknownPosting,
    ValidationFailed,
)
from integrations.erp.protocol import BatchConnector, Connector, PostingPlan, RemotePosting
from integrations.ledger.errors import LeaseHeld
from integrations.ledger.port import Ledger
from integrations.ledger.records import OutboxRow, PostingResult
from integrations.services.context import Run
from integrations.services.lanes import lanes_of
from integrations.services.money_text import money_text
from matching.model.decision import Decision, ExceptionCase

_LEASE = timedelta(minutes=10)
_AT_ONCE = 500
_AT_ONCE_IN_FILES = 5_000  # a file is written whole, so a larger share costs no more
# After one of these nothing else will go through either: stop, keep the rest for the next run.
_STOPPERS = (AuthError, PermissionDenied, ConfigError, RateLimited)
# How many postings per connection are under way between two notes of what became of them.
_WINDOW = 8
_Ended = tuple[OutboxRow, PostingResult]


@dataclass(slots=True)
class PushReport:
    """What became of the postings that waited. ``messages`` are for people: what did not go through, and why."""

    sent: int = 0
    confirmed: int = 0
    submitted: int = 0
    rejected: int = 0
    ambiguous: int = 0
    waiting: int = 0
    messages: list[str] = field(default_factory=list)

    def count(self, row: OutboxRow, result: PostingResult) -> None:
        """Add one attempt."""
        self.sent += 1
        match result.state:
            case "confirmed":
                self.confirmed += 1
            case "submitted":
                self.submitted += 1
            case "rejected":
                self.rejected += 1
            case "ambiguous":
                self.ambiguous += 1
            case "planned":
                self.waiting += 1
        if result.message and result.state not in {"confirmed", "submitted"}:
            self.messages.append(f"posting {row.key} of payment {row.posting.bank_reference}: {result.message}")

    def and_then(self, later: "PushReport") -> "PushReport":
        """Both reports as one."""
        return PushReport(
            sent=self.sent + later.sent,
            confirmed=self.confirmed + later.confirmed,
            submitted=self.submitted + later.submitted,
            rejected=self.rejected + later.rejected,
            ambiguous=later.ambiguous,
            waiting=later.waiting,
            messages=[*self.messages, *later.messages],
        )


def push(
    company: CompanySettings,
    ledger: Ledger,
    connector: Connector,
    run: Run,
    *,
    another: Callable[[], Connector] | None = None,
) -> PushReport:
    """Bring every posting in the outbox into the ERP, oldest first, until none is left that can go now.

    What the ERP refuses for good becomes an exception case again; what is uncertain is looked up once the ERP has had
    its time to finish, which may be the next run; what surely did not happen waits. ``another`` opens a further
    connection: where the connector allows several postings at once they go side by side, those that touch the same
    item one after the other. Raises LeaseHeld when another process pushes for this company.
    """
    with ExitStack() as opened:
        further = connector.capabilities.parallel - 1 if another and not isinstance(connector, BatchConnector) else 0
        others = []
        for _ in range(further):
            assert another is not None
            others.append(another())
            opened.callback(others[-1].close)
        pusher = _Pusher(
            name=company.name,
            ledger=ledger,
            connectors=(connector, *others),
            run=run,
            worker=f"{socket.gethostname()}:{os.getpid()}",
        )
        try:
            pusher.work_off()
        finally:
            pusher.let_go(pusher.worker)
    return pusher.report


@dataclass(slots=True, kw_only=True)
class _Pusher:
    """One worker's way through the outbox of one company; with several connections, side by side."""

    name: str
    ledger: Ledger
    connectors: tuple[Connector, ...]
    run: Run
    worker: str
    report: PushReport = field(default_factory=PushReport)
    stopped: str = ""

    @property
    def connector(self) -> Connector:
        """The first connection, which does everything that is not done side by side."""
        return self.connectors[0]

    @property
    def _settle(self) -> timedelta:
        return timedelta(seconds=self.connector.capabilities.settle_seconds)

    def work_off(self) -> None:
        """Every row once; what comes back a second time waits for the next run."""
        tried: set[int] = set()
        while rows := [row for row in self._claim() if row.outbox_id not in tried]:
            tried.update(row.outbox_id for row in rows)
            self.run.tell("posting to the ERP", self.report.sent, None)
            singles = rows
            if isinstance(self.connector, BatchConnector):
                self._apply_together(self.connector, [row for row in rows if row.action == "post"])
                singles = [row for row in rows if row.action != "post"]
            self._one_by_one(singles)
            if self.stopped:
                return
        if self.connector.capabilities.asynchronous:
            self._look_up_submitted(tried)

    def _look_up_submitted(self, just_sent: Container[int]) -> None:
        """What was handed over earlier: booked by now, refused, or taken out by a person. Looks and never sends."""
        rows = [
            row
            for row in self.ledger.outbox(self.name, states=("submitted",), action="post")
            if row.outbox_id not in just_sent
        ]
        for place, row in enumerate(rows):
            self.run.tell("looking for what was handed over", place, len(rows))
            result = self._answered(row)
            if self.stopped:
                return
            if result is not None:
                self._note([(row, result)])

    def _answered(self, row: OutboxRow) -> PostingResult | None:
        """What the ERP says of a posting that it has; None while it says nothing new."""
        try:
            remote = self.connector.find(row.key)
        except ValidationFailed as error:
            return _failure(error)
        except ErpError as error:
            if isinstance(error, _STOPPERS):
                self.stopped = str(error)
            return None
        if remote is None:
            message = "what was handed over is not in the ERP any more: somebody took it out before it was booked"
            return PostingResult(state="rejected", message=message)
        return _result(remote) if remote.state == "posted" else None

    def _claim(self) -> tuple[OutboxRow, ...]:
        """The next rows. A worker of this machine that died holds no lease: it is taken over at once."""
        try:
            return self._claim_once()
        except LeaseHeld as held:
            if not _died_here(held.holder):
                raise
            self.let_go(held.holder)
            return self._claim_once()

    def let_go(self, worker: str) -> None:
        """Give that worker's right to push back; what it was sending is left to settle."""
        self.ledger.release_lease(self.name, worker=worker, settle=self._settle)

    def _claim_once(self) -> tuple[OutboxRow, ...]:
        change = self.run.change("connector", self.worker, "claimed for sending")
        limit = _AT_ONCE_IN_FILES if isinstance(self.connector, BatchConnector) else _AT_ONCE
        return self.ledger.claim_postings(
            self.name, worker=self.worker, limit=limit, lease=_LEASE, settle=self._settle, change=change
        )

    def _one_by_one(self, rows: Sequence[OutboxRow]) -> None:
        """Send these rows; once the connector says that nothing more will go through now, the rest waits."""
        at_once = 1 if len(self.connectors) == 1 else _WINDOW * len(self.connectors)
        for start in range(0, len(rows), at_once):
            if self.stopped:
                self._note([(row, PostingResult(state="planned")) for row in rows[start:]])
                return
            self._note(list(self._side_by_side(rows[start : start + at_once])))

    def _side_by_side(self, rows: Sequence[OutboxRow]) -> Iterator[_Ended]:
        """What became of these rows, in their order, whichever connection was done first."""
        lanes = lanes_of(rows, len(self.connectors))
        if len(lanes) == 1:
            yield from self._along(lanes[0], self.connector)
            return
        with ThreadPoolExecutor(len(lanes)) as threads:
            ended = list(threads.map(lambda pair: list(self._along(*pair)), zip(lanes, self.connectors, strict=False)))
        of = {row.outbox_id: (row, result) for lane in ended for row, result in lane}
        yield from (of[row.outbox_id] for row in rows)

    def _along(self, lane: Sequence[OutboxRow], connector: Connector) -> Iterator[_Ended]:
        """One row after the other over one connection."""
        for row in lane:
            if self.stopped:
                yield row, PostingResult(state="planned")
                continue
            try:
                yield row, self._send(row, connector)
            except _STOPPERS as error:
                self.stopped = str(error)
                yield row, PostingResult(state="planned", message=str(error))

    def _apply_together(self, connector: BatchConnector, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return
        numbers = [row.outbox_id for row in rows]

        def tick(step: str) -> None:
            self._renew(numbers, step)

        try:
            prior = connector.find_many([row.key for row in rows])
            work = [(connector.plan(row.posting), prior.get(row.key)) for row in rows]
            remotes = connector.apply_many(work, tick)
            results = [_result(one, plan) for one, (plan, _) in zip(remotes, work, strict=True)]
        except ErpError as error:
            results = [_failure(error)] * len(rows)
        self._note(list(zip(rows, results, strict=True)))

    def _send(self, row: OutboxRow, connector: Connector) -> PostingResult:
        def tick(step: str) -> None:
            self._renew([row.outbox_id], step)

        try:
            if row.action == "reverse":
                tick("reverse")
                return _result(connector.reverse(row.key, "decision taken back in Lettrage", self.run.as_of))
            plan = connector.plan(row.posting)
            prior = connector.find(row.key)
            return _result(connector.apply(plan, prior, tick), plan)
        except UnknownPosting as error:
            return PostingResult(state="confirmed", message=f"nothing to take back: {error}")
        except _STOPPERS:
            raise
        except ErpError as error:
            return _failure(error)

    def _renew(self, numbers: Sequence[int], step: str) -> None:
        change = self.run.change("connector", self.worker)
        self.ledger.renew_leases(self.name, numbers, worker=self.worker, step=step, lease=_LEASE, change=change)

    def _note(self, ended: Sequence[_Ended]) -> None:
        """Put down what became of these rows, all in one unit of work."""
        change = self.run.change("connector", self.worker)
        with self.ledger.transaction(self.name) as unit:
            results = [(row.outbox_id, result) for row, result in ended]
            unit.record_results(self.name, results, worker=self.worker, change=change)
            for row, result in ended:
                if result.state == "rejected" and row.action == "post":
                    self._hand_back(unit, row, result)
        for row, result in ended:
            self.report.count(row, result)

    def _hand_back(self, unit: Ledger, row: OutboxRow, result: PostingResult) -> None:
        """What the ERP refuses is a person's case again, with the ERP's own words."""
        view = unit.payment(self.name, row.posting.payment_id)
        why = f"The ERP did not take the posting: {result.message}"
        decision = Decision(
            payment_id=row.posting.payment_id,
            exception=ExceptionCase(
                kind="erp_rejected",
                unallocated=view.payment.amount,
                why=why,
                customer_id=row.posting.allocations[0].customer_id if row.posting.allocations else "",
            ),
            rule="erp_rejected",
            explanation=why,
        )
        change = self.run.change("connector", self.worker, result.message)
        unit.decide(self.name, decision, expected_version=view.version, change=change)


def _died_here(worker: str) -> bool:
    """Whether this worker is a process of this machine that is no more; of other machines nothing is known."""
    host, _, number = worker.rpartition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _result(remote: RemotePosting | ErpError, plan: PostingPlan | None = None) -> PostingResult:
    if isinstance(remote, ErpError):
        return _failure(remote)
    said = "; ".join(filter(None, [remote.detail, *_worth_knowing(remote, plan)]))
    if remote.state in {"posted", "reversed"}:
        return PostingResult(state="confirmed", native_ids=remote.native_ids, message=said)
    if remote.state == "submitted":
        return PostingResult(state="submitted", native_ids=remote.native_ids, message=said)
    message = remote.detail or f"the ERP holds it as {remote.state}; it is completed with the next run"
    return PostingResult(state="ambiguous", native_ids=remote.native_ids, message=message)


def _worth_knowing(remote: RemotePosting, plan: PostingPlan | None) -> Iterator[str]:
    """What stands in the ERP otherwise than one would think: not allocated there, or on account until explained."""
    if plan is None:
        return
    yield from plan.degraded
    rest = remote.on_account - plan.posting.on_account
    if plan.posting.unallocated and rest:
        yield f"{money_text(rest, remote.currency)} of it stand on account there until a person has explained them"


def _failure(error: ErpError) -> PostingResult:
    if isinstance(error, AmbiguousOutcome):
        return PostingResult(state="ambiguous", message=str(error), settle_seconds=error.settle_seconds)
    if isinstance(error, PartialFailure | ProtocolError):
        return PostingResult(state="ambiguous", message=str(error))
    if isinstance(error, (Transient, *_STOPPERS)):
        return PostingResult(state="planned", message=str(error))
    return PostingResult(state="rejected", message=str(error))

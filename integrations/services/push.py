"""Carries the outbox to the ERP: find by key, then converge; never the same effect twice."""

import os
import socket
from collections.abc import Sequence
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
)
from integrations.erp.protocol import BatchConnector, Connector, RemotePosting
from integrations.ledger.errors import LeaseHeld
from integrations.ledger.port import Ledger
from integrations.ledger.records import OutboxRow, PostingResult
from integrations.services.context import Run
from matching.model.decision import Decision, ExceptionCase

_LEASE = timedelta(minutes=10)
_AT_ONCE = 500
_AT_ONCE_IN_FILES = 5_000  # a file is written whole, so a larger share costs no more
# After one of these nothing else will go through either: stop, keep the rest for the next run.
_STOPPERS = (AuthError, PermissionDenied, ConfigError, RateLimited)


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


def push(company: CompanySettings, ledger: Ledger, connector: Connector, run: Run) -> PushReport:
    """Bring every posting in the outbox into the ERP, oldest first, until none is left that can go now.

    What the ERP refuses for good becomes an exception case again; what is uncertain is looked up the next time;
    what surely did not happen waits. Raises LeaseHeld when another process pushes for this company.
    """
    pusher = _Pusher(
        name=company.name, ledger=ledger, connector=connector, run=run, worker=f"{socket.gethostname()}:{os.getpid()}"
    )
    try:
        pusher.work_off()
    finally:
        ledger.release_lease(company.name, worker=pusher.worker)
    return pusher.report


@dataclass(slots=True, kw_only=True)
class _Pusher:
    """One worker's way through the outbox of one company."""

    name: str
    ledger: Ledger
    connector: Connector
    run: Run
    worker: str
    report: PushReport = field(default_factory=PushReport)

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
            if not self._one_by_one(singles):
                return

    def _claim(self) -> tuple[OutboxRow, ...]:
        """The next rows. A worker of this machine that died holds no lease: it is taken over at once."""
        try:
            return self._claim_once()
        except LeaseHeld as held:
            if not _died_here(held.holder):
                raise
            self.ledger.release_lease(self.name, worker=held.holder)
            return self._claim_once()

    def _claim_once(self) -> tuple[OutboxRow, ...]:
        change = self.run.change("connector", self.worker, "claimed for sending")
        limit = _AT_ONCE_IN_FILES if isinstance(self.connector, BatchConnector) else _AT_ONCE
        return self.ledger.claim_postings(self.name, worker=self.worker, limit=limit, lease=_LEASE, change=change)

    def _one_by_one(self, rows: Sequence[OutboxRow]) -> bool:
        """Send these rows; false when the connector said that nothing more will go through now."""
        for place, row in enumerate(rows):
            try:
                result = self._send(row)
            except _STOPPERS as error:
                with self.ledger.transaction(self.name) as unit:
                    self._note(unit, row, PostingResult(state="planned", message=str(error)))
                    for later in rows[place + 1 :]:
                        self._note(unit, later, PostingResult(state="planned"))
                return False
            with self.ledger.transaction(self.name) as unit:
                self._note(unit, row, result)
        return True

    def _apply_together(self, connector: BatchConnector, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return

        def tick(step: str) -> None:
            with self.ledger.transaction(self.name) as unit:
                for row in rows:
                    self._renew(unit, row, step)

        try:
            prior = connector.find_many([row.key for row in rows])
            work = [(connector.plan(row.posting), prior.get(row.key)) for row in rows]
            results = [_result(one) for one in connector.apply_many(work, tick)]
        except ErpError as error:
            results = [_failure(error)] * len(rows)
        with self.ledger.transaction(self.name) as unit:
            for row, result in zip(rows, results, strict=True):
                self._note(unit, row, result)

    def _send(self, row: OutboxRow) -> PostingResult:
        try:
            if row.action == "reverse":
                self._renew(self.ledger, row, "reverse")
                reason = "decision taken back in Lettrage"
                return _result(self.connector.reverse(row.key, reason, self.run.as_of))
            plan = self.connector.plan(row.posting)
            prior = self.connector.find(row.key)
            return _result(self.connector.apply(plan, prior, lambda step: self._renew(self.ledger, row, step)))
        except UnknownPosting as error:
            return PostingResult(state="confirmed", message=f"nothing to take back: {error}")
        except _STOPPERS:
            raise
        except ErpError as error:
            return _failure(error)

    def _renew(self, unit: Ledger, row: OutboxRow, step: str) -> None:
        change = self.run.change("connector", self.worker)
        unit.renew_lease(self.name, row.outbox_id, worker=self.worker, step=step, lease=_LEASE, change=change)

    def _note(self, unit: Ledger, row: OutboxRow, result: PostingResult) -> None:
        change = self.run.change("connector", self.worker, result.message)
        unit.record_result(self.name, row.outbox_id, result, worker=self.worker, change=change)
        if result.state == "rejected" and row.action == "post":
            self._hand_back(unit, row, result)
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


def _result(remote: RemotePosting | ErpError) -> PostingResult:
    if isinstance(remote, ErpError):
        return _failure(remote)
    if remote.state in {"posted", "reversed"}:
        return PostingResult(state="confirmed", native_ids=remote.native_ids, message=remote.detail)
    if remote.state == "submitted":
        return PostingResult(state="submitted", native_ids=remote.native_ids, message=remote.detail)
    message = remote.detail or f"the ERP holds it as {remote.state}; it is completed with the next run"
    return PostingResult(state="ambiguous", native_ids=remote.native_ids, message=message)


def _failure(error: ErpError) -> PostingResult:
    if isinstance(error, AmbiguousOutcome | PartialFailure | ProtocolError):
        return PostingResult(state="ambiguous", message=str(error))
    if isinstance(error, (Transient, *_STOPPERS)):
        return PostingResult(state="planned", message=str(error))
    return PostingResult(state="rejected", message=str(error))

"""Pushing: what is uncertain is left to settle, several go side by side and never overtake, nobody sends twice."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from integrations.config.settings import CompanySettings
from integrations.erp.errors import AmbiguousOutcome, RateLimited
from integrations.erp.flatfile.connector import CAPABILITIES
from integrations.erp.protocol import Capabilities, Connector, PostingPlan, RemoteAllocation, RemotePosting, Tick
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.services import sync as syncing
from integrations.services.context import Run
from integrations.services.lanes import lanes_of
from integrations.services.push import PushReport, push
from matching.model.posting import Posting
from tests.integrations.ledger.story import (
    ACME,
    allocated,
    deliver,
    item,
    payment,
    post_all,
    pull,
    rule,
    unexplained,
)
from tests.support.crash import in_child, was_killed

COMPANY = CompanySettings.model_validate(
    {"name": ACME, "erp": {"kind": "flatfile", "inbox": "in", "outbox": "out"}, "banks": []}
)


@dataclass
class Erp:
    """An ERP whose books are a folder: one file for each posting key, so that they outlive a killed process."""

    folder: Path
    parallel: int = 1
    settle_seconds: int = 0
    trouble: Callable[[int, "Erp"], None] = lambda _number, _erp: None
    applied: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    opened: int = 0
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self) -> Connector:
        self.opened += 1
        return cast("Connector", OneConnection(self))

    def keys(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@dataclass
class OneConnection:
    """A connector to it, used by one thread at a time."""

    erp: Erp
    users: set[int] = field(default_factory=set)

    @property
    def capabilities(self) -> Capabilities:
        return replace(CAPABILITIES, push="receipt", parallel=self.erp.parallel, settle_seconds=self.erp.settle_seconds)

    def plan(self, posting: Posting) -> PostingPlan:
        return PostingPlan(posting=posting, route="allocate", steps=())

    def find(self, key: str) -> RemotePosting | None:
        self.erp.looked_up.append(key)
        return self._there(key) if (self.erp.folder / key).exists() else None

    def apply(self, plan: PostingPlan, prior: RemotePosting | None, tick: Tick) -> RemotePosting:
        if prior is not None:
            return prior
        posting, erp = plan.posting, self.erp
        with erp.lock:
            erp.under_way += 1
            erp.most_under_way = max(erp.most_under_way, erp.under_way)
        try:
            tick("receipt")
            time.sleep(0.002)
            # Fails if it is there: a second effect for one key would be an error here.
            with erp.lock, (erp.folder / posting.key).open("x") as written:
                erp.applied.append(posting.key)
                written.write(",".join(one.item_id for one in posting.allocations))
            erp.trouble(len(erp.applied), erp)
        finally:
            with erp.lock:
                erp.under_way -= 1
        return replace(self._there(posting.key), amount=posting.amount, on_account=posting.unallocated)

    def _there(self, key: str) -> RemotePosting:
        return RemotePosting(
            key=key,
            state="posted",
            native_ids=(f"N-{key}",),
            amount=0,
            currency="EUR",
            booked_on=date(2026, 11, 20),
            allocations=(RemoteAllocation(item_id="1", settled=1),),
        )

    def close(self) -> None:
        self.erp.closed += 1


@pytest.fixture
def erp(tmp_path: Path) -> Erp:
    (tmp_path / "erp").mkdir()
    return Erp(tmp_path / "erp")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def waiting(ledger: Ledger, count: int, *, items: int | None = None) -> None:
    """So many postings wait, each on its own item, or several on each of ``items``."""
    per_item = count // (items or count)
    pull(ledger, *(item(str(number), 100 * per_item) for number in range(items or count)))
    deliver(ledger, *(payment(f"p{number}", 100) for number in range(count)))
    decided = [allocated(f"p{number}", (str(number % (items or count)), 100)) for number in range(count)]
    assert ledger.record_decisions(ACME, decided, change=rule()).refused == ()
    post_all(ledger)


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def pushed(ledger: Ledger, erp: Erp, *, seconds: int = 0) -> PushReport:
    run = Run(as_of=date(2026, 11, 21), clock=lambda: NOON + timedelta(seconds=seconds))
    return push(COMPANY, ledger, erp.connect(), run, another=erp.connect)


def outcomes(ledger: Ledger) -> list[str]:
    return [one.state for one in ledger.outbox(ACME)]


def test_as_many_side_by_side_as_the_erp_allows_and_noted_in_order(ledger: Ledger, erp: Erp) -> None:
    erp.parallel = 4
    waiting(ledger, 60)
    assert pushed(ledger, erp).confirmed == 60
    assert 1 < erp.most_under_way <= 4
    assert erp.keys() == sorted(one.key for one in ledger.outbox(ACME))
    assert (erp.opened, erp.closed) == (4, 3), "the first connection is the caller's to close"
    told = [line for line in ledger.history(ACME, "p7") if "is in the ERP as" in line]
    assert len(told) == 1
    assert list(ledger.verify()) == []


def test_postings_on_one_item_never_overtake_each_other(ledger: Ledger, erp: Erp) -> None:
    erp.parallel = 4
    waiting(ledger, 40, items=5)
    in_order = [one.key for one in ledger.outbox(ACME)]
    assert pushed(ledger, erp).confirmed == 40
    item_of = {one.key: one.posting.allocations[0].item_id for one in ledger.outbox(ACME)}
    for number in range(5):
        on_it = [key for key in erp.applied if item_of[key] == str(number)]
        assert on_it == [key for key in in_order if item_of[key] == str(number)]


def test_lanes_are_the_same_for_the_same_rows(ledger: Ledger) -> None:
    waiting(ledger, 24, items=6)
    rows = list(ledger.outbox(ACME))
    lanes = lanes_of(rows, 4)
    assert lanes == lanes_of(rows, 4)
    assert sorted(row.outbox_id for lane in lanes for row in lane) == [row.outbox_id for row in rows]
    items = [{row.posting.allocations[0].item_id for row in lane} for lane in lanes]
    assert sum(map(len, items)) == len(set.union(*items)) == 6
    assert lanes_of(rows, 1) == [rows]


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_limit_stops_the_push_and_nothing_is_lost(ledger: Ledger, erp: Erp, parallel: int) -> None:
    erp.parallel = parallel

    def limit(number: int, _: Erp) -> None:
        if number == 10:
            raise RateLimited("a hundred requests a minute", retry_after=60)

    erp.trouble = limit
    waiting(ledger, 30)
    report = pushed(ledger, erp)
    assert report.confirmed < 30
    assert report.confirmed + report.waiting == 30
    assert set(outcomes(ledger)) == {"confirmed", "approved"}
    erp.trouble = lambda _number, _erp: None
    assert pushed(ledger, erp).confirmed == 30 - report.confirmed
    assert set(outcomes(ledger)) == {"confirmed"}
    assert len(erp.keys()) == 30
    assert list(ledger.verify()) == []


def test_what_may_still_be_in_the_making_is_not_looked_up_before_its_time(ledger: Ledger, erp: Erp) -> None:
    def lost(_number: int, _erp: Erp) -> None:
        raise AmbiguousOutcome("the answer did not arrive", settle_seconds=60)

    erp.trouble = lost
    waiting(ledger, 1)
    assert pushed(ledger, erp).ambiguous == 1
    erp.looked_up.clear()
    assert pushed(ledger, erp, seconds=59).sent == 0
    assert erp.looked_up == []
    assert outcomes(ledger) == ["ambiguous"]
    assert pushed(ledger, erp, seconds=60).confirmed == 1
    assert len(erp.applied) == 1


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("at", [1, 8, 20])
def test_killed_in_the_middle_and_run_again_each_is_there_once(
    tmp_path: Path, erp: Erp, parallel: int, at: int
) -> None:
    def die(number: int, _: Erp) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    url = str(tmp_path / "killed.db")
    ledger = open_ledger(url)
    waiting(ledger, 24, items=12)
    ledger.close()
    erp.parallel, erp.settle_seconds, erp.trouble = parallel, 5, die

    def night() -> None:
        inside = open_ledger(url)
        pushed(inside, erp)

    assert was_killed(in_child(night))
    erp.trouble = lambda _number, _erp: None
    ledger = open_ledger(url)
    # Right after the crash the ERP may still be at work on what it was sent last.
    soon = pushed(ledger, erp, seconds=1)
    assert soon.sent < 24
    pushed(ledger, erp, seconds=5)
    assert set(outcomes(ledger)) == {"confirmed"}
    assert erp.keys() == sorted(one.key for one in ledger.outbox(ACME))
    assert list(ledger.verify()) == []
    ledger.close()


def test_money_that_stays_on_account_is_told(ledger: Ledger, erp: Erp) -> None:
    pull(ledger, item("1"))
    deliver(ledger, payment("p1", 20000))
    ledger.record_decisions(ACME, [unexplained("p1", 8100, ("1", 11900))], change=rule())
    (recorded,) = ledger.decisions_to_post(ACME)
    post_all(ledger)
    assert recorded.decision.exception
    assert pushed(ledger, erp).confirmed == 1
    (row,) = ledger.outbox(ACME)
    assert row.message == "81.00 EUR of it stand on account there until a person has explained them"
    assert any("81.00 EUR of it stand on account" in line for line in ledger.history(ACME, "p1"))


def test_what_a_rule_decides_never_takes_back_what_has_left_for_the_erp(ledger: Ledger, erp: Erp) -> None:
    pull(ledger, item("1"))
    deliver(ledger, payment("p1", 20000))
    ledger.record_decisions(ACME, [unexplained("p1", 8100, ("1", 11900))], change=rule())
    post_all(ledger)
    other = unexplained("p1", 20000)
    pushed(ledger, erp)
    (refused,) = ledger.record_decisions(ACME, [other], change=rule()).refused
    assert refused.why == "part of the payment has left for the ERP already; reopen it to decide anew"
    assert outcomes(ledger) == ["confirmed"]


@pytest.mark.parametrize("failing", [False, True])
def test_every_connection_is_closed_whatever_happens(
    ledger: Ledger, erp: Erp, monkeypatch: pytest.MonkeyPatch, *, failing: bool
) -> None:
    erp.parallel = 3
    monkeypatch.setattr(syncing, "connector_of", lambda *_: erp.connect())

    def broken(_number: int, _erp: Erp) -> None:
        raise KeyboardInterrupt

    erp.trouble = broken if failing else erp.trouble
    waiting(ledger, 4)
    run = Run(as_of=date(2026, 11, 21), clock=lambda: NOON)
    if failing:
        with pytest.raises(KeyboardInterrupt):
            syncing.push_connected(COMPANY, ledger, run)
    else:
        syncing.push_connected(COMPANY, ledger, run)
    assert erp.opened == erp.closed == 3

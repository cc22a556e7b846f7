"""Whatever happens in whatever order, the ledger agrees with a model small enough to be believed."""

import shutil
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from integrations.ledger import open_ledger
from integrations.ledger.errors import ChangedMeanwhile, LawBroken
from integrations.ledger.port import Ledger
from integrations.ledger.records import PostingResult
from matching.model.decision import Decision
from tests.integrations.ledger import story
from tests.integrations.ledger.story import ACME
from tests.support.postgres import Postgres

PAYMENTS = {"p1": 100, "p2": 60, "p3": 60, "p4": -20}
ITEMS = {"1": 100, "2": 90, "9": -20}
_numbers = count(1)


class Life(RuleBasedStateMachine):
    """Payments are decided, cleared, reopened, posted, lost, found and reversed, while the ERP goes on telling."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger = open_ledger(self.fresh(), wait=timedelta(seconds=10))
        story.pull(self.ledger, *(story.item(one, amount) for one, amount in ITEMS.items()))
        story.deliver(self.ledger, *(story.payment(one, amount) for one, amount in PAYMENTS.items()))
        # The model: what stands for each payment, what the ERP has booked under each key, and the time.
        self.stands: dict[str, Decision] = {}
        self.erp: dict[str, dict[str, int]] = {}
        self.minute = 0

    def fresh(self) -> str:
        raise NotImplementedError

    def teardown(self) -> None:
        try:
            assert list(self.ledger.verify()) == []
        finally:
            self.ledger.close()

    def now(self) -> int:
        self.minute += 10
        return self.minute

    # -- What the model says ------------------------------------------------------------------------------------

    def rest(self, item_id: str, without: str = "") -> int:
        taken = sum(
            line.settled
            for payment_id, decision in self.stands.items()
            if payment_id != without
            for line in decision.allocations
            if line.item_id == item_id
        )
        return ITEMS[item_id] - taken

    def possible(self, decision: Decision) -> bool:
        before = self.stands.get(decision.payment_id)
        for line in before.allocations if before else ():
            sign = 1 if ITEMS[line.item_id] > 0 else -1
            # Without what stands so far: another payment may have built on it.
            if not 0 <= sign * self.rest(line.item_id, decision.payment_id) <= sign * ITEMS[line.item_id]:
                return False
        for line in decision.allocations:
            sign = 1 if ITEMS[line.item_id] > 0 else -1
            rest = self.rest(line.item_id, decision.payment_id) - line.settled
            if not 0 <= sign * rest <= sign * ITEMS[line.item_id]:
                return False
        return True

    # -- What can happen -----------------------------------------------------------------------------------------

    @rule(
        payment_id=st.sampled_from(sorted(PAYMENTS)),
        how=st.sampled_from(["item", "part", "account", "open", "aside"]),
        item_id=st.sampled_from(sorted(ITEMS)),
        stale=st.booleans(),
        automatic=st.booleans(),
    )
    def decide(self, payment_id: str, how: str, item_id: str, stale: bool, automatic: bool) -> None:
        decision = self.made(payment_id, how, item_id)
        if automatic:
            self.by_rule(decision)
            return
        version = self.ledger.payment(ACME, payment_id).version
        possible = self.possible(decision)
        try:
            self.ledger.decide(
                ACME, decision, expected_version=version - stale, change=story.person(minutes=self.now())
            )
            assert possible
            assert not stale
            self.stands[payment_id] = decision
        except ChangedMeanwhile:
            assert stale or not possible

    def made(self, payment_id: str, how: str, item_id: str) -> Decision:
        amount = PAYMENTS[payment_id]
        if how == "item":
            return story.allocated(payment_id, (item_id, amount))
        if how == "part":
            return story.unexplained(payment_id, amount - amount // 2, (item_id, amount // 2))
        if how == "account":
            return story.allocated(payment_id, on_account=amount)
        return story.unexplained(payment_id, amount) if how == "open" else story.set_aside(payment_id)

    def by_rule(self, decision: Decision) -> None:
        before = self.ledger.payment(ACME, decision.payment_id)
        untouched = before.state == "new" or (before.case is not None and before.case.state == "open")
        taken = self.ledger.record_decisions(ACME, [decision], change=story.rule(self.now()))
        if taken.recorded:
            assert untouched
            assert self.possible(decision)
            self.stands[decision.payment_id] = decision
        elif taken.refused:
            assert not untouched or not self.possible(decision)

    @rule(approves=st.booleans())
    def two_people(self, approves: bool) -> None:
        for case in self.ledger.exceptions(ACME, limit=1):
            payment_id = case.payment.payment_id
            asked = self.ledger.propose(
                ACME,
                case.case_id,
                story.allocated(payment_id, on_account=PAYMENTS[payment_id]),
                resolution="on_account",
                needs_approval=True,
                expected_version=case.version,
                change=story.person("anna", self.now()),
            )
            change = story.person("bert", self.now())
            said = self.ledger.give_verdict(ACME, asked.clearing_id, approves=approves, change=change)
            if approves:
                version = self.ledger.payment(ACME, payment_id).version
                self.ledger.decide(
                    ACME, said.decision, expected_version=version, clearing_id=said.clearing_id, change=change
                )
                self.stands[payment_id] = said.decision

    @rule()
    def plan(self) -> None:
        story.post_all(self.ledger)

    @rule(outcome=st.sampled_from(["confirmed", "submitted", "lost", "arrived", "rejected", "planned"]))
    def push(self, outcome: str) -> None:
        change = story.connector(self.now())
        rows = self.ledger.claim_postings(ACME, worker="w", limit=1, lease=timedelta(minutes=5), change=change)
        for row in rows:
            booked = (row.key in self.erp) != (row.action == "reverse")
            if booked:
                state = "confirmed"
            elif outcome in ("lost", "arrived"):
                state = "ambiguous"
            else:
                state = outcome
            if state in ("confirmed", "submitted") or (state == "ambiguous" and outcome == "arrived"):
                self.book(row.key, row.action, {line.item_id: line.cash for line in row.posting.allocations})
            if state == "rejected" and row.action == "reverse":
                state = "planned"
            self.ledger.record_result(
                ACME,
                row.outbox_id,
                PostingResult(state=state),
                worker="w",
                change=change,  # type: ignore[arg-type]
            )
        self.ledger.release_lease(ACME, worker="w")

    def book(self, key: str, action: str, lines: dict[str, int]) -> None:
        if action == "reverse":
            self.erp.pop(key, None)
        else:
            self.erp[key] = lines

    @rule()
    def the_erp_tells(self) -> None:
        booked = {one: sum(lines.get(one, 0) for lines in self.erp.values()) for one in ITEMS}
        items = [story.item(one, amount, open_amount=amount - booked[one]) for one, amount in ITEMS.items()]
        story.pull(self.ledger, *items, minutes=self.now())

    @rule(payment_id=st.sampled_from(sorted(PAYMENTS)))
    def the_same_file_again(self, payment_id: str) -> None:
        file = story.deliver(self.ledger, story.payment(payment_id, PAYMENTS[payment_id]), name=f"{payment_id}.sta")
        assert file.payments_new == 0

    @rule(payment_id=st.sampled_from(sorted(PAYMENTS)))
    def nonsense(self, payment_id: str) -> None:
        version = self.ledger.payment(ACME, payment_id).version
        wrong = story.allocated(payment_id, on_account=PAYMENTS[payment_id] + 1)
        with pytest.raises(LawBroken):
            self.ledger.decide(ACME, wrong, expected_version=version, change=story.person(minutes=self.now()))

    # -- What always holds -----------------------------------------------------------------------------------------

    @invariant()
    def payments_are_as_decided(self) -> None:
        (total,) = self.ledger.totals(ACME)
        new = [amount for payment_id, amount in PAYMENTS.items() if payment_id not in self.stands]
        parts = (total.allocated, total.on_account, total.in_exceptions, total.ignored, total.undecided)
        assert total.movement == sum(PAYMENTS.values()) == sum(parts)
        assert total.undecided == sum(new)
        assert total.allocated == sum(line.cash for one in self.stands.values() for line in one.allocations)
        open_cases = {one.payment.payment_id for one in self.ledger.all_open_exceptions(ACME)}
        assert open_cases == {one for one, decision in self.stands.items() if decision.exception}

    @invariant()
    def items_are_never_more_open_than_they_are(self) -> None:
        shown = {one.item_id: one.open_amount for one in self.ledger.items(ACME, sorted(ITEMS)).values()}
        for item_id, amount in ITEMS.items():
            sign = 1 if amount > 0 else -1
            assert 0 <= sign * shown[item_id] <= sign * self.rest(item_id)


def life_on(database: str, request: pytest.FixtureRequest, folder: Path) -> type[Life]:
    def fresh(_self: Life) -> str:
        name = f"life_{next(_numbers)}"
        if database == "sqlite":
            shutil.copy(request.getfixturevalue("sqlite_template"), folder / name)
            return str(folder / name)
        server: Postgres = request.getfixturevalue("postgres")
        return server.create_database(name, template="ledger_template")

    return type("Life", (Life,), {"fresh": fresh})


def test_life(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    run_state_machine_as_test(
        life_on(database, request, tmp_path),
        settings=settings(
            max_examples=15 if database == "sqlite" else 5,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )

"""Decides about everything that is undecided, in one unit of work, and plans what shall be posted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from integrations.config.settings import CompanySettings
from integrations.ledger.port import Ledger
from integrations.ledger.records import Refused
from integrations.services.context import Run
from integrations.services.postings import OpenAmounts, posting_of
from integrations.services.returns import with_returns
from matching.engine import match as decide
from matching.model.decision import Decision, MatchResult
from matching.model.open_item import Customer, LearnedFact, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

_CURSOR = "matched"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How many payments, and per currency what they add up to in minor units (sizes, not signs)."""

    count: int
    amounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """What matching made of the undecided payments. ``by_rule``: rule, payments, per currency what they add up to.

    ``settled`` are the ids of the payments that got allocations. ``skipped``: nothing had changed since the last time,
    so nothing was decided anew.
    """

    payments: int
    allocated: Amounts
    partly_allocated: Amounts
    exceptions: Amounts
    ignored: Amounts
    by_rule: tuple[tuple[str, Amounts], ...]
    recorded: int
    unchanged: int
    refused: tuple[Refused, ...]
    planned: int
    rule_version: str
    settled: frozenset[str] = frozenset()
    skipped: bool = False

    @property
    def automatic_per_ten_thousand(self) -> int:
        """Of the payments that are customers' money, how many were allocated wholly without a person."""
        relevant = self.payments - self.ignored.count
        return self.allocated.count * 10_000 // relevant if relevant else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """What matching looks at beside the items, which are streamed: a ledger may hold a million of them."""

    payments: dict[str, Payment]
    customers: tuple[Customer, ...]
    learned: tuple[LearnedFact, ...]
    policy: Policy


def match_payments(company: CompanySettings, ledger: Ledger, run: Run) -> MatchReport:
    """Match every payment nobody has decided about; doing it again on the same ledger changes nothing.

    The batch is decided as a whole, because two payments may claim one item. All decisions and the postings that
    follow from them are one unit of work. What the ledger refuses (something changed meanwhile) comes again next time.
    """
    name = company.name
    run.tell("reading what is open", 0, None)
    inputs = _read(company, ledger)
    if not inputs.payments or _decided_already(name, ledger, inputs):
        return _report(inputs, MatchResult(decisions=(), rule_version=""), skipped=True)
    run.tell("matching", 0, len(inputs.payments))
    history = History(settled_items=tuple(ledger.settled_items(name)), learned=inputs.learned)
    payments = tuple(inputs.payments.values())
    result = decide(payments, ledger.open_items(name), inputs.customers, history, inputs.policy, run.as_of)
    del history
    chosen = {each.item_id for decision in result.decisions for each in decision.allocations}
    items = ledger.items(name, sorted(chosen))
    change = run.change("rule", result.rule_version, "matching")
    with ledger.transaction(name) as unit:
        decisions = with_returns(result.decisions, inputs.payments, items, unit.allocations(name))
        recorded = unit.record_decisions(name, decisions, change=change)
        planned = plan_postings(name, unit, run, payments=inputs.payments, items=items)
        # Of the payments only those that were looked at: one that came meanwhile is new to the next run.
        waiting = {one.payment_id: one for one in unit.payments_to_match(name) if one.payment_id in inputs.payments}
        mark = _mark_of(replace(inputs, payments=waiting)) + _mark_of_items(name, unit)
        unit.save_cursor(name, _CURSOR, mark, change=change)
    run.tell("matching", len(inputs.payments), len(inputs.payments))
    return _report(
        inputs, result, recorded=recorded.recorded, unchanged=recorded.unchanged, refused=recorded.refused,
        planned=planned,
    )  # fmt: skip


def plan_postings(
    name: str,
    unit: Ledger,
    run: Run,
    *,
    payments: Mapping[str, Payment] | None = None,
    items: Mapping[str, OpenItem] | None = None,
) -> int:
    """Put into the outbox what live decisions say and no posting stands for yet.

    ``payments`` and ``items`` are what the caller has read already; the items as they were before the decisions.
    """
    waiting = list(unit.decisions_to_post(name))
    wanted = {allocation.item_id for one in waiting for allocation in one.decision.allocations}
    known = items or {}
    missing = sorted(wanted - set(known))
    amounts = OpenAmounts({**known, **unit.items(name, missing)} if missing else known)
    paid = dict(payments or {})
    paid |= unit.payments(name, sorted({one.decision.payment_id for one in waiting} - set(paid)))
    postings = [posting_of(name, one, paid[one.decision.payment_id], amounts) for one in waiting]
    change = run.change("system", "outbox", "planned from decisions")
    return unit.plan_postings(name, postings, approved=True, change=change)


def _read(company: CompanySettings, ledger: Ledger) -> _Inputs:
    name = company.name
    return _Inputs(
        payments={payment.payment_id: payment for payment in ledger.payments_to_match(name)},
        customers=tuple(ledger.customers(name)),
        learned=ledger.learned_facts(name),
        policy=company.policy.policy(ledger.house_accounts(name)),
    )


def _decided_already(name: str, ledger: Ledger, inputs: _Inputs) -> bool:
    """Whether nothing that matching looks at has changed, so that the same situation is not decided twice.

    Without it, a payment left undecided because another one was a rival for its item would be taken for certain in
    the next run, only because the rival is settled by then. Items are looked at only where all else is the same: a
    night with a new payment need not ask.
    """
    last, mark = ledger.cursor(name, _CURSOR), _mark_of(inputs)
    return last.startswith(mark) and last == mark + _mark_of_items(name, ledger)


def _mark_of(inputs: _Inputs) -> str:
    """A fingerprint of the payments, with all that is known of them, of customers, learned facts and policy."""
    digest = hashlib.blake2b(digest_size=16)
    # With all that is known of it: a later file may have named the payer of a payment that waits.
    _feed(digest, (repr(inputs.payments[payment_id]) for payment_id in sorted(inputs.payments)))
    _feed(digest, (repr(customer) for customer in inputs.customers))
    _feed(digest, (_fact(fact) for fact in inputs.learned))
    _feed(digest, [repr(inputs.policy)])
    return digest.hexdigest()


def _mark_of_items(name: str, ledger: Ledger) -> str:
    """A fingerprint of what is open, and how much was settled before."""
    digest = hashlib.blake2b(digest_size=16)
    _feed(digest, (f"{item_id}\x1f{amount}\x1f{number}" for item_id, amount, number in ledger.open_amounts(name)))
    _feed(digest, [str(ledger.count_settled_items(name))])
    return digest.hexdigest()


def _feed(digest: "hashlib.blake2b", texts: Iterable[str]) -> None:
    coming = iter(texts)
    while some := list(islice(coming, _AT_ONCE)):
        digest.update("\x1e".join((*some, "")).encode("utf-8", "surrogatepass"))
    digest.update(b"\x1d")


def _fact(fact: LearnedFact) -> str:
    return f"{fact.kind}\x1f{fact.subject}\x1f{fact.customer_id}\x1f{fact.confirmations}"


def _report(
    inputs: _Inputs,
    result: MatchResult,
    *,
    recorded: int = 0,
    unchanged: int = 0,
    refused: tuple[Refused, ...] = (),
    planned: int = 0,
    skipped: bool = False,
) -> MatchReport:
    by_rule: dict[str, list[Decision]] = {}
    for decision in result.decisions:
        by_rule.setdefault(decision.rule, []).append(decision)
    kinds = [
        [one for one in result.decisions if one.ignored is None and one.exception is None],
        [one for one in result.decisions if one.exception is not None and (one.allocations or one.on_account)],
        [one for one in result.decisions if one.exception is not None and not (one.allocations or one.on_account)],
        [one for one in result.decisions if one.ignored is not None],
    ]
    allocated, partly, exceptions, ignored = (_amounts(inputs, decisions) for decisions in kinds)
    return MatchReport(
        payments=len(result.decisions),
        allocated=allocated,
        partly_allocated=partly,
        exceptions=exceptions,
        ignored=ignored,
        by_rule=tuple((rule, _amounts(inputs, decisions)) for rule, decisions in sorted(by_rule.items())),
        recorded=recorded,
        unchanged=unchanged,
        refused=refused,
        planned=planned,
        rule_version=result.rule_version,
        settled=frozenset(one.payment_id for one in result.decisions if one.allocations),
        skipped=skipped,
    )


def _amounts(inputs: _Inputs, decisions: list[Decision]) -> Amounts:
    sums: Counter[str] = Counter()
    for decision in decisions:
        payment = inputs.payments[decision.payment_id]
        sums[payment.currency] += abs(payment.amount)
    return Amounts(count=len(decisions), amounts=tuple(sorted(sums.items())))

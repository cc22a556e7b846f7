"""People clear exception cases: accept, allocate, on account, write off, dispute, not ours; approve; reopen.

Rights and limits are enforced here, whoever calls: the command line, Dagster, a worklist file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal as Number
from itertools import islice
from typing import Literal

from integrations.config.people import Person, Right
from integrations.config.settings import CompanySettings
from integrations.ledger.errors import ChangedMeanwhile, LawBroken, NotAllowed, NotFound
from integrations.ledger.port import Ledger
from integrations.ledger.records import OPEN_CASE_STATES, CaseSummary, PaymentView
from integrations.services.context import Run
from integrations.services.match import plan_postings
from integrations.services.money_text import money_text
from integrations.services.postings import posting_key
from integrations.services.resolutions import Case, ClearingRefused, ClearRequest, resolve, written_off
from integrations.services.worklist import is_acceptable
from matching.learn import ConfirmedClear, learn
from matching.model.decision import Decision, ExceptionCase, Suggestion
from matching.model.money import to_minor
from matching.model.open_item import OpenItem
from matching.model.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOutcome:
    """What became of a request. ``message`` is one sentence for the person who asked."""

    case_id: str
    outcome: Literal["cleared", "partly_cleared", "awaiting_approval", "declined", "reopened", "refused"]
    message: str
    decision_id: int | None = None
    posting_key: str = ""


def clear(company: CompanySettings, ledger: Ledger, request: ClearRequest, *, by: str, run: Run) -> ClearOutcome:
    """Do what a person decided about a case, or note it for a second person.

    A refusal is an outcome, not an error: not open any more, over a limit, amounts that do not fit.
    """
    return _or_refused(request.case_id, lambda: _clear(company, ledger, request, by, run))


def clear_batch(
    company: CompanySettings,
    ledger: Ledger,
    requests: Sequence[ClearRequest],
    *,
    by: str,
    run: Run,
) -> tuple[ClearOutcome, ...]:
    """Clear many cases, each for itself: one refusal keeps no other from being done."""
    outcomes = []
    for place, request in enumerate(requests, start=1):
        outcomes.append(clear(company, ledger, request, by=by, run=run))
        run.tell("clearing", place, len(requests))
    return tuple(outcomes)


def suggestions_from(
    company: CompanySettings, ledger: Ledger, *, percent: int, limit: int = 10_000
) -> list[ClearRequest]:
    """Requests that accept the best suggestion of every case fit for it that is at least so sure (0 to 100).

    What is fit for a bulk is said by `worklist.is_acceptable`, so that the list counts what is accepted.
    """
    fit = (case for case in ledger.all_open_exceptions(company.name) if is_acceptable(case, percent))
    return [ClearRequest(case_id=case.case_id, resolution="accept_suggestion") for case in islice(fit, limit)]


def approve(
    company: CompanySettings, ledger: Ledger, case_id: str, *, by: str, run: Run, note: str = ""
) -> ClearOutcome:
    """A second person agrees to what another proposed; then it is done. Never one's own proposal."""
    return _or_refused(case_id, lambda: _verdict(company, ledger, case_id, by, run, note, approves=True))


def decline(
    company: CompanySettings, ledger: Ledger, case_id: str, *, by: str, run: Run, note: str = ""
) -> ClearOutcome:
    """A second person disagrees; the case is open again."""
    return _or_refused(case_id, lambda: _verdict(company, ledger, case_id, by, run, note, approves=False))


def reopen(company: CompanySettings, ledger: Ledger, about: str, *, by: str, run: Run, reason: str) -> ClearOutcome:
    """Take back what was decided about a payment, by a person or automatically: its items are open again.

    ``about`` is a case id, a payment id or a bank reference. What was posted is reversed in the ERP with the next push.
    Without a ``reason`` it is refused: who looks at it next year has nothing else to go by.
    """
    return _or_refused(about, lambda: _reopen(company, ledger, about, by, run, reason))


# -- inside ---------------------------------------------------------------------------------------------------------


def _or_refused(case_id: str, work: Callable[[], ClearOutcome]) -> ClearOutcome:
    """The outcome of the work, or the refusal as an outcome: what people may run into is no crash."""
    try:
        return work()
    except (ClearingRefused, ChangedMeanwhile, NotFound, NotAllowed, LawBroken) as refusal:
        return ClearOutcome(case_id=case_id, outcome="refused", message=str(refusal))


def _reopen(  # noqa: PLR0917 - the same order as the door above
    company: CompanySettings, ledger: Ledger, about: str, by: str, run: Run, reason: str
) -> ClearOutcome:
    person = _person(company, by, "reopen")
    view = ledger.payment(company.name, ledger.find_payment(company.name, about))
    live = next((one for one in view.decisions if one.live), None)
    if live is None or live.kind == "exception":
        message = f"payment {about} is open already; there is nothing to take back"
        raise ClearingRefused(message)
    if not reason.strip():
        message = f"why payment {about} is taken back is not said; write it as `reason`, it is kept for ever"
        raise ClearingRefused(message)
    _within_limit(person, view, "reopen")
    decision = _reopened(view, live.decision, f"Reopened by {by}: {reason.strip()}")
    with ledger.transaction(company.name) as unit:
        change = run.change("person", by, reason)
        recorded = unit.decide(company.name, decision, expected_version=view.version, change=change)
    message = f"case {recorded.case_id} is open again; what was posted is taken back in the ERP with the next push"
    return ClearOutcome(case_id=recorded.case_id, outcome="reopened", message=message, decision_id=recorded.decision_id)


def _clear(company: CompanySettings, ledger: Ledger, request: ClearRequest, by: str, run: Run) -> ClearOutcome:
    name = company.name
    person = _person(company, by, "clear")
    summary = ledger.case(name, request.case_id)
    if summary.state not in OPEN_CASE_STATES or summary.state == "awaiting_approval":
        state = "waits for a second person" if summary.state == "awaiting_approval" else f"is {summary.state}"
        message = f"case {request.case_id} {state}; look at the list again"
        raise ClearingRefused(message)
    view = ledger.payment(name, summary.payment.payment_id)
    _within_limit(person, view, "clear")
    case = _case(name, ledger, summary, view, request)
    decision = resolve(case, request)
    _may_give_up(company, person, decision, case)
    change = run.change("person", by, request.note or request.reason)
    with ledger.transaction(name) as unit:
        if _needs_second(company, summary):
            clearing = unit.propose(
                name, request.case_id, decision, resolution=request.resolution, needs_approval=True,
                expected_version=summary.version, change=change,
            )  # fmt: skip
            message = f"case {request.case_id} waits for a second person: {decision.explanation}"
            return ClearOutcome(case_id=clearing.case_id, outcome="awaiting_approval", message=message)
        clearing = unit.propose(
            name, request.case_id, decision, resolution=request.resolution, needs_approval=False,
            expected_version=summary.version, change=change,
        )  # fmt: skip
        version = unit.case(name, request.case_id).version
        recorded = unit.decide(
            name, decision, expected_version=version, change=change, clearing_id=clearing.clearing_id
        )
        _remember(name, unit, case.payment, decision, recorded.decision_id, run, by)
        plan_postings(name, unit, run)
    return _done(name, request.case_id, decision, recorded.decision_id, recorded.revision)


def _verdict(  # noqa: PLR0917 - the same order as the doors above
    company: CompanySettings, ledger: Ledger, case_id: str, by: str, run: Run, note: str, *, approves: bool
) -> ClearOutcome:
    name = company.name
    person = _person(company, by, "approve")
    waiting = next((one for one in ledger.approvals(name) if one.clearing.case_id == case_id), None)
    if waiting is None:
        message = f"case {case_id} does not wait for a second person; look at the list again"
        raise ClearingRefused(message)
    if waiting.clearing.person.casefold() == by.casefold():
        message = f"case {case_id} was proposed by you; somebody else must approve it"
        raise ClearingRefused(message)
    _within_limit(person, ledger.payment(name, waiting.payment.payment_id), "approve")
    change = run.change("person", by, note)
    with ledger.transaction(name) as unit:
        clearing = unit.give_verdict(name, waiting.clearing.clearing_id, approves=approves, change=change)
        if not approves:
            return ClearOutcome(case_id=case_id, outcome="declined", message=f"case {case_id} is open again")
        version = unit.case(name, case_id).version
        recorded = unit.decide(
            name, clearing.decision, expected_version=version, change=change, clearing_id=clearing.clearing_id
        )
        _remember(name, unit, waiting.payment, clearing.decision, recorded.decision_id, run, by)
        plan_postings(name, unit, run)
    return _done(name, case_id, clearing.decision, recorded.decision_id, recorded.revision)


def _done(name: str, case_id: str, decision: Decision, decision_id: int, revision: int) -> ClearOutcome:
    posts = bool(decision.allocations or decision.on_account)
    return ClearOutcome(
        case_id=case_id,
        outcome="partly_cleared" if decision.exception else "cleared",
        message=f"case {case_id}: {decision.explanation}",
        decision_id=decision_id,
        posting_key=posting_key(name, decision.payment_id, revision) if posts else "",
    )


def _case(name: str, ledger: Ledger, summary: CaseSummary, view: PaymentView, request: ClearRequest) -> Case:
    live = next((one for one in view.decisions if one.live), None)
    standing = live.decision if live else Decision(payment_id=view.payment.payment_id)
    ids = {one.item_id for suggestion in summary.suggestions for one in suggestion.allocations}
    ids |= {one.item_id for one in standing.allocations}
    items: dict[str, OpenItem] = {}
    for share in request.items:
        found = ledger.items(name, [share.item]) or {
            item.item_id: item
            for item in ledger.find_items(name, share.item)
            if item.number.casefold() == share.item.casefold()
        }
        items.update(found)
    items.update(ledger.items(name, sorted(ids)))
    return Case(summary=summary, standing=standing, items=items)


def _person(company: CompanySettings, by: str, right: Right) -> Person:
    person = company.rights.person(by)
    if person is None:
        message = f"{by} is not among the people of {company.name}; ask whoever keeps the configuration"
        raise ClearingRefused(message)
    if right not in person.may:
        message = f"{by} may not {right.replace('_', ' ')} in {company.name}; ask somebody who may"
        raise ClearingRefused(message)
    return person


def _limit(limits: dict[str, Number], currency: str) -> int | None:
    return to_minor(limits[currency], currency) if currency in limits else None


def _within_limit(person: Person, view: PaymentView, verb: str) -> None:
    currency = view.payment.currency
    limit = _limit(person.limit, currency)
    if limit is not None and abs(view.payment.amount) > limit:
        message = (
            f"{person.name} may {verb} payments up to {money_text(limit, currency)}; "
            f"this one is {money_text(view.payment.amount, currency)}: ask somebody with a higher limit"
        )
        raise ClearingRefused(message)


def _may_give_up(company: CompanySettings, person: Person, decision: Decision, case: Case) -> None:
    """A suggestion's agreed discount needs no right of its own; what a person gives up does."""
    given_up = written_off(decision, case.standing)
    if not given_up or decision.rule == "accept_suggestion":
        return
    if "write_off" not in person.may:
        message = f"{person.name} may not write off in {company.name}; ask somebody who may"
        raise ClearingRefused(message)
    if not company.rights.people:
        return
    currency = case.payment.currency
    limit = _limit(person.write_off_limit, currency) or 0
    if given_up > limit:
        message = (
            f"{person.name} may write off up to {money_text(limit, currency)} a case; "
            f"this would be {money_text(given_up, currency)}: ask somebody with a higher limit, or dispute the rest"
        )
        raise ClearingRefused(message)


def _needs_second(company: CompanySettings, summary: CaseSummary) -> bool:
    limit = _limit(company.rights.four_eyes_above, summary.payment.currency)
    return limit is not None and abs(summary.payment.amount) > limit


def _reopened(view: PaymentView, before: Decision, why: str) -> Decision:
    """The whole payment is to be decided again; what stood before is kept as the first suggestion."""
    suggestions: tuple[Suggestion, ...] = ()
    if before.allocations:
        suggestions = (
            Suggestion(
                allocations=before.allocations,
                confidence=0.0,
                why=f"What had been decided before: {before.explanation}",
                customer_id=before.on_account_customer_id,
                on_account=before.on_account,
            ),
        )
    kind = view.case.kind if view.case else "ambiguous"
    case = ExceptionCase(kind=kind, unallocated=view.payment.amount, why=why, suggestions=suggestions)
    return Decision(payment_id=view.payment.payment_id, exception=case, rule="reopened", explanation=why)


def _remember(  # noqa: PLR0917 - ledger and run as everywhere, then what was decided
    name: str, unit: Ledger, payment: Payment, decision: Decision, source: int, run: Run, by: str
) -> None:
    """Learn from what was confirmed: whose account and name the payer's are, or that its money is never ours."""
    items = unit.items(name, [one.item_id for one in decision.allocations])
    # The ledger counts this decision already; habits are about what stood open before it.
    settled = {one.item_id: one.settled for one in decision.allocations}
    before = tuple(replace(item, open_amount=item.open_amount + settled[key]) for key, item in items.items())
    owners = {item.customer_id for item in before}
    clear = ConfirmedClear(
        payment=payment,
        items=before,
        allocations=decision.allocations,
        others=tuple(unit.open_items_of(name, owners.pop())) if len(owners) == 1 else (),
        cleared_on=run.as_of,
        source=str(source),
        not_ours=decision.ignored is not None,
        on_account_of=decision.on_account_customer_id,
    )
    facts = learn([clear], unit.customers(name))
    if facts:
        unit.learn(name, facts, change=run.change("person", by, f"learned from decision {source}"))

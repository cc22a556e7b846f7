"""`lettrage cases`, `clear`, `approve`, `decline`, `reopen`: what people decide."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, get_args

import typer

from integrations.cli.options import AsOfOption, ByOption, CompanyOption, ConfigOption, Work, one_company, run_of
from integrations.cli.output import fail, out, progress, say, table
from integrations.ledger.records import Resolution
from integrations.services.clear import ClearOutcome, clear_batch, suggestions_from
from integrations.services.clear import approve as approve_case
from integrations.services.clear import clear as clear_case
from integrations.services.clear import decline as decline_case
from integrations.services.clear import reopen as reopen_payment
from integrations.services.context import Run
from integrations.services.money_text import day_text, money_text
from integrations.services.publish import publish
from integrations.services.resolutions import RESIDUAL_REASONS, ClearRequest, ItemShare
from integrations.services.sync import push_connected
from integrations.services.worklist import WorklistCase, one_case, worklist
from matching.model.money import AmountError, to_minor

_RESOLUTIONS: tuple[Resolution, ...] = get_args(Resolution)
_COLUMNS = (
    ("Case", False),
    ("Booked", False),
    ("Amount", True),
    ("Payer", False),
    ("Kind", False),
    ("Best suggestion", False),
)
NoteOption = Annotated[str, typer.Option(help="kept with the decision")]
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="case id, for example EX-7K2M")]


def cases(
    config: ConfigOption,
    *,
    company: CompanyOption = None,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="show this case with its suggestions")] = None,
    limit: Annotated[int, typer.Option(help="how many to list, most urgent first")] = 20,
    as_of: AsOfOption = None,
) -> None:
    """List the cases that wait for a person, most urgent first, or show one with its suggestions."""
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        if case:
            _show_case(one_case(work.company, work.ledger, case, as_of=run.as_of))
            return
        listed = worklist(work.company, work.ledger, as_of=run.as_of, limit=limit)
    total = ", ".join(money_text(minor, currency) for currency, minor in listed.amounts)
    say(f"{listed.open_count} cases are open ({total or 'nothing'}), the oldest for {listed.oldest_days} days")
    table("", _COLUMNS, (_row(one) for one in listed.cases))


def clear(
    case: CaseArgument,
    resolution: Annotated[str, typer.Argument(help=" | ".join(_RESOLUTIONS))],
    config: ConfigOption,
    *,
    company: CompanyOption = None,
    suggestion: Annotated[int, typer.Option(help="which suggestion, counted from 1")] = 1,
    item: Annotated[
        list[str] | None, typer.Option(help="item id or document number, with =AMOUNT where not all of it fits")
    ] = None,
    customer: Annotated[str, typer.Option(help="whose account takes what is left")] = "",
    reason: Annotated[str, typer.Option(help=f"for a dispute one of: {', '.join(RESIDUAL_REASONS)}")] = "",
    note: NoteOption = "",
    by: ByOption,
    as_of: AsOfOption = None,
) -> None:
    """Clear one case, then post it. Exit status 1 when it was refused; the message says why."""
    if resolution not in _RESOLUTIONS:
        fail(f"{resolution!r} is no resolution; choose one of {', '.join(_RESOLUTIONS)}")
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        currency = work.ledger.case(work.company.name, case).payment.currency
        request = ClearRequest(
            case_id=case,
            resolution=resolution,
            suggestion=suggestion,
            items=tuple(_share(text, currency) for text in item or ()),
            customer_id=customer,
            reason=reason,
            note=note,
        )
        outcome = clear_case(work.company, work.ledger, request, by=by, run=run)
        _after(work, [outcome], run)


def accept(
    config: ConfigOption,
    *,
    percent: Annotated[int, typer.Option(min=1, max=100, help="accept suggestions that are at least so sure")] = 85,
    company: CompanyOption = None,
    by: ByOption,
    as_of: AsOfOption = None,
) -> None:
    """Accept the best suggestion of every case where it is sure enough, then post them."""
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        requests = suggestions_from(work.company, work.ledger, percent=percent)
        _after(work, clear_batch(work.company, work.ledger, requests, by=by, run=run), run)


def approve(
    case: CaseArgument,
    config: ConfigOption,
    *,
    company: CompanyOption = None,
    by: ByOption,
    note: NoteOption = "",
    as_of: AsOfOption = None,
) -> None:
    """Agree, as the second person, to how somebody else wants to clear a case."""
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        _after(work, [approve_case(work.company, work.ledger, case, by=by, run=run, note=note)], run)


def decline(
    case: CaseArgument,
    config: ConfigOption,
    *,
    company: CompanyOption = None,
    by: ByOption,
    note: NoteOption = "",
    as_of: AsOfOption = None,
) -> None:
    """Disagree, as the second person; the case is open again."""
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        _after(work, [decline_case(work.company, work.ledger, case, by=by, run=run, note=note)], run)


def reopen(
    about: Annotated[str, typer.Argument(help="case id, payment id or bank reference")],
    config: ConfigOption,
    *,
    reason: Annotated[str, typer.Option(help="why it was wrong; kept for ever")],
    company: CompanyOption = None,
    by: ByOption,
    as_of: AsOfOption = None,
) -> None:
    """Take back what was decided about a payment; its items are open again, also in the ERP."""
    with one_company(config, company) as work, progress() as tell:
        run = run_of(work.company, as_of, tell)
        _after(work, [reopen_payment(work.company, work.ledger, about, by=by, run=run, reason=reason)], run)


def _after(work: Work, outcomes: Sequence[ClearOutcome], run: Run) -> None:
    """Say what became of each, and carry what was done to the ERP."""
    for outcome in outcomes:
        say(f"{outcome.outcome}: {outcome.message}")
    done = [one for one in outcomes if one.outcome not in {"refused", "awaiting_approval"}]
    if done:
        report = push_connected(work.company, work.ledger, run)
        publish(work.company, work.ledger)
        say(f"posted {report.confirmed + report.submitted}, refused {report.rejected}, unsure {report.ambiguous}")
        for message in report.messages:
            say(message)
    if any(one.outcome == "refused" for one in outcomes):
        raise typer.Exit(1)


def _share(text: str, currency: str) -> ItemShare:
    name, mark, amount = text.partition("=")
    if not mark:
        return ItemShare(item=name)
    try:
        return ItemShare(item=name, amount=to_minor(Decimal(amount), currency))
    except (InvalidOperation, AmountError):
        fail(f"--item {text}: {amount!r} is no amount in {currency}; write for example {name}=12.50")


def _row(case: WorklistCase) -> tuple[str, ...]:
    best = case.suggestions[0].why if case.suggestions else ""
    payment = case.payment
    return (
        case.case_id,
        day_text(payment.booked_on),
        money_text(case.unallocated, payment.currency),
        payment.payer_name,
        case.kind.replace("_", " "),
        best,
    )


def _show_case(case: WorklistCase) -> None:
    payment = case.payment
    say(f"{case.case_id} ({case.state}): {case.why}")
    say(f"  {money_text(payment.amount, payment.currency)} booked {day_text(payment.booked_on)} on {payment.account}")
    say(f"  from {payment.payer_name or 'an unnamed payer'} {payment.payer_account}".rstrip())
    say(f"  text: {payment.remittance}")
    for number, suggestion in enumerate(case.suggestions, start=1):
        say(f"  suggestion {number} ({int(suggestion.confidence * 100)} %): {suggestion.why}")
        for one in suggestion.allocations:
            item = case.items.get(one.item_id)
            open_now = f", open {money_text(item.open_amount, item.currency)}" if item else ""
            label = item.number if item else one.item_id
            say(f"    {label}: {money_text(one.cash, payment.currency)}{open_now}")
    say(f"  possible: {', '.join(case.allowed) or 'a second person decides'}")
    out.print()

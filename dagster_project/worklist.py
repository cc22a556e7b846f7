"""The exceptions asset as a worklist: counts that are plotted, one line for the bulk, lists of twenty with links."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from dagster_project import escape
from dagster_project.case_text import comments, kind_text, payer, percent, suggestion_text, wrote
from dagster_project.forms import clearing_form, form_yaml
from dagster_project.links import Place
from integrations.services.money_text import money_text
from integrations.services.worklist import Worklist, WorklistCase
from matching.model.decision import Suggestion
from matching.model.money import minor_digits

ROWS_PER_LIST = 20
# Markdown below this many characters is shown on the page itself, longer text behind a button.
INLINE = 1_000
# Blanks that do not break keep a row of the list within two lines.
LABELS = {
    "accept_suggestion": "Accept",
    "allocate": "Allocate",
    "on_account": "On\u00a0account",
    "write_off": "Write\u00a0off",
    "discount": "Discount",
    "refund_due": "Refund",
    "dispute": "Dispute",
    "not_customer_payment": "Not\u00a0ours",
}


_TOO_MUCH = {"over_payment", "duplicate_payment"}
_WORTH_SHOWING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The names of one company's jobs that the worklist links to."""

    clear: str
    batch: str
    approve: str
    reopen: str
    look_up: str

    @classmethod
    def of(cls, company: str) -> "Jobs":
        """The jobs of a company.

        >>> Jobs.of("acme").clear
        'clear_exception_acme'
        """
        return cls(
            clear=f"clear_exception_{company}",
            batch=f"clear_exceptions_batch_{company}",
            approve=f"approve_{company}",
            reopen=f"reopen_exception_{company}",
            look_up=f"look_up_{company}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a worklist is shown: whose it is, where its links lead, from which confidence on the bulk link accepts."""

    company: str
    place: Place
    accept_from: int = 85
    spreadsheet: str = ""

    @property
    def jobs(self) -> Jobs:
        """The jobs that the links start."""
        return Jobs.of(self.company)


def metadata(worklist: Worklist, page: Page) -> dict[str, dg.MetadataValue]:
    """The exceptions asset's metadata; keys are shown in this order, numbers are plotted over time."""
    shown: dict[str, dg.MetadataValue] = {
        "todo": dg.MetadataValue.md(summary(worklist, page)),
        "open": dg.MetadataValue.int(worklist.open_count),
    }
    for currency, minor in worklist.amounts:
        # Whole units: a plot needs no cents, and no amount becomes a float.
        shown[f"amount_{currency}"] = dg.MetadataValue.int(minor // 10 ** minor_digits(currency))
    shown["oldest_days"] = dg.MetadataValue.int(worklist.oldest_days)
    waiting = [case for case in worklist.cases if case.state == "awaiting_approval"]
    if worklist.awaiting_approval_count:
        shown["waiting_for_approval"] = dg.MetadataValue.int(worklist.awaiting_approval_count)
        if waiting:
            shown["to_approve"] = dg.MetadataValue.md(table(waiting[:ROWS_PER_LIST], page))
    rest = [case for case in worklist.cases if case.state != "awaiting_approval"]
    for number, start in enumerate(range(0, len(rest), ROWS_PER_LIST), start=1):
        rows = table(rest[start : start + ROWS_PER_LIST], page)
        shown[f"list_{number:02d}"] = dg.MetadataValue.md(rows)
    shown["by_reason"] = dg.MetadataValue.md(by_kind(worklist.by_kind))
    if page.spreadsheet:
        shown["spreadsheet"] = dg.MetadataValue.path(page.spreadsheet)
    return shown


def summary(worklist: Worklist, page: Page) -> str:
    """The line above the lists, always short enough to be shown on the page: how much there is, and the bulk link."""
    if not worklist.open_count:
        return "Nothing to do: every payment is allocated, on account or ignored."
    amounts = " and ".join(money_text(minor, currency) for currency, minor in worklist.amounts[:4])
    if len(worklist.amounts) > 4:
        amounts += f" and {len(worklist.amounts) - 4} more currencies"
    # Two short lines: a long path further down widens Dagster's table, and the end of a longer line is not seen.
    text = f"**{_count(worklist.open_count, 'open case')}**, oldest {_count(worklist.oldest_days, 'day')}:\n\n{amounts}"
    if worklist.acceptable_count:
        label = f"Accept {_count(worklist.acceptable_count, 'suggestion')} of at least {page.accept_from} %"
        text += f"\n\n[{label}]({bulk_link(worklist, page)})"
    if worklist.awaiting_approval_count:
        text += f"\n\n{_count(worklist.awaiting_approval_count, 'case')} waiting for a second person: see `to_approve`."
    shown = len(worklist.cases)
    if shown < worklist.open_count:
        text += f"\n\nThe {shown} most urgent are listed; the spreadsheet holds all."
    assert len(text) < INLINE, "the summary must be visible without a click"
    return text


def bulk_link(worklist: Worklist, page: Page) -> str:
    """The Launchpad that accepts all good suggestions in one run."""
    remarks = [
        f"Accepts the best suggestion of every case where it is at least {page.accept_from} % sure.",
        f"When the list was made, these were {worklist.acceptable_count}; no more than that will be accepted.",
    ]
    values = {"accept_from_percent": page.accept_from, "at_most": worklist.acceptable_count, "note": ""}
    return page.place.launch(page.jobs.batch, form_yaml(values, remarks))


def table(cases: Sequence[WorklistCase], page: Page) -> str:
    """Up to twenty cases as a markdown table."""
    head = ["Case", "Payer", "Amount", "Days", "They wrote", "Why here", "Best suggestion", "Decide"]
    rows = [_row(head), _row(["---"] * len(head))]
    return "\n".join(rows + [_row(_cells(case, page)) for case in cases])


def by_kind(counts: Sequence[tuple[str, int]]) -> str:
    """How many cases for which reason."""
    rows = [_row(["Reason", "Cases"]), _row(["---", "---:"])]
    return "\n".join(rows + [_row([escape.markdown(kind_text(kind)), str(count)]) for kind, count in counts])


def _cells(case: WorklistCase, page: Page) -> Iterator[str]:
    payment, best = case.payment, best_of(case)
    yield f"`{case.case_id}`"
    yield escape.markdown(payer(case), 28)
    amount = escape.unbroken(money_text(case.unallocated, payment.currency))
    if case.unallocated != payment.amount:
        amount += f" of {escape.unbroken(money_text(payment.amount, payment.currency))}"
    yield amount
    yield str(case.age_days)
    yield escape.markdown(wrote(case), 44)
    yield escape.markdown(kind_text(case.kind))
    sure = "before:" if best and not best.confidence else percent(best.confidence) if best else ""
    yield escape.markdown(f"{sure} {suggestion_text(case, best, 60)}") if best else "none"
    yield " ".join(links(case, page))


def best_of(case: WorklistCase) -> Suggestion | None:
    """The suggestion worth showing; what is hardly more than a guess is only found in the Launchpad's comments."""
    best = case.suggestions[0] if case.suggestions else None
    # What had been decided before a case was reopened carries no confidence at all, and is shown all the same.
    return best if best and (best.confidence >= _WORTH_SHOWING or not best.confidence) else None


def links(case: WorklistCase, page: Page) -> Iterator[str]:
    """What can be decided about a case, each as a link to a prefilled Launchpad."""
    jobs, place = page.jobs, page.place
    if case.state == "awaiting_approval":
        for label, approves in (("Approve", True), ("Send back", False)):
            form = form_yaml({"case": case.case_id, "approve": approves, "note": ""}, comments(case))
            yield f"[{label}]({place.launch(jobs.approve, form)})"
        return
    for resolution in offered(case):
        yield f"[{LABELS[resolution]}]({place.launch(jobs.clear, clearing_form(case, resolution))})"


def offered(case: WorklistCase) -> Iterator[str]:
    """Of what is allowed, what is worth a link: no guess to accept, no refund where not too much was paid.

    Nothing to give up or to dispute where nothing is short: where too much was paid, or the best suggestion settles its
    items in full. And nothing to give up as long as it is open which item is meant, or that item is in dispute; of what
    was reopened, the item is known.
    """
    best, too_much = best_of(case), case.kind in _TOO_MUCH
    unclear = case.kind == "disputed_item" or (case.kind == "ambiguous" and case.state != "reopened")
    short = case.kind == "short_payment" or (best is not None and any(one.residual for one in best.allocations))
    sensible = {"accept_suggestion": best is not None, "refund_due": too_much, "dispute": short and not too_much}
    sensible |= dict.fromkeys(("write_off", "discount"), short and not (too_much or unclear))
    return (resolution for resolution in case.allowed if sensible.get(resolution, True))


def _row(cells: "Iterator[str] | Sequence[str]") -> str:
    return "| " + " | ".join(cells) + " |"


def _count(number: int, what: str) -> str:
    """A number with its noun.

    >>> _count(1, "day"), _count(2, "day")
    ('1 day', '2 days')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"

"""The exceptions asset as a worklist: counts that are plotted, one line for the bulk, lists of twenty with links."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from dagster_project import escape
from dagster_project.case_text import CaseView, kind_text, payer, percent, suggestion_text, wrote
from dagster_project.forms import clearing_form, form_yaml
from dagster_project.links import Place
from integrations.services.money_text import day_text, money_text
from matching.model.money import minor_digits

ROWS_PER_LIST = 20
# Markdown below this many characters is shown on the page itself, longer text behind a button.
INLINE = 1_000
LABELS = {
    "accept_suggestion": "Accept",
    "allocate": "Allocate",
    "on_account": "On account",
    "write_off": "Write off",
    "discount": "Discount",
    "refund_due": "Refund",
    "dispute": "Dispute",
    "not_customer_payment": "Not ours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The names of one company's jobs that the worklist links to."""

    clear: str
    batch: str
    approve: str
    reopen: str

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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """What finance has to do in one company.

    ``views`` are the most urgent cases, as many as are shown; ``open_count`` and ``amounts`` (per currency, minor
    units, sizes) count all. ``acceptable`` says how many cases have a suggestion of at least ``accept_from`` percent.
    """

    company: str
    views: tuple[CaseView, ...]
    open_count: int
    awaiting_approval: int
    amounts: Mapping[str, int]
    oldest_days: int
    by_kind: Sequence[tuple[str, int]]
    acceptable: int
    accept_from: int = 85
    spreadsheet: str = ""


def metadata(worklist: Worklist, place: Place) -> dict[str, dg.MetadataValue]:
    """The exceptions asset's metadata; keys are shown in this order, numbers are plotted over time."""
    shown: dict[str, dg.MetadataValue] = {
        "todo": dg.MetadataValue.md(summary(worklist, place)),
        "open": dg.MetadataValue.int(worklist.open_count),
    }
    for currency, minor in sorted(worklist.amounts.items()):
        # Whole units: a plot needs no cents, and no amount becomes a float.
        shown[f"amount_{currency}"] = dg.MetadataValue.int(minor // 10 ** minor_digits(currency))
    shown["oldest_days"] = dg.MetadataValue.int(worklist.oldest_days)
    waiting = [view for view in worklist.views if view.case.state == "awaiting_approval"]
    if worklist.awaiting_approval:
        shown["waiting_for_approval"] = dg.MetadataValue.int(worklist.awaiting_approval)
        shown["to_approve"] = dg.MetadataValue.md(table(waiting[:ROWS_PER_LIST], worklist.company, place))
    rest = [view for view in worklist.views if view.case.state != "awaiting_approval"]
    for number, start in enumerate(range(0, len(rest), ROWS_PER_LIST), start=1):
        page = table(rest[start : start + ROWS_PER_LIST], worklist.company, place)
        shown[f"list_{number:02d}"] = dg.MetadataValue.md(page)
    shown["by_reason"] = dg.MetadataValue.md(by_kind(worklist.by_kind))
    if worklist.spreadsheet:
        shown["spreadsheet"] = dg.MetadataValue.path(worklist.spreadsheet)
    return shown


def summary(worklist: Worklist, place: Place) -> str:
    """The line above the lists, always short enough to be shown on the page: how much there is, and the bulk link."""
    if not worklist.open_count:
        return "Nothing to do: every payment is allocated, on account or ignored."
    amounts = " and ".join(money_text(minor, currency) for currency, minor in sorted(worklist.amounts.items()))
    text = f"**{_count(worklist.open_count, 'open case')}**, {amounts}, oldest {_count(worklist.oldest_days, 'day')}."
    if worklist.acceptable:
        label = f"Accept {_count(worklist.acceptable, 'suggestion')} of at least {worklist.accept_from} %"
        text += f"\n\n[{label}]({bulk_link(worklist, place)})"
    if worklist.awaiting_approval:
        text += f"\n\n{_count(worklist.awaiting_approval, 'case')} waiting for a second person: see `to_approve`."
    shown = len(worklist.views)
    if shown < worklist.open_count:
        text += f"\n\nThe {shown} most urgent are listed; the spreadsheet holds all."
    assert len(text) < INLINE, "the summary must be visible without a click"
    return text


def bulk_link(worklist: Worklist, place: Place) -> str:
    """The Launchpad that accepts all good suggestions in one run."""
    remarks = [
        f"Accepts the best suggestion of every case where it is at least {worklist.accept_from} % sure.",
        f"When the list was made, these were {worklist.acceptable}; no more than that will be accepted.",
    ]
    values = {"accept_from_percent": worklist.accept_from, "at_most": worklist.acceptable, "note": ""}
    return place.launch(Jobs.of(worklist.company).batch, form_yaml(values, remarks))


def table(views: Sequence[CaseView], company: str, place: Place) -> str:
    """Up to twenty cases as a markdown table."""
    head = ["Case", "Payer", "Amount", "They wrote", "Reason", "Best suggestion", "Decide"]
    rows = [_row(head), _row(["---"] * len(head))]
    return "\n".join(rows + [_row(_cells(view, company, place)) for view in views])


def by_kind(counts: Sequence[tuple[str, int]]) -> str:
    """How many cases for which reason."""
    rows = [_row(["Reason", "Cases"]), _row(["---", "---:"])]
    return "\n".join(rows + [_row([escape.markdown(kind_text(kind)), str(count)]) for kind, count in counts])


def _cells(view: CaseView, company: str, place: Place) -> Iterator[str]:
    case, payment = view.case, view.case.payment
    best = case.suggestions[0] if case.suggestions else None
    yield f"{escape.markdown(case.case_id)}<br>{_count(view.age_days, 'day')}".replace("<br>", " · ")
    yield escape.markdown(payer(view), 40)
    amount = money_text(case.unallocated, payment.currency)
    if case.unallocated != payment.amount:
        amount += f" of {money_text(payment.amount, payment.currency)}"
    yield f"{amount}, {day_text(payment.booked_on)}"
    yield escape.markdown(wrote(view), 80)
    yield escape.markdown(kind_text(case.kind))
    yield escape.markdown(f"{percent(best.confidence)} {suggestion_text(view, best, 90)}") if best else "none"
    yield " · ".join(links(view, company, place))


def links(view: CaseView, company: str, place: Place) -> Iterator[str]:
    """What can be decided about a case, each as a link to a prefilled Launchpad."""
    jobs = Jobs.of(company)
    if view.case.state == "awaiting_approval":
        form = form_yaml({"case": view.case.case_id, "approve": True, "note": ""}, [f"{view.case.why}"])
        yield f"[Approve]({place.launch(jobs.approve, form)})"
        back = form_yaml({"case": view.case.case_id, "approve": False, "note": ""}, [f"{view.case.why}"])
        yield f"[Send back]({place.launch(jobs.approve, back)})"
        return
    for resolution in view.allowed:
        yield f"[{LABELS[resolution]}]({place.launch(jobs.clear, clearing_form(view, resolution))})"


def _row(cells: "Iterator[str] | Sequence[str]") -> str:
    return "| " + " | ".join(cells) + " |"


def _count(number: int, what: str) -> str:
    """A number with its noun.

    >>> _count(1, "day"), _count(2, "day")
    ('1 day', '2 days')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"

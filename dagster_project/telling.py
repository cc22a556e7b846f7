"""Service reports as Dagster metadata: counts that are plotted, tables and sentences for people."""

from collections.abc import Iterable, Sequence

import dagster as dg

from dagster_project import escape
from integrations.services.context import Problem
from integrations.services.ingest import ImportReport
from integrations.services.match import MatchReport
from integrations.services.money_text import money_text
from integrations.services.notes import NotesReport
from integrations.services.pull import PullReport
from integrations.services.push import PushReport
from matching.model.money import minor_digits

Metadata = dict[str, dg.MetadataValue]
_SHOWN = 20


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> dg.MetadataValue:
    """A markdown table; cells must be safe already."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return dg.MetadataValue.md("\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]))


def whole(minor: int, currency: str) -> dg.MetadataValue:
    """An amount in whole units for plots: no cents, and no amount becomes a float."""
    return dg.MetadataValue.int(minor // 10 ** minor_digits(currency))


def amounts(prefix: str, sums: Iterable[tuple[str, int]]) -> Metadata:
    """One number per currency."""
    return {f"{prefix}_{currency}": whole(minor, currency) for currency, minor in sums}


def set_aside(problems: Sequence[Problem]) -> Metadata:
    """What could not be read, the first of them in words."""
    if not problems:
        return {"set_aside": dg.MetadataValue.int(0)}
    rows = [
        [escape.markdown(problem.where, 60), escape.markdown(problem.message, 200)] for problem in problems[:_SHOWN]
    ]
    return {"set_aside": dg.MetadataValue.int(len(problems)), "set_aside_list": table(["Where", "What to do"], rows)}


def customers(report: PullReport) -> Metadata:
    """The customers asset."""
    return {"dagster/row_count": dg.MetadataValue.int(report.customers)}


def open_items(report: PullReport, left_over: PushReport) -> Metadata:
    """The open items asset."""
    told: Metadata = {
        "dagster/row_count": dg.MetadataValue.int(report.open_items),
        **amounts("open", report.open_amounts),
        "changed": dg.MetadataValue.int(report.changed),
        "no_longer_open": dg.MetadataValue.int(report.gone),
        "settled_items_known": dg.MetadataValue.int(report.settled_items),
        **set_aside(report.quarantined),
    }
    if left_over.sent:
        told["posted_from_before"] = dg.MetadataValue.int(left_over.sent)
    return told


def bank_statements(report: ImportReport) -> Metadata:
    """The bank statements asset."""
    rows = [
        [
            escape.markdown(file.name, 50),
            file.status,
            f"{file.entries_new} of {file.entries}",
            escape.markdown(file.message, 160),
        ]
        for file in report.files
        if file.status != "known"
    ]
    told: Metadata = {
        "dagster/row_count": dg.MetadataValue.int(report.payments_new),
        "files_new": dg.MetadataValue.int(report.files_new),
        "files_known": dg.MetadataValue.int(report.files_known),
        "files_refused": dg.MetadataValue.int(sum(file.status in {"refused", "stopped"} for file in report.files)),
        **set_aside(report.quarantined),
    }
    if rows:
        told["files"] = table(["File", "What", "New entries", "Message"], rows[:_SHOWN])
    return told


def allocations(report: MatchReport) -> Metadata:
    """What matching did in this run; the rate is plotted."""
    told: Metadata = {"payments_decided": dg.MetadataValue.int(report.payments)}
    if not report.skipped and report.payments > report.ignored.count:
        told["automatic_percent"] = dg.MetadataValue.int(report.automatic_per_ten_thousand // 100)
    for name in ("allocated", "partly_allocated", "exceptions", "ignored"):
        counted = getattr(report, name)
        told[name] = dg.MetadataValue.int(counted.count)
        told |= amounts(name, counted.amounts)
    told["rules"] = dg.MetadataValue.text(report.rule_version or "nothing new to decide")
    if report.by_rule:
        # One currency a line: a second amount beside the first would be out of sight.
        rows = [
            [escape.markdown(rule or "none") if first else "", str(one.count) if first else "", amount]
            for rule, one in sorted(report.by_rule, key=lambda each: -each[1].count)
            for first, amount in _amounts_below_each_other(one.amounts)
        ]
        told["by_rule"] = table(["Rule", "Count", "Amount"], rows)
    if report.refused:
        rows = [
            [escape.markdown(one.payment_id[:20]), escape.markdown(one.why, 160)] for one in report.refused[:_SHOWN]
        ]
        told["not_taken"] = table(["Payment", "Why; it comes again next time"], rows)
    return told


def _amounts_below_each_other(sums: Sequence[tuple[str, int]]) -> list[tuple[bool, str]]:
    r"""For each currency whether it is the first, and its amount; at least one line.

    >>> _amounts_below_each_other([("EUR", 125000), ("GBP", 1)])
    [(True, '1,250.00\xa0EUR'), (False, '0.01\xa0GBP')]
    """
    shown = [escape.unbroken(money_text(minor, currency)) for currency, minor in sums] or [""]
    return [(not place, amount) for place, amount in enumerate(shown)]


def postings(report: PushReport) -> Metadata:
    """What went to the ERP."""
    told: Metadata = {
        name: dg.MetadataValue.int(getattr(report, name))
        for name in ("sent", "confirmed", "submitted", "rejected", "ambiguous", "waiting")
    }
    if report.messages:
        rows = [[escape.markdown(message, 240)] for message in report.messages[:_SHOWN]]
        told["what_the_erp_said"] = table(["Message"], rows)
    return told


def notes(report: NotesReport) -> Metadata:
    """What was noted in the ERP about open cases; nothing where it has no place for notes."""
    if not (report.written or report.closed or report.messages):
        return {}
    return {
        "notes_in_the_erp": dg.MetadataValue.int(report.written),
        "notes_closed": dg.MetadataValue.int(report.closed),
    }

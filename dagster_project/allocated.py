"""The allocations asset's lists: what was decided last, what was least sure, what to audit; each with why and Undo."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import dagster as dg

from dagster_project import escape, telling
from dagster_project.case_text import percent
from dagster_project.forms import form_yaml
from dagster_project.spreadsheet import safe
from dagster_project.worklist import Page
from integrations.services.allocated import AllocationsView, LookUp, Settled
from integrations.services.money_text import money_text
from matching.model.money import to_decimal

_PER_LIST = 20
_ITEMS_SHOWN = 6
_HEAD = ["Payment", "Amount", "Settles", "Rule", "Sure", "Because", "Undo"]
_COLUMNS = ["payment_id", "bank_reference", "booked_on", "payer", "amount", "currency", "items", "by", "rule", "sure",
            "because", "posting"]  # fmt: skip


def metadata(view: AllocationsView, page: Page) -> telling.Metadata:
    """The lists; a random sample to audit first, then what was least sure under each rule, then what came last."""
    told: telling.Metadata = {"look_up": dg.MetadataValue.md(look_up_link(page))}
    if view.to_audit:
        told["to_audit"] = table(view.to_audit, page)
    for rule, some in view.by_rule.items():
        told[f"rule_{rule}"] = table(some[:_PER_LIST], page)
    for number, start in enumerate(range(0, len(view.latest), _PER_LIST), start=1):
        told[f"latest_{number:02d}"] = table(view.latest[start : start + _PER_LIST], page)
    return told


def table(some: Iterable[Settled], page: Page) -> dg.MetadataValue:
    """Up to twenty payments; the reason is told to its end."""
    return telling.table(_HEAD, [_cells(one, page) for one in some])


def _cells(one: Settled, page: Page) -> list[str]:
    payment, row = one.payment, one.decided
    return [
        f"{escape.markdown(payment.payer_name, 32)} {escape.markdown(payment.bank_reference)}",
        escape.unbroken(money_text(payment.amount, payment.currency)),
        escape.markdown(_items(one, _ITEMS_SHOWN)),
        escape.markdown(f"by hand: {row.rule}" if row.by_person else row.rule),
        escape.unbroken(percent(row.confidence)),
        escape.markdown(row.explanation),
        undo_link(page, payment.payment_id, row.explanation),
    ]


def _items(one: Settled, limit: int = 0) -> str:
    currency, parts = one.payment.currency, []
    for row in one.rows:
        given_up = row.allocation.discount + row.allocation.write_off
        text = f"{row.number} {money_text(row.allocation.cash, currency)}"
        parts.append(f"{text} and {money_text(given_up, currency)} without cash" if given_up else text)
    shown = "; ".join(parts[:limit] if limit else parts)
    return f"{shown}; and {len(parts) - limit} more" if limit and len(parts) > limit else shown


def undo_link(page: Page, payment_id: str, explanation: str) -> str:
    """The Launchpad that takes a payment's decision back."""
    remarks = [f"takes back: {escape.plain(explanation, 200)}", "write between the quotes why; it is kept for ever"]
    form = form_yaml({"case_or_payment": payment_id, "reason": ""}, remarks)
    return f"[Undo]({page.place.launch(page.jobs.reopen, form)})"


def look_up_link(page: Page) -> str:
    """The Launchpad that tells the story of anything."""
    remark = "a case (EX-7K2M), a payment's id or bank reference, or an item's number or id"
    form = form_yaml({"about": ""}, [remark])
    return f"[Look up any payment, case or item]({page.place.launch(page.jobs.look_up, form)})"


def story(found: LookUp, page: Page) -> telling.Metadata:
    """What was looked up, sentence by sentence, and how to take it back."""
    lines = "\n".join(f"1. {escape.markdown(sentence)}" for sentence in found.story)
    told: telling.Metadata = {"about": dg.MetadataValue.text(found.about), "story": dg.MetadataValue.md(lines)}
    if found.payment_id:
        told["undo"] = dg.MetadataValue.md(undo_link(page, found.payment_id, found.story[-1]))
    return told


def csv_path(folder: Path, company: str) -> Path:
    """Where all allocations of the last run lie as a spreadsheet."""
    return folder / f"allocations_{company}.csv"


def written(path: Path, some: Iterable[Settled]) -> Iterator[Settled]:
    """The same allocations, each written to the file with its reason as it goes by; the file is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for one in some:
            writer.writerow(_csv_row(one))
            yield one
    part.replace(path)


def _csv_row(one: Settled) -> Sequence[object]:
    payment, row = one.payment, one.decided
    return [
        payment.payment_id,
        safe(payment.bank_reference),
        payment.booked_on,
        safe(payment.payer_name),
        to_decimal(payment.amount, payment.currency),
        payment.currency,
        safe(_items(one)),
        "person" if row.by_person else "rule",
        row.rule,
        percent(row.confidence),
        safe(row.explanation),
        row.posting_key,
    ]

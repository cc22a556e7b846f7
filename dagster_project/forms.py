"""The forms that finance fills in the Launchpad: which fields a job takes, and a prefilled form for each case.

They are classic configuration schemas on purpose. Fields of a pydantic `dagster.Config` also take `{env: NAME}`, so
that whoever may open the Launchpad could read the worker's environment into a note; these refuse it.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import dagster as dg

from dagster_project import escape
from dagster_project.case_text import comments
from integrations.services.worklist import WorklistCase
from matching.model.decision import Suggestion
from matching.model.money import to_decimal

# What a person can decide about a case, in the order in which the worklist offers it.
RESOLUTIONS = {
    "accept_suggestion": "take suggestion number `suggestion` as it stands",
    "allocate": "settle the `items` listed; what is left stays in the case",
    "on_account": "keep the money as credit of `customer`",
    "write_off": "settle the `items` listed and write off what is short, within your limit",
    "discount": "settle the `items` listed and grant what is short as early-payment discount",
    "refund_due": "the money goes back to the payer; keeps it apart until it does",
    "dispute": "settle what was paid, and note the rest of the `items` as disputed for `reason`",
    "not_customer_payment": "not for us to allocate; `reason` says what it is",
}
Resolution = dg.Enum("Resolution", [dg.EnumValue(name, description=text) for name, text in RESOLUTIONS.items()])
_ITEM = {
    "item": dg.Field(str, description="number of the invoice or credit note, or its id in the ERP"),
    "amount": dg.Field(
        str, is_required=False, description='cash for it, such as "1250.00"; left out: all that is open'
    ),
}
_CASE = dg.Field(str, description="number of the case, such as EX-7K2M")
_NOTE = dg.Field(str, is_required=False, default_value="", description="for whoever reads this later")

CLEARING: dict[str, Any] = {
    "case": _CASE,
    "resolution": dg.Field(Resolution, description="; ".join(f"{name}: {text}" for name, text in RESOLUTIONS.items())),
    "suggestion": dg.Field(int, is_required=False, default_value=1, description="which suggestion to accept"),
    "items": dg.Field(dg.Array(_ITEM), is_required=False, default_value=[], description="what the payment settles"),
    "customer": dg.Field(str, is_required=False, default_value="", description="whose money it is (customer id)"),
    "reason": dg.Field(str, is_required=False, default_value="", description="why, for write-offs, disputes, others"),
    "note": _NOTE,
}
BATCH: dict[str, Any] = {
    "accept_from_percent": dg.Field(
        int, is_required=False, default_value=0, description="accept every best suggestion of at least this confidence"
    ),
    "at_most": dg.Field(int, is_required=False, default_value=500, description="never more cases than this in one run"),
    "decisions": dg.Field(dg.Array(CLEARING), is_required=False, default_value=[], description="single decisions"),
    "note": _NOTE,
}
VERDICT: dict[str, Any] = {
    "case": _CASE,
    "approve": dg.Field(bool, is_required=False, default_value=True, description="false sends it back to the list"),
    "note": _NOTE,
}
REOPENING: dict[str, Any] = {
    "case_or_payment": dg.Field(str, description="case number, payment id or the bank's reference of the payment"),
    "reason": dg.Field(str, description="why it is taken back"),
}
LOOKING: dict[str, Any] = {
    "about": dg.Field(str, description="case number, payment id, bank reference, or an item's number or id"),
}
WORKLIST_FILE: dict[str, Any] = {
    "file": dg.Field(str, description="name of the filled-in file in the folder `in` of the worklist folder"),
}

# Characters of one line that the Launchpad shows on a small office screen; it does not fold lines by itself.
_LINE = 86


def form_yaml(values: Mapping[str, Any], remarks: Iterable[str] = ()) -> str:
    r"""A prefilled form: remarks as comments above the fields, every text quoted.

    >>> print(form_yaml({"case": "EX-1", "items": [{"item": "R 1", "amount": "5.00"}]}, ["two\nlines"]), end="")
    # two lines
    case: "EX-1"
    items:
    - {item: "R 1", amount: "5.00"}
    """
    lines = [f"# {line}" for remark in remarks for line in _folded(escape.comment(remark))]
    for key, entry in values.items():
        if isinstance(entry, list):
            lines.append(f"{key}:" if entry else f"{key}: []")
            lines += [f"- {{{', '.join(f'{name}: {_scalar(one)}' for name, one in row.items())}}}" for row in entry]
        else:
            lines.append(f"{key}: {_scalar(entry)}")
    return "\n".join(lines) + "\n"


def _folded(remark: str) -> Iterator[str]:
    yield from textwrap.wrap(remark, _LINE - 2, subsequent_indent="  ", break_on_hyphens=False) or [""]


def _scalar(entry: object) -> str:
    if isinstance(entry, bool):
        return str(entry).lower()
    if isinstance(entry, int):
        return str(entry)
    return escape.value(str(entry))


def clearing_values(case: WorklistCase, resolution: str) -> dict[str, Any]:
    """The form's fields for one case and resolution, filled in from the best suggestion where there is one."""
    values: dict[str, Any] = {"case": case.case_id, "resolution": resolution}
    best = case.suggestions[0] if case.suggestions else None
    match resolution:
        case "accept_suggestion":
            values["suggestion"] = 1
        case "allocate" | "write_off" | "discount":
            values["items"] = _items(case, best)
        case "dispute":
            values |= {"items": _items(case, best), "reason": ""}
        case "on_account":
            values["customer"] = case.customer_id or (best.customer_id if best else "")
        case "not_customer_payment":
            values["reason"] = "supplier_payment" if case.unallocated < 0 else "other"
    return values | {"note": ""}


def clearing_form(case: WorklistCase, resolution: str) -> str:
    """The text of the Launchpad for one case and resolution: the whole case as comments, then the fields."""
    values = clearing_values(case, resolution)
    remarks = [*comments(case), f"may also be: {', '.join(one for one in case.allowed if one != resolution)}"]
    if values.get("items") == []:
        remarks.append(f'items are written so: [{{item: VF26-04001, amount: "{_example(case)}"}}], several with commas')
    return form_yaml(values, remarks)


def _example(case: WorklistCase) -> Decimal:
    return to_decimal(case.unallocated, case.payment.currency)


def _items(case: WorklistCase, suggestion: Suggestion | None) -> list[dict[str, str]]:
    if suggestion is None:
        return []
    currency = case.payment.currency
    return [
        {
            "item": case.items[one.item_id].number if one.item_id in case.items else one.item_id,
            "amount": str(to_decimal(one.cash, currency)),
        }
        for one in suggestion.allocations
    ]

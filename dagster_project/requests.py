"""From what a person filled in, in the Launchpad or in a spreadsheet, to a request that the clearing service takes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from dagster_project.office import Office
from integrations.ledger.errors import NotFound
from integrations.ledger.port import Ledger
from integrations.ledger.records import Resolution
from integrations.services import clear as clearing
from integrations.services.clear import ClearOutcome
from integrations.services.context import Run
from integrations.services.resolutions import ClearRequest, ItemShare
from matching.model.money import AmountError, Money

_ITEM = re.compile(r"\s*(?P<item>[^=;]+?)\s*(?:=\s*(?P<amount>[^;]*?)\s*)?")


def clear_one(office: Office, ledger: Ledger, form: Mapping[str, Any], *, by: str, run: Run) -> ClearOutcome:
    """Do what one filled-in form says; what cannot be understood is refused in words, like everything else."""
    case_id = str(form["case"]).strip().upper()
    try:
        currency = ledger.case(office.name, case_id).payment.currency
        request = request_of(form, currency)
    except (NotFound, AmountError, ValueError) as error:
        return ClearOutcome(case_id=case_id, outcome="refused", message=str(error))
    return clearing.clear(office.company, ledger, request, by=by, run=run)


def request_of(form: Mapping[str, Any], currency: str) -> ClearRequest:
    """The request in a form. Raises AmountError and ValueError with a sentence.

    >>> form = {"case": "ex-1", "resolution": "allocate", "items": [{"item": "R-1", "amount": "5.00"}]}
    >>> request_of(form, "EUR").items
    (ItemShare(item='R-1', amount=500),)
    """
    resolution = str(form["resolution"]).strip().lower()
    if resolution not in get_args(Resolution):
        message = f"resolution {resolution!r} is not known; choose one of {', '.join(get_args(Resolution))}"
        raise ValueError(message)
    return ClearRequest(
        case_id=str(form["case"]).strip().upper(),
        resolution=cast("Resolution", resolution),
        suggestion=int(form.get("suggestion") or 1),
        items=tuple(_share(one, currency) for one in form.get("items") or ()),
        customer_id=str(form.get("customer") or "").strip(),
        reason=str(form.get("reason") or "").strip(),
        note=str(form.get("note") or "").strip(),
    )


def with_note(request: ClearRequest, note: str) -> ClearRequest:
    """The same request with a note."""
    return replace(request, note=note.strip())


def form_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """A spreadsheet row as a form: items are written `number = amount; number = amount`, amounts may be left out.

    >>> form_of({"case": "EX-1", "resolution": "allocate", "items": "R-1 = 5.00; R-2"})["items"]
    [{'item': 'R-1', 'amount': '5.00'}, {'item': 'R-2'}]
    """
    parts = [_ITEM.fullmatch(part) for part in fields.get("items", "").split(";") if part.strip()]
    items = [{name: text for name, text in part.groupdict().items() if text} for part in parts if part]
    return {**fields, "items": items}


def _share(entry: Mapping[str, str], currency: str) -> ItemShare:
    text = (entry.get("amount") or "").strip()
    if not text:
        return ItemShare(item=entry["item"].strip())
    try:
        amount = Money.parse(text, currency, decimal_mark=".").minor
    except AmountError as error:
        message = f"{error}; write the amount of {entry['item']} like 1250.00, without grouping"
        raise AmountError(message) from None
    return ItemShare(item=entry["item"].strip(), amount=amount)

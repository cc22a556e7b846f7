"""Exceptions as text files attached to the invoice or the customer, and the dispute status of the invoice.

The API has no comments on invoices. An attachment can be replaced, so there is one file per case; its name carries a
mark of the content, and is changed last, so that a stop in between is made good the next time.
"""

import hashlib

from integrations.erp.businesscentral.client import BusinessCentralClient
from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.read import BusinessCentralReader
from integrations.erp.businesscentral.receivables import CREDIT_MEMO, INVOICE
from integrations.erp.errors import Unsupported, ValidationFailed
from integrations.erp.odata import Row, text_literal
from integrations.erp.protocol import Note, NoteRef, NoteTarget
from matching.model.open_item import OpenItem

_ATTACHMENTS = "documentAttachments"


def put_note(
    settings: Settings, client: BusinessCentralClient, reader: BusinessCentralReader, target: NoteTarget, note: Note
) -> NoteRef:
    """Attach the note, or replace it when it says something else. Raises ValidationFailed when its place is gone."""
    parent_type, parent_id = _place(settings, client, reader, target)
    text = f"{note.key}: {note.summary}\n{note.text}\n" + ("(closed)\n" if note.closed else "")
    name = f"{note.key} {hashlib.sha256(text.encode()).hexdigest()[:6]}.txt"
    rows = client.rows(_ATTACHMENTS, filter=f"parentId eq {parent_id}", select="id,fileName,parentId")
    ours = [row for row in rows if str(row.get("fileName") or "").startswith(f"{note.key} ")]
    left_out = (*_left_out(note), *_dispute(settings, client, parent_type, parent_id, note))
    if any(row["fileName"] == name for row in ours) or (note.closed and not ours):
        native_id = f"{_ATTACHMENTS}({ours[0]['id']})" if ours else ""
        return NoteRef(native_id=native_id, created=False, left_out=left_out)
    created = not ours
    row: Row = ours[0] if ours else {}
    if created:
        # Named by the case alone until its content is there.
        values = {"fileName": f"{note.key} new.txt", "parentType": parent_type, "parentId": parent_id}
        row = client.create(_ATTACHMENTS, values)
    client.upload(_ATTACHMENTS, str(row["id"]), "attachmentContent", text.encode())
    fresh = client.record(_ATTACHMENTS, str(row["id"]))
    if fresh is not None:
        client.change(_ATTACHMENTS, fresh, {"fileName": name})
    return NoteRef(native_id=f"{_ATTACHMENTS}({row['id']})", created=created, left_out=left_out)


def _place(
    settings: Settings, client: BusinessCentralClient, reader: BusinessCentralReader, target: NoteTarget
) -> tuple[str, str]:
    """What kind of record the note is attached to, and its id."""
    if target.item_id:
        return _document(settings, client, reader, target.item_id)
    if not target.customer_id:
        message = "Business Central keeps notes on invoices, credit memos and customers, not on journal lines"
        raise Unsupported(message, capability="notes_on_posting")
    found = reader.customer_id(target.customer_id)
    if not found:
        message = f"customer {target.customer_id} is not in Business Central, so no note can stand there"
        raise ValidationFailed(message)
    return "Customer", found


def _document(
    settings: Settings, client: BusinessCentralClient, reader: BusinessCentralReader, item_id: str
) -> tuple[str, str]:
    item: OpenItem | None = reader.items([item_id]).get(item_id)
    if item is None:
        message = f"item {item_id} is not in Business Central, so no note can stand there"
        raise ValidationFailed(message)
    for prefix, entities, parent_type in (
        (INVOICE, "salesInvoices", "Sales Invoice"),
        (CREDIT_MEMO, "salesCreditMemos", "Sales Credit Memo"),
    ):
        if item_id.startswith(prefix) and settings.ledger_page is None:
            return parent_type, item_id.removeprefix(prefix)
        if item_id.startswith(prefix):
            rows = client.rows(entities, filter=f"number eq {text_literal(item.number)}", select="id,number")
            found = next((str(row["id"]) for row in rows), "")
            if found:
                return parent_type, found
    # An entry without a sales document, such as an opening balance: the customer is the next best place.
    return _place(settings, client, reader, NoteTarget(customer_id=item.customer_id))


def _dispute(
    settings: Settings, client: BusinessCentralClient, parent_type: str, parent_id: str, note: Note
) -> tuple[str, ...]:
    if note.disputed is None:
        return ()
    if not settings.dispute_status:
        return ("no dispute_status is set, so the invoice is not marked as disputed",)
    if parent_type != "Sales Invoice":
        return ("only invoices have a dispute status",)
    invoice = client.record("salesInvoices", parent_id, select="id,disputeStatus")
    wanted = settings.dispute_status if note.disputed else ""
    if invoice is None or str(invoice.get("disputeStatus") or "") == wanted:
        return ()
    try:
        client.change("salesInvoices", invoice, {"disputeStatus": wanted})
    except ValidationFailed as error:
        return (f"the dispute status is set by hand: {error}",)
    return ()


def _left_out(note: Note) -> tuple[str, ...]:
    found = []
    if note.dunning_blocked is not None:
        found.append("the API has no flag that stops reminders; set On Hold on the ledger entry by hand")
    if note.assignee or note.due_on:
        found.append("the note carries no assignee and no due date")
    return tuple(found)

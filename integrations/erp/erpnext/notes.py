"""Exceptions as comments on the invoice or the customer, told apart by a tag.

An accounts user may add comments and tags but may not list comments, so the tag (case id and a mark of the content)
says what stands there already. Comments are not changed: a new text stands below the old one.
"""

import hashlib
from typing import Any

from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.read import INVOICE, ON_ACCOUNT, PAYMENT
from integrations.erp.errors import ValidationFailed
from integrations.erp.protocol import Note, NoteRef, NoteTarget, RemotePosting

_TAG = "frappe.desk.doctype.tag.tag"


def put_note(client: ErpNextClient, target: NoteTarget, note: Note, posted: RemotePosting | None) -> NoteRef:
    """Add the comment unless the same stands there already. Raises ValidationFailed when there is no such document."""
    doctype, name = _place(target, posted)
    rows = client.rows(doctype, [["name", "=", name]], ["name", "_user_tags"], limit=1)
    if not rows:
        message = f"{doctype} {name} is not in ERPNext, so no note can stand there"
        raise ValidationFailed(message)
    ours = [tag for tag in str(rows[0].get("_user_tags") or "").split(",") if tag.startswith(f"{note.key} ")]
    content = f"{note.key}: {note.summary}\n{note.text}" + ("\n(closed)" if note.closed else "")
    tag = f"{note.key} {hashlib.sha256(content.encode()).hexdigest()[:6]}"
    left_out = _left_out(note)
    reference = NoteRef(native_id=f"{doctype}/{name}#{note.key}", created=not ours, left_out=left_out)
    if tag in ours or (note.closed and not ours):
        return reference
    comment: dict[str, Any] = {"reference_doctype": doctype, "reference_name": name, "content": content,
                               "comment_email": "lettrage@localhost", "comment_by": "Lettrage"}  # fmt: skip
    client.method("frappe.desk.form.utils.add_comment", writing=True, **comment)
    client.method(f"{_TAG}.add_tag", writing=True, tag=tag, dt=doctype, dn=name)
    for old in ours:
        client.method(f"{_TAG}.remove_tag", writing=True, tag=old, dt=doctype, dn=name)
    return reference


def _place(target: NoteTarget, posted: RemotePosting | None) -> tuple[str, str]:
    if target.item_id.startswith(ON_ACCOUNT):
        return PAYMENT, target.item_id.removeprefix(ON_ACCOUNT)
    if target.item_id:
        return INVOICE, target.item_id
    if posted is not None:
        return PAYMENT, posted.native_ids[0]
    return "Customer", target.customer_id


def _left_out(note: Note) -> tuple[str, ...]:
    found = []
    if note.disputed is not None:
        found.append("ERPNext has no dispute flag on invoices")
    if note.dunning_blocked is not None:
        found.append("ERPNext has no flag that stops dunning")
    if note.assignee or note.due_on:
        found.append("the comment carries no assignee and no due date")
    return tuple(found)

"""Exceptions as one comment each on the invoice, the payment or the customer, changed where it stands.

An accounts user may not list comments, but sees those of a document it may read, and may change its own. The case id in
front of the text tells which comment is whose.
"""

import html
import re

from integrations.erp.erpnext.client import ErpNextClient, NotThereError
from integrations.erp.erpnext.items import IN_JOURNAL, INVOICE, JOURNAL, ON_ACCOUNT, PAYMENT, Row, document_of
from integrations.erp.errors import ValidationFailed
from integrations.erp.protocol import Note, NoteRef, NoteTarget, RemotePosting

_FORM = "frappe.desk.form"


def put_note(client: ErpNextClient, target: NoteTarget, note: Note, posted: RemotePosting | None) -> NoteRef:
    """Write the comment, or change it where its text differs. Raises ValidationFailed when there is no document."""
    doctype, name = _place(target, posted)
    ours = _comments(client, doctype, name, note.key)
    content = _content(note)
    reference = NoteRef(native_id=f"{doctype}/{name}#{note.key}", created=not ours, left_out=_left_out(note))
    if not ours:
        if not note.closed:
            comment = {"reference_doctype": doctype, "reference_name": name, "content": content}
            by = {"comment_email": "lettrage@localhost", "comment_by": "Lettrage"}
            client.method(f"{_FORM}.utils.add_comment", writing=True, **comment, **by)
    elif _plain(str(ours[-1].get("content") or "")) != _plain(content):
        changed = {"name": ours[-1]["name"], "content": content}
        client.call(f"{_FORM}.utils.update_comment", writing=True, **changed)
    return reference


def _comments(client: ErpNextClient, doctype: str, name: str, key: str) -> list[Row]:
    """The comments on the document that begin with the case id, oldest first."""
    try:
        answer = client.call(f"{_FORM}.load.get_docinfo", writing=False, doctype=doctype, name=name)
    except NotThereError:
        message = f"{doctype} {name} is not in ERPNext, so no note can stand there"
        raise ValidationFailed(message) from None
    comments = (answer.get("docinfo") or {}).get("comments") or []
    found = [each for each in comments if _plain(str(each.get("content") or "")).startswith(f"{key}:")]
    return sorted(found, key=lambda each: str(each.get("creation")))


def _content(note: Note) -> str:
    """The comment as ERPNext keeps it: HTML, one line per line, nothing of the text taken for a tag."""
    lines = [f"{note.key}: {note.summary}", *note.text.splitlines(), *(["(closed)"] if note.closed else [])]
    return "<div>" + "<br>".join(html.escape(line, quote=False) for line in lines) + "</div>"


def _plain(content: str) -> str:
    """The words of a comment, whatever ERPNext's editor made around them.

    >>> _plain("<div>EX-1: 5 &lt; 6<br>paid</div>") == _plain("<p>EX-1: 5 &lt; 6</p> paid")
    True
    """
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def _place(target: NoteTarget, posted: RemotePosting | None) -> tuple[str, str]:
    if target.item_id:
        prefix = target.item_id.partition(":")[0] + ":"
        doctype = {ON_ACCOUNT: PAYMENT, IN_JOURNAL: JOURNAL}.get(prefix, INVOICE)
        return doctype, document_of(target.item_id)
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

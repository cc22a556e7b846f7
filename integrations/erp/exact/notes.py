"""Exceptions as communication notes on the customer: the API can add them and cannot change them.

The subject begins with the case id and carries a mark of the content, so the same is not said twice; a changed text
stands below the old one.
"""

import hashlib
from typing import Any

from integrations.erp.errors import Unsupported, ValidationFailed
from integrations.erp.exact.client import ExactClient
from integrations.erp.exact.read import ExactReader
from integrations.erp.odata import text_literal
from integrations.erp.protocol import Note, NoteRef, NoteTarget

_NOTES = "activities/CommunicationNotes"
_LONGEST_SUBJECT = 100


def put_note(client: ExactClient, reader: ExactReader, target: NoteTarget, note: Note) -> NoteRef:
    """Add the note unless it is there. Raises Unsupported, ValidationFailed when its place is gone."""
    customer_id, number = _place(reader, target)
    text = f"{number}{note.text}" + ("\n(closed)" if note.closed else "")
    mark = hashlib.sha256(f"{note.summary}\n{text}".encode()).hexdigest()[:6]
    wanted = f"startswith(Subject,{text_literal(note.key + ' ')})"
    rows = list(client.rows(_NOTES, filter=wanted, select="ID,Subject,Created"))
    rows.sort(key=lambda row: (str(row.get("Created") or ""), str(row["ID"])))
    left_out = _left_out(note)
    there = any(str(row.get("Subject") or "").startswith(f"{note.key} {mark} ") for row in rows)
    created = not rows
    if not there and not (note.closed and created):
        values: dict[str, Any] = {
            "Account": customer_id,
            "Subject": f"{note.key} {mark} {note.summary}"[:_LONGEST_SUBJECT],
            "Notes": text,
        }
        client.create(_NOTES, values)
        if created:
            rows = list(client.rows(_NOTES, filter=wanted, select="ID,Subject,Created"))
    native_id = f"{_NOTES}(guid'{rows[0]['ID']}')" if rows else ""
    return NoteRef(native_id=native_id, created=created and bool(rows), left_out=left_out)


def _place(reader: ExactReader, target: NoteTarget) -> tuple[str, str]:
    """The customer that the note stands on, and the item it is about as a first line."""
    if target.item_id:
        item = reader.items([target.item_id]).get(target.item_id)
        if item is None:
            message = f"receivable {target.item_id} is not in Exact Online, so no note can stand there"
            raise ValidationFailed(message)
        return item.customer_id, f"invoice {item.number}: "
    if not target.customer_id:
        message = "Exact Online keeps notes on customers, not on entries"
        raise Unsupported(message, capability="notes_on_posting")
    return target.customer_id, ""


def _left_out(note: Note) -> tuple[str, ...]:
    found = []
    if note.disputed is not None:
        found.append("Exact's API sets no dispute mark on a receivable")
    if note.dunning_blocked is not None:
        found.append("Exact's API sets no stop of reminders on a receivable")
    if note.assignee or note.due_on:
        found.append("the note carries no assignee and no due date")
    return tuple(found)

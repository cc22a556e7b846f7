"""Exceptions as to-dos on the invoice or the bank line: made once, kept up to date, closed with feedback."""

from collections.abc import Callable
from typing import Any

from integrations.erp.errors import ErpError, Unsupported, ValidationFailed
from integrations.erp.odoo.post import OdooPoster
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from integrations.erp.protocol import Note, NoteRef, NoteTarget

_ACTIVITY = "mail.activity"
_TODO = "mail.mail_activity_data_todo"


def put_note(rpc: OdooRpc, reader: OdooReader, poster: OdooPoster, target: NoteTarget, note: Note) -> NoteRef:
    """Make, change or close the to-do with this key. Raises Unsupported for a customer alone."""
    move_id = _move(reader, poster, target)
    summary = f"{note.key}: {note.summary}"[:200]
    open_ones = rpc.search_read(
        _ACTIVITY,
        [["res_model", "=", "account.move"], ["res_id", "=", move_id], ["summary", "=like", f"{note.key}:%"]],
        ["summary"],
        limit=1,
        order="id",
    )
    left_out = _flags(rpc, move_id, note)
    if note.closed:
        if not open_ones:
            return NoteRef(native_id="", created=False, left_out=(*left_out, "there is no open to-do to close"))
        found = int(open_ones[0]["id"])
        rpc.call(_ACTIVITY, "action_feedback", ids=[found], writing=True, feedback=note.text)
        return NoteRef(native_id=f"{_ACTIVITY},{found}", created=False, left_out=left_out)
    values: dict[str, Any] = {"summary": summary, "note": _html(note.text)}
    if note.due_on:
        values["date_deadline"] = note.due_on.isoformat()
    if note.assignee.isdigit():
        values["user_id"] = int(note.assignee)
    if open_ones:
        found = int(open_ones[0]["id"])
        rpc.write(_ACTIVITY, [found], values)
        return NoteRef(native_id=f"{_ACTIVITY},{found}", created=False, left_out=left_out)
    made = rpc.call("account.move", "activity_schedule", ids=[move_id], writing=True, act_type_xmlid=_TODO, **values)
    return NoteRef(native_id=f"{_ACTIVITY},{_id_in(made)}", created=True, left_out=left_out)


def _move(reader: OdooReader, poster: OdooPoster, target: NoteTarget) -> int:
    if target.item_id:
        lines = reader.lines([target.item_id])
        if lines:
            return int(lines[0]["move_id"])
        message = f"item {target.item_id} is not in Odoo, so no note can stand there"
        raise ValidationFailed(message)
    if target.posting_key:
        remote = poster.books.find(target.posting_key)
        if remote is not None:
            return int(remote.native_ids[1].rpartition(",")[2])
    message = "our Odoo user may write to-dos on invoices and bank lines only, not on customers"
    raise Unsupported(message, capability="notes_on_customer")


def _flags(rpc: OdooRpc, move_id: int, note: Note) -> tuple[str, ...]:
    """Set or lift the dispute block and the dunning stop, as far as this version has them."""
    left_out = []
    if note.disputed is not None:
        left_out += _dispute(rpc, move_id, wanted=note.disputed)
    if note.dunning_blocked is not None:
        field = next(iter(sorted(rpc.fields(LINE, ["blocked", "no_followup"]))), None)
        if field is None:
            left_out.append("this Odoo has no field to stop dunning")
        else:
            lines = rpc.search_read(
                LINE, [["move_id", "=", move_id], ["account_type", "=", "asset_receivable"]], ["id"]
            )
            ids = [line["id"] for line in lines]
            left_out += _tried(lambda: rpc.write(LINE, ids, {field: note.dunning_blocked}))
    return tuple(left_out)


def _dispute(rpc: OdooRpc, move_id: int, *, wanted: bool) -> list[str]:
    if rpc.version < 18:
        return ["a dispute cannot be marked before Odoo 18"]
    (move,) = rpc.search_read("account.move", [["id", "=", move_id]], ["payment_state"])
    if (move["payment_state"] == "blocked") == wanted:
        return []
    return _tried(lambda: rpc.call("account.move", "action_toggle_block_payment", ids=[move_id], writing=True))


def _tried(change: Callable[[], object]) -> list[str]:
    try:
        change()
    except ErpError as error:
        if error.advice != "ask":
            raise
        return [f"the flag was not changed: {error}"]
    return []


def _html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"<p>{line}</p>" for line in escaped.split("\n"))


def _id_in(made: Any) -> str:
    """JSON-RPC writes a record as "mail.activity(7,)", JSON-2 as [7].

    >>> _id_in("mail.activity(7,)"), _id_in([7])
    ('7', '7')
    """
    return "".join(character for character in str(made) if character.isdigit())

"""Which earlier entry a return or reversal undoes.

A direct debit comes back, a transfer cannot be delivered, the bank corrects itself: the new entry carries what the
old one moved, with the other sign. Linked, the two explain each other and the customer's item opens again; guessed
wrongly, a paid invoice is reminded. So a link is made only where exactly one entry fits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from integrations.bank.identity import normalised_account
from matching.model.bank_statement import BankEntry, EntryDetail

_SAYS_NOTHING = {"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "UNKNOWN"}
_RETURN_DAYS = 430
"""A SEPA direct debit can come back for 13 months after the debit when it was not authorised (SDD Core, 4.3.4)."""
_GUESS_DAYS = 70
"""Without a reference only what can be returned without giving a reason, 8 weeks and the bank's days, is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedDetail:
    """One payment of the ledger: its id, its own signed amount, and the entry and detail it came from."""

    payment_id: str
    amount: Decimal
    booked_on: date
    entry: BankEntry
    detail: EntryDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoLink:
    """``undoing`` undoes ``undone``; ``by`` says on what grounds, for the person who checks."""

    undoing: str
    undone: str
    by: Literal["original end-to-end id", "mandate", "payer account", "payer name"]


def undoes_something(entry: BankEntry, detail: EntryDetail) -> bool:
    """Whether the bank says that this is a return or reversal: a reason, an original id, or the reversal mark."""
    return bool(entry.reversal or detail.return_reason or detail.original_end_to_end_id)


def undo_link(undoing: KeyedDetail, earlier: Iterable[KeyedDetail]) -> UndoLink | None:
    """The one earlier payment that ``undoing`` undoes, or None where none or several fit equally well.

    ``earlier`` are payments on the same account and currency; later ones and those of the same sign are passed over.
    A payment that another return undid already must not be among them.
    """
    fitting = [one for one in earlier if _may_be_undone(undoing, one)]
    wanted = _reference(undoing.detail.original_end_to_end_id) or _reference(undoing.detail.end_to_end_id)
    if wanted:
        named = [one for one in fitting if _reference(one.detail.end_to_end_id) == wanted]
        if named:
            return _only(undoing, _same_amount(undoing, named) or named, "original end-to-end id")
        if undoing.detail.original_end_to_end_id and any(_reference(one.detail.end_to_end_id) for one in fitting):
            # The bank names an original; entries that carry other ids are not it.
            fitting = [one for one in fitting if not _reference(one.detail.end_to_end_id)]
    exact = _same_amount(undoing, fitting)
    return _by_mandate(undoing, exact) or _by_party(undoing, exact)


def _may_be_undone(undoing: KeyedDetail, earlier: KeyedDetail) -> bool:
    if earlier.payment_id == undoing.payment_id or earlier.amount * undoing.amount >= 0:
        return False
    age = undoing.booked_on - earlier.booked_on
    return timedelta(0) <= age <= timedelta(days=_RETURN_DAYS) and earlier.entry.status == "booked"


def _same_amount(undoing: KeyedDetail, earlier: Sequence[KeyedDetail]) -> list[KeyedDetail]:
    """What moved the same amount the other way; the bank's charge for the return may be on top of it."""
    charges = sum((abs(charge.amount) for charge in undoing.detail.charges), Decimal(0))
    wanted = {abs(undoing.amount), abs(undoing.amount) - charges}
    if undoing.detail.instructed_amount is not None:
        wanted.add(abs(undoing.detail.instructed_amount))
    return [one for one in earlier if abs(one.amount) in wanted]


def _by_mandate(undoing: KeyedDetail, earlier: Sequence[KeyedDetail]) -> UndoLink | None:
    mandate = _reference(undoing.detail.mandate_id)
    if not mandate:
        return None
    return _only(undoing, [one for one in earlier if _reference(one.detail.mandate_id) == mandate], "mandate")


def _by_party(undoing: KeyedDetail, earlier: Sequence[KeyedDetail]) -> UndoLink | None:
    """The other side of both entries is the same account, else the same name, not long ago."""
    recent = [one for one in earlier if undoing.booked_on - one.booked_on <= timedelta(days=_GUESS_DAYS)]
    account = normalised_account(undoing.detail.counterparty_account or "")
    if account:
        same = [one for one in recent if normalised_account(one.detail.counterparty_account or "") == account]
        return _only(undoing, same, "payer account")
    name = _reference(undoing.detail.counterparty_name)
    if name:
        return _only(undoing, [one for one in recent if _reference(one.detail.counterparty_name) == name], "payer name")
    return None


def _only(
    undoing: KeyedDetail,
    candidates: Sequence[KeyedDetail],
    by: Literal["original end-to-end id", "mandate", "payer account", "payer name"],
) -> UndoLink | None:
    if len(candidates) != 1:
        return None
    return UndoLink(undoing=undoing.payment_id, undone=candidates[0].payment_id, by=by)


def _reference(text: str | None) -> str:
    plain = "".join(character for character in (text or "").upper() if character.isalnum())
    return "" if plain in _SAYS_NOTHING else plain

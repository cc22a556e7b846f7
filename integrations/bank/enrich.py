"""Two tellings of one booking put together: the batch entry of the statement, and the notification with its details.

What a bank says of a booking comes in pieces: the statement books one collective amount, the camt.054 of that day says
who paid what of it; the interim report knows the payer, the statement only the reference. Neither replaces the other.
The *frame* (status, days, reference, code) is the word of the document that counts most, the *details* are those that
say most, taken whole and never mixed field by field. Both are a maximum in an order over everything they say, so it
does not matter which delivery came first, or how often.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from matching.model.bank_statement import BankEntry, EntryDetail

_POSITION = {"ordinal", "where"}
_FRAME = tuple(one.name for one in fields(BankEntry) if one.name not in {*_POSITION, "details"})
_SAYS_WHICH = ("bank_reference", "entry_reference", "transaction_code", "value_date", "currency")


def told_by_both(standing: BankEntry, standing_final: bool, arriving: BankEntry, arriving_final: bool) -> BankEntry:  # noqa: FBT001
    """One booking as two deliveries tell of it; ``..._final``: the delivery is a statement, not a provisional report.

    Its place in the file and its booking day, once it is booked, stay those of ``standing``: the ledger took it in
    under that day. Commutative, associative and idempotent in all the rest.
    """
    theirs = _frame_rank(arriving, arriving_final) > _frame_rank(standing, standing_final)
    frame = arriving if theirs else standing
    details = max((standing.details, arriving.details), key=lambda one: _details_rank(standing, one))
    day = standing.booking_date if standing.status == "booked" else frame.booking_date
    return replace(frame, details=details, booking_date=day, ordinal=standing.ordinal, where=standing.where)


def says_the_same(one: BankEntry, other: BankEntry) -> bool:
    """Whether two tellings differ in nothing but their place in the file."""
    return replace(one, ordinal=other.ordinal, where=other.where) == other


def _frame_rank(entry: BankEntry, final: bool) -> tuple[Any, ...]:  # noqa: FBT001
    """Booked before announced, statement before report, then whoever says more; at last any order, but one order."""
    said = sum(getattr(entry, name) not in {None, ""} for name in _SAYS_WHICH)
    return (entry.status == "booked", final, said, tuple(repr(getattr(entry, name)) for name in _FRAME))


def _details_rank(entry: BankEntry, details: Sequence[EntryDetail]) -> tuple[Any, ...]:
    """Details that break the amount down before those that do not, then who says more, in fields and in letters."""
    return (breaks_down(entry, details), richness(details), _letters(details), repr(details))


def breaks_down(entry: BankEntry, details: Sequence[EntryDetail]) -> bool:
    """Whether these details are several payments that add up to the entry, in its own currency."""
    currency = {entry.currency or detail.currency for detail in details} | {detail.currency for detail in details}
    if len(details) < 2 or len(currency - {None}) > 1 or not all(detail.amount for detail in details):
        return False
    return sum(detail.amount for detail in details) == entry.amount


def details_of_parts(parts: Sequence[BankEntry]) -> tuple[EntryDetail, ...]:
    """Bookings that together are one collective booking, as its details; nothing where one of them is unclear."""
    details: list[EntryDetail] = []
    for part in parts:
        if breaks_down(part, part.details):
            details.extend(part.details)
        elif len(part.details) == 1:
            (only,) = part.details
            reference = only.bank_reference or part.bank_reference
            details.append(replace(only, amount=part.amount, currency=part.currency, bank_reference=reference))
        else:
            return ()
    return tuple(details)


def richness(details: Sequence[EntryDetail]) -> int:
    """How many fields that help to tell who paid what are filled."""
    return sum(
        bool(detail.counterparty_name)
        + bool(detail.counterparty_account)
        + bool(detail.end_to_end_id)
        + bool(detail.remittance)
        + len(detail.structured_references)
        + len(detail.documents)
        for detail in details
    )


def _letters(details: Sequence[EntryDetail]) -> int:
    return sum(len(detail.remittance) + len(detail.counterparty_name or "") for detail in details)

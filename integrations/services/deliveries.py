"""Gives every arriving entry its key: a new one, or that of the booking it is, whatever file or format brought it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from integrations.bank.identity import (
    Booking,
    Family,
    StatementUnit,
    booking_of,
    normalised_account,
    unit_of,
)
from integrations.bank.reconcile import Arrival, KnownBooking, reconcile_deliveries
from integrations.ledger.port import Ledger
from matching.model.bank_statement import BankEntry, StatementHeader

_WINDOW = timedelta(days=10)
_FAMILIES: dict[str, Family] = {"ofx": "ofx", "camt": "camt", "mt94": "mt940", "mt95": "mt940"}


def family_of(format_name: str) -> Family:
    """The family of a format as the ledger or the recogniser names it.

    >>> family_of("camt.053"), family_of("mt942"), family_of("ofx")
    ('camt', 'mt940', 'ofx')
    """
    return _FAMILIES.get(format_name[:4], _FAMILIES.get(format_name[:3], "camt"))


@dataclass(slots=True, kw_only=True)
class Deliveries:
    """One file's statements held against what the ledger has, and against the statements before in the same file.

    ``unit`` is the ledger inside the unit of work that takes the file in.
    """

    company: str
    unit: Ledger
    sha256: str
    family: Family
    statements: int = 0
    _earlier: list[KnownBooking] = field(default_factory=list)

    def begin_statement(self) -> None:
        """The next statement of the file begins; the ledger counts them the same way."""
        self.statements += 1

    def arrivals(self, entries: Sequence[BankEntry], header: StatementHeader) -> list[Arrival]:
        """What each of these entries of the statement begun last is, in their order."""
        delivery = f"{self.sha256}/{self.statements}"
        here = unit_of(header, delivery=delivery, family=self.family)
        bookings = [booking_of(entry, header) for entry in entries]
        known = self._known(here.account, bookings)
        arrivals = reconcile_deliveries(known, bookings, here)
        self._remember(known, bookings, arrivals, here)
        return arrivals

    def _known(self, account: str, bookings: Sequence[Booking]) -> list[KnownBooking]:
        days = [booking.day for booking in bookings if booking.day]
        if not days:
            return [one for one in self._earlier if one.booking.account == account]
        since, until = _around(min(days), max(days))
        self._earlier = [one for one in self._earlier if one.booking.day is None or one.booking.day >= since]
        known = {one.key: one for one in self._from_ledger(account, since, until)}
        for one in self._earlier:
            if one.booking.account == account:
                before = known.get(one.key)
                known[one.key] = (
                    one if before is None else KnownBooking(
                        key=one.key, booking=before.booking, units=(*before.units, *one.units)
                    )
                )  # fmt: skip
        return list(known.values())

    def _from_ledger(self, account: str, since: date, until: date) -> Iterator[KnownBooking]:
        written = [one for one in self.unit.accounts(self.company) if normalised_account(one) == account]
        if not written:
            return
        for one in self.unit.delivered_entries(self.company, written, since=since, until=until):
            units = tuple(
                unit_of(each.header, delivery=f"{each.sha256}/{each.position}", family=family_of(each.format))
                for each in one.deliveries
            )
            yield KnownBooking(key=one.entry_key, booking=booking_of(one.entry, one.deliveries[0].header), units=units)

    def _remember(
        self,
        known: Sequence[KnownBooking],
        bookings: Sequence[Booking],
        arrivals: Sequence[Arrival],
        here: StatementUnit,
    ) -> None:
        """What this statement brought counts for the next one in the file."""
        before = {one.key: one for one in known}
        for booking, arrival in zip(bookings, arrivals, strict=True):
            met = before.get(arrival.key)
            self._earlier.append(
                KnownBooking(
                    key=arrival.key,
                    booking=met.booking if met else booking,
                    units=(*(met.units if met else ()), here),
                )
            )


def _around(first: date, last: date) -> tuple[date, date]:
    """Ten days before and after, as far as the calendar goes."""
    since = first - _WINDOW if first - date.min > _WINDOW else date.min
    until = last + _WINDOW if date.max - last > _WINDOW else date.max
    return since, until

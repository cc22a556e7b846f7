"""Recognises, while a file streams in, which of its entries the ledger holds already.

Sits between a reader and the ledger: entries come out with the decision what they are (`integrations.bank.reconcile`),
everything else passes through in its place. Statements of ordinary size are decided as a whole, with everything that
their end says; larger ones in parts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from integrations.bank.identity import Booking, Family, StatementUnit, booking_of, entry_key, ordinal_of, unit_of
from integrations.bank.reconcile import Arrival, KnownBooking, reconcile_deliveries
from matching.model.bank_statement import BankEntry, ReadEvent, StatementEnd, StatementHeader, StatementStart

WINDOW = timedelta(days=10)
"""How far around the days of the arriving entries the ledger has to look for the same bookings."""

KnownBookings = Callable[[str, date, date], Sequence[KnownBooking]]
"""Account (normalised), first and last day -> what the ledger holds of that account on those days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """An entry and what it is: its key in ``arrival.key``, whether it is new, and whether that is certain."""

    entry: BankEntry
    booking: Booking
    unit: StatementUnit
    arrival: Arrival


def recognised(
    events: Iterable[ReadEvent],
    *,
    family: Family,
    delivery: str,
    known: KnownBookings,
    accounts: Mapping[str, str] | None = None,
    at_once: int = 5_000,
) -> Iterator[ReadEvent | Recognised]:
    """The events with every entry replaced by what it was recognised as, in file order.

    ``delivery`` identifies the file (its sha256). ``known`` is asked before each part; it need not see what this file
    itself has brought, that is remembered here: up to 50,000 bookings in full, beyond that by eight bytes each.
    """
    memory = _Memory(known)
    waiting: list[ReadEvent] = []
    entries, statements = 0, 0
    header: StatementHeader | None = None
    for event in events:
        waiting.append(event)
        if isinstance(event, StatementStart):
            statements, header, entries = statements + 1, event.header, 0
        entries += isinstance(event, BankEntry)
        if header is not None and (isinstance(event, StatementEnd) or entries >= at_once):
            header = event.header if isinstance(event, StatementEnd) else header
            unit = unit_of(header, delivery=f"{delivery}/{statements}", family=family, accounts=accounts)
            yield from memory.decide(waiting, header, unit, accounts)
            waiting, entries = [], 0
    yield from waiting


class _Memory:
    """What this file has brought so far, beside what the ledger knows."""

    _IN_FULL = 50_000

    def __init__(self, known: KnownBookings) -> None:
        self._known = known
        self._own: dict[str, KnownBooking] = {}
        self._ordinals: dict[int, int] = {}
        self._claimed: set[int] = set()
        self._claimed_by = ""

    def decide(
        self,
        events: Sequence[ReadEvent],
        header: StatementHeader,
        unit: StatementUnit,
        accounts: Mapping[str, str] | None,
    ) -> Iterator[ReadEvent | Recognised]:
        """One statement, or a part of one."""
        bookings = [booking_of(event, header, accounts=accounts) for event in events if isinstance(event, BankEntry)]
        arrivals = iter(self._arrivals(bookings, unit))
        remaining = iter(bookings)
        for event in events:
            if isinstance(event, BankEntry):
                yield Recognised(entry=event, booking=next(remaining), unit=unit, arrival=next(arrivals))
            else:
                yield event

    def _arrivals(self, bookings: Sequence[Booking], unit: StatementUnit) -> list[Arrival]:
        if self._claimed_by != unit.delivery:
            self._claimed, self._claimed_by = set(), unit.delivery
        known = self._around(bookings, unit)
        decided = [self._free(one) for one in reconcile_deliveries(list(known.values()), bookings, unit)]
        for booking, arrival in zip(bookings, decided, strict=True):
            self._claimed.add(hash(arrival.key))
            earlier = known.get(arrival.key)
            units = (*earlier.units, unit) if earlier else (unit,)
            better = earlier.booking if earlier and arrival.kind == "same" else booking
            self._own.pop(arrival.key, None)
            self._own[arrival.key] = KnownBooking(key=arrival.key, booking=better, units=units)
        while len(self._own) > self._IN_FULL:
            del self._own[next(iter(self._own))]
        return decided

    def _around(self, bookings: Sequence[Booking], unit: StatementUnit) -> dict[str, KnownBooking]:
        """What the ledger and this file hold on the account near these days, without what this statement has met."""
        days = [booking.day for booking in bookings if booking.day is not None]
        if not days:
            return {}
        first, last = _minus_window(min(days)), _plus_window(max(days))
        known = {one.key: one for one in self._known(unit.account, first, last)}
        for key, own in self._own.items():
            if own.booking.account != unit.account or own.units[-1].delivery == unit.delivery:
                continue
            if own.booking.day is None or first <= own.booking.day <= last:
                stored = known.get(key)
                units = tuple(dict.fromkeys((*stored.units, *own.units))) if stored else own.units
                known[key] = replace(own, units=units)
        return {key: one for key, one in known.items() if hash(key) not in self._claimed}

    def _free(self, arrival: Arrival) -> Arrival:
        """A key that this file has given away or met already is not given away again."""
        base = arrival.key.removeprefix("v1:").rpartition("-")[0]
        short, ordinal = int(base[:16], 16), ordinal_of(arrival.key)
        given = self._ordinals.get(short, 0)
        if arrival.kind != "new":
            self._ordinals[short] = max(ordinal, given)
            return arrival
        free = self._ordinals[short] = max(ordinal, given + 1)
        return arrival if free == ordinal else replace(arrival, key=entry_key(base, free))


def _minus_window(day: date) -> date:
    return day - WINDOW if day.toordinal() > WINDOW.days else date.min


def _plus_window(day: date) -> date:
    return day + WINDOW if date.max.toordinal() - day.toordinal() > WINDOW.days else date.max

"""Recognises, while a file streams in, which of its entries the ledger holds already.

Sits between a reader and the ledger: entries come out with the decision what they are (`integrations.bank.reconcile`),
everything else passes through in its place. Statements of ordinary size are decided as a whole, with everything that
their end says; larger ones in parts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from integrations.bank.collective import Collective, collectives, unmet_elsewhere
from integrations.bank.enrich import details_of_parts
from integrations.bank.identity import (
    Booking,
    Family,
    StatementUnit,
    base_of,
    booking_of,
    entry_key,
    ordinal_of,
    unit_of,
)
from integrations.bank.reconcile import Arrival, KnownBooking, reconcile_deliveries
from integrations.bank.succession import DeliveredUnits
from matching.model.bank_statement import (
    BankEntry,
    EntryDetail,
    ReadEvent,
    StatementEnd,
    StatementHeader,
    StatementStart,
)

WINDOW = timedelta(days=10)
"""How far around the days of the arriving entries the ledger has to look for the same bookings."""

_LONGEST_STATEMENT = 400
"""Days a statement may span and still be asked which reports it does not confirm."""

KnownBookings = Callable[[str, date, date], Sequence[KnownBooking]]
"""Account (normalised), first and last day -> what the ledger holds of that account on those days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """An entry and what it is: its key in ``arrival.key``, whether it is new, and whether that is certain.

    Not ``counts``: its money stands in the ledger under other entries (a `SameMoney` follows).
    """

    entry: BankEntry
    booking: Booking
    unit: StatementUnit
    arrival: Arrival
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SameMoney:
    """Entries of this statement and known ones that tell of the same money, one side in one amount.

    ``details``: who paid what of the one known amount, where this statement's entries say it; else nothing.
    """

    collective: Collective
    where: str
    details: tuple[EntryDetail, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotConfirmed:
    """A booking that another document told of and the statement of its day does not hold."""

    booking: Booking
    told_by: str


Told = Recognised | SameMoney | NotConfirmed


def recognised(
    events: Iterable[ReadEvent],
    *,
    family: Family,
    delivery: str,
    known: KnownBookings,
    accounts: Mapping[str, str] | None = None,
    at_once: int = 5_000,
) -> Iterator[ReadEvent | Told]:
    """The events with every entry replaced by what it was recognised as, in file order.

    ``delivery`` identifies the file (its sha256). ``known`` is asked before each part; it need not see what this file
    itself has brought, that is remembered here: up to 50,000 bookings in full, beyond that by eight bytes each.
    """
    memory = _Memory(known, f"{delivery}/")
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

    def __init__(self, known: KnownBookings, own_prefix: str) -> None:
        self._known = known
        self._own_prefix = own_prefix
        self._asked: tuple[str, date, date] | None = None
        self._stored: dict[str, KnownBooking] = {}
        self._stored_by_day: defaultdict[date | None, list[KnownBooking]] = defaultdict(list)
        self._units = DeliveredUnits()
        self._own: dict[str, KnownBooking] = {}
        self._own_by_day: defaultdict[tuple[str, date | None], dict[str, None]] = defaultdict(dict)
        self._ordinals: dict[int, int] = {}
        self._joined: set[str] = set()
        self._claimed: set[int] = set()
        self._claimed_by = ""

    def decide(
        self,
        events: Sequence[ReadEvent],
        header: StatementHeader,
        unit: StatementUnit,
        accounts: Mapping[str, str] | None,
    ) -> Iterator[ReadEvent | Told]:
        """One statement, or a part of one."""
        entries = [event for event in events if isinstance(event, BankEntry)]
        bookings = [booking_of(entry, header, accounts=accounts) for entry in entries]
        arrivals, fresh = self._arrivals(bookings, unit)
        same = self._same_money(fresh, unit)
        beside = {key for one in same for key in one.beside}
        decided = iter(zip(bookings, arrivals, strict=True))
        for event in events:
            if isinstance(event, BankEntry):
                booking, arrival = next(decided)
                counts = arrival.key not in beside
                yield Recognised(entry=event, booking=booking, unit=unit, arrival=arrival, counts=counts)
            else:
                yield event
        told = {arrival.key: entry for arrival, entry in zip(arrivals, entries, strict=True)}
        for one in same:
            yield _same_money(one, told)
        if events and isinstance(events[-1], StatementEnd) and events[-1].integrity == "balanced":
            yield from self._not_confirmed(unit)

    def _arrivals(
        self, bookings: Sequence[Booking], unit: StatementUnit
    ) -> tuple[list[Arrival], list[tuple[str, Booking]]]:
        """What each booking is, and with their keys those that bring money the ledger does not hold."""
        if self._claimed_by != unit.delivery:
            self._claimed, self._claimed_by = set(), unit.delivery
        known = self._around(bookings, unit)
        met = reconcile_deliveries(list(known.values()), bookings, unit, units=self._units)
        decided = [self._free(one) for one in met]
        self._units.add(unit)
        fresh: list[tuple[str, Booking]] = []
        for booking, arrival in zip(bookings, decided, strict=True):
            self._claimed.add(hash(arrival.key))
            earlier = known.get(arrival.key) if arrival.kind != "new" else None
            units = (*earlier.units, unit) if earlier else (unit,)
            said = (booking,) if arrival.certain else ()
            told = (*earlier.tellings, *said) if earlier else (booking,)
            first, *also = dict.fromkeys(told)
            joined = earlier is not None and (earlier.collective or earlier.key in self._joined)
            self._keep(KnownBooking(key=arrival.key, booking=first, units=units, also=tuple(also), collective=joined))
            brings_money = earlier is None or all(one.status != "booked" for one in earlier.tellings)
            if brings_money and booking.status == "booked" and not joined:
                fresh.append((arrival.key, booking))
        while len(self._own) > self._IN_FULL:
            self._forget(next(iter(self._own)))
        return decided, fresh

    def _same_money(self, fresh: Sequence[tuple[str, Booking]], unit: StatementUnit) -> list[Collective]:
        """What of the new money another document has told of already, in other pieces."""
        days = sorted({booking.day for _, booking in fresh if booking.day is not None})
        found = collectives(self._told_elsewhere(days, unit), fresh) if days else []
        self._joined.update(key for one in found for key in one.keys)
        return found

    def _told_elsewhere(self, days: Sequence[date], unit: StatementUnit) -> list[KnownBooking]:
        """What only other kinds of documents have told of these days, and this statement has not met."""
        known = {one.key: one for day in days for one in self._stored_by_day.get(day, ())}
        for day in days:
            known |= {key: self._own[key] for key in self._own_by_day.get((unit.account, day), ())}
        return [
            one
            for one in unmet_elsewhere(known.values(), unit)
            if hash(one.key) not in self._claimed and one.key not in self._joined
        ]

    def _not_confirmed(self, unit: StatementUnit) -> Iterator[NotConfirmed]:
        """What reports told was booked on the statement's days, and neither it nor any other statement holds."""
        first, last = unit.from_date or unit.to_date, unit.to_date
        if unit.kind != "final" or unit.last_page is False or first is None or last is None:
            return
        if not 0 <= (last - first).days <= _LONGEST_STATEMENT:
            return
        self._ask(unit.account, first, last)
        days = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
        for one in sorted(self._told_elsewhere(days, unit), key=lambda each: each.key):
            told_by = one.units[0]
            if one.booking.status == "booked" and all(each.kind != "final" for each in one.units):
                yield NotConfirmed(booking=one.booking, told_by=told_by.statement_id or told_by.sequence or "")

    def _keep(self, booking: KnownBooking) -> None:
        if booking.key in self._own:
            self._forget(booking.key)
        self._own[booking.key] = booking
        self._own_by_day[booking.booking.account, booking.booking.day][booking.key] = None

    def _forget(self, key: str) -> None:
        gone = self._own.pop(key).booking
        del self._own_by_day[gone.account, gone.day][key]

    def _around(self, bookings: Sequence[Booking], unit: StatementUnit) -> dict[str, KnownBooking]:
        """What the ledger and this file hold on the account near these days, without what this statement has met.

        Only what moved one of the arriving amounts can be met, or number a twin.
        """
        days = [booking.day for booking in bookings if booking.day is not None]
        if not days:
            return {}
        amounts = {booking.amount for booking in bookings}
        first, last = _minus_window(min(days)), _plus_window(max(days))
        known = {key: one for key, one in self._ask(unit.account, first, last).items() if one.booking.amount in amounts}
        for day in self._own_days(unit.account, first, last):
            for key in self._own_by_day[day]:
                own = self._own[key]
                if own.booking.amount in amounts and own.units[-1].delivery != unit.delivery:
                    known[key] = own
        return {key: one for key, one in known.items() if hash(key) not in self._claimed}

    def _own_days(self, account: str, first: date, last: date) -> list[tuple[str, date | None]]:
        """The days of the account on which this file has brought something, within these and without any date."""
        span = range(first.toordinal(), last.toordinal() + 1)
        wanted = ((account, day) for day in (None, *map(date.fromordinal, span if len(span) < 4_000 else ())))
        if len(span) < 4_000:
            return [each for each in wanted if each in self._own_by_day]
        return [(whose, day) for whose, day in self._own_by_day if whose == account]

    def _ask(self, account: str, first: date, last: date) -> dict[str, KnownBooking]:
        """The ledger's bookings, asked for again only when the days go beyond those of the last answer."""
        if self._asked is None or self._asked[0] != account or first < self._asked[1] or last > self._asked[2]:
            self._stored = {one.key: one for one in self._known(account, first, last)}
            self._stored_by_day = defaultdict(list)
            for one in self._stored.values():
                self._stored_by_day[one.booking.day].append(one)
            self._asked = (account, first, last)
            for one in self._stored.values():
                for unit in one.units:
                    if not unit.delivery.startswith(self._own_prefix):
                        self._units.add(unit)
        return self._stored

    def _free(self, arrival: Arrival) -> Arrival:
        """A key that this file has given away or met already is not given away again."""
        base = base_of(arrival.key)
        short, ordinal = int(base[:16], 16), ordinal_of(arrival.key)
        given = self._ordinals.get(short, 0)
        if arrival.kind != "new":
            self._ordinals[short] = max(ordinal, given)
            return arrival
        free = self._ordinals[short] = max(ordinal, given + 1)
        return arrival if free == ordinal else replace(arrival, key=entry_key(base, free))


def _same_money(one: Collective, told: Mapping[str, BankEntry]) -> SameMoney:
    """The collective, with the details of its parts where it is they that arrive and one known amount stands."""
    here = [told[key] for key in one.keys if key in told]
    breaks_down = one.counts == "whole" and len(one.wholes) == 1 and one.wholes[0] not in told
    return SameMoney(collective=one, where=here[0].where, details=details_of_parts(here) if breaks_down else ())


def _minus_window(day: date) -> date:
    return day - WINDOW if day.toordinal() > WINDOW.days else date.min


def _plus_window(day: date) -> date:
    return day + WINDOW if date.max.toordinal() - day.toordinal() > WINDOW.days else date.max

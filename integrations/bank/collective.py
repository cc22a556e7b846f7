"""One amount in one document, several bookings in the other: the same money, which must be counted once.

A bank may book a batch as one amount in the statement and tell of its payments as bookings of their own in the
notification of that day, or the other way round. No single booking meets another then; the sums do. What is put
together are never any bookings whose sum happens to fit, only the groups that the documents themselves make: those
under one bank reference, those of one document, those of one kind of document, always of one day and one direction, and
always only what nothing else has met.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from integrations.bank.identity import Booking, StatementUnit
from integrations.bank.reconcile import KnownBooking
from matching.model.money import AmountError, to_minor

Side = Literal["whole", "parts"]
_Bucket = tuple[str, date, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collective:
    """The same money twice: ``wholes`` and ``parts`` (entry keys) have one sum, and one side of them counts.

    What stands in the ledger already counts; what arrives is put beside it. ``why`` is for a person.
    """

    wholes: tuple[str, ...]
    parts: tuple[str, ...]
    counts: Side
    amount: Decimal
    currency: str
    day: date
    why: str

    @property
    def beside(self) -> tuple[str, ...]:
        """The entries that stand for no money of their own."""
        return self.parts if self.counts == "whole" else self.wholes

    @property
    def keys(self) -> tuple[str, ...]:
        """All its entries."""
        return (*self.wholes, *self.parts)


def unmet_elsewhere(known: Iterable[KnownBooking], unit: StatementUnit) -> list[KnownBooking]:
    """The bookings that only another kind of document has told of, each still on its own.

    What a document of the same kind and format holds is met by these bookings themselves, or is other money.
    """
    sort = (unit.kind, unit.family)
    return [
        one
        for one in known
        if not one.collective and one.units and all((each.kind, each.family) != sort for each in one.units)
    ]


def collectives(known: Sequence[KnownBooking], arriving: Sequence[tuple[str, Booking]]) -> list[Collective]:
    """Which of the bookings that would bring new money tell of money that is there, or the other way round.

    ``known``: what `unmet_elsewhere` gives and no entry of the arriving statement has met. ``arriving``: keys and
    bookings of one statement that are booked and new. Each booking belongs to one collective at most.
    """
    there: defaultdict[_Bucket, list[KnownBooking]] = defaultdict(list)
    for one in known:
        there[_bucket(one.booking)].append(one)
    came: defaultdict[_Bucket, list[tuple[str, Booking]]] = defaultdict(list)
    for key, booking in arriving:
        if booking.day is not None and booking.amount and _is_exact(booking):
            came[_bucket(booking)].append((key, booking))
    found: list[Collective] = []
    for bucket, entries in came.items():
        if bucket in there:
            found.extend(_Day(there[bucket], entries, bucket).decide())
    return found


def _is_exact(booking: Booking) -> bool:
    """Whether the ledger can take the amount over; what it cannot is set aside and is no part of anything."""
    try:
        to_minor(booking.amount, booking.currency)
    except AmountError:
        return False
    return True


def _bucket(booking: Booking) -> _Bucket:
    return (booking.currency, booking.day or date.min, booking.amount > 0)


@dataclass(frozen=True, slots=True)
class _Group:
    """Bookings that a document itself puts together."""

    keys: tuple[str, ...]
    amount: Decimal
    why: str


class _Day:
    """The bookings of one day, currency and direction, from both sides."""

    def __init__(self, known: Sequence[KnownBooking], came: Sequence[tuple[str, Booking]], bucket: _Bucket) -> None:
        self.known = sorted(known, key=lambda one: one.key)
        self.came = list(came)
        self.currency, self.day, _ = bucket
        self.used: set[str] = set()

    def decide(self) -> Iterator[Collective]:
        yield from self._parts_are_known()
        yield from self._whole_is_known()
        yield from self._as_many_sums()

    def _parts_are_known(self) -> Iterator[Collective]:
        """The statement books in one amount what stands in the ledger as several bookings."""
        for key, booking in self.came:
            for group in self._known_groups(booking):
                if group.amount == booking.amount and self._is_free(key, *group.keys):
                    yield self._collective((key,), group.keys, "parts", booking.amount, group.why)
                    break

    def _whole_is_known(self) -> Iterator[Collective]:
        """The document tells of several bookings what stands in the ledger as one amount."""
        for one in self.known:
            for group in self._arriving_groups(one.booking):
                if group.amount == one.booking.amount and self._is_free(one.key, *group.keys):
                    yield self._collective((one.key,), group.keys, "whole", group.amount, group.why)
                    break

    def _as_many_sums(self) -> Iterator[Collective]:
        """Several amounts on either side: all that is left of the day on the one is all that is left on the other."""
        known = [one for one in self.known if self._is_free(one.key)]
        came = [(key, booking) for key, booking in self.came if self._is_free(key)]
        amount = sum((booking.amount for _, booking in came), Decimal(0))
        if min(len(known), len(came)) < 2 or sum(one.booking.amount for one in known) != amount:
            return
        if len({one.booking.status == "booked" for one in known}) > 1:
            return
        ours, theirs = tuple(one.key for one in known), tuple(key for key, _ in came)
        why = "all that is left of the day on either side has the same sum"
        if len(ours) > len(theirs):
            yield self._collective(theirs, ours, "parts", amount, why)
        elif len(ours) < len(theirs) and known[0].booking.status == "booked":
            yield self._collective(ours, theirs, "whole", amount, why)

    def _known_groups(self, whole: Booking) -> Iterator[_Group]:
        """Known bookings as their documents put them together, all booked or all only announced."""
        free = [one for one in self.known if self._is_free(one.key)]
        for booked in (True, False):
            bookings = [one for one in free if (one.booking.status == "booked") == booked]
            if whole.reference:
                referred = [one for one in bookings if one.booking.reference == whole.reference]
                yield _told(referred, "they carry its bank reference")
            by_document: defaultdict[str, list[KnownBooking]] = defaultdict(list)
            for one in bookings:
                for delivery in dict.fromkeys(unit.delivery for unit in one.units):
                    by_document[delivery].append(one)
            for _, some in sorted(by_document.items()):
                yield _told(some, "they are all that another document of that day tells beside")
            yield _told(bookings, "they are all that other documents of that day tell beside")

    def _arriving_groups(self, whole: Booking) -> Iterator[_Group]:
        """Arriving bookings under one reference, or all of the document."""
        if whole.status != "booked":
            return
        free = [(key, booking) for key, booking in self.came if self._is_free(key)]
        by_reference: defaultdict[str, list[tuple[str, Booking]]] = defaultdict(list)
        for key, booking in free:
            if booking.reference:
                by_reference[booking.reference].append((key, booking))
        yield _group(by_reference.pop(whole.reference, []), "they carry its bank reference")
        for some in by_reference.values():
            yield _group(some, "they carry one bank reference")
        yield _group(free, "they are all that the document tells of that day beside")

    def _collective(
        self, wholes: tuple[str, ...], parts: tuple[str, ...], counts: Side, amount: Decimal, why: str
    ) -> Collective:
        self.used.update(wholes, parts)
        announced = counts == "parts" and any(one.key in parts and one.booking.status != "booked" for one in self.known)
        return Collective(
            wholes=wholes,
            parts=parts,
            # What was only announced has brought no money: then the booked amount does.
            counts="whole" if announced else counts,
            amount=amount,
            currency=self.currency,
            day=self.day,
            why=why,
        )

    def _is_free(self, *keys: str) -> bool:
        return self.used.isdisjoint(keys)


def _told(bookings: Sequence[KnownBooking], why: str) -> _Group:
    return _group([(one.key, one.booking) for one in bookings], why)


def _group(bookings: Sequence[tuple[str, Booking]], why: str) -> _Group:
    """A group of two or more; anything smaller has no amount that could fit."""
    if len(bookings) < 2:
        return _Group((), Decimal("NaN"), why)
    return _Group(tuple(key for key, _ in bookings), sum((each.amount for _, each in bookings), Decimal(0)), why)

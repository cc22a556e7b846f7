"""Is an arriving entry new, or a booking that an earlier delivery brought already?

Banks deliver one booking many times: the same file again, overlapping periods, the intraday report and then the
statement, the notification beside it, MT940 and CAMT of one day. And they deliver genuine twins: two bookings alike in
every field. Counting decides between the two: within one statement all entries are different bookings, so each booking
known from elsewhere can be met by at most one of them; what remains is new.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from integrations.bank.identity import Booking, StatementUnit, base_of, entry_key, ordinal_of
from integrations.bank.succession import DeliveredUnits, Relation

_REFERENCE_DAYS = 10
"""How far a booking with the same bank reference may move between announcement and booking."""
_END_TO_END_DAYS = 3
_LOOKED_AT = 64
"""How many candidates with the same amount and day are looked at for one entry before it counts as new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBooking:
    """A booking of the ledger: its entry key and the statements that delivered it so far.

    ``also``: the same booking in the words of other deliveries, where those differ from what the ledger made of it all.
    ``collective``: it was found to be the same money as other bookings (`integrations.bank.collective`).
    """

    key: str
    booking: Booking
    units: tuple[StatementUnit, ...]
    also: tuple[Booking, ...] = ()
    collective: bool = False

    @property
    def tellings(self) -> tuple[Booking, ...]:
        """All the ways in which the booking is known."""
        return (self.booking, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What an arriving entry is.

    ``new``: never delivered; ``key`` is free. ``same``: nothing more than what booking ``key`` says. ``enriches``: it
    is booking ``key`` and says more (booked instead of announced, final instead of provisional, payer or text that
    were missing). ``certain`` is False where only money and day agree while something else speaks against it: then
    nothing may be paid out on it without a person having looked. ``why`` is for that person.
    """

    kind: Literal["new", "same", "enriches"]
    key: str
    certain: bool
    why: str


def reconcile_deliveries(
    known: Sequence[KnownBooking],
    arriving: Sequence[Booking],
    unit: StatementUnit,
    *,
    units: DeliveredUnits | None = None,
) -> list[Arrival]:
    """One decision per arriving entry of the statement ``unit``, in their order.

    ``known`` are the ledger's bookings on the account from ten days before the first to ten days after the last day
    of ``arriving``. ``units`` are all statements delivered for the account, also those between, where they are at
    hand; otherwise the chain of balances is looked for among the statements of ``known``. A large statement may come
    in parts, provided that what an earlier part decided is among ``known`` then, with ``unit`` among its units. Pure;
    the same bookings in any order get the same set of keys.
    """
    return _Reconciliation(known, unit, units).decide(arriving)


class _Reconciliation:
    """The bookings of one account against the entries of one statement."""

    def __init__(self, known: Sequence[KnownBooking], unit: StatementUnit, units: DeliveredUnits | None = None) -> None:
        self.unit = unit
        delivered = {other.delivery: other for one in known for other in one.units}.values()
        relations = (units or DeliveredUnits(delivered)).relations_to(unit, delivered)
        self.relations = {one.key: _strongest({relations[other.delivery] for other in one.units}) for one in known}
        self.candidates = [one for one in known if self.relations[one.key] != "disjoint"]
        self.taken: set[str] = set()
        self.ordinals: dict[str, int] = {}
        for one in known:
            # By the key's own digest: what is known of a booking by now may give another one.
            base = base_of(one.key)
            self.ordinals[base] = max(self.ordinals.get(base, 0), ordinal_of(one.key))

    def decide(self, arriving: Sequence[Booking]) -> list[Arrival]:
        found: dict[int, Arrival] = {}
        for step in _STEPS:
            waiting = [index for index in range(len(arriving)) if index not in found]
            if waiting:
                self._step(step, arriving, waiting, found)
        return [found.get(index) or self._new(booking) for index, booking in enumerate(arriving)]

    def _step(
        self, step: "_Step", arriving: Sequence[Booking], waiting: Sequence[int], found: dict[int, Arrival]
    ) -> None:
        """Pair what agrees in this step's features, each known booking at most once."""
        index: defaultdict[Hashable, deque[KnownBooking]] = defaultdict(deque)
        for one in self.candidates:
            if one.key not in self.taken and self.relations[one.key] in step.relations:
                for features in dict.fromkeys(step.features(telling) for telling in one.tellings):
                    if features is not None:
                        index[features].append(one)
        for position in waiting:
            booking = arriving[position]
            features = step.features(booking)
            match = self._first_fitting(index.get(features), booking, step) if features is not None else None
            if match is not None:
                self.taken.add(match.key)
                found[position] = self._met(match, booking, step)

    def _first_fitting(
        self, candidates: "deque[KnownBooking] | None", booking: Booking, step: "_Step"
    ) -> KnownBooking | None:
        for _ in range(min(len(candidates or ()), _LOOKED_AT)):
            assert candidates is not None
            one = candidates.popleft()
            if one.key in self.taken:
                continue
            if _fits(one, booking, step):
                return one
            candidates.append(one)
        return None

    def _met(self, known: KnownBooking, booking: Booking, step: "_Step") -> Arrival:
        units = known.units or (self.unit,)
        more = _rank(booking, self.unit) > max(_rank(one, unit) for one in known.tellings for unit in units)
        richer = booking.richness > max(one.richness for one in known.tellings)
        return Arrival(kind="enriches" if more or richer else "same", key=known.key, certain=step.certain, why=step.why)

    def _new(self, booking: Booking) -> Arrival:
        ordinal = self.ordinals[booking.base] = self.ordinals.get(booking.base, 0) + 1
        why = "never delivered before" if ordinal == 1 else f"number {ordinal} of its kind on that day"
        return Arrival(kind="new", key=entry_key(booking.base, ordinal), certain=True, why=why)


def _fits(known: KnownBooking, booking: Booking, step: "_Step") -> bool:
    """Whether one of the tellings is met, and, but for the same words again, no other one speaks against it."""
    wanted = step.features(booking)
    met = any(step.features(one) == wanted and step.fits(one, booking) for one in known.tellings)
    open_to_doubt = step.certain and step is not _STEPS[0]
    return met and not (open_to_doubt and any(_contradict(one, booking) for one in known.tellings))


def _strongest(relations: set[Relation]) -> Relation:
    """One statement that cannot hold the arriving booking settles it; else the closest relation counts."""
    order: tuple[Relation, ...] = ("disjoint", "same_statement", "covers")
    return next((one for one in order if one in relations), "overlap")


def _rank(booking: Booking, unit: StatementUnit) -> int:
    """How much a delivery says about the state: announced < booked in a provisional document < in a statement."""
    if booking.status != "booked":
        return 0
    return 2 if unit.kind == "final" else 1


# -- The steps: from what leaves no doubt to what only counting can decide --------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Which features must agree, between which deliveries, and what must not speak against it."""

    features: Callable[[Booking], Hashable | None]
    fits: Callable[[Booking, Booking], bool]
    relations: frozenset[Relation]
    certain: bool
    why: str


_ANY: frozenset[Relation] = frozenset({"same_statement", "covers", "overlap"})
_SAME_SET: frozenset[Relation] = frozenset({"same_statement", "covers"})


def _contradict(one: Booking, other: Booking) -> bool:
    """Whether payer account or end-to-end id say that these are two payments."""
    if one.end_to_end_id and other.end_to_end_id and one.end_to_end_id != other.end_to_end_id:
        return True
    return bool(one.party and other.party) and not _same_account(one.party, other.party)


def _same_account(one: str, other: str) -> bool:
    """Equal, or the one the domestic number inside the other (an IBAN ends with it in many countries)."""
    short, long = sorted((one.lstrip("0"), other.lstrip("0")), key=len)
    return short == long or (len(short) >= 6 and short in long)


def _agree(one: Booking, other: Booking) -> bool:
    return not _contradict(one, other)


def _within(days: int) -> Callable[[Booking, Booking], bool]:
    def fits(one: Booking, other: Booking) -> bool:
        if one.day is None or other.day is None:
            return _agree(one, other)
        near = abs((one.day - other.day).days) <= days
        return near and _agree(one, other)

    return fits


def _same_references(one: Booking, other: Booking) -> bool:
    """Near in time, and the bank's references, where both are there, are one."""
    both = one.reference and other.reference
    return (not both or one.reference == other.reference) and _within(_END_TO_END_DAYS)(one, other)


def _moved(one: Booking, other: Booking) -> bool:
    """Something announced may be booked on another day than it was announced for; something booked stays."""
    return (one.status != "booked" or other.status != "booked") and _agree(one, other)


def _always(_one: Booking, _other: Booking) -> bool:
    return True


_STEPS = (
    _Step(
        features=lambda b: (b.base, b.text),
        fits=_agree,
        relations=_ANY,
        certain=True,
        why="the same entry word for word",
    ),
    _Step(
        features=lambda b: (b.base,) if b.reference else None,
        fits=_agree,
        relations=_ANY,
        certain=True,
        why="the same bank reference, day and amount",
    ),
    _Step(
        features=lambda b: (b.amount, b.reference) if b.reference else None,
        fits=_within(_REFERENCE_DAYS),
        relations=_ANY,
        certain=True,
        why="the same bank reference and amount within ten days",
    ),
    _Step(
        features=lambda b: (b.amount, b.end_to_end_id, b.party) if b.end_to_end_id else None,
        fits=_same_references,
        relations=_ANY,
        certain=True,
        why="the same end-to-end id, payer account and amount within three days",
    ),
    _Step(
        features=lambda b: (b.amount, b.day, b.party, b.text),
        fits=_agree,
        relations=_SAME_SET,
        certain=True,
        why="the same amount, day, payer account and text in the other document",
    ),
    _Step(
        features=lambda b: (b.amount, b.day, b.party) if b.party else None,
        fits=_agree,
        relations=_SAME_SET,
        certain=True,
        why="the same amount, day and payer account in the other document",
    ),
    _Step(
        features=lambda b: (b.amount, b.day),
        fits=_agree,
        relations=_SAME_SET,
        certain=True,
        why="the same amount on the same day in the other document of that day",
    ),
    _Step(
        features=lambda b: (b.amount, b.value_date) if b.value_date else None,
        fits=_moved,
        relations=_SAME_SET,
        certain=True,
        why="announced with the same amount and value date",
    ),
    _Step(
        features=lambda b: (b.amount, b.day),
        fits=_always,
        relations=_SAME_SET,
        certain=False,
        why="the same amount on the same day, but payer account or end-to-end id differ; look if it is one payment",
    ),
)

"""The ledger as the rules see it: items in columns, found by number, reference, customer or amount.

Built once for a night and used for all its payments. Whole ledgers are held at once here, so items are columns of
integers, ordered by customer and due date; a customer's items are one slice. Everything that is looked up is a sorted
column searched by bisection: little memory, and ten times the items cost a few comparisons more.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np

from matching.model.open_item import Customer, OpenItem
from matching.model.policy import History, Policy
from matching.numbers.series import DIGITS, LETTERS, Series, digit_key, learn, parts, shape
from matching.parties import Parties
from matching.text.normal import compact, plain

_SAMPLE = 400
_HASH_MASK = (1 << 62) - 1
_ENDINGS_OF = 1_000
_CACHED = 20_000
_KINDS = ("invoice", "credit_note", "debit_note", "on_account")


class Lookup:
    """Integer keys to positions: two sorted columns, 12 bytes a row."""

    __slots__ = ("keys", "positions")

    def __init__(self, keys: Sequence[int], positions: Sequence[int]) -> None:
        unsorted = np.array(keys, dtype=np.int64)
        places = np.array(positions, dtype=np.int32)
        order = np.lexsort((places, unsorted))
        self.keys = array("q")
        self.keys.frombytes(unsorted[order].tobytes())
        self.positions = array("i")
        self.positions.frombytes(places[order].tobytes())

    def get(self, key: int, most: int = 64) -> "array[int]":
        """The positions under a key, in ledger order, at most ``most`` of them."""
        keys = self.keys
        first = bisect_left(keys, key)
        if first == len(keys) or keys[first] != key:
            return _NOTHING
        return self.positions[first : min(bisect_right(keys, key, first), first + most)]


_NOTHING: "array[int]" = array("i")


def text_key(text: str) -> int:
    """A compact text as a key; what is found under it is compared again, so a collision does no harm."""
    return hash(text) & _HASH_MASK


class ItemTable:
    """Items in columns. Position order is (customer, due date, item id), the same for the same items in any order."""

    def __init__(self, items: Iterable[OpenItem], parties: Parties) -> None:
        rows = sorted(_once(items), key=lambda item: (parties.place(item.customer_id), item.due_on, item.item_id))
        self.size = len(rows)
        self.item_ids = [item.item_id for item in rows]
        self.numbers = [item.number for item in rows]
        self.customer = array("i", (parties.place(item.customer_id) for item in rows))
        self.currencies = sorted({item.currency for item in rows})
        codes = {code: place for place, code in enumerate(self.currencies)}
        self.currency = array("h", (codes[item.currency] for item in rows))
        self.kind = array("b", (_KINDS.index(item.kind) if item.kind in _KINDS else 0 for item in rows))
        self.disputed = bytearray(bool(item.disputed) for item in rows)
        self.open = array("q", (_bounded(item.open_amount) for item in rows))
        self.original = array("q", (_bounded(item.original_amount) for item in rows))
        self.discount = array("q", (_discount(item) for item in rows))
        self.issued = array("i", (item.issued_on.toordinal() for item in rows))
        self.due = array("i", (item.due_on.toordinal() for item in rows))
        self.discount_until = array("i", (_day(item.discount_until) for item in rows))
        self.settled = array("i", (_day(item.settled_on) for item in rows))
        self.references = {place: item.payment_reference for place, item in enumerate(rows) if item.payment_reference}
        self.others = {place: item.other_references for place, item in enumerate(rows) if item.other_references}
        self.starts = array("i", [0]) * (parties.size + 1)
        for place in self.customer:
            self.starts[place + 1] += 1
        for place in range(parties.size):
            self.starts[place + 1] += self.starts[place]

    def of_customer(self, customer: int) -> range:
        """A customer's items, oldest due first."""
        return range(self.starts[customer], self.starts[customer + 1])

    def day(self, ordinal: int) -> date:
        """A date of the columns as a date."""
        return date.fromordinal(ordinal)


def _once(items: Iterable[OpenItem]) -> list[OpenItem]:
    """One item per id: where an ERP delivers two, the one with the smaller open amount, so that nothing is over-settled."""
    seen: dict[str, OpenItem] = {}
    for item in items:
        other = seen.setdefault(item.item_id, item)
        if other is not item and _content(item) < _content(other):
            seen[item.item_id] = item
    return list(seen.values())


def _content(item: OpenItem) -> tuple[int, str, str, str, date, date]:
    return abs(item.open_amount), item.number, item.customer_id, item.currency, item.due_on, item.issued_on


def _bounded(amount: int) -> int:
    """Amounts beyond 64 bits are no money; they are held at the edge and match nothing."""
    return max(-(1 << 60), min(1 << 60, amount))


def _discount(item: OpenItem) -> int:
    """The discount that may be believed: the sign of the item, smaller than what is open."""
    small_enough = abs(item.discount_amount) < abs(item.open_amount)
    same_sign = item.discount_amount * item.open_amount > 0
    return item.discount_amount if small_enough and same_sign else 0


def _day(day: date | None) -> int:
    return day.toordinal() if day is not None else 0


class NumberIndex:
    """Items by what can be quoted of them: whole number, running number, structured reference, other references."""

    def __init__(self, table: ItemTable, series: dict[str, Series]) -> None:
        self.table = table
        self.series = series
        full_keys: list[int] = []
        full_at: list[int] = []
        tail_keys: list[int] = []
        tail_at: list[int] = []
        text_keys: list[int] = []
        text_at: list[int] = []
        lengths: set[int] = set()
        tail_lengths: set[int] = set()
        text_lengths: set[int] = set()
        ranges: dict[tuple[str, int], tuple[int, int]] = {}
        for place, number in enumerate(table.numbers):
            text = plain(number)
            own = series.get(shape(text))
            if own is None:
                continue
            digits, short, tail = parts(text, own)
            if digits:
                key = digit_key(digits)
                full_keys.append(key)
                full_at.append(place)
                lengths.add(len(digits))
                low, high = ranges.get((own.prefix, len(digits)), (key, key))
                ranges[own.prefix, len(digits)] = (min(low, key), max(high, key))
                if short and len(short) >= 5:
                    full_keys.append(digit_key(short))
                    full_at.append(place)
                    lengths.add(len(short))
                if tail:
                    tail_keys.append(digit_key(tail))
                    tail_at.append(place)
                    tail_lengths.add(len(tail))
            if len(digits) < 5 or len(LETTERS.findall(text)) > 1:
                word = compact(text)
                text_keys.append(text_key(word))
                text_at.append(place)
                text_lengths.add(len(word))
        self.reference_lengths = self._add_references(text_keys, text_at, text_lengths)
        self.text_lengths = frozenset(text_lengths)
        self.lengths = frozenset(lengths)
        self.plausible_lengths = frozenset(lengths) | {len(str(key)) for key in set(full_keys)}
        self.tail_lengths = frozenset(tail_lengths)
        self.ranges = tuple((width, low, high) for (_, width), (low, high) in sorted(ranges.items()) if width >= 5)
        self.full = Lookup(full_keys, full_at)
        self.tails = Lookup(tail_keys, tail_at)
        self.texts = Lookup(text_keys, text_at)

    def _add_references(self, keys: list[int], places: list[int], text_lengths: set[int]) -> frozenset[int]:
        """Structured references and customers' order numbers are found by their compact text."""
        lengths = set()
        for place, reference in self.table.references.items():
            text = compact(reference)
            if len(text) >= 4:
                keys.append(text_key(text))
                places.append(place)
                lengths.add(len(text))
                if not text.isdigit():
                    text_lengths.add(len(text))
        for place, references in self.table.others.items():
            for reference in references:
                text = compact(reference)
                if len(text) >= 4:
                    keys.append(text_key(text))
                    places.append(place)
                    text_lengths.add(len(text))
        return frozenset(lengths)

    def digits_of(self, place: int) -> tuple[str, str, str]:
        """All digits, digits with a short year, and the running number of the item's number."""
        text = plain(self.table.numbers[place])
        own = self.series.get(shape(text))
        return parts(text, own) if own else ("", "", "")

    def by_reference(self, text: str) -> list[int]:
        """Items whose structured reference is exactly this compact text."""
        references = self.table.references
        return [p for p in self.texts.get(text_key(text)) if p in references and compact(references[p]) == text]

    def by_text(self, text: str) -> list[int]:
        """Items whose number, reference or order number is exactly this compact text."""
        table = self.table
        found = []
        for place in self.texts.get(text_key(text)):
            others = table.others.get(place, ())
            if (
                compact(table.numbers[place]) == text
                or compact(table.references.get(place, "")) == text
                or any(compact(other) == text for other in others)
            ):
                found.append(place)
        return found


class LedgerIndex:
    """Everything known about the ledger before the first payment is looked at."""

    def __init__(
        self, open_items: Iterable[OpenItem], customers: Iterable[Customer], history: History, policy: Policy
    ) -> None:
        items = open_items if isinstance(open_items, list | tuple) else list(open_items)
        self.policy = policy
        self.parties = Parties(
            customers,
            history.learned,
            policy,
            (item.customer_id for source in (items, history.settled_items) for item in source),
        )
        self.open = ItemTable((item for item in items if item.open_amount), self.parties)
        settled = [*history.settled_items, *(item for item in items if not item.open_amount)]
        self.settled = ItemTable(settled, self.parties)
        self.series = _learn_series((self.open, self.settled), policy)
        self.prefixes = frozenset(series.prefix for series in self.series.values() if series.prefix)
        self.numbers = NumberIndex(self.open, self.series)
        self.closed_numbers = NumberIndex(self.settled, self.series)
        self.most_digits = min(30, max((*self.numbers.lengths, *self.closed_numbers.lengths, 5)) + 2)
        self.reference_lengths = self.numbers.reference_lengths | self.closed_numbers.reference_lengths
        self.plausible_lengths = self.numbers.plausible_lengths | self.closed_numbers.plausible_lengths
        self.text_lengths = self.numbers.text_lengths | self.closed_numbers.text_lengths
        self._amounts = _amount_lookup(self.open)
        self._customer_amounts: dict[int, dict[int, list[int]]] = {}
        self.coarse: dict[int, bool] = {}
        self._months: dict[int, int] = {}
        self._customer_endings: dict[int, dict[str, list[int]]] = {}

    @classmethod
    def build(
        cls, open_items: Iterable[OpenItem], customers: Iterable[Customer], history: History, policy: Policy
    ) -> "LedgerIndex":
        """The index for a ledger; the same for the same content in any order."""
        return cls(open_items, customers, history, policy)

    def issued(self, digits: str) -> bool:
        """Whether a number of these digits lies within a range that the ERP has issued, as far as that says anything."""
        key, width = digit_key(digits), len(digits)
        return any(
            width == own and low <= key <= high and (high - low) * 5 < 10**width
            for own, low, high in (*self.numbers.ranges, *self.closed_numbers.ranges)
        )

    def items_of(self, customers: Iterable[int], currency: str, most: int = 400) -> list[int]:
        """Open items of some customers in one currency, at most ``most`` per customer, oldest due first."""
        table = self.open
        if currency not in table.currencies:
            return []
        code = table.currencies.index(currency)
        column = table.currency
        found: list[int] = []
        for customer in customers:
            own = table.of_customer(customer)
            found.extend(place for place in own[:most] if column[place] == code)
        return found

    def with_amount(self, amount: int, currency: str, most: int = 64) -> list[int]:
        """Open items of any customer with exactly this open amount."""
        table = self.open
        if currency not in table.currencies:
            return []
        code = table.currencies.index(currency)
        return [place for place in self._amounts.get(_bounded(amount), most) if table.currency[place] == code]

    def with_ending(self, customer: int, digits: str) -> Sequence[int]:
        """A customer's open items whose number ends in these digits; of the first thousand, oldest due first."""
        endings = self._customer_endings.get(customer)
        if endings is None:
            endings = {}
            for place in self.open.of_customer(customer)[:_ENDINGS_OF]:
                for ending in _endings("".join(DIGITS.findall(self.open.numbers[place]))):
                    endings.setdefault(ending, []).append(place)
            if len(self._customer_endings) > _CACHED:
                self._customer_endings.clear()
            self._customer_endings[customer] = endings
        return endings.get(digits, ())

    def payable_with(self, customer: int, amount: int, currency: str) -> list[int]:
        """A customer's open items that this amount pays: in full, or less their early-payment discount."""
        by_amount = self._customer_amounts.get(customer)
        table = self.open
        if by_amount is None:
            by_amount = {}
            for place in table.of_customer(customer):
                by_amount.setdefault(table.open[place], []).append(place)
                if table.discount[place]:
                    by_amount.setdefault(table.open[place] - table.discount[place], []).append(place)
            if len(self._customer_amounts) > _CACHED:
                self._customer_amounts.clear()
            self._customer_amounts[customer] = by_amount
        return [place for place in by_amount.get(amount, ()) if table.currencies[table.currency[place]] == currency]

    def of_customer_with_amount(self, customer: int, amount: int, currency: str) -> list[int]:
        """A customer's open items with exactly this open amount."""
        return [place for place in self.payable_with(customer, amount, currency) if self.open.open[place] == amount]

    def month(self, ordinal: int) -> int:
        """The month of a day, as year times 12 plus month less 1."""
        known = self._months.get(ordinal)
        if known is None:
            day = date.fromordinal(ordinal)
            known = self._months[ordinal] = day.year * 12 + day.month - 1
        return known


def _endings(digits: str) -> Iterator[str]:
    """The last three and more digits of a number, short of the whole."""
    for length in range(3, min(len(digits), 12)):
        yield digits[-length:]


def _amount_lookup(table: ItemTable) -> Lookup:
    return Lookup(table.open, range(table.size))


def _learn_series(tables: Iterable[ItemTable], policy: Policy) -> dict[str, Series]:
    """Every series the ERP has issued, learned from at most some hundred members spread over each."""
    members: dict[str, list[tuple[str, date]]] = {}
    counts: dict[str, int] = {}
    ignored = tuple((plain(first), plain(last)) for first, last in policy.ignored_number_ranges)
    for table in tables:
        for place, number in enumerate(table.numbers):
            text = plain(number)
            if ignored and any(first <= text <= last for first, last in ignored):
                continue
            key = shape(text)
            seen = counts.get(key, 0)
            counts[key] = seen + 1
            sample = members.setdefault(key, [])
            if len(sample) < _SAMPLE:
                sample.append((text, table.day(table.issued[place])))
            elif seen % 97 == 0:
                sample[(seen // 97) % _SAMPLE] = (text, table.day(table.issued[place]))
    return {key: learn(sample) for key, sample in sorted(members.items())}


def positions(found: Iterable[int]) -> Iterator[int]:
    """Positions as plain integers, each once, in ledger order."""
    yield from sorted(set(found))


__all__ = ["DIGITS", "ItemTable", "LedgerIndex", "Lookup", "NumberIndex", "positions", "text_key"]

"""The ledger as the rules see it: items in columns, found by number, reference, customer or amount.

Built once for a night and used for all its payments. Whole ledgers are held at once here, so items are columns of
integers, ordered by customer and due date; a customer's items are one slice. Everything that is looked up is a sorted
column searched by bisection: little memory, and ten times the items cost a few comparisons more.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

import numpy as np

from matching.model.open_item import Customer, OpenItem
from matching.model.policy import History, Policy
from matching.numbers.series import DIGITS, LETTERS, LONGEST_KEY, Series, digit_key, learn, parts, shape
from matching.parties import Parties
from matching.text.normal import compact, plain

_SAMPLE = 400
_HASH_MASK = (1 << 62) - 1
_EDGE = 1 << 60
_ENDINGS_OF = 1_000
_LONGEST_ENDING = 12
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
        return self.positions[first : bisect_right(keys, key, first, min(len(keys), first + most))]


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
        self.open = array("q", [_bounded(item.open_amount) for item in rows])
        self.original = array("q", [_bounded(item.original_amount) for item in rows])
        self.discount = array("q", [_discount(item) if item.discount_amount else 0 for item in rows])
        self.issued = array("i", (item.issued_on.toordinal() for item in rows))
        self.due = array("i", (item.due_on.toordinal() for item in rows))
        self.due_month = array("i", map(month, self.due))
        self.issue_month = array("i", map(month, self.issued))
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


@lru_cache(maxsize=20_000)
def month(ordinal: int) -> int:
    """The month of a day, as year times 12 plus month less 1.

    >>> month(date(2026, 9, 15).toordinal()) == 2026 * 12 + 8
    True
    """
    day = date.fromordinal(ordinal)
    return day.year * 12 + day.month - 1


def _once(items: Iterable[OpenItem]) -> list[OpenItem]:
    """One item per id: of two the one with the smaller open amount, so that nothing is settled beyond what is open."""
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
    return amount if -_EDGE < amount < _EDGE else (_EDGE if amount > 0 else -_EDGE)


def _discount(item: OpenItem) -> int:
    """The discount that may be believed: the sign of the item, smaller than what is open."""
    small_enough = abs(item.discount_amount) < abs(item.open_amount)
    same_sign = item.discount_amount * item.open_amount > 0
    return item.discount_amount if small_enough and same_sign else 0


def _day(day: date | None) -> int:
    return day.toordinal() if day is not None else 0


class NumberIndex:
    """Items by what can be quoted of them: whole number, running number, structured reference, other references."""

    def __init__(self, table: ItemTable, shapes: Sequence[str], series: dict[str, Series]) -> None:
        self.table = table
        self.series = series
        self.shapes = shapes
        self._digits: dict[int, tuple[str, str, str]] = {}
        full: tuple[list[int], list[int]] = ([], [])
        tails: tuple[list[int], list[int]] = ([], [])
        texts: tuple[list[int], list[int]] = ([], [])
        widths: dict[str, dict[int, list[int]]] = {}
        tail_lengths: set[int] = set()
        text_lengths: set[int] = set()
        short_lengths: set[int] = set()
        mixed = {key: len(LETTERS.findall(key)) > 1 for key in series}
        for place, (number, key) in enumerate(zip(table.numbers, shapes, strict=True)):
            if not key:
                continue
            text = number.upper() if number.isascii() else plain(number)
            digits, short, tail = parts(text, series[key])
            if digits:
                whole = int(digits[-LONGEST_KEY:])
                full[0].append(whole)
                full[1].append(place)
                range_of = widths.setdefault(key, {}).setdefault(len(digits), [whole, whole])
                if whole < range_of[0]:
                    range_of[0] = whole
                elif whole > range_of[1]:
                    range_of[1] = whole
                if len(short) >= 5:
                    full[0].append(int(short[-LONGEST_KEY:]))
                    full[1].append(place)
                    short_lengths.add(len(short))
                if tail:
                    tails[0].append(int(tail[-LONGEST_KEY:]))
                    tails[1].append(place)
                    tail_lengths.add(len(tail))
            if len(digits) < 5 or mixed[key]:
                word = compact(text)
                texts[0].append(text_key(word))
                texts[1].append(place)
                text_lengths.add(len(word))
        self.reference_lengths = self._add_references(*texts, text_lengths)
        self.text_lengths = frozenset(text_lengths)
        self.lengths = frozenset(length for own in widths.values() for length in own) | short_lengths
        self.plausible_lengths = self.lengths | _significant_lengths(full[0])
        self.tail_lengths = frozenset(tail_lengths)
        self.ranges = tuple(
            sorted(
                {(length, low, high) for own in widths.values() for length, (low, high) in own.items() if length >= 5}
            )
        )
        self.full = Lookup(*full)
        self.tails = Lookup(*tails)
        self.texts = Lookup(*texts)

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

    def written(self, place: int) -> tuple[str, str]:
        """The letters in front of the item's number and all its digits."""
        number = self.table.numbers[place]
        digits = number if number.isascii() and number.isdigit() else "".join(DIGITS.findall(plain(number)))
        return self.series[self.shapes[place]].prefix, digits

    def digits_of(self, place: int) -> tuple[str, str, str]:
        """All digits, digits with a short year, and the running number of the item's number."""
        known = self._digits.get(place)
        if known is None:
            text = plain(self.table.numbers[place])
            own = self.series.get(shape(text))
            known = parts(text, own) if own else ("", "", "")
            if len(self._digits) > _CACHED:
                self._digits.clear()
            self._digits[place] = known
        return known

    def before_running(self, place: int) -> tuple[str, str]:
        """The letters in front of the item's number, and the digits in front of its running number."""
        own = self.series[self.shapes[place]]
        groups = DIGITS.findall(plain(self.table.numbers[place]))
        return own.prefix, groups[own.running - 1] if own.running else groups[0][: own.lead]

    def by_reference(self, text: str) -> list[int]:
        """Items whose structured reference is exactly this compact text."""
        references = self.table.references
        found = self.texts.get(text_key(text))
        return [p for p in found if p in references and compact(references[p]) == text] if found else []

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
        shapes, closed_shapes = _shapes(self.open, policy), _shapes(self.settled, policy)
        self.series = _learn_series(((self.open, shapes), (self.settled, closed_shapes)))
        self.prefixes = frozenset(series.prefix for series in self.series.values() if series.prefix)
        self.numbers = NumberIndex(self.open, shapes, self.series)
        self.closed_numbers = NumberIndex(self.settled, closed_shapes, self.series)
        self.most_digits = min(30, max((*self.numbers.lengths, *self.closed_numbers.lengths, 5)) + 2)
        self.reference_lengths = self.numbers.reference_lengths | self.closed_numbers.reference_lengths
        self.plausible_lengths = self.numbers.plausible_lengths | self.closed_numbers.plausible_lengths
        self.text_lengths = self.numbers.text_lengths | self.closed_numbers.text_lengths
        self._amounts = _amount_lookup(self.open)
        self._customer_amounts: dict[int, dict[int, list[int]]] = {}
        self._coarse: dict[int, bool] = {}
        self._customer_digits: dict[int, list[tuple[str, int]]] = {}

    @classmethod
    def build(
        cls, open_items: Iterable[OpenItem], customers: Iterable[Customer], history: History, policy: Policy
    ) -> "LedgerIndex":
        """The index for a ledger; the same for the same content in any order."""
        return cls(open_items, customers, history, policy)

    def issued(self, digits: str) -> bool:
        """Whether a number of these digits lies within a range that the ERP has issued, if that says anything."""
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

    def is_coarse(self, customer: int) -> bool:
        """Whether a customer's amounts repeat, as rents and price points do: then sums hit amounts by chance."""
        known = self._coarse.get(customer)
        if known is None:
            own = self.open.of_customer(customer)[:_ENDINGS_OF]
            amounts = [self.open.open[place] for place in own]
            known = self._coarse[customer] = len(set(amounts)) < len(amounts)
        return known

    def with_ending(self, customer: int, digits: str) -> Sequence[int]:
        """A customer's open items whose number ends in these digits; of the first thousand, oldest due first."""
        if len(digits) > _LONGEST_ENDING:
            return ()
        known = self._customer_digits.get(customer)
        if known is None:
            own = self.open.of_customer(customer)[:_ENDINGS_OF]
            known = [("".join(DIGITS.findall(self.open.numbers[place])), place) for place in own]
            if len(self._customer_digits) > _CACHED:
                self._customer_digits.clear()
            self._customer_digits[customer] = known
        return [place for number, place in known if number.endswith(digits) and number != digits]

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


def _amount_lookup(table: ItemTable) -> Lookup:
    return Lookup(table.open, range(table.size))


def _significant_lengths(keys: list[int]) -> frozenset[int]:
    """How many digits the keys have once leading zeros are gone."""
    if not keys:
        return frozenset()
    low, high = min(keys), max(keys)
    column = np.array(keys, dtype=np.int64)
    return frozenset(
        length
        for length in range(len(str(low)), len(str(high)) + 1)
        if bool(((column >= 10 ** (length - 1)) & (column < 10**length)).any())
    )


def _shapes(table: ItemTable, policy: Policy) -> list[str]:
    """Of which series each number is; empty for numbers that the policy wants ignored."""
    ignored = tuple((plain(first), plain(last)) for first, last in policy.ignored_number_ranges)
    once: dict[str, str] = {}
    found = []
    for number in table.numbers:
        text = number.upper() if number.isascii() else plain(number)
        if ignored and any(first <= text <= last for first, last in ignored):
            found.append("")
            continue
        key = shape(text)
        found.append(once.setdefault(key, key))
    return found


def _learn_series(tables: Iterable[tuple[ItemTable, list[str]]]) -> dict[str, Series]:
    """Every series the ERP has issued, learned from at most some hundred members spread over each."""
    members: dict[str, list[tuple[str, date]]] = {}
    counts: dict[str, int] = {}
    for table, shapes in tables:
        for place, key in enumerate(shapes):
            seen = counts.get(key, 0)
            counts[key] = seen + 1
            if key and (seen < _SAMPLE or seen % 97 == 0):
                sample = members.setdefault(key, [])
                row = (plain(table.numbers[place]), table.day(table.issued[place]))
                if seen < _SAMPLE:
                    sample.append(row)
                else:
                    sample[(seen // 97) % _SAMPLE] = row
    return {key: learn(sample) for key, sample in sorted(members.items())}


def positions(found: Iterable[int]) -> Iterator[int]:
    """Positions as plain integers, each once, in ledger order."""
    yield from sorted(set(found))


__all__ = ["DIGITS", "ItemTable", "LedgerIndex", "Lookup", "NumberIndex", "positions", "text_key"]

"""Documents by what can be quoted of them: whole number, running number, structured reference, other references."""

from array import array
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import compress

import numpy as np

from matching.columns import ItemTable
from matching.lookup import Lookup, text_key
from matching.model.policy import Policy
from matching.numbers.layouts import Layout, Layouts
from matching.numbers.series import LONGEST_KEY, Series, learn
from matching.text.normal import compact, plain

_SHORTEST_REFERENCE = 4
_SAMPLE = 400
_FURTHER = 97
"""Of a long series the first 400 numbers are looked at; every 97th of the others takes the place of an earlier one."""


class Written:
    """How the numbers of a table are written: the layout of each, and the places of each layout.

    Numbers that the policy wants ignored have a layout and no place: nothing finds them.
    """

    def __init__(self, table: ItemTable, layouts: Layouts, policy: Policy) -> None:
        self.table = table
        of = layouts.of
        self.layouts = [of(number.upper() if number.isascii() else plain(number)) for number in table.numbers]
        ignored = _ignored(table, policy)
        self.places: dict[Layout, list[int]] = {}
        for place, layout in enumerate(self.layouts):
            if place not in ignored:
                known = self.places.get(layout)
                if known is None:
                    known = self.places[layout] = []
                known.append(place)


def _ignored(table: ItemTable, policy: Policy) -> frozenset[int]:
    ranges = tuple((plain(first), plain(last)) for first, last in policy.ignored_number_ranges)
    if not ranges:
        return frozenset()
    numbers = enumerate(map(plain, table.numbers))
    return frozenset(place for place, number in numbers if any(first <= number <= last for first, last in ranges))


def learn_series(tables: Iterable[Written]) -> dict[str, Series]:
    """Every series the ERP has issued, learned from some hundred members spread over each; its layouts are told."""
    layouts: dict[str, dict[Layout, None]] = {}
    members: dict[str, list[tuple[ItemTable, list[int]]]] = {}
    for written in tables:
        by_shape: dict[str, list[list[int]]] = {}
        for layout, places in written.places.items():
            by_shape.setdefault(layout.shape, []).append(places)
            layouts.setdefault(layout.shape, {})[layout] = None
        for key, several in by_shape.items():
            in_order = several[0] if len(several) == 1 else sorted(place for places in several for place in places)
            members.setdefault(key, []).append((written.table, in_order))
    learned = {key: learn(_sample(members[key])) for key in sorted(members)}
    for key, alike in layouts.items():
        for layout in alike:
            layout.learned(learned[key])
    return learned


def _sample(members: list[tuple[ItemTable, list[int]]]) -> list[tuple[str, date]]:
    """Numbers of one series, spread over all of them, with the dates they were issued on."""
    total = sum(len(places) for _, places in members)
    chosen = list(range(min(total, _SAMPLE)))
    for seen in range(-(-_SAMPLE // _FURTHER) * _FURTHER, total, _FURTHER):
        chosen[(seen // _FURTHER) % _SAMPLE] = seen
    found = []
    for seen in chosen:
        at = seen
        for table, places in members:
            if at < len(places):
                found.append((plain(table.numbers[places[at]]), table.day(table.issued[places[at]])))
                break
            at -= len(places)
    return found


class NumberIndex:
    """Items by what can be quoted of them: whole number, running number, structured reference, other references."""

    def __init__(self, written: Written, series: dict[str, Series]) -> None:
        self.table = written.table
        self.layouts = written.layouts
        self.series = series
        self._full, self._tails, self._texts = _Keys(), _Keys(), _Keys()
        self._widths: dict[tuple[str, int], tuple[int, int]] = {}
        lengths: set[int] = set()
        self._tail_lengths: set[int] = set()
        self._text_lengths: set[int] = set()
        for layout, places in written.places.items():
            self._add(layout, places, lengths)
        self.reference_lengths = self._add_references()
        self.text_lengths = frozenset(self._text_lengths)
        self.lengths = frozenset(lengths)
        self.plausible_lengths = self.lengths | _significant_lengths(self._full.keys)
        self.tail_lengths = frozenset(self._tail_lengths)
        self.ranges = tuple(sorted({(width, *ends) for (_, width), ends in self._widths.items() if width >= 5}))
        self.full, self.tails, self.texts = self._full.lookup(), self._tails.lookup(), self._texts.lookup()
        del self._full, self._tails, self._texts

    def _add(self, layout: Layout, places: list[int], lengths: set[int]) -> None:
        """The numbers of one layout: all digits, digits with a short year, running number, short ones as words."""
        numbers = [
            number if number.isascii() else plain(number) for number in map(self.table.numbers.__getitem__, places)
        ]
        whole, short, tail = layout.parts(numbers[0])
        if whole:
            keys = _keys(map(layout.digits, numbers), layout.width)
            self._full.add(keys, places)
            lengths.add(layout.width)
            low, high = min(keys), max(keys)
            known = self._widths.get((layout.shape, layout.width), (low, high))
            self._widths[layout.shape, layout.width] = (min(low, known[0]), max(high, known[1]))
        if layout.short is not None and len(short) >= 5:
            self._full.add(_keys(map(layout.short, numbers), len(short)), places)
            lengths.add(len(short))
        if layout.tail is not None and tail:
            self._tails.add(_keys(map(layout.tail, numbers), len(tail)), places)
            self._tail_lengths.add(len(tail))
        if layout.words:
            words = list(map(compact, numbers))
            self._texts.add(map(text_key, words), places)
            self._text_lengths.update(map(len, words))

    def _add_references(self) -> frozenset[int]:
        """Structured references and customers' order numbers are found by their compact text."""
        lengths: set[int] = set()
        for references, structured in (
            ([(place, reference) for place, reference in enumerate(self.table.references) if reference], True),
            ([(place, one) for place, several in enumerate(self.table.others) for one in several], False),
        ):
            texts = [
                reference.upper() if reference.isascii() and reference.isalnum() else compact(reference)
                for _, reference in references
            ]
            long = [len(text) >= _SHORTEST_REFERENCE for text in texts]
            places = [place for place, _ in references]
            if not all(long):
                texts, places = list(compress(texts, long)), list(compress(places, long))
            self._texts.add(map(text_key, texts), places)
            if structured:
                lengths.update(map(len, texts))
            self._text_lengths.update(len(text) for text in texts if not structured or not text.isdigit())
        return frozenset(lengths)

    def _plain(self, place: int) -> str:
        number = self.table.numbers[place]
        return number if number.isascii() else plain(number)

    def written(self, place: int) -> tuple[str, str]:
        """The letters in front of the item's number and all its digits."""
        layout = self.layouts[place]
        return layout.prefix, layout.digits(self._plain(place))

    def digits_of(self, place: int) -> tuple[str, str, str]:
        """All digits, digits with a short year, and the running number of the item's number."""
        layout = self.layouts[place]
        return layout.parts(self._plain(place)) if layout.shape in self.series else ("", "", "")

    def before_running(self, place: int) -> tuple[str, str]:
        """The letters in front of the item's number, and the digits in front of its running number."""
        layout = self.layouts[place]
        return layout.prefix, layout.before(self._plain(place))

    def by_reference(self, text: str) -> list[int]:
        """Items whose structured reference is exactly this compact text."""
        references = self.table.references
        found = self.texts.get(text_key(text))
        return [place for place in found if references[place] and compact(references[place]) == text]

    def by_text(self, text: str) -> list[int]:
        """Items whose number, reference or order number is exactly this compact text."""
        table = self.table
        return [
            place
            for place in self.texts.get(text_key(text))
            if compact(table.numbers[place]) == text
            or compact(table.references[place]) == text
            or any(compact(other) == text for other in table.others[place])
        ]


class _Keys:
    """Keys and places as they come, until they are sorted into a lookup."""

    def __init__(self) -> None:
        self.keys, self.places = array("q"), array("i")

    def add(self, keys: Iterable[int], places: Iterable[int]) -> None:
        self.keys.extend(keys)
        self.places.extend(places)

    def lookup(self) -> Lookup:
        return Lookup(self.keys, self.places)


def _keys(digits: Iterable[str], width: int) -> "array[int]":
    """Digit strings as integers, by their last 18 digits."""
    return array("q", map(int, digits if width <= LONGEST_KEY else (text[-LONGEST_KEY:] for text in digits)))


def _significant_lengths(keys: Sequence[int]) -> frozenset[int]:
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

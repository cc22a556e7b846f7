"""The ledger as the rules see it: items in columns, found by number, reference, customer or amount.

Built once for a night and used for all its payments. Whole ledgers are held at once here, so items are columns of
integers, ordered by customer and due date; a customer's items are one slice. What is looked up is found in the same
time however large the ledger is: ten times the items cost a payment nothing but the further items that fit it.
"""

from collections.abc import Iterable, Sequence

from matching.columns import Codes, Gathered, ItemTable, bounded, chunks, month
from matching.lookup import Known, Lookup, text_key
from matching.model.open_item import Customer, OpenItem
from matching.model.policy import History, Policy
from matching.number_index import NumberIndex, Written, learn_series
from matching.numbers.layouts import Layouts
from matching.numbers.series import DIGITS, digit_key
from matching.parties import Parties

_ENDINGS_OF = 1_000
_LONGEST_ENDING = 12
_CACHED = 20_000
_MONTHS_CACHED = 1_000
_SCANNED = 64
"""The items of a customer with so many are looked through for an amount; those of larger ones are kept by amount."""


class LedgerIndex:
    """Everything known about the ledger before the first payment is looked at."""

    def __init__(
        self, open_items: Iterable[OpenItem], customers: Iterable[Customer], history: History, policy: Policy
    ) -> None:
        self.policy = policy
        owing = Codes()
        opened, settled = Gathered(owing), Gathered(owing)
        settled.add(history.settled_items)
        for chunk in chunks(open_items):
            opened.add(item for item in chunk if item.open_amount)
            settled.add(item for item in chunk if not item.open_amount)
        self.parties = Parties(customers, history.learned, policy, owing)
        self.habits = self.parties.habits
        self.open = ItemTable(opened, self.parties)
        self.settled = ItemTable(settled, self.parties)
        del opened, settled
        layouts = Layouts()
        written, closed = Written(self.open, layouts, policy), Written(self.settled, layouts, policy)
        self.series = learn_series((written, closed))
        self.prefixes = frozenset(series.prefix for series in self.series.values() if series.prefix)
        self.numbers = NumberIndex(written, self.series)
        self.closed_numbers = NumberIndex(closed, self.series)
        self.most_digits = min(30, max((*self.numbers.lengths, *self.closed_numbers.lengths, 5)) + 2)
        self.reference_lengths = self.numbers.reference_lengths | self.closed_numbers.reference_lengths
        self.glued_lengths = sorted((width for width in self.numbers.lengths if width >= 6), reverse=True)[:6]
        self.longest = max(self.most_digits, max(self.reference_lengths, default=0))
        self.plausible_lengths = self.numbers.plausible_lengths | self.closed_numbers.plausible_lengths
        self.text_lengths = self.numbers.text_lengths | self.closed_numbers.text_lengths
        self.known_numbers = Known((self.numbers.full, self.closed_numbers.full))
        self.known_texts = Known((self.numbers.texts, self.closed_numbers.texts))
        self._issued = _dense((*self.numbers.ranges, *self.closed_numbers.ranges))
        self._amounts = Lookup(self.open.open, range(self.open.size))
        self._customer_amounts: dict[int, dict[int, list[int]]] = {}
        self._months: dict[tuple[int, ...], tuple[dict[int, int], dict[int, int]]] = {}
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
        key = digit_key(digits)
        return any(low <= key <= high for low, high in self._issued.get(len(digits), ()))

    def items_of(self, customers: Iterable[int], currency: str, most: int = 400) -> list[int]:
        """Open items of some customers in one currency, at most ``most`` per customer, oldest due first."""
        table = self.open
        if currency not in table.currencies:
            return []
        code = table.currencies.index(currency)
        column, alone = table.currency, len(table.currencies) == 1
        found: list[int] = []
        for customer in customers:
            own = table.of_customer(customer)[:most]
            found.extend(own if alone else [place for place in own if column[place] == code])
        return found

    def with_amount(self, amount: int, currency: str, most: int = 64) -> list[int]:
        """Open items of any customer with exactly this open amount."""
        table = self.open
        if currency not in table.currencies:
            return []
        code = table.currencies.index(currency)
        return [place for place in self._amounts.get(bounded(amount), most) if table.currency[place] == code]

    def by_month(self, places: tuple[int, ...]) -> tuple[dict[int, int], dict[int, int]]:
        """What some items add up to in each month, by due date and by date of issue."""
        if len(places) <= _SCANNED:
            return self._by_month(places)
        known = self._months.get(places)
        if known is None:
            if len(self._months) > _MONTHS_CACHED:
                self._months.clear()
            known = self._months[places] = self._by_month(places)
        return known

    def _by_month(self, places: tuple[int, ...]) -> tuple[dict[int, int], dict[int, int]]:
        table = self.open
        by_due: dict[int, int] = {}
        by_issue: dict[int, int] = {}
        for place in places:
            amount, due, issued = table.open[place], table.due_month[place], table.issue_month[place]
            by_due[due] = by_due.get(due, 0) + amount
            by_issue[issued] = by_issue.get(issued, 0) + amount
        return by_due, by_issue

    def is_coarse(self, customer: int) -> bool:
        """Whether a customer's amounts repeat, as rents and price points do: then sums hit amounts by chance."""
        known = self._coarse.get(customer)
        if known is None:
            own = self.open.of_customer(customer)[:_ENDINGS_OF]
            amounts = self.open.open[own.start : own.stop]
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
        table = self.open
        own = table.of_customer(customer)
        if len(own) > _SCANNED:
            places = self._by_amount(customer).get(amount, [])
        else:
            opened, net = table.open[own.start : own.stop], table.net[own.start : own.stop]
            if amount not in opened and amount not in net:
                return []
            places = [place for place, one, less in zip(own, opened, net, strict=True) if amount in (one, less)]
        return [place for place in places if table.currencies[table.currency[place]] == currency]

    def _by_amount(self, customer: int) -> dict[int, list[int]]:
        """What pays each of a large customer's items: kept, because a large customer pays often."""
        by_amount = self._customer_amounts.get(customer)
        table = self.open
        if by_amount is None:
            by_amount = {}
            for place in table.of_customer(customer):
                by_amount.setdefault(table.open[place], []).append(place)
                if table.discount[place]:
                    by_amount.setdefault(table.net[place], []).append(place)
            if len(self._customer_amounts) > _CACHED:
                self._customer_amounts.clear()
            self._customer_amounts[customer] = by_amount
        return by_amount

    def of_customer_with_amount(self, customer: int, amount: int, currency: str) -> list[int]:
        """A customer's open items with exactly this open amount."""
        return [place for place in self.payable_with(customer, amount, currency) if self.open.open[place] == amount]


def _dense(ranges: Iterable[tuple[int, int, int]]) -> dict[int, list[tuple[int, int]]]:
    """Ranges of numbers by how many digits they have, without those that nearly every number would fall into."""
    found: dict[int, list[tuple[int, int]]] = {}
    for width, low, high in ranges:
        if (high - low) * 5 < 10**width:
            found.setdefault(width, []).append((low, high))
    return found


__all__ = ["ItemTable", "LedgerIndex", "NumberIndex", "month", "text_key"]

"""Which payments can be decided at all: an oracle that knows the truth looks for rivals with equal evidence.

For every payment that settles items, the oracle reads what the statement still says of the true items (number in
full, by reference, order number or document; a near miss of the number; nothing), who the payer can be, and then counts
the explanations of the same strength and no greater length within that evidence. A payment is decidable when the truth
is the only one. What it cannot see it counts as undecidable, so the ceiling errs on the low side for odd names.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from anyascii import anyascii
from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from benchmarks.matching.second_stage import MONTHS
from benchmarks.matching.world import Truth, World
from matching.model.open_item import OpenItem
from matching.model.payment import Payment
from matching.references import canonical

_DIGRAPHS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("Ä"): "AE", ord("Ö"): "OE", ord("Ü"): "UE"}
_LEGAL = re.compile(r"\b(GMBH|CO|KG|AG|BV|NV|SARL|SAS|SA|LTD|LIMITED|SRL|SL|AB|OY|AS|UG|OHG|VOF|PLC|LLP)\b")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How many of the credits can be decided, and how many of each kind of case (decidable, all)."""

    credits: int
    decidable: int
    per_kind: dict[str, tuple[int, int]]

    @property
    def share(self) -> float:
        return self.decidable / self.credits if self.credits else 0.0


def ceiling(world: World) -> Ceiling:
    """Count what is decidable in a world, exactly for the evidence families named above."""
    oracle = _Oracle(world)
    possible: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for payment in world.payments:
        truth = world.truth[payment.payment_id]
        seen[truth.kind] += 1
        possible[truth.kind] += truth.outcome == "settle" and oracle.decidable(payment, truth)
    incoming = sum(payment.amount > 0 for payment in world.payments)
    return Ceiling(incoming, sum(possible.values()), {kind: (possible[kind], seen[kind]) for kind in sorted(seen)})


def _key(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", anyascii(text).upper())


def _name_key(name: str) -> str:
    plain = anyascii(name.translate(_DIGRAPHS)).upper().replace(".", "")
    return " ".join(_LEGAL.sub(" ", re.sub(r"[^0-9A-Z]", " ", plain)).split())


class _Oracle:
    def __init__(self, world: World) -> None:
        self.items = {item.item_id: item for item in world.open_items}
        self.of_customer: dict[str, list[OpenItem]] = defaultdict(list)
        self.by_key: dict[str, list[OpenItem]] = defaultdict(list)
        self.by_amount: dict[tuple[int, str], list[OpenItem]] = defaultdict(list)
        for item in world.open_items:
            self.of_customer[item.customer_id].append(item)
            self.by_key[_key(item.number)].append(item)
            self.by_amount[item.open_amount, item.currency].append(item)
        self.accounts: dict[str, set[str]] = defaultdict(set)
        self.family: dict[str, set[str]] = defaultdict(set)
        for customer in world.customers:
            for account in (*customer.ibans, *customer.payer_ids):
                self.accounts[account].add(customer.customer_id)
            self.family[customer.parent_id or customer.customer_id].add(customer.customer_id)
            self.family[customer.customer_id] |= {customer.customer_id}
        self.names = [(_name_key(name), customer.customer_id) for customer in world.customers
                      for name in (customer.name, *customer.aliases)]  # fmt: skip
        self.only_names = [name for name, _ in self.names]
        self.exact_names: dict[str, set[str]] = defaultdict(set)
        for name, customer_id in self.names:
            self.exact_names[name].add(customer_id)
        self.remembered: dict[str, frozenset[str]] = {}

    def decidable(self, payment: Payment, truth: Truth) -> bool:
        """Whether the truth is the only explanation of its strength."""
        true = [self.items[item.item_id] for item in truth.items]
        read = _key(payment.remittance + payment.end_to_end_id)
        named = [item for item in true if self._named(payment, item, read)]
        if len(true) > 1 and self._listed(payment, true, read):
            return True
        if len(named) == len(true):
            return all(self._only_bearer(payment, item) for item in true)
        payers = self._payers(payment)
        if named:
            return self._rest_unique(payment, true, named, payers)
        if len(true) == 1 and self._near_unique(payment, true[0], payers):
            return True
        return bool(payers) and self._amount_unique(payment, true, payers)

    def _named(self, payment: Payment, item: OpenItem, read: str) -> bool:
        told = {_key(document.number) for document in payment.documents}
        references = {canonical(reference.reference) for reference in payment.references}
        own = canonical(item.payment_reference) if item.payment_reference else ""
        return (
            _key(item.number) in read
            or _key(item.number) in told
            or bool(own and (own in references or own in read))
            or any(_key(other) in read for other in item.other_references)
        )

    def _listed(self, payment: Payment, true: list[OpenItem], read: str) -> bool:
        """A list in shorthand that adds up: each number in full, nearly, by its last digits, or inside a range."""
        if sum(item.open_amount for item in true) != payment.amount:
            return False
        tails = set(re.findall(r"\d{2,}", payment.remittance))
        ordered = sorted(true, key=lambda item: item.number)
        ends = self._named(payment, ordered[0], read) and self._named(payment, ordered[-1], read)
        return all(
            ends
            or self._named(payment, item, read)
            or self._near(payment, item)
            or any(re.sub(r"\D", "", item.number).endswith(tail) for tail in tails)
            for item in true
        )

    def _only_bearer(self, payment: Payment, item: OpenItem) -> bool:
        """Whether no other item has the same number, or amount or payer tell them apart."""
        rivals = [other for other in self.by_key[_key(item.number)] if other.item_id != item.item_id]
        rivals = [other for other in rivals if other.open_amount == item.open_amount]
        return not rivals or item.customer_id in self._payers(payment)

    def _payers(self, payment: Payment) -> frozenset[str]:
        """Whom account, ultimate name or name point to, with their families; empty when nobody can be told."""
        found = set(self.accounts.get(payment.payer_account, ()))
        if not found:
            found = set(self._by_name(payment.ultimate_name or payment.payer_name))
        return frozenset(member for customer in found for member in self.family[customer])

    def _by_name(self, name: str) -> frozenset[str]:
        """Customers of exactly this name; else those whose name was cut to it; else the likest, if few."""
        if name not in self.remembered:
            key = _name_key(name)
            found = self.exact_names.get(key, set())
            if not found and len(name) >= 20:
                found = {customer for other, customer in self.names if other.startswith(key)}
            self.remembered[name] = frozenset(found or self._likest(key))
        remembered = self.remembered[name]
        return remembered if len(remembered) <= 3 else frozenset()

    def _likest(self, key: str) -> set[str]:
        names = self.only_names if key else []
        close = process.extract(key, names, scorer=fuzz.token_sort_ratio, score_cutoff=88, limit=None)
        best = max((score for _, score, _ in close), default=0.0)
        return {self.names[at][1] for _, score, at in close if score >= best - 1}

    def _pool(self, payment: Payment, payers: Iterable[str]) -> list[OpenItem]:
        return [item for payer in payers for item in self.of_customer[payer]
                if item.currency == payment.currency and item.issued_on <= payment.booked_on]  # fmt: skip

    def _rest_unique(
        self, payment: Payment, true: list[OpenItem], named: list[OpenItem], payers: frozenset[str]
    ) -> bool:
        """What the named items leave is explained by exactly one set of the missing size."""
        missing = len(true) - len(named)
        rest = payment.amount - sum(item.open_amount for item in named)
        pool = [item for item in self._pool(payment, {true[0].customer_id} | payers) if item not in named]
        if missing > 3 or len(pool) > 60:
            return False
        hits = sum(
            sum(item.open_amount for item in chosen) == rest
            for size in range(1, missing + 1)
            for chosen in combinations(pool, size)
        )
        return hits == 1

    def _near(self, payment: Payment, item: OpenItem) -> bool:
        """A run of digits in the text is the number's end, or one slip away from it."""
        digits = re.sub(r"\D", "", item.number)
        text = re.sub(r"(?<=\d)[Oo](?=[\dOo])", "0", payment.remittance)
        for run in (*re.findall(r"\d+", text), *re.findall(r"\d+", re.sub(r"(?<=\d)[\s/\-.](?=\d)", "", text))):
            bare, whole = run.lstrip("0"), digits.lstrip("0")
            if len(bare) >= 3 and (whole.endswith(bare) or bare.endswith(whole)):
                return True
            if len(bare) >= 5 and DamerauLevenshtein.distance(bare[-len(whole) :], whole, score_cutoff=1) <= 1:
                return True
            if len(bare) >= 4 and len(bare) < len(whole):
                tail = whole[-len(bare) :]
                if DamerauLevenshtein.distance(bare, tail, score_cutoff=1) <= 1:
                    return True
        return False

    def _near_unique(self, payment: Payment, item: OpenItem, payers: frozenset[str]) -> bool:
        if not self._near(payment, item):
            return False
        pool = self._pool(payment, payers) if payers else self.by_amount[payment.amount, payment.currency]
        rivals = [other for other in pool if other.open_amount == item.open_amount and self._near(payment, other)]
        return len(rivals) <= 1 and (bool(payers) or item.open_amount == payment.amount)

    def _amount_unique(self, payment: Payment, true: list[OpenItem], payers: frozenset[str]) -> bool:
        """Nothing but payer and amount: one document of that amount; or one family, or one pair, where none is."""
        pool = self._pool(payment, payers)
        singles = [item for item in pool if item.open_amount == payment.amount]
        if len(true) == 1:
            months = [item for item in singles if _month_told(payment.remittance, item)]
            return singles == true or months == true
        if singles:
            return False
        wanted = frozenset(item.item_id for item in true)
        families = {
            family
            for family in _families(payment, pool)
            if sum(self.items[key].open_amount for key in family) == payment.amount
        }
        if families:
            return families == {wanted}
        pairs = [pair for pair in combinations(pool, 2) if pair[0].open_amount + pair[1].open_amount == payment.amount]
        return len(true) == 2 and len(pairs) == 1


def _families(payment: Payment, pool: list[OpenItem]) -> set[frozenset[str]]:
    """Everything; everything due; everything due up to a day; each month; with and without credit."""
    families: set[frozenset[str]] = set()
    for items in (pool, [item for item in pool if item.open_amount > 0]):
        families.add(frozenset(item.item_id for item in items))
        for day in {item.due_on for item in items} | {payment.booked_on}:
            families.add(frozenset(item.item_id for item in items if item.due_on <= day))
        for month in {(item.issued_on.year, item.issued_on.month) for item in items}:
            families.add(
                frozenset(item.item_id for item in items if (item.issued_on.year, item.issued_on.month) == month)
            )
    return families


def _month_told(text: str, item: OpenItem) -> bool:
    plain = anyascii(text).lower().replace(" ", "")
    day = item.issued_on
    words = [anyascii(names[day.month - 1]).lower() for names in MONTHS.values()]
    return any(word in plain for word in (*words, f"{day:%m/%Y}", f"{day:%m-%y}"))

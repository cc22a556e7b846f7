"""Customers, their accounts, names and groups, and what people confirmed about payers: who may pay for whom."""

from array import array
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

from matching.habits import Habits
from matching.model.open_item import Customer, LearnedFact
from matching.model.policy import Policy
from matching.text.names import legal_forms, name_key, other_firm, whole_key
from matching.text.normal import compact

_TOO_COMMON = 200
_CUT_FROM = 22
_RELATIVES = 200
_ALIKE = 86.0
_NEAR = 6.0
_CONTAINED = 88.0
_CONFIRMED = 2
"""How often people must have cleared a payer's money for somebody else before master data no longer contradicts it."""
_OTHER_FORM = 90.0
"""Likeness of names that differ in nothing but legal forms that contradict each other."""


class Parties:
    """Customers by place (ordered by id), with everything a payer can be recognised by."""

    def __init__(
        self, customers: Iterable[Customer], learned: Iterable[LearnedFact], policy: Policy, owing: Iterable[str]
    ) -> None:
        known: dict[str, Customer] = {}
        for customer in customers:
            other = known.setdefault(customer.customer_id, customer)
            if other is not customer and repr(customer) < repr(other):
                known[customer.customer_id] = customer
        for customer_id in owing:
            if customer_id not in known:
                known[customer_id] = Customer(customer_id=customer_id, name="")
        self.ids = sorted(known)
        self.size = len(self.ids)
        self._places = {customer_id: place for place, customer_id in enumerate(self.ids)}
        self.customers = [known[customer_id] for customer_id in self.ids]
        self.keys = [name_key(customer.name) for customer in self.customers]
        self.by_account: dict[str, tuple[int, ...]] = {}
        self.by_name: dict[str, tuple[int, ...]] = {}
        self.by_number: dict[str, tuple[int, ...]] = {}
        self.learned_accounts: dict[str, tuple[int, ...]] = {}
        self.learned_names: dict[str, tuple[int, ...]] = {}
        self.confirmed_accounts: dict[str, tuple[int, ...]] = {}
        self.confirmed_names: dict[str, tuple[int, ...]] = {}
        self.not_ours: set[str] = set()
        self.house_accounts = {compact(house.account) for house in policy.house_accounts} - {""}
        facts = tuple(learned)
        self.habits = Habits(facts)
        self._index_customers()
        self._learn(facts)
        self._heads = self._group_heads()
        self._groups = self._members_of_groups()
        self._payers = self._declared_payers()
        self._declared_by = self._declared_for()
        self._words = self._word_index()
        self._wholes = [(whole_key(customer.name), place) for place, customer in enumerate(self.customers)]
        self.recognise = lru_cache(maxsize=50_000)(self._recognise)

    def place(self, customer_id: str) -> int:
        """Where the customer stands in the columns."""
        return self._places[customer_id]

    def _index_customers(self) -> None:
        for place, customer in enumerate(self.customers):
            for account in customer.ibans:
                _add(self.by_account, compact(account), place)
            for name in (self.keys[place], *(name_key(alias) for alias in customer.aliases)):
                _add(self.by_name, name, place)
            _add(self.by_number, compact(customer.customer_id), place)

    def _learn(self, learned: Iterable[LearnedFact]) -> None:
        for fact in sorted(learned, key=lambda fact: (fact.kind, fact.subject, fact.customer_id)):
            place = self._places.get(fact.customer_id)
            if fact.kind == "not_ours":
                self.not_ours |= {compact(fact.subject), name_key(fact.subject)} - {""}
            elif place is not None and fact.kind == "payer_account":
                _add(self.learned_accounts, compact(fact.subject), place)
                if fact.confirmations >= _CONFIRMED:
                    _add(self.confirmed_accounts, compact(fact.subject), place)
            elif place is not None and fact.kind == "payer_name":
                _add(self.learned_names, name_key(fact.subject), place)
                if fact.confirmations >= _CONFIRMED:
                    _add(self.confirmed_names, name_key(fact.subject), place)

    def _group_heads(self) -> "array[int]":
        """The head of each customer's group; a circle of parents counts as one group led by its smallest member."""
        parents = [self._places.get(customer.parent_id, -1) for customer in self.customers]
        heads = array("i", range(self.size))
        for place in range(self.size):
            path: list[int] = []
            seen: set[int] = set()
            at = place
            while parents[at] >= 0 and at not in seen:
                path.append(at)
                seen.add(at)
                at = parents[at]
            heads[place] = min(path[path.index(at) :]) if at in seen else at
        return heads

    def _declared_payers(self) -> dict[int, frozenset[str]]:
        return {
            place: frozenset(compact(payer) for payer in customer.payer_ids)
            for place, customer in enumerate(self.customers)
            if customer.payer_ids
        }

    def _declared_for(self) -> dict[str, tuple[int, ...]]:
        index: dict[str, tuple[int, ...]] = {}
        for place, payers in self._payers.items():
            for payer in payers:
                _add(index, payer, place)
        return index

    def _members_of_groups(self) -> dict[int, list[int]]:
        """Groups of more than one, by their head."""
        groups: dict[int, list[int]] = {}
        for place, head in enumerate(self._heads):
            groups.setdefault(head, []).append(place)
        return {head: members for head, members in groups.items() if len(members) > 1}

    def _word_index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for place, key in enumerate(self.keys):
            for word in set(key.split()):
                index.setdefault(word, []).append(place)
                if len(word) > 5:
                    index.setdefault(word[:5] + "*", []).append(place)
        return index

    def related(self, payer: int, customer: int) -> bool:
        """Whether the one may pay for the other: same, same group, or declared as payer.

        A group is everything under one head; heads pay for members and members for each other and the head.
        """
        if payer == customer or self._heads[payer] == self._heads[customer]:
            return True
        return compact(self.ids[payer]) in self._payers.get(customer, ())

    def by_text(self, text: str) -> int:
        """The customer whom people have confirmed for a text like this, or -1."""
        return self._places.get(self.habits.payer_by_text(text), -1) if self.habits else -1

    def pays_for(self, account: str, customer: int) -> bool:
        """Whether an account is declared as payer for the customer."""
        return bool(account) and account in self._payers.get(customer, ())

    def relatives(self, payer: int) -> list[int]:
        """Everybody this payer may pay for, itself first."""
        others = self._groups.get(self._heads[payer], ())
        declared = self._declared_by.get(compact(self.ids[payer]), ())
        found = [payer, *others[:_RELATIVES], *declared[:_RELATIVES]]
        return list(dict.fromkeys(found))

    def declared_for_account(self, account: str) -> list[int]:
        """Customers for whom this account is a declared payer."""
        return list(self._declared_by.get(account, ()))

    def _recognise(self, name: str) -> tuple[tuple[int, ...], str]:
        """Customers that a payer's name may mean, and how surely: ``name``, ``cut``, ``similar`` or nothing."""
        key = name_key(name)
        if not key:
            return (), ""
        exact = self._same_firms(name, key) or self.learned_names.get(key)
        if exact:
            # Two customers that differ in their legal form only are told apart by it.
            whole = whole_key(name) if len(exact) > 1 else ""
            same = tuple(place for place in exact if self._wholes[place][0] == whole)
            return (same if len(same) == 1 else exact), "name"
        candidates = self._candidates(key)
        whole = whole_key(name)
        if len(whole) >= _CUT_FROM:
            cut = tuple(place for place in candidates if self._wholes[place][0].startswith(whole))
            if cut:
                return cut, "cut"
        return self._similar(key, candidates)

    def _same_firms(self, name: str, key: str) -> tuple[int, ...]:
        """Customers of this name whose legal form does not say that they are another firm."""
        found = self.by_name.get(key, ())
        if not found or not legal_forms(name):
            return found
        return tuple(place for place in found if not self._another_firm(name, key, place))

    def _another_firm(self, name: str, key: str, place: int) -> bool:
        customer = self.customers[place]
        alike = [own for own in (customer.name, *customer.aliases) if name_key(own) == key]
        return bool(alike) and all(other_firm(name, own) for own in alike)

    def _similar(self, key: str, candidates: list[int]) -> tuple[tuple[int, ...], str]:
        """The one customer whose name is close and clearly closer than any other's."""
        names = [self.keys[place] for place in candidates]
        alike = process.extract(key, names, scorer=fuzz.token_sort_ratio, score_cutoff=_ALIKE - _NEAR, limit=None)
        scores = {candidates[at]: score for _, score, at in alike}
        words = set(key.split())
        for place, name in zip(candidates, names, strict=True):
            if _one_holds_the_other(words, name.split()):
                scores[place] = max(scores.get(place, 0.0), _CONTAINED)
        best = max(scores.values(), default=0.0)
        if best < _ALIKE:
            return (), ""
        near = sorted((-score, place) for place, score in scores.items() if score > best - _NEAR)
        return tuple(place for _, place in near[:8]), "similar"

    def _candidates(self, key: str) -> list[int]:
        found: set[int] = set()
        for word in key.split():
            for form in (word, word[:5] + "*"):
                places = self._words.get(form, ())
                if len(places) <= _TOO_COMMON:
                    found.update(places)
        return sorted(found)[:1000]

    def likeness(self, name: str, customer: int) -> float:
        """How alike a payer's name and a customer's are, 0 to 100, legal forms aside."""
        key = name_key(name)
        own = self.keys[customer]
        if not key or not own:
            return 0.0
        if key == own:
            return _OTHER_FORM if self._another_firm(name, key, customer) else 100.0
        whole = whole_key(name)
        if len(whole) >= _CUT_FROM and self._wholes[customer][0].startswith(whole):
            return 99.0
        best = max(fuzz.token_sort_ratio(key, own), _contained(key, own))
        for alias in self.customers[customer].aliases[:20]:
            best = max(best, fuzz.token_sort_ratio(key, name_key(alias)))
        return best


def _contained(key: str, other: str) -> float:
    """Likeness where one name has every word of the other and more: a branch, a department, a person's title."""
    return _CONTAINED if _one_holds_the_other(set(key.split()), other.split()) else 0.0


def _one_holds_the_other(words: set[str], others: list[str]) -> bool:
    """Whether every word of the one name is a word of the other, two words at least."""
    if not (words.issuperset(others) or words.issubset(others)):
        return False
    return len(words) >= 2 and len(set(others)) >= 2


def _add(index: dict[str, tuple[int, ...]], key: str, place: int) -> None:
    if key and place not in index.get(key, ()):
        index[key] = (*index.get(key, ()), place)

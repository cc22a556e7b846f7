"""A generated company with its open items, a batch of payments, and the truth about every payment."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from matching.model.open_item import Customer, OpenItem
from matching.model.payment import Payment
from matching.model.policy import History, Policy

Outcome = Literal["settle", "abstain", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueItem:
    """How one item is really settled. ``open_instead``: leaving discount and write-off open is right as well."""

    item_id: str
    cash: int
    discount: int = 0
    write_off: int = 0
    open_instead: bool = False

    @property
    def settled(self) -> int:
        return self.cash + self.discount + self.write_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a payment really was.

    ``settle``: the items; what they do not take is a rest that belongs on account or to a person. ``abstain``: no
    engine may post it, though ``items`` may say what a person would find out. ``ignore``: no customer payment at all.
    ``exception_kinds`` are the kinds a clerk would accept if it lands in the queue, best first.
    """

    payment_id: str
    kind: str
    outcome: Outcome
    customer_id: str = ""
    items: tuple[TrueItem, ...] = ()
    exception_kinds: tuple[str, ...] = ()

    @property
    def must_not_be_posted(self) -> bool:
        return self.outcome != "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything an engine is given, and apart from it the truth."""

    name: str
    seed: int
    as_of: date
    policy: Policy
    customers: tuple[Customer, ...]
    open_items: tuple[OpenItem, ...]
    history: History
    payments: tuple[Payment, ...]
    truth: dict[str, Truth] = field(repr=False)

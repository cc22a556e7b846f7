"""What a company has decided about matching: configuration, never code."""

from dataclasses import dataclass

from matching.model.open_item import HouseAccount, LearnedFact, OpenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much may be written off without a person: minor units of the currency, and parts per 10,000 of the item.

    Both must hold. Zero means: to the cent.
    """

    amount: int = 0
    per_ten_thousand: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds, tolerances and what to look for; one per company, with overrides per customer.

    ``post_from`` and ``propose_from`` are confidences in parts per 10,000: at or above the first a decision is
    posted without a person, at or above the second it is shown as suggestion. ``grace_days`` is how long after the
    discount date an early-payment discount is still accepted. ``tolerance`` is per currency (key "" = any other).
    ``charges_limit`` is the most, per currency in minor units, that is believed to be a bank charge when the bearer
    is shared.
    """

    post_from: int = 9_950
    propose_from: int = 1_000
    grace_days: int = 3
    tolerance: tuple[tuple[str, Tolerance], ...] = ()
    tolerance_per_customer: tuple[tuple[str, Tolerance], ...] = ()
    charges_limit: tuple[tuple[str, int], ...] = ()
    accept_late_discount: bool = False
    house_accounts: tuple[HouseAccount, ...] = ()
    ignored_number_ranges: tuple[tuple[str, str], ...] = ()
    version: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known from before: settled items (they teach number ranges and reveal double payments) and facts."""

    settled_items: tuple[OpenItem, ...] = ()
    learned: tuple[LearnedFact, ...] = ()

"""What was allocated and why, for people who look over the engine's shoulder: the latest, the least sure, a sample."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import groupby

from integrations.config.settings import CompanySettings
from integrations.ledger.errors import NotFound
from integrations.ledger.port import Ledger
from integrations.ledger.records import AllocationRow
from matching.model.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One payment with the allocations of its live decision."""

    payment: Payment
    rows: tuple[AllocationRow, ...]

    @property
    def decided(self) -> AllocationRow:
        """Any of the rows: what they say about the decision is the same in all."""
        return self.rows[0]


@dataclass(slots=True, kw_only=True)
class AllocationsView:
    """The allocations worth a look.

    ``latest`` are what was decided last, by rule or person, newest first. ``by_rule`` holds the automatic ones of the
    run per rule, least sure first. ``to_audit`` is a random sample of them.
    """

    latest: list[Settled] = field(default_factory=list)
    by_rule: dict[str, list[Settled]] = field(default_factory=dict)
    to_audit: list[Settled] = field(default_factory=list)


def settled(company: CompanySettings, ledger: Ledger) -> Iterator[Settled]:
    """Every payment with live allocations, streamed in order of payment id."""
    for _, rows in groupby(ledger.allocations(company.name), key=lambda row: row.payment.payment_id):
        together = tuple(rows)
        yield Settled(payment=together[0].payment, rows=together)


def allocations_view(
    company: CompanySettings,
    ledger: Ledger,
    *,
    decided: Collection[str],
    seed: str,
    latest: int = 60,
    per_rule: int = 20,
    sample: int = 10,
) -> AllocationsView:
    """The view after a run that decided about the payments ``decided``; after a run without any, over all there are.

    The sample is random and can be drawn again by anybody: the payments whose hash with ``seed`` (the night) is lowest.
    """
    view = AllocationsView()
    for one in settled(company, ledger):
        view.latest.append(one)
        if len(view.latest) >= 4 * latest:
            view.latest = nlargest(latest, view.latest, key=_age)
        row = one.decided
        if row.by_person or (decided and one.payment.payment_id not in decided):
            continue
        of_rule = view.by_rule.setdefault(row.rule, [])
        of_rule.append(one)
        if len(of_rule) >= 4 * per_rule:
            view.by_rule[row.rule] = sorted(of_rule, key=_sureness)[:per_rule]
        view.to_audit.append(one)
        if len(view.to_audit) >= 4 * sample:
            view.to_audit = sorted(view.to_audit, key=lambda each: _draw(seed, each))[:sample]
    view.latest = nlargest(latest, view.latest, key=_age)
    view.by_rule = {rule: sorted(some, key=_sureness)[:per_rule] for rule, some in sorted(view.by_rule.items())}
    view.to_audit = sorted(view.to_audit, key=lambda each: _draw(seed, each))[:sample]
    return view


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """The story of what somebody asked about; ``payment_id`` where it is one payment that can be taken back."""

    about: str
    story: tuple[str, ...]
    payment_id: str


def look_up(company: CompanySettings, ledger: Ledger, about: str) -> LookUp:
    """All that happened to a payment, case or item, as sentences, oldest first. Raises NotFound."""
    story = tuple(ledger.history(company.name, about))
    try:
        payment_id = ledger.find_payment(company.name, about)
    except NotFound:
        return LookUp(about=about, story=story, payment_id="")
    live = next((one for one in ledger.payment(company.name, payment_id).decisions if one.live), None)
    return LookUp(about=about, story=story, payment_id=payment_id if live and live.kind != "exception" else "")


def _age(one: Settled) -> tuple[int, str]:
    return one.decided.decision_id, one.payment.payment_id


def _sureness(one: Settled) -> tuple[float, str]:
    return one.decided.confidence, one.payment.payment_id


def _draw(seed: str, one: Settled) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{one.payment.payment_id}".encode()).digest()

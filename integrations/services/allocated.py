"""What was allocated and why, for people who look over the engine's shoulder: the latest, the least sure, a sample."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
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


def settled(company: CompanySettings, ledger: Ledger, decided: Collection[str]) -> Iterator[Settled]:
    """What a run that decided about the payments ``decided`` allocated, streamed in order of payment id."""
    return _together(ledger.allocations(company.name, of=decided))


def latest_settled(company: CompanySettings, ledger: Ledger, count: int) -> list[Settled]:
    """What was allocated last, by rule or person, newest first."""
    return list(_together(ledger.latest_allocations(company.name, limit=count)))


def _together(rows: Iterable[AllocationRow]) -> Iterator[Settled]:
    for _, some in groupby(rows, key=lambda row: row.payment.payment_id):
        together = tuple(some)
        yield Settled(payment=together[0].payment, rows=together)


def allocations_view(
    of_run: Iterable[Settled], latest: list[Settled], *, seed: str, per_rule: int = 20, sample: int = 10
) -> AllocationsView:
    """The view after a run that allocated ``of_run``, which is gone through once.

    The sample is random and can be drawn again by anybody: the payments whose hash with ``seed`` (the night) is lowest.
    """
    view = AllocationsView(latest=latest)
    for one in of_run:
        row = one.decided
        if row.by_person:
            continue
        of_rule = view.by_rule.setdefault(row.rule, [])
        of_rule.append(one)
        if len(of_rule) >= 4 * per_rule:
            view.by_rule[row.rule] = sorted(of_rule, key=_sureness)[:per_rule]
        view.to_audit.append(one)
        if len(view.to_audit) >= 4 * sample:
            view.to_audit = sorted(view.to_audit, key=lambda each: _draw(seed, each))[:sample]
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


def _sureness(one: Settled) -> tuple[float, str]:
    return one.decided.confidence, one.payment.payment_id


def _draw(seed: str, one: Settled) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{one.payment.payment_id}".encode()).digest()

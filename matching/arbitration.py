"""The whole batch at once: strongest first, each item settled once, and where two claims are alike, neither.

Works on explanations that are good enough to contend, whatever the policy's threshold: a stricter policy must never
let a weaker claim through because the stronger one was not posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matching.grades import Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.model.payment import Payment
from matching.reading import Reading

CONTENDS_FROM = 9_000


@dataclass(slots=True)
class Proposal:
    """What the rules make of one payment: explanations, best first; after arbitration, whether the best one stands.

    ``read`` is let go of once the payment is explained, and worked out again if it is asked for: a night holds tens of
    thousands of proposals until arbitration, and most of their readings are not looked at again.
    """

    payment: Payment
    index: LedgerIndex
    hypotheses: list[Hypothesis]
    read: Reading | None = None
    accepted: bool = False
    lost_to: "Proposal | None" = None
    why_not: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def reading(self) -> Reading:
        """The payment as it was read."""
        if self.read is None:
            self.read = Reading(self.payment, self.index)
        return self.read

    @property
    def best(self) -> Hypothesis:
        """The strongest explanation."""
        return self.hypotheses[0]

    @property
    def contends(self) -> bool:
        """Whether it has an explanation strong enough to claim items with."""
        return bool(self.hypotheses) and self.best.confidence >= CONTENDS_FROM

    def order(self) -> tuple[object, ...]:
        """Content, never arrival, decides who comes first."""
        payment = self.payment
        return (payment.booked_on, payment.valued_on or payment.booked_on, content_key(payment))


def content_key(payment: Payment) -> tuple[str, ...]:
    """What tells two payments apart that came on one day; the id only as the last resort."""
    return (
        payment.account, payment.bank_reference, payment.end_to_end_id, payment.payer_account, payment.payer_name,
        payment.remittance, str(payment.amount), payment.payment_id,
    )  # fmt: skip


def arbitrate(proposals: Sequence[Proposal], index: LedgerIndex) -> None:
    """Decide for every proposal whether its best explanation stands."""
    claims: dict[int, list[Proposal]] = {}
    contenders = [proposal for proposal in proposals if proposal.contends]
    for proposal in contenders:
        for line in proposal.best.lines:
            claims.setdefault(line.place, []).append(proposal)
    for proposal in contenders:
        proposal.accepted = True
    for place in sorted(place for place, claimants in claims.items() if len(claimants) > 1):
        claimants = sorted(claims[place], key=Proposal.order)
        if not _fit_together(claimants, place, index):
            _contest(claimants)
    _wait_for_earlier(proposals, contenders)


def _wait_for_earlier(proposals: Sequence[Proposal], contenders: Sequence[Proposal]) -> None:
    """What an earlier payment has most likely settled is not given to a later one while a person has the earlier."""
    earlier: dict[int, Proposal] = {}
    for proposal in sorted((one for one in proposals if _names_what_it_pays(one)), key=Proposal.order):
        for line in proposal.best.lines:
            earlier.setdefault(line.place, proposal)
    for proposal in contenders if earlier else ():
        waiting = [earlier[line.place] for line in proposal.best.lines if line.place in earlier]
        first = min(waiting, key=Proposal.order, default=None)
        if proposal.accepted and first is not None and first.payment.booked_on < proposal.payment.booked_on:
            proposal.accepted, proposal.lost_to = False, first
            proposal.why_not = "an earlier payment that names it too is left to a person"


def _names_what_it_pays(proposal: Proposal) -> bool:
    """Not sure enough to claim anything, but it names documents and pays them to the cent."""
    if proposal.contends or not proposal.hypotheses:
        return False
    best = proposal.best
    return best.reference >= Reference.PART and not best.rest and not any(line.residual for line in best.lines)


def _fit_together(claimants: list[Proposal], place: int, index: LedgerIndex) -> bool:
    settled = sum(
        line.cash + line.discount + line.write_off for c in claimants for line in c.best.lines if line.place == place
    )
    open_amount = index.open.open[place]
    whole = all(line.residual or len(claimants) == 1 for c in claimants for line in c.best.lines if line.place == place)
    return whole and abs(settled) <= abs(open_amount) and settled * open_amount > 0


def _contest(claimants: list[Proposal]) -> None:
    """Who keeps an item that several payments claim: clearly better evidence, or the earlier of two alike."""
    first = min(claimants, key=lambda c: (*_weakness(c), *c.order()))
    for other in claimants:
        if other is first:
            continue
        if _clearly_better(first, other):
            other.lost_to, other.why_not = first, "a payment with better evidence settles the same item"
        elif _repeats(first, other):
            other.lost_to, other.why_not = first, "an earlier payment of the same payer settles the same item"
        else:
            first.accepted = False
            first.lost_to, first.why_not = other, "another payment claims the same item with equal evidence"
            other.lost_to, other.why_not = first, "another payment claims the same item with equal evidence"
        other.accepted = False


def _weakness(proposal: Proposal) -> tuple[int, int]:
    best = proposal.best
    return -int(best.reference >= Reference.DIGITS), -int(best.relation in {"exact", "discount", "advice"})


def _clearly_better(one: Proposal, other: Proposal) -> bool:
    mine, theirs = one.best, other.best
    named = mine.reference >= Reference.DIGITS and theirs.reference <= Reference.NEAR
    return named and mine.payer >= theirs.payer - 1


def _repeats(one: Proposal, other: Proposal) -> bool:
    """The later payment says the same as the earlier one: a double payment, not a rival."""
    mine, theirs = one.best, other.best
    earlier = one.payment.booked_on < other.payment.booked_on
    return (
        earlier
        and mine.reference >= Reference.DIGITS
        and mine.confidence >= theirs.confidence
        and mine.relation == "exact"
    )

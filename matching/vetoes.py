"""Reasons not to post, however good an explanation looks. Each was bought with a wrong posting once.

A veto never makes an explanation disappear where a person could still want it: it lowers its confidence below any
threshold to post and says why. Only guesses by amount disappear when the payment names a document that is closed.
"""

from collections.abc import Iterable

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading

_DOUBTFUL = frozenset({"over", "short", "tolerated", "completed", "late"})
_WHOLE = frozenset({"exact", "advice"})
_INEXACT = frozenset({"over", "short", "tolerated", "completed"})
NEVER = 5_000
"""No policy may post from a confidence as low as this."""


def apply(reading: Reading, found: Iterable[Hypothesis], index: LedgerIndex) -> list[Hypothesis]:
    """The explanations with their doubts, best first; ties in ledger order."""
    judged = [_judge(reading, hypothesis, index) for hypothesis in found]
    judged = _competing(judged, reading)
    return sorted(judged, key=lambda hypothesis: (-hypothesis.confidence, len(hypothesis.lines), hypothesis.places))


def _judge(reading: Reading, hypothesis: Hypothesis, index: LedgerIndex) -> Hypothesis:
    table = index.open
    places = hypothesis.places
    if any(table.disputed[place] for place in places):
        hypothesis = hypothesis.doubted("an item is disputed", NEVER)
    if hypothesis.payer > Payer.OTHER and hypothesis.relation in _WHOLE and hypothesis.reference >= Reference.FULL:
        if len(reading.first_view.strong) == len(places):
            return hypothesis
    if hypothesis.payer is Payer.OTHER:
        hypothesis = hypothesis.doubted("the payer is known as another customer", NEVER)
    if hypothesis.reference is not Reference.NONE and hypothesis.relation not in _INEXACT:
        pass
    elif reading.unknown_numbers and hypothesis.reference is Reference.NONE:
        number = reading.unknown_numbers[0]
        hypothesis = hypothesis.doubted(f"the text names {number}, which is no open document", NEVER)
    elif reading.unknown_numbers:
        number = reading.unknown_numbers[0]
        hypothesis = hypothesis.doubted(f"the text also names {number}, which is no open document", NEVER)
    if hypothesis.relation == "over" and hypothesis.rest * 2 > sum(table.open[place] for place in places):
        hypothesis = hypothesis.doubted("far more was paid than the named items amount to", NEVER)
    if hypothesis.relation == "over" and len(places) > 2:
        hypothesis = hypothesis.doubted("the list of documents may have been cut off", NEVER)
    if hypothesis.relation == "short" and any(
        line.residual > 4 * line.cash and line.reason == "unknown" for line in hypothesis.lines
    ):
        hypothesis = hypothesis.doubted("far less was paid than the named item amounts to", NEVER)
    if hypothesis.reference in {Reference.NEAR, Reference.PART} and hypothesis.relation == "exact":
        other = [number for number in reading.unknown_numbers if number not in hypothesis.quoted]
        if other:
            hypothesis = hypothesis.doubted(f"the text also names {other[0]}, which is no open document", NEVER)
    if reading.foreign:
        number = reading.foreign[0].text
        hypothesis = hypothesis.doubted(f"the text names {number}, which is open in another currency", NEVER)
    closed = reading.closed_for_sure if hypothesis.reference is Reference.NEAR else reading.closed
    if closed and hypothesis.reference <= Reference.NEAR:
        hypothesis = hypothesis.doubted("the text names a document that is already settled", NEVER)
    elif closed and hypothesis.relation not in {"exact", "advice"}:
        hypothesis = hypothesis.doubted("the text also names a document that is already settled", NEVER)
    if hypothesis.reference <= Reference.NEAR and any(table.issued[place] > reading.paid_on for place in places):
        hypothesis = hypothesis.doubted("an item is younger than the payment", NEVER)
    return hypothesis


def _competing(found: list[Hypothesis], reading: Reading) -> list[Hypothesis]:
    """What another item explains to the cent is neither a short payment nor an over-payment for certain."""
    inexact = [hypothesis for hypothesis in found if hypothesis.relation in _DOUBTFUL]
    if not inexact:
        return found
    credit = any(hypothesis.relation == "credit_taken" for hypothesis in found)
    completed = [hypothesis for hypothesis in found if hypothesis.relation == "completed"]
    return [
        _doubt_against(
            hypothesis,
            exact=any(place not in hypothesis.places for place in reading.exactly_paid),
            credit=credit,
            completed=bool(completed),
        )
        if hypothesis.relation in _DOUBTFUL
        else hypothesis
        for hypothesis in found
    ]


def _doubt_against(hypothesis: Hypothesis, *, exact: bool, credit: bool, completed: bool) -> Hypothesis:
    if hypothesis.relation in {"short", "over", "completed", "late"} and exact:
        hypothesis = hypothesis.doubted("another open item of the payer has exactly this amount", NEVER)
    if hypothesis.relation in {"short", "tolerated"} and credit:
        hypothesis = hypothesis.doubted("a credit note explains the difference as well", NEVER)
    if hypothesis.relation == "over" and completed:
        hypothesis = hypothesis.doubted("another open item explains the rest", NEVER)
    return hypothesis

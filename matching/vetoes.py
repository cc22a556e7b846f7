"""Reasons not to post, however good an explanation looks. Each was bought with a wrong posting once.

A veto never makes an explanation disappear where a person could still want it: it lowers its confidence below any
threshold to post and says why. Only guesses by amount disappear when the payment names a document that is closed.
"""

import re
from collections.abc import Callable, Iterable

from matching import reasons
from matching.called import introduced
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.mentions import left_over
from matching.reading import Reading
from matching.text.names import words

_DOUBTFUL = frozenset({"over", "short", "tolerated", "completed", "late"})
_WHOLE = frozenset({"exact", "advice"})
_INEXACT = frozenset({"over", "short", "tolerated", "completed"})
_OTHERS = 200
_FULL_LINES = frozenset(width * lines + less for width in (27, 32, 35, 54, 65, 70, 100, 140) for lines in range(1, 7)
                        for less in (-1, 0))  # fmt: skip
"""How long a text is that a bank has cut at the end of a line, perhaps before a blank."""
_NUMBER_BEGUN = re.compile(r"[,;/+&][ ]*[A-Z]*[0-9]{0,3}$|[0-9][ ]+[A-Z]{1,4}[/-]?$")
NEVER = 5_000
"""No policy may post from a confidence as low as this."""


def apply(reading: Reading, found: Iterable[Hypothesis], index: LedgerIndex) -> list[Hypothesis]:
    """The explanations with their doubts, best first; ties in ledger order."""
    judged = [_judge(reading, hypothesis, index) for hypothesis in found]
    judged = _competing(judged, reading)
    return sorted(judged, key=lambda hypothesis: (-hypothesis.confidence, len(hypothesis.lines), hypothesis.places))


def _judge(reading: Reading, hypothesis: Hypothesis, index: LedgerIndex) -> Hypothesis:
    disputed = index.open.disputed
    if any(disputed[line.place] for line in hypothesis.lines):
        hypothesis = hypothesis.doubted("an item is disputed", NEVER)
    if _beyond_doubt(hypothesis, reading):
        return hypothesis
    for veto in _VETOES:
        why = veto(hypothesis, reading, index)
        if why:
            hypothesis = hypothesis.doubted(why, NEVER)
    return hypothesis


def _beyond_doubt(hypothesis: Hypothesis, reading: Reading) -> bool:
    """Everything the text names is settled to the cent: there is nothing left that could speak against it."""
    return (
        hypothesis.payer > Payer.OTHER
        and hypothesis.relation in _WHOLE
        and hypothesis.reference >= Reference.FULL
        and len(reading.first_view.strong) == len(hypothesis.lines)
    )


def _another_customer(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    del reading, index
    return "the payer is known as another customer" if hypothesis.payer is Payer.OTHER else ""


def _unknown_number(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    """What the payer names and we do not know may be what was paid; it does not matter where all fits without it."""
    del index
    weak = hypothesis.reference <= Reference.PART
    if not weak and hypothesis.relation not in _INEXACT:
        return ""
    other = [number for number in reading.unknown_numbers if not any(number in quoted for quoted in hypothesis.quoted)]
    return f"the text names {other[0]}, which is no open document" if other else ""


def _names_others(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    """A number with a slip in it explains a payment only if the payment names nothing else of the payer's."""
    if hypothesis.rule != "near_number":
        return ""
    column = index.open.customer
    for mention in reading.meant:
        own = [place for place in mention.items if reading.payer_grade(column[place]) > Payer.UNKNOWN]
        if own and not set(own) & set(hypothesis.places):
            return f"the text names {mention.shown or mention.text} as well"
    return ""


def _far_more(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    """More than is named is an over-payment only if nothing else can have been meant with the rest."""
    if hypothesis.relation != "over":
        return ""
    if hypothesis.rest * 2 > sum(index.open.open[place] for place in hypothesis.places):
        return "far more was paid than the named items amount to"
    if len(hypothesis.lines) > 1:
        return "the list of documents may have been cut off, or one of them may be another"
    if _may_be_cut(reading) and _rest_pays(hypothesis, reading, index):
        return "the rest could pay another open item of the payer"
    return ""


def _may_be_cut(reading: Reading) -> bool:
    """Whether the bank may have cut the text: it fills its line, ends in the middle of a list, or is not all read."""
    view = reading.first_view
    text = view.text.rstrip()
    if len(text) in _FULL_LINES or not text[-1:].isalnum() or _NUMBER_BEGUN.search(text):
        return True
    return left_over(view.text, view.groups, view.here)


def _rest_pays(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> bool:
    """Whether the rest is large enough for a further item of the customer: the text may have been cut off."""
    table = index.open
    customers = sorted({table.customer[place] for place in hypothesis.places})
    others = index.items_of(customers, reading.payment.currency, _OTHERS)
    return any(0 < table.open[place] <= hypothesis.rest for place in others if place not in hypothesis.places)


def _far_less(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    del reading, index
    if hypothesis.relation != "short":
        return ""
    if len(hypothesis.lines) > 1 or len(hypothesis.quoted) > 1:
        return "several documents are named, and which of them is short is not said"
    far = any(line.residual > 4 * line.cash and line.reason == "unknown" for line in hypothesis.lines)
    return "far less was paid than the named item amounts to" if far else ""


def _not_called_a_document(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    """Where the amount does not speak for a number, the words in front of it must."""
    if hypothesis.relation not in {"short", "over"} or len(hypothesis.lines) > 1:
        return ""
    (place,) = hypothesis.places
    own_name = words(reading.payment.payer_name)
    doubt = ""
    for view in reading.views:
        for mention in (*view.strong, *view.weak):
            if place in mention.items and not mention.end:
                return ""
            if place in mention.items:
                number, in_full = index.open.numbers[place], mention.grade >= Reference.FULL
                doubt = introduced(view.text, mention.start, number, in_full=in_full, of_no_meaning=own_name)
                if doubt and in_full and reasons.said(reading.text) != "unknown":
                    # A reason for the difference speaks for a number that stands there in full.
                    doubt = introduced(
                        view.text,
                        mention.start,
                        number,
                        in_full=in_full,
                        reason_given=True,
                        of_no_meaning=own_name,
                    )
                if not doubt:
                    return ""
    return doubt


def _another_currency(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    del hypothesis, index
    return f"the text names {reading.foreign[0].shown}, which is open in another currency" if reading.foreign else ""


def _settled_already(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    del index
    closed = reading.closed_for_sure if hypothesis.reference is Reference.NEAR else reading.closed
    if closed and (hypothesis.reference <= Reference.NEAR or hypothesis.relation not in _WHOLE):
        return f"the text names {closed[0].shown or closed[0].text}, which is already settled"
    return ""


def _settled_twin(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    """Two companies use the same numbers: what is settled under this one had exactly the amount paid."""
    if hypothesis.relation in _WHOLE or hypothesis.relation == "discount":
        return ""
    settled = index.settled
    for mention in (*reading.strong, *reading.weak):
        for place in mention.closed:
            payer = settled.original[place] == reading.payment.amount and reading.payer_grade(settled.customer[place])
            if payer and payer > Payer.OTHER:
                return f"a settled document of the number {mention.shown or mention.text} had exactly this amount"
    return ""


def _younger(hypothesis: Hypothesis, reading: Reading, index: LedgerIndex) -> str:
    if hypothesis.reference > Reference.NEAR:
        return ""
    younger = any(index.open.issued[place] > reading.paid_on for place in hypothesis.places)
    return "an item is younger than the payment" if younger else ""


_VETOES: tuple[Callable[[Hypothesis, Reading, LedgerIndex], str], ...] = (
    _another_customer,
    _unknown_number,
    _names_others,
    _far_more,
    _far_less,
    _not_called_a_document,
    _another_currency,
    _settled_already,
    _settled_twin,
    _younger,
)


def _competing(found: list[Hypothesis], reading: Reading) -> list[Hypothesis]:
    """What another item explains to the cent is neither a short payment nor an over-payment for certain."""
    inexact = [hypothesis for hypothesis in found if hypothesis.relation in _DOUBTFUL]
    if not inexact:
        return found
    credit = any(h.relation == "credit_taken" or h.rule == "credit_note_taken" for h in found)
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
    told = hypothesis.reference >= Reference.FULL and any(line.reason == "partial_payment" for line in hypothesis.lines)
    if hypothesis.relation in {"short", "over", "completed", "late"} and exact and not told:
        hypothesis = hypothesis.doubted("another open item of the payer has exactly this amount", NEVER)
    if hypothesis.relation in {"short", "tolerated", "late"} and credit:
        hypothesis = hypothesis.doubted("a credit note explains the difference as well", NEVER)
    if hypothesis.relation == "over" and completed:
        hypothesis = hypothesis.doubted("another open item explains the rest", NEVER)
    return hypothesis

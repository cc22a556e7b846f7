"""The payment carries an advice: documents with the amount paid for each, and what was taken off and why."""

from collections.abc import Iterator

from matching.grades import Reference
from matching.hypothesis import Hypothesis, Line
from matching.index import LedgerIndex
from matching.model.decision import ResidualReason
from matching.model.payment import RemittanceDocument
from matching.reading import Reading
from matching.rules.by_document_number import choose


def by_remittance_advice(reading: Reading, index: LedgerIndex) -> Iterator[Hypothesis]:
    """Each document settled with the amount the payer states for it, if the stated amounts make up the payment."""
    documents = [document for document in reading.payment.documents[:400] if document.remitted is not None]
    if not documents or sum(document.remitted or 0 for document in documents) != reading.payment.amount:
        return
    lines: dict[int, Line] = {}
    grade = Reference.CHECKED
    for document in documents:
        found = _line(document, reading, index)
        if found is None or found[0].place in lines:
            return
        lines[found[0].place] = found[0]
        grade = min(grade, found[1])
    payer = reading.weakest_payer(tuple(lines))
    quoted = tuple(document.number for document in documents)
    whole = all(not line.residual for line in lines.values())
    relation = "advice" if whole or not any(line.reason == "unknown" for line in lines.values()) else "short"
    yield Hypothesis("remittance_advice", relation, tuple(lines.values()), grade, payer, 0, quoted)


def _line(document: RemittanceDocument, reading: Reading, index: LedgerIndex) -> tuple[Line, Reference] | None:
    chosen = choose(reading, index, reading.named_in(document.number), document.remitted)
    if len(chosen) != 1:
        return None
    place, mention = next(iter(chosen.items()))
    table = index.open
    open_amount = table.open[place]
    cash = document.remitted or 0
    if open_amount < 0:
        cash = -abs(cash)
    if cash == 0 or cash * open_amount < 0 or abs(cash) > abs(open_amount):
        return None
    left = open_amount - cash
    discount = 0
    if document.discount and left and abs(document.discount) == table.discount[place] == left:
        in_time = reading.paid_on <= table.discount_until[place] + index.policy.grace_days
        discount = left if in_time or index.policy.accept_late_discount else 0
    residual = left - discount
    reason: ResidualReason | None = None
    if residual:
        reason = "deduction_claimed" if document.adjustment else "discount_too_late" if document.discount else "unknown"
    return Line(place, cash, discount=discount, residual=residual, reason=reason), mention.grade

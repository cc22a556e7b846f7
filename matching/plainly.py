"""The plain payment: what it names is open, and is exactly what was paid, or that less the early-payment discount.

More than half of all payments are plain: the first rule would explain them, and nothing else would be looked for.
So they are explained at once. What stands here changes no decision; a law in the tests holds the search with it
against the search without it.
"""

from matching import vetoes
from matching.arbitration import CONTENDS_FROM
from matching.decision_table import confidence
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.mentions import Mention
from matching.reading import Reading
from matching.rules.amounts import fits
from matching.rules.by_document_number import meant


def plainly_named(reading: Reading, index: LedgerIndex) -> Hypothesis | None:
    """The one explanation of a plain payment, scored and not doubted; None where more has to be searched or weighed."""
    mentions = reading.first_view.strong
    if not mentions or reading.payment.documents:
        return None
    chosen = _chosen(mentions, reading, index)
    if not chosen:
        return None
    places = tuple(chosen)
    relation, lines, rest = next(fits(places, reading, index), ("", (), 0))
    payer = reading.weakest_payer(places)
    if relation not in {"exact", "discount"} or payer is Payer.OTHER:
        return None
    grade = min([mention.grade for mention in chosen.values()])
    quoted = tuple([mention.shown or mention.text for mention in chosen.values()])
    rule = "document_number" if len(places) == 1 else "document_number_list"
    sure = confidence(relation, grade, payer)
    found = Hypothesis(rule, relation, lines, grade, payer, rest, quoted, sure)
    if relation == "exact" and grade >= Reference.FULL and len(mentions) == len(places):
        # Everything that is named is settled to the cent: only a dispute can speak against it.
        disputed = index.open.disputed
        return found if sure >= CONTENDS_FROM and not any(disputed[place] for place in places) else None
    (judged,) = vetoes.apply(reading, [found], index)
    return judged if judged.confidence >= CONTENDS_FROM else None


def _chosen(mentions: list[Mention], reading: Reading, index: LedgerIndex) -> dict[int, Mention]:
    """The one item that each mention means; nothing where one may mean several."""
    table = index.open
    chosen: dict[int, Mention] = {}
    for mention in mentions:
        items = mention.items
        if mention.grade < Reference.FULL or len(items) != 1 or len(table.currencies) > 1:
            items = tuple(meant(reading, index, mention))
            if len(items) > 1:
                return {}
        if items:
            chosen.setdefault(items[0], mention)
    return chosen

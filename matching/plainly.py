"""The plain payment: what it names in full is open, and adds up to exactly what was paid.

Half of all payments are plain, and nothing can speak against them: every rule would find the same explanation, and the
vetoes let it pass because nothing is left over, neither of the text nor of the amount. So it is known at once. What
stands here changes no decision; a law in the tests holds the search with it against the search without it.
"""

from matching.arbitration import CONTENDS_FROM
from matching.decision_table import confidence
from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.mentions import Mention
from matching.reading import Reading
from matching.rules.amounts import whole_lines


def plainly_named(reading: Reading, index: LedgerIndex) -> Hypothesis | None:
    """The one explanation of a plain payment, scored; None where anything has to be searched or weighed."""
    payment = reading.payment
    if payment.documents:
        return None
    mentions = reading.first_view.strong
    places = _places(mentions, payment.currency, index)
    amounts = index.open.open
    if not places or sum([amounts[place] for place in places]) != payment.amount:
        return None
    payer = reading.weakest_payer(places)
    grade = min([mention.grade for mention in mentions])
    sure = confidence("exact", grade, payer)
    if payer is Payer.OTHER or sure < CONTENDS_FROM:
        return None
    rule = "document_number" if len(places) == 1 else "document_number_list"
    quoted = tuple([mention.shown or mention.text for mention in mentions])
    return Hypothesis(rule, "exact", whole_lines(places, index), grade, payer, 0, quoted, sure)


def _places(mentions: list[Mention], currency: str, index: LedgerIndex) -> tuple[int, ...]:
    """The items that are named, one by each mention; nothing where one is not sure, or an item is disputed."""
    table = index.open
    places = []
    for mention in mentions:
        if mention.grade < Reference.FULL or len(mention.items) != 1:
            return ()
        place = mention.items[0]
        if table.disputed[place] or table.currencies[table.currency[place]] != currency or place in places:
            return ()
        places.append(place)
    return tuple(places)

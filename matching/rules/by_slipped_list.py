"""A list of documents with one or two of its numbers typed wrong: the rest is read, and the amount tells which."""

from collections.abc import Iterator
from itertools import islice, product

from matching.grades import Payer, Reference
from matching.hypothesis import Hypothesis
from matching.index import LedgerIndex
from matching.reading import Reading, TextView
from matching.rules.amounts import whole_lines
from matching.rules.by_document_number import choose
from matching.rules.by_near_number import slipped

_MOST_WRONG = 3
_MOST_ITEMS = 200
_MOST_WAYS = 2_000


def by_slipped_list(reading: Reading, index: LedgerIndex, view: TextView) -> Iterator[Hypothesis]:
    """The payer's own named items, and for each other number an item one slip away, if exactly one way adds up."""
    table = index.open
    named = choose(reading, index, [*view.strong, *view.weak])
    own = [place for place in named if reading.payer_grade(table.customer[place]) > Payer.OTHER]
    wrong = _wrong_strings(view, own)
    if not wrong or len(wrong) > _MOST_WRONG or len(own) + len(wrong) < 2:
        return
    customers = reading.likely[0] or sorted({table.customer[place] for place in own})
    pool = [
        place for place in index.items_of(customers[:10], reading.payment.currency, _MOST_ITEMS) if place not in own
    ]
    options = [[place for place in pool if slipped(index, place, [string])] for string in wrong]
    left = reading.payment.amount - sum(table.open[place] for place in own)
    ways = {
        tuple(sorted(way))
        for way in islice(product(*options), _MOST_WAYS)
        if len(set(way)) == len(way) and sum(table.open[place] for place in way) == left
    }
    for way in sorted(ways):
        places = (*own, *way)
        found = Hypothesis(
            "list_with_slip",
            "exact",
            whole_lines(places, index),
            Reference.NEAR,
            reading.weakest_payer(places),
            0,
            (*(named[place].shown or named[place].text for place in own), *wrong),
        )
        yield found if len(ways) == 1 else found.doubted("the mistyped numbers fit in more than one way", 5_000)


def _wrong_strings(view: TextView, own: list[int]) -> list[str]:
    """Numbers quoted that are not the payer's: unknown ones, and other customers' or settled documents."""
    found = dict.fromkeys(view.unknown)
    for mention in (*view.strong, *view.weak):
        meant = any(place in own for place in mention.items)
        if not meant and mention.grade >= Reference.PART and (mention.items or mention.closed):
            found[mention.text] = None
    return list(found)

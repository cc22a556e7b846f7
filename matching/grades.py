"""How strong evidence is, from weakest to strongest, and the words it is explained with.

The order is what the decision table is monotone in: stronger evidence never lowers a confidence.
"""

from enum import IntEnum


class Reference(IntEnum):
    """How well the payment names the documents it pays."""

    NONE = 0
    NEAR = 1
    """One typing slip away: a digit wrong, missing, doubled or swapped with its neighbour, O for 0."""
    PART = 2
    """The running number alone, or other short digits that fit a document of the payer."""
    DIGITS = 3
    """All the digits, written otherwise: prefix dropped, zeros dropped, short year, glued or split."""
    FULL = 4
    """The whole number as printed."""
    CHECKED = 5
    """A structured reference whose check digits hold, equal to the one printed on the document."""


class Payer(IntEnum):
    """How surely the payer is the customer whose documents are named."""

    OTHER = 0
    """Known to be another customer, and not related."""
    UNKNOWN = 1
    """Nothing known about the payer, or no payer given."""
    SIMILAR = 2
    """A name that is close to this customer's and to no other's."""
    NAMED = 3
    """The customer's name, legal form aside; or their customer number in the text; or the ultimate debtor."""
    ACCOUNT = 4
    """The customer's own account or mandate, or one confirmed or declared for them."""


REFERENCE_WORDS = {
    Reference.NONE: "no document named",
    Reference.NEAR: "named with one typing slip",
    Reference.PART: "named by part of its number",
    Reference.DIGITS: "named by its digits",
    Reference.FULL: "named in full",
    Reference.CHECKED: "named by its payment reference",
}
PAYER_WORDS = {
    Payer.OTHER: "is known as another customer, not {name}",
    Payer.UNKNOWN: "is not known; {name} owes it",
    Payer.SIMILAR: "has a name similar to {name}",
    Payer.NAMED: "is {name} by name or customer number",
    Payer.ACCOUNT: "pays from an account known for {name}",
}

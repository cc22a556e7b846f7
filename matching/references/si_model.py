"""Slovenian model reference: "SI", two digits that name the model, up to three parts with hyphens between them.

Source: Bank Association of Slovenia, rules for the formation and use of standardised references (models after the
instruction in force since the payment reform); check digit modulus 11, weights 2 to 13 from the right.
Models that only public bodies use have rules of their own and are not accepted here as checked; model 00 has no check.
"""

from collections.abc import Iterator

from matching.references._national_model import LAYOUTS, compact_model, find_model, validate_model
from matching.references._shared import Found, InvalidReferenceError, Strength

NAME = "SI model"
TYPES = ("SI", "SIREF", "NRC")
# Two remainders share the check digit 0, the tenth digit from the right has the weight 11 and so counts for nothing,
# and model 00 has no check at all: amount or payer must agree.
STRENGTH = Strength(single_undetected=0.1, transposed_undetected=0.02, enough_alone=False)


def compact(text: str) -> str:
    """Upper case without blanks; the hyphens stay.

    >>> compact("si12 1234-5")
    'SI121234-5'
    """
    return compact_model(text)


def validate(text: str) -> str:
    """The compact reference. Raises InvalidReferenceError.

    >>> validate("SI01 1234-567-890")
    'SI011234-567-890'
    >>> is_valid("SI01 1234-567-894"), is_valid("SI00 17-2026")
    (False, True)
    """
    return validate_model(text, "SI", NAME, LAYOUTS)


def is_valid(text: str) -> bool:
    """Whether the text is a Slovenian model reference that obeys its model's rule."""
    try:
        return bool(validate(text))
    except InvalidReferenceError:
        return False


def find(text: str) -> Iterator[Found]:
    """Model references in a free text; of several readings from one place the longest valid one.

    >>> [found.reference for found in find("sklic SI01 1234-567-890 hvala")]
    ['SI011234-567-890']
    """
    return find_model(text, "SI", NAME, LAYOUTS)

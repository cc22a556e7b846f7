"""The model references of Slovenia and Croatia: country, two digits that name the model, up to three parts.

Both countries kept the table of the former Yugoslav payment service: the model says which parts, alone or together,
end in a modulus 11 check digit. A layout is written here as groups of part numbers, each group with one check digit
at the end of its last part: ``((1,), (2, 3))`` is the table's "(P1)K - (P2 - P3)K".
"""

import re
from collections.abc import Iterator

from matching.references._shared import (
    Found,
    InvalidReferenceError,
    check_digit_modulus_11_folded,
    without,
    wrong_check_digit,
)

Layout = tuple[tuple[int, ...], ...]
LAYOUTS: dict[str, Layout] = {
    "00": (),
    "01": ((1, 2, 3),),
    "02": ((2,), (3,)),
    "03": ((1,), (2,), (3,)),
    "04": ((1,), (3,)),
    "05": ((1,),),
    "06": ((2, 3),),
    "07": ((2,),),
    "08": ((1, 2), (3,)),
    "09": ((1, 2),),
    "10": ((1,), (2, 3)),
    "11": ((1,), (2,)),
    "12": ((1,),),
}
_LONGEST_PART = 22


def compact_model(text: str) -> str:
    """Upper case without blanks; the hyphens between the parts stay, they carry meaning."""
    return without(text, ".")


def parts_of(reference: str, country: str, name: str) -> tuple[str, tuple[str, ...]]:
    """The model and its parts. Raises InvalidReferenceError when the shape is not the country's."""
    shape = re.fullmatch(rf"{country}(\d\d)([0-9-]*)", reference, re.ASCII)
    if not shape or len(shape.group(2)) > _LONGEST_PART:
        message = f"{reference!r} is no {name} reference: {country!r}, two digits and up to three parts expected"
        raise InvalidReferenceError(message)
    parts = tuple(shape.group(2).split("-"))
    if len(parts) > 3 or not all(parts):
        message = f"{reference!r} is no {name} reference: up to three parts with one hyphen between them expected"
        raise InvalidReferenceError(message)
    return shape.group(1), parts


def checked_groups(parts: tuple[str, ...], layout: Layout) -> Iterator[str]:
    """The digits of each group that ends in a check digit, as far as its parts are there.

    >>> list(checked_groups(("123", "45"), ((1,), (2, 3))))
    ['123', '45']
    """
    for group in layout:
        joined = "".join(parts[number - 1] for number in group if number <= len(parts))
        if joined:
            yield joined


def validate_model(text: str, country: str, name: str, layouts: dict[str, Layout]) -> str:
    """The compact reference. Raises InvalidReferenceError that says what is wrong."""
    reference = compact_model(text)
    model, parts = parts_of(reference, country, name)
    if model not in layouts:
        message = f"{reference!r} is no {name} reference: model {model} has no rule that can be checked here"
        raise InvalidReferenceError(message)
    for digits in checked_groups(parts, layouts[model]):
        if len(digits) < 2 or check_digit_modulus_11_folded(digits[:-1]) != digits[-1]:
            raise wrong_check_digit(reference, name)
    return reference


def find_model(text: str, country: str, name: str, layouts: dict[str, Layout]) -> Iterator[Found]:
    """References in free text: the country and model, then digits and hyphens, a blank allowed between groups."""
    printed = rf"(?<![0-9A-Z]){country}\s?\d\d(?:[ -]?\d+){{1,12}}"
    for match in re.finditer(printed, text, re.ASCII | re.IGNORECASE):
        ends = [match.start() + group.end() for group in re.finditer(r"\d+", match.group(), re.ASCII)]
        for end in reversed(ends):
            candidate = text[match.start() : end]
            if _is_valid(candidate, country, name, layouts):
                yield Found(scheme=name, reference=compact_model(candidate), start=match.start(), end=end)
                break


def _is_valid(text: str, country: str, name: str, layouts: dict[str, Layout]) -> bool:
    try:
        return bool(validate_model(text, country, name, layouts))
    except InvalidReferenceError:
        return False

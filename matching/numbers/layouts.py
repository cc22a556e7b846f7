"""How document numbers are written: letters, separators, and how many digits each group has.

A ledger of a million numbers is written in a handful of layouts. Where a number's digits, its short form and its
running number stand is worked out once for each layout; of the single number they are only cut out.
"""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from matching.numbers.series import DIGITS, Series, shape

Cut = Callable[[str], str]
_MASK = bytes(0xFF if ord("0") <= sign <= ord("9") else sign for sign in range(256))
_LETTERS_INSIDE = re.compile(r"#.*[A-Z]|[A-Z][^A-Z]+[A-Z]")
"""Letters behind or between the digits: such a number is no run of digits, and is found as a word."""
_LEAD = 2
_LEAD_FROM = 8
"""Numbers of nothing but digits, so many at least, are told apart by their first two: see ``series.shape``."""


class Layout:
    """Numbers that differ in nothing but their digits: how many there are, and where their parts stand.

    ``digits`` cuts all digits out of a number; ``short`` those with a short year and ``tail`` the running number alone,
    each ``None`` where the series has no such part; ``before`` what stands in front of the running number.
    """

    __slots__ = ("before", "digits", "groups", "prefix", "shape", "short", "tail", "width", "words")

    def __init__(self, text: str) -> None:
        self.shape = shape(text)
        self.groups = [match.span() for match in DIGITS.finditer(text)]
        self.width = sum(end - start for start, end in self.groups)
        self.words = self.width < 5 or _LETTERS_INSIDE.search(self.shape) is not None
        self.digits = _cut(self.groups)
        self.prefix = ""
        self.short: Cut | None = None
        self.tail: Cut | None = None
        self.before = _cut(())

    def learned(self, series: Series) -> None:
        """Take over what the numbers of the series have told about its parts.

        >>> layout = Layout("RE2025-041234")
        >>> layout.learned(Series(1, 0, 0, 4, "RE"))
        >>> layout.parts("RE2025-041234"), layout.before("RE2025-041234")
        (('2025041234', '25041234', '041234'), '2025')
        >>> plain = Layout("1900001234")
        >>> plain.learned(Series(0, 5, -1, 0, ""))
        >>> plain.parts("1900001234"), plain.before("1900001234")
        (('1900001234', '', '01234'), '19000')
        """
        self.prefix = series.prefix
        if not self.groups:
            return
        start, end = self.groups[series.running]
        if series.lead or len(self.groups) > 1:
            self.tail = _cut([(start + series.lead, end)])
        with_year = series.year_group if series.year_group >= 0 else series.running if series.lead == 4 else -1
        if series.year_digits == 4 and with_year >= 0:
            century = [(first + 2 * (place == with_year), last) for place, (first, last) in enumerate(self.groups)]
            self.short = _cut(century)
        first, last = self.groups[series.running - 1 if series.running else 0]
        self.before = _cut([(first, last if series.running else first + series.lead)])

    def parts(self, text: str) -> tuple[str, str, str]:
        """All digits of a number, all digits with a short year, and the running number alone, as ``series.parts``."""
        return self.digits(text), self.short(text) if self.short else "", self.tail(text) if self.tail else ""


def _cut(groups: Sequence[tuple[int, int]]) -> Cut:
    """What joins these spans of a text."""
    slices = [slice(*group) for group in groups]
    if not slices:
        return lambda text: text[:0]
    pick = itemgetter(*slices)
    return pick if len(slices) == 1 else lambda text: "".join(pick(text))


class Layouts:
    """Every layout that the numbers of a ledger are written in."""

    def __init__(self) -> None:
        self.known: dict[bytes, Layout] = {}
        self._by_lead: dict[bytes, dict[str, Layout]] = {}

    def of(self, text: str) -> Layout:
        """The layout of a number, given as plain text.

        >>> layouts = Layouts()
        >>> layouts.of("RE2025-041234") is layouts.of("RE2024-000001"), layouts.of("1900001234").shape
        (True, '19#10')
        """
        mask = text.encode("ascii", "replace").translate(_MASK)
        found = self.known.get(mask)
        if found is not None:
            return found
        if len(text) >= _LEAD_FROM and text.isdigit():
            return self._of_digits(text, mask)
        return self.known.setdefault(mask, Layout(text))

    def _of_digits(self, text: str, mask: bytes) -> Layout:
        leads = self._by_lead.setdefault(mask, {})
        found = leads.get(text[:_LEAD])
        return found if found is not None else leads.setdefault(text[:_LEAD], Layout(text))

    def all(self) -> list[Layout]:
        """Each of them once."""
        return [*self.known.values(), *(layout for leads in self._by_lead.values() for layout in leads.values())]

"""How banks write field 86: one module per dialect, found by looking into this folder.

A dialect module has

- ``NAME``: how configuration and reports call it;
- ``FIRST``: the characters a text in this dialect can begin with, empty when any can: others are not asked;
- ``score(remarks) -> int``: from 0 (not this dialect) to 100 (certainly this one), cheap, from content alone;
- ``read(remarks, draft) -> str | None``: fills the draft and returns the bank's own transaction code, if any.

Scores of ``SURE`` or more must exclude one another, or lead to the same reading: the first dialect that is sure
reads the entry.
"""

import pkgutil
from importlib import import_module
from typing import Protocol, cast

from integrations.bank.drafts import DetailDraft
from integrations.bank.mt940.remarks import Remarks

SURE = 90


class Dialect(Protocol):
    """What a dialect module offers; see above."""

    NAME: str
    FIRST: str

    def score(self, remarks: Remarks) -> int:
        """How certain the text is written in this dialect, 0 to 100."""
        ...

    def read(self, remarks: Remarks, draft: DetailDraft) -> str | None:
        """Fill the draft; the bank's own transaction code, None where it gives none."""
        ...


def _found() -> dict[str, Dialect]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [cast("Dialect", import_module(f"{__name__}.{name}")) for name in names]
    return {module.NAME: module for module in modules}


DIALECTS = _found()


def dialect_named(name: str) -> Dialect:
    """The dialect of that name. Raises ValueError that lists the names there are."""
    try:
        return DIALECTS[name]
    except KeyError:
        message = f"there is no dialect {name!r}; choose one of {', '.join(sorted(DIALECTS))}"
        raise ValueError(message) from None


_FREE = [(dialect.score, dialect) for dialect in DIALECTS.values() if not dialect.FIRST]
_BY_FIRST = {
    first: [(dialect.score, dialect) for dialect in DIALECTS.values() if not dialect.FIRST or first in dialect.FIRST]
    for first in {first for dialect in DIALECTS.values() for first in dialect.FIRST}
}


def recognise(remarks: Remarks) -> Dialect:
    """The dialect with the highest score; free text scores above nothing everywhere, so there always is one."""
    best, top = _FREE[0][1], -1
    for score, dialect in _BY_FIRST.get(remarks.text[:1], _FREE):
        if (found := score(remarks)) > top:
            if found >= SURE:
                return dialect
            best, top = dialect, found
    return best

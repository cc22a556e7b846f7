"""Structured payment references, one small file per scheme, found by listing this folder.

Every scheme speaks the same verbs: ``compact`` (as it is stored), ``validate`` (compact and checked, or an
InvalidReferenceError that says what is wrong), ``is_valid``, and ``find`` (candidates in free text with their
position). ``NAME`` is the scheme, ``TYPES`` the codes under which banks deliver it, ``STRENGTH`` how far its check
digit can be trusted. To add a scheme, add its file and its test; nothing else.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from matching.references._shared import Found, InvalidReferenceError, Strength

__all__ = ["Found", "InvalidReferenceError", "Scheme", "Strength", "all_schemes", "canonical", "find", "scheme_of_type"]


class Scheme(Protocol):
    """What every file of this folder offers."""

    NAME: str
    TYPES: tuple[str, ...]
    STRENGTH: Strength

    def compact(self, text: str) -> str:
        """The reference without the separators of its printed form."""
        ...

    def validate(self, text: str) -> str:
        """The compact reference; raises InvalidReferenceError that says what is wrong."""
        ...

    def is_valid(self, text: str) -> bool:
        """Whether the text is a reference of this scheme."""
        ...

    def find(self, text: str) -> Iterator[Found]:
        """Every candidate in free text, in the order they stand there."""
        ...


def _load() -> tuple[Scheme, ...]:
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(cast("Scheme", import_module(f"{__name__}.{name}")) for name in names)


def all_schemes() -> tuple[Scheme, ...]:
    """Every scheme of this folder, in alphabetical order of their files.

    >>> [scheme.NAME for scheme in all_schemes()][:3]
    ['OGM-VCS', 'QRR', 'FIK']
    """
    return _SCHEMES


def scheme_of_type(code: str) -> Scheme | None:
    """The scheme that a bank's type code names, or None when no scheme here is delivered under that code.

    >>> found = scheme_of_type("SCOR")
    >>> found.NAME if found else None
    'ISO 11649'
    >>> scheme_of_type("XYZ") is None
    True
    """
    return _BY_TYPE.get(code.strip().upper())


def find(text: str) -> Iterator[Found]:
    """Every reference of any scheme in a text; the same digits may be offered under several schemes.

    >>> [(found.scheme, found.reference) for found in find("Betreft +++090/9337/55493+++ dank")]
    [('OGM-VCS', '090933755493')]
    """
    for scheme in _SCHEMES:
        yield from scheme.find(text)


_FIK_LINE = re.compile(r"\+?(?:71|75|04|15)\s*<?\s*([\d ]{15,24})\s*\+\s*\d{8}\s*<?", re.ASCII)
_RF = re.compile(r"RF(\d\d)0*(.+)", re.ASCII)
_NATIONAL_MODEL = re.compile(r"(?:SI|HR)\d\d", re.ASCII)


def canonical(reference: str) -> str:
    """A key under which two printings of the same reference are equal, whatever the scheme.

    Case, blanks and separators fall away, and so do leading zeros (banks pad and strip them freely), except that
    the hyphens of a Slovenian or Croatian model stay, because there they carry meaning, and so does the hyphen that
    ends a Norwegian KID. A Danish payment line is reduced to its payment id. It checks nothing.

    >>> canonical("+++090/9337/55493+++") == canonical("090933755493") == canonical("90933755493")
    True
    >>> canonical("rf18 5390 0754 7034"), canonical("RF18000539007547034")
    ('RF18539007547034', 'RF18539007547034')
    >>> canonical("00 00000 00000 00000 00018 78583"), canonical("1878583")
    ('1878583', '1878583')
    >>> canonical("+71<000000001234566+81234567<"), canonical("HR01 7336-68949637624-00001")
    ('1234566', 'HR017336-68949637624-00001')
    """
    line = _FIK_LINE.fullmatch(reference.strip())
    upper = "".join((line.group(1) if line else reference).split()).upper()
    if _NATIONAL_MODEL.match(upper):
        return upper
    kept = "".join(sign for sign in upper if sign.isalnum())
    if kept.isdigit() and upper.endswith("-"):
        kept += "-"
    iso = _RF.fullmatch(kept)
    return f"RF{iso.group(1)}{iso.group(2)}" if iso else kept.lstrip("0")


_SCHEMES = _load()
_BY_TYPE = {code: scheme for scheme in _SCHEMES for code in scheme.TYPES}

"""What two published parsers read in the same file: a second pair of eyes, never the one that decides.

mt-940 reads MT940 and MT942, ofxparse reads OFX; both are known to lose or change entries of some files
(docs/bank-statements.md), so a difference is a reason to look, not a reason to believe them. CAMT has its own second
opinion: control totals and the balance equation, which its reader checks.
"""

import importlib.metadata
import io
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from typing import Literal

import mt940
import ofxparse

from matching.model.bank_statement import Finding

# It logs the lines it cannot read, which are bank data, and says the same again in the exception.
logging.getLogger(mt940.__name__).addHandler(logging.NullHandler())
logging.getLogger(mt940.__name__).propagate = False

_WIDE = Context(prec=100)
_BYTES_PER_ENTRY = 4_096
_BYTES_BESIDE = 65_536
_TAGS_PER_ENTRY = 60
_TAGS_BESIDE = 3_000


class WrongParserInstalled(RuntimeError):  # noqa: N818 - says what is wrong with the installation
    """A package of another project has taken the place of a parser; the message names both and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What another parser read: every signed amount, or why it gave up."""

    reader: str
    amounts: tuple[Decimal, ...]
    trouble: str | None = None


@cache
def assert_right_parsers() -> None:
    """Make sure that `mt940` and `ofxparse` are the packages we mean. Raises WrongParserInstalled.

    PyPI's `mt940` installs the same import package as `mt-940`, and `ofxparse2` the same as `ofxparse`; whichever came
    last wins without a word.
    """
    for wanted, intruder in (("mt-940", "mt940"), ("ofxparse", "ofxparse2")):
        if _version(intruder) is not None:
            raise WrongParserInstalled(
                f"the package {intruder} is installed and overwrites {wanted}; "
                f"run: pip uninstall -y {intruder} {wanted} && pip install {wanted}"
            )
    # Removing the intruder takes the files of the right one along, while pip still lists it.
    whole = {"mt-940": hasattr(mt940, "Options"), "ofxparse": hasattr(ofxparse, "OfxParser")}
    for wanted, is_whole in whole.items():
        if not is_whole or _version(wanted) is None:
            raise WrongParserInstalled(f"{wanted} is not whole; run: pip install --force-reinstall {wanted}")


def most_bytes(entries: int) -> int:
    """Up to which size a file with this many entries is given to the other parser."""
    return entries * _BYTES_PER_ENTRY + _BYTES_BESIDE


def ask(raw: bytes, family: Literal["mt940", "ofx"], entries: int) -> Opinion | None:
    """The other parser's reading of the whole file; None where the file is too large for it in proportion.

    Whatever it raises becomes the opinion's ``trouble``. Raises WrongParserInstalled.
    """
    assert_right_parsers()
    # Both take quadratic time and more on degenerate files; what no bank sends is not worth a second look.
    if len(raw) > most_bytes(entries):
        return None
    if family == "ofx" and raw.count(b"<") > entries * _TAGS_PER_ENTRY + _TAGS_BESIDE:
        return None
    read: Callable[[bytes], Iterable[Decimal]] = _by_mt940 if family == "mt940" else _by_ofxparse
    package = "mt-940" if family == "mt940" else "ofxparse"
    reader = f"{package} {_version(package)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Opinion(reader=reader, amounts=tuple(read(raw)))
    except Exception as trouble:  # noqa: BLE001 - whatever stops it, ours has read the file
        # Its message may hold addresses of objects and half the file; the kind of trouble is enough.
        return Opinion(reader=reader, amounts=(), trouble=type(trouble).__name__)


def compare(opinion: Opinion, ours: Counter[Decimal], *, quarantined: int) -> Finding | None:
    """The finding where the other parser disagrees on count, signs or sums, or could not read the file at all.

    >>> one, other = Counter([Decimal("10.00"), Decimal("-5")]), (Decimal("10"), Decimal("5"))
    >>> compare(Opinion(reader="mt-940 5.1.1", amounts=other), one, quarantined=0).message
    'mt-940 5.1.1 reads 2 entries adding to 15, this reader 2 adding to 5.00: signs differ; look at the file'
    """
    if opinion.trouble is not None:
        message = f"{opinion.reader} cannot read the file ({opinion.trouble}); this reader could"
        return Finding(severity="info", code="second_opinion_failed", where="", message=message)
    theirs = Counter(opinion.amounts)
    if theirs == ours:
        return None
    what = _difference(theirs, ours)
    aside = f" and set {quarantined} aside" if quarantined else ""
    message = (
        f"{opinion.reader} reads {theirs.total()} entries adding to {_sum(theirs)}, "
        f"this reader {ours.total()} adding to {_sum(ours)}{aside}: {what}; look at the file"
    )
    severity: Literal["info", "warning"] = "info" if quarantined and theirs.total() != ours.total() else "warning"
    return Finding(severity=severity, code="second_opinion_differs", where="", message=message)


def _difference(theirs: Counter[Decimal], ours: Counter[Decimal]) -> str:
    if theirs.total() != ours.total():
        return "the counts differ"
    if _sizes(theirs) == _sizes(ours):
        return "signs differ"
    return "amounts differ"


def _sizes(amounts: Counter[Decimal]) -> Counter[Decimal]:
    sizes: Counter[Decimal] = Counter()
    for amount, count in amounts.items():
        sizes[abs(amount)] += count
    return sizes


def _sum(amounts: Counter[Decimal]) -> str:
    total = Decimal(0)
    for amount in amounts.elements():
        total = _WIDE.add(total, amount)
    return format(total, "f")


def _by_mt940(raw: bytes) -> Iterable[Decimal]:
    for statement in mt940.parse_statements(io.BytesIO(raw), options=mt940.Options.all()):
        for transaction in statement.transactions:
            amount = transaction.data.get("amount")
            if amount is not None:
                yield Decimal(amount.amount)


def _by_ofxparse(raw: bytes) -> Iterable[Decimal]:
    for account in ofxparse.OfxParser.parse(io.BytesIO(raw), fail_fast=False).accounts:
        statement = getattr(account, "statement", None)
        for transaction in getattr(statement, "transactions", ()):
            # Securities transactions stand in the same list; what has a total instead of an amount is not cash.
            amount = getattr(transaction, "amount", None)
            if amount is not None:
                yield Decimal(amount)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

"""A possible explanation of a payment, as the rules propose it and scoring, vetoes and arbitration judge it."""

from typing import NamedTuple

from matching.grades import Payer, Reference
from matching.model.decision import ResidualReason

_new = tuple.__new__
"""Makes a named tuple of fields in their order, at once; a batch has a hundred thousand of them."""


class Line(NamedTuple):
    """What one item (by its position in the ledger's columns) gets; signs and meaning as in ``Allocation``."""

    place: int
    cash: int
    discount: int = 0
    write_off: int = 0
    residual: int = 0
    reason: ResidualReason | None = None


class Hypothesis(NamedTuple):
    """One explanation: which items, how much of each, and the evidence that it rests on.

    ``relation`` is how the amount fits (a block of the decision table); ``rest`` what the explanation leaves of the
    payment. ``confidence`` is in parts per 10,000, 0 until scored. ``doubts`` are reasons not to post it.
    """

    rule: str
    relation: str
    lines: tuple[Line, ...]
    reference: Reference
    payer: Payer
    rest: int = 0
    quoted: tuple[str, ...] = ()
    confidence: int = 0
    doubts: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[int, ...]:
        """The positions of the items it settles."""
        lines = self.lines
        return (lines[0].place,) if len(lines) == 1 else tuple([line.place for line in lines])

    def doubted(self, why: str, at_most: int) -> "Hypothesis":
        """The same, with a reason not to post it."""
        ceiling = min(self.confidence, at_most) if self.confidence or self.doubts else at_most
        return self.at(ceiling, (*self.doubts, why))

    def at(self, confidence: int, doubts: tuple[str, ...] | None = None) -> "Hypothesis":
        """The same at another confidence."""
        rule, relation, lines, reference, payer, rest, quoted, _, known = self
        fields = (
            rule,
            relation,
            lines,
            reference,
            payer,
            rest,
            quoted,
            confidence,
            known if doubts is None else doubts,
        )
        return _new(Hypothesis, fields)

"""From evidence to confidence: the decision table, and nothing else."""

from collections.abc import Iterable

from matching.decision_table import confidence
from matching.hypothesis import Hypothesis


def scored(found: Iterable[Hypothesis]) -> list[Hypothesis]:
    """The explanations with the table's confidence; what a rule already doubts keeps its lower ceiling."""
    judged = []
    for hypothesis in found:
        sure = confidence(hypothesis.relation, hypothesis.reference, hypothesis.payer)
        ceiling = hypothesis.confidence if hypothesis.doubts else sure
        # Never 0: that would say "not scored yet", and a doubt would then raise it.
        judged.append(hypothesis.at(max(1, min(sure, ceiling))))
    return judged

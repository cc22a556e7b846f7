"""The decision table is monotone: stronger evidence never makes an explanation less sure."""

import pytest

from matching.decision_table import TABLE, confidence
from matching.grades import Payer, Reference
from matching.model.policy import Policy


@pytest.mark.parametrize("relation", TABLE)
@pytest.mark.parametrize("payer", Payer)
def test_a_better_named_document_is_never_less_sure(relation, payer):
    values = [confidence(relation, reference, payer) for reference in Reference]
    assert values == sorted(values)


@pytest.mark.parametrize("relation", TABLE)
@pytest.mark.parametrize("reference", Reference)
def test_a_better_known_payer_is_never_less_sure(relation, reference):
    values = [confidence(relation, reference, payer) for payer in Payer]
    assert values == sorted(values)


@pytest.mark.parametrize("reference", Reference)
@pytest.mark.parametrize("payer", Payer)
def test_an_amount_that_fits_exactly_is_surer_than_one_that_does_not(reference, payer):
    exact = confidence("exact", reference, payer)
    assert all(
        confidence(relation, reference, payer) <= exact for relation in ("discount", "tolerated", "late", "short")
    )


@pytest.mark.parametrize("relation", TABLE)
@pytest.mark.parametrize("reference", Reference)
def test_nothing_of_another_customer_is_posted(relation, reference):
    assert confidence(relation, reference, Payer.OTHER) < Policy().post_from


@pytest.mark.parametrize("relation", ["short", "over", "late", "credit_taken", "guess"])
def test_what_is_not_exact_and_not_named_is_not_posted(relation):
    assert confidence(relation, Reference.NONE, Payer.ACCOUNT) < Policy().post_from

"""Two deliveries of one booking, put together: whichever came first, and however often, the same comes out."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.enrich import breaks_down, says_the_same, told_by_both
from tests.integrations.bank.entries import entry

ONE = entry().details[0]


def part(amount: str, name: str):
    return replace(ONE, amount=Decimal(amount), counterparty_name=name, remittance=f"INVOICE OF {name}")


BATCH = entry("100.00", text="COLLECTIVE")
PARTS = replace(BATCH, details=(part("60.00", "ANNA"), part("40.00", "BERT")), bank_reference=None)


def test_the_statement_books_and_the_notification_says_who_paid():
    booked = replace(BATCH, bank_reference="BANK1")
    told = told_by_both(booked, True, PARTS, False)
    assert (told.bank_reference, [one.counterparty_name for one in told.details]) == ("BANK1", ["ANNA", "BERT"])
    assert told_by_both(PARTS, False, booked, True).details == PARTS.details


def test_what_was_announced_keeps_its_payer_when_a_bare_statement_books_it():
    announced = replace(entry(counterparty_name="ANNA", counterparty_account="NL91ABNA0417164300"), status="pending")
    told = told_by_both(announced, False, entry(text=""), True)
    assert (told.status, told.details[0].counterparty_name) == ("booked", "ANNA")


def test_details_that_do_not_add_up_never_break_an_entry_down():
    wrong = replace(BATCH, details=(part("60.00", "ANNA"), part("39.00", "BERT")))
    other_money = replace(BATCH, details=(part("60.00", "ANNA"), replace(part("40.00", "BERT"), currency="USD")))
    assert not breaks_down(wrong, wrong.details)
    assert not breaks_down(other_money, other_money.details)
    assert breaks_down(PARTS, PARTS.details)
    # A telling that breaks the amount down is not given up for one that only has more words.
    assert told_by_both(PARTS, False, wrong, True).details == PARTS.details


_TEXTS = st.sampled_from(["", "INVOICE 1", "INVOICE 1 AND MORE"])
_NAMES = st.sampled_from([None, "ANNA", "BERT"])
_WHOLE = st.builds(lambda text, name: (replace(ONE, remittance=text, counterparty_name=name),), _TEXTS, _NAMES)
_BROKEN = st.sampled_from([PARTS.details, (part("50.00", "ANNA"), part("50.00", "CARL"))])


@st.composite
def tellings(draw):
    status = draw(st.sampled_from(["booked", "booked", "pending", "info"]))
    reference = draw(st.sampled_from([None, "BANK1", "BANK2"]))
    said = replace(BATCH, details=draw(_WHOLE | _BROKEN), status=status, bank_reference=reference)
    return said, status == "booked" and draw(st.booleans())


def together(told):
    (standing, final), *others = told
    for one, one_final in others:
        standing, final = told_by_both(standing, final, one, one_final), final or one_final
    return standing


@given(st.lists(tellings(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_does_not_matter_and_twice_is_once(told, random):
    expected = together(told)
    again = [*told, *random.sample(told, random.randint(0, len(told)))]
    random.shuffle(again)
    assert says_the_same(together(again), expected)
    assert expected.amount == BATCH.amount

"""Documents that a payer names with their amounts, in every form the versions of the standard have."""

from decimal import Decimal

import pytest

from tests.integrations.bank.camt.documents import balance, entry, read, read_transaction


def amount(tag, value):
    return f"<{tag} Ccy='EUR'>{value}</{tag}>"


def named(number, kind="CINV", inside=""):
    return f"<RfrdDocInf><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Nb>{number}</Nb>{inside}</RfrdDocInf>"


def typed(code, value):
    return f"<RmtAmtAndTp><Tp><Cd>{code}</Cd></Tp>{amount('Amt', value)}</RmtAmtAndTp>"


def documents_of(*structured):
    inside = "".join(f"<Strd>{one}</Strd>" for one in structured)
    return [
        (one.number, one.due_amount, one.remitted_amount, one.discount_amount)
        for one in read_transaction(f"<RmtInf>{inside}</RmtInf>").documents
    ]


D = Decimal


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        (amount("DuePyblAmt", "100.00") + amount("RmtdAmt", "97.00"), (D(100), D(97), None)),
        (
            amount("DuePyblAmt", "100.00")
            + "".join(f"<DscntApldAmt>{amount('Amt', value)}</DscntApldAmt>" for value in ("2.00", "1.00"))
            + amount("RmtdAmt", "97.00"),
            (D(100), D(97), D(3)),
        ),
        (typed("DUPA", "100.00") + typed("TMDS", "2.00") + typed("STDS", "1.00") + typed("REMI", "97.00"),
         (D(100), D(97), D(3))),
        (typed("TAXS", "19.00"), (None, None, None)),
    ],
    ids=["by-name", "two-discounts", "by-type", "a-type-of-no-use"],
)  # fmt: skip
def test_the_amounts_of_a_document(amounts, told):
    assert documents_of(named("R-1") + f"<RfrdDocAmt>{amounts}</RfrdDocAmt>") == [("R-1", *told)]


def test_a_credit_note_lowers_the_payment_in_either_form():
    by_name = named("G-1", "CREN") + f"<RfrdDocAmt>{amount('CdtNoteAmt', '5.00')}</RfrdDocAmt>"
    by_type = named("G-2", "CREN") + f"<RfrdDocAmt>{typed('CREN', '5.00')}</RfrdDocAmt>"
    assert documents_of(by_name, by_type) == [("G-1", None, D(-5), None), ("G-2", None, D(-5), None)]


def test_amounts_with_the_lines_of_a_document_belong_to_it_though_there_are_several():
    def line(value):
        return f"<LineDtls><Id><Nb>1</Nb></Id><Amt>{amount('RmtdAmt', value)}</Amt></LineDtls>"

    both = named("R-1", inside=line("30.00") + line("10.00")) + named("R-2", inside=line("60.00"))
    assert documents_of(both) == [("R-1", None, D(40), None), ("R-2", None, D(60), None)]
    whole = f"{both}<RfrdDocAmt>{amount('RmtdAmt', '100.00')}</RfrdDocAmt>"
    assert documents_of(whole)[2] == (None, None, D(100), None)


@pytest.mark.parametrize(
    ("written", "name"),
    [("ACME\n   Trading  Ltd", "ACME Trading Ltd"), ("NOTPROVIDED", None), ("ACME", "ACME")],
)
def test_a_name_is_one_line_or_none(written, name):
    detail = read_transaction(f"<RltdPties><Dbtr><Nm>{written}</Nm></Dbtr></RltdPties>")
    assert detail.counterparty_name == name


def test_a_currency_in_lower_case_is_the_same_currency():
    reading = read(entry().replace("'EUR'", "'eur'"))
    assert (reading.entry.currency, reading.codes) == ("EUR", [])


def test_a_balance_in_a_second_currency_is_passed_over():
    two = balance("CLBD", "10.00") + balance("CLBD", "11.00", currency="USD")
    (end,) = read(balance("OPBD", "0.00"), two, entry()).ends
    assert (end.header.closing, end.integrity) == (D("10.00"), "balanced")


def test_a_line_end_that_the_indent_put_into_a_text_is_a_blank():
    detail = read_transaction("<RmtInf><Ustrd>RE-1\n      RE-2</Ustrd><Ustrd>RE-3</Ustrd></RmtInf>")
    assert (detail.remittance, detail.remittance_lines) == ("RE-1 RE-2 RE-3", ("RE-1 RE-2", "RE-3"))

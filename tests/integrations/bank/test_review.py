"""What a file shows to whoever looks over the reader's shoulder, in every format alike."""

import pytest

from integrations.bank.read import ReadOptions, read_file

STATEMENT = """:20:STMT0001
:25:DE89370400440532013000
:28C:7/1
:60F:C260301EUR0,00
:61:2603020302C119,00NTRFNONREF//BANK0001
:86:INVOICE R-1001
:62F:C260302EUR119,00
-
"""


def told(tmp_path, text):
    path = tmp_path / "statement.sta"
    path.write_text(text)
    return {finding.code: finding for finding in read_file(path, options=ReadOptions()).findings}


def test_a_whole_statement_has_nothing_to_say(tmp_path):
    assert told(tmp_path, STATEMENT) == {}


@pytest.mark.parametrize(
    "account", ["DE89370400440532013001", "DE8937040044053201300", "NL91ABNA04171643000"], ids=["digit", "lost", "more"]
)
def test_an_account_number_that_is_nearly_an_iban_is_told(tmp_path, account):
    finding = told(tmp_path, STATEMENT.replace("DE89370400440532013000", account))["account_not_an_iban"]
    assert (finding.severity, finding.where) == ("warning", "statement 1")
    assert account in finding.message


@pytest.mark.parametrize("account", ["5320\x08130", "53201µ3000"])
def test_an_account_number_with_characters_that_none_has_is_told(tmp_path, account):
    finding = told(tmp_path, STATEMENT.replace("DE89370400440532013000", account))["account_unreadable"]
    assert repr(account) in finding.message


@pytest.mark.parametrize("account", ["37040044/532013000", "532013000", "DE89XXXXXXXXXXXXXX3000", "GIROKONTO"])
def test_other_account_numbers_are_left_alone(tmp_path, account):
    assert told(tmp_path, STATEMENT.replace("DE89370400440532013000", account)) == {}


@pytest.mark.parametrize(
    ("booked", "said"),
    [("2607020702", "booked on 2026-07-02, but its statement ends on 2026-03-02"),
     ("2601020102", "booked on 2026-01-02, but its statement begins on 2026-03-01")],
    ids=["months-after", "months-before"],
)  # fmt: skip
def test_a_month_that_does_not_belong_to_the_statement_is_told(tmp_path, booked, said):
    finding = told(tmp_path, STATEMENT.replace("2603020302", booked))["booked_outside_period"]
    assert (finding.severity, finding.where) == ("warning", "line 5")
    assert said in finding.message


def test_a_few_days_are_usual(tmp_path):
    assert told(tmp_path, STATEMENT.replace("2603020302", "2602200220")) == {}

"""What a statement says around its entries, and whether it adds up."""

from datetime import date
from decimal import Decimal

import pytest

from tests.integrations.bank.camt.documents import ACCOUNT, Reading, balance, document, entry, read, statement

OPEN, CLOSE = balance("OPBD", "100.00"), balance("CLBD", "110.00")


@pytest.mark.parametrize(
    ("parts", "integrity", "opening", "closing"),
    [
        ([OPEN, CLOSE, entry("10.00")], "balanced", "100.00", "110.00"),
        ([entry("10.00"), OPEN, CLOSE], "balanced", "100.00", "110.00"),
        ([balance("PRCD", "100.00"), CLOSE, entry("10.00")], "balanced", "100.00", "110.00"),
        ([balance("OPBD", "5.00", indicator="DBIT"), balance("CLBD", "5"), entry("10.00")], "balanced", "-5.00", "5"),
        ([OPEN, CLOSE, entry("10.00"), entry("7.00", status="<Sts>PDNG</Sts>")], "balanced", "100.00", "110.00"),
        ([OPEN, CLOSE, entry("10.01")], "unbalanced", "100.00", "110.00"),
        ([OPEN, CLOSE], "unbalanced", "100.00", "110.00"),
        ([OPEN, entry("10.00")], "unverifiable", "100.00", None),
        ([CLOSE, entry("10.00")], "unverifiable", None, "110.00"),
        ([balance("CLAV", "110.00"), balance("FWAV", "1"), entry("10.00")], "unverifiable", None, None),
    ],
    ids=[
        "opening-and-closing",
        "balances-after-the-entries",
        "previous-closing-as-opening",
        "overdrawn",
        "only-booked-entries-count",
        "a-cent-too-much",
        "nothing-where-something-must-be",
        "no-closing",
        "no-opening",
        "available-balances-prove-nothing",
    ],
)
def test_opening_plus_booked_is_closing(parts, integrity, opening, closing):
    reading = read(*parts)
    (end,) = reading.ends
    assert end.integrity == integrity
    assert (end.header.opening, end.header.closing) == (opening and Decimal(opening), closing and Decimal(closing))
    assert ("unbalanced_statement" in reading.codes) == (integrity == "unbalanced")


def test_a_controller_reads_what_is_missing():
    reading = read(OPEN, CLOSE, entry("4.00"), entry("x"))
    (finding,) = [each for each in reading.findings if each.code == "unbalanced_statement"]
    assert finding.severity == "error"
    for said in ("100.00 EUR", "4.00 EUR", "104.00 EUR", "110.00 EUR", "6.00 EUR", "1 entries could not be read"):
        assert said in finding.message


@pytest.mark.parametrize(
    ("page", "last", "kinds", "opening", "closing"),
    [
        ("1", "false", ["OPBD", "ITBD"], "1", "2"),
        ("2", "false", ["ITBD", "ITBD"], "1", "2"),
        ("3", "true", ["ITBD", "CLBD"], "1", "2"),
        ("1", "true", ["OPBD", "CLBD"], "1", "2"),
        ("1", "true", ["OPBD", "ITBD"], "1", None),
    ],
    ids=["first", "middle", "last", "only", "an-intermediate-balance-closes-nothing"],
)
def test_intermediate_balances_stand_at_the_page_breaks(page, last, kinds, opening, closing):
    pagination = f"<StmtPgntn><PgNb>{page}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>"
    balances = [balance(kind, str(amount)) for amount, kind in enumerate(kinds, 1)]
    (end,) = read(*balances, entry("1"), head=pagination).ends
    assert (end.header.page, end.header.last_page) == (int(page), last == "true")
    assert (end.header.opening, end.header.closing) == (Decimal(opening), closing and Decimal(closing))


def test_the_page_of_the_message_counts_where_the_statement_has_none():
    paged = "<MsgId>M</MsgId><MsgPgntn><PgNb>2</PgNb><LastPgInd>false</LastPgInd></MsgPgntn>"
    (end,) = Reading(document(statement(), group=paged)).ends
    assert (end.header.page, end.header.last_page) == (2, False)


def test_a_balance_without_direction_is_credit_and_told():
    reading = read(balance("OPBD", "100.00", indicator=""), CLOSE, entry("10.00"))
    assert reading.ends[0].integrity == "balanced"
    assert reading.codes == ["balance_direction_missing"]


def test_a_balance_that_cannot_be_read_is_told():
    reading = read(balance("OPBD", "x"), CLOSE, entry("10.00"))
    assert (reading.ends[0].integrity, reading.codes) == ("unverifiable", ["unreadable_balance"])


@pytest.mark.parametrize(
    ("account", "number", "owner", "currency"),
    [
        ("<Id><IBAN>DE89 3704 0044 0532 0130 00</IBAN></Id><Ownr><Nm>We</Nm></Ownr>", ACCOUNT, "We", "EUR"),
        ("<Id><Othr><Id>123</Id></Othr></Id><Ccy>CHF</Ccy>", "123", None, "CHF"),
        ("<Id><PrtryAcct><Id>9</Id></PrtryAcct></Id><Ownr><Pty><Nm>We</Nm></Pty></Ownr>", "9", "We", "EUR"),
        ("<Id><BBAN>77</BBAN></Id>", "77", None, "EUR"),
    ],
)
def test_account_owner_and_currency(account, number, owner, currency):
    header = read(OPEN, account=f"<Acct>{account}</Acct>").ends[0].header
    assert (header.account, header.account_owner, header.currency) == (number, owner, currency)


def test_currency_of_the_entries_where_nothing_else_has_one():
    account = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>"
    assert read(entry(), account=account).ends[0].header.currency == "EUR"


def test_sequence_and_period():
    period = "<FrToDt><FrDtTm>2025-01-01T00:00:00</FrDtTm><ToDtTm>2025-01-31T23:59:59Z</ToDtTm></FrToDt>"
    head = f"<LglSeqNb>7</LglSeqNb>{period}"
    header = read(head=head).ends[0].header
    assert (header.statement_id, header.sequence) == ("S1", "7")
    assert (header.from_date, header.to_date) == (date(2025, 1, 1), date(2025, 1, 31))
    assert read(head=f"<ElctrncSeqNb>8</ElctrncSeqNb>{head}").ends[0].header.sequence == "8"


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        ("<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>14.00</Sum></TtlNtries>", None),
        ("<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>6.00</Sum></TtlNtries>", None),
        (
            (
                "<TtlNtries><TtlNetNtry><Amt>6.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry></TtlNtries>"
                "<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>10.00</Sum></TtlCdtNtries>"
                "<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>4.00</Sum></TtlDbtNtries>"
            ),
            None,
        ),
        ("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>", "control_sum_mismatch"),
        ("<TtlNtries><Sum>14.01</Sum></TtlNtries>", "control_sum_mismatch"),
        ("<TtlCdtNtries><Sum>4.00</Sum></TtlCdtNtries>", "control_sum_mismatch"),
        ("<TtlDbtNtries><NbOfNtries>0</NbOfNtries></TtlDbtNtries>", "control_sum_mismatch"),
        (
            "<TtlNtries><TtlNetNtryAmt>6.00</TtlNetNtryAmt><CdtDbtInd>DBIT</CdtDbtInd></TtlNtries>",
            "control_sum_mismatch",
        ),
    ],
    ids=["all", "net-as-sum", "each", "count", "sum", "credits", "debits", "net"],
)
def test_control_totals(summary, code):
    reading = read(f"<TxsSummry>{summary}</TxsSummry>", entry("10.00"), entry("4.00", "DBIT"))
    assert reading.codes == ([code] if code else [])


def test_control_totals_of_several_pages_are_not_held_against_one():
    paged = "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>"
    total = "<TxsSummry><TtlNtries><NbOfNtries>99</NbOfNtries></TtlNtries></TxsSummry>"
    assert read(total, entry(), head=paged).codes == []


# -- messages and their envelopes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "element", "kind", "format_"),
    [
        ("BkToCstmrStmt", "Stmt", "final", "camt.053"),
        ("BkToCstmrAcctRpt", "Rpt", "interim", "camt.052"),
        ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "notification", "camt.054"),
        ("BkToCstmrAcctRptV01", "Rpt", "interim", "camt.052"),
    ],
)
def test_each_message_is_its_kind(message, element, kind, format_):
    text = document(statement(entry()), message=message, namespace=f"urn:x:{format_}.001.04")
    reading = Reading(text.replace("<Stmt>", f"<{element}>").replace("</Stmt>", f"</{element}>"))
    assert reading.ends[0].header.kind == kind
    assert (reading.facts.format, reading.facts.version) == (format_, f"{format_}.001.04")
    assert reading.entry.where == f"{element}[1]/Ntry[1]"


@pytest.mark.parametrize("version", range(1, 15))
def test_every_version_is_named(version):
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}"
    assert Reading(document(statement(entry()), namespace=namespace)).facts.version == f"camt.053.001.{version:02}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<BizMsgEnvlp xmlns='urn:e'><AppHdr><MsgDefIdr>camt.053.001.08</MsgDefIdr></AppHdr>", "</BizMsgEnvlp>"),
        ("<Envelope><Body>", "</Body></Envelope>"),
        ("<x:iso-payments xmlns:x='urn:x'>", "</x:iso-payments>"),
    ],
)
def test_envelopes_are_seen_through(before, after):
    declaration, _, inside = document(statement(entry())).partition("\n")
    reading = Reading(f"{declaration}\n{before}{inside}{after}")
    assert reading.entry.amount == Decimal("10.00")
    assert reading.facts.version == "camt.053.001.08"


def test_the_version_of_the_envelope_counts_where_there_is_no_namespace():
    inside = document(statement(entry()), namespace="").partition("\n")[2]
    header = "<AppHdr><MsgDefIdr>camt.053.001.10</MsgDefIdr></AppHdr>"
    assert Reading(f"<Envelope>{header}{inside}</Envelope>").facts.version == "camt.053.001.10"
    assert Reading(inside).facts.version is None


def test_several_accounts_in_one_file():
    other = "<Acct><Id><Othr><Id>2</Id></Othr></Id><Ccy>USD</Ccy></Acct>"
    both = statement(OPEN, CLOSE, entry("10.00")), statement(entry("3.00"), account=other)
    reading = Reading(document(*both))
    assert [end.header.account for end in reading.ends] == [ACCOUNT, "2"]
    assert [each.where for each in reading.entries] == ["Stmt[1]/Ntry[1]", "Stmt[2]/Ntry[1]"]
    assert [end.integrity for end in reading.ends] == ["balanced", "unverifiable"]
    assert "foreign_entry_currency" in reading.codes


def test_several_documents_in_one_file():
    one = document(statement(OPEN, CLOSE, entry("10.00")))
    reading = Reading(f"{one}\n{one}{one}")
    assert [end.integrity for end in reading.ends] == ["balanced"] * 3
    assert reading.entries[-1].where == "Stmt[3]/Ntry[1]"


def test_a_report_of_balances_alone_is_a_statement():
    reading = read(OPEN, CLOSE.replace("110", "100"))
    assert (len(reading.starts), reading.ends[0].integrity, reading.entries) == (1, "balanced", [])


def test_a_message_without_statements_is_read_as_empty():
    reading = Reading(document())
    assert (reading.starts, reading.entries) == ([], [])

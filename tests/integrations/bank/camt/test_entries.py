"""What one entry and the payments inside it say."""

from datetime import date
from decimal import Decimal

import pytest

from matching.model.bank_statement import Adjustment, Charge, StructuredReference
from tests.integrations.bank.camt.documents import (
    ACCOUNT,
    Reading,
    document,
    entry,
    read,
    read_transaction,
    statement,
    transaction,
)

# -- the entry -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "indicator", "signed"),
    [("10.00", "CRDT", "10.00"), ("10.00", "DBIT", "-10.00"), ("0.00", "DBIT", "0"), (" 1234567.89123 ", "CRDT", None)],
    ids=["credit", "debit", "zero", "blanks-and-five-decimals"],
)
def test_the_direction_gives_the_sign(amount, indicator, signed):
    assert read(entry(amount, indicator)).entry.amount == Decimal(signed or amount.strip())


def test_a_reversal_keeps_its_own_direction():
    reversal = read(entry("10.00", "DBIT", more="<RvslInd>true</RvslInd>")).entry
    assert (reversal.amount, reversal.reversal) == (Decimal("-10.00"), True)
    assert not read(entry(more="<RvslInd>false</RvslInd>")).entry.reversal


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("<Sts>BOOK</Sts>", "booked"),
        ("<Sts><Cd>BOOK</Cd></Sts>", "booked"),
        ("<Sts>PDNG</Sts>", "pending"),
        ("<Sts><Cd>INFO</Cd></Sts>", "info"),
        ("<Sts><Cd>FUTR</Cd></Sts>", "future"),
        ("", "booked"),
    ],
)
def test_status_as_text_or_code(written, status):
    reading = read(entry(status=written))
    assert reading.entry.status == status
    assert ("status_missing" in reading.codes) == (written == "")


@pytest.mark.parametrize(
    ("ntry", "code"),
    [
        (entry("12..34"), "bad_amount"),
        (entry("1.234,50"), "bad_amount"),
        (entry("-5.00"), "bad_amount"),
        (entry("NaN"), "bad_amount"),
        (entry("1e3"), "bad_amount"),
        (entry("١٢"), "bad_amount"),
        (entry(""), "bad_amount"),
        ("<Ntry><CdtDbtInd>CRDT</CdtDbtInd></Ntry>", "bad_amount"),
        (entry().replace("EUR", "EURO"), "bad_currency"),
        (entry(indicator="XXXX"), "bad_indicator"),
        (entry(indicator=""), "bad_indicator"),
        (entry(status="<Sts><Cd>SENT</Cd></Sts>"), "unknown_status"),
    ],
)
def test_what_cannot_be_read_is_kept_raw_and_the_rest_is_read(ntry, code):
    reading = read(entry("1.00"), ntry, entry("2.00"))
    assert [each.amount for each in reading.entries] == [Decimal("1.00"), Decimal("2.00")]
    (kept,) = reading.quarantined
    assert (kept.code, kept.where) == (code, "Stmt[1]/Ntry[2]")
    assert kept.raw.startswith("<Ntry")
    assert kept.raw.endswith("</Ntry>")


def test_an_entry_without_currency_is_in_that_of_the_account():
    reading = read("<Ntry><Amt>5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>")
    assert reading.entry.currency == "EUR"
    assert "currency_missing" in reading.codes


@pytest.mark.parametrize(
    ("dates", "booked", "valued", "code"),
    [
        ("<BookgDt><Dt>2025-01-30</Dt></BookgDt>", date(2025, 1, 30), None, None),
        ("<BookgDt><DtTm>2025-01-30T23:30:00-05:00</DtTm></BookgDt>", date(2025, 1, 30), None, None),
        ("<BookgDt><Dt>2025-01-30+01:00</Dt></BookgDt>", date(2025, 1, 30), None, None),
        ("<ValDt><Dt>2025-01-29</Dt></ValDt>", date(2025, 1, 29), date(2025, 1, 29), "booking_date_missing"),
        ("<BookgDt><Dt>2025-02-30</Dt></BookgDt>", date(2025, 1, 31), None, "unreadable_date"),
        ("", date(2025, 1, 31), None, "booking_date_missing"),
    ],
    ids=["day", "moment-keeps-the-bank's-day", "day-with-zone", "value-date", "30-february", "none"],
)
def test_dates_are_the_banks_own_and_missing_ones_are_told(dates, booked, valued, code):
    period = "<FrToDt><FrDtTm>2025-01-01T00:00:00</FrDtTm><ToDtTm>2025-01-31T23:59:59</ToDtTm></FrToDt>"
    reading = read(entry(dates=dates), head=period)
    assert (reading.entry.booking_date, reading.entry.value_date) == (booked, valued)
    assert code is None or code in reading.codes


def test_the_settlement_date_stands_in_before_the_statement_date():
    settled = transaction("<RltdDts><IntrBkSttlmDt>2025-01-15</IntrBkSttlmDt></RltdDts>")
    reading = read(entry(dates="", details=settled))
    assert reading.entry.booking_date == date(2025, 1, 15)


def test_what_is_not_booked_has_no_booking_date_invented():
    assert read(entry(status="<Sts>PDNG</Sts>", dates="")).entry.booking_date is None


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>", "PMNT/RCDT/ESCT"),
        ("<Domn><Cd>PMNT</Cd></Domn><Prtry><Cd>NTRF+166</Cd></Prtry>", "PMNT"),
        ("<Prtry><Cd>NTRF+166</Cd><Issr>DK</Issr></Prtry>", "NTRF+166"),
    ],
)
def test_transaction_code_of_iso_else_of_the_bank(inside, code):
    assert read(entry(more=f"<BkTxCd>{inside}</BkTxCd>")).entry.transaction_code == code
    below = entry(details=transaction(f"<BkTxCd>{inside}</BkTxCd>"))
    assert read(below).entry.transaction_code == code


# -- how much of the entry a payment is ----------------------------------------------------------------------------


def test_an_entry_without_transactions_is_its_own_payment():
    detail = read(entry("7.00", "DBIT", more="<AcctSvcrRef>B1</AcctSvcrRef><AddtlNtryInf>FEE Q1</AddtlNtryInf>")).detail
    assert (detail.amount, detail.bank_reference) == (Decimal("-7.00"), "B1")
    assert (detail.remittance, detail.remittance_lines) == ("FEE Q1", ("FEE Q1",))


def test_a_netted_batch_has_payments_in_both_directions():
    inside = transaction("", amount="30.00") + transaction("", amount="20.00", indicator="DBIT")
    reading = read(entry("10.00", details=inside))
    assert [each.amount for each in reading.entry.details] == [Decimal("30.00"), Decimal("-20.00")]
    assert reading.codes == []


def test_several_blocks_of_details_are_one_breakdown():
    block = (
        f"<NtryDtls>{transaction('', amount='4.00')}</NtryDtls><NtryDtls>{transaction('', amount='6.00')}</NtryDtls>"
    )
    reading = read(entry(more=block))
    assert [each.amount for each in reading.entry.details] == [Decimal("4.00"), Decimal("6.00")]


@pytest.mark.parametrize(
    ("booked", "inside", "severity"),
    [
        ("1474.00", "<Chrgs><Rcrd><Amt Ccy='EUR'>26.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>", "info"),
        ("1474.00", "<Chrgs><Amt Ccy='EUR'>26.00</Amt><Br>SHA</Br></Chrgs>", "info"),
        (
            "1474.00",
            "<AmtDtls><CntrValAmt><CcyXchg><XchgRate>1.13</XchgRate></CcyXchg></CntrValAmt></AmtDtls>",
            "info",
        ),
        ("1474.00", "", "warning"),
    ],
    ids=["charges", "charges-of-v02", "exchange", "nothing-explains-it"],
)
def test_the_booked_amount_stands_and_a_difference_is_told(booked, inside, severity):
    reading = read(entry(booked, details=transaction(inside, amount="1500.00")))
    assert reading.entry.amount == Decimal(booked)
    assert reading.detail.amount == Decimal("1500.00")
    (finding,) = reading.findings
    assert (finding.code, finding.severity, finding.where) == ("details_do_not_add_up", severity, "Stmt[1]/Ntry[1]")
    assert "1474.00 EUR" in finding.message
    assert "-26.00 EUR" in finding.message


def test_a_payment_alone_without_amount_is_the_whole_entry():
    assert read_transaction("<Refs><EndToEndId>E1</EndToEndId></Refs>", amount=None).amount == Decimal("10.00")


def test_payments_of_a_batch_without_amount_are_told():
    reading = read(entry(details=transaction("", amount=None) + transaction("", amount="10.00")))
    assert reading.codes == ["detail_without_amount"]
    assert reading.entry.amount == Decimal("10.00")


def test_an_unreadable_amount_inside_is_told_and_the_entry_stands():
    reading = read(entry(details=transaction("", amount="1O.00")))
    assert reading.codes == ["unreadable_detail"]
    assert reading.detail.amount == reading.entry.amount == Decimal("10.00")


def test_a_batch_that_announces_more_than_it_has_is_told():
    counted = "<Btch><NbOfTxs>3</NbOfTxs></Btch>"
    both = transaction("", amount="4.00") + transaction("", amount="6.00")
    assert read(entry(details=counted + both)).codes == ["batch_count_mismatch"]
    assert read(entry(details=counted + transaction(""))).codes == ["batch_not_broken_down"]


def test_foreign_money_with_its_rate():
    inside = (
        "<AmtDtls><InstdAmt><Amt Ccy='USD'>3200.00</Amt></InstdAmt><TxAmt><Amt Ccy='EUR'>2120.00</Amt><CcyXchg>"
        "<SrcCcy>USD</SrcCcy><XchgRate>0.6625</XchgRate></CcyXchg></TxAmt></AmtDtls>"
    )
    detail = read(entry("2120.00", details=transaction(inside, amount=None))).detail
    assert (detail.amount, detail.currency) == (Decimal("2120.00"), "EUR")
    assert (detail.instructed_amount, detail.instructed_currency) == (Decimal("3200.00"), "USD")
    assert detail.exchange_rate == Decimal("0.6625")


def test_charges_with_bearer_and_direction():
    inside = (
        "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>3.00</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy='EUR'>5.00</Amt>"
        "<CdtDbtInd>DBIT</CdtDbtInd><Br>SHAR</Br></Rcrd><Rcrd><Amt Ccy='EUR'>2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "</Rcrd></Chrgs>"
    )
    assert read_transaction(inside).charges == (
        Charge(amount=Decimal("-5.00"), currency="EUR", bearer="SHAR"),
        Charge(amount=Decimal("2.00"), currency="EUR", bearer=None),
    )


# -- who -----------------------------------------------------------------------------------------------------------

DEBTOR = "<Dbtr><Nm>Payer</Nm></Dbtr><DbtrAcct><Id><IBAN>NL91 ABNA 0417 1643 00</IBAN></Id></DbtrAcct>"
CREDITOR = "<Cdtr><Pty><Nm>Payee</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>12345</Id></Othr></Id></CdtrAcct>"
RETURNED = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
US = f"<Dbtr><Nm>We Ltd</Nm></Dbtr><DbtrAcct><Id><IBAN>{ACCOUNT}</IBAN></Id></DbtrAcct>"


@pytest.mark.parametrize(
    ("indicator", "parties", "returned", "name", "account"),
    [
        ("CRDT", DEBTOR + CREDITOR, "", "Payer", "NL91ABNA0417164300"),
        ("DBIT", DEBTOR + CREDITOR, "", "Payee", "12345"),
        ("DBIT", DEBTOR + CREDITOR, RETURNED, "Payer", "NL91ABNA0417164300"),
        ("CRDT", DEBTOR + CREDITOR, RETURNED, "Payee", "12345"),
        ("CRDT", US + CREDITOR, "", "Payee", "12345"),
        ("DBIT", US + CREDITOR, RETURNED, "Payee", "12345"),
        ("CRDT", DEBTOR, RETURNED, "Payer", "NL91ABNA0417164300"),
        ("CRDT", US, RETURNED, None, None),
        ("CRDT", CREDITOR, "", None, None),
    ],
    ids=[
        "money-in-is-from-the-debtor",
        "money-out-is-for-the-creditor",
        "returned-direct-debit-is-the-debtor's",
        "returned-transfer-is-the-creditor's",
        "our-own-account-is-never-the-other-side",
        "nor-in-a-return",
        "a-return-that-names-one-party",
        "unless-it-is-us",
        "no-party-invented",
    ],
)
def test_the_other_side(indicator, parties, returned, name, account):
    detail = read_transaction(f"<RltdPties>{parties}</RltdPties>{returned}", indicator=indicator)
    assert (detail.counterparty_name, detail.counterparty_account) == (name, account)


@pytest.mark.parametrize("code", ["UPDD", "RRTN", "PRDD"])
def test_a_return_is_known_by_its_code_too(code):
    family = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RDDT</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    detail = read_transaction(f"<RltdPties>{DEBTOR}{CREDITOR}</RltdPties>", indicator="DBIT", more=family)
    assert detail.counterparty_name == "Payer"


@pytest.mark.parametrize(
    "party",
    [
        "<Nm>Müller &amp; Söhne</Nm>",
        "<Pty><Nm>Müller &amp; Söhne</Nm></Pty>",
        "<Agt><FinInstnId><Nm>Müller &amp; Söhne</Nm></FinInstnId></Agt>",
        "<Nm><![CDATA[Müller & Söhne]]></Nm>",
        "<Nm>Müller <!-- and --> &#38; Söhne</Nm>",
    ],
)
def test_names_in_every_shape(party):
    name = read_transaction(f"<RltdPties><Dbtr>{party}</Dbtr></RltdPties>").counterparty_name
    assert " ".join(name.split()) == "Müller & Söhne"


def test_the_name_of_the_account_stands_in_for_the_party():
    account = "<DbtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Nm>A. Payer</Nm></DbtrAcct>"
    assert read_transaction(f"<RltdPties>{account}</RltdPties>").counterparty_name == "A. Payer"
    assert read_transaction(f"<RltdPties><Dbtr><Nm>P</Nm></Dbtr>{account}</RltdPties>").counterparty_name == "P"


@pytest.mark.parametrize("element", ["BIC", "BICFI"])
def test_bank_and_ultimate_party(element):
    inside = (
        f"<RltdPties><Dbtr><Nm>Factor</Nm></Dbtr><UltmtDbtr><Pty><Nm>Shop 7</Nm></Pty></UltmtDbtr></RltdPties>"
        f"<RltdAgts><DbtrAgt><FinInstnId><{element}>COBADEFFXXX</{element}></FinInstnId></DbtrAgt></RltdAgts>"
    )
    detail = read_transaction(inside)
    assert (detail.counterparty_bic, detail.ultimate_name) == ("COBADEFFXXX", "Shop 7")


def test_references():
    inside = (
        "<Refs><AcctSvcrRef>T1</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId><MndtId>M-7</MndtId></Refs>"
        "<Purp><Cd>SALA</Cd></Purp>"
    )
    detail = read_transaction(inside, more="<NtryRef>N1</NtryRef><AcctSvcrRef>B1</AcctSvcrRef>")
    assert (detail.bank_reference, detail.end_to_end_id, detail.mandate_id) == ("T1", None, "M-7")
    assert detail.purpose == "SALA"
    assert read_transaction("", more="<AcctSvcrRef>B1</AcctSvcrRef>").bank_reference == "B1"


def test_a_return_knows_the_payment_it_undoes():
    detail = read_transaction(f"<Refs><EndToEndId>RUN-1-7</EndToEndId></Refs>{RETURNED}", indicator="DBIT")
    assert (detail.return_reason, detail.original_end_to_end_id) == ("AC04", "RUN-1-7")


# -- what for ------------------------------------------------------------------------------------------------------


def remittance(inside, **entry_parts):
    return read_transaction(f"<RmtInf>{inside}</RmtInf>", **entry_parts)


def test_free_text_keeps_its_lines():
    detail = remittance("<Ustrd>INV 4711</Ustrd><Ustrd>INV 4712</Ustrd>")
    assert (detail.remittance, detail.remittance_lines) == ("INV 4711 INV 4712", ("INV 4711", "INV 4712"))


def test_a_line_cut_at_140_characters_goes_on_without_a_blank():
    first = "x" * 137 + "INV"
    assert remittance(f"<Ustrd>{first}</Ustrd><Ustrd>4711</Ustrd>").remittance.endswith("INV4711")


def test_the_banks_text_stands_in_only_where_the_payer_said_nothing():
    bank = "<AddtlNtryInf>SEPA CREDIT</AddtlNtryInf>"
    assert remittance("<Ustrd>INV 1</Ustrd>", more=bank).remittance == "INV 1"
    assert remittance("", more=bank).remittance == "SEPA CREDIT"
    assert read_transaction("<AddtlTxInf>INV 2</AddtlTxInf>", more=bank).remittance == "INV 2"
    batch = read(entry("20.00", more=bank, details=transaction("") + transaction("<AddtlTxInf>INV 3</AddtlTxInf>")))
    assert [each.remittance for each in batch.entry.details] == ["", "INV 3"]


@pytest.mark.parametrize(
    ("inside", "type_", "reference"),
    [
        ("<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF18 5390 0754 7034</Ref>", "SCOR", "RF18539007547034"),
        (
            "<Tp><CdOrPrtry><Prtry>QRR</Prtry></CdOrPrtry></Tp><Ref>210000000003139471430009017</Ref>",
            "QRR",
            "210000000003139471430009017",
        ),
        (
            "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp><Ref>+++010/8068/17183+++</Ref>",
            "OGM",
            "010806817183",
        ),
        ("<Ref>RF18539007547034</Ref>", "SCOR", "RF18539007547034"),
        ("<Ref>12345</Ref>", "unspecified", "12345"),
        ("<CdtrRefTp><Cd>SCOR</Cd></CdtrRefTp><CdtrRef>3900</CdtrRef>", "SCOR", "3900"),
    ],
    ids=["iso-11649", "swiss-qr", "belgian", "type-missing", "type-unknown", "version-1"],
)
def test_creditor_references(inside, type_, reference):
    detail = remittance(f"<Strd><CdtrRefInf>{inside}</CdtrRefInf></Strd>")
    assert detail.structured_references == (StructuredReference(type=type_, reference=reference),)


def test_documents_with_their_amounts():
    invoice = (
        "<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>R-1</Nb><RltdDt><Dt>2025-01-02</Dt></RltdDt>"
        "<LineDtls><Id><Nb>1</Nb></Id><Amt><DuePyblAmt Ccy='EUR'>9999</DuePyblAmt></Amt></LineDtls></RfrdDocInf>"
        "<RfrdDocAmt><DuePyblAmt Ccy='EUR'>100.00</DuePyblAmt><DscntApldAmt><Amt Ccy='EUR'>2.00</Amt></DscntApldAmt>"
        "<AdjstmntAmtAndRsn><Amt Ccy='EUR'>3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Rsn>FRGT</Rsn></AdjstmntAmtAndRsn>"
        "<RmtdAmt Ccy='EUR'>95.00</RmtdAmt></RfrdDocAmt></Strd>"
    )
    credit = (
        "<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CREN</Cd></CdOrPrtry></Tp><Nb>G-9</Nb><RltdDt>2025-01-03</RltdDt>"
        "</RfrdDocInf><RfrdDocAmt><CdtNoteAmt Ccy='EUR'>85.00</CdtNoteAmt></RfrdDocAmt>"
        "<AddtlRmtInf>as agreed</AddtlRmtInf></Strd>"
    )
    detail = remittance(invoice + credit)
    paid, used = detail.documents
    assert (paid.type, paid.number, paid.date) == ("CINV", "R-1", date(2025, 1, 2))
    assert (paid.due_amount, paid.discount_amount, paid.remitted_amount) == (Decimal(100), Decimal(2), Decimal(95))
    assert paid.adjustments == (Adjustment(amount=Decimal("-3.00"), reason="FRGT"),)
    assert (used.type, used.number, used.date, used.remitted_amount) == ("CREN", "G-9", date(2025, 1, 3), Decimal(-85))
    assert sum(each.remitted_amount for each in detail.documents) == Decimal("10.00")
    assert detail.remittance == "as agreed"


def test_documents_that_share_one_amount_keep_it_apart():
    numbers = "".join(f"<RfrdDocInf><Nb>R-{n}</Nb></RfrdDocInf>" for n in (1, 2))
    detail = remittance(f"<Strd>{numbers}<RfrdDocAmt><RmtdAmt Ccy='EUR'>10.00</RmtdAmt></RfrdDocAmt></Strd>")
    assert [(each.number, each.remitted_amount) for each in detail.documents] == [
        ("R-1", None),
        ("R-2", None),
        (None, Decimal("10.00")),
    ]


# -- the same whatever the clothes ---------------------------------------------------------------------------------


def full_entry():
    text = "<RmtInf><Ustrd>a &lt; b</Ustrd></RmtInf>"
    inside = f"<Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties>{DEBTOR}</RltdPties>{text}"
    return entry(details=transaction(inside) + transaction(inside), more="<AcctSvcrRef>B1</AcctSvcrRef>")


def test_prefixes_namespaces_and_layout_change_nothing():
    plain = document(statement(full_entry()))
    prefixed = plain.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?").replace("xmlns=", "xmlns:n=")
    laid_out = plain.replace("><", ">\n\t <").replace(" ?>\n\t ", "?>")
    attributed = plain.replace("<TxDtls>", "<TxDtls a='b'>")
    unnamed = document(statement(full_entry()), namespace="")
    wanted = Reading(plain).entries
    assert wanted[0].details[0].remittance == "a < b"
    for same in (prefixed, laid_out, attributed, unnamed):
        assert Reading(same).entries == wanted


def test_the_fast_way_reads_the_same_as_the_slow_way():
    """A shape met often is read by a regular expression: the first and the last of a thousand must be alike."""
    inside = transaction(
        f"<RltdPties>{DEBTOR}</RltdPties><RmtInf><Strd><RfrdDocInf><Nb>R &amp; 1</Nb></RfrdDocInf></Strd></RmtInf>"
        "<Chrgs><Amt Ccy='EUR'>1.00</Amt></Chrgs>"
    )
    reading = read(*[entry(details=inside)] * 1_000, entry("3.00", details=inside))
    first, *_, last, other = reading.entries
    assert first.details == last.details
    assert first.details[0].documents[0].number == "R & 1"
    assert other.amount == Decimal("3.00")

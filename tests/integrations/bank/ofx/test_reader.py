"""OFX as banks really write it: every entry is read as written or set aside, and nothing else changes."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integrations.bank.ofx import source
from integrations.bank.ofx.reader import count_entries, read_events
from integrations.bank.read import collect, read_file

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"


def read(raw):
    if isinstance(raw, str):
        raw = raw.encode("utf-8")
    file = collect(read_events(io.BytesIO(raw)), name="x", sha256="")
    read_and_set_aside = sum(len(one.entries) for one in file.statements) + len(file.quarantined)
    assert file.facts.entries_in_file == read_and_set_aside == count_entries(io.BytesIO(raw))
    return file


def statement(*entries, currency="EUR", extra="", account="123"):
    body = "".join(entries)
    return (
        f"{HEADER}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>1<ACCTID>{account}"
        f"</BANKACCTFROM><BANKTRANLIST><DTSTART>20260101<DTEND>20260131{body}</BANKTRANLIST>{extra}"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def element(amount="5.00", posted="20260102", fitid="F1", rest="<NAME>ACME"):
    return f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>{posted}<TRNAMT>{amount}<FITID>{fitid}{rest}</STMTTRN>"


def only(raw):
    file = read(raw)
    ((entry,),) = (one.entries for one in file.statements)
    return entry


def codes(file):
    return [part.code for part in file.quarantined]


@pytest.mark.parametrize(
    "posted",
    ["20250102000000[+9:JST]", "20250102233000[-5:EST]", "20250102", " 20250102120000.000[-3:BRT] ", "2025-01-02"],
)
def test_the_date_is_the_banks_own_day(posted):
    assert only(statement(element(posted=posted))).booking_date == date(2025, 1, 2)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("-15.00", "-15.00"),
        ("            -11,76", "-11.76"),
        ("1.234,56", "1234.56"),
        ("-1,234.56", "-1234.56"),
        ("$120", "120"),
        ("-$1,000.00", "-1000.00"),
        ("R$ -1.234.567,80", "-1234567.80"),
        ("+00000000000115.8331", "115.8331"),
        ("1 234,50", "1234.50"),
        ("(12.00)", "-12.00"),
        ("12.00-", "-12.00"),
        ("12,34,567.00", "1234567.00"),
        (".5", "0.5"),
        ("-.05", "-0.05"),
        ("1'000.00", "1000.00"),
        ("99999999999999999999.99", "99999999999999999999.99"),
    ],
)
def test_amounts_are_what_the_bank_meant(written, amount):
    assert only(statement(element(amount=written))).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "amount_missing"),
        ("   .  ", "amount_missing"),
        ("1,234", "amount_ambiguous"),
        ("1.2.3", "amount_unreadable"),
        ("12,34.56.78", "amount_unreadable"),
        ("1e5", "amount_unreadable"),
        ("NaN", "amount_missing"),
        ("١٢", "amount_missing"),
        ("--5", "amount_unreadable"),
        ("5 EUR 6", "amount_unreadable"),
        ("1" * 5000, "amount_unreadable"),
    ],
)
def test_what_is_no_amount_is_set_aside(written, code):
    assert codes(read(statement(element(amount=written)))) == [code]


def test_three_decimals_are_read_where_the_currency_has_them():
    assert only(statement(element(amount="1,234"), currency="KWD")).amount == Decimal("1.234")


@pytest.mark.parametrize("posted", ["", "00000000", "20120231", "201120000000", "yesterday", "99991231"])
def test_an_entry_without_a_real_booking_date_is_set_aside(posted):
    assert codes(read(statement(element(posted=posted)))) == ["date_unreadable"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("closed leaves", lambda text: re.sub(r"<(NAME|TRNAMT|FITID|DTPOSTED|ACCTID)>([^<]*)", r"<\1>\2</\1>", text)),
        ("one tag per line", lambda text: text.replace("<", "\r\n<")),
        ("lone carriage returns", lambda text: text.replace("<", "\r<").replace("\n", "\r")),
        ("lower case", lambda text: text.replace("ACME", "@").lower().replace("@", "ACME").replace("f1", "F1")),
        ("no header", lambda text: text.removeprefix(HEADER)),
        ("glued header", lambda text: text.replace("\n", "")),
        ("blank lines first", lambda text: "\n\n\n" + text),
        ("byte order mark", lambda text: "\ufeff" + text),
        ("NUL and control-Z tail", lambda text: text + "\x00\x00\x1a"),
        ("NUL between", lambda text: text.replace("<NAME>", "\x00<NAME>\x00")),
        ("XML header", lambda text: '<?xml version="1.0"?><?OFX VERSION="211"?>' + text.removeprefix(HEADER)),
        ("CDATA", lambda text: text.replace("<NAME>ACME", "<NAME><![CDATA[ACME]]></NAME>")),
        ("comments", lambda text: text.replace("<NAME>", "<!-- <STMTTRN> --><NAME>")),
        ("blanks in tags", lambda text: text.replace("<NAME>", "<NAME >").replace("<STMTTRN>", "<STMTTRN >")),
        ("every tag escaped", lambda text: text.replace("<", "&lt;").replace(">", "&gt;")),
        ("no end of the element", lambda text: text.replace("</STMTTRN>", "")),
        ("pretty printed", lambda text: text.replace("<", "\n    <")),
    ],
)  # fmt: skip
def test_the_same_entry_however_it_is_written(name, change):
    text = statement(element())
    entry = only(change(text))
    assert (entry.amount, entry.bank_reference, entry.booking_date) == (Decimal("5.00"), "F1", date(2026, 1, 2))
    assert entry.details[0].counterparty_name == "ACME"
    assert read(change(text)).statements[0].header.account == "123"


def test_two_bytes_per_character():
    text = statement(element(rest="<NAME>Müller"))
    for codec in ("utf-16", "utf-16-le", "utf-16-be"):
        file = read(text.encode(codec))
        assert file.statements[0].entries[0].details[0].counterparty_name == "Müller"
        assert file.facts.encoding == "utf-16"


@pytest.mark.parametrize(
    ("raw", "name", "encoding"),
    [
        ("Müller", "Müller", "utf-8"),
        ("Müller".encode("cp1252"), "Müller", "cp1252"),
        (b"\x80 5", "€ 5", "cp1252"),
        ("x" * 20 + "ü", "x" * 20 + "ü", "utf-8"),
        ("Größe".encode()[:-3] + "ß".encode()[:1], "Grö", "utf-8"),
        (b"caf\xe9 \x81", "café \x81", "cp1252"),
    ],
    ids=["lying charset", "true charset", "euro", "utf-8", "cut inside a character", "unassigned byte"],
)
def test_characters_are_what_the_bytes_say(raw, name, encoding):
    raw = raw.encode() if isinstance(raw, str) else raw
    text = statement(element(rest="<NAME>@@")).encode().replace(b"@@", raw)
    file = read(text)
    assert file.statements[0].entries[0].details[0].counterparty_name == name
    assert file.facts.encoding == encoding


def test_the_declared_charset_is_used_where_bytes_are_not_utf8():
    raw = statement(element(rest="<NAME>@@")).replace("1252", "ISO-8859-2").encode().replace(b"@@", b"\xa3\xf3d\xbc")
    assert read(raw).statements[0].entries[0].details[0].counterparty_name == "Łódź"


@pytest.mark.parametrize(
    ("memo", "text"),
    [
        ("R&D &amp; AT&T", "R&D & AT&T"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("&#233;t&eacute;&nbsp;&#x20AC;", "été €"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("mail <joe@example.com>", "mail <joe@example.com>"),
        ("&copyright &unknown; &#0;", "&copyright &unknown; &#0;"),
        ("&lol9;&lol9;", "&lol9;&lol9;"),
    ],
)
def test_entities_are_resolved_once_and_only_where_they_are_some(memo, text):
    assert only(statement(element(rest=f"<NAME>X<MEMO>{memo}"))).details[0].remittance == text


@pytest.mark.parametrize(
    ("rest", "name", "lines", "joined"),
    [
        ("<NAME>ACME<MEMO>INV 1", "ACME", ("INV 1",), "INV 1"),
        ("<NAME>ACME INV 1", "ACME INV 1", ("ACME INV 1",), "ACME INV 1"),
        ("<MEMO>INV 1", None, ("INV 1",), "INV 1"),
        ("<PAYEE><NAME>ACME<ADDR1>X<CITY>Y</PAYEE><MEMO>INV 1", "ACME", ("INV 1",), "INV 1"),
        ("<NAME>12345678901234567890123456789012<MEMO>34", "12345678901234567890123456789012",
         ("12345678901234567890123456789012", "34"), "1234567890123456789012345678901234"),
        ("<NAME>12345678901234567890123456789012<MEMO>12345678901234567890123456789012 3",
         "12345678901234567890123456789012", ("12345678901234567890123456789012 3",),
         "12345678901234567890123456789012 3"),
        ("<NAME>ACME<EXTDNAME>ACME INTERNATIONAL TRADING LTD<MEMO>X", "ACME INTERNATIONAL TRADING LTD", ("X",), "X"),
        ("<NAME>ACME<MEMO>one\ntwo", "ACME", ("one", "two"), "one two"),
        ("<NAME>ACME<MEMO>one<MEMO>two", "ACME", ("one", "two"), "one two"),
        ("", None, (), ""),
    ],
    ids=["both", "name only", "memo only", "payee", "cut", "repeats", "extended", "lines", "two memos", "none"],
)  # fmt: skip
def test_who_and_what_for(rest, name, lines, joined):
    detail = only(statement(element(rest=rest))).details[0]
    assert (detail.counterparty_name, detail.remittance_lines, detail.remittance) == (name, lines, joined)


def test_references_codes_dates_and_the_other_account():
    rest = "<DTAVAIL>20260105<CHECKNUM>000<REFNUM>R-9<BANKACCTTO><BANKID>COBADEFFXXX<ACCTID>777</BANKACCTTO>"
    entry = only(statement(element(rest=rest)))
    assert (entry.entry_reference, entry.transaction_code, entry.value_date) == ("R-9", "CREDIT", date(2026, 1, 5))
    assert (entry.details[0].counterparty_account, entry.details[0].counterparty_bic) == ("777", "COBADEFFXXX")
    assert only(statement(element(rest="<CHECKNUM>0</CHECKNUM>"))).entry_reference is None


@pytest.mark.parametrize(
    ("rest", "currency", "instructed", "rate"),
    [
        ("<CURRENCY><CURRATE>1.06<CURSYM>USD</CURRENCY>", "USD", (Decimal("5.00"), "USD"), "1.06"),
        ("<ORIGCURRENCY><CURRATE>0.9<CURSYM>USD</ORIGCURRENCY>", "EUR", (None, "USD"), "0.9"),
        ("<CURRENCY><CURRATE>1.00<CURSYM>EUR</CURRENCY>", "EUR", (None, None), None),
        ("", "EUR", (None, None), None),
    ],
)
def test_currency_of_the_amount_and_of_the_order(rest, currency, instructed, rate):
    entry = only(statement(element(rest=rest)))
    detail = entry.details[0]
    assert (entry.currency, (detail.instructed_amount, detail.instructed_currency)) == (currency, instructed)
    assert detail.exchange_rate == (Decimal(rate) if rate else None)


def test_several_accounts_keep_their_entries_and_balances():
    first = statement(
        element(), extra="<LEDGERBAL><BALAMT>100,50<DTASOF>20260131</LEDGERBAL><AVAILBAL><BALAMT>7</AVAILBAL>"
    )
    paid, sold = (element(amount=amount).replace("CREDIT", "DEBIT") for amount in ("-7", "-8"))
    card = (
        "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111</CCACCTFROM><BANKTRANLIST>"
        f"{paid}</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
    )
    broker = (
        "<INVSTMTRS><CURDEF>USD<INVACCTFROM><ACCTID>B1</INVACCTFROM><INVTRANLIST><BUYSTOCK><INVTRAN><FITID>9</INVTRAN>"
        f"<TOTAL>-100</BUYSTOCK><INVBANKTRAN>{sold}<SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST>"
    )
    file = read(first.replace("</OFX>", broker + card))
    seen = [(one.header.account, one.header.currency, one.header.closing, len(one.entries)) for one in file.statements]
    assert seen == [("123", "EUR", Decimal("100.50"), 1), ("B1", "USD", None, 1), ("4111", "USD", None, 1)]
    assert [finding.code for finding in file.findings] == ["securities_not_read"]


# -- mutations: each is detected, or provably harmless --------------------------------------------------------------


def test_a_lost_beginning_is_told():
    text = statement(element(fitid="A"), element(fitid="B")).replace("</STMTTRN><STMTTRN>", "</STMTTRN>")
    assert "stray_amounts" in [finding.code for finding in read(text).findings]


def test_two_entries_run_together_are_set_aside():
    text = statement(element(fitid="A"), element(fitid="B", amount="6")).replace("</STMTTRN><STMTTRN>", "")
    assert codes(read(text)) == ["entries_run_together"]


@pytest.mark.parametrize("cut", range(10, 120, 7))
def test_a_cut_tail_is_told_and_the_cut_entry_set_aside(cut):
    text = statement(element(fitid="A"), element(fitid="B", rest="<NAME>LONG NAME OF A PAYER"))
    file = read(text[:-cut])
    assert "truncated_file" in [finding.code for finding in file.findings]
    assert all(
        entry.details[0].counterparty_name in {"LONG NAME OF A PAYER"}
        for entry in file.statements[0].entries
        if entry.bank_reference == "B"
    )


def test_corrections_pending_and_bank_errors_are_told():
    text = statement(
        element(rest="<CORRECTFITID>F0<CORRECTACTION>REPLACE"),
        "<STMTTRNP><TRNTYPE>DEBIT<TRNAMT>-1</STMTTRNP>",
        extra="<STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>try later</STATUS>",
    )
    file = read(text)
    assert file.facts.entries_in_file == 1
    assert sorted(finding.code for finding in file.findings) == [
        "bank_reports_error",
        "corrects_earlier_entry",
        "pending_not_read",
    ]


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("REPLACE", ("replaces entry 'F0'", "the difference of 2.00 to the 10.00 booked then", "in the ERP")),
        ("DELETE", ("deletes entry 'F0'", "Undo what was decided", "in the ERP")),
        ("", ("corrects entry 'F0'", "Ask the bank")),
    ],
    ids=["replace", "delete", "unsaid"],
)
def test_a_correction_says_what_to_book_and_never_moves_money_twice(action, says):
    correction_of = f"<CORRECTFITID>F0<CORRECTACTION>{action}"
    file = read(statement(element(amount="10.00", fitid="F0"), element(amount="12.00", rest=correction_of, fitid="F1")))
    first, correction = file.statements[0].entries
    assert (first.status, correction.status) == ("booked", "info")
    assert correction.details[0].original_end_to_end_id == "F0"
    (finding,) = [one for one in file.findings if one.code == "corrects_earlier_entry"]
    assert finding.severity == "error"
    assert all(part in finding.message for part in says), finding.message


def test_a_correction_of_an_entry_in_another_file_names_the_difference_without_a_number():
    file = read(statement(element(amount="12.00", rest="<CORRECTFITID>F0<CORRECTACTION>REPLACE", fitid="F1")))
    (finding,) = file.findings
    assert "with 12.00 EUR" in finding.message
    assert "the difference between the two amounts" in finding.message


def test_lines_that_only_state_a_balance_move_no_money_and_are_told():
    file = read(
        statement(
            element(amount="1000.00", fitid="", rest="<MEMO>Saldo Anterior"),
            element(amount="50.00", fitid="F1", rest="<MEMO>Saldo"),
            element(amount="60.00", fitid="", rest="<MEMO>PIX RECEBIDO ACME LTDA"),
            element(amount="1050.00", fitid="000", rest="<MEMO>S A L D O"),
        )
    )
    assert [entry.status for entry in file.statements[0].entries] == ["info", "booked", "booked", "info"]
    (finding,) = [one for one in file.findings if one.code == "balance_among_entries"]
    assert (finding.severity, finding.message[:7]) == ("warning", "2 lines")


def test_a_header_without_line_ends_still_tells_the_version():
    assert read(statement(element()).replace("\n", "")).facts.version == "102"


def test_a_statement_without_currency_is_told():
    file = read(statement(element()).replace("<CURDEF>EUR", ""))
    assert [finding.code for finding in file.findings] == ["currency_missing"]


def test_a_file_that_holds_no_statement_says_so(tmp_path):
    path = tmp_path / "loan.ofx"
    path.write_text("OFXHEADER:100\n\n<OFX><LOANMSGSRSV1></LOANMSGSRSV1></OFX>\n")
    assert [finding.code for finding in read_file(path).findings] == ["no_statement"]


def test_names_with_the_prefix_of_a_namespace_are_the_same_names(monkeypatch):
    text = re.sub(r"<(/?)(?=[A-Z])", r"<\1ofx:", statement(element(), element(fitid="F2"))).replace(
        "<ofx:OFX>", "<ofx:OFX >"
    )
    monkeypatch.setattr(source, "CHUNK_BYTES", 96)
    assert [entry.bank_reference for entry in read(text).statements[0].entries] == ["F1", "F2"]


def test_a_ledger_balance_that_is_no_amount_is_told():
    file = read(statement(element(), extra="<LEDGERBAL><BALAMT>n/a<DTASOF>20260131</LEDGERBAL>"))
    (finding,) = file.findings
    assert (finding.code, "'n/a' is no amount" in finding.message) == ("balance_unreadable", True)


def test_an_extended_name_is_whole_and_does_not_run_into_the_text():
    name = "A VERY LONG COMPANY NAME THAT IS"
    rest = f"<NAME>{name}<EXTDNAME>{name} MORE THAN 32<MEMO>INV 2"
    entry = only(statement(element(rest=rest)))
    assert (entry.details[0].counterparty_name, entry.details[0].remittance) == (f"{name} MORE THAN 32", "INV 2")


def test_a_credit_that_takes_money_away_is_told():
    file = read(statement(element(amount="-5"), element(amount="5", fitid="B")))
    (finding,) = file.findings
    assert (finding.code, finding.message[:10]) == ("sign_against_type", "1 entries ")
    assert [entry.amount for entry in file.statements[0].entries] == [-5, 5]


def test_missing_and_repeated_numbers_are_told_once():
    file = read(statement(*(element(fitid=fitid) for fitid in ("A", "A", "A", "", ""))))
    told = {finding.code: finding.message for finding in file.findings}
    assert told["fitid_repeated"].startswith("2 entries repeat")
    assert told["fitid_missing"].startswith("2 entries have no FITID")


def test_an_endless_element_does_not_fill_the_memory():
    text = statement(element(rest="<MEMO>" + "x" * 3_000_000), element(fitid="B"))
    file = read(text)
    assert codes(file) == ["entry_cut_off"]
    assert len(file.quarantined[0].raw) == 4_000
    assert file.statements[0].entries[0].bank_reference == "B"


_WORDS = st.sampled_from(
    ["<OFX>", "</OFX>", "<STMTRS>", "</STMTRS>", "<CURDEF>EUR", "<BANKTRANLIST>", "</BANKTRANLIST>", "<STMTTRN>",
     "</STMTTRN>", "<STMTTRNRS>", "<STMTTRN/>", "<stmttrn>", "<DTPOSTED>20260102", "<TRNAMT>5.00", "<TRNAMT>,",
     "<FITID>1", "<MEMO>x", "<![CDATA[", "]]>", "<!--", "-->", "<LEDGERBAL>", "<BALAMT>1", "<", ">", "&", "&lt;",
     "\x00", "ü", "\n"]
)  # fmt: skip


@given(st.lists(_WORDS, max_size=40).map("".join))
@example("<STMTTRN")
@example("<STMTTRN><STMTTRN>")
@example("&lt;OFX&gt;&lt;STMTTRN&gt;")
def test_every_element_of_any_soup_is_accounted_for(soup):
    read(soup)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(250, 1200))
def test_chunks_do_not_matter(monkeypatch, size):
    rest = "<NAME>Mü<![CDATA[ller]]><MEMO><!-- no -->INVOICE\n7"
    text = statement(*(element(fitid=f"F{number}", rest=rest) for number in range(20)))
    for raw in (text.encode(), text.encode("utf-16"), text.replace("<", "&lt;").replace(">", "&gt;").encode()):
        whole = list(read_events(io.BytesIO(raw)))
        with monkeypatch.context() as patched:
            patched.setattr(source, "CHUNK_BYTES", size)
            assert list(read_events(io.BytesIO(raw))) == whole

"""The format is recognised from the content; what is no statement is refused by the name of what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bank.detect import detect
from integrations.bank.errors import NotAStatement

CAMT = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt/></Document>'
)


@pytest.mark.parametrize(
    ("head", "family"),
    [
        (b":20:STARTUMSE\r\n:25:1/2", "mt940"),
        (b"\xef\xbb\xbf\r\n\r\n:20:X", "mt940"),
        (b"{1:F01BANKDEFFXXXX0000000000}{2:O9400000}{4:\n:20:X", "mt940"),
        (b"\r:940:\r:20:X", "mt940"),
        (b":61:0901010101C1,00NTRFX", "mt940"),
        (b"ABNANL2A\n940\nABNANL2A\n:20:ABN", "mt940"),
        (CAMT.encode(), "camt"),
        (CAMT.encode("utf-16"), "camt"),
        (b"\xef\xbb\xbf  " + CAMT.encode(), "camt"),
        (b"<env:Envelope><x:Document><x:BkToCstmrDbtCdtNtfctn>", "camt"),
        (b"OFXHEADER:100\nDATA:OFXSGML", "ofx"),
        (b"\n\n\n<ofx><signonmsgsrsv1>", "ofx"),
        (b'<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX>', "ofx"),
        (b"<STMTTRN>\n<TRNAMT>1", "ofx"),
        (b"&lt;OFX&gt;&lt;SIGNONMSGSRSV1&gt;", "ofx"),
        (b"PK\x03\x04rest", "zip"),
    ],
)
def test_formats_by_content(head, family):
    assert detect(head, "x") == family


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"", "empty"),
        (b"  \r\n\x00", "empty"),
        (b"<OFC><DTD>2", "OFC"),
        (b"!Type:Bank\nD01/02/26", "QIF"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"Buchungstag;Betrag;Text\n01.02.2026;5,00;x\n02.02.2026;6,00;y", "CSV"),
        (b'{"statements": []}', "JSON"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">', "pain.001"),
        (b'<?xml version="1.0"?><invoice xmlns="x"/>', "<invoice>"),
        (bytes(range(32)), "no text"),
        (b"Dear customer, the time is 10:20:30.", "no bank statement"),
    ],
)
def test_refusals_name_the_file_and_what_it_is(head, named):
    with pytest.raises(NotAStatement, match=r"umsatz\.bin is") as refusal:
        detect(head, "umsatz.bin")
    assert named in str(refusal.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_recognised_or_refused(head):
    try:
        family = detect(head, "x")
    except NotAStatement:
        family = "refused"
    assert family in {"mt940", "camt", "ofx", "zip", "refused"}

"""A damaged file is told or proves harmless: one mutation at a time, of a file of each format that is right.

Harmless means: every entry has the same amount, dates, references and text as before, and balances are the same.
"""

import re
from pathlib import Path

import pytest

from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.bank.read import ReadOptions, read_file

MT940 = """:20:STMT0001
:25:37040044/0532013000EUR
:28C:7/1
:60F:C260301EUR1000,00
:61:2603020302C119,00NTRFNONREF//BANK0001
:86:166?00GUTSCHRIFT?20EREF+E2E-1?21SVWZ+INVOICE R-1001?31NL91ABNA0417164300?32ACME BV
:61:2603020302D20,50NMSCNONREF//BANK0002
:86:835?00ENTGELT?20SVWZ+KONTOFUEHRUNG
:61:2603020302C119,00NTRFNONREF//BANK0003
:86:166?00GUTSCHRIFT?20EREF+E2E-3?21SVWZ+INVOICE R-1002?31NL91ABNA0417164300?32ACME BV
:62F:C260302EUR1217,50
-
"""


def camt_entry(number, amount, sign):
    party = f"<RltdPties><Dbtr><Pty><Nm>ACME {number}</Nm></Pty></Dbtr></RltdPties>"
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\n'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt><AcctSvcrRef>BANK{number}</AcctSvcrRef>\n"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E2E-{number}</EndToEndId></Refs>{party}</TxDtls></NtryDtls></Ntry>\n"
    )


def camt_balance(code, amount, day):
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )


CAMT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">\n'
    "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T20:00:00+01:00</CreDtTm></GrpHdr>\n<Stmt><Id>S7</Id>"
    "<ElctrncSeqNb>7</ElctrncSeqNb><CreDtTm>2026-03-02T20:00:00+01:00</CreDtTm>\n"
    "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
    f"{camt_balance('OPBD', '1000.00', '2026-03-02')}{camt_balance('CLBD', '1217.50', '2026-03-02')}"
    f"{camt_entry(1, '119.00', 'CRDT')}{camt_entry(2, '20.50', 'DBIT')}{camt_entry(3, '119.00', 'CRDT')}"
    "</Stmt>\n</BkToCstmrStmt>\n</Document>\n"
)


def ofx_entry(number, amount, kind):
    return (
        f"<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>20260302120000[+1:CET]\n<TRNAMT>{amount}\n<FITID>BANK{number}\n"
        f"<NAME>ACME {number}\n<MEMO>INVOICE R-{number}\n</STMTTRN>\n"
    )


OFX = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n<OFX>\n<BANKMSGSRSV1>\n<STMTTRNRS>\n"
    "<STMTRS>\n<CURDEF>EUR\n<BANKACCTFROM>\n<BANKID>37040044\n<ACCTID>0532013000\n</BANKACCTFROM>\n<BANKTRANLIST>\n"
    f"<DTSTART>20260302\n<DTEND>20260302\n{ofx_entry(1, '119.00', 'CREDIT')}{ofx_entry(2, '-20.50', 'DEBIT')}"
    f"{ofx_entry(3, '119.00', 'CREDIT')}</BANKTRANLIST>\n<LEDGERBAL>\n<BALAMT>1217.50\n<DTASOF>20260302\n</LEDGERBAL>\n"
    "</STMTRS>\n</STMTTRNRS>\n</BANKMSGSRSV1>\n</OFX>\n"
)

BASES = {"mt940": MT940, "camt": CAMT, "ofx": OFX}


def reading(tmp_path, text):
    """What the file says, and what is said about it; a refusal says everything."""
    path = tmp_path / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    try:
        file = read_file(path, options=ReadOptions())
    except (NotAStatement, UnreadableStatement) as refusal:
        return None, {type(refusal).__name__}
    entries = [
        (one.amount, one.booking_date, one.value_date, one.bank_reference, one.status,
         tuple((detail.end_to_end_id, detail.counterparty_name, detail.remittance) for detail in one.details))
        for statement in file.statements for one in statement.entries
    ]  # fmt: skip
    balances = [(one.header.opening, one.header.closing, one.header.account) for one in file.statements]
    told = {finding.code for finding in file.findings if finding.severity != "info"}
    return (entries, balances), told | {f"quarantined {part.code}" for part in file.quarantined}


@pytest.mark.parametrize("family", BASES)
def test_the_bases_are_right(tmp_path, family):
    (entries, balances), told = reading(tmp_path, BASES[family])
    assert (len(entries), told) == (3, set())
    assert [str(entry[0]) for entry in entries] == ["119.00", "-20.50", "119.00"]
    assert str(balances[0][1]) == "1217.50"


def lines_of(text):
    return text.splitlines(keepends=True)


TEXT_LINES = {"mt940": (":86:", ":20:", ":28C:", "-"), "camt": (), "ofx": ("<NAME>", "<MEMO>", "<TRNTYPE>")}
"""Lines without which a file is poorer but whole: nothing in the format says that they were there."""
STATED_ONCE = {
    "ofx": ("OFXHEADER", "DATA", "VERSION", "ENCODING", "CHARSET", "\n", "<BANKID>", "<DTSTART>", "<DTEND>", "<DTASOF>",
            "<BALAMT>", "<CURDEF>", "<FITID>", "<LEDGERBAL>", "</LEDGERBAL>", "<STMTTRNRS>", "</STMTTRNRS>",
            "<BANKMSGSRSV1>", "</BANKMSGSRSV1>", "</STMTRS>", "</BANKACCTFROM>", "<BANKTRANLIST>", "</BANKTRANLIST>",
            "<OFX>"),
    "mt940": (":25:",), "camt": (),
}  # fmt: skip


@pytest.mark.parametrize("family", ["mt940", "ofx"])
def test_a_dropped_line_never_changes_an_amount_silently(tmp_path, family):
    whole, _ = reading(tmp_path, BASES[family])
    lines = lines_of(BASES[family])
    for number, line in enumerate(lines):
        said, told = reading(tmp_path, "".join(lines[:number] + lines[number + 1 :]))
        if told or said == whole:
            continue
        assert line.startswith(TEXT_LINES[family] + STATED_ONCE[family]), f"dropping {line!r} is silent"
        assert [one[:3] for one in said[0]] == [one[:3] for one in whole[0]], f"dropping {line!r} changes money"


@pytest.mark.parametrize("family", BASES)
def test_a_cut_tail_is_told(tmp_path, family):
    whole, _ = reading(tmp_path, BASES[family])
    text = BASES[family]
    for keep in range(len(text) - 1, len(text) // 3, -17):
        said, told = reading(tmp_path, text[:keep])
        assert told or said == whole, f"a cut after {text[:keep][-40:]!r} is silent"


@pytest.mark.parametrize(
    ("family", "old", "new"),
    [
        ("mt940", "C119,00NTRFNONREF//BANK0001", "D119,00NTRFNONREF//BANK0001"),
        ("mt940", "C119,00NTRFNONREF//BANK0001", "RC119,00NTRFNONREF//BANK0001"),
        ("mt940", "D20,50", "RD20,50"),
        ("mt940", "C119,00NTRFNONREF//BANK0001", "C11900NTRFNONREF//BANK0001"),
        ("mt940", "C119,00NTRFNONREF//BANK0001", "C1190,0NTRFNONREF//BANK0001"),
        ("mt940", ":61:2603020302C119,00NTRFNONREF//BANK0001", ":61:2603320302C119,00NTRFNONREF//BANK0001"),
        ("mt940", ":60F:C", ":60F:D"),
        ("mt940", ":62F:C260302EUR1217,50", ":62F:C260302EUR1217,05"),
        ("mt940", ":62F:C260302EUR", ":62F:C260302USD"),
        ("camt", "<CdtDbtInd>DBIT", "<CdtDbtInd>CRDT"),
        ("camt", "119.00", "11900"),
        ("camt", "119.00", "119,00"),
        ("camt", "<CdtDbtInd>DBIT</CdtDbtInd>", ""),
        ("camt", "BOOK", "PDNG"),
        ("camt", "1217.50", "1217.05"),
        ("ofx", "-20.50", "20.50"),
        ("ofx", "<TRNAMT>119.00", "<TRNAMT>-119.00"),
        ("ofx", "<DTPOSTED>20260302", "<DTPOSTED>20260332"),
    ],
)
def test_a_changed_amount_sign_or_balance_is_told(tmp_path, family, old, new):
    assert old in BASES[family]
    _, told = reading(tmp_path, BASES[family].replace(old, new, 1))
    assert told


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("mt940", lambda text: text.replace("119,00N", "119.00N", 1)),
        ("mt940", lambda text: "\ufeff" + text),
        ("mt940", lambda text: text.replace("\n", "\r\n")),
        ("mt940", lambda text: text.replace("\n", "\r")),
        ("mt940", lambda text: text + "\x1a"),
        ("camt", lambda text: "\ufeff" + text),
        ("camt", lambda text: re.sub(r"\n", "", text)),
        ("camt", lambda text: text.replace("camt.053.001.08", "camt.053.001.04")),
        ("camt", lambda text: text.replace("+01:00", "-11:00")),
        ("ofx", lambda text: "\ufeff" + text),
        ("ofx", lambda text: text.replace("+1:CET", "-11:XXX")),
        ("ofx", lambda text: text.replace("119.00", "119,00")),
        ("ofx", lambda text: re.sub(r"\n(?=<)", "", text)),
        ("ofx", lambda text: text + "\x00\x1a"),
    ],
)
def test_what_changes_nothing_changes_nothing(tmp_path, family, change):
    whole, _ = reading(tmp_path, BASES[family])
    said, _ = reading(tmp_path, change(BASES[family]))
    assert said == whole


def test_a_duplicated_page_is_told(tmp_path):
    _, told = reading(tmp_path, MT940 + MT940)
    path = tmp_path / "file"
    assert "duplicate_delivery" in {finding.code for finding in read_file(path).findings}
    assert told == set()


def test_twin_entries_are_told_by_the_balance(tmp_path):
    line = ":61:2603020302C119,00NTRFNONREF//BANK0001\n"
    assert "unbalanced_statement" in reading(tmp_path, MT940.replace(line, line * 2))[1]


def test_a_page_split_keeps_entries_and_joins(tmp_path):
    first, rest = MT940.split(":61:2603020302D20,50")
    page_one = first + ":62M:C260302EUR1119,00\n-\n"
    page_two = ":20:STMT0001\n:25:37040044/0532013000EUR\n:28C:7/2\n:60M:C260302EUR1119,00\n:61:2603020302D20,50" + rest
    whole, _ = reading(tmp_path, MT940)
    said, told = reading(tmp_path, page_one + page_two)
    assert (said[0], told) == (whole[0], set())
    assert (
        "chain_broken"
        in reading(tmp_path, page_one + page_two.replace(":60M:C260302EUR1119,00", ":60M:C260302EUR1118,00"))[1]
    )


# -- Every digit of every amount, in the fixtures written for this project -----------------------------------------

MADE = Path(__file__).parents[3] / "fixtures" / "statements"
MONEY = {
    "mt940": re.compile(rb":61:[0-9 ]{6,12}[A-Z]{1,4}([0-9,.]+)|:6[02][FM]:[CD][0-9]{6}[A-Z]{3}([0-9,]+)"),
    "camt": re.compile(rb"<(?:c:)?Ntry>(?:<!--.*?-->)?\s*<(?:c:)?Amt Ccy=.[A-Z]{3}.>([0-9.]+)<"),
}
SIGNS = {
    "mt940": re.compile(rb":61:[0-9 ]{6,12}(?:E?R?)([CD])"),
    "camt": re.compile(
        rb"<(?:c:)?Ntry>(?:<!--.*?-->)?\s*<(?:c:)?Amt[^>]*>[^<]*</[^>]*>\s*<(?:c:)?CdtDbtInd>(CRDT|DBIT)<"
    ),
}
TURNED = {b"C": b"D", b"D": b"C", b"CRDT": b"DBIT", b"DBIT": b"CRDT"}
# Nothing in these says what the entries come to: a report within the day, a notification, balances of one side only.
UNVERIFIABLE = {"statuses-and-reports.xml", "swiss-notification.xml"}


def checkable(family):
    folder = MADE / family / "made"
    return [path for path in sorted(folder.iterdir()) if path.suffix != ".json" and path.name not in UNVERIFIABLE]


@pytest.mark.parametrize(
    ("family", "path"),
    [(family, path) for family in MONEY for path in checkable(family)],
    ids=lambda value: getattr(value, "stem", None),
)
def test_every_changed_digit_and_sign_of_an_amount_is_told(tmp_path, family, path):
    raw = path.read_bytes()
    _, before = reading(tmp_path, raw)
    changed = 0
    for found in MONEY[family].finditer(raw):
        start, stop = found.span(found.lastindex)
        for at in range(start, stop):
            if chr(raw[at]).isdigit():
                digit = b"0123456789"[(raw[at] - 47) % 10 :][:1]
                changed += 1
                _, told = reading(tmp_path, raw[:at] + digit + raw[at + 1 :])
                assert told - before, f"{path.name}: digit {at - start + 1} of {found.group()!r} made {digit!r}"
    for found in SIGNS[family].finditer(raw):
        changed += 1
        start, stop = found.span(1)
        _, told = reading(tmp_path, raw[:start] + TURNED[found.group(1)] + raw[stop:])
        assert told - before, f"{path.name}: the sign in {found.group()!r}"
    assert changed

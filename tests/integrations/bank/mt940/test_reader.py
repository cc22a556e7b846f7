"""Files as a whole: statements, pages, envelopes, encodings, and what is said about them."""

import io
from datetime import date
from decimal import Decimal

import pytest

from integrations.bank.mt940 import count_entries, read_events
from matching.model.bank_statement import FileFacts, StatementStart
from tests.integrations.bank.mt940.oracle import read

HEAD = ":20:STARTUMS\n:25:DE89370400440532013000\n:28C:7/1\n:60F:C260101EUR100,00\n"
ENTRY = ":61:2601020102C25,50NTRFNONREF//B1\n:86:166?20RE 4711?32ACME GMBH\n"
TAIL = ":62F:C260102EUR125,50\n-\n"
WHOLE = HEAD + ENTRY + TAIL
UNPLACED = WHOLE.replace("DE89370400440532013000", "0532013000")


def test_a_plain_statement():
    reading = read(WHOLE.encode())
    (entry,) = reading.entries
    (statement,) = reading.statements
    assert (entry.amount, entry.currency, entry.status, entry.reversal) == (Decimal("25.50"), "EUR", "booked", False)
    assert (entry.ordinal, entry.where, entry.transaction_code) == (1, "line 5", "NTRF/166")
    assert (entry.booking_date, entry.value_date) == (date(2026, 1, 2), date(2026, 1, 2))
    assert (entry.bank_reference, entry.entry_reference) == ("B1", None)
    header = statement.header
    assert (header.account, header.currency, header.kind) == ("DE89370400440532013000", "EUR", "final")
    assert (header.statement_id, header.sequence, header.page, header.last_page) == ("STARTUMS", "7", 1, True)
    assert (header.opening, header.closing) == (Decimal("100.00"), Decimal("125.50"))
    assert (header.from_date, header.to_date) == (date(2026, 1, 1), date(2026, 1, 2))
    assert (statement.integrity, statement.entry_count, statement.booked_total) == ("balanced", 1, Decimal("25.50"))
    assert reading.findings == []
    assert reading.facts == FileFacts(format="mt940", version=None, encoding="ascii", dialect="gvc", entries_in_file=1)


def test_the_start_comes_before_the_first_entry_without_what_follows_later():
    events = list(read_events(io.BytesIO(WHOLE.encode())))
    assert isinstance(events[0], StatementStart)
    assert (events[0].header.opening, events[0].header.closing) == (Decimal("100.00"), None)
    assert isinstance(events[-1], FileFacts)


def test_an_unbalanced_statement_says_what_is_missing_in_words():
    reading = read(WHOLE.replace("125,50", "130,00").encode())
    assert reading.statements[0].integrity == "unbalanced"
    (finding,) = reading.findings
    assert (finding.severity, finding.code) == ("error", "unbalanced_statement")
    for part in ("DE89370400440532013000", "100.00", "25.50", "125.50", "130.00", "4.50 EUR are not explained"):
        assert part in finding.message


def test_one_unreadable_line_costs_that_line():
    bad = ":61:26010201XX12,50NTRF\n:86:166?20RE 4712\n"
    reading = read((HEAD + bad + ENTRY + TAIL).encode())
    assert [entry.amount for entry in reading.entries] == [Decimal("25.50")]
    (lost,) = reading.quarantined
    assert (lost.where, lost.code) == ("line 5", "unreadable_entry")
    assert lost.raw == ":61:26010201XX12,50NTRF\n:86:166?20RE 4712"
    assert reading.facts.entries_in_file == 2


def test_pages_balance_by_themselves_with_their_intermediate_balances():
    first = WHOLE.replace(":62F:", ":62M:")
    second = WHOLE.replace(":28C:7/1", ":28C:7/2").replace(":60F:C260101EUR100,00", ":60M:C260102EUR125,50")
    reading = read((first + second.replace(":62F:C260102EUR125,50", ":62F:C260102EUR151,00")).encode())
    assert [(end.header.page, end.header.last_page, end.integrity) for end in reading.statements] == [
        (1, False, "balanced"),
        (2, True, "balanced"),
    ]


def test_several_accounts_in_one_file():
    other = WHOLE.replace("DE89370400440532013000", "DE02120300000000202051").replace("EUR", "CHF")
    reading = read((WHOLE + other).encode())
    assert [end.header.account for end in reading.statements] == ["DE89370400440532013000", "DE02120300000000202051"]
    assert [entry.currency for entry in reading.entries] == ["EUR", "CHF"]
    assert [entry.ordinal for entry in reading.entries] == [1, 1]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order-mark"])
def test_line_ends_and_byte_order_mark(ending: str, mark: bytes):
    reading = read(mark + WHOLE.replace("\n", ending).encode())
    assert [entry.where for entry in reading.entries] == ["line 5"]
    assert reading.statements[0].integrity == "balanced"
    assert reading.statements[0].header.statement_id == "STARTUMS"


@pytest.mark.parametrize(
    ("raw", "encoding", "name"),
    [
        (WHOLE.replace("ACME", "MÜLLER").encode("utf-8"), "utf-8", "MÜLLER GMBH"),
        (WHOLE.replace("ACME", "MÜLLER").encode("latin-1"), "latin-1", "MÜLLER GMBH"),
        (WHOLE.replace("ACME", "MÜLLER – €").encode("cp1252"), "cp1252", "MÜLLER – € GMBH"),
        (WHOLE.replace("ACME", "MÜLLER").encode("cp850"), "cp850", "MÜLLER GMBH"),
        (UNPLACED.replace("ACME", "ŁÓDŹ ŻÓŁĆ śś").encode("cp1250"), "cp1250", "ŁÓDŹ ŻÓŁĆ śś GMBH"),
        (WHOLE.replace("ACME", "MÜLLER").encode("utf-16"), "utf-16", "MÜLLER GMBH"),
        (WHOLE.replace("ACME", "\udcfcxÄÖÜÄÖÜ").encode("utf-8", "surrogateescape"), "utf-8", "üxÄÖÜÄÖÜ GMBH"),
    ],
    ids=["utf-8", "latin-1", "windows", "dos", "polish-windows", "utf-16", "utf-8-with-a-stray-byte"],
)
def test_the_encoding_is_decided_once_for_the_file_and_recorded(raw: bytes, encoding: str, name: str):
    reading = read(raw)
    assert reading.facts.encoding == encoding
    assert reading.entries[0].details[0].counterparty_name == name
    assert reading.statements[0].integrity == "balanced"


def test_a_character_cut_by_the_end_of_a_block_of_reading_is_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.bank.mt940.tokenizer.CHUNK_BYTES", 7)
    raw = (WHOLE.replace("ACME", "MÜLLER") * 3).replace("\n", "\r\n").encode()
    reading = read(raw)
    assert [entry.details[0].counterparty_name for entry in reading.entries] == ["MÜLLER GMBH"] * 3
    assert [entry.where for entry in reading.entries] == ["line 5", "line 13", "line 21"]
    assert reading.facts.encoding == "utf-8"


def test_a_source_that_cannot_be_rewound_is_read_all_the_same():
    class Pipe(io.RawIOBase):
        def __init__(self, raw: bytes) -> None:
            self._rest = io.BytesIO(raw)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            return self._rest.read(size)

    events = list(read_events(Pipe(WHOLE.encode())))  # type: ignore[arg-type]
    assert isinstance(events[-1], FileFacts)
    assert events[-1].entries_in_file == 1
    assert count_entries(Pipe(WHOLE.encode())) == 1  # type: ignore[arg-type]


def test_swift_envelopes_and_network_characters():
    envelope = "\x01{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n"
    message = envelope + WHOLE.removesuffix("-\n") + "-}{5:{MAC:00000000}}\x03"
    reading = read((message + message).encode())
    assert [end.integrity for end in reading.statements] == ["balanced", "balanced"]
    assert reading.findings == []


def test_the_first_field_may_stand_on_the_line_of_its_envelope():
    reading = read(("{1:F01X}{2:I940XN}{4::20:ABC\n" + WHOLE.split("\n", 1)[1]).encode())
    assert reading.statements[0].header.statement_id == "ABC"


def test_files_joined_with_a_dos_end_of_file_character():
    reading = read((WHOLE + "\x1a" + WHOLE + "\x1a").encode())
    assert [end.integrity for end in reading.statements] == ["balanced", "balanced"]


@pytest.mark.parametrize(
    ("text", "remittance"),
    [
        ("PAID\n-20 PERCENT\n:26:37 BY CARD", "PAID -20 PERCENT :26:37 BY CARD"),
        ("PAID ON 12-09-2014T16\n:20:37 BY CARD", "PAID ON 12-09-2014T16:20:37 BY CARD"),
        ("REF 4711\n-\nSECOND PART", "REF 4711 - SECOND PART"),
    ],
    ids=["dash-and-colon", "time-like-a-tag", "dash-alone"],
)
def test_text_lines_may_begin_with_a_dash_or_a_colon(text: str, remittance: str):
    raw = HEAD + f":61:2601020102C25,50NTRFNONREF//B1\n:86:{text}\n" + TAIL
    reading = read(raw.encode())
    assert reading.entries[0].details[0].remittance == remittance
    assert reading.statements[0].integrity == "balanced"


def test_the_trailer_after_the_last_text_is_no_text():
    raw = HEAD + ":61:2601020102C25,50NTRFNONREF\n:86:LAST WORDS\n-}\n{1:F01X}{2:I940XN}{4:\n" + WHOLE
    assert read(raw.encode()).entries[0].details[0].remittance == "LAST WORDS"


def test_several_texts_of_one_entry_and_the_text_of_the_statement():
    raw = HEAD + ":61:2601020102C25,50NTRFNONREF\n:86:FIRST\n:86:SECOND\n" + TAIL.replace("-\n", ":86:GOODBYE\n-\n")
    reading = read(raw.encode())
    assert reading.entries[0].details[0].remittance_lines == ("FIRST", "SECOND")


@pytest.mark.parametrize(
    ("removed", "integrity", "code"),
    [
        (":60F:C260101EUR100,00\n", "unverifiable", "opening_balance_missing currency_missing"),
        (":62F:C260102EUR125,50\n", "unverifiable", "closing_balance_missing"),
        (":25:DE89370400440532013000\n", "balanced", "account_missing"),
        (":20:STARTUMS\n", "balanced", None),
        ("-\n", "balanced", None),
    ],
)
def test_missing_parts_are_said(removed: str, integrity: str, code: str | None):
    reading = read(WHOLE.replace(removed, "").encode())
    assert [end.integrity for end in reading.statements] == [integrity]
    assert len(reading.entries) == 1
    assert reading.codes == set((code or "").split())


def test_entries_without_any_header_are_kept():
    reading = read(ENTRY.encode())
    assert reading.statements[0].integrity == "unverifiable"
    assert reading.entries[0].amount == Decimal("25.50")
    assert "statement_header_missing" in reading.codes


def test_an_unreadable_balance_is_an_error_and_the_entries_stay():
    reading = read(WHOLE.replace("C260102EUR125,50", "Cnullnull125,5").encode())
    assert reading.codes == {"balance_unreadable"}
    assert reading.statements[0].integrity == "unverifiable"
    assert len(reading.entries) == 1


def test_a_balance_with_grouping_marks_is_read():
    reading = read(WHOLE.replace("EUR100,00", "EUR1.100,00").replace("EUR125,50", "EUR1.125,50").encode())
    assert reading.statements[0].integrity == "balanced"


INTERIM = (
    ":20:IM1\n:25:DE89370400440532013000\n:28C:8/1\n:34F:EUR0,\n:13D:2601021200+0100\n"
    ":61:2601020102C25,50NTRFNONREF//B1\n:86:166?20RE 4711\n"
    ":61:2601030103ED5,00NDDTNONREF//B2\n:86:105?20FEE\n"
    ":90D:1EUR5,\n:90C:1EUR25,50\n-\n"
)


def test_interim_reports_with_expected_entries():
    reading = read(INTERIM.encode())
    assert [(entry.amount, entry.status) for entry in reading.entries] == [
        (Decimal("25.50"), "booked"),
        (Decimal("-5.00"), "pending"),
    ]
    (report,) = reading.statements
    assert (report.header.kind, report.header.currency, report.integrity) == ("interim", "EUR", "unverifiable")
    assert report.header.to_date == date(2026, 1, 2)
    assert report.booked_total == Decimal("25.50")
    assert reading.facts.format == "mt942"
    assert reading.findings == []


@pytest.mark.parametrize("sums", [":90D:1EUR6,", ":90D:2EUR5,"])
def test_control_sums_are_checked(sums: str):
    reading = read(INTERIM.replace(":90D:1EUR5,", sums).encode())
    (finding,) = reading.findings
    assert (finding.severity, finding.code) == ("error", "control_sum_mismatch")


def test_mt950_is_reported_as_a_version_of_mt940():
    envelope = "{1:F01BANKDEFFAXXX0000000000}{2:O9501200260102BANKDEFFXXXX00000000002601021200N}{4:\n"
    reading = read((envelope + HEAD + ":61:2601020102C25,50NTRFNONREF//B1\n" + TAIL).encode())
    assert (reading.facts.format, reading.facts.version) == ("mt940", "mt950")


def test_a_dialect_can_be_named_and_an_unknown_one_is_refused_by_name():
    reading = read(WHOLE.encode(), dialect="free-text")
    assert reading.facts.dialect == "free-text"
    assert reading.entries[0].details[0].counterparty_name is None
    with pytest.raises(ValueError, match="there is no dialect 'gcv'; choose one of abn-amro, "):
        list(read_events(io.BytesIO(b""), dialect="gcv"))


def test_a_field_without_end_keeps_memory_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.bank.mt940.tokenizer.CHUNK_BYTES", 1_000)
    monkeypatch.setattr("integrations.bank.mt940.tokenizer.FIELD_LIMIT", 5_000)
    raw = HEAD + ":61:2601020102C25,50NTRFNONREF\n:86:" + "X" * 50_000 + "\n" + ENTRY + TAIL.replace("125,50", "151,00")
    reading = read(raw.encode())
    assert [entry.amount for entry in reading.entries] == [Decimal("25.50")] * 2
    assert reading.statements[0].integrity == "balanced"
    assert reading.codes == {"field_overlong"}


@pytest.mark.parametrize(
    ("account", "currency", "name", "encoding", "read_as"),
    [
        ("0300/117001", "CZK", "DŘEVO ČESKÁ POŠTA", "cp1250", "cp1250"),
        ("0800/0000123456789", "CZK", "ŽLUŤOUČKÝ KŮŇ", "cp852", "cp852"),
        ("HU42117730161111101800000000", "EUR", "BŐSZ ŰRHAJÓ KFT", "iso8859-2", "cp1250"),
        ("SE4550000000058398257466", "SEK", "FRÅN ÅKERÖ", "cp850", "cp850"),
        ("DE89370400440532013000", "EUR", "MÜLLER „BAU“", "cp1252", "cp1252"),
        ("TR330006100519786457841326", "TRY", "IŞIK ĞÜÇ", "iso8859-9", "cp1254"),
        ("EE382200221020145685", "EUR", "ŠÕBER ŽÜRII", "cp1257", "cp1257"),
        ("GR1601101250000000012300695", "EUR", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "cp1253", "cp1253"),
        ("BG80BNBG96611020345678", "BGN", "ТЪРГОВИЯ ООД", "cp866", "cp866"),
    ],
)
def test_the_country_of_the_account_says_which_letters_the_bytes_are(
    account: str, currency: str, name: str, encoding: str, read_as: str
):
    text = WHOLE.replace("DE89370400440532013000", account).replace("EUR", currency).replace("ACME", name)
    reading = read(text.encode(encoding))
    assert reading.entries[0].details[0].counterparty_name == f"{name} GMBH"
    assert reading.facts.encoding == read_as


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_two_bytes_for_each_character_without_the_mark_that_says_so(codec: str):
    reading = read(WHOLE.replace("ACME", "MÜLLER").encode(codec))
    assert (reading.facts.encoding, reading.facts.entries_in_file) == (codec, 1)
    assert reading.entries[0].details[0].counterparty_name == "MÜLLER GMBH"


@pytest.mark.parametrize("indent", [" ", "    ", "\t"])
def test_a_statement_copied_with_an_indent_loses_nothing(indent: str):
    plain, indented = (
        read(text.encode()) for text in (WHOLE, "".join(indent + line for line in WHOLE.splitlines(True)))
    )
    assert indented.entries == plain.entries
    assert indented.facts.entries_in_file == 1


def test_the_trailer_on_the_line_of_the_closing_balance_is_no_part_of_it():
    reading = read(WHOLE.replace("125,50\n-", "125,50-}{5:{CHK:0123456789AB}}").encode())
    assert reading.statements[0].header.closing == Decimal("125.50")
    assert reading.statements[0].integrity == "balanced"

"""The other parsers are heard, never obeyed; and they are the packages we mean."""

import importlib.metadata
from collections import Counter
from decimal import Decimal

import pytest

from integrations.bank import second_opinion
from integrations.bank.read import ReadOptions, read_file
from integrations.bank.second_opinion import Opinion, WrongParserInstalled, ask, assert_right_parsers, compare

MT940 = (
    b":20:X\n:25:DE1/2\n:28C:1\n:60F:C260101EUR100,00\n"
    b":61:2601020102C10,00NTRFA//1\n:86:ONE\n:61:2601020102D4,00NTRFB//2\n:86:TWO\n:62F:C260102EUR106,00\n-\n"
)
OFX = b"OFXHEADER:100\nCHARSET:1252\n\n<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>%s</BANKTRANLIST></STMTRS></OFX>"  # noqa: E501


def of(tmp_path, content, **options):
    path = tmp_path / "file"
    path.write_bytes(content)
    file = read_file(path, options=ReadOptions(**options))
    return [finding for finding in file.findings if finding.code.startswith("second_opinion")]


def test_agreement_is_silent(tmp_path):
    assert of(tmp_path, MT940) == []
    assert ask(MT940, "mt940", 2).amounts == (Decimal("10.00"), Decimal("-4.00"))


def test_an_entry_that_the_other_loses_is_told(tmp_path):
    # A type code that is missing makes mt-940 overwrite one entry with the next.
    lost = MT940.replace(b"C10,00NTRFA//1", b"C10,00")
    (finding,) = of(tmp_path, lost)
    assert (finding.code, finding.severity) == ("second_opinion_differs", "warning")
    assert "mt-940" in finding.message
    assert "counts differ" in finding.message


def test_what_stops_the_other_is_no_more_than_information(tmp_path):
    (finding,) = of(tmp_path, MT940.replace(b":28C:1", b":28C:/1"))
    assert (finding.code, finding.severity) == ("second_opinion_failed", "info")
    assert "0x" not in finding.message


def test_ofx_is_read_by_ofxparse(tmp_path):
    one = b"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260102<TRNAMT>5.00<FITID>%s<NAME>A</STMTTRN>"
    assert of(tmp_path, OFX % (one % b"1" + one % b"2")) == []
    (finding,) = of(tmp_path, OFX % (one % b"1" + one % b""))
    assert finding.code in {"second_opinion_differs", "second_opinion_failed"}


def test_large_files_are_read_once(tmp_path):
    assert of(tmp_path, MT940.replace(b":28C:1", b":28C:/1"), second_opinion_entries=1) == []
    assert of(tmp_path, MT940.replace(b":28C:1", b":28C:/1"), second_opinion_entries=0) == []


@pytest.mark.parametrize("raw", [b"<A>" * 10_000, b"x" * 200_000], ids=["tags", "bytes"])
def test_degenerate_files_are_not_given_away(raw):
    assert ask(raw, "ofx", 1) is None


@pytest.mark.parametrize(
    ("theirs", "what"),
    [((1, 2), "counts differ"), ((1, -5), "signs differ"), ((1, 6), "amounts differ")],
)
def test_differences_have_a_name(theirs, what):
    opinion = Opinion(reader="mt-940", amounts=tuple(map(Decimal, theirs)))
    ours = Counter([Decimal(1), Decimal(5)] + [Decimal(7)] * (what == "counts differ"))
    assert what in compare(opinion, ours, quarantined=0).message


def test_fewer_because_something_was_set_aside_is_information():
    opinion = Opinion(reader="mt-940", amounts=(Decimal(1), Decimal(2)))
    assert compare(opinion, Counter([Decimal(1)]), quarantined=1).severity == "info"


@pytest.mark.parametrize(("intruder", "victim"), [("mt940", "mt-940"), ("ofxparse2", "ofxparse")])
def test_a_package_that_takes_the_place_of_a_parser_is_named_with_the_remedy(monkeypatch, intruder, victim):
    real = importlib.metadata.version
    monkeypatch.setattr(
        second_opinion.importlib.metadata, "version", lambda name: "0.8.1" if name == intruder else real(name)
    )
    assert_right_parsers.cache_clear()
    with pytest.raises(WrongParserInstalled, match=f"pip uninstall -y {intruder} {victim}"):
        assert_right_parsers()


def test_the_right_parsers_are_installed():
    assert_right_parsers.cache_clear()
    assert_right_parsers()

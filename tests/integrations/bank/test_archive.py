"""Zips of statements read as one file; hostile and damaged ones are refused before anything of them is believed."""

import io
import struct
import zipfile

import pytest

from integrations.bank.archive import ArchiveLimits
from integrations.bank.errors import NotAStatement, UnreadableStatement
from integrations.bank.read import ReadOptions, family_of, open_events, read_file

OFX = (
    b"OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>%s</BANKACCTFROM>"
    b"<BANKTRANLIST>%s</BANKTRANLIST></STMTRS></OFX>"
)
ONE = b"<STMTTRN><DTPOSTED>20260102<TRNAMT>5.00<FITID>F-%d</STMTTRN>"
MT940 = b":20:X\n:25:DE1/2\n:28C:1\n:60F:C260101EUR1,00\n:61:260102C1,00NTRFX\n:62F:C260102EUR2,00\n-\n"


def zipped(tmp_path, **files):
    path = tmp_path / "day.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", ".").replace("--", "/"), content)
    return path


def ofx(account, *numbers):
    return OFX % (account, b"".join(ONE % number for number in numbers))


def test_members_are_one_file_and_say_where_they_stand(tmp_path):
    path = zipped(tmp_path, a_ofx=ofx(b"A", 1, 2), b_sta=MT940, readme_txt=b"hello")
    file = read_file(path)
    assert file.name == "day.zip"
    assert file.facts.format == "ofx"
    assert file.facts.entries_in_file == 3
    assert [statement.header.account for statement in file.statements][:1] == ["A"]
    wheres = [entry.where for statement in file.statements for entry in statement.entries]
    assert [where.split(":")[0] for where in wheres] == ["a.ofx", "a.ofx", "b.sta"]
    assert [finding.where for finding in file.findings if finding.code == "member_not_a_statement"] == ["readme.txt"]
    assert family_of(path) == "ofx"


def test_a_zip_in_a_zip_is_read_and_a_third_is_not(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.ofx", ofx(b"A", 1))
    twice = zipped(tmp_path, inner_zip=inner.getvalue())
    assert read_file(twice).facts.entries_in_file == 1
    thrice = tmp_path / "thrice.zip"
    with zipfile.ZipFile(thrice, "w") as archive:
        archive.writestr("twice.zip", twice.read_bytes())
    with pytest.raises(UnreadableStatement, match="inside a zip"):
        read_file(thrice)


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    path = zipped(tmp_path, bomb_ofx=ofx(b"A", 1) + b"\n" * 300_000_000)
    with pytest.raises(UnreadableStatement, match="200 times"):
        list(open_events(path))


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (ArchiveLimits(unpacked_bytes=1_000), "beyond 1000 bytes"),
        (ArchiveLimits(members=1), "more than 1 files"),
    ],
)
def test_limits_are_named(tmp_path, limits, named):
    path = zipped(tmp_path, a_ofx=ofx(b"A", *range(40)), b_ofx=ofx(b"B", 1))
    with pytest.raises(UnreadableStatement, match=named):
        read_file(path, options=ReadOptions(archive=limits))


def test_a_damaged_member_is_refused_before_any_of_its_entries(tmp_path):
    path = zipped(tmp_path, a_ofx=ofx(b"A", *range(100)))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(UnreadableStatement, match="damaged"):
        next(iter(open_events(path)))


def test_a_cut_zip_is_refused(tmp_path):
    path = zipped(tmp_path, a_ofx=ofx(b"A", 1))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableStatement, match="damaged zip"):
        read_file(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path, a_ofx=ofx(b"A", 1))
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(signature) + offset
        raw[place : place + 2] = struct.pack("<H", 1)
    path.write_bytes(raw)
    with pytest.raises(UnreadableStatement, match="encrypted"):
        read_file(path)


def test_a_zip_without_statements_is_refused_by_name(tmp_path):
    with pytest.raises(NotAStatement, match=r"day\.zip is a zip without any bank statement"):
        read_file(zipped(tmp_path, readme_txt=b"hello"))


def test_what_a_computer_adds_by_itself_is_passed_over(tmp_path):
    path = tmp_path / "mac.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.ofx", ofx(b"A", 1))
        archive.writestr("__MACOSX/._a.ofx", b"\x00\x05\x16\x07")
        archive.writestr("sub/", b"")
    assert read_file(path).findings == ()


@pytest.mark.parametrize(("name", "named"), [("missing.sta", "does not exist"), ("", "is a folder")])
def test_what_cannot_be_opened_says_so(tmp_path, name, named):
    with pytest.raises(UnreadableStatement, match=named):
        read_file(tmp_path / name)

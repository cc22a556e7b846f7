"""Damaged and invented files: never a crash, never a lost entry, never a silent change of money."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from time import process_time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.integrations.bank.mt940.oracle import Reading, entry_lines, read
from tests.integrations.bank.mt940.test_published_files import INVENTORY, PUBLISHED

FAST = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

INVENTED = (
    b"{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n:20:STARTUMS\r\n:25:DE89370400440532013000\r\n"
    b":28C:7/1\r\n:60F:C260101EUR100,00\r\n:61:2601020102C25,50NTRFNONREF//B1\r\n"
    b":86:166?00GUTSCHRIFT?20SVWZ+RE 4711?31DE02120300000000202051?32ACME GMBH\r\n"
    b":61:2601020102D5,00NCHGNONREF//B2\r\n:86:805?00ENTGELT?20KONTO\r\n"
    b":61:2601020102RC1,00NRTIREF1//B3\r\n/OCMT/EUR1,00/\r\n:86:109?20SVWZ+AC04\r\n:62F:C260102EUR119,50\r\n-}\r\n"
)


def _balanced_files() -> list[bytes]:
    files = [
        (PUBLISHED / row["path"]).read_bytes()
        for row in INVENTORY
        if row["version"] == "mt940"
        and row["unbalanced"] == "0"
        and row["entries"] != "0"
        and row["balanced"] == row["statements"]
    ]
    return [INVENTED, *(raw for raw in files if len(raw) < 12_000)]


BALANCED = _balanced_files()


def _law(raw: bytes) -> Reading:
    reading = read(raw)
    assert len(reading.entries) + len(reading.quarantined) == reading.facts.entries_in_file == len(entry_lines(raw))
    assert all(entry.details and entry.details[0].amount == entry.amount for entry in reading.entries)
    return reading


def _alarms(reading: Reading) -> int:
    loud = sum(finding.severity != "info" for finding in reading.findings)
    return loud + len(reading.quarantined) + sum(end.integrity != "balanced" for end in reading.statements)


def _money(reading: Reading) -> list[tuple[object, ...]]:
    """Whose account, which amounts; entries of nothing change nothing."""
    accounts = [(end.header.account, end.booked_total) for end in reading.statements]
    entries = [(entry.amount, entry.currency, entry.status) for entry in reading.entries if entry.amount]
    return [*accounts, *entries]


@FAST
@given(st.binary(max_size=2_000))
@example(b"\xff\xfe:61:")
@example(b"\xef\xbb\xbf:61:2601020102C25,50NTRFNONREF")
@example(b":61:")
@example(b"\x9b\xc2\x81")
@example(b":61:2601020102C1,00NTRF\n:NS:\xb2\xb2x\n:86:\xb2\xb2\xb2?\xb2\xb2\n:13D:\xb2\xb2\xb2\xb2\xb2\xb2")
@example(b"\r:61:\r\n:61:\n\n:61:")
def test_random_bytes_are_counted_and_never_crash(raw: bytes):
    _law(raw)


FRAGMENTS = st.sampled_from(
    [
        b"\n", b"\r\n", b"\r", b":61:", b":86:", b":20:", b":25:", b":28C:", b":60F:", b":62F:", b":62M:", b":NS:01",
        b"-}",
        b"-", b"{1:", b"{4:",
        b"2601020102", b"260230", b"C", b"D", b"RC", b"ED", b"1,00", b"1.00", b"1.234,5", b",",
        b"NTRF",
        b"NONREF", b"//", b"EUR", b"C260101EUR1,00", b"166?20SVWZ+x?31",
        b"/TRTP/x/REMI/y/", b"/CNTP/a/b/c//", b"~20~31",
        b"000>10", b"\x1a", b"\xe4", b"\xc3\xa4", b"\x00", b"REK: X/NAAM: ", b"9" * 40, b":90D:1EUR1,", b":34F:EUR",
        b"/OCMT/EUR",
        b"/EXCH/1,1/", b"ISSUER: CUR  REF: 1", b"BEA  NR:1 01.01.26/10.00 x,", b"GIRO 1 x",
        b"SEPA OVERBOEKING  IBAN: x ",
        b"AUFTRAGGEBER: ", b"; TNR: ", b"OAMT+", b"EREF: ",
    ]
)  # fmt: skip


@FAST
@given(st.lists(FRAGMENTS, max_size=60))
def test_fragments_of_statements_in_any_order_are_counted_and_never_crash(fragments: list[bytes]):
    _law(b"".join(fragments))


def _lines(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


def _entry_at(lines: list[bytes], random: Random) -> int:
    return random.choice([at for at, line in enumerate(lines) if line.startswith(b":61:")])


def _mark(line: bytes) -> tuple[int, bytes]:
    at = 10
    while line[at : at + 1] in b"0123456789 " and at < len(line):
        at += 1
    end = at
    while line[end : end + 1].isalpha():
        end += 1
    return at, line[at:end]


def drop_line(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def drop_entry(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    del lines[_entry_at(lines, random)]
    return b"".join(lines)


def swap_sign(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    entry = _entry_at(lines, random)
    at, mark = _mark(lines[entry])
    swapped = mark.replace(b"C", b"\0").replace(b"D", b"C").replace(b"\0", b"D")
    lines[entry] = lines[entry][:at] + swapped + lines[entry][at + len(mark) :]
    return b"".join(lines)


def reverse_mark(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    entry = _entry_at(lines, random)
    at, mark = _mark(lines[entry])
    turned = mark.removeprefix(b"R") if mark[:1] == b"R" else b"R" + mark
    lines[entry] = lines[entry][:at] + turned + lines[entry][at + len(mark) :]
    return b"".join(lines)


def comma_to_point(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    entry = _entry_at(lines, random)
    lines[entry] = lines[entry].replace(b",", b".", 1)
    return b"".join(lines)


def change_digit(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    entry = _entry_at(lines, random)
    at, mark = _mark(lines[entry])
    begin = at + len(mark)
    digit = lines[entry][begin : begin + 1]
    other = b"7" if digit != b"7" else b"8"
    lines[entry] = lines[entry][:begin] + other + lines[entry][begin + 1 :]
    return b"".join(lines)


def add_byte_order_mark(raw: bytes, random: Random) -> bytes:
    return b"\xef\xbb\xbf" + raw


def cut_tail(raw: bytes, random: Random) -> bytes:
    return raw[: random.randrange(len(raw))]


def double_entry(raw: bytes, random: Random) -> bytes:
    lines = _lines(raw)
    entry = _entry_at(lines, random)
    end = entry + 1
    while end < len(lines) and not lines[end].startswith((b":61:", b":62", b"-")):
        end += 1
    return b"".join([*lines[:end], *lines[entry:end], *lines[end:]])


def double_file(raw: bytes, random: Random) -> bytes:
    return raw.rstrip(b"\r\n") + b"\r\n" + raw


def other_line_ends(raw: bytes, random: Random) -> bytes:
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain.replace(b"\n", random.choice([b"\r", b"\r\n", b"\n"]))


DETECTED: list[Callable[[bytes, Random], bytes]] = [
    drop_line, drop_entry, swap_sign, reverse_mark, comma_to_point, change_digit, add_byte_order_mark,
    double_entry, other_line_ends,
]  # fmt: skip


@pytest.mark.parametrize("mutate", DETECTED, ids=lambda mutate: mutate.__name__)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.sampled_from(BALANCED), random=st.randoms(use_true_random=False))
def test_a_change_is_seen_or_changes_no_money(mutate: Callable[[bytes, Random], bytes], raw: bytes, random: Random):
    before, after = _law(raw), _law(mutate(raw, random))
    assert _money(after) == _money(before) or _alarms(after) > _alarms(before)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.sampled_from(BALANCED), random=st.randoms(use_true_random=False))
def test_a_cut_tail_leaves_whole_statements_or_an_alarm(raw: bytes, random: Random):
    """A cut exactly between statements leaves a shorter file that is right in itself: the next one's opening tells."""
    before, after = _law(raw), _law(cut_tail(raw, random))
    whole = all(end.integrity == "balanced" for end in after.statements) and len(after.entries) == sum(
        end.entry_count for end in before.statements[: len(after.statements)]
    )
    assert whole or _alarms(after) > 0


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.sampled_from(BALANCED))
def test_a_file_twice_over_holds_every_entry_twice(raw: bytes):
    once, twice = _law(raw), _law(double_file(raw, Random(0)))
    assert [entry.amount for entry in twice.entries] == 2 * [entry.amount for entry in once.entries]
    assert sum((end.booked_total for end in twice.statements), Decimal(0)) == 2 * sum(
        (end.booked_total for end in once.statements), Decimal(0)
    )


REPEATED = [
    "/",
    "//",
    "+",
    "1",
    "A",
    ":",
    " ",
    ": ",
    "?20",
    "?2",
    "~20",
    "SVWZ+",
    "\n",
    "\nA",
    "/REMI",
    "999A:",
    "A1 ",
    ",",
    "1,",
    "KID 1",
]


@pytest.mark.parametrize("text", REPEATED, ids=repr)
def test_no_text_however_long_takes_long(text: str):
    """Texts of 40 kB where a bank writes 390 characters: reading stays linear in every dialect."""
    long = text * (40_000 // len(text))
    fields = [
        f":86:{start}{long}" for start in ("", "/", "/TRTP/", "166?20", "999X:", "000>10", "~20", "GIRO ", "KID ")
    ]
    fields += [f":25:{long}", f":28C:{long}", f":60F:{long}", f":62F:{long}", f":61:{long}", f":61:2601020102C{long}"]
    raw = "".join(f":61:2601020102C1,00NTRFNONREF\n{long}\n{field}\n" for field in fields).encode()
    began = process_time()
    _law(raw)
    assert process_time() - began < 5

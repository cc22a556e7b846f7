"""Damaged, hostile and mutated files: never a crash, never a lost entry, never a silent change."""

import io
import random
import re
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.bank.camt.reader import count_entries, read_events
from integrations.bank.errors import NotAStatement, UnreadableStatement
from matching.model.bank_statement import FileFacts
from tests.integrations.bank.camt.documents import Reading, balance, document, entry, statement, transaction

FIXTURES = sorted((Path(__file__).parents[4] / "fixtures/statements/camt").glob("*/*.xml"))
AMOUNTS = ["10.00", "20.00", "30.00"]
WHOLE = document(statement(balance("OPBD", "0.00"), balance("CLBD", "60.00"), *map(entry, AMOUNTS)))


def at(text, nth):
    """Where the nth entry starts."""
    return [match.start() for match in re.finditer("<Ntry>", text)][nth]


# -- cut and broken ------------------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_keeps_what_came_before():
    for end in range(WHOLE.index("<Stmt>") + 6, len(WHOLE) - 1):
        try:
            reading = Reading(WHOLE[:end])
        except NotAStatement:
            assert "<Ntry>" not in WHOLE[:end]  # before the account nothing says that it is a statement
            continue
        whole = WHOLE[:end].count("</Ntry>")
        assert [each.amount for each in reading.entries] == [Decimal(amount) for amount in AMOUNTS[:whole]]
        assert "xml_broken" in reading.codes
        if reading.quarantined:
            (cut,) = reading.quarantined
            assert cut.raw == WHOLE[at(WHOLE, whole) : end].rstrip()
            assert cut.where == f"Stmt[1]/Ntry[{whole + 1}]"


@pytest.mark.parametrize(
    "damage", ["</Amt>", "<", "&", "&nbsp;", "<a><b></a>", "</Ntry></Ntry>"], ids=lambda text: text
)
def test_behind_damage_every_entry_is_quarantined(damage):
    place = at(WHOLE, 1) + 6
    reading = Reading(WHOLE[:place] + damage + WHOLE[place:])
    assert [each.amount for each in reading.entries][:1] == [Decimal("10.00")]
    assert reading.codes[0] == "xml_broken"
    assert len(reading.quarantined) == 3 - len(reading.entries)
    if len(reading.entries) == 1:
        assert [each.where for each in reading.quarantined] == ["Stmt[1]/Ntry[2]", "Stmt[1]/Ntry[3]"]
        assert reading.quarantined[1].raw == entry("30.00")
        assert reading.ends[0].integrity == "unbalanced"


def test_an_element_of_an_undeclared_namespace_inside_an_entry_does_no_harm():
    reading = Reading(document(statement(entry(more="<x:y>1</x:y>"), entry("20.00"))))
    assert [each.amount for each in reading.entries] == [Decimal("10.00"), Decimal("20.00")]


def test_a_broken_file_of_many_pieces_gives_its_entries_back_one_by_one():
    text = document(statement(*[entry(f"{n}.00") for n in range(3_000)]))
    place = at(text, 1_500)
    reading = Reading(text[:place] + "<Ntry><Amt></Ntry>" + text[place:])
    assert [each.amount for each in reading.entries] == list(range(1_500))
    assert [each.raw for each in reading.quarantined[1:]] == [entry(f"{n}.00") for n in range(1_500, 3_000)]


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [("<!--", "-->", 2), ("<![CDATA[", "]]>", 2), ("<?x ", "?>", 2), ("<!--", "", 3), ("<![CDATA[", "", 3)],
    ids=["comment", "cdata", "instruction", "comment-without-end", "cdata-without-end"],
)
def test_text_that_looks_like_an_entry(before, after, counted):
    text = document(statement(entry("1.00"), before, entry("2.00"), after, entry("3.00")))
    assert count_entries(io.BytesIO(text.encode())) == counted
    reading = Reading(text)
    assert reading.entries[0].amount == Decimal("1.00")


def test_entries_in_the_wrong_place_are_quarantined():
    inner = entry("5.00")
    within = statement(entry("1.00", more=inner), entry("2.00"))
    reading = Reading(document(within, entry("3.00")))
    assert [each.amount for each in reading.entries] == [Decimal("1.00"), Decimal("2.00")]
    assert [each.code for each in reading.quarantined] == ["misplaced_entry", "misplaced_entry"]
    assert [each.raw for each in reading.quarantined] == [inner, entry("3.00")]


# -- encodings -----------------------------------------------------------------------------------------------------

UMLAUTS = document(statement(entry(details=transaction("<RltdPties><Dbtr><Nm>Müller – Ź</Nm></Dbtr></RltdPties>"))))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1250"])
@pytest.mark.parametrize("declared", [True, False])
def test_every_encoding(encoding, declared):
    if encoding == "cp1250" and not declared:
        return
    name = encoding.partition("-sig")[0]
    text = UMLAUTS.replace("UTF-8", name) if declared else UMLAUTS.partition("\n")[2]
    reading = Reading(text.encode(encoding))
    assert reading.detail.counterparty_name == "Müller – Ź"
    assert reading.codes == []


def test_a_file_that_lies_about_its_encoding_is_read_and_told():
    reading = Reading(UMLAUTS.replace("Ź", "ß").encode("cp1252"))
    assert reading.detail.counterparty_name == "Müller – ß"
    assert reading.codes == ["wrong_encoding"]


@pytest.mark.parametrize("name", ["klingon-8", "base64", "undefined", "idna"])
def test_an_encoding_that_nobody_can_read_is_refused_by_name(name):
    with pytest.raises(UnreadableStatement, match=name):
        Reading(UMLAUTS.replace("UTF-8", name).encode())


def test_utf_7_hides_nothing():
    hidden = "<?xml version='1.0' encoding='UTF-7'?>" + "<!DOCTYPE a><a/>".replace("<", "+ADw-").replace("!", "+ACE-")
    with pytest.raises(UnreadableStatement, match="document type"):
        Reading(hidden)


def test_control_characters_are_blanks_and_told():
    reading = Reading((WHOLE.replace("<Id>S1", "<Id>S\x021") + "\n\x1a\0\0").encode())
    assert reading.ends[0].header.statement_id == "S 1"
    assert len(reading.entries) == 3
    assert reading.codes == ["control_characters"]


def test_blank_lines_before_the_declaration():
    assert len(Reading(f"\n\r\n {WHOLE}").entries) == 3


def test_bytes_that_come_one_by_one():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(1)

    text = document(statement(*map(entry, AMOUNTS), "<!-- <Ntry> -->")).encode()
    assert count_entries(Slow(text)) == 3
    slow, fast = list(read_events(Slow(text))), list(read_events(io.BytesIO(text)))
    assert slow == fast


# -- hostile -------------------------------------------------------------------------------------------------------

LAUGHS = (
    "<!DOCTYPE l [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Document>",
        "<!DOCTYPE Document SYSTEM 'http://127.0.0.1:9/evil.dtd'>",
        "<!DOCTYPE Document [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        LAUGHS,
    ],
    ids=["plain", "external", "entity", "billion-laughs"],
)
def test_a_document_type_is_refused_before_anything_is_read(doctype):
    declaration, _, inside = WHOLE.partition("\n")
    hostile = f"{declaration}<!-- {'x' * 70_000} -->{doctype}{inside.replace('S1', '&i;')}"
    with pytest.raises(UnreadableStatement, match="document type definition"):
        list(read_events(io.BytesIO(hostile.encode())))


def test_deep_nesting_ends_quickly():
    began = time.process_time()
    deep = WHOLE.replace("<Ntry>", f"<Ntry>{'<a>' * 200_000}", 1)
    reading = Reading(deep)
    assert (len(reading.entries), len(reading.quarantined)) == (0, 3)
    assert "xml_broken" in reading.codes
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", ["", "   ", "<a/>", "hello", "<Document><GrpHdr/></Document>", "\0\0\0", "<!--"])
def test_what_is_no_statement_is_refused_before_any_event(text):
    events = read_events(io.BytesIO(text.encode()))
    with pytest.raises(NotAStatement):
        next(events)


def test_a_quarantined_giant_is_kept_up_to_a_limit():
    reading = Reading(document(statement(entry("x", more=f"<AddtlNtryInf>{'y' * 300_000}</AddtlNtryInf>"))))
    assert len(reading.quarantined[0].raw) == 100_000


# -- mutations of real files ---------------------------------------------------------------------------------------


def booked(reading):
    return [
        (each.amount, each.currency, each.status, [(detail.amount, detail.currency) for detail in each.details])
        for each in reading.entries
    ]


def is_told(reading, before):
    """Whether a person would notice: a finding more, a part quarantined, or a statement that no longer balances."""
    return (
        len(reading.quarantined) > len(before.quarantined)
        or sorted(reading.codes) != sorted(before.codes)
        or [end.integrity for end in reading.ends] != [end.integrity for end in before.ends]
    )


def balanced_files():
    for path in FIXTURES:
        reading = Reading(path.read_bytes())
        if reading.entries and all(end.integrity == "balanced" for end in reading.ends):
            yield path, reading


@pytest.mark.parametrize("mutation", ["swapped-direction", "dropped-entry", "doubled-entry", "changed-digit"])
def test_money_changed_in_a_balanced_statement_never_goes_unnoticed(mutation):
    tried = 0
    for path, before in balanced_files():
        text = path.read_text("utf-8")
        for found in re.finditer(r"<Ntry>.*?</Ntry>", text, re.DOTALL):
            ntry = found.group()
            changed = {
                "swapped-direction": swapped,
                "dropped-entry": lambda _: "",
                "doubled-entry": lambda ntry: ntry * 2,
                "changed-digit": lambda ntry: re.sub(
                    r"(<Amt[^>]*>)(\d)", lambda m: m[1] + str(9 - int(m[2])), ntry, count=1
                ),
            }[mutation](ntry)
            reading = Reading(text[: found.start()] + changed + text[found.end() :])
            assert is_told(reading, before), f"{path.name}: {mutation} in {ntry[:80]}"
            tried += 1
    assert tried >= 25


def swapped(ntry):
    other = {"CRDT": "DBIT", "DBIT": "CRDT"}
    return re.sub(r"(<CdtDbtInd>)(CRDT|DBIT)", lambda m: m[1] + other[m[2]], ntry, count=1)


def test_a_line_dropped_from_a_balanced_statement_changes_no_money_unnoticed():
    tried = 0
    for path, before in balanced_files():
        lines = path.read_text("utf-8").splitlines(keepends=True)
        chosen = random.Random(7).sample(range(len(lines)), min(len(lines), 150))
        for gone in chosen:
            try:
                reading = Reading("".join(lines[:gone] + lines[gone + 1 :]))
            except NotAStatement:
                continue
            tried += 1
            assert booked(reading) == booked(before) or is_told(reading, before), (
                f"{path.name}:{gone + 1} {lines[gone]}"
            )
    assert tried > 300


WORDS = (
    b"<Ntry>|</Ntry>|<!--|-->|<![CDATA[|]]>|<?x |<?xml version='1.0'?>|<n:Ntry/>|&|<Stmt>|</Stmt>|<TxDtls>|</TxDtls>"
    b"|>|<|CRDT||&#0;|\x00|\xff|\xfe\xff"
)
PIECES = st.sampled_from(WORDS.split(b"|"))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_happens_to_a_file_the_count_holds(data):
    raw = data.draw(st.sampled_from(FIXTURES)).read_bytes()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        stop = min(len(raw), start + data.draw(st.sampled_from([0, 1, 2, 30, 500, 5_000, 10**6])))
        patch = data.draw(st.one_of(PIECES, st.binary(max_size=8), st.just(raw[start:stop] * 2)))
        raw = raw[:start] + patch + raw[stop:]
    survives(raw)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=30).map(b"".join)))
def test_random_bytes_never_crash_the_reader(raw):
    survives(raw)


def survives(raw):
    try:
        reading = Reading(raw)
    except (NotAStatement, UnreadableStatement) as refusal:
        assert str(refusal)  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(reading.facts, FileFacts)
        assert len(reading.starts) == len(reading.ends)
        assert sum(end.entry_count for end in reading.ends) == len(reading.entries)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_where_the_bytes_are_cut_into_pieces_changes_nothing(data):
    """Also with comments, CDATA and nested or prefixed entries, which are taken apart tag by tag."""
    words = data.draw(st.lists(st.sampled_from([*PARTS, entry("1.00"), entry("2.00")]), max_size=12))
    raw = document(statement(*words)).encode()
    whole = Reading(raw)
    size = data.draw(st.sampled_from([1, 3, 17, 200]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("integrations.bank.camt.raw.CHUNK_BYTES", size)
        assert Reading(raw).events == whole.events


PARTS = (
    "<!-- <Ntry> -->",
    "<![CDATA[<Ntry>]]>",
    "<?x <Ntry> ?>",
    "<Ntry/>",
    "<Ntry a='b'/>",
    entry("3.00", more="<!-- </Ntry> --><AddtlNtryInf><![CDATA[</Ntry>]]> -> ! ?</AddtlNtryInf>"),
    entry("4.00", more=entry("5.00")),
    entry("6.00").replace("<", "<n:").replace("<n:/", "</n:"),
    "text ! -- ]] ?",
)

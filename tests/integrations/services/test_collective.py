"""One amount in the statement, several bookings in the notification: the money of that day is counted once."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.bank.identity import booking_of, unit_of
from integrations.bank.recognise import NotConfirmed, recognised
from integrations.bank.reconcile import KnownBooking
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from matching.model.bank_statement import BankEntry, ReadEvent, StatementEnd, StatementStart
from matching.model.decision import Decision
from tests.integrations.bank.entries import DAY, entry, header
from tests.integrations.ledger.tampering import raw, tamper
from tests.integrations.services.test_enrichment import (
    ACME,
    ANNA,
    RULE,
    ledger,
    part,
    take,
    template,
    unexplained,
    waiting,
)
from tests.integrations.services.test_sync import company, rows, sync

__all__ = ["company", "ledger", "template"]

WHOLE_ACCOUNT = str(header().account)
ANNAS = entry("60.00", text="INVOICE 1", counterparty_name="ANNA", bank_reference="N1")
BERTS = entry("40.00", text="INVOICE 2", counterparty_name="BERT", bank_reference="N2")
WHOLE = replace(entry("100.00", text="COLLECTIVE CREDIT"), bank_reference="BATCH1")
OTHER = entry("7.00", text="INVOICE 9", counterparty_name="CARL", bank_reference="B7")
IN_PARTS = [(4000, "BERT", "INVOICE 2"), (6000, "ANNA", "INVOICE 1")]


def movement(ledger: Ledger) -> int:
    return sum(day.movement for day in ledger.totals(ACME))


def test_the_statement_books_in_one_amount_what_the_notification_told_in_parts(ledger: Ledger) -> None:
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    booked = take(ledger, "053", OTHER, WHOLE)
    assert (booked.entries_new, booked.payments_new) == (2, 1)
    assert waiting(ledger) == [(700, "CARL", "INVOICE 9"), *IN_PARTS]
    assert movement(ledger) == 10700
    assert list(ledger.verify()) == []


def test_the_notification_tells_in_parts_what_the_statement_booked_in_one_amount(ledger: Ledger) -> None:
    take(ledger, "053", OTHER, WHOLE)
    told = take(ledger, "054", ANNAS, BERTS, kind="notification")
    assert (told.entries_new, told.entries_enriched, told.payments_new) == (2, 1, 2)
    assert waiting(ledger) == [(700, "CARL", "INVOICE 9"), *IN_PARTS]
    assert movement(ledger) == 10700
    assert list(ledger.verify()) == []


@pytest.mark.parametrize("first", ["053", "054"])
def test_told_again_in_any_document_it_stays_as_it_is(ledger: Ledger, first: str) -> None:
    papers = {"053": ("final", [WHOLE]), "054": ("notification", [ANNAS, BERTS])}
    order = ["053", "054"] if first == "053" else ["054", "053"]
    for number, name in enumerate([*order, *order, *reversed(order)]):
        kind, entries = papers[name]
        take(ledger, f"{name} {number}", *entries, kind=kind)
    take(ledger, "052", *(replace(one, bank_reference=None) for one in (ANNAS, BERTS)), kind="interim")
    take(ledger, "940", entry("100.00", text="SAMMELGUTSCHRIFT"), family="mt940")
    assert waiting(ledger) == IN_PARTS
    assert movement(ledger) == 10000
    assert list(ledger.verify()) == []


def test_what_a_person_decided_about_the_whole_stays(ledger: Ledger) -> None:
    take(ledger, "053", WHOLE)
    (whole,) = ledger.payments_to_match(ACME)
    ledger.record_decisions(ACME, [unexplained(whole.payment_id, 10000)], change=RULE)
    (case,) = ledger.exceptions(ACME)
    ignored = Decision(payment_id=whole.payment_id, ignored="other", rule="", explanation="")
    ledger.decide(ACME, ignored, expected_version=case.version, change=ANNA)
    told = take(ledger, "054", ANNAS, BERTS, kind="notification")
    assert (told.entries_new, told.payments_new) == (2, 0)
    assert list(ledger.payments_to_match(ACME)) == []
    assert movement(ledger) == 10000
    assert list(ledger.verify()) == []
    story = " ".join(ledger.history(ACME, whole.payment_id))
    assert "with file 054 the bank tells of this money as 60.00 EUR, 40.00 EUR on 2026-03-02" in story
    assert "file 054 told more of it: 60.00 EUR from ANNA (INVOICE 1)" in story


def test_the_parts_were_only_announced(ledger: Ledger) -> None:
    announced = [replace(one, status="pending") for one in (ANNAS, BERTS)]
    take(ledger, "052", *announced, kind="interim")
    take(ledger, "053", WHOLE)
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    assert movement(ledger) == 10000
    assert list(ledger.unbooked_entries(ACME)) == []
    assert list(ledger.verify()) == []


def test_two_collective_amounts_of_one_notification(ledger: Ledger) -> None:
    take(ledger, "054", ANNAS, BERTS, entry("30.00", text="3"), entry("5.00", text="4"), kind="notification")
    take(ledger, "053", WHOLE, replace(entry("35.00", text="COLLECTIVE"), bank_reference="BATCH2"))
    assert movement(ledger) == 13500
    assert list(ledger.verify()) == []


def test_a_sum_that_fits_by_chance_is_no_collective(ledger: Ledger) -> None:
    """What the statement holds itself is met; only what nothing else has met may be the same money."""
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    take(ledger, "053", ANNAS, BERTS, WHOLE)
    assert movement(ledger) == 20000
    assert waiting(ledger) == [*IN_PARTS, (10000, "", "COLLECTIVE CREDIT")]
    assert list(ledger.verify()) == []


@pytest.mark.parametrize(
    "whole",
    [
        replace(entry("-100.00", text="COLLECTIVE DEBIT"), bank_reference="BATCH1"),
        replace(WHOLE, booking_date=DAY.replace(day=9), value_date=DAY.replace(day=9)),
        replace(WHOLE, amount=part("100.01").amount, details=(part("100.01"),)),
    ],
    ids=["the other direction", "another day", "another amount"],
)
def test_other_money_stays_other_money(ledger: Ledger, whole: BankEntry) -> None:
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    take(ledger, "053", whole)
    assert movement(ledger) == 10000 + int(whole.amount * 100)
    assert list(ledger.verify()) == []


def test_both_in_statements_of_one_format_is_told(ledger: Ledger) -> None:
    take(ledger, "053", WHOLE)
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    assert list(ledger.verify()) == []
    take(ledger, "053, page 2", ANNAS)
    (violation,) = ledger.verify()
    assert violation.law == "collectives_are_told_apart"
    assert "compare the statements" in violation.message


def test_the_ledger_gives_no_payment_to_what_stands_beside(ledger: Ledger, tmp_path: Path) -> None:
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    take(ledger, "053", WHOLE)
    url = str(tmp_path / "ledger.db")
    copied = (
        "INSERT INTO payments (company_id, payment_id, entry_key, file_id, currency, amount, booked_on, content)"
        " SELECT c.company_id, 'again', c.entry_key, 1, 'EUR', 10000, '2026-03-02', '{}'"
        " FROM collective_entries c WHERE NOT c.counts"
    )
    with pytest.raises(Exception, match="stands in the ledger under other entries"):
        raw(url, copied)
    with pytest.raises(Exception, match="never edited"):
        raw(url, "UPDATE collective_entries SET counts = NOT counts")


@pytest.mark.parametrize(
    ("statement", "law"),
    [
        ("UPDATE collective_entries SET counts = true WHERE side = 'whole'", "collectives_add_up"),
        ("DELETE FROM collective_entries WHERE side = 'whole'", "entries_become_payments"),
        ("UPDATE entries SET amount = 9999 WHERE amount = 10000", "collectives_add_up"),
    ],
    ids=["both sides count", "the link is lost", "the whole is another amount"],
)
def test_verify_names_what_was_changed_behind_its_back(
    ledger: Ledger, tmp_path: Path, statement: str, law: str
) -> None:
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    take(ledger, "053", WHOLE)
    tamper(str(tmp_path / "ledger.db"), statement)
    assert law in {one.law for one in ledger.verify(ACME)}


def test_what_stands_beside_is_erased_with_what_counts(ledger: Ledger) -> None:
    take(ledger, "054", ANNAS, BERTS, kind="notification")
    take(ledger, "053", WHOLE)
    ignored = [
        Decision(payment_id=one.payment_id, ignored="other", rule="r", explanation="")
        for one in ledger.payments_to_match(ACME)
    ]
    ledger.record_decisions(ACME, ignored, change=RULE)
    ledger.erase_older_than(ACME, before=DAY.replace(month=12), change=ANNA)
    assert ledger.delivered_entries(ACME, [WHOLE_ACCOUNT], since=DAY, until=DAY) == []
    assert list(ledger.verify()) == []


# -- A whole night ----------------------------------------------------------------------------------------------------

_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08"><{outer}><GrpHdr><MsgId>M</MsgId></GrpHdr><{inner}>
<Id>S1</Id><Acct><Id><IBAN>NL20INGB0001234567</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</{inner}></{outer}></Document>"""
_ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>
<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""
_STATEMENT = _FILE.format(
    kind="053", outer="BkToCstmrStmt", inner="Stmt",
    entries=_ENTRY.format(amount="350.00", reference="BATCH1", text="COLLECTIVE CREDIT", name=""),
)  # fmt: skip
_PARTS = [("100.00", "T1", "RE-2026-0101"), ("250.00", "T2", "RE-2026-0102")]
_NOTIFICATION = _FILE.format(
    kind="054", outer="BkToCstmrDbtCdtNtfctn", inner="Ntfctn",
    entries="".join(
        _ENTRY.format(amount=amount, reference=reference, text=text, name="Bakker Bouw B.V.")
        for amount, reference, text in _PARTS
    ),
)  # fmt: skip


@pytest.mark.parametrize("papers", [(_STATEMENT, _NOTIFICATION), (_NOTIFICATION, _STATEMENT)], ids=["053", "054"])
def test_two_nights_settle_each_invoice_once(company: Path, papers: tuple[str, str]) -> None:
    (company / "statements" / "first.sta").unlink()
    for number, paper in enumerate(papers):
        (company / "statements" / f"{number}.xml").write_text(paper)
        assert sync(company).exit_code == 0
    assert rows(company, "exceptions") == []
    settled = [(row["bank_reference"], row["number"], row["payment_amount"]) for row in rows(company, "allocations")]
    assert sorted(settled) == [("T1", "RE-2026-0101", "100.00"), ("T2", "RE-2026-0102", "250.00")]


# -- Reports that no statement confirms -------------------------------------------------------------------------------


def balanced(*entries: BankEntry, **said: object) -> Iterator[ReadEvent]:
    head = header(from_date=DAY, to_date=DAY, **said)
    total = sum((one.amount for one in entries), Decimal(0))
    yield StatementStart(header=head)
    yield from entries
    yield StatementEnd(header=head, integrity="balanced", entry_count=len(entries), booked_total=total)


@pytest.mark.parametrize(
    ("said", "missing"),
    [({}, [BERTS.amount]), ({"page": 1, "last_page": False}, []), ({"kind": "interim"}, [])],
    ids=["the statement of the day", "its first page", "another report"],
)
def test_a_booking_that_the_statement_of_its_day_does_not_hold_is_named(
    said: dict[str, object], missing: list[Decimal]
) -> None:
    head = header(kind="notification", statement_id="N7")
    unit = unit_of(head, delivery="054", family="camt")
    known = [
        KnownBooking(key=f"v1:{n}-1", booking=booking_of(one, head), units=(unit,))
        for n, one in enumerate((ANNAS, BERTS))
    ]
    events = recognised(balanced(ANNAS, **said), family="camt", delivery="053", known=lambda *_: known)
    found = [one for one in events if isinstance(one, NotConfirmed)]
    assert [one.booking.amount for one in found] == missing
    assert all(one.told_by == "N7" for one in found)


# -- Any split, any order ---------------------------------------------------------------------------------------------


@st.composite
def batches(draw: st.DrawFn) -> list[list[str]]:
    cents = st.integers(1, 99_999)
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    return [[str(draw(cents) / 100) for _ in range(size)] for size in sizes]


def _papers(day: list[list[str]]) -> Iterator[tuple[str, str, list[BankEntry]]]:
    parts = [
        [
            entry(f"{float(one):.2f}", text=f"INVOICE {number}.{place}", bank_reference=f"N{number}{place}X")
            for place, one in enumerate(batch)
        ]
        for number, batch in enumerate(day)
    ]
    wholes = [
        replace(entry(str(sum(one.amount for one in batch)), text="COLLECTIVE"), bank_reference=f"BATCH{number}")
        for number, batch in enumerate(parts)
    ]
    yield "053", "final", wholes
    yield "054", "notification", [one for batch in parts for one in batch]


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches(), st.data())
def test_the_day_moves_what_the_statement_says(
    template: Path, tmp_path_factory: pytest.TempPathFactory, day: list[list[str]], data: st.DataObject
) -> None:
    papers = list(_papers(day))
    order = data.draw(st.permutations(papers)) + data.draw(st.lists(st.sampled_from(papers), max_size=2))
    path = tmp_path_factory.mktemp("collective") / "ledger.db"
    shutil.copy(template, path)
    ledger = open_ledger(str(path))
    for number, (name, kind, entries) in enumerate(order):
        take(ledger, f"{name} {number}", *entries, kind=kind)
    booked = sum(int(one.amount * 100) for one in papers[0][2])
    assert movement(ledger) == booked
    assert list(ledger.verify()) == []
    ledger.close()

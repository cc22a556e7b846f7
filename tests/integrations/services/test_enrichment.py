"""A later, richer delivery of a booking: it makes more of what nobody decided yet, and changes nothing that stands."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.bank.recognise import recognised
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.ledger.records import ArrivedFile, Change, KnownFile
from integrations.services.deliveries import known_bookings
from integrations.services.ingest import _Story, told_by_both_as_payments
from matching.model.bank_statement import BankEntry, EntryDetail, FileFacts, ReadEvent, StatementEnd, StatementStart
from matching.model.decision import Decision, ExceptionCase
from tests.integrations.bank.entries import DAY, entry, header
from tests.integrations.services.test_sync import company, rows, sync

__all__ = ["company"]

ACME = "acme"
NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)
SYSTEM = Change(actor_kind="system", actor="statement import", at=NOW)
RULE = Change(actor_kind="rule", actor="engine", at=NOW)
ANNA = Change(actor_kind="person", actor="anna", at=NOW)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("enrichment") / "template.db"
    open_ledger(str(path)).close()
    return path


@pytest.fixture
def ledger(template: Path, tmp_path: Path) -> Iterator[Ledger]:
    shutil.copy(template, tmp_path / "ledger.db")
    opened = open_ledger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


# -- One booking in four documents ---------------------------------------------------------------------------------


def part(amount: str, name: str | None = None, text: str = "") -> EntryDetail:
    return replace(entry(amount).details[0], counterparty_name=name, remittance=text, remittance_lines=(text,))


def batch(*parts: EntryDetail, **said) -> BankEntry:
    total = sum((one.amount for one in parts), Decimal(0))
    return replace(entry(str(total)), details=parts, **said)


def as_statement(one: BankEntry, reference: str) -> BankEntry:
    """The 053: the collective amount and the bank's reference, and nothing of who paid."""
    return replace(one, details=(part(str(one.amount)),), bank_reference=reference)


def as_report(one: BankEntry) -> BankEntry:
    """The 052 in the morning: announced, with the first payer's name."""
    first = replace(one.details[0], amount=one.amount, remittance="")
    return replace(one, details=(first,), status="pending")


def as_mt940(one: BankEntry, reference: str) -> BankEntry:
    """The MT940 of the day: one text."""
    text = f"COLLECTIVE CREDIT {len(one.details)}"
    return replace(one, details=(part(str(one.amount), text=text),), bank_reference=reference)


def events(*entries: BankEntry, kind: str, form: str) -> Iterator[ReadEvent]:
    said = {"from_date": DAY, "to_date": DAY} if kind == "final" else {}
    head = header(kind=kind, **said)
    total = sum((one.amount for one in entries), Decimal(0))
    yield StatementStart(header=head)
    for number, one in enumerate(entries, start=1):
        yield replace(one, ordinal=number, where=f"entry {number}")
    yield StatementEnd(header=head, integrity="unverifiable", entry_count=len(entries), booked_total=total)
    yield FileFacts(format=form, version=None, encoding=None, dialect=None, entries_in_file=len(entries))


def take(ledger: Ledger, name: str, *entries: BankEntry, kind: str = "final", family: str = "camt") -> KnownFile:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    story = _Story(file=name, accounts={})
    form = "mt940" if family == "mt940" else "camt.053"
    with ledger.transaction(ACME) as unit:
        met = recognised(
            events(*entries, kind=kind, form=form), family=family, delivery=sha256, known=known_bookings(ACME, unit, {})
        )
        file = ArrivedFile(sha256=sha256, name=name, size=1)
        return unit.import_statement_file(ACME, file, story.rows(met), change=SYSTEM, combine=told_by_both_as_payments)


def waiting(ledger: Ledger) -> list[tuple[int, str, str]]:
    return sorted((one.amount, one.payer_name, one.remittance) for one in ledger.payments_to_match(ACME))


ANNA_AND_BERT = batch(part("60.00", "ANNA", "INVOICE 1"), part("40.00", "BERT", "INVOICE 2"))
IN_PARTS = [(4000, "BERT", "INVOICE 2"), (6000, "ANNA", "INVOICE 1")]


def unexplained(payment_id: str, amount: int) -> Decision:
    case = ExceptionCase(kind="unknown_payer", unallocated=amount, why="nobody is named")
    return Decision(payment_id=payment_id, exception=case, rule="none", rule_version="1", explanation="")


def test_the_notification_breaks_a_collective_booking_down(ledger: Ledger) -> None:
    take(ledger, "053", as_statement(ANNA_AND_BERT, "BANK1"))
    assert waiting(ledger) == [(10000, "", "")]
    told = take(ledger, "054", ANNA_AND_BERT, kind="notification")
    assert (told.entries_new, told.entries_enriched, told.payments_new) == (0, 1, 2)
    assert waiting(ledger) == IN_PARTS
    assert [day.movement for day in ledger.totals(ACME)] == [10000]
    assert list(ledger.verify()) == []
    # Told again in a third file, with nothing new in it, it stays as it is.
    again = take(ledger, "054 again", ANNA_AND_BERT, kind="notification")
    assert (again.entries_enriched, again.payments_new) == (0, 0)
    assert waiting(ledger) == IN_PARTS


def test_an_exception_that_nobody_touched_makes_way_for_its_parts(ledger: Ledger) -> None:
    take(ledger, "053", as_statement(ANNA_AND_BERT, "BANK1"))
    (whole,) = ledger.payments_to_match(ACME)
    ledger.record_decisions(ACME, [unexplained(whole.payment_id, 10000)], change=RULE)
    (case,) = ledger.exceptions(ACME)
    take(ledger, "054", ANNA_AND_BERT, kind="notification")
    assert waiting(ledger) == IN_PARTS
    assert ledger.exceptions(ACME) == []
    assert ledger.case(ACME, case.case_id).state == "cleared"
    assert list(ledger.verify()) == []
    story = " ".join(ledger.history(ACME, case.case_id))
    assert "054 tells of what this payment consists" in story
    assert f"Now: replaced by payments {whole.payment_id}.1 and {whole.payment_id}.2" in story
    # What it was replaced by is decided about, never the whole.
    refused = ledger.record_decisions(ACME, [unexplained(whole.payment_id, 10000)], change=RULE)
    assert "replaced by the payments it consists of" in refused.refused[0].why


@pytest.mark.parametrize("by", ["decided", "proposed"])
def test_what_is_decided_stays_and_the_details_are_kept_beside(ledger: Ledger, by: str) -> None:
    take(ledger, "053", as_statement(ANNA_AND_BERT, "BANK1"))
    (whole,) = ledger.payments_to_match(ACME)
    ledger.record_decisions(ACME, [unexplained(whole.payment_id, 10000)], change=RULE)
    (case,) = ledger.exceptions(ACME)
    ignored = Decision(payment_id=whole.payment_id, ignored="other", rule="", explanation="")
    if by == "decided":
        ledger.decide(ACME, ignored, expected_version=case.version, change=ANNA)
    else:
        ledger.propose(
            ACME, case.case_id, ignored, resolution="not_customer_payment", needs_approval=True,
            expected_version=case.version, change=ANNA,
        )  # fmt: skip
    before = ledger.payment(ACME, whole.payment_id)
    told = take(ledger, "054", ANNA_AND_BERT, kind="notification")
    assert (told.entries_enriched, told.payments_new) == (1, 0)
    assert ledger.payment(ACME, whole.payment_id).payment == before.payment
    assert list(ledger.payments_to_match(ACME)) == []
    assert list(ledger.verify()) == []
    story = " ".join(ledger.history(ACME, whole.payment_id))
    assert "file 054 told more of it" in story
    assert "ANNA" in story
    assert "kept beside" in story


def test_a_report_a_statement_and_a_notification_of_one_day(ledger: Ledger) -> None:
    take(ledger, "052", as_report(ANNA_AND_BERT), kind="interim")
    assert waiting(ledger) == []
    take(ledger, "053", as_statement(ANNA_AND_BERT, "BANK1"))
    assert waiting(ledger) == [(10000, "ANNA", "")]
    take(ledger, "054", ANNA_AND_BERT, kind="notification")
    assert waiting(ledger) == IN_PARTS
    assert list(ledger.verify()) == []


def test_mt940_and_then_camt_of_the_same_day(ledger: Ledger) -> None:
    one = entry("25.00", text="INVOICE 7", counterparty_name="CARL", end_to_end_id="E2E-1")
    take(ledger, "mt940", replace(one, details=(part("25.00", text="/INV7"),)), family="mt940")
    take(ledger, "camt", one)
    (payment,) = ledger.payments_to_match(ACME)
    assert (payment.payer_name, payment.end_to_end_id, payment.remittance) == ("CARL", "E2E-1", "INVOICE 7")
    assert list(ledger.verify()) == []


def test_details_that_only_may_belong_to_the_entry_are_left_alone(ledger: Ledger) -> None:
    take(ledger, "053", entry("25.00", text="", counterparty_account="NL91ABNA0417164300"))
    other = entry("25.00", text="INVOICE 9", counterparty_account="DE89370400440532013001", counterparty_name="EVE")
    take(ledger, "mt940", other, family="mt940")
    (payment,) = ledger.payments_to_match(ACME)
    assert payment.payer_name == ""


def test_a_finer_breakdown_of_parts_gets_ids_of_its_own(ledger: Ledger) -> None:
    two = batch(part("60.00"), part("40.00"))
    three = batch(part("60.00", "ANNA", "1"), part("30.00", "BERT", "2"), part("10.00", "CARL", "3"))
    take(ledger, "054", two, kind="notification")
    take(ledger, "053", three)
    ids = sorted(one.payment_id.partition("-")[2] for one in ledger.payments_to_match(ACME))
    assert ids == ["1.r1.1", "1.r1.2", "1.r1.3"]
    assert list(ledger.verify()) == []


# -- A whole night -------------------------------------------------------------------------------------------------

_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08"><{outer}><GrpHdr><MsgId>M</MsgId></GrpHdr><{inner}>
<Id>S1</Id><Acct><Id><IBAN>NL20INGB0001234567</IBAN></Id><Ccy>EUR</Ccy></Acct><Ntry><Amt Ccy="EUR">350.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>
<ValDt><Dt>2026-03-02</Dt></ValDt><AcctSvcrRef>BATCH1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>
<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry></{inner}></{outer}></Document>"""
_PAYER = """<TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef></Refs><Amt Ccy="EUR">{amount}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>Bakker Bouw B.V.</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"""


def test_a_collective_credit_is_a_case_until_its_notification_comes(company: Path) -> None:
    (company / "statements" / "first.sta").unlink()
    bare = _FILE.format(kind="053", outer="BkToCstmrStmt", inner="Stmt", details="")
    (company / "statements" / "statement.xml").write_text(bare)
    assert sync(company).exit_code == 0
    assert [row["payment_amount"] for row in rows(company, "exceptions")] == ["350.00"]
    payers = _PAYER.format(reference="T1", amount="100.00", text="RE-2026-0101")
    payers += _PAYER.format(reference="T2", amount="250.00", text="RE-2026-0102")
    details = f"<NtryDtls>{payers}</NtryDtls>"
    told = _FILE.format(kind="054", outer="BkToCstmrDbtCdtNtfctn", inner="Ntfctn", details=details)
    (company / "statements" / "notification.xml").write_text(told)
    assert sync(company).exit_code == 0
    assert rows(company, "exceptions") == []
    settled = {(row["bank_reference"], row["number"], row["payment_amount"]) for row in rows(company, "allocations")}
    assert settled == {("T1", "RE-2026-0101", "100.00"), ("T2", "RE-2026-0102", "250.00")}


# -- Any order ------------------------------------------------------------------------------------------------------

_PARTS = st.lists(st.sampled_from(["10.00", "25.00", "60.00"]), min_size=1, max_size=3)


@st.composite
def days(draw) -> list[BankEntry]:
    """Bookings of one day, twins among them, each of one to three payments."""
    entries = []
    for number, amounts in enumerate(draw(st.lists(_PARTS, min_size=1, max_size=3))):
        parts = [part(one, f"PAYER {number}.{place}", f"INVOICE {place}") for place, one in enumerate(amounts)]
        entries.append(batch(*parts))
    return entries


def documents(day: Sequence[BankEntry]) -> list[tuple[str, list[BankEntry], str, str]]:
    """The day as the bank's documents tell of it: name, entries, kind, family."""
    numbered = list(enumerate(day))
    return [
        ("052", [as_report(one) for one in day], "interim", "camt"),
        ("053", [as_statement(one, f"BANKREF{number}") for number, one in numbered], "final", "camt"),
        ("054", [replace(one, bank_reference=f"BANKREF{number}") for number, one in numbered], "notification", "camt"),
        ("940", [as_mt940(one, f"BANKREF{number}") for number, one in numbered], "final", "mt940"),
    ]


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(days(), st.data())
def test_the_order_of_the_documents_does_not_matter_and_twice_is_once(
    template: Path, tmp_path_factory: pytest.TempPathFactory, day: list[BankEntry], data: st.DataObject
) -> None:
    papers = [one for one in documents(day) if one[0] != "054"]
    orders = [[documents(day)[2], *papers], data.draw(st.permutations([documents(day)[2], *papers]))]
    orders[1] += data.draw(st.lists(st.sampled_from(orders[0]), max_size=2))
    ends = []
    for order in orders:
        path = tmp_path_factory.mktemp("any_order") / "ledger.db"
        shutil.copy(template, path)
        ledger = open_ledger(str(path))
        for number, (name, entries, kind, family) in enumerate(order):
            take(ledger, f"{name} {number}", *entries, kind=kind, family=family)
        assert list(ledger.verify()) == []
        ends.append(
            [(one.amount, one.payer_name, one.remittance, one.bank_reference) for one in ledger.payments_to_match(ACME)]
        )
        ledger.close()
        shutil.rmtree(path.parent)
    assert sorted(ends[0]) == sorted(ends[1])
    assert sum(one[0] for one in ends[0]) == sum(int(one.amount * 100) for one in day)

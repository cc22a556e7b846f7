"""Statement files come in wholly or not at all, each once."""

from collections.abc import Iterator

import pytest

from integrations.ledger import intake_statements
from integrations.ledger.errors import LawBroken
from integrations.ledger.port import Ledger, StatementRow
from tests.integrations.ledger.story import ACME, allocated, arrived, deliver, entry, item, payment, pull, rows, rule


def test_a_file_known_already_changes_nothing(ledger: Ledger) -> None:
    first = deliver(ledger, payment("p1"))
    again = deliver(ledger, payment("p1"))
    assert (first.already_known, again.already_known) == (False, True)
    assert first.file_id == again.file_id
    assert ledger.audit_head(ACME).sequence == 1


def test_an_entry_delivered_by_two_files_is_one_payment(ledger: Ledger) -> None:
    deliver(ledger, payment("p1"), payment("p2"), name="monday.sta")
    week = deliver(ledger, payment("p1"), payment("p2"), payment("p3"), name="week.sta")
    assert (week.entries_read, week.entries_new, week.payments_new) == (3, 1, 1)
    assert ledger.payment(ACME, "p1").files == ("monday.sta", "week.sta")
    assert [one.entry_count for one in ledger.statements(ACME)] == [2, 3]
    assert list(ledger.verify()) == []


def test_a_pending_entry_becomes_a_payment_when_it_is_booked(ledger: Ledger) -> None:
    one = payment("p1")
    ledger.import_statement_file(ACME, arrived("a"), rows([entry([one], 1, status="pending")]), change=rule())
    assert list(ledger.payments_to_match(ACME)) == []
    booked = ledger.import_statement_file(ACME, arrived("b"), rows([entry([one], 1)]), change=rule(1))
    assert (booked.entries_new, booked.payments_new) == (0, 1)
    assert list(ledger.payments_to_match(ACME)) == [one]
    assert list(ledger.verify()) == []


@pytest.mark.parametrize("batch", [2, 5000], ids=["across-batches", "in-one-batch"])
def test_a_file_that_does_not_add_up_leaves_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(intake_statements, "BATCH", batch)
    entries = [entry([payment(f"p{number}")], number) for number in range(1, 6)]
    with pytest.raises(LawBroken, match=r"a\.sta: 7 entries in the file, but 5 read and 1 quarantined"):
        ledger.import_statement_file(ACME, arrived("a.sta"), rows(entries, quarantined=1, promised=7), change=rule())
    assert list(ledger.files(ACME)) == []
    assert list(ledger.payments_to_match(ACME)) == []
    assert ledger.audit_head(ACME).sequence == 0


def test_a_reader_that_fails_half_way_leaves_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_statements, "BATCH", 2)

    def broken() -> Iterator[StatementRow]:
        source = rows([entry([payment(f"p{number}")], number) for number in range(1, 6)])
        for count, row in enumerate(source):
            if count == 5:
                raise OSError("the share went away")
            yield row

    with pytest.raises(OSError, match="the share went away"):
        ledger.import_statement_file(ACME, arrived("a.sta"), broken(), change=rule())
    assert list(ledger.files(ACME)) == []
    assert deliver(ledger, payment("p1")).payments_new == 1


def test_payments_that_are_not_their_entry_are_refused(ledger: Ledger) -> None:
    wrong = entry([payment("p1", 100)], 1, total=101)
    with pytest.raises(LawBroken, match="do not add up to its amount 101"):
        ledger.import_statement_file(ACME, arrived("a"), rows([wrong]), change=rule())


def test_what_was_quarantined_and_found_can_be_read(ledger: Ledger) -> None:
    file = ledger.import_statement_file(
        ACME, arrived("a"), rows([entry([payment("p1")], 1)], quarantined=2), change=rule()
    )
    assert [one.where for one in ledger.quarantined(ACME, file.file_id)] == ["line 900", "line 901"]
    assert [one.code for one in ledger.findings(ACME, file.file_id)] == ["note"]
    assert (file.entries_in_file, file.entries_read, file.quarantined) == (3, 1, 2)


def test_texts_no_database_can_hold_do_not_stop_a_file(ledger: Ledger) -> None:
    from dataclasses import replace

    odd = replace(
        payment("p1"),
        bank_reference="a\x00b\ud800",
        remittance="nul \x00 and half a pair \udfff",
        payer_name="\u202eabc🙂",
    )
    deliver(ledger, odd)
    (read,) = ledger.payments_to_match(ACME)
    assert read.payer_name == odd.payer_name
    assert read.amount == odd.amount
    assert ledger.find_payment(ACME, "a\ufffdb\ufffd") == "p1"


def test_companies_do_not_see_each_other(ledger: Ledger) -> None:
    deliver(ledger, payment("p1"), company="north")
    deliver(ledger, payment("p1", 500), company="south")
    pull(ledger, item("1"), company="north")
    assert ledger.companies() == ("north", "south")
    assert [one.amount for one in ledger.payments_to_match("south")] == [500]
    assert ledger.record_decisions("south", [allocated("p1", ("1", 500))], change=rule()).refused[0].why == (
        "item 1 is not in this ledger"
    )
    assert list(ledger.open_items("south")) == []

"""Open cases stand in the ERP once, are updated when they change, and closed when they are done."""

from dataclasses import replace

import pytest

from integrations.erp.errors import ValidationFailed
from integrations.erp.flatfile.connector import CAPABILITIES, FlatFileConnector
from integrations.erp.protocol import Note, NoteRef, NoteTarget
from integrations.services.clear import reopen
from integrations.services.notes import put_notes
from tests.integrations.services.test_clear import RUN, Books


class Noting(FlatFileConnector):
    """A flat-file ERP that also takes notes, and may refuse them."""

    def __init__(self, books: Books) -> None:
        super().__init__(inbox=books.folder / "in", outbox_folder=books.folder / "out")
        self.notes: dict[str, Note] = {}
        self.calls = 0
        self.refusing = False

    @property
    def capabilities(self):
        return replace(CAPABILITIES, notes_on_item=True, notes_on_customer=True)

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        self.calls += 1
        if self.refusing:
            raise ValidationFailed("the ERP does not like this note")
        self.notes[note.key] = note
        return NoteRef(native_id=note.key, created=True)


@pytest.fixture
def books(tmp_path):
    made = Books(tmp_path, {})
    yield made
    made.ledger.close()


def test_notes_are_written_once_and_closed_when_the_case_is(books):
    erp = Noting(books)
    first = put_notes(books.company, books.ledger, erp, RUN)
    assert first.written == len(erp.notes) >= 1
    assert put_notes(books.company, books.ledger, erp, RUN).written == 0
    case_id = books.case("SHORT")
    assert case_id in erp.notes
    books.do("SHORT", "dispute", "I2", reason="quality")
    report = put_notes(books.company, books.ledger, erp, RUN)
    assert (report.written, report.closed) == (0, 1)
    assert erp.notes[case_id].closed
    assert erp.calls == first.written + 1


def test_a_note_that_is_refused_is_said_and_tried_again(books):
    erp = Noting(books)
    erp.refusing = True
    report = put_notes(books.company, books.ledger, erp, RUN)
    assert report.written == 0
    assert all("does not like" in message for message in report.messages)
    erp.refusing = False
    assert put_notes(books.company, books.ledger, erp, RUN).written >= 1


def test_an_erp_without_a_place_for_notes_is_left_alone(books):
    plain = FlatFileConnector(inbox=books.folder / "in", outbox_folder=books.folder / "out")
    assert put_notes(books.company, books.ledger, plain, RUN).written == 0


def test_cases_whose_notes_are_closed_are_not_looked_at_again(books, monkeypatch):
    erp = Noting(books)
    put_notes(books.company, books.ledger, erp, RUN)
    books.do("SHORT", "dispute", "I2", reason="quality")
    put_notes(books.company, books.ledger, erp, RUN)
    looked_at = []
    real = type(books.ledger).case
    monkeypatch.setattr(type(books.ledger), "case", lambda self, *asked: looked_at.append(asked) or real(self, *asked))
    put_notes(books.company, books.ledger, erp, RUN)
    assert looked_at == []


def test_a_case_that_is_opened_again_is_noted_again(books):
    erp = Noting(books)
    put_notes(books.company, books.ledger, erp, RUN)
    case_id = books.case("SHORT")
    books.do("SHORT", "dispute", "I2", reason="quality")
    put_notes(books.company, books.ledger, erp, RUN)
    assert erp.notes[case_id].closed
    reopen(books.company, books.ledger, case_id, by="bert", run=RUN, reason="wrong item")
    assert put_notes(books.company, books.ledger, erp, RUN).written == 1
    assert not erp.notes[case_id].closed

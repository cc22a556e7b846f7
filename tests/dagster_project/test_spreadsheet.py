"""The worklist as a spreadsheet: out, filled in by somebody's program, and back."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dagster_project import spreadsheet
from dagster_project.requests import form_of, request_of
from tests.dagster_project.test_forms import HOSTILE, case_of


def test_what_is_written_comes_back_when_it_is_filled_in(tmp_path: Path) -> None:
    csv_path, xlsx_path = spreadsheet.write(tmp_path, "acme", [case_of(), case_of("=1+1")])
    assert (tmp_path / "in").is_dir()
    assert list(spreadsheet.read(csv_path)) == list(spreadsheet.read(xlsx_path)) == []
    book = load_workbook(xlsx_path)
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, names.index("amount") + 1).value == 1250
    sheet.cell(2, names.index("resolution") + 1).value = "allocate"
    sheet.cell(2, names.index("items") + 1).value = "VF26-04001 = 1000.00; VF26-04002"
    book.save(xlsx_path)
    (row,) = spreadsheet.read(xlsx_path)
    assert row.line == 2
    request = request_of(form_of(row.fields), "EUR")
    assert request.case_id == "EX-7K2M"
    assert [(one.item, one.amount) for one in request.items] == [("VF26-04001", 100_000), ("VF26-04002", None)]


@pytest.mark.parametrize("text", [*HOSTILE, "=HYPERLINK(1)", "+49 1", "-1", "@x"])
def test_no_bank_text_becomes_a_formula(tmp_path: Path, text: str) -> None:
    csv_path, xlsx_path = spreadsheet.write(tmp_path, "acme", [case_of(text.replace("\ud800", ""))])
    with csv_path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 2
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in rows[1])
    assert all(cell.data_type != "f" for row in load_workbook(xlsx_path).worksheets[0] for cell in row)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"case;resolution\nEX-1;allocate\nEX-2;\n", [2]),
        ("case,resolution,note\r\nEX-1,on_account,für später\r\n".encode("cp1252"), [2]),
        (b"\xef\xbb\xbfCase,Resolution\n\nEX-1,dispute\n", [3]),
    ],
    ids=["semicolons", "windows", "byte-order-mark"],
)
def test_files_as_programs_save_them(tmp_path: Path, content: bytes, lines: list[int]) -> None:
    path = tmp_path / "w.csv"
    path.write_bytes(content)
    assert [row.line for row in spreadsheet.read(path)] == lines


@pytest.mark.parametrize("name", ["w.csv", "w.xlsx"])
def test_a_file_that_is_no_worklist_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"hello\n")
    with pytest.raises(spreadsheet.UnreadableWorklist, match=name):
        list(spreadsheet.read(path))


def test_a_worked_off_file_is_put_away_with_an_answer_per_row(tmp_path: Path) -> None:
    path = tmp_path / "in" / "w.csv"
    path.parent.mkdir()
    path.write_text("case,resolution\nEX-1,allocate\n")
    rows = list(spreadsheet.read(path))
    answer = spreadsheet.answer(tmp_path, path, rows, [("refused", "is not open")])
    assert not path.exists()
    assert "2,EX-1,allocate,refused,is not open" in answer.read_text(encoding="utf-8-sig")
    assert len(list((tmp_path / "done").iterdir())) == 2

"""The worklist as CSV and XLSX for those who prefer a spreadsheet, and such a file read back as decisions.

The sheet holds one row per open case. People fill the columns `resolution` to `note`; rows left empty are left alone.
What strangers wrote never becomes a formula: such text gets a leading apostrophe in both files.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from dagster_project import escape
from dagster_project.case_text import kind_text, payer, percent, suggestion_text, wrote
from dagster_project.forms import RESOLUTIONS
from integrations.services.worklist import WorklistCase
from matching.model.money import to_decimal

SHOWN = ("case", "age_days", "payer", "amount", "to_explain", "currency", "booked_on", "they_wrote", "reason_here",
         "customer_name", "best_suggestion", "sure", "state")  # fmt: skip
FILLED = ("resolution", "suggestion", "items", "customer", "reason", "note")
_WIDTHS = {"payer": 32, "they_wrote": 48, "best_suggestion": 60, "customer_name": 28, "items": 30, "note": 30}
_TO_FILL = [""] * len(FILLED)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnreadableWorklist(ValueError):  # noqa: N818 - reads as the sentence it stands for
    """The file is no worklist; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledRow:
    """One row that somebody filled in: its line in the file, and the fields as text."""

    line: int
    fields: Mapping[str, str]


def write(folder: Path, company: str, cases: Iterable[WorklistCase]) -> tuple[Path, Path]:
    """Write worklist_<company>.csv and .xlsx, each whole or not at all, and make the folder `in` for them to come back.

    Raises OSError.
    """
    (folder / "in").mkdir(parents=True, exist_ok=True)
    csv_path, xlsx_path = folder / f"worklist_{company}.csv", folder / f"worklist_{company}.xlsx"
    book, sheet = _book()
    with _temporary(csv_path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SHOWN, *FILLED])
        for case in cases:
            row = _cells(case)
            writer.writerow([*row, *_TO_FILL])
            # Cells that are not there are as empty as empty ones, and cost nothing.
            sheet.append([entry if entry != "" else None for entry in row])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(SHOWN) + len(FILLED))}1"
    book.save(_temporary(xlsx_path))
    for path in (csv_path, xlsx_path):
        _temporary(path).replace(path)
    return csv_path, xlsx_path


def read(path: Path) -> Iterator[FilledRow]:
    """The rows of a worklist file in which somebody chose a resolution. Raises UnreadableWorklist."""
    rows = _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    head = [name.strip().lower() for name in next(rows, [])]
    missing = [name for name in ("case", "resolution") if name not in head]
    if missing:
        message = f"{path.name}: column {missing[0]!r} is missing; use the exported worklist and keep its first row"
        raise UnreadableWorklist(message)
    for line, row in enumerate(rows, start=2):
        fields = {name: entry.strip() for name, entry in zip(head, row, strict=False) if name}
        if fields.get("resolution"):
            yield FilledRow(line=line, fields=fields)


def answer(folder: Path, path: Path, rows: Sequence[FilledRow], outcomes: Sequence[tuple[str, str]]) -> Path:
    """Put a worked-off file into `done`, beside an answer that says for each row what became of it."""
    done = folder / "done"
    done.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    answered = done / f"{path.stem}_{digest}_answer.csv"
    with answered.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "case", "resolution", "outcome", "message"])
        for row, (outcome, message) in zip(rows, outcomes, strict=True):
            case, resolution = row.fields.get("case", ""), row.fields["resolution"]
            writer.writerow([row.line, safe(case), safe(resolution), outcome, safe(message)])
    path.replace(done / f"{path.stem}_{digest}{path.suffix}")
    return answered


def safe(text: str) -> str:
    """Text that a spreadsheet program shows and never calculates.

    >>> safe("=HYPERLINK(1)"), safe("Invoice 5")
    ("'=HYPERLINK(1)", 'Invoice 5')
    """
    line = escape.plain(text)
    return "'" + line if line.startswith(_FORMULA) else line


def _cells(case: WorklistCase) -> list[str | int | Decimal | date]:
    payment = case.payment
    best = case.suggestions[0] if case.suggestions else None
    return [
        case.case_id,
        case.age_days,
        safe(payer(case)),
        to_decimal(payment.amount, payment.currency),
        to_decimal(case.unallocated, payment.currency),
        payment.currency,
        payment.booked_on,
        safe(wrote(case)),
        kind_text(case.kind),
        safe(case.customer_name),
        safe(suggestion_text(case, best)) if best else "",
        percent(best.confidence) if best else "",
        case.state,
    ]


def _book() -> tuple[Workbook, Any]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("worklist")
    names = [*SHOWN, *FILLED]
    for place, name in enumerate(names, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, 13)
    sheet.freeze_panes = "B2"
    column = get_column_letter(names.index("resolution") + 1)
    choice = DataValidation(type="list", formula1='"' + ",".join(RESOLUTIONS) + '"', allow_blank=True)
    choice.add(f"{column}2:{column}100000")
    sheet.data_validations.append(choice)
    head = []
    for name in names:
        cell = WriteOnlyCell(sheet, value=name)
        cell.font = Font(bold=True)
        if name in FILLED:
            cell.fill = PatternFill("solid", fgColor="FFF2CC")
        head.append(cell)
    sheet.append(head)
    return book, sheet


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _csv_rows(path: Path) -> Iterator[list[str]]:
    """Rows of a CSV as people save it: UTF-8 or their system's encoding, comma or semicolon."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    yield from csv.reader(text.splitlines(), delimiter=separator)


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        message = f"{path.name}: is no spreadsheet that can be read ({type(error).__name__}); save it as .xlsx again"
        raise UnreadableWorklist(message) from error
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield ["" if entry is None else str(entry) for entry in row]
    finally:
        book.close()

"""CSV rows with the place they stand at, one at a time, whatever their size: RFC 4180, UTF-8, a BOM is accepted.

A row that cannot be read is set aside alone: a stray quote swallows the lines behind it only until that is noticed,
then they are read again on their own.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from integrations.erp.errors import UnusableFile
from integrations.erp.protocol import QuarantinedRow

# A quoted field may hold line breaks, but an address or a remittance text has never had more lines than this.
_MOST_LINES_IN_A_ROW = 100


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The fields of one row in the order of the header, and the line it starts on."""

    line: int
    fields: list[str]


class _Lines:
    """The lines of a file, of which the last row's can be put back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = iter(stream)
        self._again: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MOST_LINES_IN_A_ROW:
            raise StopIteration
        line = self._again.pop() if self._again else next(self._stream)
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        self._again.extend(reversed(self.taken[1:]))
        del self.taken[1:]


class CsvFile:
    """An open CSV file: its header, and its rows as they are read.

    Raises UnusableFile when there is no header, a column is there twice or a required one is not there.
    """

    def __init__(self, path: Path, stream: TextIO, required: Sequence[str]) -> None:
        self.name = path.name
        self._lines = _Lines(stream)
        self.columns = self._header(required)
        self.position = {column: place for place, column in enumerate(self.columns)}

    def rows(self) -> Iterator[CsvRow | QuarantinedRow]:
        """Every row of the file, in its order; blank lines are no rows."""
        lines, width = self._lines, len(self.columns)
        line_number = 1 + len(lines.taken)
        reader = csv.reader(lines, strict=True)
        while True:
            lines.taken.clear()
            trouble = ""
            fields: list[str] = []
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                trouble = f"the quotes do not fit ({error}); double every quote inside a quoted field"
            start, raw = line_number, lines.taken
            text = raw[0] if len(raw) == 1 else "".join(raw)
            if not trouble and len(fields) != width and "".join(fields).strip():
                trouble = (
                    f"there are {len(fields)} fields under {width} columns; put a field that holds a comma into quotes"
                )
            elif not trouble and not text.isascii() and _has_undecodable(text):
                trouble = "the text is not UTF-8; export the file as UTF-8"
            if trouble:
                lines.put_back_all_but_first()
                reader = csv.reader(lines, strict=True)
                line_number += 1
                yield self.quarantined(start, trouble, raw[0])
                continue
            line_number += len(raw)
            # Spreadsheets leave rows of nothing but commas behind the last one.
            if len(fields) == width and (fields[0] or "".join(fields).strip()):
                yield CsvRow(start, fields)

    def quarantined(self, line: int, trouble: str, raw: str, *, item_id: str = "", column: str = "") -> QuarantinedRow:
        """A row set aside, with file, line and column, and what to do."""
        where = f"{self.name} line {line}" + (f" column {column}" if column else "")
        shown = raw.rstrip("\r\n").encode("utf-8", "replace").decode("utf-8")
        return QuarantinedRow(where=where, message=f"{where}: {trouble}", raw=shown, item_id=item_id)

    def _header(self, required: Sequence[str]) -> list[str]:
        try:
            header = next(csv.reader(self._lines, strict=True))
        except (StopIteration, csv.Error):
            message = f"{self.name} has no header row; the first line names the columns: {', '.join(required)}"
            raise UnusableFile(message, file=self.name) from None
        columns = [column.strip() for column in header]
        for column in columns:
            if column and columns.count(column) > 1:
                message = f"{self.name} has the column {column!r} twice; keep one of them"
                raise UnusableFile(message, file=self.name, column=column)
        for column in required:
            if column not in columns:
                hint = "; the fields are separated by commas" if len(columns) == 1 else ""
                message = f"{self.name} lacks the required column {column!r}; add it to the export{hint}"
                raise UnusableFile(message, file=self.name, column=column)
        return columns


def open_text(path: Path) -> TextIO:
    """The file as text; bytes that are not UTF-8 stay recognisable instead of stopping the whole file."""
    try:
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        message = f"{path.name} cannot be read from {path.parent}: {error.strerror}"
        raise UnusableFile(message, file=path.name) from None


def _has_undecodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False

"""Control totals of a snapshot: how many rows a file has, and what they add up to per currency.

`manifest.csv` is optional. Where it is there, a file that was cut short on its way is refused as a whole instead of
making the missing items look settled. Columns: ``file``, ``rows``, and optionally ``currency`` and ``open_amount``; one
row per file, or one per file and currency.
"""

from dataclasses import dataclass, field
from pathlib import Path

from integrations.erp.errors import SnapshotRefused, UnusableFile
from integrations.erp.flatfile.csv_rows import CsvFile, CsvRow, open_text
from integrations.erp.protocol import Page
from matching.model.money import AmountError, Money
from matching.model.open_item import OpenItem

NAME = "manifest.csv"


@dataclass(slots=True)
class ControlTotals:
    """Rows, and open amounts in minor units per currency. ``doubtful``: a quarantined row hides its amount."""

    rows: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    doubtful: bool = False

    def add(self, page: Page[OpenItem]) -> None:
        """Count a page that was read."""
        self.rows += len(page.rows) + len(page.quarantined)
        self.doubtful = self.doubtful or bool(page.quarantined)
        for row in page.rows:
            self.amounts[row.currency] = self.amounts.get(row.currency, 0) + row.open_amount

    def compare(self, counted: "ControlTotals", name: str) -> None:
        """Raises SnapshotRefused when what was counted is not what was announced."""
        if counted.rows != self.rows:
            message = f"{name} has {counted.rows} rows where {NAME} announces {self.rows}; export it again"
            raise SnapshotRefused(message)
        for currency, announced in self.amounts.items():
            have = counted.amounts.get(currency, 0)
            if have != announced and not counted.doubtful:
                message = (
                    f"the open amounts of {name} add up to {Money(have, currency)} where {NAME} announces "
                    f"{Money(announced, currency)}; export both again"
                )
                raise SnapshotRefused(message)


def read_manifest(inbox: Path, name: str, *, required: bool) -> ControlTotals | None:
    """What manifest.csv announces for a file, or None where there is no manifest and none is required.

    Raises SnapshotRefused, UnusableFile.
    """
    path = inbox / NAME
    if not path.exists():
        if required:
            message = f"{NAME} is not there; without it {name} cannot be told from a file that was cut short"
            raise SnapshotRefused(message)
        return None
    with open_text(path) as stream:
        file = CsvFile(path, stream, ("file", "rows"))
        announced = [row for row in file.rows() if isinstance(row, CsvRow)]
    totals = ControlTotals()
    found = False
    for row in announced:
        value = {column: row.fields[place].strip() for column, place in file.position.items()}
        if value["file"] != name:
            continue
        found = True
        try:
            totals.rows += int(value["rows"])
            currency = value.get("currency", "")
            if currency and value.get("open_amount"):
                amount = Money.parse(value["open_amount"], currency, decimal_mark=".").minor
                totals.amounts[currency] = totals.amounts.get(currency, 0) + amount
        except (ValueError, AmountError) as error:
            message = f"{NAME} line {row.line} is no control total: {error}"
            raise UnusableFile(message, file=NAME) from None
    if not found and required:
        message = f"{NAME} says nothing about {name}; add its row count"
        raise SnapshotRefused(message)
    return totals if found else None

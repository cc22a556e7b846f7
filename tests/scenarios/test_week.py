"""A week of nights with trouble ends with the same books as a week without."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from integrations.config.settings import CompanySettings
from integrations.erp.errors import ErpError
from integrations.ledger import open_ledger
from integrations.services.context import Run
from integrations.services.open import flat_file_company
from integrations.services.sync import sync

pytestmark = pytest.mark.slow
DEMO = Path(__file__).parents[2] / "fixtures" / "demo"
DAYS = [date(2026, 11, day) for day in (9, 10, 11, 12, 13, 16, 17, 18)]


class Week:
    """One company and its nights; what arrives when is up to the story."""

    def __init__(self, folder: Path) -> None:
        self.erp, self.bank, self.folder = folder / "erp", folder / "bank", folder
        shutil.copytree(DEMO / "inbox", self.erp)
        self.bank.mkdir()

    @property
    def company(self) -> CompanySettings:
        return flat_file_company(self.erp, self.bank, self.folder / "outbox")

    def arrives(self, day: date, *banks: str, name: Callable[[str], str] = str) -> None:
        for path in sorted((DEMO / "statements").glob(f"*{day}*")):
            if not banks or path.name[:2] in banks:
                shutil.copy(path, self.bank / name(path.name))

    def night(self, after: date) -> None:
        ledger = open_ledger(f"sqlite:///{self.folder}/lettrage.db")
        try:
            moment = datetime(after.year, after.month, after.day, 3, tzinfo=UTC) + timedelta(days=1)
            sync(self.company, ledger, Run(as_of=moment.date(), clock=lambda: moment))
        finally:
            ledger.close()

    def books(self) -> dict[str, object]:
        """What is left open of each item, and what became of each payment; and no law is broken."""
        ledger = open_ledger(f"sqlite:///{self.folder}/lettrage.db")
        assert list(ledger.verify("company")) == []
        items = {row.item_id: (row.open_amount, row.state) for row in ledger.item_statuses("company")}
        allocated = sorted(
            (row.payment.bank_reference, row.number, row.allocation.cash, row.allocation.discount)
            for row in ledger.allocations("company")
        )
        waiting = sorted((one.payment.bank_reference, one.unallocated) for one in ledger.all_open_exceptions("company"))
        ledger.close()
        return {"items": items, "allocated": allocated, "waiting": waiting}

    def reversals(self) -> int:
        """How often something was taken back in the ERP; no story here gives a reason to."""
        ledger = open_ledger(f"sqlite:///{self.folder}/lettrage.db")
        count = len(list(ledger.outbox("company", action="reverse")))
        ledger.close()
        return count


def test_late_double_and_missing_files_and_an_erp_that_is_down(tmp_path: Path) -> None:
    calm, troubled = Week(tmp_path / "calm"), Week(tmp_path / "troubled")
    for day in DAYS:
        calm.arrives(day)
        calm.night(day)

    first, second, third, fourth, fifth, sixth, seventh, eighth = DAYS
    troubled.arrives(first)
    troubled.night(first)
    # The German bank is late by a day; the other files of the day come twice, under other names.
    troubled.arrives(second, "nl", "be", "gb")
    troubled.arrives(second, "nl", "be", "gb", name=lambda name: f"again-{name}")
    troubled.night(second)
    troubled.arrives(second, "de")
    troubled.arrives(third)
    troubled.night(third)
    # The ERP is down: the night fails, and nothing of it is lost.
    troubled.arrives(fourth)
    troubled.erp.rename(tmp_path / "elsewhere")
    with pytest.raises((ErpError, OSError)):
        troubled.night(fourth)
    (tmp_path / "elsewhere").rename(troubled.erp)
    troubled.night(fourth)
    # Two nights in a row on the same input, and one that did not run at all.
    troubled.arrives(fifth)
    troubled.night(fifth)
    troubled.night(fifth)
    troubled.arrives(sixth)
    troubled.arrives(seventh)
    troubled.night(seventh)
    # A file that is no statement lies beside the last ones.
    (troubled.bank / "readme.txt").write_text("statements are delivered daily")
    troubled.arrives(eighth)
    troubled.night(eighth)

    assert troubled.books() == calm.books()
    # A night later, nothing that was posted is taken back.
    before = calm.books()
    calm.night(DAYS[-1] + timedelta(days=1))
    assert calm.books() == before
    assert calm.reversals() == troubled.reversals() == 0

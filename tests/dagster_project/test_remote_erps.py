"""A night in Dagster against ERPs that are servers: Business Central and Exact Online as stand-ins."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dagster_project.test_company import office, run
from tests.integrations.erp.standins import business_central as bc
from tests.integrations.erp.standins import exact
from tests.integrations.erp.standins.business_central import BusinessCentralStandIn
from tests.integrations.erp.standins.exact import ExactStandIn
from tests.scenarios.test_remote_nights import ACCOUNT, SALES, invoice, settings_of, statement

pytestmark = pytest.mark.slow


@pytest.fixture
def central() -> Iterator[BusinessCentralStandIn]:
    server = BusinessCentralStandIn()
    server.bank["iban"] = ACCOUNT
    yield server
    server.close()


@pytest.fixture
def online() -> Iterator[ExactStandIn]:
    server = ExactStandIn()
    yield server
    server.close()


def nights(folder: Path, erp: dict[str, Any], text: str) -> list[bool]:
    """Two nights over one statement; whether each went well."""
    (folder / "bank").mkdir()
    (folder / "bank" / "first.sta").write_text(statement(("100.00", text)))
    company = office(folder, erp=erp, ledger=f"sqlite:///{folder / 'lettrage.db'}")
    return [run(company, "nightly").success for _ in range(2)]


def test_two_nights_against_business_central_post_once(
    central: BusinessCentralStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BC_SECRET", bc.SECRET)
    central.add_customer("10000", "Bakker Bouw B.V.")
    invoice(central, "RE-2026-0101", "100.00", "10000")
    assert nights(tmp_path, settings_of(central), "RE-2026-0101 Bakker Bouw") == [True, True]
    (line,) = central.lines.values()
    assert (line["appliesToInvoiceNumber"], line["amount"]) == ("RE-2026-0101", Decimal("-100.00"))


def test_two_nights_against_exact_online_post_once(
    online: ExactStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXACT_SECRET", exact.SECRET)
    monkeypatch.setenv("EXACT_TOKEN", exact.FIRST_TOKEN)
    customer = online.add_account("Bakker Bouw B.V.", "NL91ABNA0417164300")
    online.add_receivable(Decimal("100.00"), customer, kind=SALES, currency="EUR", issued_on=date(2026, 10, 1),
                          due_on=date(2026, 10, 31))  # fmt: skip
    erp = {"kind": "exact_online", "url": online.url, "division": exact.DIVISION, "client_id": exact.CLIENT,
           "secret_variable": "EXACT_SECRET", "refresh_token_variable": "EXACT_TOKEN",
           "token_file": str(tmp_path / "tokens.json"), "receivable_account": exact.RECEIVABLE}  # fmt: skip
    number = online.receivables[0]["InvoiceNumber"]
    assert nights(tmp_path, erp, f"Rechnung {number} Bakker Bouw") == [True, True]
    assert len(online.rows["financialtransaction/BankEntries"]) == 1
    assert online.receivables[0]["Status"] == 50

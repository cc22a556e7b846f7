"""Whole nights from one configuration file against Business Central and Exact Online (stand-ins): doctor, dry run,
sync, the same night again, what people do in the ERP meanwhile; and no secret in anything that is said."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from integrations.cli.main import app
from tests.integrations.erp.standins import business_central as bc
from tests.integrations.erp.standins import exact
from tests.integrations.erp.standins.business_central import BusinessCentralStandIn
from tests.integrations.erp.standins.exact import ExactStandIn
from tests.integrations.erp.standins.kit import Answer

ACCOUNT = "NL20INGB0001234567"
SALES = 20


def statement(*lines):
    body, total = [], Decimal(1000)
    for place, (amount, text) in enumerate(lines, start=1):
        body += [f":61:2611201120C{amount.replace('.', ',')}NTRFNONREF//B{place}", f":86:{text}"]
        total += Decimal(amount)
    head = [":20:STARTUMSE", f":25:{ACCOUNT}", ":28C:00001/001", ":60F:C261119EUR1000,00"]
    return "\n".join([*head, *body, f":62F:C261120EUR{str(total).replace('.', ',')}"]) + "\n"


class Night:
    """A company in a folder: its configuration, its statements, and the command line over them."""

    def __init__(self, folder, monkeypatch, erp, secrets):
        self.folder, self.secrets, self.said = Path(folder), list(secrets.values()), []
        (self.folder / "statements").mkdir()
        config = {
            "ledger": "sqlite:///ledger.db",
            "companies": [{"name": "acme", "erp": erp, "banks": [{"inbox": str(self.folder / "statements")}]}],
        }
        (self.folder / "lettrage.yaml").write_text(yaml.safe_dump(config))
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)

    def run(self, *arguments, status=0):
        result = CliRunner().invoke(app, [*arguments, "-c", str(self.folder / "lettrage.yaml")])
        self.said.append(f"{result.output}{result.exception!r}")
        assert result.exit_code == status, result.output
        return result.output

    def leaks(self, *more):
        files = [each.read_bytes() for each in self.folder.rglob("*") if each.is_file() and "tokens" not in each.name]
        text = "\n".join(self.said)
        return [secret for secret in (*self.secrets, *more)
                if secret in text or any(secret.encode() in content for content in files)]  # fmt: skip


pytestmark = pytest.mark.slow


@pytest.fixture
def central():
    server = BusinessCentralStandIn()
    server.bank["iban"] = ACCOUNT
    yield server
    server.close()


@pytest.fixture
def online():
    server = ExactStandIn()
    yield server
    server.close()


def refusing(server, path):
    """The server has no calls left for this address, all night long."""

    def busy(request):
        limit = Answer(429, {"error": {"code": "429", "message": "Too Many Requests"}}, {"Retry-After": "7200"})
        return limit if request.method == "POST" and request.path.endswith(path) else None

    server.faults.extend([busy] * 500)


def writes(server, path):
    return [each for each in server.requests if each.method == "POST" and each.path.endswith(path)]


def dry_run_then_push(night, server, path, *wanted):
    """What waits is shown with its amounts and nothing is sent; the push that follows sends just that, once."""
    refusing(server, path)
    night.run("sync", "--as-of", "2026-11-20", status=0)
    server.faults.clear()
    before = len(writes(server, path))
    shown = night.run("push", "--dry-run")
    assert night.run("push", "--dry-run") == shown
    assert len(writes(server, path)) == before
    for each in wanted:
        assert each in shown
    assert "posted 1, refused 0, unsure 0" in night.run("push")
    assert len(writes(server, path)) == before + 1
    night.run("verify")


def invoice(server, number, amount, customer):
    return server.add_document(number, Decimal(amount), customer, kind="Invoice", currency="EUR",
                               issued_on=date(2026, 10, 1), due_on=date(2026, 10, 31))  # fmt: skip


def settings_of(central):
    return {
        "kind": "business_central",
        "url": f"{central.url}/v2.0/{bc.TENANT}/{bc.ENVIRONMENT}",
        "token_url": f"{central.url}/{bc.TENANT}/oauth2/v2.0/token",
        "client_id": bc.CLIENT,
        "secret_variable": "BC_SECRET",
        "company": bc.COMPANY,
        "currency": "EUR",
        "journals": {ACCOUNT: bc.JOURNAL},
    }


def test_nights_against_business_central(central, tmp_path, monkeypatch):
    night = Night(tmp_path, monkeypatch, settings_of(central), {"BC_SECRET": bc.SECRET})
    central.add_customer("10000", "Bakker Bouw B.V.")
    paid, other = invoice(central, "RE-2026-0101", "100.00", "10000"), invoice(central, "RE-2026-0102", "250", "10000")
    for number in range(1, 6):
        central.cancel(invoice(central, f"RE-2026-000{number}", "10.00", "10000"))
    assert "failed" not in night.run("doctor")
    (tmp_path / "statements" / "first.sta").write_text(statement(("100.00", "RE-2026-0101 Bakker Bouw")))

    assert "posted 1, refused 0, unsure 0" in night.run("sync", "--as-of", "2026-11-20")
    (line,) = central.lines.values()
    assert (line["appliesToInvoiceNumber"], line["amount"]) == ("RE-2026-0101", Decimal("-100.00"))
    night.run("sync", "--as-of", "2026-11-20")
    assert len(central.lines) == 1
    assert "not confirmed yet" in night.run("history", "B1")

    central.post_journal(next(iter(central.journals)))
    night.run("sync", "--as-of", "2026-11-21")
    assert paid["status"] == "Paid"
    assert "1 open items" in night.run("sync", "--as-of", "2026-11-21")
    assert other["status"] == "Open"
    night.run("verify")
    assert night.leaks(*central.tokens) == []


def test_a_line_that_a_person_deletes_in_the_journal_comes_back_as_a_case(central, tmp_path, monkeypatch):
    night = Night(tmp_path, monkeypatch, settings_of(central), {"BC_SECRET": bc.SECRET})
    central.add_customer("10000", "Bakker Bouw B.V.")
    invoice(central, "RE-2026-0101", "100.00", "10000")
    (tmp_path / "statements" / "first.sta").write_text(statement(("100.00", "RE-2026-0101 Bakker Bouw")))
    night.run("sync", "--as-of", "2026-11-20")
    central.lines.clear()
    assert "somebody took it out" in night.run("push", status=1)
    assert "erp rejected" in night.run("cases").replace("_", " ")
    assert central.lines == {}
    night.run("verify")


def test_nights_against_exact_online(online, tmp_path, monkeypatch):
    erp = {
        "kind": "exact_online",
        "url": online.url,
        "division": exact.DIVISION,
        "client_id": exact.CLIENT,
        "secret_variable": "EXACT_SECRET",
        "refresh_token_variable": "EXACT_TOKEN",
        "token_file": str(tmp_path / "tokens.json"),
        "receivable_account": exact.RECEIVABLE,
    }
    night = Night(tmp_path, monkeypatch, erp, {"EXACT_SECRET": exact.SECRET, "EXACT_TOKEN": exact.FIRST_TOKEN})
    customer = online.add_account("Bakker Bouw B.V.", "NL91ABNA0417164300")
    for amount in ("100.00", "250.00", "75.50"):
        online.add_receivable(Decimal(amount), customer, kind=SALES, currency="EUR", issued_on=date(2026, 10, 1),
                              due_on=date(2026, 10, 31))  # fmt: skip
    number = online.receivables[0]["InvoiceNumber"]
    assert "failed" not in night.run("doctor")
    (tmp_path / "statements" / "first.sta").write_text(statement(("100.00", f"Rechnung {number} Bakker Bouw")))
    assert "posted 1, refused 0, unsure 0" in night.run("sync", "--as-of", "2026-11-20")
    assert online.receivables[0]["Status"] == 50
    night.run("sync", "--as-of", "2026-11-20")
    assert len(online.rows["financialtransaction/BankEntries"]) == 1
    assert "2 open items" in night.run("sync", "--as-of", "2026-11-21")
    night.run("verify")
    assert night.leaks(online.refresh_token, *online.access) == []
    assert len([each for each in online.requests if each.path.endswith("/token")]) == 1


def test_a_dry_run_against_business_central_shows_the_line_and_sends_nothing(central, tmp_path, monkeypatch):
    night = Night(tmp_path, monkeypatch, settings_of(central), {"BC_SECRET": bc.SECRET})
    central.add_customer("10000", "Bakker Bouw B.V.")
    invoice(central, "RE-2026-0101", "100.00", "10000")
    (tmp_path / "statements" / "first.sta").write_text(statement(("100.00", "RE-2026-0101 Bakker Bouw")))
    dry_run_then_push(night, central, "/customerPayments", "RE-2026-0101", "-100.00", bc.JOURNAL, "10000")
    (line,) = central.lines.values()
    assert (line["appliesToInvoiceNumber"], line["amount"]) == ("RE-2026-0101", Decimal("-100.00"))


def test_a_dry_run_against_exact_online_shows_the_entry_and_sends_nothing(online, tmp_path, monkeypatch):
    erp = {"kind": "exact_online", "url": online.url, "division": exact.DIVISION, "client_id": exact.CLIENT,
           "secret_variable": "EXACT_SECRET", "refresh_token_variable": "EXACT_TOKEN",
           "token_file": str(tmp_path / "tokens.json"), "receivable_account": exact.RECEIVABLE}  # fmt: skip
    night = Night(tmp_path, monkeypatch, erp, {"EXACT_SECRET": exact.SECRET, "EXACT_TOKEN": exact.FIRST_TOKEN})
    customer = online.add_account("Bakker Bouw B.V.", "NL91ABNA0417164300")
    online.add_receivable(Decimal("100.00"), customer, kind=SALES, currency="EUR", issued_on=date(2026, 10, 1),
                          due_on=date(2026, 10, 31))  # fmt: skip
    number = online.receivables[0]["InvoiceNumber"]
    (tmp_path / "statements" / "first.sta").write_text(statement(("100.00", f"Rechnung {number} Bakker Bouw")))
    dry_run_then_push(night, online, "/financialtransaction/BankEntries", str(number), "100.00", exact.RECEIVABLE)
    assert online.receivables[0]["Status"] == 50

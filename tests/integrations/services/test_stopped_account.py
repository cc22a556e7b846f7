"""A company says of an account: when this is found, stop. What then comes in, what does not, and what ends it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.chain import breaks
from integrations.config.settings import AccountSettings, BankSettings, CompanySettings
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger
from integrations.services.context import Run
from integrations.services.ingest import ImportReport, import_statements, settings_of
from integrations.services.match import match_payments
from integrations.services.open import flat_file_company

ACCOUNT = "NL20INGB0001234567"
MONDAY, TUESDAY = (
    f":20:S{day}\n:25:{ACCOUNT}\n:28C:{day}/1\n:60F:C26030{day}EUR{day}00,00\n:61:26030{day}030{day}C100,00NTRFNONREF//B{day}\n"
    f":86:greetings from a stranger\n:62F:C26030{day}EUR{day + 1}00,00\n-\n"
    for day in (1, 2)
)
WRONG_MONDAY = MONDAY.replace(":62F:C260301EUR200,00", ":62F:C260301EUR250,00")


class Office:
    """One company with one bank inbox, and what its account settings say about findings."""

    def __init__(self, folder: Path, **findings: str) -> None:
        self.inbox = folder / "statements"
        self.inbox.mkdir(exist_ok=True)
        plain = flat_file_company(folder, self.inbox, folder / "outbox")
        account = AccountSettings.model_validate({"findings": findings})
        bank = BankSettings(inbox=str(self.inbox), accounts={ACCOUNT: account})
        self.company: CompanySettings = plain.model_copy(update={"banks": (bank,)})
        self.ledger: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")

    def run(self) -> Run:
        now = datetime(2026, 3, 3, 4, tzinfo=UTC)
        return Run(as_of=now.date(), clock=lambda: now)

    def take(self, **files: str) -> ImportReport:
        for name, text in files.items():
            (self.inbox / f"{name}.sta").write_text(text)
        return import_statements(self.company, self.ledger, self.run())

    def broken(self) -> list[str]:
        return [one.message for one in breaks(self.ledger.statements(self.company.name), self.company)]


def test_a_file_with_a_finding_that_stops_stays_out_until_a_right_one_comes(tmp_path):
    office = Office(tmp_path, unbalanced_statement="stop")
    report = office.take(monday=WRONG_MONDAY)
    (file,), (told,) = report.files, report.quarantined
    assert (file.status, file.payments_new) == ("stopped", 0)
    for part in ("monday.sta", "50.00 EUR", "Ask the bank for the statement again", "keeps this account's files out"):
        assert part in told.message
    assert match_payments(office.company, office.ledger, office.run()).payments == 0
    assert office.take().files[0].status == "stopped", "it is looked at again with every run"
    report = office.take(monday=MONDAY)
    assert [one.status for one in report.files] == ["imported"]
    assert match_payments(office.company, office.ledger, office.run()).payments == 1


def test_the_next_file_does_not_join_what_is_known_so_that_the_night_is_blocked(tmp_path):
    office = Office(tmp_path, unbalanced_statement="stop")
    sunday = MONDAY.replace("2603010301", "2602270227").replace("260301", "260228").replace(":28C:1/1", ":28C:0/1")
    office.take(
        sunday=sunday.replace("100,00N", "50,00N").replace("EUR100,00", "EUR50,00").replace("EUR200,00", "EUR100,00")
    )
    office.take(monday=WRONG_MONDAY)
    assert office.broken() == []
    assert [one.status for one in office.take(tuesday=TUESDAY).files if one.name == "tuesday.sta"] == ["imported"]
    (message,) = office.broken()
    assert "100.00 EUR" in message
    office.take(monday=MONDAY)
    assert office.broken() == []


def test_what_only_the_statements_together_show_blocks_the_night_as_an_error(tmp_path):
    office = Office(tmp_path)
    gap = TUESDAY.replace(":28C:2/1", ":28C:3/1").replace("EUR200,00", "EUR150,00").replace("EUR300,00", "EUR250,00")
    office.take(monday=MONDAY, tuesday=gap)
    assert office.broken() == [], "numbers missing are a warning, if nobody has decided otherwise"
    strict = Office(tmp_path, sequence_gap="stop")
    assert len(strict.broken()) == 1


def test_a_finding_that_is_no_more_than_an_information_lets_the_file_in(tmp_path):
    office = Office(tmp_path, unbalanced_statement="info")
    assert [one.status for one in office.take(monday=WRONG_MONDAY).files] == ["imported"]
    assert office.broken() == []


@pytest.mark.parametrize("written", [ACCOUNT, "NL20 INGB 0001 2345 67", "0001234567", "nl20ingb0001234567"])
def test_the_account_is_known_however_its_statement_writes_it(written):
    configured = AccountSettings.model_validate({"also_written": ["0001234567"], "findings": {"sequence_gap": "stop"}})
    assert settings_of(written, {ACCOUNT: configured}) is configured
    assert settings_of("NL91ABNA0417164300", {ACCOUNT: configured}) == AccountSettings()

"""The command line reads a company's defs.yaml as Dagster does: the same folders, the same ledger."""

from pathlib import Path

import pytest

from dagster_project.components.company import CompanyAttributes, office_of
from integrations.config.load import LEDGER_IN_PROJECT, ONLY_DAGSTER, ConfigurationError, load_settings
from integrations.config.settings import CompanySettings, Settings

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "dagster_project" / "defs" / "halvemaan" / "defs.yaml"


def test_what_only_dagster_uses_is_known_by_name() -> None:
    ledger = {"ledger", "ledger_env"}
    assert ledger <= set(Settings.model_fields)
    assert set(CompanyAttributes.model_fields) - set(CompanySettings.model_fields) - ledger == ONLY_DAGSTER
    assert CompanyAttributes.model_fields["ledger"].default == LEDGER_IN_PROJECT


def test_both_mean_the_same_company() -> None:
    settings = load_settings(DEMO)
    attributes = CompanyAttributes.model_validate(
        {
            "name": "halvemaan",
            "ledger": "sqlite:///.demo/lettrage.db",
            "erp": {"kind": "flatfile", "inbox": ".demo/erp/inbox", "outbox": ".demo/erp/outbox"},
            "banks": [{"inbox": ".demo/bank", "archive": ".demo/bank-archive"}],
        }
    )
    office = office_of(attributes, ROOT)
    (company,) = settings.companies
    assert settings.ledger == office.ledger_url == f"sqlite:///{ROOT}/.demo/lettrage.db"
    assert (company.name, company.erp) == ("halvemaan", office.company.erp)
    assert [bank.inbox for bank in company.banks] == [bank.inbox for bank in office.company.banks]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ("{name: acme, erp: {kind: flatfile, inbox: in, outbox: out}, worklst: w}", "worklst"),
        ('{name: "{{ env.NAME }}", erp: {kind: flatfile, inbox: in, outbox: out}}', "only Dagster fills in"),
    ],
    ids=["a-typing-slip", "a-template"],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, attributes: str, words: str) -> None:
    path = tmp_path / "defs.yaml"
    path.write_text(f"type: dagster_project.components.Company\nattributes: {attributes}\n")
    with pytest.raises(ConfigurationError, match=words):
        load_settings(path)


def test_a_file_outside_of_a_project_takes_folders_from_its_own(tmp_path: Path) -> None:
    path = tmp_path / "defs.yaml"
    path.write_text("type: x.Company\nattributes: {name: acme, erp: {kind: flatfile, inbox: in, outbox: out}}\n")
    settings = load_settings(path)
    assert settings.ledger == f"sqlite:///{tmp_path}/.state/lettrage.db"

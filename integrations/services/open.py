"""Opens what services work on: the ledger a configuration names."""

from pathlib import Path

from integrations.config.load import secret
from integrations.config.settings import BankSettings, CompanySettings, Settings
from integrations.erp.flatfile.config import Settings as FlatFileSettings
from integrations.ledger import open_ledger
from integrations.ledger.port import Ledger


def ledger_of(settings: Settings) -> Ledger:
    """The ledger of a configuration. Raises SecretMissing and the ledger's own errors."""
    return open_ledger(secret(settings.ledger_env) if settings.ledger_env else settings.ledger)


def flat_file_company(inbox: Path, statements: Path, outbox: Path) -> CompanySettings:
    """The company of `lettrage sync --inbox --statements --outbox`: no configuration file, the careful policy."""
    return CompanySettings(
        name="company",
        title="",
        schedule=None,
        erp=FlatFileSettings(inbox=inbox, outbox=outbox),
        banks=(BankSettings(inbox=str(statements)),),
    )

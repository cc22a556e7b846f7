"""The one schema of a configuration file: companies with their banks, ERP, policy, people and schedule.

The same schema serves `lettrage sync --config FILE` and the Dagster components. Secrets never stand in it: a field
that needs one names an environment variable, resolved when it is used.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator

from integrations.config.people import Rights
from integrations.config.policy import PolicySettings, careful_policy
from integrations.erp import registry
from matching.model.bank_statement import Severity

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
# Places where a file can be seen while it is still being sent; in an object store it appears whole.
_WRITTEN_SLOWLY = {"sftp", "ssh", "ftp", "smb"}


class AccountSettings(BaseModel):
    """What is special about one of our bank accounts."""

    model_config = _STRICT

    currency: str | None = Field(None, description="the account's currency, where its statements do not say")
    dialect: str | None = Field(None, description="the MT940 dialect, where recognising it from content goes wrong")
    also_written: tuple[str, ...] = Field((), description="other ways in which statements write this account")
    findings: dict[str, Severity | Literal["stop"]] = Field(
        default_factory=dict,
        description="finding code -> severity; `stop` keeps the account's file out until looked at",
    )


class BankSettings(BaseModel):
    """A place where statement files of this company arrive."""

    model_config = _STRICT

    inbox: str = Field(description="folder, or any address that fsspec knows (sftp://, s3://, ...)")
    archive: str | None = Field(None, description="where a file goes, named by its hash, once it is in the ledger")
    options: dict[str, str | int | bool] = Field(
        default_factory=dict, description="options of the address that are no secrets: endpoint_url, known_hosts, ..."
    )
    options_env: dict[str, str] = Field(
        default_factory=dict, description="option of the address -> environment variable that holds it"
    )
    settle_seconds: int | None = Field(
        None, ge=0, description="a younger file may be half written and waits; default 60 for SFTP, FTP, SMB, else 0"
    )
    second_opinion_up_to: int = Field(5000, ge=0, description="files with more entries are read once only")
    accounts: dict[str, AccountSettings] = Field(default_factory=dict, description="by account number")

    @field_validator("inbox", "archive")
    @classmethod
    def _no_password_in_it(cls, value: str | None) -> str | None:
        # The message is written by hand: pydantic's own would repeat the address with the password.
        if value and "://" in value and urlsplit(value).password:
            kind = value.partition("://")[0]
            message = f"a {kind} address must not hold a password; name its variable in options_env: {{password: ...}}"
            raise ValueError(message)
        return value

    @property
    def settles_after(self) -> int:
        """Seconds that a file must have been lying there unchanged before it is read."""
        if self.settle_seconds is not None:
            return self.settle_seconds
        return 60 if self.inbox.partition("://")[0] in _WRITTEN_SLOWLY else 0

    def account_names(self) -> dict[str, str]:
        """Every other way of writing an account, and the account it is."""
        return {other: account for account, one in self.accounts.items() for other in one.also_written}


class AlertSettings(BaseModel):
    """Whom to tell when a night fails or a statement is missing."""

    model_config = _STRICT

    webhook_env: str | None = Field(None, description="environment variable with the address to post to")
    email_to: tuple[str, ...] = ()
    email_from: str = "lettrage@localhost"
    smtp_env: str | None = Field(None, description="environment variable with smtp://user:password@host:port")


class RetentionSettings(BaseModel):
    """How long raw files and personal data of settled payments are kept."""

    model_config = _STRICT

    raw_files_days: int | None = Field(None, ge=30)
    personal_data_days: int | None = Field(None, ge=30)


class CompanySettings(BaseModel):
    """One company: its ERP, its bank inboxes, and how it wants its payments matched."""

    model_config = _STRICT

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$", description="short, lower case; part of every key")
    title: str = ""
    timezone: str = "Europe/Amsterdam"
    schedule: str | None = Field("0 3 * * *", description="cron in the company's time zone; null = only by hand")
    erp: SerializeAsAny[BaseModel]
    banks: tuple[BankSettings, ...] = ()
    policy: PolicySettings = Field(default_factory=careful_policy)
    rights: Rights = Field(default_factory=Rights)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    unapplied_cash_warning: dict[str, Decimal] = Field(default_factory=dict)
    oldest_case_warning_days: int = Field(7, ge=1)

    @field_validator("erp", mode="before")
    @classmethod
    def _erp_of_its_kind(cls, value: Any) -> BaseModel:
        if isinstance(value, BaseModel):
            return value
        kinds = registry.kinds()
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind not in kinds:
            message = f"kind {kind!r} is no ERP that Lettrage connects to; choose one of {', '.join(sorted(kinds))}"
            raise ValueError(message)
        return kinds[kind].settings.model_validate(value)

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            message = f"{value!r} is no time zone; write one such as Europe/Amsterdam"
            raise ValueError(message) from None
        return value


class Settings(BaseModel):
    """A whole configuration file."""

    model_config = _STRICT

    ledger: str = Field("sqlite:///lettrage.db", description="database address; a relative file is beside this file")
    ledger_env: str | None = Field(None, description="environment variable with the address, where it holds a password")
    companies: tuple[CompanySettings, ...] = Field(min_length=1)

    def company(self, name: str) -> CompanySettings:
        """The company of that name. Raises KeyError with a sentence."""
        for company in self.companies:
            if company.name == name:
                return company
        known = ", ".join(company.name for company in self.companies)
        message = f"no company {name!r} in the configuration; there are: {known}"
        raise KeyError(message)


def beside(folder: Path, address: str) -> str:
    """A relative folder as seen from the configuration file; addresses with a protocol stay as they are.

    >>> beside(Path("/etc/lettrage"), "inbox")
    '/etc/lettrage/inbox'
    >>> beside(Path("/etc/lettrage"), "sftp://bank/out")
    'sftp://bank/out'
    """
    return address if "://" in address else str(folder / address)

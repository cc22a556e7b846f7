"""Settings of a Tryton company."""

from typing import Literal

from pydantic import Field, HttpUrl

from integrations.erp.settings import ErpSettings, SecretName


class Settings(ErpSettings):
    """Where the Tryton is, who we are there, and which journals and accounts to book on."""

    kind: Literal["tryton"] = "tryton"
    url: HttpUrl = Field(description="Address of the Tryton server, e.g. https://erp.acme.example:8000.")
    database: str = Field(description="Name of the database; it is part of every address.")
    login: str = Field(description="Login of our user.")
    password_variable: SecretName = Field(description="Name of the environment variable with our user's password.")
    company_id: int | None = Field(default=None, description="Tryton's id of the company; default: our user's company.")
    journals: dict[str, str] = Field(
        default_factory=dict,
        description="Our bank account (IBAN) to the name of its statement journal. "
        "Default: the statement journal whose bank account has the number.",
    )
    discount_account: str | None = Field(default=None, description="Account code for early-payment discounts.")
    write_off_accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Reason of a write-off (tolerance, bank_charges, ...) to an account code; `default` for others.",
    )
    overlap_minutes: int = Field(default=10, ge=1, description="How far a pull goes back behind the last one.")

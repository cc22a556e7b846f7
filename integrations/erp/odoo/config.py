"""Settings of an Odoo company."""

from typing import Any, Literal

from pydantic import Field, HttpUrl

from integrations.erp.settings import ErpSettings, SecretName


class Settings(ErpSettings):
    """Where the Odoo is, who we are there, and which journals and accounts to book on.

    Accounts are given by their code, journals by their short code. What is left out is taken from Odoo itself: the
    journal by the bank account's number, the accounts from the company's own settings.
    """

    kind: Literal["odoo"] = "odoo"
    url: HttpUrl = Field(description="Address of the Odoo server, e.g. https://acme.odoo.com.")
    database: str = Field(description="Name of the database.")
    login: str = Field(default="", description="Login of our user; not needed for JSON-2 (Odoo 19).")
    key_variable: SecretName = Field(description="Name of the environment variable with our user's API key.")
    transport: Literal["auto", "jsonrpc", "json2"] = Field(
        default="auto", description="auto: JSON-2 from Odoo 19 on, JSON-RPC before."
    )
    company_id: int | None = Field(default=None, description="Odoo's id of the company; default: our user's company.")
    journals: dict[str, str] = Field(
        default_factory=dict, description="Our bank account (IBAN) to the short code of its bank journal."
    )
    discount_account: str | None = Field(
        default=None, description="Account code for early-payment discounts; default: the company's own setting."
    )
    write_off_accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Reason of a write-off (tolerance, bank_charges, ...) to an account code; `default` for others.",
    )
    reference_fields: tuple[str, ...] = Field(
        default=("ref", "invoice_origin"),
        description="Fields of the invoice that hold numbers a payer may quote: purchase order, our order.",
    )
    item_filter: list[Any] = Field(
        default_factory=list, description="Odoo domain that receivable lines must meet in addition."
    )
    overlap_minutes: int = Field(default=10, ge=1, description="How far a pull goes back behind the last one.")

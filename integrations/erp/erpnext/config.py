"""Settings of an ERPNext company."""

from typing import Any, Literal

from pydantic import Field, HttpUrl

from integrations.erp.settings import ErpSettings, SecretName


class Settings(ErpSettings):
    """Where the ERPNext is, who we are there, and which accounts to book on (full account names, with the suffix)."""

    kind: Literal["erpnext"] = "erpnext"
    url: HttpUrl = Field(description="Address of the site, e.g. https://acme.erpnext.com.")
    company: str = Field(description="Name of the company in ERPNext.")
    key_variable: SecretName = Field(description="Name of the environment variable with our user's API key.")
    secret_variable: SecretName = Field(description="Name of the environment variable with our user's API secret.")
    bank_accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Our bank account (IBAN) to its ledger account, e.g. '1800 - Bank - A'. "
        "Default: the Bank Account records of the company.",
    )
    mode_of_payment: str = Field(default="", description="Mode of Payment on the entries; empty: none.")
    discount_account: str | None = Field(default=None, description="Ledger account for early-payment discounts.")
    write_off_accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Reason of a write-off (tolerance, bank_charges, ...) to a ledger account; `default` for others.",
    )
    cost_center: str = Field(default="", description="Cost center of deductions; default: the company's own.")
    key_field: str = Field(
        default="",
        description="Unique custom field on Payment Entry that holds the posting key, e.g. lettrage_key. "
        "Recommended: with it ERPNext itself refuses a second entry. Without it the key is in reference_no only.",
    )
    bank_transactions: bool = Field(
        default=False,
        description="Also make a Bank Transaction for each payment and reconcile it with the entries. Only where no "
        "other import brings the bank's lines into ERPNext.",
    )
    reference_fields: tuple[str, ...] = Field(
        default=("po_no",), description="Fields of the invoice that hold numbers a payer may quote."
    )
    item_filter: list[Any] = Field(
        default_factory=list, description="Further filters on Sales Invoice, in Frappe's list form."
    )
    overlap_minutes: int = Field(
        default=75,
        ge=1,
        description="How far a pull goes back behind the last one. ERPNext's moments are local time, so more than the "
        "hour that is lived twice in autumn.",
    )

"""Settings of an Exact Online division."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, model_validator

from integrations.erp.settings import ErpSettings, SecretName


class Settings(ErpSettings):
    """Which division, who we are there, and which journals and accounts to book on (codes, as Exact shows them)."""

    kind: Literal["exact_online"] = "exact_online"
    url: HttpUrl = Field(
        default=HttpUrl("https://start.exactonline.nl"),
        description="Exact's address in your country: https://start.exactonline.nl, .be, .de, .fr, .co.uk ...",
    )
    division: int = Field(description="Number of the division (administration); the number in its web address.")
    client_id: str = Field(description="Client id of the app registered in the Exact App Center.")
    secret_variable: SecretName = Field(description="Name of the environment variable with the app's client secret.")
    refresh_token_variable: SecretName = Field(
        description="Name of the environment variable with the refresh token of the authorisation by a person. Used "
        "once; a new value there replaces the token file."
    )
    token_file: Path = Field(
        description="Where the current tokens are kept, readable for this user only. Every renewal uses the old "
        "token up, so the file must survive restarts; one file per app and user, shared by all processes."
    )
    book_in: Literal["bank", "general"] = Field(
        default="bank",
        description="bank: entries in the bank's journal, for companies that import no statements into Exact. general: "
        "entries in a general journal against clearing_account, where Exact's own bank link books the bank.",
    )
    journals: dict[str, str] = Field(
        default_factory=dict,
        description="Our bank account (IBAN) to the code of its journal. Default for book_in: bank: the bank journal "
        "with that IBAN.",
    )
    clearing_account: str = Field(default="", description="G/L account that stands for the bank with book_in: general.")
    receivable_account: str = Field(
        default="",
        description="G/L account of receivables for money on account; default: that of the customer's items.",
    )
    discount_account: str | None = Field(default=None, description="G/L account for early-payment discounts.")
    write_off_accounts: dict[str, str] = Field(
        default_factory=dict,
        description="Reason of a write-off (tolerance, bank_charges, ...) to a G/L account; `default` for others.",
    )
    receipt_sign: Literal["positive", "negative"] = Field(
        default="positive",
        description="Sign of money received in the lines of a bank entry. Exact's reference does not say; prove it "
        "with one entry in a test division.",
    )
    reference_fields: tuple[str, ...] = Field(
        default=("YourRef", "OrderNumber", "EntryNumber"),
        description="Fields of the receivable that hold numbers a payer may quote.",
    )

    @model_validator(mode="after")
    def _something_to_book_against(self) -> Self:
        if self.book_in == "general" and not (self.clearing_account and self.journals):
            message = "book_in: general needs clearing_account, and journals with the general journal's code"
            raise ValueError(message)
        return self

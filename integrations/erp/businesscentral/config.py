"""Settings of a Business Central company."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from integrations.erp.settings import ErpSettings, SecretName

# What a page over the customer ledger (table 21) is expected to call its fields.
LEDGER_FIELDS = {
    "entry": "entryNumber",
    "type": "documentType",
    "number": "documentNumber",
    "external_number": "externalDocumentNumber",
    "description": "description",
    "customer": "customerNumber",
    "posted_on": "postingDate",
    "issued_on": "documentDate",
    "due_on": "dueDate",
    "currency": "currencyCode",
    "original": "amount",
    "remaining": "remainingAmount",
    "open": "open",
    "discount_until": "paymentDiscountDate",
    "discount": "remainingPaymentDiscount",
    "payment_reference": "paymentReference",
    "dispute": "disputeStatus",
    "reversed": "reversed",
    "modified": "lastModifiedDateTime",
}


class LedgerPage(BaseModel):
    """An API page of the customer's own over the customer ledger entries, which the standard API does not offer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        pattern=r"^[A-Za-z0-9_]+/[A-Za-z0-9_]+/(v\d+\.\d+|beta)/[A-Za-z0-9_]+$",
        description="publisher/group/version/entity set, e.g. acme/cash/v1.0/customerLedgerEntries.",
    )
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="Our name of a field to the page's; empty where the page has none. Defaults: see the page in docs.",
    )

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        unknown = sorted(set(self.fields) - set(LEDGER_FIELDS))
        if unknown:
            message = f"ledger_page.fields has {', '.join(unknown)}; known are {', '.join(LEDGER_FIELDS)}"
            raise ValueError(message)
        return self

    def field(self, name: str) -> str:
        """What the page calls one of our fields; empty where it has none."""
        return self.fields.get(name, LEDGER_FIELDS[name])


class Settings(ErpSettings):
    """Where the Business Central is, who we are there, and which journals to book in."""

    kind: Literal["business_central"] = "business_central"
    url: HttpUrl = Field(
        description="Address of the environment, without /api: "
        "https://api.businesscentral.dynamics.com/v2.0/<tenant id>/<environment>."
    )
    token_url: HttpUrl = Field(
        description="Where tokens are asked for: https://login.microsoftonline.com/<tenant id>/oauth2/v2.0/token."
    )
    client_id: str = Field(description="Application (client) id of the Entra application.")
    secret_variable: SecretName = Field(description="Name of the environment variable with the client secret.")
    scope: str = Field(
        default="https://api.businesscentral.dynamics.com/.default", description="Scope of the token; rarely changed."
    )
    company: str = Field(description="Name of the company, as the companies endpoint shows it.")
    currency: str = Field(
        pattern=r"^[A-Z]{3}$",
        description="The company's own currency. Payment lines of the API carry none, so only this one is posted.",
    )
    journals: dict[str, str] = Field(
        default_factory=dict,
        description="Our bank account (IBAN) to the code of its customer payment journal. The journal's balancing "
        "account is where the cash is booked. Best a journal that nobody else uses.",
    )
    post_journal: bool = Field(
        default=False,
        description="Post the journal after each payment. The API posts all lines of a journal at once, so nothing "
        "is posted while other lines stand in it. False: lines stand unposted until a person or a job posts them.",
    )
    document_number: Literal["key", "series"] = Field(
        default="key",
        description="key: the posting key is the document number, by which posted entries are found again (the journal "
        "has no number series). series: the journal numbers itself; needs ledger_page.",
    )
    not_allocatable: Literal["on_account", "refuse"] = Field(
        default="on_account",
        description="What the API cannot apply (discounts, write-offs, credit notes): book the cash on account "
        "with the document numbers as text, or refuse the posting.",
    )
    ledger_page: LedgerPage | None = Field(
        default=None,
        description="Own API page over the customer ledger: all open items with credit notes and discounts.",
    )
    bank_account_page: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_]+/[A-Za-z0-9_]+/(v\d+\.\d+|beta)/[A-Za-z0-9_]+)?$",
        description="Own API page over customers' bank accounts, with customerNumber and iban; empty: none are known.",
    )
    dispute_status: str = Field(
        default="", description="Code of the dispute status that marks an invoice in dispute; empty: no mark is set."
    )
    pull: Literal["auto", "complete", "changes"] = Field(
        default="auto",
        description="complete: all open documents each time; changes: by lastModifiedDateTime. auto: changes with "
        "ledger_page, else complete, because an invoice's own date need not move when it is paid in part.",
    )
    page_rows: int = Field(default=5_000, ge=1, le=20_000, description="Rows per answer; the service allows 20,000.")
    overlap_minutes: int = Field(default=10, ge=1, description="How far a pull goes back behind the last one.")
    reference_fields: tuple[str, ...] = Field(
        default=("externalDocumentNumber", "customerPurchaseOrderReference", "orderNumber"),
        description="Fields of the sales invoice that hold numbers a payer may quote.",
    )

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if self.document_number == "series" and self.ledger_page is None:
            message = "document_number: series needs ledger_page; without it a posted payment is not found again"
            raise ValueError(message)
        return self

    @property
    def pulls_changes(self) -> bool:
        """Whether a pull since a cursor asks for changes only."""
        return self.pull == "changes" or (self.pull == "auto" and self.ledger_page is not None)

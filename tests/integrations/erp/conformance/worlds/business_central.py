"""Business Central as a stand-in: lines left to a person, lines posted by the service, and a custom ledger page."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from integrations.erp.businesscentral.config import LedgerPage, Settings
from integrations.erp.businesscentral.connector import BusinessCentralConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.business_central import (
    BANK_ACCOUNT,
    CLIENT,
    COMPANY,
    ENVIRONMENT,
    JOURNAL,
    LEDGER_PAGE,
    SECRET,
    TENANT,
    BusinessCentralStandIn,
)
from tests.integrations.erp.standins.kit import Struck, no_sleep


class JournalWorld:
    """Lines stand unposted: what the books will say is what is posted and what stands in the journal."""

    name = "business-central-journal"
    stride = 3
    stride_lost = 5
    account = "DE02120300000000202051"
    not_applicable: ClassVar = {}
    more: ClassVar = {}

    def __init__(self, folder):
        self.server = BusinessCentralStandIn()
        self.count = 10_000
        self.settings = Settings(
            url=f"{self.server.url}/v2.0/{TENANT}/{ENVIRONMENT}",
            token_url=f"{self.server.url}/{TENANT}/oauth2/v2.0/token",
            client_id=CLIENT,
            secret_variable="BC_SECRET",
            company=COMPANY,
            currency="EUR",
            journals={self.account: JOURNAL},
            dispute_status="DISPUTE",
            **self.more,
        )

    def connector(self, interrupt=None):
        secret = Secret(SECRET, name="BC_SECRET")
        return BusinessCentralConnector(self.settings, secret, transport=Struck(interrupt), sleep=no_sleep)

    def add_customer(self, name, *, iban=""):
        self.count += 10
        self.server.add_customer(str(self.count), name)
        return str(self.count)

    def add_item(
        self,
        number,
        amount,
        *,
        customer_id,
        kind="invoice",
        currency="EUR",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        discount=None,
    ):
        self.count += 1
        document = self.server.add_document(
            f"{number}-{self.count}", to_decimal(amount, currency), customer_id,
            kind="Invoice" if kind == "invoice" else "Credit Memo", currency=currency, issued_on=issued_on,
            due_on=due_on, discount=(discount[0], to_decimal(discount[1], currency)) if discount else None,
        )  # fmt: skip
        return self._item_id(document)

    def _item_id(self, document):
        kind = "invoice" if document["entry"]["documentType"] == "Invoice" else "credit_memo"
        return f"{kind}:{document['id']}"

    def _document(self, item_id):
        return next(each for each in self.server.documents.values() if self._item_id(each) == item_id)

    def number_of(self, item_id):
        return self._document(item_id)["number"]

    def _waiting(self, number=None):
        lines = self.server.lines.values()
        return sum((-Decimal(line["amount"]) for line in lines
                    if number is None or line["appliesToInvoiceNumber"] == number), Decimal(0))  # fmt: skip

    def open_amount(self, item_id):
        document = self._document(item_id)
        return to_minor(document["entry"]["remainingAmount"] - self._waiting(document["number"]), "EUR")

    def cash_booked(self):
        booked = (row["debitAmount"] - row["creditAmount"] for row in self.server.ledger
                  if row["accountNumber"] == BANK_ACCOUNT)  # fmt: skip
        return to_minor(sum(booked, Decimal(0)) + self._waiting(), "EUR")

    def pay_outside(self, item_id, amount):
        self.server.apply(self._document(item_id), to_decimal(amount, "EUR"))

    def cancel_outside(self, item_id):
        self.server.cancel(self._document(item_id))

    pulls_currencies = True

    def small_pages(self, rows):
        self.settings = self.settings.model_copy(update={"page_rows": rows})

    def edit_outside(self, key):
        """In the journal while the lines stand there; what is posted cannot be edited, only booked against."""
        for line in self.server.lines.values():
            if line["externalDocumentNumber"] == key:
                line["amount"] += 1
        for row in self.server.ledger:
            if row["documentNumber"] == key or row["description"].startswith("1/1"):
                row["description"] = row["description"].replace("100.00", "99.00")
        for entry in self.server.entries.values():
            if entry["externalDocumentNumber"] == key:
                entry["amount"] += 1

    def confirm_outside(self, key):
        self.server.post_journal(next(iter(self.server.journals)))

    def lock_until(self, day):
        self.server.setup["allowPostingFrom"] = day + timedelta(days=1)

    def close(self):
        self.server.close()


ONE_WRITER: dict[str, str] = {
    "two_workers_with_one_posting_have_one_effect": "the journal refuses a line twice only until it is posted, so with "
    "post_journal one writer at a time is the rule"
}


class PostedWorld(JournalWorld):
    """The service posts the journal after each payment."""

    name = "business-central-posted"
    stride = 1
    stride_lost = 3
    more: ClassVar = {"post_journal": True, "pull": "changes"}
    not_applicable: ClassVar = {
        **ONE_WRITER,
        "an_item_paid_elsewhere_is_noticed": "an invoice's own date does not move when it is paid in part, so "
        "pulls are complete unless a ledger page is there",
    }


class LedgerPageWorld(JournalWorld):
    """A page of the customer's own over the ledger entries; the journal numbers its documents itself."""

    name = "business-central-ledger-page"
    stride = 5
    not_applicable: ClassVar = ONE_WRITER
    more: ClassVar = {
        "post_journal": True,
        "ledger_page": LedgerPage(path=LEDGER_PAGE),
        "document_number": "series",
        "page_rows": 2,
    }

    def _item_id(self, document):
        kind = "invoice" if document["entry"]["documentType"] == "Invoice" else "credit_memo"
        return f"{kind}:{document['entry']['entryNumber']}"


WORLDS = [JournalWorld, LedgerPageWorld, PostedWorld]

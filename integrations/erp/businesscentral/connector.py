"""Business Central as a connector: the parts put together, the plan, and the check of rights and mapping."""

from collections.abc import Callable, Mapping

import httpx

from integrations.erp.businesscentral.client import SETTLE_SECONDS, BusinessCentralClient
from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.lines import booking_of, values_of
from integrations.erp.businesscentral.notes import put_note
from integrations.erp.businesscentral.post import BusinessCentralPoster
from integrations.erp.businesscentral.read import BusinessCentralReader
from integrations.erp.businesscentral.receivables import missing_fields
from integrations.erp.converge import assert_whole
from integrations.erp.errors import ConfigError
from integrations.erp.http import Exchange
from integrations.erp.protocol import Capabilities, Note, NoteRef, NoteTarget, PlanStep, PostingPlan
from integrations.erp.remote import Look, RemoteConnector, journal_of
from integrations.erp.settings import ErpSettings, Secret, resolve_secret
from matching.model.money import to_decimal
from matching.model.posting import Posting


class BusinessCentralConnector(RemoteConnector):
    """One company in one environment."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._client = BusinessCentralClient(settings, secret, transport=transport, log=log, sleep=sleep)
        self._reader = BusinessCentralReader(settings, self._client)
        super().__init__(self._client, self._reader, BusinessCentralPoster(settings, self._client, self._reader))

    @property
    def capabilities(self) -> Capabilities:
        """What the standard API does; a custom ledger page lets more be read, not more be booked."""
        ledger = self._settings.ledger_page is not None
        return Capabilities(
            push="journal",
            multi_invoice=True,
            partial=True,
            discount=False,
            write_off=False,
            on_account=True,
            credit_notes=False,
            cross_customer=True,
            foreign_currency=False,
            outgoing=False,
            unallocate=not self._settings.post_journal,
            idempotency="search",
            stepwise=True,
            asynchronous=not self._settings.post_journal,
            notes_on_item=True,
            notes_on_customer=True,
            dispute_flag=bool(self._settings.dispute_status),
            dunning_block=False,
            settled_detection="delta" if self._settings.pulls_changes else "snapshot",
            customer_bank_accounts=bool(self._settings.bank_account_page),
            discount_terms=ledger,
            structured_reference=ledger,
            key_length=20,
            remembers_reversals=False,
            parallel=1,
            settle_seconds=SETTLE_SECONDS,
        )

    def plan(self, posting: Posting) -> PostingPlan:
        """The journal lines, and the posting of the journal where it is wanted. Raises Unsupported, ConfigError."""
        assert_whole(posting)
        booking = booking_of(posting, self._settings)
        code = journal_of(posting.account, self._settings.journals)
        steps = [
            PlanStep(
                name=f"line {line.number} of {line.count}",
                summary=f"{to_decimal(line.amount, posting.currency)} {posting.currency} from {line.customer_id} on "
                f"{posting.booking_date} for {line.applies_to or 'the account'}",
                target=f"customerPaymentJournals({code})/customerPayments",
                content={
                    name: str(value) if name == "amount" else value
                    for name, value in values_of(line, posting, self._settings).items()
                },
            )
            for line in booking.lines
        ]
        if self._settings.post_journal:
            summary = f"post journal {code}, if nothing but this posting stands in it"
            target = f"journals({code})/Microsoft.NAV.post"
            steps.append(PlanStep(name="post", summary=summary, target=target, content={}))
        return PostingPlan(
            posting=posting,
            route="on_account" if booking.degraded else "allocate",
            steps=tuple(steps),
            degraded=booking.degraded,
        )

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """A text file attached to the invoice or the customer, and the invoice's dispute status."""
        return put_note(self._settings, self._client, self._reader, target, note)

    # -- the check's looks -----------------------------------------------------------------------------------------

    def looks(self) -> tuple[Look, ...]:
        """Sign-in and company, rights, currency, journals, the posting range, and the pages of the customer's own."""
        found = [
            Look(name="company", at=self._look_at_company),
            Look(name="rights", at=self._look_at_rights),
            Look(name="currency", at=self._look_at_currency),
            Look(name="journals", at=self._look_at_journals),
            Look(name="journal names", at=self._look_at_journal_names, otherwise="warning"),
            Look(name="posting range", at=self._look_at_range),
        ]
        if self._settings.ledger_page is not None:
            found.append(Look(name="ledger page", at=self._look_at_ledger_page))
        else:
            found.append(Look(name="open items", at=self._look_at_documents, otherwise="warning"))
        return tuple(found)

    def _look_at_company(self) -> str:
        return f"company {self._settings.company} is {self._client.company_id}"

    def _look_at_rights(self) -> str:
        for entities in ("salesInvoices", "salesCreditMemos", "customers", "generalLedgerEntries", "bankAccounts"):
            next(iter(self._client.rows(entities, select="id", top="1")), None)
        return "our application may read documents, customers, bank accounts and the general ledger"

    def _look_at_currency(self) -> str:
        theirs = str(self._reader.setup.get("localCurrencyCode") or "")
        if theirs != self._settings.currency:
            message = f"the company's currency is {theirs or 'not told'}, the settings say {self._settings.currency}"
            raise ConfigError(message)
        return f"the company keeps its books in {theirs}"

    def _look_at_journals(self) -> str:
        if not self._settings.journals:
            message = "no journal is mapped; name one for each bank account under journals"
            raise ConfigError(message)
        for code in self._settings.journals.values():
            self._reader.journal(code)
        return f"payments on {', '.join(self._settings.journals)} have a journal with a balancing account"

    def _look_at_journal_names(self) -> str:
        counted = [code for code in self._settings.journals.values() if code[-1:].isdigit()]
        if counted:
            message = (
                f"journal {', '.join(counted)} ends with a digit: Business Central may count it up when it is posted, "
                "and the mapping would be lost; name it without one, or clear Increment Batch Name on the template"
            )
            raise ConfigError(message)
        return "no journal is renamed when it is posted"

    def _look_at_range(self) -> str:
        first, last = self._reader.posting_range()
        limits = [f"from {first}" if first else "", f"up to {last}" if last else ""]
        return (
            f"posting is allowed {' '.join(filter(None, limits))}" if any(limits) else "posting dates are not limited"
        )

    def _look_at_ledger_page(self) -> str:
        page = self._settings.ledger_page
        assert page is not None
        api, _, entities = page.path.rpartition("/")
        row = next(iter(self._client.rows(entities, api=api, top="1")), None)
        missing = missing_fields(page, row) if row is not None else []
        if missing:
            message = f"the page {page.path} lacks {', '.join(missing)}; map them under ledger_page.fields"
            raise ConfigError(message)
        return f"the page {page.path} shows the customer ledger"

    def _look_at_documents(self) -> str:
        message = (
            "without ledger_page only sales documents are seen: no opening balances, no money on account, "
            "no discounts, and credit memos that were used in part still show their whole amount"
        )
        raise ConfigError(message)


def connect(settings: ErpSettings, env: Mapping[str, str]) -> BusinessCentralConnector:
    """The connector for these settings. Raises ConfigError when the secret's variable is not set."""
    assert isinstance(settings, Settings)
    return BusinessCentralConnector(settings, resolve_secret(settings.secret_variable, env))

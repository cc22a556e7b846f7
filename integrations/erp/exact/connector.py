"""Exact Online as a connector: the parts put together, the plan, and the check of rights and mapping."""

from collections.abc import Callable, Mapping

import httpx

from integrations.erp.converge import assert_whole
from integrations.erp.errors import ConfigError, Unsupported
from integrations.erp.exact.client import SETTLE_SECONDS, ExactClient
from integrations.erp.exact.config import Settings
from integrations.erp.exact.lines import lines_of, not_matched_by_exact, values_of
from integrations.erp.exact.notes import put_note
from integrations.erp.exact.post import BOOKS, ExactPoster
from integrations.erp.exact.read import RECEIVABLES, ExactReader
from integrations.erp.http import Exchange
from integrations.erp.protocol import Capabilities, Note, NoteRef, NoteTarget, PlanStep, PostingPlan
from integrations.erp.remote import Look, RemoteConnector
from integrations.erp.settings import ErpSettings, Secret, resolve_secret
from matching.model.money import to_decimal
from matching.model.posting import Posting


class ExactConnector(RemoteConnector):
    """One division."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret,
        first_token: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._client = ExactClient(settings, secret, first_token, transport=transport, log=log, sleep=sleep)
        self._reader = ExactReader(settings, self._client)
        super().__init__(self._client, self._reader, ExactPoster(settings, self._client, self._reader))

    @property
    def capabilities(self) -> Capabilities:
        """What the REST API does; it matches nothing, so a part payment never settles its item by itself."""
        return Capabilities(
            push="bank_line" if self._settings.book_in == "bank" else "journal",
            multi_invoice=True,
            partial=False,
            discount=self._settings.discount_account is not None,
            write_off=bool(self._settings.write_off_accounts),
            on_account=True,
            credit_notes=True,
            cross_customer=True,
            foreign_currency=True,
            outgoing=False,
            unallocate=True,
            idempotency="search",
            stepwise=False,
            asynchronous=False,
            notes_on_item=False,
            notes_on_customer=True,
            dispute_flag=False,
            dunning_block=False,
            settled_detection="snapshot",
            customer_bank_accounts=True,
            discount_terms=True,
            structured_reference=True,
            key_length=16,
            remembers_reversals=False,
            parallel=1,
            settle_seconds=SETTLE_SECONDS,
        )

    def plan(self, posting: Posting) -> PostingPlan:
        """The entry with its lines. Raises Unsupported, ConfigError."""
        assert_whole(posting)
        if posting.amount <= 0:
            message = "Exact Online takes receipts through this connector; refunds and pure netting are booked by hand"
            raise Unsupported(message, capability="outgoing")
        lines = lines_of(posting, self._settings)
        degraded = not_matched_by_exact(posting)
        amount = to_decimal(posting.amount - posting.unallocated, posting.currency)
        shown = []
        for line in lines:
            account = line.gl_code or self._settings.receivable_account or "<receivables account of the item>"
            values = values_of(line, posting, self._settings, account, len(lines))
            shown.append({**values, "AmountFC": str(values["AmountFC"])})
        journal = self._settings.journals.get(posting.account) or f"<journal of {posting.account}>"
        step = PlanStep(
            name="entry",
            summary=f"entry of {amount} {posting.currency} on {posting.booking_date} in journal {journal}",
            target=BOOKS[self._settings.book_in].entries,
            content={"JournalCode": journal, "Currency": posting.currency, "lines": tuple(shown)},
        )
        return PostingPlan(
            posting=posting, route="on_account" if degraded else "allocate", steps=(step,), degraded=degraded
        )

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """A communication note on the customer."""
        return put_note(self._client, self._reader, target, note)

    # -- the check's looks -----------------------------------------------------------------------------------------

    def looks(self) -> tuple[Look, ...]:
        """Sign-in, rights, journals, accounts, and what nobody but a person can prove."""
        return (
            Look(name="sign-in", at=self._look_at_sign_in),
            Look(name="rights", at=self._look_at_rights),
            Look(name="journals", at=self._look_at_journals),
            Look(name="accounts", at=self._look_at_accounts),
            Look(name="on account", at=self._look_at_on_account, otherwise="warning"),
        )

    def _look_at_sign_in(self) -> str:
        self._reader.journals()
        return f"Exact Online accepts our token for division {self._settings.division}"

    def _look_at_rights(self) -> str:
        for resource, field in (
            (RECEIVABLES, "ID"),
            ("bulk/CRM/Accounts", "ID"),
            ("crm/BankAccounts", "ID"),
            (BOOKS[self._settings.book_in].lines, "ID"),
            ("financial/FinancialPeriods", "ID"),
        ):
            next(iter(self._client.rows(resource, select=field, top="1")), None)
        return "our user may read receivables, accounts, bank accounts, entries and periods"

    def _look_at_journals(self) -> str:
        accounts = self._reader.bank_journals()
        if not accounts:
            message = "no bank journal has an IBAN; set it in Exact Online, or map accounts under journals"
            raise ConfigError(message)
        for account in accounts:
            self._reader.journal(account)
        return f"payments on {', '.join(sorted(accounts))} have a journal"

    def _look_at_accounts(self) -> str:
        settings = self._settings
        wanted = [(code, f"write-offs ({reason})") for reason, code in settings.write_off_accounts.items()]
        wanted += [
            (settings.discount_account or "", "discounts"),
            (settings.receivable_account, "receivables"),
            (settings.clearing_account, "clearing account"),
        ]
        named = [(code, what) for code, what in wanted if code]
        for code, what in named:
            self._reader.gl_account(code, what)
        return "the accounts in the settings are there" if named else "no accounts are set"

    def _look_at_on_account(self) -> str:
        if not self._settings.receivable_account:
            message = "without receivable_account, money of a customer without open items cannot be booked on account"
            raise ConfigError(message)
        return "money on account has an account"


def connect(settings: ErpSettings, env: Mapping[str, str]) -> ExactConnector:
    """The connector for these settings. Raises ConfigError when a secret's variable is not set."""
    assert isinstance(settings, Settings)
    secret = resolve_secret(settings.secret_variable, env)
    return ExactConnector(settings, secret, resolve_secret(settings.refresh_token_variable, env))

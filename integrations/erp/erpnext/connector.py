"""ERPNext as a connector: the parts put together, and the check of rights and mapping."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import httpx

from integrations.erp.converge import assert_whole, settled_per_item
from integrations.erp.erpnext.check import ErpNextCheck
from integrations.erp.erpnext.client import SETTLE_SECONDS, ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.entry import discount_account, write_off_account
from integrations.erp.erpnext.items import IN_JOURNAL, ON_ACCOUNT, PAYMENT
from integrations.erp.erpnext.notes import put_note
from integrations.erp.erpnext.post import ErpNextPoster
from integrations.erp.erpnext.read import ErpNextReader
from integrations.erp.errors import Unsupported
from integrations.erp.http import Exchange
from integrations.erp.protocol import (
    Capabilities,
    Note,
    NoteRef,
    NoteTarget,
    PlanStep,
    PostingPlan,
)
from integrations.erp.remote import Look, RemoteConnector
from integrations.erp.settings import ErpSettings, Secret, resolve_secret
from matching.model.money import to_decimal
from matching.model.posting import Posting


class ErpNextConnector(RemoteConnector):
    """One company on one ERPNext site."""

    def __init__(
        self,
        settings: Settings,
        key: Secret,
        secret: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._client = ErpNextClient(settings, key, secret, transport=transport, log=log, sleep=sleep)
        self._reader = ErpNextReader(settings, self._client)
        self._poster = ErpNextPoster(settings, self._client, self._reader)
        super().__init__(self._client, self._reader, self._poster)

    @property
    def capabilities(self) -> Capabilities:
        """What an Accounts User may do; discounts and write-offs need an account in the settings."""
        return Capabilities(
            push="receipt",
            multi_invoice=True,
            partial=True,
            discount=self._settings.discount_account is not None,
            write_off=bool(self._settings.write_off_accounts),
            on_account=True,
            credit_notes=True,
            cross_customer=True,
            foreign_currency=True,
            outgoing=False,
            unallocate=True,
            idempotency="unique_key" if self._settings.key_field else "search",
            stepwise=True,
            asynchronous=False,
            notes_on_item=True,
            notes_on_customer=True,
            dispute_flag=False,
            dunning_block=False,
            settled_detection="delta",
            customer_bank_accounts=True,
            discount_terms=True,
            structured_reference=False,
            key_length=30,
            parallel=1,
            # A unique key lets nothing in twice; without it, what a lost answer leaves behind may still come.
            settle_seconds=0 if self._settings.key_field else SETTLE_SECONDS,
        )

    def looks(self) -> tuple[Look, ...]:
        """Company, version, rights, accounts, mapping, open days, currencies and the key field."""
        return ErpNextCheck(self._settings, self._client, self._reader).looks()

    def plan(self, posting: Posting) -> PostingPlan:
        """The payment entries. Raises Unsupported, ConfigError."""
        assert_whole(posting)
        self._refuse_unsupported(posting)
        steps = []
        customers = dict.fromkeys(each.customer_id for each in posting.allocations)
        if posting.on_account:
            customers.setdefault(posting.on_account_customer_id)
        for number, customer_id in enumerate(customers, start=1):
            rows = [each for each in posting.allocations if each.customer_id == customer_id]
            on_account = posting.on_account if customer_id == posting.on_account_customer_id else 0
            paid = to_decimal(sum(each.cash for each in rows) + on_account, posting.currency)
            references = {
                item_id: str(to_decimal(settled, posting.currency))
                for item_id, settled in settled_per_item(replace(posting, allocations=tuple(rows))).items()
            }
            deductions = [
                (account, str(to_decimal(amount, posting.currency)))
                for each in rows
                for account, amount in (
                    (discount_account(self._settings) if each.discount else "", each.discount),
                    (
                        write_off_account(self._settings, each.write_off_reason) if each.write_off else "",
                        each.write_off,
                    ),
                )
                if amount
            ]
            steps.append(
                PlanStep(
                    name=f"payment entry {number}",
                    summary=f"receipt of {paid} {posting.currency} from {customer_id} on {posting.booking_date} for "
                    + (", ".join(references) or "the account"),
                    target=PAYMENT,
                    content={
                        "party": customer_id,
                        "paid_to": self._settings.bank_accounts.get(posting.account, f"<account of {posting.account}>"),
                        "paid_amount": str(paid),
                        "references": references,
                        "deductions": tuple(deductions),
                        "unallocated": str(to_decimal(on_account, posting.currency)),
                        "reference_no": posting.key,
                    },
                )
            )
        return PostingPlan(posting=posting, route="allocate", steps=tuple(steps))

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """A comment on the invoice, the payment or the customer."""
        posted = self._poster.find(target.posting_key) if target.posting_key else None
        return put_note(self._client, target, note, posted)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _refuse_unsupported(self, posting: Posting) -> None:
        if posting.amount - posting.unallocated <= 0:
            message = "ERPNext takes receipts through this connector; refunds and pure netting are booked there by hand"
            raise Unsupported(message, capability="outgoing")
        if any(each.discount for each in posting.allocations) and not self.capabilities.discount:
            message = "no account is set for early-payment discounts; name one under discount_account"
            raise Unsupported(message, capability="discount")
        if any(each.write_off for each in posting.allocations) and not self.capabilities.write_off:
            message = "no account is set for write-offs; name one under write_off_accounts"
            raise Unsupported(message, capability="write_off")
        held = next(
            (
                each.item_id
                for each in posting.allocations
                if each.item_id.startswith(ON_ACCOUNT) or (each.item_id.startswith(IN_JOURNAL) and each.cash < 0)
            ),
            None,
        )
        if held is not None:
            message = f"money that is on account already ({held}) is allocated in ERPNext's Payment Reconciliation"
            raise Unsupported(message, capability="allocate_existing")


def connect(settings: ErpSettings, env: Mapping[str, str]) -> ErpNextConnector:
    """The connector for these settings. Raises ConfigError when a secret's variable is not set."""
    assert isinstance(settings, Settings)
    key, secret = resolve_secret(settings.key_variable, env), resolve_secret(settings.secret_variable, env)
    return ErpNextConnector(settings, key, secret)

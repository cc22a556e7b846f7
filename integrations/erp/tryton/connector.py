"""Tryton as a connector: the parts put together, and the check of rights and mapping."""

from collections.abc import Callable, Mapping

import httpx

from integrations.erp.converge import assert_whole
from integrations.erp.errors import ConfigError, Unsupported, ValidationFailed
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
from integrations.erp.tryton.config import Settings
from integrations.erp.tryton.post import STATEMENT, TrytonPoster, write_off_account
from integrations.erp.tryton.read import INVOICE, TrytonReader
from integrations.erp.tryton.rpc import TrytonRpc
from matching.model.money import to_decimal
from matching.model.posting import Posting

_NOTE = "ir.note"


class TrytonConnector(RemoteConnector):
    """One company in one Tryton database."""

    def __init__(
        self,
        settings: Settings,
        password: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._rpc = TrytonRpc(settings, password, transport=transport, log=log, sleep=sleep)
        self._reader = TrytonReader(settings, self._rpc)
        self._poster = TrytonPoster(settings, self._rpc, self._reader)
        super().__init__(self._rpc, self._reader, self._poster)

    @property
    def capabilities(self) -> Capabilities:
        """What an accounting user may do; discounts and write-offs need an account in the settings."""
        return Capabilities(
            push="statement",
            multi_invoice=True,
            partial=True,
            discount=self._settings.discount_account is not None,
            write_off=bool(self._settings.write_off_accounts),
            on_account=True,
            credit_notes=True,
            cross_customer=True,
            foreign_currency=False,
            outgoing=True,
            unallocate=True,
            idempotency="search",
            stepwise=True,
            asynchronous=False,
            notes_on_item=True,
            notes_on_customer=True,
            dispute_flag=False,
            dunning_block=False,
            settled_detection="delta",
            customer_bank_accounts=True,
            discount_terms=False,
            structured_reference=True,
            key_length=64,
            parallel=1,
        )

    def plan(self, posting: Posting) -> PostingPlan:
        """The statement with its lines, then validating and posting it. Raises Unsupported, ConfigError."""
        assert_whole(posting)
        self._refuse_unsupported(posting)
        lines: list[tuple[str, str]] = []
        for each in posting.allocations:
            settled = each.cash + each.discount + each.write_off
            lines.append((f"{each.number} ({each.item_id})", str(to_decimal(settled, posting.currency))))
            if each.discount:
                lines.append((str(self._settings.discount_account), str(to_decimal(-each.discount, posting.currency))))
            if each.write_off:
                account = write_off_account(self._settings, each.write_off_reason)
                lines.append((account, str(to_decimal(-each.write_off, posting.currency))))
        if posting.on_account:
            held = str(to_decimal(posting.on_account, posting.currency))
            lines.append((f"on account of {posting.on_account_customer_id}", held))
        amount = to_decimal(posting.amount - posting.unallocated, posting.currency)
        content = {
            "name": posting.key,
            "journal": self._settings.journals.get(posting.account, f"<journal of {posting.account}>"),
            "date": posting.booking_date.isoformat(),
            "lines": tuple(lines),
        }
        steps = (
            PlanStep(
                name="statement",
                summary=f"statement {posting.key} over {amount} {posting.currency} on {posting.booking_date}",
                target=f"{STATEMENT}.create",
                content=content,
            ),
            PlanStep(
                name="validate_statement",
                summary="validate it: Tryton makes the moves and pays the invoices",
                target=f"{STATEMENT}.validate_statement",
                content={"name": posting.key},
            ),
            PlanStep(name="post", summary="post it", target=f"{STATEMENT}.post", content={"name": posting.key}),
        )
        return PostingPlan(posting=posting, route="allocate", steps=steps)

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """A note on the invoice, the statement or the party; a changed text stands below the one before."""
        assert self._reader.company
        resource = self._resource(target)
        text = f"{note.key}: {note.summary}\n{note.text}" + ("\n(closed)" if note.closed else "")
        domain = [["resource", "=", resource], ["message", "like", f"{note.key}:%"]]
        found = self._rpc.search_read(_NOTE, domain, ["message"])
        left_out = []
        if note.disputed is not None or note.dunning_blocked is not None:
            left_out.append("Tryton's dispute and dunning blocks are set by hand")
        if note.assignee or note.due_on:
            left_out.append("the note carries no assignee and no due date")
        if not found or found[-1]["message"] != text:
            # Tryton's notes cannot be changed: what is new stands below what was said before.
            made = self._rpc.call(f"model.{_NOTE}.create", [{"resource": resource, "message": text}], writing=True)
            found.append({"id": made[0], "message": text})
            created = len(found) == 1
        else:
            created = False
        return NoteRef(native_id=f"{_NOTE},{found[0]['id']}", created=created, left_out=tuple(left_out))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _resource(self, target: NoteTarget) -> str:
        if target.item_id:
            return target.item_id
        if target.customer_id:
            return f"party.party,{target.customer_id}"
        posted = self._poster.find(target.posting_key)
        if posted is None:
            message = f"Tryton holds no statement named {target.posting_key}, so no note can stand there"
            raise ValidationFailed(message)
        return posted.native_ids[0]

    def _refuse_unsupported(self, posting: Posting) -> None:
        for each in posting.allocations:
            if each.discount and not self.capabilities.discount:
                message = "no account is set for early-payment discounts; name one under discount_account"
                raise Unsupported(message, capability="discount")
            if each.write_off and not self.capabilities.write_off:
                message = "no account is set for write-offs; name one under write_off_accounts"
                raise Unsupported(message, capability="write_off")
            if not each.item_id.startswith(f"{INVOICE},"):
                message = f"{each.number} is money on account; Tryton reconciles it with the invoice by hand"
                raise Unsupported(message, capability="allocate_existing")

    def looks(self) -> tuple[Look, ...]:
        """Sign-in and company, rights, journals, accounts."""
        return (
            Look(name="company", at=self._check_company),
            Look(name="rights", at=self._check_rights),
            Look(name="journals", at=self._check_journals),
            Look(name="accounts", at=self._check_accounts),
        )

    def _check_company(self) -> str:
        company = self._reader.company
        return f"company {(company.get('party.') or {}).get('name', company['id'])}"

    def _check_rights(self) -> str:
        for model in (INVOICE, STATEMENT, "account.move.line", "party.party"):
            self._rpc.search_read(model, [], ["id"], limit=1)
        return "our user may read invoices, statements, moves and parties"

    def _check_journals(self) -> str:
        journals = self._reader.journals()
        unknown = sorted(set(self._settings.journals.values()) - {row["name"] for row in journals})
        if unknown:
            message = f"there is no statement journal named {', '.join(unknown)}"
            raise ConfigError(message)
        reachable = {account for row in journals for account in row["accounts"]} | set(self._settings.journals)
        if not reachable:
            message = "no statement journal has a bank account with a number; map accounts under journals"
            raise ConfigError(message)
        return f"payments on {', '.join(sorted(reachable))} have a journal"

    def _check_accounts(self) -> str:
        if self._settings.discount_account:
            self._poster.account(self._settings.discount_account, "discounts")
        for reason, code in self._settings.write_off_accounts.items():
            self._poster.account(code, f"write-offs ({reason})")
        return "the accounts for discounts and write-offs are there"


def connect(settings: ErpSettings, env: Mapping[str, str]) -> TrytonConnector:
    """The connector for these settings. Raises ConfigError when the password's variable is not set."""
    assert isinstance(settings, Settings)
    return TrytonConnector(settings, resolve_secret(settings.password_variable, env))

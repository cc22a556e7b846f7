"""Odoo as a connector: the parts put together, and the check of rights and mapping."""

from collections.abc import Callable, Mapping

import httpx

from integrations.erp.converge import assert_whole
from integrations.erp.errors import ConfigError, Unsupported
from integrations.erp.http import Exchange
from integrations.erp.odoo.books import STATEMENT_LINE
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.mapping import write_off_account
from integrations.erp.odoo.notes import put_note
from integrations.erp.odoo.post import OdooPoster
from integrations.erp.odoo.read import LINE, OdooReader
from integrations.erp.odoo.rpc import OdooRpc
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


class OdooConnector(RemoteConnector):
    """One company in one Odoo database."""

    def __init__(
        self,
        settings: Settings,
        key: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._rpc = OdooRpc(settings, key, transport=transport, log=log, sleep=sleep)
        self._reader = OdooReader(settings, self._rpc)
        self._poster = OdooPoster(settings, self._rpc, self._reader)
        super().__init__(self._rpc, self._reader, self._poster)

    @property
    def capabilities(self) -> Capabilities:
        """What a bookkeeper's rights allow; write-offs need an account in the settings."""
        return Capabilities(
            push="bank_line",
            multi_invoice=True,
            partial=True,
            discount=True,
            write_off=bool(self._settings.write_off_accounts),
            on_account=True,
            credit_notes=True,
            cross_customer=True,
            foreign_currency=True,
            outgoing=True,
            unallocate=True,
            idempotency="unique_key",
            stepwise=True,
            asynchronous=False,
            notes_on_item=True,
            notes_on_customer=False,
            dispute_flag=True,
            dunning_block=True,
            settled_detection="delta",
            customer_bank_accounts=True,
            discount_terms=True,
            structured_reference=True,
            key_length=64,
            remembers_reversals=False,
            parallel=2,
            undecided="suspense",
        )

    def plan(self, posting: Posting) -> PostingPlan:
        """The bank line with its counterparts, and the matches. Raises Unsupported, ConfigError."""
        assert_whole(posting)
        lines = [_line("bank account of the journal", posting, posting.amount, "")]
        matches = []
        for number, each in enumerate(posting.allocations, start=1):
            settled = each.cash + each.discount + each.write_off
            label = f"{posting.key}#{number} {each.number}"
            if settled:
                lines.append(_line("<receivable account of the item>", posting, -settled, label))
                matches.append((number, each.number, each.item_id, settled))
            if each.discount:
                account = self._settings.discount_account or "<the company's account for discounts>"
                lines.append(_line(account, posting, each.discount, f"discount {label}"))
            if each.write_off:
                if not self._settings.write_off_accounts:
                    message = "no account is set for write-offs; name one under write_off_accounts"
                    raise Unsupported(message, capability="write_off")
                account = write_off_account(self._settings, each.write_off_reason)
                lines.append(_line(account, posting, each.write_off, f"write-off {label}"))
        if posting.on_account:
            account = "<receivable account of the customer>"
            lines.append(_line(account, posting, -posting.on_account, f"{posting.key}#A on account"))
        if posting.unallocated:
            account = "<suspense account of the journal>"
            lines.append(_line(account, posting, -posting.unallocated, f"{posting.key}#S waits for a decision"))
        amount = to_decimal(posting.amount, posting.currency)
        bank_line = PlanStep(
            name="bank line",
            summary=f"bank line over {amount} {posting.currency} on {posting.booking_date}, key {posting.key}",
            target=f"{STATEMENT_LINE}.load",
            content={
                "id": f"lettrage.{posting.key}",
                "journal": self._settings.journals.get(posting.account) or f"<journal of {posting.account}>",
                "date": posting.booking_date.isoformat(),
                "lines": tuple(lines),
            },
        )
        steps = tuple(
            PlanStep(
                name=f"match {number}",
                summary=f"match {to_decimal(settled, posting.currency)} {posting.currency} with {document}",
                target=f"{LINE}.reconcile",
                content={"ids": (f"<line {posting.key}#{number}>", item_id)},
            )
            for number, document, item_id, settled in matches
        )
        return PostingPlan(posting=posting, route="allocate", steps=(bank_line, *steps))

    def put_note(self, target: NoteTarget, note: Note) -> NoteRef:
        """A to-do on the invoice or the bank line."""
        assert self._reader.company
        return put_note(self._rpc, self._reader, self._poster, target, note)

    # -- the check's looks -----------------------------------------------------------------------------------------

    def looks(self) -> tuple[Look, ...]:
        """Sign-in, version, company, rights, journals, accounts, lock dates."""
        return (
            Look(name="sign-in", at=self._check_sign_in),
            Look(name="company", at=self._check_company),
            Look(name="rights", at=self._check_rights),
            Look(name="journals", at=self._check_journals),
            Look(name="items", at=self._check_items),
            Look(name="accounts", at=self._check_accounts),
            Look(name="lock dates", at=self._check_locks),
            # A company that grants no discounts needs no account for them.
            Look(name="discounts", at=self._check_discounts, otherwise="warning"),
            Look(name="taxes", at=self._check_taxes, otherwise="warning"),
            Look(name="taking back", at=self._check_sealed, otherwise="warning"),
        )

    def _check_sign_in(self) -> str:
        version = self._rpc.version
        self._rpc.sign_in()
        return f"Odoo {version} accepts our key over {'JSON-2' if self._rpc.uses_json2 else 'JSON-RPC'}"

    def _check_company(self) -> str:
        company = self._reader.company
        return f"{company['name']}, {self._reader.currency(company['currency_id'])}"

    def _check_rights(self) -> str:
        missing = []
        for model, operation in (
            (LINE, "read"),
            ("res.partner", "read"),
            (STATEMENT_LINE, "create"),
            (STATEMENT_LINE, "unlink"),
            (LINE, "write"),
        ):
            if self._rpc.version >= 18:
                allowed = self._rpc.call(model, "has_access", ids=[], writing=False, operation=operation)
            else:
                allowed = self._rpc.call(
                    model, "check_access_rights", writing=False, operation=operation, raise_exception=False
                )
            if not allowed:
                missing.append(f"{operation} {model}")
        if missing:
            message = f"our user may not {', '.join(missing)}; give it the bookkeeper's group (account_user)"
            raise Unsupported(message, capability="rights")
        return "our user may read receivables, and make, match and undo bank lines"

    def _check_items(self) -> str:
        return self._reader.check_items()

    def _check_journals(self) -> str:
        journals = self._reader.journals()
        codes = {row["code"] for row in journals}
        unknown = sorted(set(self._settings.journals.values()) - codes)
        if unknown:
            message = f"there is no bank journal {', '.join(unknown)}; Odoo has {', '.join(sorted(codes))}"
            raise Unsupported(message, capability="journals")
        reachable = {row["account"] for row in journals if row["account"]} | set(self._settings.journals)
        if not reachable:
            message = "no bank journal has a bank account number; set it in Odoo, or map accounts under journals"
            raise Unsupported(message, capability="journals")
        for row in journals:
            used = row["account"] or row["code"] in self._settings.journals.values()
            if used and not row["suspense_account_id"]:
                message = f"journal {row['code']} has no suspense account; set one, undecided money stands there"
                raise Unsupported(message, capability="journals")
        return f"payments on {', '.join(sorted(reachable))} have a journal"

    def _used_journals(self) -> list[int]:
        mapped = set(self._settings.journals.values())
        return [row["id"] for row in self._reader.journals() if row["account"] or row["code"] in mapped]

    def _check_accounts(self) -> str:
        journals = self._used_journals()
        for reason, code in self._settings.write_off_accounts.items():
            self._poster.mapping.account(code, f"write-offs ({reason})", journals)
        if self._settings.discount_account:
            self._poster.mapping.account(self._settings.discount_account, "early-payment discounts", journals)
        if not self._settings.write_off_accounts:
            return "no write-offs are set up"
        return "the accounts for write-offs can be used"

    def _check_taxes(self) -> str:
        taxed = self._poster.mapping.taxed()
        if taxed:
            message = (
                f"Odoo proposes taxes for account {', '.join(taxed)}; differences are booked there without tax, "
                "so choose an account without default taxes, or correct the tax yourself"
            )
            raise ConfigError(message)
        return "no taxes are proposed for the accounts of discounts and write-offs"

    def _check_sealed(self) -> str:
        sealed = self._reader.sealed_journals(self._used_journals())
        if sealed:
            message = (
                f"journal {', '.join(sealed)} seals its entries with a hash; what is posted there cannot be taken back "
                "through this connector"
            )
            raise Unsupported(message, capability="unallocate")
        return "postings can be taken back"

    def _check_discounts(self) -> str:
        if not self._settings.discount_account:
            self._poster.mapping.account(None, "early-payment discounts", self._used_journals())
        return "there is an account for early-payment discounts"

    def _check_locks(self) -> str:
        locked = self._reader.locked_until()
        return f"books are locked up to {locked}" if locked else "no lock date is set"


def connect(settings: ErpSettings, env: Mapping[str, str]) -> OdooConnector:
    """The connector for these settings. Raises ConfigError when the key's variable is not set."""
    assert isinstance(settings, Settings)
    return OdooConnector(settings, resolve_secret(settings.key_variable, env))


def _line(account: str, posting: Posting, amount: int, label: str) -> tuple[str, str, str]:
    return account, str(to_decimal(amount, posting.currency)), label

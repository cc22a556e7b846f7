"""Which journal and which accounts a posting goes to."""

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.erp.errors import ConfigError
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.read import OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from matching.model.posting import Posting

# What a difference must not be booked on, by Odoo's type of the account, and what would come of it.
_WRONG_TYPES = {
    **dict.fromkeys(
        ("asset_receivable", "liability_payable"), "keeps open items, so the difference would stand there as a new one"
    ),
    **dict.fromkeys(("asset_cash", "liability_credit_card"), "is a bank account, so it would count as cash"),
    **dict.fromkeys(("equity_unaffected", "off_balance"), "takes no postings of this kind"),
}
_ACCOUNT_FIELDS = ("code", "account_type", "deprecated", "currency_id", "allowed_journal_ids")


class OdooMapping:
    """The settings of one company, looked up in Odoo."""

    def __init__(self, settings: Settings, rpc: OdooRpc, reader: OdooReader) -> None:
        self._settings = settings
        self._rpc = rpc
        self._reader = reader

    def journal(self, posting: Posting) -> dict[str, Any]:
        """The bank journal of the posting's bank account. Raises ConfigError."""
        code = self._configured(posting.account)
        journals = self._reader.journals()
        wanted = _compact(posting.account)
        fitting = [row for row in journals if (row["code"] == code if code else _compact(row["account"]) == wanted)]
        if len(fitting) > 1:
            fitting = [row for row in fitting if row["currency"] == posting.currency]
        if not fitting:
            named = f"short code {code!r}" if code else f"bank account {posting.account}"
            message = f"Odoo has no bank journal with {named}; map the account under journals"
            raise ConfigError(message)
        if fitting[0]["currency"] != posting.currency:
            message = (
                f"the journal {fitting[0]['code']} is kept in {fitting[0]['currency']}, the payment is in "
                f"{posting.currency}; map the account to a journal of its currency"
            )
            raise ConfigError(message)
        return fitting[0]

    def _configured(self, account: str) -> str | None:
        """The journal code that the settings give for a bank account, however its number is spaced."""
        wanted = _compact(account)
        return next((code for own, code in self._settings.journals.items() if _compact(own) == wanted), None)

    def account(self, code: str | None, what: str, journal_ids: Iterable[int] = ()) -> int:
        """The id of an account by its code; without a code the company's own account.

        Raises ConfigError when there is none, or when it must not be booked on from one of these journals.
        """
        record = self._record(code, what)
        trouble = self._trouble(record, journal_ids)
        if trouble:
            message = f"account {record['code']} cannot be used for {what}: it {trouble}; choose another account"
            raise ConfigError(message)
        return int(record["id"])

    def taxed(self) -> list[str]:
        """The codes of our accounts for which Odoo proposes taxes; we book on them without."""
        codes = {*self._settings.write_off_accounts.values(), self._settings.discount_account}
        domain = [["code", "in", sorted(code for code in codes if code)], ["tax_ids", "!=", False]]
        return sorted(row["code"] for row in self._rpc.search_read("account.account", domain, ["code"]))

    def _record(self, code: str | None, what: str) -> dict[str, Any]:
        domain: list[Any] = [["code", "=", code]]
        if code is None:
            own = self._reader.company.get("account_journal_early_pay_discount_loss_account_id")
            if not own:
                message = f"no account is set for {what}; name its code in the settings"
                raise ConfigError(message)
            domain = [["id", "=", own]]
        fields = sorted(self._rpc.fields("account.account", _ACCOUNT_FIELDS))
        rows = self._rpc.search_read("account.account", domain, fields, limit=2)
        if len(rows) != 1:
            named = f"account {code}" if code else "account as the company's own"
            message = f"Odoo has no {named} for {what}; correct its code in the settings"
            raise ConfigError(message)
        return rows[0]

    def _trouble(self, record: Mapping[str, Any], journal_ids: Iterable[int]) -> str:
        """Why this account must not take a difference; empty when it may."""
        if record["account_type"] in _WRONG_TYPES:
            return _WRONG_TYPES[record["account_type"]]
        if record.get("deprecated"):
            return "is deprecated"
        if record["currency_id"] and record["currency_id"] != self._reader.company["currency_id"]:
            return f"is kept in {self._reader.currency(record['currency_id'])} only"
        allowed = record.get("allowed_journal_ids")
        if allowed and not set(journal_ids) <= set(allowed):
            return "does not allow all of the bank journals (its field Allowed Journals)"
        return ""

    def write_off_account(self, reason: str, journal_id: int) -> int:
        """The account for a write-off of this reason. Raises ConfigError."""
        code = write_off_account(self._settings, reason)
        return self.account(code, f"write-offs for {reason or 'no given reason'}", [journal_id])

    def discount_account(self, journal_id: int) -> int:
        """The account for early-payment discounts. Raises ConfigError."""
        return self.account(self._settings.discount_account, "early-payment discounts", [journal_id])

    def receivable_account(self, partner: int) -> int:
        """The customer's own receivable account. Raises ConfigError."""
        rows = self._rpc.search_read("res.partner", [["id", "=", partner]], ["property_account_receivable_id"])
        if not rows or not rows[0]["property_account_receivable_id"]:
            message = f"customer {partner} has no receivable account in Odoo; set one"
            raise ConfigError(message)
        return int(rows[0]["property_account_receivable_id"])


def write_off_account(settings: Settings, reason: str) -> str:
    """The account code for a write-off. Raises ConfigError."""
    code = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not code:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return code


def _compact(account: str) -> str:
    return "".join(account.split()).upper()

"""Which journal and which accounts a posting goes to."""

from typing import Any

from integrations.erp.errors import ConfigError
from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.read import OdooReader
from integrations.erp.odoo.rpc import OdooRpc
from matching.model.posting import Posting


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

    def account(self, code: str | None, what: str) -> int:
        """The id of an account by its code; without a code the company's own account. Raises ConfigError."""
        if code is None:
            own = self._reader.company.get("account_journal_early_pay_discount_loss_account_id")
            if own:
                return int(own)
            message = f"no account is set for {what}; name its code in the settings"
            raise ConfigError(message)
        rows = self._rpc.search_read("account.account", [["code", "=", code]], ["id"], limit=2)
        if len(rows) != 1:
            message = f"Odoo has no account {code} for {what}; correct its code in the settings"
            raise ConfigError(message)
        return int(rows[0]["id"])

    def write_off_account(self, reason: str) -> int:
        """The account for a write-off of this reason. Raises ConfigError."""
        code = write_off_account(self._settings, reason)
        return self.account(code, f"write-offs for {reason or 'no given reason'}")

    def discount_account(self) -> int:
        """The account for early-payment discounts. Raises ConfigError."""
        return self.account(self._settings.discount_account, "early-payment discounts")

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

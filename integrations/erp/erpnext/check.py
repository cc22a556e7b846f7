"""What is looked at before the first push: sign-in, rights, every mapping, and which days may be booked on."""

from datetime import date
from typing import Any

from integrations.erp.amounts import day
from integrations.erp.erpnext.bank import bank_account_name
from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.items import INVOICE, JOURNAL, PAYMENT
from integrations.erp.erpnext.read import ErpNextReader
from integrations.erp.errors import ConfigError, ErpError, LockedPeriod, PermissionDenied
from integrations.erp.remote import Look

_READ = (INVOICE, PAYMENT, JOURNAL, "Payment Ledger Entry", "Customer", "Account", "Bank Account", "Fiscal Year")
_TESTED = ("15",)


# Types of accounts that must not take differences, and what these would be taken for.
_NOT_FOR_DEDUCTIONS = {
    "Bank": "cash",
    "Cash": "cash",
    "Receivable": "an open item",
    "Payable": "an open item",
    "Stock": "goods",
}


class ErpNextCheck:
    """One look at a company and our settings for it; nothing is written."""

    def __init__(self, settings: Settings, client: ErpNextClient, reader: ErpNextReader) -> None:
        self._settings = settings
        self._client = client
        self._reader = reader

    def looks(self) -> tuple[Look, ...]:
        """What is looked at; when the company is not there, the rest cannot be."""
        return (
            Look(name="company", at=self._company),
            Look(name="version", at=self._version, otherwise="warning"),
            Look(name="rights", at=self._rights),
            Look(name="bank accounts", at=self._banks),
            Look(name="accounts", at=self._accounts),
            Look(name="mapping", at=self._mapping),
            Look(name="days", at=self._days),
            Look(name="frozen books", at=self._frozen, otherwise="warning"),
            Look(name="currencies", at=self._currencies, otherwise="warning"),
            Look(name="key field", at=self._key_field, otherwise="failed" if self._settings.key_field else "warning"),
        )

    def _company(self) -> str:
        company = self._reader.company
        return f"{company['name']}, {company['default_currency']}"

    def _version(self) -> str:
        versions = self._client.method("frappe.utils.change_log.get_versions", writing=False) or {}
        version = str((versions.get("erpnext") or {}).get("version") or "")
        if version.partition(".")[0] not in _TESTED:
            message = f"ERPNext {version or 'of unknown version'} was not tried; {', '.join(_TESTED)} was"
            raise ConfigError(message)
        return f"ERPNext {version}"

    def _rights(self) -> str:
        for doctype in _READ:
            self._client.rows(doctype, [], ["name"], limit=1)
        wanted = [(PAYMENT, right) for right in ("create", "submit", "cancel")]
        if self._settings.bank_transactions:
            wanted += [("Bank Transaction", right) for right in ("create", "submit")]
        missing = [f"{right} {doctype}" for doctype, right in wanted if not self._may(doctype, right)]
        if missing:
            message = f"our user may not {', '.join(missing)}; give it the role Accounts User"
            raise PermissionDenied(message)
        return "our user may read what is needed, and make, submit and cancel payment entries"

    def _may(self, doctype: str, right: str) -> bool:
        asked = {"doctype": doctype, "docname": None, "perm_type": right}
        answer = self._client.method("frappe.client.has_permission", writing=False, **asked)
        return bool(isinstance(answer, dict) and answer.get("has_permission"))

    def _banks(self) -> str:
        banks = self._reader.bank_accounts()
        if not banks:
            message = "no bank account of the company is known; map it under bank_accounts"
            raise ConfigError(message)
        self._usable(list(banks.values()), "bank_accounts", {"Bank", "Cash"})
        if self._settings.bank_transactions:
            for number in banks:
                bank_account_name(self._settings, self._client, number)
        return f"payments on {', '.join(sorted(banks))} have a ledger account"

    def _accounts(self) -> str:
        settings = self._settings
        discount = [settings.discount_account] if settings.discount_account else []
        home = self._reader.company["default_currency"]
        for field, names in (
            ("discount_account", discount),
            ("write_off_accounts", list(settings.write_off_accounts.values())),
        ):
            for name, account in self._usable(names, field, set()).items():
                currency = account.get("account_currency") or home
                if currency != home:
                    message = f"the account {name} under {field} is kept in {currency}; deductions are booked in {home}"
                    raise ConfigError(message)
                if account.get("account_type") in _NOT_FOR_DEDUCTIONS:
                    kind = account["account_type"]
                    message = (
                        f"the account {name} under {field} is of type {kind}; a discount booked there would count as "
                        f"{_NOT_FOR_DEDUCTIONS[kind]}; choose an expense account"
                    )
                    raise ConfigError(message)
        return "the accounts for discounts and write-offs can be booked on"

    def _usable(self, names: list[str], field: str, types: set[str]) -> dict[str, dict[str, Any]]:
        """The accounts, each of which must be of the company, a leaf, enabled, not frozen, and of a type."""
        fields = ["name", "company", "is_group", "disabled", "account_type", "account_currency", "freeze_account"]
        rows = self._client.rows("Account", [["name", "in", names]], fields) if names else []
        found = {row["name"]: row for row in rows}
        for name in names:
            row = found.get(name)
            trouble = ""
            if row is None:
                trouble = "does not exist; write its name in full, with the number and the company's suffix"
            elif row["company"] != self._settings.company:
                trouble = f"belongs to {row['company']}"
            elif row.get("is_group"):
                trouble = "is a group; name an account below it"
            elif row.get("disabled"):
                trouble = "is disabled"
            elif row.get("freeze_account") == "Yes":
                trouble = "is frozen"
            elif types and row.get("account_type") not in types:
                trouble = f"is of type {row.get('account_type') or 'none'}; it must be {' or '.join(sorted(types))}"
            if trouble:
                message = f"the account {name} under {field} {trouble}"
                raise ConfigError(message)
        return found

    def _mapping(self) -> str:
        settings = self._settings
        if settings.mode_of_payment:
            filters = [["name", "=", settings.mode_of_payment]]
            rows = self._client.rows("Mode of Payment", filters, ["name", "enabled"])
            if not rows or not rows[0].get("enabled"):
                state = "is disabled" if rows else "does not exist"
                message = f"the Mode of Payment {settings.mode_of_payment} {state}; correct mode_of_payment"
                raise ConfigError(message)
        center = settings.cost_center or self._reader.company.get("cost_center")
        needed = settings.discount_account or settings.write_off_accounts
        if needed and not center:
            message = "the company has no default cost center, which deductions need; name one under cost_center"
            raise ConfigError(message)
        if needed:
            self._cost_center(str(center))
        fields = ["name", *settings.reference_fields]
        self._client.rows(INVOICE, [["company", "=", settings.company], *settings.item_filter], fields, limit=1)
        return "mode of payment, cost center, reference fields and filters are known to ERPNext"

    def _cost_center(self, center: str) -> None:
        rows = self._client.rows("Cost Center", [["name", "=", center]], ["company", "is_group", "disabled"])
        if not rows or rows[0]["company"] != self._settings.company or rows[0]["is_group"] or rows[0].get("disabled"):
            message = f"the cost center {center} does not exist in the company, is a group or is disabled"
            raise ConfigError(message)

    def _days(self) -> str:
        """By the server's own clock: today must be in a fiscal year and in no closed accounting period."""
        today = self._client.today()
        fields = ["name", "year_start_date", "year_end_date", "disabled", "companies.company as for_company"]
        years = [
            (day(row["year_start_date"]) or date.max, day(row["year_end_date"]) or date.min)
            for row in self._client.rows("Fiscal Year", [], fields)
            if not row.get("disabled") and row.get("for_company") in {None, "", self._settings.company}
        ]
        if not years or (today is not None and not any(first <= today <= last for first, last in years)):
            message = f"ERPNext has no active fiscal year for {today or 'the company'}; add one for the company"
            raise ConfigError(message)
        closed = self._closed_periods()
        for first, last in closed:
            if today is not None and first <= today <= last:
                message = f"ERPNext's accounting period {first} to {last} is closed for payment entries"
                raise LockedPeriod(message, on=today)
        spans = ", ".join(f"{first} to {last}" for first, last in sorted(years))
        but = "".join(f"; closed: {first} to {last}" for first, last in sorted(closed))
        return f"fiscal years {spans}{but}"

    def _closed_periods(self) -> list[tuple[date, date]]:
        fields = ["name", "start_date", "end_date", "closed_documents.document_type as document_type",
                  "closed_documents.closed as closed"]  # fmt: skip
        rows = self._client.rows("Accounting Period", [["company", "=", self._settings.company]], fields)
        return [
            (day(row["start_date"]) or date.max, day(row["end_date"]) or date.min)
            for row in rows
            if row.get("document_type") == PAYMENT and row.get("closed")
        ]

    def _frozen(self) -> str:
        """Version 16 keeps the date with the company, version 15 in settings that an accounts user may not read."""
        until: Any = None
        try:
            filters = [["name", "=", self._settings.company]]
            until = self._client.rows("Company", filters, ["accounts_frozen_till_date"])[0]["accounts_frozen_till_date"]
        except ConfigError:
            try:
                asked = {"doctype": "Accounts Settings", "field": "acc_frozen_upto"}
                until = self._client.method("frappe.client.get_single_value", writing=False, **asked)
            except ErpError:
                message = (
                    "our user cannot see until when the accounts are frozen; payments on frozen days are refused "
                    "one by one. Read access to Accounts Settings shows it here"
                )
                raise PermissionDenied(message) from None
        frozen, today = day(until), self._client.today()
        if frozen is not None and today is not None and today <= frozen:
            message = f"ERPNext's accounts are frozen until {frozen}; nothing can be booked today"
            raise LockedPeriod(message, on=today)
        return f"the accounts are frozen until {frozen}" if frozen else "no accounts are frozen"

    def _currencies(self) -> str:
        company = self._reader.company
        home = company["default_currency"]
        currencies = set(self._reader.account_currencies(list(self._reader.bank_accounts().values())).values())
        if currencies - {home} and not company.get("exchange_gain_loss_account"):
            message = (
                f"payments in {', '.join(sorted(currencies - {home}))} need the company's Exchange Gain / Loss "
                "Account, which is not set in ERPNext"
            )
            raise ConfigError(message)
        return f"payments in {', '.join(sorted(currencies))}"

    def _key_field(self) -> str:
        name = self._settings.key_field
        if not name:
            message = (
                "without a unique key_field two writers could post the same payment twice; let an administrator add it"
            )
            raise ConfigError(message)
        answer = self._client.call("frappe.desk.form.load.getdoctype", writing=False, doctype=PAYMENT)
        fields = [field for each in answer.get("docs") or [] for field in each.get("fields") or []]
        field = next((each for each in fields if each.get("fieldname") == name), None)
        if field is None:
            message = f"Payment Entry has no field {name}; let an administrator add it as a unique custom field"
            raise ConfigError(message)
        if not field.get("unique"):
            message = f"the field {name} on Payment Entry is not unique, so ERPNext would take a payment twice"
            raise ConfigError(message)
        return f"the field {name} on Payment Entry is unique"

"""The bank's line in ERPNext, where it is wanted: a Bank Transaction, reconciled with what was posted for it.

Its transaction id is the payment's own id, which ERPNext keeps unique, so a line is made once however often it is
tried. A posting that is taken back leaves the line there, unreconciled: the money did arrive.
"""

from contextlib import suppress
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.items import PAYMENT
from integrations.erp.errors import AlreadyExists, ConfigError, VersionMismatch
from integrations.erp.http import dumps
from integrations.erp.protocol import RemotePosting, Tick
from matching.model.money import Money, to_decimal
from matching.model.posting import Posting

TRANSACTION = "Bank Transaction"
_RECONCILE = "erpnext.accounts.doctype.bank_reconciliation_tool.bank_reconciliation_tool.reconcile_vouchers"


def keep_bank_transaction(
    settings: Settings, client: ErpNextClient, posting: Posting, remote: RemotePosting, tick: Tick
) -> None:
    """Make the line unless it is there, and reconcile it with the entries. Raises ConfigError, VersionMismatch."""
    if not settings.bank_transactions or remote.state != "posted":
        return
    line = _line(settings, client, posting, tick)
    amount = minor(line.get("deposit"), posting.currency)
    if line["docstatus"] != 1 or amount != posting.amount:
        message = (
            f"Bank Transaction {line['name']} of payment {posting.bank_reference} is cancelled or over "
            f"{Money(amount, posting.currency)} instead of {Money(posting.amount, posting.currency)}; correct it there"
        )
        raise VersionMismatch(message)
    reconciled = {row.get("payment_entry") for row in line.get("payment_entries") or []}
    missing = [name for name in remote.native_ids if name not in reconciled]
    if not missing:
        return
    entries = [document for name in missing if (document := client.document(PAYMENT, name))]
    vouchers = [
        {
            "payment_doctype": PAYMENT,
            "payment_name": document["name"],
            "amount": to_decimal(minor(document.get("paid_amount"), posting.currency), posting.currency),
        }
        for document in entries
    ]
    tick("bank transaction: reconcile")
    client.method(_RECONCILE, writing=True, bank_transaction_name=line["name"], vouchers=dumps(vouchers))


def bank_account_name(settings: Settings, client: ErpNextClient, account: str) -> str:
    """The Bank Account record with this number. Raises ConfigError when there is none."""
    filters = [["is_company_account", "=", 1], ["company", "=", settings.company]]
    for row in client.rows("Bank Account", filters, ["name", "iban", "bank_account_no"]):
        numbers = {"".join(str(row.get(field) or "").split()).upper() for field in ("iban", "bank_account_no")}
        if account in numbers:
            return str(row["name"])
    message = f"ERPNext has no Bank Account of the company with the number {account}, which bank_transactions needs"
    raise ConfigError(message)


def _line(settings: Settings, client: ErpNextClient, posting: Posting, tick: Tick) -> dict[str, Any]:
    there = _find(client, posting.payment_id)
    if there is not None:
        return there
    values = {
        "date": posting.booking_date.isoformat(),
        "company": settings.company,
        "bank_account": bank_account_name(settings, client, posting.account),
        "currency": posting.currency,
        "deposit": to_decimal(posting.amount, posting.currency),
        "description": posting.remittance[:500] or posting.payer_name,
        "reference_number": posting.bank_reference[:140],
        "transaction_id": posting.payment_id,
        "bank_party_name": posting.payer_name[:140],
        "bank_party_iban": posting.payer_account[:30],
        "docstatus": 1,
    }
    tick("bank transaction")
    with suppress(AlreadyExists):  # Another worker was faster; what is there is looked at.
        client.insert(TRANSACTION, values)
    made = _find(client, posting.payment_id)
    assert made is not None, "a bank transaction that was inserted is there"
    return made


def _find(client: ErpNextClient, transaction_id: str) -> dict[str, Any] | None:
    rows = client.rows(TRANSACTION, [["transaction_id", "=", transaction_id]], ["name"])
    return client.document(TRANSACTION, rows[0]["name"]) if rows else None

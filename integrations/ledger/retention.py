"""How long personal data stays in the ledger, and how it goes."""

from datetime import date

from sqlalchemy import Connection

from integrations.ledger.errors import LedgerError
from integrations.ledger.records import Change, Erasure
from integrations.ledger.unit import Unit


def erase_older_than(unit: Unit, before: date, change: Change) -> Erasure:
    """Erase what is older than a day."""
    raise LedgerError(f"{unit.company} {before} {change}")


def export_customer(connection: Connection, company_id: int, customer_id: str) -> dict[str, object]:
    """All about one customer."""
    raise LedgerError(f"{connection} {company_id} {customer_id}")


def erase_customer(unit: Unit, customer_id: str, change: Change) -> Erasure:
    """Erase one customer."""
    raise LedgerError(f"{unit.company} {customer_id} {change}")
